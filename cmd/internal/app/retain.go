package app

import (
	"context"
	"time"
)

// pruneEvery is how often what is older than the retention is deleted.
const pruneEvery = time.Hour

// untoldFor is for how many times the retention what a webhook never took is kept.
const untoldFor = 2

// retain deletes closed requests that are older than the configured retention, at start and every hour.
func (a *App) retain(ctx context.Context) error {
	if a.c.User.Retention <= 0 {
		return nil
	}
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		now := a.c.Now()
		pruned, err := a.store.Prune(ctx, now.Add(-a.c.User.Retention), now.Add(-untoldFor*a.c.User.Retention))
		if pruned.Untold > 0 {
			a.metrics.Swept("untold", pruned.Untold)
			a.c.Log.Error("events were dropped that no webhook took in all the time", "count", pruned.Untold, "remedy", "look in the log for webhooks that take nothing")
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			a.c.Log.Error("deleting old requests", "error", err) // what serving needs goes on; the next round tries again
		case pruned.Requests > 0:
			a.c.Log.Info("old requests deleted", "count", pruned.Requests, "retention", a.c.User.Retention)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

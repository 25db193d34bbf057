package app

import (
	"context"
	"time"
)

// pruneEvery is how often what is older than the retention is deleted.
const pruneEvery = time.Hour

// retain deletes closed requests that are older than the configured retention, at start and every hour.
func (a *App) retain(ctx context.Context) error {
	if a.c.User.Retention <= 0 {
		return nil
	}
	tick := time.NewTicker(pruneEvery)
	defer tick.Stop()
	for {
		n, err := a.store.Prune(ctx, a.c.Now().Add(-a.c.User.Retention))
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			a.c.Log.Error("deleting old requests", "error", err) // what serving needs goes on; the next round tries again
		case n > 0:
			a.c.Log.Info("old requests deleted", "count", n, "retention", a.c.User.Retention)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

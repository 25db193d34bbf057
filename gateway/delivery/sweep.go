package delivery

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/store"
)

const (
	sweepBatch   = 500              // deliveries looked up at a time
	sweepWorkers = 32               // so that their writes share commits
	checkEvery   = 30 * time.Second // between looks for what must never be
)

// sweep finds, at start and always, what nobody else would: attempts whose owner is gone, changes that other nodes
// made to endpoints, deliveries that the portal must be told are late, and what must never be.
func (e *Engine) sweep(ctx context.Context) error {
	var checked time.Time
	never := make(chan struct{})
	for {
		if err := e.refresh(ctx); err != nil {
			e.trouble(ctx, "reading the state of the endpoints", err)
		}
		e.sweepExpired(ctx)
		e.tellLate(ctx)
		if now := e.c.Now(); now.Sub(checked) >= checkEvery || now.Before(checked) {
			checked = now
			e.sweepKept(ctx)
			e.check(ctx)
		}
		if !e.wait(ctx, never, e.c.Now().Add(e.c.Tick)) {
			return ctx.Err()
		}
	}
}

func (e *Engine) trouble(ctx context.Context, doing string, err error) {
	if ctx.Err() == nil {
		e.c.Log.Error(doing, "err", err)
	}
}

// sweepExpired takes over deliveries that were being sent when their owner's lease ran out. The agency may have
// them: only where it absorbs repeats are they sent again without asking.
func (e *Engine) sweepExpired(ctx context.Context) {
	now := e.c.Now()
	refs, err := e.c.Store.Expired(ctx, now, sweepBatch)
	if err != nil {
		e.trouble(ctx, "looking for attempts whose owner is gone", err)
		return
	}
	e.each(refs, func(ref store.Ref) {
		if ref.Owner == e.lease.name() && e.lease.held() == nil {
			return // our own, under way: the clock was put forward, and the heartbeat has not followed yet
		}
		var state gateway.DeliveryState
		_, err := e.update(ctx, ref.RequestID, func(r *gateway.Request) error {
			d, err := r.Delivery(ref.DeliveryID)
			if err != nil {
				return err
			}
			resend, next := e.afterLapse(r, d, now)
			if err := r.Lapse(ref.Claim(ref.Owner), resend, next, now); err != nil {
				return err
			}
			state = d.State
			return nil
		})
		if err != nil {
			e.trouble(ctx, "taking over the attempt of a lost owner", err)
			return
		}
		e.c.Metrics.Swept("expired", 1)
		e.c.Metrics.Delivery(ref.Agency, ref.Endpoint, string(state))
		e.c.Log.Warn("an attempt was taken over: its owner is gone", "delivery", ref.DeliveryID, "agency", ref.Agency,
			"endpoint", ref.Endpoint, "owner", ref.Owner, "state", state)
	})
}

// afterLapse says how a delivery goes on whose outcome nobody recorded: sent again, or asked about at next (zero: by
// an operator).
func (e *Engine) afterLapse(r *gateway.Request, d *gateway.Delivery, now time.Time) (resend bool, next time.Time) {
	l := e.byKey[d.Agency+"/"+d.Endpoint]
	if l == nil {
		return d.Kind == gateway.Cancel, time.Time{}
	}
	j := &job{lane: l, request: r, d: d, service: l.agency.Services[r.Service]}
	switch j.resend() {
	case adapters.ResendSafe:
		return true, now
	case adapters.ResendAsk:
		return false, now.Add(j.settle())
	}
	return false, time.Time{}
}

// tellLate tells the portal, once each, of deliveries that have waited too long.
func (e *Engine) tellLate(ctx context.Context) {
	now := e.c.Now()
	refs, err := e.c.Store.Late(ctx, now.Add(-e.c.DelayedAfter), sweepBatch)
	if err != nil {
		e.trouble(ctx, "looking for deliveries that are late", err)
		return
	}
	e.each(refs, func(ref store.Ref) {
		why, until := string(ref.State), time.Time{}
		if l := e.byKey[ref.Agency+"/"+ref.Endpoint]; l != nil {
			if held, next := l.gate(); held != "" {
				why, until = held, next
			}
		}
		if _, err := e.update(ctx, ref.RequestID, func(r *gateway.Request) error {
			next := until
			if d, err := r.Delivery(ref.DeliveryID); err == nil && next.IsZero() {
				next = d.NextAt
			}
			return r.Delay(ref.DeliveryID, why, next, now)
		}); err != nil {
			e.trouble(ctx, "telling that a delivery is late", err)
			return
		}
		e.c.Metrics.Swept("delayed", 1)
	})
}

// check counts what must never be, for the alarms.
func (e *Engine) check(ctx context.Context) {
	n, err := e.c.Store.Unwoken(ctx)
	if err != nil {
		e.trouble(ctx, "counting what nothing would wake", err)
		return
	}
	e.c.Metrics.Swept("unwoken", n)
	if n > 0 {
		e.c.Log.Error("deliveries have neither a next wake-up nor an owner: report this as a bug", "count", n)
	}
	backlogs, err := e.c.Store.Lanes(ctx)
	if err != nil {
		e.trouble(ctx, "counting what waits for each endpoint", err)
		return
	}
	for _, b := range backlogs {
		if e.byKey[b.Agency+"/"+b.Endpoint] == nil {
			e.c.Log.Error("deliveries wait for an endpoint that no manifest has: bring it back, or cancel their requests",
				"agency", b.Agency, "endpoint", b.Endpoint, "waiting", b.Waiting)
		}
	}
}

// each runs f for every ref, many at a time.
func (e *Engine) each(refs []store.Ref, f func(store.Ref)) {
	var g errgroup.Group
	g.SetLimit(sweepWorkers)
	for _, ref := range refs {
		g.Go(func() error {
			f(ref)
			return nil
		})
	}
	g.Wait() //nolint:errcheck // its functions return nil
}

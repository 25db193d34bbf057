package delivery

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
)

const (
	pollBatch   = 100 // polls looked up at a time
	pollJitter  = 0.1 // spreads the polls of what was registered together
	pollWorkers = 32  // exchanges of all lanes at a time
)

// NextPoll is when the agency is next asked for the statuses of a request that it has since registered: one that pushes
// once it has been silent for too long, any other by its schedule, ever more rarely; zero when it is never asked.
func NextPoll(s *adapters.Service, registered, now time.Time) time.Time {
	if s == nil || s.Spec.Status.Poll == nil {
		return time.Time{}
	}
	wait := s.Spec.Status.Poll.After(now.Sub(registered))
	if s.Spec.Status.Push != "" {
		wait = s.Spec.Status.Poll.Quiet
	}
	if wait <= 0 {
		return time.Time{}
	}
	return now.Add(wait + rand.N(time.Duration(pollJitter*float64(wait))+1))
}

// poll asks agencies for statuses as they become due, until ctx ends.
func (e *Engine) poll(ctx context.Context) error {
	var g errgroup.Group
	g.SetLimit(pollWorkers)
	defer g.Wait()
	never := make(chan struct{})
	for e.wait(ctx, never, e.c.Now().Add(e.c.Tick)) {
		for {
			refs, err := e.c.Store.DuePolls(ctx, e.c.Now(), pollBatch)
			if err != nil {
				if ctx.Err() == nil {
					e.c.Log.Error("looking for requests whose agency is to be asked", "err", err)
				}
				break
			}
			for _, ref := range refs {
				g.Go(func() error {
					e.pollOne(ctx, ref)
					return nil
				})
			}
			// Each look must find the polls of the one before claimed, or it would start them again.
			if len(refs) < pollBatch || g.Wait() != nil {
				break
			}
		}
		g.Wait() //nolint:errcheck // its functions return nil
	}
	return ctx.Err()
}

// errTaken leaves Update without a write: another node polls, or nothing is to be asked any more.
var errTaken = errors.New("the poll is another's")

// pollOne asks about one request. The next poll is planned before this one begins: that claims it among the nodes,
// and an outage of the agency or the hub never leaves a request that nobody asks about. While the endpoint is held
// the poll is put off to its next turn.
func (e *Engine) pollOne(ctx context.Context, ref store.Ref) {
	l := e.byKey[ref.Agency+"/"+ref.Endpoint]
	now := e.c.Now()
	held := l == nil
	if !held {
		why, _ := l.gate(now)
		held = why != ""
	}
	r, err := e.c.Store.Update(ctx, ref.RequestID, func(r *gateway.Request) error {
		d, err := r.Delivery(ref.DeliveryID)
		if err != nil {
			return err
		}
		if d.State != gateway.Registered || d.PollAt.IsZero() || d.PollAt.After(now) {
			return errTaken
		}
		next := now.Add(time.Hour) // the agency is not served at the moment
		if l != nil {
			next = NextPoll(l.agency.Services[r.Service], d.EndedAt, now)
		}
		return r.AskAt(d.ID, next)
	})
	if err != nil || held {
		if err != nil && !errors.Is(err, errTaken) && ctx.Err() == nil {
			e.c.Log.Error("planning a poll", "delivery", ref.DeliveryID, "err", err)
		}
		return
	}
	if err := l.pass(ctx); err != nil {
		return // held meanwhile, or the hub stops: the next poll is planned
	}
	good := false
	defer func() { l.limiter.release(good) }()
	good = l.pollNow(r, ref)
}

func (l *lane) pollNow(r *gateway.Request, ref store.Ref) (good bool) {
	d, err := r.Delivery(ref.DeliveryID)
	if err != nil {
		return false
	}
	j := &job{lane: l, request: r, d: d, service: l.agency.Services[r.Service]}
	if err := j.load(); err != nil {
		l.e.c.Log.Error("a poll was left out", "delivery", d.ID, "err", err)
		return false
	}
	var receipt adapters.Receipt
	x := l.call("poll", time.Time{}, func(ctx context.Context) (err error) {
		poller, ok := l.agency.Adapter.(adapters.StatusPoller)
		if !ok {
			return unsupported("asks for statuses")
		}
		receipt, err = poller.Poll(ctx, adapters.Registered{
			Call: adapters.Call{
				Service: r.Service, Endpoint: adapters.Endpoint{Name: l.name, URL: l.spec.URL},
				MessageID: gateway.MessageID(d.ID), Client: l.client,
			},
			Request: j.message, ExternalID: d.ExternalID,
		})
		return err
	})
	good = l.judge(x)
	l.e.reportPoll(l, d, x)
	l.e.unknown(l.agency.Name, r.Service, d.ID, receipt.Unknown)
	if x.err == nil && len(receipt.Statuses) > 0 {
		l.e.applyStatuses(r.ID, l.agency.Name, receipt.Statuses, gateway.FromPoll)
	}
	return good
}

func (e *Engine) reportPoll(l *lane, d *gateway.Delivery, x outcome) {
	code := ""
	if x.err != nil {
		code = x.err.Code
	}
	class := x.class()
	if x.err == nil {
		class = "answered"
	}
	e.c.Log.Info("poll", "delivery", d.ID, "agency", l.agency.Name, "endpoint", l.name, "class", class, "code", code, "http", x.status, "took", x.took())
}

// unknown reports codes that a mapping's table lacks.
func (e *Engine) unknown(agency, service, deliveryID string, codes []adapters.UnknownCode) {
	for _, u := range codes {
		e.c.Metrics.UnknownCode(agency, u.Table)
		e.c.Log.Warn("a code that the mapping's table lacks was kept as it came",
			"agency", agency, "service", service, "table", u.Table, "path", u.Path, "delivery", deliveryID)
	}
}

// applyStatuses adds what the agency said to the request's history.
func (e *Engine) applyStatuses(requestID, agency string, statuses []canonical.Status, source gateway.Source) bool {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	now := e.c.Now()
	_, err := e.update(ctx, requestID, func(r *gateway.Request) error {
		_, err := r.ApplyStatuses(agency, statuses, source, now)
		return err
	})
	if err != nil {
		e.c.Log.Error("applying statuses", "request", requestID, "agency", agency, "source", source, "err", err)
	}
	return err == nil
}

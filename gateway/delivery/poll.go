package delivery

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
)

const (
	pollBatch    = 100       // polls looked up at a time
	pollQueue    = 256       // polls of one endpoint that wait for their turn; the store keeps the others
	pollJitter   = 0.1       // spreads the polls of what was registered together
	pollUnserved = time.Hour // between looks at a request whose agency no manifest has
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
	var asking sync.WaitGroup // one agency's slow answers must not keep the next look waiting
	defer asking.Wait()
	never := make(chan struct{})
	for e.wait(ctx, never, e.c.Now().Add(e.c.Tick)) {
		for ctx.Err() == nil {
			refs, err := e.c.Store.DuePolls(ctx, e.c.Now(), pollBatch)
			if err != nil {
				e.trouble(ctx, "looking for requests whose agency is to be asked", err)
				break
			}
			e.each(refs, func(ref store.Ref) { e.planPoll(ctx, ref, &asking) })
			if len(refs) < pollBatch {
				break
			}
		}
	}
	return ctx.Err()
}

// errTaken leaves Update without a write: another node polls, or nothing is to be asked any more.
var errTaken = errors.New("the poll is another's")

// planPoll plans a request's next poll and begins the one that is due. Planning first claims the poll among the nodes,
// and no outage of the agency or the hub leaves a request that nobody asks about. A poll that can't begin now — the
// endpoint is held, or has enough of them waiting — is put off a little, so that those of other
// agencies get their turn.
func (e *Engine) planPoll(ctx context.Context, ref store.Ref, asking *sync.WaitGroup) {
	l := e.byKey[ref.Agency+"/"+ref.Endpoint]
	now := e.c.Now()
	soon := now.Add(pollUnserved)
	begins := false
	if l != nil {
		begins, soon = l.takePoll(now)
	}
	r, err := e.c.Store.Update(ctx, ref.RequestID, func(r *gateway.Request) error {
		d, err := r.Delivery(ref.DeliveryID)
		if err != nil {
			return err
		}
		if d.State != gateway.Registered || d.PollAt.IsZero() || d.PollAt.After(now) {
			return errTaken
		}
		next := soon
		if l != nil {
			if next = NextPoll(l.agency.Services[r.Service], d.EndedAt, now); !begins {
				next = earliest(next, soon)
			}
		}
		return r.AskAt(d.ID, next)
	})
	if err != nil && !errors.Is(err, errTaken) {
		e.trouble(ctx, "planning a poll", err)
	}
	switch {
	case begins && err != nil:
		<-l.polls
	case begins:
		asking.Go(func() {
			defer func() { <-l.polls }()
			l.pollOne(ctx, r, ref)
		})
	}
}

// takePoll takes one of the places that the lane has for polls, or says when to try again.
func (l *lane) takePoll(now time.Time) (taken bool, soon time.Time) {
	soon = now.Add(l.attempt)
	if why, until := l.gate(); why != "" {
		if until.After(now) {
			soon = until
		}
		return false, soon
	}
	select {
	case l.polls <- struct{}{}:
		return true, soon
	default:
		return false, soon
	}
}

// pollOne asks about one request, in the lane's turn.
func (l *lane) pollOne(ctx context.Context, r *gateway.Request, ref store.Ref) {
	select {
	case l.asking <- struct{}{}:
		defer func() { <-l.asking }()
	case <-ctx.Done():
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
	_, lease, err := l.e.lease.take()
	if err != nil {
		return false
	}
	var receipt adapters.Receipt
	x := l.call(lease, "poll", time.Time{}, func(ctx context.Context) (err error) {
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
	if x.err != nil {
		l.pollSooner(r.ID, d.ID, x.ended)
	}
	if x.err == nil && len(receipt.Statuses) > 0 {
		l.e.applyStatuses(r.ID, l.agency.Name, receipt.Statuses, gateway.FromPoll)
	}
	return good
}

// pollSooner repeats a poll that failed before its next turn, where that is far off.
func (l *lane) pollSooner(requestID, deliveryID string, now time.Time) {
	soon := now.Add(l.e.c.Retry.Max)
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	_, err := l.e.c.Store.Update(ctx, requestID, func(r *gateway.Request) error {
		d, err := r.Delivery(deliveryID)
		if err != nil {
			return err
		}
		if d.PollAt.IsZero() || !d.PollAt.After(soon) {
			return errTaken
		}
		return r.AskAt(deliveryID, soon)
	})
	if err != nil && !errors.Is(err, errTaken) {
		l.e.c.Log.Error("planning to repeat a poll", "delivery", deliveryID, "err", err)
	}
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

// Package events tells the portals what happened: an outbox that the store fills in the same commit as the change itself,
// posted to each client's webhook as CloudEvents 1.0 (structured JSON) with the signature of Standard Webhooks.
//
// Events of one stream (a request, or an endpoint) are told in order and one at a time; streams are told side by side.
// What is not taken is tried again for as long as it takes: an event is dropped only with its request, by retention.
package events

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v4"
	"golang.org/x/sync/errgroup"

	"sluice/gateway/store"
)

// Outbox is where events wait; see store.Outbox for what each method promises.
type Outbox interface {
	NextEvents(ctx context.Context, now time.Time, limit, follow int) ([]store.Outgoing, error)
	EventsDelivered(ctx context.Context, told []store.Delivered, now time.Time) error
	EventFailed(ctx context.Context, stream int64, n int, next time.Time, reason string) error
}

// Config is what a Publisher works with. Zero values stand for the defaults named.
type Config struct {
	Outbox   Outbox
	Webhooks map[string]*Webhook // by client; the events of a client without one wait
	Now      func() time.Time    // time.Now
	Log      *slog.Logger        // slog.Default()
	Workers  int                 // streams told at once; 16
	First    time.Duration       // the wait after the first failure; 2 s
	Max      time.Duration       // the longest wait; 10 min
}

// The sizes of a round.
const (
	perRound   = 256 // streams
	perStream  = 16  // events told in a row
	tick       = time.Second
	jitter     = 0.3
	attemptFor = 15 * time.Second
)

// Publisher tells events. Make it by New.
type Publisher struct {
	c    Config
	wake chan struct{}
}

// New makes a publisher; Run starts it. Webhooks without a Client get one that follows no redirects.
func New(c Config) *Publisher {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Workers <= 0 {
		c.Workers = 16
	}
	if c.First <= 0 {
		c.First = 2 * time.Second
	}
	if c.Max <= 0 {
		c.Max = 10 * time.Minute
	}
	client := &http.Client{
		Timeout:       attemptFor,
		Transport:     &http.Transport{MaxIdleConnsPerHost: c.Workers, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, w := range c.Webhooks {
		if w.Client == nil {
			w.Client = client
		}
	}
	return &Publisher{c: c, wake: make(chan struct{}, 1)}
}

// Wake says that events may be due. It never blocks.
func (p *Publisher) Wake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// Run tells events until ctx ends.
func (p *Publisher) Run(ctx context.Context) error {
	defer p.closeIdle()
	if len(p.c.Webhooks) == 0 {
		p.c.Log.Warn("no client has a webhook: events wait in the store")
		<-ctx.Done()
		return nil
	}
	timer := time.NewTicker(tick)
	defer timer.Stop()
	for {
		more, err := p.round(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			p.c.Log.Error("events could not be read or recorded", "err", err)
		}
		if more && err == nil {
			continue
		}
		select {
		case <-p.wake:
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (p *Publisher) closeIdle() {
	for _, w := range p.c.Webhooks {
		w.Client.CloseIdleConnections()
	}
}

// round tells what is due now; more says that it told some, so that another look is worth it.
func (p *Publisher) round(ctx context.Context) (more bool, err error) {
	due, err := p.c.Outbox.NextEvents(ctx, p.c.Now(), perRound, perStream)
	if err != nil {
		return false, err
	}
	g := errgroup.Group{}
	g.SetLimit(p.c.Workers)
	for len(due) > 0 {
		n := 1
		for n < len(due) && due[n].Stream == due[0].Stream {
			n++
		}
		stream := due[:n]
		due = due[n:]
		targets := p.targets(stream[0].Client)
		if len(targets) == 0 {
			g.Go(func() error { // looked at again much later: the configuration may change
				return p.c.Outbox.EventFailed(ctx, stream[0].Stream, stream[0].N, p.c.Now().Add(p.c.Max), "the client has no webhook")
			})
			continue
		}
		more = true
		g.Go(func() error { return p.tell(ctx, stream, targets) })
	}
	return more, g.Wait()
}

// targets are the webhooks that an event goes to.
func (p *Publisher) targets(client string) []*Webhook {
	if client != "" {
		if w := p.c.Webhooks[client]; w != nil {
			return []*Webhook{w}
		}
		return nil
	}
	all := make([]*Webhook, 0, len(p.c.Webhooks))
	for _, w := range p.c.Webhooks {
		all = append(all, w)
	}
	return all
}

// tell posts events of one stream in order until one is not taken, and records both in as few writes as can be.
func (p *Publisher) tell(ctx context.Context, events []store.Outgoing, targets []*Webhook) error {
	told := store.Delivered{Stream: events[0].Stream, First: events[0].N}
	var failed *store.Outgoing
	var why error
	for i := range events {
		if why = p.post(ctx, &events[i], targets); why != nil {
			failed = &events[i]
			break
		}
		told.Last = events[i].N
	}
	// What was taken is recorded also while the hub stops: it would be told twice otherwise.
	record, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var errs []error
	if told.Last > 0 {
		errs = append(errs, p.c.Outbox.EventsDelivered(record, []store.Delivered{told}, p.c.Now()))
	}
	if failed != nil && ctx.Err() == nil {
		next := p.c.Now().Add(p.after(failed.Attempts + 1))
		p.c.Log.Warn("an event was not taken", "event", failed.ID, "type", failed.Type, "attempt", failed.Attempts+1, "next", next, "err", why)
		errs = append(errs, p.c.Outbox.EventFailed(record, failed.Stream, failed.N, next, why.Error()))
	}
	return errors.Join(errs...)
}

func (p *Publisher) post(ctx context.Context, e *store.Outgoing, targets []*Webhook) error {
	for _, w := range targets {
		if err := w.post(ctx, e, p.c.Now()); err != nil {
			return err
		}
	}
	return nil
}

// after is the wait after so many failures: exponential, with jitter, without an end.
func (p *Publisher) after(failures int) time.Duration {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(p.c.First), backoff.WithMaxInterval(p.c.Max), backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(jitter), backoff.WithMaxElapsedTime(0),
	)
	wait := b.NextBackOff()
	for range min(failures-1, 64) {
		wait = b.NextBackOff()
	}
	return wait
}

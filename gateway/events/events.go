// Package events tells the portals what happened: an outbox that the store fills in the same commit as the change itself,
// posted to each client's webhook as CloudEvents 1.0 (structured JSON) with the signature of Standard Webhooks.
//
// Events of one stream (a request, or an endpoint) are told in order and one at a time, by one node: who tells a stream has
// claimed it in the store, for one turn. Streams are told side by side, and each client has its own workers, so that a
// receiver that hangs holds up nobody else. Whatever a receiver answers but 2xx, the event is tried again for as long as it
// takes.
package events

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/cenkalti/backoff/v4"
	"golang.org/x/sync/errgroup"

	"sluice/gateway"
	"sluice/gateway/store"
)

// Outbox is where events wait; see store.Outbox for what each method promises.
type Outbox interface {
	NextEvents(ctx context.Context, client, owner string, now, until time.Time, limit, follow int) ([]store.Outgoing, error)
	EventsDelivered(ctx context.Context, owner string, told []store.Delivered, now time.Time) error
}

// Config is what a Publisher works with. Zero values stand for the defaults named.
type Config struct {
	Outbox   Outbox
	Webhooks map[string]*Webhook // by client; the events of a client without one wait
	Now      func() time.Time    // time.Now
	Log      *slog.Logger        // slog.Default()
	Owner    string              // names this process in claims and must differ at every start; a new UUID
	Workers  int                 // streams of a client told at once; 16
	Attempt  time.Duration       // for a receiver to answer; 15 s
	First    time.Duration       // the wait after the first failure; 2 s
	Max      time.Duration       // the longest wait; 10 min
}

// The sizes of a round.
const (
	perRound  = 256 // streams
	perStream = 16  // events told in a row
	tick      = time.Second
	jitter    = 0.3
	recording = 5 * time.Second  // the longest that a record of a turn may take
	slack     = 10 * time.Second // between the last attempt of a turn and the end of its claim: for the record, and clocks that differ
)

// Publisher tells events. Make it by New.
type Publisher struct {
	c     Config
	lanes []*lane
}

// New makes a publisher; Run starts it. Webhooks without a Client get one that follows no redirects.
func New(c Config) *Publisher {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Owner == "" {
		c.Owner = gateway.NewID(c.Now())
	}
	if c.Workers <= 0 {
		c.Workers = 16
	}
	if c.Attempt <= 0 {
		c.Attempt = 15 * time.Second
	}
	if c.First <= 0 {
		c.First = 2 * time.Second
	}
	if c.Max <= 0 {
		c.Max = 10 * time.Minute
	}
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: c.Workers, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	p := &Publisher{c: c}
	for name, w := range c.Webhooks {
		if w.Client == nil {
			w.Client = client
		}
		p.lanes = append(p.lanes, newLane(p, name, w))
	}
	return p
}

// Wake says that events may be due. It never blocks.
func (p *Publisher) Wake() {
	for _, l := range p.lanes {
		l.signal()
	}
}

// Run tells events until ctx ends.
func (p *Publisher) Run(ctx context.Context) error {
	if len(p.lanes) == 0 {
		p.c.Log.Warn("no client has a webhook: events wait in the store")
		<-ctx.Done()
		return nil
	}
	var g errgroup.Group
	for _, l := range p.lanes {
		g.Go(func() error {
			defer l.hook.Client.CloseIdleConnections()
			l.run(ctx)
			return nil
		})
	}
	return g.Wait()
}

// claim is how long a turn at a stream may last: a dead node's streams wait so long for another. Nobody renews a claim: a turn
// ends before it does, and the stream is claimed again.
func (p *Publisher) claim() time.Duration { return 2*p.c.Attempt + slack }

// fits tells whether one more attempt ends well before the claim does.
func (p *Publisher) fits(until time.Time) bool {
	return !p.c.Now().Add(p.c.Attempt + slack).After(until)
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

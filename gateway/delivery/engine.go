// Package delivery brings each delivery to its agency: at least once, with one effect, or somebody is told.
//
// A delivery passes a row of stages, one file each. The feeder (window.go) hands due deliveries to the queue,
// a worker takes one through the gates of its endpoint (lane.go, limiter.go, breaker.go), records the attempt
// (begin.go), sends it (send.go over client.go) and records what came of it (decide.go). Beside them run the
// poller of statuses (poll.go), the heartbeat of the lease (heartbeat.go) and the sweep that finds what fell
// between (sweep.go). What the whole fleet goes by for an endpoint is its row in the store (health.go).
package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/queue"
	"sluice/gateway/store"
)

// Config is what an Engine works with. Zero values stand for the defaults named.
type Config struct {
	Store    Store
	Queue    queue.Queue
	Registry Registry
	Now      func() time.Time // time.Now
	Log      *slog.Logger     // slog.Default()
	Metrics  Metrics          // none
	Owner    string           // names this process in leases and must differ at every start; a new UUID

	Retry        Retry         // the schedule of transient failures
	Lease        time.Duration // how long what this process is sending stays its own without a heartbeat; 6 s
	StopTimeout  time.Duration // how long attempts may take to end after a stop; 10 s
	DelayedAfter time.Duration // a delivery that waits longer is told to the portal once; 15 min
	Tick         time.Duration // between looks at what only time makes due; 1 s
	WireLimit    int           // bytes kept of each direction of an attempt; 64 KiB, the most
	CacheBytes   int           // canonical requests kept in memory from accept to sending; 4 MiB
}

func (c Config) withDefaults() (Config, error) {
	if c.Store == nil || c.Queue == nil || c.Registry == nil {
		return c, errors.New("making a delivery engine: Store, Queue and Registry are needed")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Metrics == nil {
		c.Metrics = noMetrics{}
	}
	if c.Owner == "" {
		c.Owner = gateway.NewID(c.Now())
	}
	c.Retry = c.Retry.withDefaults()
	for _, d := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{
		{&c.Lease, 6 * time.Second}, {&c.StopTimeout, 10 * time.Second},
		{&c.DelayedAfter, 15 * time.Minute}, {&c.Tick, time.Second},
	} {
		if *d.value <= 0 {
			*d.value = d.fallback
		}
	}
	if c.WireLimit <= 0 || c.WireLimit > gateway.MaxWire {
		c.WireLimit = gateway.MaxWire
	}
	if c.CacheBytes <= 0 {
		c.CacheBytes = 4 << 20
	}
	return c, nil
}

// errInterrupted is why the hub itself breaks an attempt off: it stops, or its lease has run out.
var errInterrupted = fmt.Errorf("the hub broke the attempt off: %w", context.Canceled)

// Registry is what the engine asks of the agencies.
type Registry interface {
	Agencies() []*adapters.Agency
}

// Store is what the engine asks of its store; see store.Store for what each method promises.
type Store interface {
	Requests
	Work
	store.Endpoints
}

// Requests is the engine's part of store.Requests, with the signal of what became due.
type Requests interface {
	Update(ctx context.Context, requestID string, change func(*gateway.Request) error) (*gateway.Request, error)
	Body(ctx context.Context, requestID string) ([]byte, error)
	Pushes(ctx context.Context, agency, number string) ([]store.KeptPush, error)
	DropPushes(ctx context.Context, ids ...int64) error
	Matched(ctx context.Context, limit int) ([]store.KeptPush, error)
	OnCommit(f func(store.Commit))
}

// Work is the engine's part of store.Work.
type Work interface {
	Window(ctx context.Context, agency, endpoint string, now time.Time, limit int, visible time.Duration) ([]store.Ref, error)
	Lanes(ctx context.Context) ([]store.Backlog, error)
	Renew(ctx context.Context, owner string, until time.Time) error
	Expired(ctx context.Context, now time.Time, limit int) ([]store.Ref, error)
	DuePolls(ctx context.Context, now time.Time, limit int) ([]store.Ref, error)
	Late(ctx context.Context, before time.Time, limit int) ([]store.Ref, error)
	Unwoken(ctx context.Context) (int, error)
}

// Engine delivers. It is safe for concurrent use.
type Engine struct {
	c       Config
	lanes   []*lane
	byKey   map[string]*lane
	cache   *cache
	watches watches
	lease   lease
	inHand  sync.Map // the messages that workers are at
}

// New makes an engine; Run starts it.
func New(c Config) (*Engine, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	e := &Engine{c: c, byKey: map[string]*lane{}, cache: newCache(c.CacheBytes)}
	e.lease.init(c)
	for _, a := range c.Registry.Agencies() {
		for _, name := range a.EndpointNames() {
			l := newLane(e, a, name)
			e.lanes = append(e.lanes, l)
			e.byKey[l.key] = l
		}
	}
	c.Store.OnCommit(e.committed)
	return e, nil
}

// committed wakes the lanes of what became due. The store calls it from its writer.
func (e *Engine) committed(c store.Commit) {
	for _, l := range c.Lanes {
		e.Wake(l.Agency, l.Endpoint)
	}
}

// Run delivers until ctx ends, then lets attempts under way finish for Config.StopTimeout, and returns when
// every goroutine has ended. The error is why it ended before ctx did.
func (e *Engine) Run(ctx context.Context) error {
	if err := e.lease.renew(ctx); err != nil {
		return ended(ctx, fmt.Errorf("taking the first lease: %w", err))
	}
	if err := e.refresh(ctx); err != nil {
		return ended(ctx, fmt.Errorf("reading the state of the endpoints: %w", err))
	}

	// The heartbeat outlives the lanes: what they are still sending must stay this process's own.
	beating, stopBeating := context.WithCancel(context.WithoutCancel(ctx))
	var heart sync.WaitGroup
	heart.Go(func() { e.lease.beat(beating) })
	stopAttempts := context.AfterFunc(ctx, func() { time.AfterFunc(e.c.StopTimeout, e.lease.interrupt) })
	defer func() {
		stopAttempts()
		stopBeating()
		heart.Wait()
		e.lease.end()
		for _, l := range e.lanes {
			l.closeIdle()
		}
	}()

	for _, l := range e.lanes {
		e.c.Queue.Pause(l.line) // until the first look at the gates, which the sweep and the poller take too
	}
	stopping := ctx
	g, ctx := errgroup.WithContext(ctx)
	for _, l := range e.lanes {
		g.Go(func() error { return l.run(ctx) })
	}
	g.Go(func() error { return e.waken(ctx) })
	g.Go(func() error { return e.sweep(ctx) })
	g.Go(func() error { return e.poll(ctx) })
	return ended(stopping, g.Wait())
}

// ended is err, unless ctx has ended: then whatever failed did so for that.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// Remember keeps a canonical request in memory until its delivery has been sent. The caller that then fails to
// store the request calls Forget.
func (e *Engine) Remember(requestID string, m canonical.Message) { e.cache.put(requestID, m) }

// Forget drops a remembered request.
func (e *Engine) Forget(requestID string) { e.cache.drop(requestID) }

// Wake says that deliveries may have become due at an endpoint.
func (e *Engine) Wake(agency, endpoint string) {
	if l := e.byKey[agency+"/"+endpoint]; l != nil {
		l.drained.Store(false)
		signal(l.wake)
	}
}

// Watch returns a channel that is closed at the next change of a request that this process makes.
// stop must be called.
func (e *Engine) Watch(requestID string) (changed <-chan struct{}, stop func()) {
	return e.watches.watch(requestID)
}

// update changes a request and tells those who watch it.
func (e *Engine) update(ctx context.Context, requestID string, change func(*gateway.Request) error) (*gateway.Request, error) {
	r, err := e.c.Store.Update(ctx, requestID, change)
	if err == nil {
		e.watches.tell(requestID)
	}
	return r, err
}

// signal wakes whoever reads c, which holds one signal at most.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// wait returns at the time at by the engine's clock, when wake gets a signal, or with false when ctx ends.
// A zero at means that only the signal counts.
func (e *Engine) wait(ctx context.Context, wake <-chan struct{}, at time.Time) bool {
	var due <-chan time.Time
	if !at.IsZero() {
		t := time.NewTimer(max(at.Sub(e.c.Now()), time.Millisecond))
		defer t.Stop()
		due = t.C
	}
	select {
	case <-ctx.Done():
		return false
	case <-wake:
	case <-due:
	}
	return ctx.Err() == nil
}

package delivery

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/queue"
)

// lane is everything that one endpoint of one agency has to itself: its window, workers, connections, limits and
// breaker. Lanes share only the store, so that an agency that hangs costs the others nothing.
type lane struct {
	e      *Engine
	agency *adapters.Agency
	name   string // of the endpoint
	key    string // agency/endpoint
	line   string // the queue's name of it
	spec   *adapters.EndpointSpec

	client    *http.Client
	closeIdle func()
	attempt   time.Duration // the deadline of one attempt
	limiter   *limiter
	breaker   *breaker

	polls   chan struct{} // holds one for each poll that is planned or under way
	asking  chan struct{} // holds one for each poll under way: at most half of the concurrency, so that sending goes on
	wake    chan struct{}
	drained atomic.Bool // the last window held everything that was due

	mu      sync.Mutex
	row     *gateway.EndpointState // the fleet's word on the endpoint, as last seen
	pending []func(*gateway.EndpointState)
	open    bool      // messages are handed out
	next    time.Time // when the next delivery becomes due, as far as is known
}

func newLane(e *Engine, a *adapters.Agency, name string) *lane {
	m, spec := a.Manifest, a.Manifest.Endpoints[name]
	l := &lane{
		e: e, agency: a, name: name, key: a.Name + "/" + name, line: a.Name + "." + name, spec: spec,
		attempt: m.Limits.Attempt,
		limiter: newLimiter(spec.Concurrency, float64(spec.Rate)),
		polls:   make(chan struct{}, pollQueue),
		asking:  make(chan struct{}, max(1, spec.Concurrency/2)),
		wake:    make(chan struct{}, 1),
		row:     &gateway.EndpointState{Agency: a.Name, Name: name, Health: gateway.Up},
	}
	hosts := map[string]bool{}
	for _, h := range a.Hosts() {
		hosts[strings.ToLower(h)] = true
	}
	l.client, l.closeIdle = newClient(clientConfig{
		Concurrency: spec.Concurrency, MaxReply: int64(m.Limits.Message), Hosts: hosts, TLS: a.TLS(name),
		Allowed: e.lease.held,
	})
	l.breaker = newBreaker(BreakerConfig{
		Share: float64(m.Breaker.Failures), Of: m.Breaker.Of, Slow: m.Breaker.Slow, Open: m.Breaker.Open,
	})
	return l
}

// run feeds and works the lane until ctx ends and its last attempt has.
func (l *lane) run(ctx context.Context) error {
	var workers sync.WaitGroup
	defer workers.Wait()
	ended := make(chan error, 1)
	workers.Go(func() { ended <- l.e.c.Queue.Consume(ctx, l.line, l.spec.Concurrency, l.handle) })
	for l.e.wait(ctx, l.wake, l.step(ctx)) {
	}
	err := <-ended
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("consuming the messages of %s: %w", l.key, err)
}

// step does what is to be done now and returns when to look again; zero: at the next signal.
func (l *lane) step(ctx context.Context) time.Time {
	now := l.e.c.Now()
	if !l.flush(ctx) {
		return now.Add(l.e.c.Tick)
	}
	probeAgain := l.probe(ctx, now)
	why, until := l.gate()
	if why != "" {
		return until
	}
	next := l.nextDue(now)
	return earliest(earliest(l.fill(ctx, now), probeAgain), next)
}

// handle takes one message through the gates, sends its delivery and records what came of it.
func (l *lane) handle(ctx context.Context, m queue.Message) error {
	if err := l.pass(ctx); err != nil {
		return err
	}
	good := false
	defer func() {
		l.limiter.release(good)
		l.refill(ctx)
	}()
	good = l.deliver(m)
	return nil
}

// pass waits for the endpoint's turn and rate, and makes sure that it is not held. Release must follow a nil.
func (l *lane) pass(ctx context.Context) error {
	if err := l.limiter.acquire(ctx); err != nil {
		return err
	}
	if why, _ := l.gate(); why != "" {
		l.limiter.release(false)
		return fmt.Errorf("%s is held: %s", l.key, why)
	}
	return nil
}

// Why nothing is sent to an endpoint, beside gateway.HeldByBreaker and HeldByOperator.
const (
	HeldByHours       = "hours"
	HeldByMaintenance = "maintenance"
	HeldByLease       = "lease" // this process may not send
)

// gate tells why nothing may be sent now ("" when it may) and when that may change, and pauses or resumes the
// queue accordingly. All of it, reading the clock included, happens under one lock, so that no worker pauses what was just
// resumed.
func (l *lane) gate() (why string, until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	why, until = l.why(l.e.c.Now())
	switch {
	case why != "" && l.open:
		l.open = false
		l.e.c.Queue.Pause(l.line)
	case why == "" && !l.open:
		l.open = true
		l.drained.Store(false)
		l.e.c.Queue.Resume(l.line)
	}
	return why, until
}

// why needs l.mu.
func (l *lane) why(now time.Time) (string, time.Time) {
	switch r := l.row; {
	case r.Health == gateway.Held:
		return r.Reason, r.Until
	case r.Health == gateway.Probing && (r.Probe != l.e.c.Owner || !r.Lease.After(now)):
		return r.Reason, r.Lease
	}
	if open, next, text := l.spec.OpenAt(now); !open {
		if strings.HasPrefix(text, HeldByMaintenance) {
			return HeldByMaintenance, next
		}
		return HeldByHours, next
	}
	if l.e.lease.held() != nil {
		return HeldByLease, now.Add(l.e.c.Tick)
	}
	return "", time.Time{}
}

// earliest is the first of the times that are set.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

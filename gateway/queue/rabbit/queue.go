// Package rabbit is the queue of a fleet: lines on RabbitMQ that every node publishes to and consumes from.
//
// Only ids travel. Each endpoint has a quorum queue, deliver.<agency>.<endpoint>; what comes later waits in a tier,
// delay.<seconds>, whose fixed time to live sends it back by its routing key; what can't be read is moved aside to
// dead. A hub has two connections (link.go), because a broker in trouble stops reading from those that publish.
// Whatever breaks is made anew: connections, channels, queues and consumers.
package rabbit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"sluice/gateway/queue"
)

// Config is what a Queue works with. Only URLs is needed.
type Config struct {
	URLs    string       // the brokers of one cluster, amqp:// or amqps://, with commas between; they hold a password
	Log     *slog.Logger // slog.Default()
	Metrics Metrics      // none

	Wait      time.Duration // how long a call waits for a broker that is away; 30 s to publish, a sixth of it to look
	Silence   time.Duration // how long a confirm may take before the channel is thought broken; 5 s
	Heartbeat time.Duration // a connection on which nothing is heard for two or three of these is given up; 10 s
	Look      time.Duration // between looks at the dead messages; 15 s
}

func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Metrics == nil {
		c.Metrics = noMetrics{}
	}
	for _, d := range []struct {
		value    *time.Duration
		fallback time.Duration
	}{{&c.Wait, 30 * time.Second}, {&c.Silence, 5 * time.Second}, {&c.Heartbeat, 10 * time.Second}, {&c.Look, 15 * time.Second}} {
		if *d.value <= 0 {
			*d.value = d.fallback
		}
	}
	return c
}

// Queue is a queue.Queue on RabbitMQ. A message may come twice after a break, never less than once.
type Queue struct {
	c          Config
	publishing *link
	consuming  *link
	stop       context.CancelFunc
	running    sync.WaitGroup

	remaking turn
	remade   map[string]time.Time // by queue

	mu    sync.Mutex
	lines map[string]*line
}

var _ queue.Queue = (*Queue)(nil)

// Open starts to connect and returns at once: a broker that is away is waited for. The error is about the URLs.
func Open(c Config) (*Queue, error) {
	c = c.withDefaults()
	brokers, err := parse(c.URLs)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	q := &Queue{c: c, stop: stop, lines: map[string]*line{}, remaking: newTurn(), remade: map[string]time.Time{}}
	q.publishing = newLink("publishing", brokers, c, declareShared)
	q.consuming = newLink("consuming", brokers, c, nil)
	for _, l := range []*link{q.publishing, q.consuming} {
		q.running.Go(func() { l.run(ctx) })
	}
	q.running.Go(func() { q.watchDead(ctx) })
	return q, nil
}

// Close gives the connections up and returns when all that belongs to the queue has ended. Consumers must have.
func (q *Queue) Close() error {
	q.stop()
	q.running.Wait()
	return nil
}

// Ready tells whether messages can be published and consumed now; the error says why not.
func (q *Queue) Ready(context.Context) error {
	return errors.Join(q.publishing.trouble(), q.consuming.trouble())
}

// line is one endpoint's queue as this process sees it.
type line struct {
	q        *Queue
	endpoint string
	name     string // of the queue
	publish  publisher

	declaring turn
	declared  any // the connection on which it was; nil: not, or no longer sure

	looking turn
	looked  time.Time

	mu      sync.Mutex
	waiting int           // messages that wait for a consumer: the broker's word at looked, and what happened here since
	later   int           // published here, not visible yet
	paused  bool          //
	turned  chan struct{} // closed when paused changes
}

func (q *Queue) line(endpoint string) *line {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lines[endpoint]
	if l == nil {
		l = &line{q: q, endpoint: endpoint, name: deliverPrefix + endpoint, declaring: newTurn(), looking: newTurn(), turned: make(chan struct{})}
		l.publish.init(l)
		q.lines[endpoint] = l
	}
	return l
}

// Pause stops handing out the endpoint's messages here; those of this process that no handler has yet go back, so
// that another node can have them.
func (q *Queue) Pause(endpoint string) { q.line(endpoint).turnTo(true) }

// Resume hands them out again.
func (q *Queue) Resume(endpoint string) { q.line(endpoint).turnTo(false) }

func (l *line) turnTo(paused bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused != paused {
		l.paused = paused
		close(l.turned)
		l.turned = make(chan struct{})
	}
}

// state is whether the line is paused, and what is closed when that changes.
func (l *line) state() (paused bool, turned <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.paused, l.turned
}

// fresh is for how long the broker's count is believed, corrected by what happens here: a hub asks after every
// delivery, and other nodes' work shows soon enough.
const fresh = 100 * time.Millisecond

// Len counts the messages that wait for a consumer of any node, and those of this process that come later. It fails
// also while nothing can be published: there is no room for what can't come.
func (q *Queue) Len(ctx context.Context, endpoint string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, q.c.Wait/6)
	defer cancel()
	l := q.line(endpoint)
	if err := q.publishing.wait(ctx); err != nil {
		return 0, fmt.Errorf("counting what waits for %s: %w", endpoint, err)
	}
	if err := l.look(ctx); err != nil {
		return 0, fmt.Errorf("counting what waits for %s: %w", endpoint, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return max(l.waiting, 0) + l.later, nil
}

// look asks the broker for its count, unless the last one is fresh.
func (l *line) look(ctx context.Context) error {
	if err := l.looking.take(ctx); err != nil {
		return err
	}
	defer l.looking.leave()
	if time.Since(l.looked) < fresh {
		return nil
	}
	conn, err := l.declare(ctx)
	if err != nil {
		return err
	}
	n, err := get(ctx, func() (int, error) { return count(conn, l.name) })
	if err != nil {
		l.forget(ctx)
		return err
	}
	l.looked = time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = n
	return nil
}

// count corrects the broker's word by what happens here.
func (l *line) count(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting += n
}

// turn is a lock that is waited for no longer than a context.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) leave() { <-t }

// get waits for what f returns no longer than ctx: a call to the broker ends by itself only with an answer or the
// connection.
func get[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	done := make(chan answer, 1)
	go func() {
		v, err := f()
		done <- answer{v, err}
	}()
	select {
	case a := <-done:
		return a.value, a.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// call is get of no value.
func call(ctx context.Context, f func() error) error {
	_, err := get(ctx, func() (struct{}, error) { return struct{}{}, f() })
	return err
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

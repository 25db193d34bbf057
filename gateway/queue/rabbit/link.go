package rabbit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v4"
	amqp "github.com/rabbitmq/amqp091-go"

	"sluice/gateway/queue"
)

const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 2 * time.Second // so that all flows again soon after the broker is back
)

// retries is the schedule by which everything is tried again.
func retries() *backoff.ExponentialBackOff {
	return backoff.NewExponentialBackOff(backoff.WithInitialInterval(firstRetry), backoff.WithMaxInterval(lastRetry),
		backoff.WithMultiplier(2), backoff.WithMaxElapsedTime(0))
}

// link is one connection to the cluster, made anew after every break with whichever broker answers first.
type link struct {
	name    string
	brokers []broker
	c       Config
	log     *slog.Logger
	setUp   func(*amqp.Connection, *slog.Logger) error // makes what every connection needs; nil: nothing

	mu      sync.Mutex
	conn    *amqp.Connection // nil while there is none
	why     error            // why there is none
	alarm   string           // why the broker takes no messages; "": it takes them
	changed chan struct{}    // closed at every change
}

func newLink(name string, brokers []broker, c Config, setUp func(*amqp.Connection, *slog.Logger) error) *link {
	return &link{name: name, brokers: brokers, c: c, log: c.Log.With("connection", name), setUp: setUp,
		why: errors.New("not connected yet"), changed: make(chan struct{})}
}

// run keeps the link connected until ctx ends.
func (l *link) run(ctx context.Context) {
	again := retries()
	quiet := false // the trouble has been told
	for n := rand.IntN(len(l.brokers)); ctx.Err() == nil; n++ {
		b := l.brokers[n%len(l.brokers)]
		conn, err := l.connect(ctx, b)
		if err != nil {
			l.set(nil, err)
			if ctx.Err() == nil && !quiet {
				l.log.Warn("the broker can't be used; trying on", "err", err, "remedy", remedy(err))
			}
			quiet = true
			pause(ctx, again.NextBackOff())
			continue
		}
		l.log.Info("connected to the broker", "broker", b.name)
		quiet = false
		since := time.Now()
		l.set(conn, nil)
		err = fmt.Errorf("the connection to the broker %s is lost: %w", b.name, l.watch(ctx, conn))
		l.set(nil, err)
		hang(conn)
		if ctx.Err() != nil {
			return
		}
		l.log.Warn("the connection to the broker is lost; connecting again", "err", err)
		if time.Since(since) > lastRetry {
			again.Reset()
		}
		pause(ctx, again.NextBackOff())
	}
}

func (l *link) connect(ctx context.Context, b broker) (*amqp.Connection, error) {
	conn, err := b.dial(ctx, l.name, l.c.Heartbeat)
	if err != nil || l.setUp == nil {
		return conn, err
	}
	ready, cancel := context.WithTimeout(ctx, l.c.Wait)
	defer cancel()
	if err := call(ready, func() error { return l.setUp(conn, l.log) }); err != nil {
		hang(conn)
		return nil, fmt.Errorf("the broker %s: declaring queues: %w", b.name, err)
	}
	return conn, nil
}

// watch returns with the reason when the connection has ended, or ctx.
func (l *link) watch(ctx context.Context, conn *amqp.Connection) error {
	closed := conn.NotifyClose(make(chan *amqp.Error, 1))
	blocked := conn.NotifyBlocked(make(chan amqp.Blocking, 1))
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-closed:
			if err == nil {
				return amqp.ErrClosed
			}
			return err
		case b, ok := <-blocked:
			if !ok {
				blocked = nil // closed tells
				continue
			}
			l.block(b)
		}
	}
}

func (l *link) block(b amqp.Blocking) {
	if b.Active {
		l.log.Warn("the broker has raised an alarm and takes no messages", "reason", b.Reason, "remedy", "free what it is short of: rabbitmqctl status")
	} else {
		l.log.Info("the broker takes messages again")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.alarm = ""
	if b.Active {
		l.alarm = b.Reason
	}
	l.change()
}

func (l *link) set(conn *amqp.Connection, why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conn, l.why, l.alarm = conn, why, ""
	l.change()
}

// change needs l.mu.
func (l *link) change() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// get waits for a connection, no longer than ctx.
func (l *link) get(ctx context.Context) (*amqp.Connection, error) {
	for {
		l.mu.Lock()
		conn, why, changed := l.conn, l.why, l.changed
		l.mu.Unlock()
		if conn != nil && !conn.IsClosed() {
			return conn, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, waited(ctx, why)
		}
	}
}

// wait waits until the broker is there and takes messages, no longer than ctx.
func (l *link) wait(ctx context.Context) error {
	for {
		l.mu.Lock()
		changed := l.changed
		l.mu.Unlock()
		err := l.trouble()
		if err == nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return waited(ctx, err)
		}
	}
}

// trouble is why the link can't be used now; nil: it can.
func (l *link) trouble() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.conn == nil:
		return l.why
	case l.alarm != "":
		return fmt.Errorf("the broker has raised an alarm and takes no messages: %s", l.alarm)
	}
	return nil
}

// waited says what was waited for until ctx ended; why may be nil.
func waited(ctx context.Context, why error) error {
	if why == nil {
		return fmt.Errorf("%w: %w", queue.ErrAway, ctx.Err())
	}
	return fmt.Errorf("%w: %w (%w)", queue.ErrAway, why, ctx.Err())
}

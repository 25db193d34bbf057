package delivery

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// lease is this process's right to send. While it lasts nobody takes over what the process is sending; a
// process that can't renew it fences itself: it breaks off what it is sending and begins nothing.
type lease struct {
	length time.Duration
	owner  string
	now    func() time.Time
	log    *slog.Logger
	write  func(ctx context.Context, owner string, until time.Time) error

	mu       sync.Mutex
	until    time.Time // by a clock that does not jump: when this process stops believing in its lease
	attempts context.Context
	stop     context.CancelCauseFunc
	stopped  bool // interrupted for good: the engine ends
	renewed  chan struct{}
}

func (l *lease) init(c Config) {
	l.length, l.owner, l.now, l.log, l.write = c.Lease, c.Owner, c.Now, c.Log, c.Store.Renew
	l.attempts, l.stop = context.WithCancelCause(context.Background())
	l.renewed = make(chan struct{}, 1)
}

// renew writes the heartbeat. What is believed here ends a quarter before what is written, so that the others,
// who go by what is written, never take over from a process that still believes.
func (l *lease) renew(ctx context.Context) error {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, l.length)
	defer cancel()
	if err := l.write(ctx, l.owner, l.now().Add(l.length)); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = start.Add(l.length * 3 / 4)
	if l.attempts.Err() != nil && !l.stopped {
		l.log.Info("the lease is back: sending goes on", "owner", l.owner)
		l.attempts, l.stop = context.WithCancelCause(context.Background())
		signal(l.renewed)
	}
	return nil
}

// beat renews the lease until ctx ends.
func (l *lease) beat(ctx context.Context) {
	for {
		pause := l.length / 4
		if err := l.renew(ctx); err != nil && ctx.Err() == nil {
			l.log.Error("the lease could not be renewed", "owner", l.owner, "err", err)
			pause = l.length / 16
		}
		l.fenceWhenOver()
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		l.fenceWhenOver()
	}
}

// fenceWhenOver breaks off what is being sent once the lease is no longer believed.
func (l *lease) fenceWhenOver() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Now().After(l.until) && l.attempts.Err() == nil {
		l.log.Error("the lease has run out: attempts under way are broken off and none is begun", "owner", l.owner)
		l.stop(errInterrupted)
	}
}

// held tells whether this process may send. It is asked right before each exchange, because the process may have
// been stopped (SIGSTOP, a paused machine) since it began the attempt.
func (l *lease) held() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped || time.Now().After(l.until) {
		return errInterrupted
	}
	return nil
}

// context is what attempts run in: it ends with the lease or at the end of the stop's time, and not with Run's.
func (l *lease) context() context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.attempts
}

// interrupt breaks off everything, for good.
func (l *lease) interrupt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	l.stop(errInterrupted)
}

// end gives the lease up, so that others take over at once what could not be recorded.
func (l *lease) end() {
	l.interrupt()
	ctx, cancel := context.WithTimeout(context.Background(), l.length)
	defer cancel()
	if err := l.write(ctx, l.owner, l.now()); err != nil {
		l.log.Warn("the lease could not be given up; it runs out by itself", "owner", l.owner, "err", err)
	}
}

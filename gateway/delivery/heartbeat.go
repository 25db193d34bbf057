package delivery

import (
	"context"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

// lease is this process's right to send. While it lasts nobody takes over what the process is sending; a
// process that can't renew it fences itself: it breaks off what it is sending and begins nothing.
//
// A lease that was lost never comes back: the process takes another, under another name, so that what it could not
// record under the old one is taken over like that of a dead process.
type lease struct {
	length time.Duration
	node   string
	now    func() time.Time
	log    *slog.Logger
	write  func(ctx context.Context, owner string, until time.Time) error

	mu       sync.Mutex
	owner    string // the node, and which of its leases
	count    int
	until    time.Time // by a clock that does not jump: when this process stops believing in its lease
	attempts context.Context
	stop     context.CancelCauseFunc
	stopped  bool // interrupted for good: the engine ends

	grace context.Context // ends with the time that a stop has, whatever becomes of the lease
	over  context.CancelFunc
}

func (l *lease) init(c Config) {
	l.length, l.node, l.now, l.log, l.write = c.Lease, c.Owner, c.Now, c.Log, c.Store.Renew
	l.grace, l.over = context.WithCancel(context.Background())
	l.next()
}

// next begins another lease, which is nobody's until it is renewed; it needs l.mu.
func (l *lease) next() {
	l.count++
	if l.owner = l.node; l.count > 1 {
		l.owner += "~" + strconv.Itoa(l.count)
	}
	l.until = time.Time{}
	l.attempts, l.stop = context.WithCancelCause(context.Background())
}

// name is the owner that attempts are begun as.
func (l *lease) name() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.owner
}

// take gives an attempt its owner and the context that ends with the owner's lease, or at the end of a stop's time,
// and not with Run's. An attempt must not outlive the lease that it was begun under.
func (l *lease) take() (owner string, ctx context.Context, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped || time.Now().After(l.until) {
		return "", nil, errInterrupted
	}
	return l.owner, l.attempts, nil
}

// renew writes the heartbeat. What is believed here ends a quarter before what is written, so that the others,
// who go by what is written, never take over from a process that still believes.
func (l *lease) renew(ctx context.Context) error {
	l.fenceWhenOver() // what was begun under a lease that has run out is not covered by the next
	l.mu.Lock()
	if l.attempts.Err() != nil && !l.stopped {
		l.next()
		l.log.Info("taking another lease", "owner", l.owner)
	}
	owner := l.owner
	l.mu.Unlock()

	start := time.Now()
	if err := l.write(ctx, owner, l.now().Add(l.length)); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.owner == owner && l.attempts.Err() == nil {
		l.until = start.Add(l.length * 3 / 4)
	}
	return nil
}

// beat renews the lease until ctx ends.
func (l *lease) beat(ctx context.Context) {
	for {
		pause := l.length / 4
		renewing, cancel := context.WithTimeout(ctx, l.length/4)
		err := l.renew(renewing)
		cancel()
		if err != nil && ctx.Err() == nil {
			l.log.Error("the lease could not be renewed", "owner", l.name(), "err", err)
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
	if !l.until.IsZero() && time.Now().After(l.until) && l.attempts.Err() == nil {
		l.log.Error("the lease has run out: attempts under way are broken off and none is begun", "owner", l.owner)
		l.stop(errInterrupted)
	}
}

// held tells whether this process may send. It is asked right before each exchange, because the process may have
// been stopped (SIGSTOP, a paused machine) since it began the attempt.
func (l *lease) held() error {
	_, _, err := l.take()
	return err
}

// interrupt breaks off everything, for good.
func (l *lease) interrupt() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopped = true
	l.stop(errInterrupted)
	l.over()
}

// end gives the lease up, so that others take over at once what could not be recorded.
func (l *lease) end() {
	l.interrupt()
	ctx, cancel := context.WithTimeout(context.Background(), l.length)
	defer cancel()
	if err := l.write(ctx, l.name(), l.now()); err != nil {
		l.log.Warn("the lease could not be given up; it runs out by itself", "owner", l.name(), "err", err)
	}
}

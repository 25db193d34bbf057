package delivery

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limiter holds an endpoint to its concurrency and rate. After an outage it ramps: one exchange at a time at
// first, and with every full round of good answers twice as many, up to the manifest's concurrency.
type limiter struct {
	rate *rate.Limiter // nil: no limit
	full int           // the manifest's concurrency

	mu      sync.Mutex
	allowed int // now
	good    int // answers since allowed last grew
	under   int
	waiting []chan struct{} // those who wait for their turn, in order
	resting time.Time       // nothing begins before
}

func newLimiter(concurrency int, perSecond float64) *limiter {
	l := &limiter{full: concurrency, allowed: concurrency}
	if perSecond > 0 {
		l.rate = rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond/10)))
	}
	return l
}

// ramp starts anew from one exchange at a time.
func (l *limiter) ramp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.allowed, l.good = 1, 0
}

// now is the concurrency allowed and what of it is in use.
func (l *limiter) now() (allowed, under int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.allowed, l.under
}

// acquire waits for a turn; release must follow when it returns nil.
func (l *limiter) acquire(ctx context.Context) error {
	if err := l.enter(ctx); err != nil {
		return err
	}
	err := l.waitRest(ctx)
	if err == nil && l.rate != nil {
		err = l.rate.Wait(ctx)
	}
	if err != nil {
		l.release(false)
	}
	return err
}

// maxRest bounds how long an agency's wish to be left alone holds back other deliveries than the one it was said of.
const maxRest = 5 * time.Minute

// rest begins nothing for a while, because the agency asked for it (Retry-After).
func (l *limiter) rest(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := time.Now().Add(min(d, maxRest)); until.After(l.resting) {
		l.resting = until
	}
}

func (l *limiter) waitRest(ctx context.Context) error {
	for {
		l.mu.Lock()
		left := time.Until(l.resting)
		l.mu.Unlock()
		if left <= 0 {
			return ctx.Err()
		}
		t := time.NewTimer(left)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

func (l *limiter) enter(ctx context.Context) error {
	l.mu.Lock()
	if err := ctx.Err(); err != nil {
		l.mu.Unlock()
		return err
	}
	if l.under < l.allowed {
		l.under++
		l.mu.Unlock()
		return nil
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()

	select {
	case <-turn:
		return nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, w := range l.waiting {
		if w == turn {
			l.waiting = append(l.waiting[:i], l.waiting[i+1:]...)
			return ctx.Err()
		}
	}
	l.leave() // the turn came at the same moment: pass it on
	return ctx.Err()
}

// release ends a turn; good says that the agency answered as it should.
func (l *limiter) release(good bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if good && l.allowed < l.full {
		if l.good++; l.good >= l.allowed {
			l.allowed, l.good = min(2*l.allowed, l.full), 0
		}
	}
	l.leave()
}

// leave needs l.mu.
func (l *limiter) leave() {
	l.under--
	for l.under < l.allowed && len(l.waiting) > 0 {
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
		l.under++
	}
}

package delivery

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Retry is the schedule of transient failures: exponential, with jitter, without an end of its own — the
// manifest's limits.maxAge ends it.
type Retry struct {
	First time.Duration // after the first failure; 2 s
	Max   time.Duration // between any two; 10 min
}

// jitter spreads each wait by this share both ways, so that what failed together does not come back together.
const jitter = 0.3

func (r Retry) withDefaults() Retry {
	if r.First <= 0 {
		r.First = 2 * time.Second
	}
	if r.Max <= 0 {
		r.Max = 10 * time.Minute
	}
	return r
}

// after is the wait before the next attempt of a delivery that has failed so many times. The count comes from
// the store, so that a restart never starts the schedule anew.
func (r Retry) after(failures int) time.Duration {
	b := backoff.NewExponentialBackOff(
		backoff.WithInitialInterval(r.First),
		backoff.WithMaxInterval(r.Max),
		backoff.WithMultiplier(2),
		backoff.WithRandomizationFactor(jitter),
		backoff.WithMaxElapsedTime(0), // 0 is never; without it the library gives up after 15 minutes
	)
	wait := b.NextBackOff()
	for range min(failures-1, 64) { // by then the schedule has long been level
		wait = b.NextBackOff()
	}
	return wait
}

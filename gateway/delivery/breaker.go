package delivery

import (
	"errors"
	"math"
	"sync"
	"time"

	"github.com/sony/gobreaker"

	"sluice/adapters"
)

// BreakerConfig says when an endpoint's breaker trips.
type BreakerConfig struct {
	Share float64       // of failures among the last Of answers, 0..1
	Of    int           // answers
	Slow  time.Duration // an answer that took longer counts as a failure; 0: none does
	Open  time.Duration // between the trip and the first probe, and between probes
}

// breaker decides one node's trip of one endpoint. It is used closed only: what open means — nothing is sent,
// one leased probe — is ruled by the endpoint's row, for the whole fleet, and a recovered endpoint gets a new
// breaker. So gobreaker's half-open state, in which a cancelled probe would count as a failure, is never met.
type breaker struct {
	c    BreakerConfig
	trip func(last *adapters.Error) // called once, outside the lock

	mu      sync.Mutex
	counter *gobreaker.TwoStepCircuitBreaker
	counted int
	tripped bool
}

func newBreaker(c BreakerConfig, trip func(last *adapters.Error)) *breaker {
	b := &breaker{c: c, trip: trip}
	b.reset()
	return b
}

// reset forgets what was counted: the endpoint is back.
func (b *breaker) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tripped = false
	b.fresh()
}

// fresh needs b.mu.
func (b *breaker) fresh() {
	enough := uint32(max(1, math.Ceil(b.c.Share*float64(b.c.Of))))
	b.counted = 0
	b.counter = gobreaker.NewTwoStepCircuitBreaker(gobreaker.Settings{
		Timeout:     1 << 62, // open for ever: a new breaker comes instead
		ReadyToTrip: func(c gobreaker.Counts) bool { return c.TotalFailures >= enough },
	})
}

// count takes the outcome of one exchange. Refusals are answers: the agency works. What the hub broke off
// says nothing and is left out.
func (b *breaker) count(err error, took time.Duration) {
	failed, last := false, (*adapters.Error)(nil)
	if errors.As(err, &last) {
		if last.Code == codeInterrupted {
			return
		}
		failed = last.Server
	}
	if !failed && b.c.Slow > 0 && took > b.c.Slow {
		failed = true
		last = &adapters.Error{Class: adapters.Transient, Code: "slow", Text: "the agency's answers take longer than breaker.slow of the manifest"}
	}
	if b.record(failed) {
		b.trip(last)
	}
}

// record tells whether this outcome trips the breaker. The counts start anew after every Of answers without a
// trip, so that a long good past never hides an outage.
func (b *breaker) record(failed bool) (trips bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	done, err := b.counter.Allow()
	if err != nil {
		return false // tripped already: attempts that were under way are coming in
	}
	done(!failed)
	b.counted++
	switch {
	case b.counter.State() != gobreaker.StateClosed:
		trips, b.tripped = !b.tripped, true
	case b.counted >= b.c.Of:
		b.fresh()
	}
	return trips
}

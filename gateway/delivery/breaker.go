package delivery

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/sony/gobreaker"

	"sluice/adapters"
	"sluice/adapters/exchange"
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
	c BreakerConfig

	mu      sync.Mutex
	counter *gobreaker.TwoStepCircuitBreaker
	counted int
	tripped bool
}

func newBreaker(c BreakerConfig) *breaker {
	b := &breaker{c: c}
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

// failure tells whether an exchange failed in a way that counts, and how. Refusals are answers: the agency works.
// What the hub broke off says nothing and is not counted at all.
func (b *breaker) failure(e *adapters.Error, took time.Duration) (failure *adapters.Error, counts bool) {
	switch {
	case e != nil && e.Code == exchange.CodeInterrupted:
		return nil, false
	case e != nil && e.Server:
		return e, true
	case b.c.Slow > 0 && took > b.c.Slow:
		return &adapters.Error{Class: adapters.Transient, Code: "slow", Text: fmt.Sprintf("the agency takes longer than %v to answer", b.c.Slow)}, true
	}
	return nil, true
}

// count takes an outcome and tells whether it trips the breaker. The counts start anew after every Of answers without a
// trip, so that a long good past never hides an outage.
func (b *breaker) count(failed bool) (trips bool) {
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

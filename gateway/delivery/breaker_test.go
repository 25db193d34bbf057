package delivery

import (
	"testing"
	"time"

	"sluice/adapters"
	"sluice/adapters/exchange"
)

func TestBreakerTrips(t *testing.T) {
	ok := (*adapters.Error)(nil)
	server := &adapters.Error{Class: adapters.Transient, Code: "503", Server: true}
	refusal := &adapters.Error{Class: adapters.Rejected, Code: "NO"}
	cancelled := &adapters.Error{Class: adapters.Ambiguous, Code: exchange.CodeInterrupted}
	mapping := &adapters.Error{Class: adapters.Permanent, Code: exchange.CodeMapping}
	type answer struct {
		err   *adapters.Error
		took  time.Duration
		times int
	}
	for _, c := range []struct {
		name    string
		answers []answer
		trips   int
		code    string
	}{
		{name: "half of the last twenty failed", answers: []answer{{ok, 0, 10}, {server, 0, 10}}, trips: 1, code: "503"},
		{name: "one less", answers: []answer{{ok, 0, 10}, {server, 0, 9}, {ok, 0, 1}}},
		{name: "it trips as soon as the share is certain", answers: []answer{{server, 0, 10}}, trips: 1, code: "503"},
		{name: "what comes in after the trip changes nothing", answers: []answer{{server, 0, 40}}, trips: 1, code: "503"},
		{name: "a long good past hides no outage", answers: []answer{{ok, 0, 100_000}, {server, 0, 10}}, trips: 1, code: "503"},
		{name: "refusals are answers", answers: []answer{{refusal, 0, 100}}},
		{name: "what the hub broke off is left out", answers: []answer{{cancelled, 0, 100}}},
		{name: "slow answers are failures", answers: []answer{{ok, 11 * time.Second, 10}}, trips: 1, code: "slow"},
		{name: "slow refusals too", answers: []answer{{refusal, 11 * time.Second, 10}}, trips: 1, code: "slow"},
		{name: "a mapping that can't be carried out is no failure of the agency", answers: []answer{{mapping, 0, 100}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			trips, code := 0, ""
			b := newBreaker(BreakerConfig{Share: 0.5, Of: 20, Slow: 10 * time.Second})
			for _, a := range c.answers {
				for range a.times {
					failure, counts := b.failure(a.err, a.took)
					if counts && b.count(failure != nil) {
						trips++
						code = failure.Code
					}
				}
			}
			if trips != c.trips || code != c.code {
				t.Errorf("tripped %d times for %q, want %d for %q", trips, code, c.trips, c.code)
			}
		})
	}
}

func TestBreakerTripsAgainAfterReset(t *testing.T) {
	b := newBreaker(BreakerConfig{Share: 0.5, Of: 2})
	if !b.count(true) {
		t.Error("it does not trip")
	}
	if b.count(true) {
		t.Error("it trips twice in one incident")
	}
	b.reset()
	if !b.count(true) {
		t.Error("it does not trip in the next incident")
	}
}

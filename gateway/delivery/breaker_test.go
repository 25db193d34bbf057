package delivery

import (
	"errors"
	"testing"
	"time"

	"sluice/adapters"
)

func TestBreakerTrips(t *testing.T) {
	ok := error(nil)
	server := &adapters.Error{Class: adapters.Transient, Code: "503", Server: true}
	refusal := &adapters.Error{Class: adapters.Rejected, Code: "NO"}
	cancelled := &adapters.Error{Class: adapters.Ambiguous, Code: codeInterrupted}
	type answer struct {
		err   error
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
		{name: "an unclassified error is no failure of the agency", answers: []answer{{errors.New("mapping"), 0, 100}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			trips, code := 0, ""
			b := newBreaker(BreakerConfig{Share: 0.5, Of: 20, Slow: 10 * time.Second}, func(last *adapters.Error) {
				trips++
				code = last.Code
			})
			for _, a := range c.answers {
				for range a.times {
					b.count(a.err, a.took)
				}
			}
			if trips != c.trips || code != c.code {
				t.Errorf("tripped %d times for %q, want %d for %q", trips, code, c.trips, c.code)
			}
		})
	}
}

func TestBreakerTripsAgainAfterReset(t *testing.T) {
	trips := 0
	b := newBreaker(BreakerConfig{Share: 0.5, Of: 2}, func(*adapters.Error) { trips++ })
	down := &adapters.Error{Class: adapters.Transient, Server: true}
	b.count(down, 0)
	b.reset()
	b.count(down, 0)
	if trips != 2 {
		t.Errorf("tripped %d times, want 2", trips)
	}
}

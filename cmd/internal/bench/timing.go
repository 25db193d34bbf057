package main

import (
	"runtime"
	"time"
)

// worth is about how long one measurement lasts of a call that takes less.
const worth = 60 * time.Millisecond

// perCall measures a call in microseconds of processor time, the collector's included, over as many calls as a measurement
// is worth.
func (s *session) perCall(call func() error) func() (float64, error) {
	calls := 0
	return func() (float64, error) {
		for n := 1; calls == 0; n *= 2 {
			spent, err := spentOn(n, call)
			if err != nil {
				return 0, err
			}
			if spent >= s.worth/2 {
				calls = max(1, int(time.Duration(n)*s.worth/max(spent, 1)))
			}
		}
		spent, err := spentOn(calls, call)
		return float64(spent.Nanoseconds()) / 1e3 / float64(calls), err
	}
}

// spentOn is the processor time of some calls.
func spentOn(calls int, call func() error) (time.Duration, error) {
	runtime.GC() // what others have left behind is not these calls'
	start := processorTime()
	for range calls {
		if err := call(); err != nil {
			return 0, err
		}
	}
	return processorTime() - start, nil
}

// allocations is how many a call makes, on average.
func allocations(call func() error) (float64, error) {
	const calls = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		if err := call(); err != nil {
			return 0, err
		}
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / calls, nil
}

// sides are one piece of work, done by the product and by hand.
type sides struct{ ours, byHand func() error }

func (s *session) compare(name string, work sides, t target) error {
	m, err := s.inTurn(s.perCall(work.ours), s.perCall(work.byHand))
	if err != nil {
		return err
	}
	s.add(m.row(name, "µs", t))
	return nil
}

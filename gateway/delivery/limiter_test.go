package delivery

import (
	"context"
	"errors"
	"testing"
)

func TestLimiterRamps(t *testing.T) {
	l := newLimiter(6, 0)
	l.ramp()
	for _, want := range []int{1, 2, 4, 6} {
		for range want {
			if err := l.acquire(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if allowed, under := l.now(); allowed != want || under != want {
			t.Fatalf("allowed %d, under way %d; want %d", allowed, under, want)
		}
		for range want {
			l.release(true)
		}
	}
}

func TestLimiterStaysLowWhileAnswersAreBad(t *testing.T) {
	l := newLimiter(4, 0)
	l.ramp()
	for range 10 {
		if err := l.acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		l.release(false)
	}
	if allowed, _ := l.now(); allowed != 1 {
		t.Errorf("allowed %d after bad answers alone", allowed)
	}
}

func TestLimiterPassesTheTurnOn(t *testing.T) {
	l := newLimiter(1, 0)
	if err := l.acquire(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	waited := make(chan error, 1)
	go func() { waited <- l.acquire(gone) }()
	cancel()
	if err := <-waited; !errors.Is(err, context.Canceled) {
		t.Errorf("the one who left got %v", err)
	}
	go func() { waited <- l.acquire(t.Context()) }()
	l.release(true)
	if err := <-waited; err != nil {
		t.Errorf("the next in line got %v", err)
	}
	if _, under := l.now(); under != 1 {
		t.Errorf("%d under way, want 1", under)
	}
}

func TestLimiterRefusesAnEndedContextWithoutLoss(t *testing.T) {
	l := newLimiter(1, 0.000001)
	if err := l.acquire(t.Context()); err != nil { // the burst
		t.Fatal(err)
	}
	l.release(true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.acquire(ctx); err == nil {
		t.Error("an ended context got a turn")
	}
	if _, under := l.now(); under != 0 {
		t.Errorf("%d turns are lost", under)
	}
}

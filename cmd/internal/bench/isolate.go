package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"sluice/cmd/internal/agencysim"
	"sluice/cmd/internal/simulated"
)

// The size of the measurement of isolation.
const (
	perSecond = 50              // requests for each agency, evenly, whatever becomes of those before
	window    = 4 * time.Second // one side of a pair
)

const isolateNote = "%d requests a second for each of the four agencies, windows of %v in turn, %d each way; the time is from when a request " +
	"was due to be sent to its receipt, the percentile that of all windows together, and its range leaves out one pair of windows after the other; " +
	"the tax service hangs, %v a call, until its breaker opens; the portal is told all events"

// healthy are the services whose agencies are watched; the one of the tax service hangs.
var healthy = []string{"family-composition", "housing-subsidy", "snils-check"}

func benchIsolate(ctx context.Context, s *session) error {
	pace := simulated.Pace{Attempt: time.Second, Open: time.Second, Concurrency: 16, First: time.Hour, Every: time.Hour}
	r, err := s.newRig(ctx, "isolate", pace, true)
	if err != nil {
		return err
	}
	defer r.close() //nolint:errcheck // measured and done
	load := &openLoad{rig: r}
	hanging := func() ([]float64, error) {
		fault := map[string]string{"agency": agencysim.Tax, "kind": string(agencysim.Hang)}
		if err := r.admin(ctx, http.MethodPost, "faults", http.StatusCreated, fault, nil); err != nil {
			return nil, err
		}
		took, err := load.run(ctx)
		if err != nil {
			return nil, err
		}
		if err := r.admin(ctx, http.MethodDelete, "faults", http.StatusOK, nil, nil); err != nil {
			return nil, err
		}
		return took, load.settle(ctx)
	}
	normal := func() ([]float64, error) {
		took, err := load.run(ctx)
		if err != nil {
			return nil, err
		}
		return took, load.settle(ctx)
	}
	m, err := s.pooledInTurn(0.99, hanging, normal)
	if err != nil {
		return err
	}
	s.note(isolateNote, perSecond, window, s.pairs, pace.Attempt)
	s.add(m.row("healthy p99, one agency hangs", "ms", atMost(1.2)))
	r.memory(s, "one agency hangs")
	return nil
}

// openLoad sends at a fixed rate, so that what is slow does not slow the load down.
type openLoad struct {
	*rig
	rounds int
	tax    int // requests so far
}

// run loads the hub for one window and returns how long each request to a healthy agency took, in milliseconds.
func (l *openLoad) run(ctx context.Context) ([]float64, error) {
	l.rounds++
	n := int(window.Seconds() * perSecond)
	services := append([]string{"tax-deduction"}, healthy...)
	var wg sync.WaitGroup
	took := make([]float64, n*len(services))
	errs := make(chan error, len(took))
	start := time.Now().Add(50 * time.Millisecond)
	for of, service := range services {
		bodies, err := samples(service, fmt.Sprintf("i%d", l.rounds), n)
		if err != nil {
			return nil, err
		}
		for i, body := range bodies {
			at := i*len(services) + of // one agency after the other
			due := start.Add(time.Duration(at) * window / time.Duration(len(took)))
			wg.Go(func() {
				time.Sleep(time.Until(due))
				err := l.submit(ctx, body, of > 0)
				took[at] = float64(time.Since(due).Microseconds()) / 1e3
				if err != nil {
					errs <- err
				}
			})
		}
	}
	l.tax += n
	wg.Wait()
	select {
	case err := <-errs:
		return nil, err
	default:
	}
	var watched []float64
	for at, ms := range took {
		if at%len(services) > 0 {
			watched = append(watched, ms)
		}
	}
	return watched, nil
}

// settle waits until the tax service has everything.
func (l *openLoad) settle(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var summary struct {
			Agencies []struct {
				Agency  string
				Effects int
			}
		}
		if err := l.admin(ctx, http.MethodGet, "summary", http.StatusOK, nil, &summary); err != nil {
			return err
		}
		for _, a := range summary.Agencies {
			if a.Agency == agencysim.Tax && a.Effects >= l.tax {
				return nil
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"sluice/cmd/internal/process"
	"sluice/cmd/internal/simulated"
)

// stored is how many requests a hub has in its database when it is started again.
const stored = 2000

func benchStart(ctx context.Context, s *session) error {
	var first, again []float64
	for range s.pairs {
		took, err := s.startAnew(ctx)
		if err != nil {
			return err
		}
		first = append(first, took.Seconds())
	}
	r, err := s.newRig(ctx, "restart", simulated.Pace{Concurrency: calls}, true)
	if err != nil {
		return err
	}
	defer r.close() //nolint:errcheck // measured and done
	bodies, err := samples("family-composition", "s", stored)
	if err != nil {
		return err
	}
	if err := atOnce(submitters, stored, func(i int) error { return r.submit(ctx, bodies[i], true) }); err != nil {
		return err
	}
	for range s.pairs {
		r.hub.Kill()
		took, err := r.hub.Start(ctx)
		if err != nil {
			return err
		}
		again = append(again, took.Seconds())
	}
	s.note("from the start of the process to 200 of /readyz, which is asked every 5 ms; medians of %d", s.pairs)
	s.add(absolute("start, a new database", median(first), "s", atMost(0.5)))
	s.add(absolute(fmt.Sprintf("start after kill -9, %d requests", stored), median(again), "s", atMost(0.5)))
	return nil
}

// startAnew starts a hub that has no database yet.
func (s *session) startAnew(ctx context.Context) (took time.Duration, err error) {
	dir := filepath.Join(s.dir, "start")
	if err := anew(dir); err != nil {
		return 0, err
	}
	h, err := process.NewHub(dir, filepath.Join(s.bin, "sluice"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if err := h.Configure(process.Settings{}); err != nil {
		return 0, err
	}
	took, err = h.Start(ctx)
	return took, forgotten(err)
}

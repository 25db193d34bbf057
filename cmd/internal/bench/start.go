package main

import (
	"context"
	"path/filepath"

	"sluice/cmd/internal/process"
	"sluice/cmd/internal/simulated"
)

// stored is how many requests a hub has in its database when it is started again.
const stored = 2000

func benchStart(ctx context.Context, s *session) error {
	var first, again []float64
	for range s.pairs {
		dir := filepath.Join(s.dir, "start")
		if err := anew(dir); err != nil {
			return err
		}
		h, err := process.NewHub(dir, filepath.Join(s.bin, "sluice"))
		if err != nil {
			return err
		}
		if err := h.Configure(process.Settings{}); err != nil {
			return err
		}
		took, err := h.Start(ctx)
		if err != nil {
			return forgotten(err)
		}
		first = append(first, took.Seconds())
		if err := h.Close(); err != nil {
			return err
		}
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
	s.add(absolute("start after kill -9, 2000 requests", median(again), "s", atMost(0.5)))
	return nil
}

package main

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

// rows holds that a measurement prints rows of these names, each with a figure, and says what it has measured.
func rows(t *testing.T, measure func(context.Context, *session) error, names ...string) {
	t.Helper()
	var out bytes.Buffer
	s := &session{out: &out, pairs: 1, worth: time.Millisecond, dir: t.TempDir()}
	if err := measure(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	if out.Len() == 0 {
		t.Error("no conditions are printed")
	}
	s.table()
	var got []string
	for _, r := range s.rows {
		got = append(got, r.name)
		if r.target != noTarget && !(r.figure > 0 && !math.IsInf(r.figure, 0)) {
			t.Errorf("%s has the figure %v", r.name, r.figure)
		}
		if !strings.Contains(out.String(), "\n"+r.name+"  ") {
			t.Errorf("%s is not in the table\n%s", r.name, out.String())
		}
	}
	if a, b := strings.Join(got, "\n"), strings.Join(names, "\n"); a != b {
		t.Errorf("the rows are\n%s\nwant\n%s", a, b)
	}
}

func TestPerCall(t *testing.T) {
	s := &session{worth: 2 * time.Millisecond}
	calls := 0
	work := func() error {
		for start := processorTime(); processorTime()-start < 100*time.Microsecond; {
		}
		calls++
		return nil
	}
	measure := s.perCall(work)
	us, err := measure()
	if err != nil || us < 100 {
		t.Errorf("a call of 100 µs takes %v µs, %v", us, err)
	}
	before := calls
	if _, err := measure(); err != nil || calls-before > 20 {
		t.Errorf("a measurement of 2 ms makes %d calls of 100 µs, %v", calls-before, err)
	}
	broken := errors.New("broken")
	if _, err := s.perCall(func() error { return broken })(); !errors.Is(err, broken) {
		t.Errorf("a call that fails gives %v", err)
	}
}

func TestAllocations(t *testing.T) {
	var kept [2]*[100]byte
	n, err := allocations(func() error {
		for i := range kept {
			kept[i] = new([100]byte)
		}
		return nil
	})
	if err != nil || n < 2 || n > 3 {
		t.Errorf("two allocations are %v, %v", n, err)
	}
}

func TestHeapOf(t *testing.T) {
	var kept []byte
	n, err := heapOf(func() error {
		for range 3 {
			kept = make([]byte, 1<<20) // garbage counts
		}
		return nil
	})
	if err != nil || n < 3<<20 || n > 4<<20 {
		t.Errorf("%d bytes made three times are %v, %v", len(kept), n, err)
	}
}

// benchmark is for profiles; the ratio is measured by the command.
func benchmark(b *testing.B, name string, work sides) {
	for _, side := range []struct {
		name string
		call func() error
	}{{"ours", work.ours}, {"by hand", work.byHand}} {
		b.Run(name+"/"+side.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := side.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

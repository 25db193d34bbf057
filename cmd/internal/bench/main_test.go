package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"math"
	"strings"
	"testing"
)

func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		values  []float64
		q, want float64
	}{
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 3, 2}, 0.5, 2.5},
		{[]float64{7}, 0.99, 7},
		{[]float64{0, 100}, 0.99, 99},
		{[]float64{5, 1}, 1, 5},
	} {
		if got := quantile(c.values, c.q); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("quantile(%v, %v) = %v, want %v", c.values, c.q, got, c.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("the median of nothing is %v", got)
	}
}

// TestInTurn holds that sides alternate, that the first pair only warms up, and that ratios are of pairs.
func TestInTurn(t *testing.T) {
	var order strings.Builder
	ours, floor := []float64{1e6, 10, 20, 90}, []float64{1, 10, 10, 10}
	next := func(side string, values *[]float64) func() (float64, error) {
		return func() (float64, error) {
			order.WriteString(side)
			v := (*values)[0]
			*values = (*values)[1:]
			return v, nil
		}
	}
	m, err := (&session{pairs: 3}).inTurn(next("A", &ours), next("B", &floor))
	if err != nil {
		t.Fatal(err)
	}
	if order.String() != "ABABABAB" {
		t.Errorf("the order was %s", order.String())
	}
	if want := (medians{ours: 20, floor: 10, ratio: 2, low: 1, high: 9}); m != want {
		t.Errorf("got %+v, want %+v", m, want)
	}
	broken := errors.New("broken")
	good := func() (float64, error) { return 1, nil }
	bad := func() (float64, error) { return 0, broken }
	for _, sides := range [][2]func() (float64, error){{good, bad}, {bad, good}} {
		if _, err := (&session{pairs: 1}).inTurn(sides[0], sides[1]); !errors.Is(err, broken) {
			t.Errorf("a side that fails gives %v", err)
		}
	}
}

// TestPooledInTurn holds that the quantile is of all windows but the first, and the range that of leaving one pair out.
func TestPooledInTurn(t *testing.T) {
	windows := func(all ...[]float64) func() ([]float64, error) {
		return func() ([]float64, error) {
			w := all[0]
			all = all[1:]
			return w, nil
		}
	}
	ours := windows([]float64{1000}, []float64{10, 20}, []float64{40, 80})
	floor := windows([]float64{1}, []float64{10, 10}, []float64{5, 20})
	m, err := (&session{pairs: 2}).pooledInTurn(1, ours, floor)
	if err != nil {
		t.Fatal(err)
	}
	if want := (medians{ours: 80, floor: 20, ratio: 4, low: 2, high: 4}); m != want {
		t.Errorf("got %+v, want %+v", m, want)
	}
	if m, err = (&session{pairs: 1}).pooledInTurn(1, windows(nil, []float64{6}), windows(nil, []float64{3})); err != nil || m.low != 2 || m.high != 2 {
		t.Errorf("one pair gives %+v, %v", m, err)
	}
}

func TestTable(t *testing.T) {
	var out bytes.Buffer
	s := &session{out: &out}
	s.add(medians{ours: 1234, floor: 2000, ratio: 0.617, low: 0.5, high: 0.7}.row("accepts", "/s", atLeast(0.5)))
	s.add(medians{ours: 12.34, floor: 20, ratio: 0.617, low: 0.5, high: 0.7}.row("mapping", "µs", atMost(0.5)))
	s.add(medians{ours: 500, floor: 2000, ratio: 0.25, low: 0.2, high: 0.3}.row("accept to receipt", "/s", noTarget))
	s.add(absolute("memory", 80, "MB", atMost(80)))
	s.add(absolute("nothing measured", math.NaN(), "s", atMost(0.5)))
	if missed := s.table(); missed != 2 {
		t.Errorf("%d are missed, want 2", missed)
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		if words := strings.Fields(line); len(words) > 0 {
			got = append(got, strings.Join(words, " "))
		}
	}
	want := []string{
		"name ours floor ratio target",
		"accepts 1234 /s 2000 /s 0.62 (0.50 to 0.70) ≥ 0.50 met",
		"mapping 12.3 µs 20.0 µs 0.62 (0.50 to 0.70) ≤ 0.50 MISSED",
		"accept to receipt 500 /s 2000 /s 0.25 (0.20 to 0.30) -",
		"memory 80.0 MB - - ≤ 80.0 MB met",
		"nothing measured NaN s - - ≤ 0.50 s MISSED",
	}
	if a, b := strings.Join(got, "\n"), strings.Join(want, "\n"); a != b {
		t.Errorf("got\n%s\nwant\n%s", a, b)
	}
}

func TestCommandLine(t *testing.T) {
	for args, want := range map[string]string{
		"-only translat": `there is no measurement "translat"`,
		"-pairs 0":       "-pairs must be at least 1",
		"-nonsense":      "not defined",
		"extra":          `unexpected argument "extra"`,
		"-only accept,,": `there is no measurement ""`,
	} {
		var errOut bytes.Buffer
		if err := run(t.Context(), strings.Fields(args), io.Discard, &errOut); !errors.Is(err, errUsage) || !strings.Contains(errOut.String(), want) {
			t.Errorf("%s: %v, %s; want %q", args, err, errOut.String(), want)
		}
	}
	var help bytes.Buffer
	if err := run(t.Context(), []string{"-help"}, io.Discard, &help); !errors.Is(err, flag.ErrHelp) {
		t.Error(err)
	}
	for _, m := range measurements {
		if !strings.Contains(help.String(), "  "+m.name) {
			t.Errorf("-help does not list %s", m.name)
		}
	}
	if err := run(t.Context(), []string{"-dir", "/nowhere/at/all"}, io.Discard, io.Discard); err == nil || errors.Is(err, errUsage) {
		t.Errorf("a folder that is not there gives %v", err)
	}
}

// TestMissingBinaries tells what to do before anything is started.
func TestMissingBinaries(t *testing.T) {
	for _, only := range []string{"deliver", "isolate", "start"} {
		err := run(t.Context(), []string{"-only", only, "-bin", t.TempDir(), "-dir", t.TempDir()}, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "make build") {
			t.Errorf("%s: %v", only, err)
		}
	}
}

func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"-only", "translate", "-pairs", "1", "-dir", t.TempDir()}, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"commit ", "GOMAXPROCS ", "synchronous=FULL", "mapping and codec, both ways"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

package main

import (
	"fmt"
	"math"
	"slices"
)

// target is what a figure must reach.
type target struct {
	limit float64
	least bool // the figure must be at least limit, else at most
	unit  string
}

// noTarget is that of a figure that nothing is asked of.
var noTarget = atMost(math.Inf(1))

func atMost(limit float64) target { return target{limit: limit} }

func atLeast(limit float64) target { return target{limit: limit, least: true} }

func (t target) in(unit string) target {
	t.unit = unit
	return t
}

func (t target) met(v float64) bool {
	if t.least {
		return v >= t.limit
	}
	return v <= t.limit
}

func (t target) String() string {
	if t == noTarget {
		return "-"
	}
	sign := "≤"
	if t.least {
		sign = "≥"
	}
	return sign + " " + quantity(t.limit, t.unit)
}

// row is one line of the table.
type row struct {
	name        string
	ours, floor string
	figure      float64 // what the target is about
	shown       string  // the figure as it is printed
	target      target
}

// medians sums up pairs: the median of each side, and of the ratios of the pairs, with the range of these.
type medians struct {
	ours, floor, ratio, low, high float64
}

// turns measures ours and the floor in turn, one pair after the other, so that what disturbs the machine disturbs both.
// One pair goes ahead unmeasured, to warm up.
func turns[T any](pairs int, ours, floor func() (T, error)) (a, b []T, err error) {
	for i := range pairs + 1 {
		x, err := ours()
		if err != nil {
			return nil, nil, err
		}
		y, err := floor()
		if err != nil {
			return nil, nil, fmt.Errorf("the floor: %w", err)
		}
		if i > 0 {
			a, b = append(a, x), append(b, y)
		}
	}
	return a, b, nil
}

// inTurn measures both sides in turn and compares them pair by pair.
func (s *session) inTurn(ours, floor func() (float64, error)) (medians, error) {
	a, b, err := turns(s.pairs, ours, floor)
	if err != nil {
		return medians{}, err
	}
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = a[i] / b[i]
	}
	return medians{median(a), median(b), median(ratios), slices.Min(ratios), slices.Max(ratios)}, nil
}

// pooledInTurn measures both sides in turn and compares one quantile of all that came of each side: of single
// windows it would hang on two or three samples. The range is of the ratios with one pair left out, each in turn.
func (s *session) pooledInTurn(q float64, ours, floor func() ([]float64, error)) (medians, error) {
	a, b, err := turns(s.pairs, ours, floor)
	if err != nil {
		return medians{}, err
	}
	m := medians{ours: quantile(slices.Concat(a...), q), floor: quantile(slices.Concat(b...), q)}
	m.ratio = m.ours / m.floor
	m.low, m.high = m.ratio, m.ratio
	for i := 0; i < len(a) && len(a) > 1; i++ {
		without := func(all [][]float64) float64 { return quantile(slices.Concat(slices.Concat(all[:i], all[i+1:])...), q) }
		ratio := without(a) / without(b)
		m.low, m.high = min(m.low, ratio), max(m.high, ratio)
	}
	return m, nil
}

func (m medians) row(name, unit string, t target) row {
	return row{name: name, ours: quantity(m.ours, unit), floor: quantity(m.floor, unit), figure: m.ratio,
		shown: fmt.Sprintf("%.2f (%.2f to %.2f)", m.ratio, m.low, m.high), target: t}
}

// absolute is the row of a figure that has no floor.
func absolute(name string, v float64, unit string, t target) row {
	return row{name: name, ours: quantity(v, unit), floor: "-", figure: v, shown: "-", target: t.in(unit)}
}

// median of an odd number of values is the middle one, of an even number the mean of the two in the middle.
func median(values []float64) float64 { return quantile(values, 0.5) }

// quantile interpolates between the values around q, 0 to 1.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	at := q * float64(len(v)-1)
	i := int(at)
	if i+1 >= len(v) {
		return v[i]
	}
	return v[i] + (at-float64(i))*(v[i+1]-v[i])
}

// quantity prints three or so significant digits.
func quantity(v float64, unit string) string {
	text := fmt.Sprintf("%.0f", v)
	switch {
	case v < 10:
		text = fmt.Sprintf("%.2f", v)
	case v < 100:
		text = fmt.Sprintf("%.1f", v)
	}
	if unit != "" {
		text += " " + unit
	}
	return text
}

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
)

// linearity is the most that a byte may cost, of the least.
const linearity = 1.5

func benchLinear(_ context.Context, s *session) error { return s.linear(100_000_000) }

// linear measures messages of a hundredth and a tenth of the largest, and of it.
func (s *session) linear(largest int) error {
	f, err := newForms()
	if err != nil {
		return err
	}
	var records, texts, chains []message
	for _, size := range []int{largest / 100, largest / 10, largest} {
		records, texts = append(records, f.records(size)), append(texts, f.text(size))
	}
	for _, depth := range []int{2, 20, 190} { // the scanner takes 200
		chains = append(chains, f.deep(largest/20, depth))
	}
	if err := errors.Join(s.costs("repetition", records), s.costs("size", texts), s.costs("depth", chains)); err != nil {
		return err
	}
	s.note("what a byte costs to decode, in processor time, the collector's included, the least of %d measurements in turn; a row holds the most and the least of these", s.pairs)
	return nil
}

// costs measures messages in turn and adds the row of what a byte costs in the dearest, over what it costs in the cheapest.
func (s *session) costs(about string, messages []message) error {
	type measured struct {
		perCall func() (float64, error)
		least   float64 // nanoseconds a byte
	}
	all := make([]measured, len(messages))
	for i, m := range messages {
		all[i] = measured{s.perCall(m.decode), math.Inf(1)}
	}
	for range s.pairs {
		for i := range all {
			us, err := all[i].perCall()
			if err != nil {
				return fmt.Errorf("%s: %w", about, err)
			}
			all[i].least = min(all[i].least, us*1e3/float64(len(messages[i].doc)))
		}
	}
	least, most := math.Inf(1), 0.0
	var shown []string
	for i, m := range messages {
		shown = append(shown, fmt.Sprintf("%s of %.4g MB %s", m.form, float64(len(m.doc))/1e6, quantity(all[i].least, "ns/B")))
		least, most = min(least, all[i].least), max(most, all[i].least)
	}
	s.note("%s: %s", about, strings.Join(shown, ", "))
	s.add(row{name: "linear time, " + about, ours: quantity(most, "ns/B"), floor: quantity(least, "ns/B"), figure: most / least,
		shown: fmt.Sprintf("%.2f", most/least), target: atMost(linearity)})
	return nil
}

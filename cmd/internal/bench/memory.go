package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// What reading a message of n bytes may take of the heap: bytesEach n, and perElement for each of its elements.
const (
	bytesEach  = 3
	perElement = 500
)

func benchMemory(_ context.Context, s *session) error { return s.memory(2_000_000) }

// memory reads messages of 2 KB, and ten times as large ones up to the largest.
func (s *session) memory(largest int) error {
	f, err := newForms()
	if err != nil {
		return err
	}
	worst, where := 0.0, ""
	for size := 2_000; size <= largest; size *= 10 {
		var shown []string
		for _, m := range []message{f.records(size), f.inOldCharset(size), f.text(size), f.small(size), f.deep(size, 150)} {
			took, err := heapOf(m.decode)
			if err != nil {
				return fmt.Errorf("%s, %d bytes: %w", m.form, size, err)
			}
			n, e := float64(len(m.doc)), float64(m.elements())
			if share := took / (bytesEach*n + perElement*e); share > worst {
				worst, where = share, fmt.Sprintf("%s, %d bytes", m.form, len(m.doc))
			}
			shown = append(shown, fmt.Sprintf("%s %.1f n (%.0f elements)", m.form, took/n, e))
		}
		s.note("n = %d: %s", size, strings.Join(shown, ", "))
	}
	s.note("the heap that one decode takes, garbage included, with the collector off and nothing kept from others; the worst is %s", where)
	s.add(row{name: fmt.Sprintf("memory of a decode, of %dn + %d B an element", bytesEach, perElement), ours: quantity(worst, ""), floor: "-",
		figure: worst, shown: "-", target: atMost(1)})
	return nil
}

// heapOf is how many bytes a call takes of the heap, live and garbage.
func heapOf(call func() error) (float64, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var before, after runtime.MemStats
	for range 2 { // the second time pools lose what the first has spared
		runtime.GC()
	}
	runtime.ReadMemStats(&before)
	err := call()
	runtime.ReadMemStats(&after)
	return float64(after.TotalAlloc - before.TotalAlloc), err
}

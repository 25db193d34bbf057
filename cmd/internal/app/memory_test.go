package app

import (
	"runtime/debug"
	"testing"
)

// TestCollect: the environment has the last word.
func TestCollect(t *testing.T) {
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	for _, c := range []struct {
		set  bool
		want int
	}{{true, 100}, {false, garbage}} {
		debug.SetGCPercent(100)
		collect(func(name string) (string, bool) { return "200", c.set && name == "GOGC" })
		if got := debug.SetGCPercent(100); got != c.want {
			t.Errorf("with GOGC in the environment %v the hub collects at %d, want %d", c.set, got, c.want)
		}
	}
}

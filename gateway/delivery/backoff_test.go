package delivery

import (
	"testing"
	"time"
)

func TestRetrySchedule(t *testing.T) {
	r := Retry{}.withDefaults()
	for failures, want := range map[int]time.Duration{
		0: 2 * time.Second, 1: 2 * time.Second, 2: 4 * time.Second, 3: 8 * time.Second, 4: 16 * time.Second,
		5: 32 * time.Second, 6: 64 * time.Second, 7: 128 * time.Second, 8: 256 * time.Second, 9: 512 * time.Second,
		10: 600 * time.Second, 11: 600 * time.Second, 1000: 600 * time.Second, 1 << 40: 600 * time.Second,
	} {
		spread := map[time.Duration]bool{}
		for range 50 {
			got := r.after(failures)
			if low, high := time.Duration(float64(want)*(1-jitter)), time.Duration(float64(want)*(1+jitter)); got < low-1 || got > high+1 {
				t.Errorf("after %d failures: %v, want %v to %v", failures, got, low, high)
			}
			spread[got] = true
		}
		if len(spread) < 10 {
			t.Errorf("after %d failures: the waits are not spread", failures)
		}
	}
}

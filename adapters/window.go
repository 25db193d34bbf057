package adapters

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // agencies' hours are named by zone, also where the system knows none
)

// Window is a stretch of time that repeats, such as "Mon-Fri 08:00-20:00 Europe/Moscow" (every day when no days are
// named; past midnight when the end is not after the start), or one that does not,
// such as "2026-08-01 20:00 - 2026-08-02 06:00 Europe/Moscow".
type Window struct {
	text     string
	zone     *time.Location
	days     [7]bool // by time.Weekday
	from, to int     // minutes after midnight
	start    time.Time
	end      time.Time // of a window that does not repeat
}

var (
	weekly = regexp.MustCompile(`^(?:([A-Z][a-z]{2})(?:-([A-Z][a-z]{2}))? )?(\d\d):(\d\d)-(\d\d):(\d\d) (\S+)$`)
	single = regexp.MustCompile(`^(\d{4}-\d\d-\d\d \d\d:\d\d) - (\d{4}-\d\d-\d\d \d\d:\d\d) (\S+)$`)
	names  = []string{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"}
)

// UnmarshalText reads a window.
func (w *Window) UnmarshalText(text []byte) error {
	*w = Window{text: string(text)}
	fail := fmt.Errorf("%q is not %s", text, w.DescribeYAML())
	if m := single.FindStringSubmatch(w.text); m != nil {
		zone, err := location(m[3])
		if err != nil {
			return err
		}
		var errStart, errEnd error
		w.zone = zone
		w.start, errStart = time.ParseInLocation("2006-01-02 15:04", m[1], zone)
		w.end, errEnd = time.ParseInLocation("2006-01-02 15:04", m[2], zone)
		if errStart != nil || errEnd != nil || !w.end.After(w.start) {
			return fail
		}
		return nil
	}
	m := weekly.FindStringSubmatch(w.text)
	if m == nil {
		return fail
	}
	if err := w.setDays(m[1], m[2]); err != nil {
		return err
	}
	var ok1, ok2 bool
	w.from, ok1 = minutes(m[3], m[4])
	w.to, ok2 = minutes(m[5], m[6])
	if !ok1 || !ok2 || w.from == 24*60 || w.from == w.to {
		return fail
	}
	zone, err := location(m[7])
	w.zone = zone
	return err
}

func location(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("%q is no time zone; write one such as Europe/Moscow or UTC", name)
	}
	return zone, nil
}

func (w *Window) setDays(first, last string) error {
	if first == "" {
		w.days = [7]bool{true, true, true, true, true, true, true}
		return nil
	}
	if last == "" {
		last = first
	}
	i, j := slices.Index(names, first), slices.Index(names, last)
	if i < 0 || j < 0 {
		return fmt.Errorf("days are named %s", strings.Join(names, ", "))
	}
	for ; ; i = (i + 1) % 7 {
		w.days[i] = true
		if i == j {
			return nil
		}
	}
}

func minutes(hours, mins string) (int, bool) {
	h, _ := strconv.Atoi(hours)
	m, _ := strconv.Atoi(mins)
	return h*60 + m, h < 24 && m < 60 || h == 24 && m == 0
}

// DescribeYAML names the type.
func (Window) DescribeYAML() string {
	return `hours such as "Mon-Fri 08:00-20:00 Europe/Moscow", or "2026-08-01 20:00 - 2026-08-02 06:00 Europe/Moscow"`
}

func (w *Window) String() string { return w.text }

// Repeats tells a weekly window from one that comes once.
func (w *Window) Repeats() bool { return w.start.IsZero() }

// on returns the window that starts on the day of t, moved by some days; ok is false when none does.
func (w *Window) on(t time.Time, shift int) (start, end time.Time, ok bool) {
	y, mo, d := t.In(w.zone).Date()
	at := func(minute int) time.Time {
		return time.Date(y, mo, d+shift, minute/60, minute%60, 0, 0, w.zone)
	}
	start, end = at(w.from), at(w.to)
	if w.to <= w.from {
		end = at(w.to + 24*60)
	}
	return start, end, w.days[at(12*60).Weekday()]
}

// until returns when the window that holds t ends; ok is false when t is outside.
func (w *Window) until(t time.Time) (end time.Time, ok bool) {
	if !w.Repeats() {
		return w.end, !t.Before(w.start) && t.Before(w.end)
	}
	for shift := -1; shift <= 0; shift++ {
		if start, end, ok := w.on(t, shift); ok && !t.Before(start) && t.Before(end) {
			return end, true
		}
	}
	return time.Time{}, false
}

// next returns when the window starts again after t; ok is false when it never does.
func (w *Window) next(t time.Time) (start time.Time, ok bool) {
	if !w.Repeats() {
		return w.start, t.Before(w.start)
	}
	for shift := 0; shift <= 7; shift++ {
		if start, _, ok := w.on(t, shift); ok && start.After(t) {
			return start, true
		}
	}
	return time.Time{}, false
}

// OpenAt tells whether the endpoint takes requests at t by its hours and maintenance windows.
// When it does not, next is the first moment it does, and why names the window in the way.
func (e *EndpointSpec) OpenAt(t time.Time) (open bool, next time.Time, why string) {
	next = t
	for range 64 { // windows that follow one another; more than that is a manifest that is never open
		moved := false
		if e.Hours != nil {
			if _, inside := e.Hours.until(next); !inside {
				start, ok := e.Hours.next(next)
				if !ok {
					return false, next.AddDate(0, 0, 1), "outside hours " + e.Hours.text
				}
				next, moved = start, true
				if why == "" {
					why = "outside hours " + e.Hours.text
				}
			}
		}
		for i := range e.Maintenance {
			if end, inside := e.Maintenance[i].until(next); inside {
				next, moved = end, true
				if why == "" {
					why = "maintenance " + e.Maintenance[i].text
				}
			}
		}
		if !moved {
			break
		}
	}
	return next.Equal(t), next, why
}

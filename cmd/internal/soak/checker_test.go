package soak

import (
	"slices"
	"testing"
)

// sound is a history without fault; each case below spoils one thing, and the checker must see it.
func sound() History {
	h := History{}
	for _, id := range []string{"a", "b"} {
		h.Accepted = append(h.Accepted, Accepted{RequestID: id, Agency: "social"})
		h.Effects = append(h.Effects, Effect{RequestID: id, Agency: "social", Count: 1, FinalStatus: "approved"})
		h.Events = append(h.Events,
			Event{ID: id + "1", RequestID: id, Type: "request.registered", Sequence: 1},
			Event{ID: id + "2", RequestID: id, Type: "request.status_changed", Status: "accepted", Sequence: 2},
			Event{ID: id + "2", RequestID: id, Type: "request.status_changed", Status: "accepted", Sequence: 2}, // redelivered
			Event{ID: id + "3", RequestID: id, Type: "request.status_changed", Status: "approved", Sequence: 3},
			Event{ID: id + "4", RequestID: id, Type: "request.closed", Outcome: "approved", Sequence: 4})
	}
	return h
}

func TestCheck(t *testing.T) {
	without := func(h *History, id string) {
		h.Events = slices.DeleteFunc(h.Events, func(e Event) bool { return e.ID == id })
	}
	for _, c := range []struct {
		name  string
		spoil func(*History)
		want  func(Verdict) int
	}{
		{"lost", func(h *History) { h.Effects = h.Effects[1:] }, func(v Verdict) int { return len(v.Lost) }},
		{"doubled in one row", func(h *History) { h.Effects[0].Count = 2 }, func(v Verdict) int { return len(v.Doubled) }},
		{"doubled in two rows", func(h *History) { h.Effects = append(h.Effects, h.Effects[0]) }, func(v Verdict) int { return len(v.Doubled) }},
		{"never accepted", func(h *History) { h.Accepted = h.Accepted[1:] }, func(v Verdict) int { return len(v.Invented) }},
		{"one id twice", func(h *History) { h.Accepted = append(h.Accepted, h.Accepted[0]) }, func(v Verdict) int { return len(v.Invented) }},
		{"another agency", func(h *History) { h.Effects[0].Agency = "zags" }, func(v Verdict) int { return len(v.Invented) }},
		{"no event", func(h *History) { h.Events = h.Events[5:] }, func(v Verdict) int { return len(v.Silent) }},
		{"no registration", func(h *History) { without(h, "a1") }, func(v Verdict) int { return len(v.Silent) }},
		{"no end", func(h *History) { without(h, "b4") }, func(v Verdict) int { return len(v.Silent) }},
		{"out of order", func(h *History) { h.Events[1], h.Events[3] = h.Events[3], h.Events[1] }, func(v Verdict) int { return len(v.Disordered) }},
		{"wrong end", func(h *History) { h.Effects[1].FinalStatus = "refused" }, func(v Verdict) int { return len(v.Wrong) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := sound()
			c.spoil(&h)
			v := Check(h)
			if v.OK() || c.want(v) != 1 {
				t.Errorf("the checker let it pass:\n%s", v)
			}
		})
	}
	if v := Check(sound()); !v.OK() || v.Closed != 2 {
		t.Errorf("a sound history was rejected:\n%s", v)
	}
}

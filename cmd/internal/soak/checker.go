// Package soak runs the hub under load while it is killed at random and its agencies misbehave,
// and decides afterwards, from what clients saw alone, whether anything was lost or doubled.
package soak

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

// History is what the world outside the hub saw: the portal's accepted requests, the events its webhook got,
// and the effects that the agencies recorded. The checker knows nothing else.
type History struct {
	Accepted []Accepted
	Events   []Event
	Effects  []Effect
}

// Accepted is a request for which the portal got a 202 or 201.
type Accepted struct {
	RequestID string
	Agency    string
}

// Event is one event as the portal's webhook took it, in the order of arrival. A repeated id is a redelivery.
type Event struct {
	ID        string
	RequestID string
	Type      string
	Status    string    // of request.status_changed
	Sequence  int64     // the hub's own order for one request
	Outcome   string    // of request.closed
	At        time.Time // of a status: the agency's time
}

// Effect is what one agency did for one request, by the reference that the hub's message carried.
type Effect struct {
	RequestID   string
	Agency      string
	Count       int    // applications that the agency opened for it
	FinalStatus string // the canonical status that the agency ended with; "" while it is not final
}

// Verdict counts what is wrong, with an example or a few of each.
type Verdict struct {
	Accepted, Closed int
	Lost             []string // accepted, but the agency never got it
	Doubled          []string // the agency opened more than one application
	Invented         []string // an effect for a request that nobody was told is accepted, or at another agency
	Silent           []string // the portal was not told of registration, or of the end
	Disordered       []string // events of a request came in another order than the hub gave them
	Wrong            []string // the last status told is not the agency's own final one
}

// OK is true when nothing is wrong.
func (v Verdict) OK() bool {
	return len(v.Lost)+len(v.Doubled)+len(v.Invented)+len(v.Silent)+len(v.Disordered)+len(v.Wrong) == 0
}

func (v Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-34s %8d\n%-34s %8d\n", "accepted", v.Accepted, "closed", v.Closed)
	for _, row := range []struct {
		name string
		ids  []string
	}{
		{"lost", v.Lost}, {"doubled effects", v.Doubled}, {"invented", v.Invented},
		{"undelivered events", v.Silent}, {"out of order", v.Disordered}, {"wrong final status", v.Wrong},
	} {
		fmt.Fprintf(&b, "%-34s %8d", row.name, len(row.ids))
		if n := min(len(row.ids), 5); n > 0 {
			b.WriteString("  " + strings.Join(row.ids[:n], "; "))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// told is what the portal heard of one request.
type told struct {
	registered, closed bool
	lastStatus         string
	lastSequence       int64
	disordered         string
}

// Check judges a history that has come to rest: no load, no faults, everything drained.
func Check(h History) Verdict {
	v := Verdict{Accepted: len(h.Accepted)}
	heard := hear(h.Events)
	effects := map[string][]Effect{}
	for _, e := range h.Effects {
		effects[e.RequestID] = append(effects[e.RequestID], e)
	}
	known := make(map[string]bool, len(h.Accepted))
	for _, a := range h.Accepted {
		if known[a.RequestID] {
			v.Invented = append(v.Invented, a.RequestID+": one id accepted for two requests")
			continue
		}
		known[a.RequestID] = true
		v.judge(a, heard[a.RequestID], effects[a.RequestID])
	}
	for id := range effects {
		if !known[id] {
			v.Invented = append(v.Invented, id+": an effect nobody asked for")
		}
	}
	for _, ids := range []*[]string{&v.Lost, &v.Doubled, &v.Invented, &v.Silent, &v.Disordered, &v.Wrong} {
		sort.Strings(*ids)
	}
	return v
}

func (v *Verdict) judge(a Accepted, t *told, effects []Effect) {
	count, final := 0, ""
	for _, e := range effects {
		if e.Agency != a.Agency {
			v.Invented = append(v.Invented, fmt.Sprintf("%s: meant for %s, arrived at %s", a.RequestID, a.Agency, e.Agency))
			continue
		}
		count += e.Count
		final = e.FinalStatus
	}
	switch {
	case count == 0:
		v.Lost = append(v.Lost, a.RequestID+" "+a.Agency)
	case count > 1:
		v.Doubled = append(v.Doubled, fmt.Sprintf("%s %s: %d times", a.RequestID, a.Agency, count))
	}
	if t == nil {
		v.Silent = append(v.Silent, a.RequestID+": no event at all")
		return
	}
	if t.disordered != "" {
		v.Disordered = append(v.Disordered, a.RequestID+": "+t.disordered)
	}
	if !t.registered {
		v.Silent = append(v.Silent, a.RequestID+": no request.registered")
	}
	if t.closed {
		v.Closed++
	} else {
		v.Silent = append(v.Silent, a.RequestID+": no request.closed")
	}
	if count > 0 && t.lastStatus != final {
		v.Wrong = append(v.Wrong, fmt.Sprintf("%s: portal heard %q, agency ended with %q", a.RequestID, t.lastStatus, final))
	}
}

// hear folds the events of each request, redeliveries left out.
func hear(events []Event) map[string]*told {
	heard := map[string]*told{}
	seen := make(map[string]bool, len(events))
	for _, e := range events {
		if e.RequestID == "" || seen[e.ID] {
			continue
		}
		seen[e.ID] = true
		t := heard[e.RequestID]
		if t == nil {
			t = &told{}
			heard[e.RequestID] = t
		}
		if e.Sequence <= t.lastSequence {
			t.disordered = fmt.Sprintf("%s (%d) came after %d", e.Type, e.Sequence, t.lastSequence)
		}
		t.lastSequence = max(t.lastSequence, e.Sequence)
		switch e.Type {
		case "request.registered":
			t.registered = true
		case "request.closed":
			t.closed = true
		case "request.status_changed":
			t.lastStatus = e.Status
		}
	}
	return heard
}

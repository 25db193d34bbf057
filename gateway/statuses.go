package gateway

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"sluice/contracts/canonical"
)

// Source is how a status came.
type Source string

// The sources of statuses.
const (
	FromReceipt Source = "receipt"
	FromPush    Source = "push"
	FromPoll    Source = "poll"
)

// StatusEntry is one line of a request's history.
type StatusEntry struct {
	canonical.Status
	N          int // 1 is the first that arrived
	Agency     string
	Source     Source
	ReceivedAt time.Time
}

// MaxStatuses bounds a request's history.
const MaxStatuses = 1000

// clockTolerance is how far an agency's clock may be ahead of ours before its times are not believed.
const clockTolerance = 24 * time.Hour

// timed tells whether the agency gave the status a time that can be believed.
func (e *StatusEntry) timed() bool {
	return !e.At.IsZero() && !e.At.After(e.ReceivedAt.Add(clockTolerance))
}

// when orders the history: the agency's time, or ours where it has none.
func (e *StatusEntry) when() time.Time {
	if e.timed() {
		return e.At
	}
	return e.ReceivedAt
}

// History is the request's statuses by the agencies' time, oldest first. What an agency said twice, once in a few words
// (as receipts do) and once in full, is one status.
func (r *Request) History() []StatusEntry {
	byTime := func(a, b StatusEntry) int { return cmp.Or(a.when().Compare(b.when()), cmp.Compare(a.N, b.N)) }
	all := slices.Clone(r.Statuses)
	slices.SortFunc(all, byTime)
	h := all[:0]
	last := map[string]int{} // of each agency, in h
	for _, e := range all {
		if i, ok := last[e.Agency]; ok {
			if one, same := h[i].union(e); same {
				h[i] = one
				continue
			}
		}
		last[e.Agency] = len(h)
		h = append(h, e)
	}
	slices.SortFunc(h, byTime) // what came without a time may have got one
	return h
}

// union is what two entries say together that follow each other in an agency's history, as the one that came first. same
// is false when they are two statuses: they differ in what both say.
func (e StatusEntry) union(other StatusEntry) (one StatusEntry, same bool) {
	if other.N < e.N {
		e, other = other, e
	}
	if e.Code != other.Code || e.Raw != other.Raw || e.timed() && other.timed() && !e.At.Equal(other.At) {
		return e, false
	}
	if !e.timed() {
		e.At = other.At
	}
	if len(e.Missing) == 0 {
		e.Missing = other.Missing
	}
	return e, adopt(&e.Comment, other.Comment) && adopt(&e.Reason, other.Reason) &&
		adoptRef(&e.Officer, other.Officer) && adoptRef(&e.Unit, other.Unit) && adoptRef(&e.Until, other.Until) &&
		(len(other.Missing) == 0 || slices.Equal(e.Missing, other.Missing))
}

// adopt sets what is not set, and reports false where the two contradict each other.
func adopt[T comparable](to *T, from T) bool {
	var unset T
	if *to == unset {
		*to = from
	}
	return from == unset || *to == from
}

func adoptRef[T comparable](to **T, from *T) bool {
	if *to == nil {
		*to = from
	}
	return from == nil || **to == *from
}

// InForce is the status by which an agency stands, or nil: the last by its time, where one that is final gives way
// only to what the agency says later by its own clock (it reopened the case), and approved also to what follows it.
func (r *Request) InForce(agency string) *StatusEntry {
	var cur *StatusEntry
	h := r.History()
	for i := range h {
		if e := &h[i]; e.Agency == agency && supersedes(e, cur) {
			cur = e
		}
	}
	return cur
}

// supersedes tells whether e, which comes after cur in the history, takes its place.
func supersedes(e, cur *StatusEntry) bool {
	switch {
	case e.Code == canonical.Unknown:
		return false
	case cur == nil || !cur.Code.Final():
		return true
	case cur.Code == canonical.Approved && (e.Code == canonical.Ready || e.Code == canonical.Completed):
		return true
	}
	return e.timed() && e.At.After(cur.when())
}

// ApplyStatuses adds what an agency said about the request to its history and returns how many were new. What it
// repeats changes nothing. Statuses are taken in any order: the agency's time decides which is in force, and the portal
// is told of a status only when it is. A code that nobody knows is kept and told, and changes nothing else.
func (r *Request) ApplyStatuses(agency string, statuses []canonical.Status, source Source, now time.Time) (int, error) {
	now = instant(now)
	added := 0
	for _, s := range statuses {
		s = tidy(s)
		if !s.Code.Valid() {
			return added, fmt.Errorf("applying a status of %s: %q is no status", agency, s.Code)
		}
		if r.repeats(agency, &s) {
			continue
		}
		if len(r.Statuses) >= MaxStatuses {
			return added, fmt.Errorf("applying a status of %s: the request has %d already, the most that is kept", agency, MaxStatuses)
		}
		was := r.InForce(agency)
		r.Statuses = append(r.Statuses, StatusEntry{Status: s, N: len(r.Statuses) + 1, Agency: agency, Source: source, ReceivedAt: now})
		added++
		r.tell(&r.Statuses[len(r.Statuses)-1], was, now)
	}
	if added > 0 {
		r.settle(now)
	}
	return added, nil
}

// maxMissing bounds the documents that one status asks for.
const maxMissing = 100

// tidy brings a status into the bounds in which it is kept.
func tidy(s canonical.Status) canonical.Status {
	s.At = instant(s.At)
	s.Raw, s.Reason, s.Comment = Clip(s.Raw, maxCode), Clip(s.Reason, maxText), Clip(s.Comment, maxText)
	if s.Officer != nil {
		s.Officer = &canonical.Officer{Name: Clip(s.Officer.Name, maxCode), Position: Clip(s.Officer.Position, maxCode), Phone: Clip(s.Officer.Phone, maxCode)}
	}
	if s.Unit != nil {
		s.Unit = &canonical.Unit{Code: Clip(s.Unit.Code, maxCode), Name: Clip(s.Unit.Name, maxText)}
	}
	if s.Until != nil {
		until := instant(*s.Until)
		s.Until = &until
	}
	missing := s.Missing[:min(len(s.Missing), maxMissing)]
	s.Missing = nil
	for _, m := range missing {
		s.Missing = append(s.Missing, canonical.MissingDocument{Type: Clip(m.Type, maxCode), Title: Clip(m.Title, maxText)})
	}
	return s
}

// tell emits the events of the entry that was just added; was is the one that was in force before it, if any. What is
// in force now is most often the new entry, but one that belongs between others may also let a third have its way. One
// that says more fully what was said before is no news, unless it is what documents are missing.
func (r *Request) tell(e *StatusEntry, was *StatusEntry, now time.Time) {
	is := r.InForce(e.Agency)
	changed := is != nil && (was == nil || is.N != was.N)
	fuller := !slices.ContainsFunc(r.History(), func(h StatusEntry) bool { return h.N == e.N })
	switch {
	case fuller && !changed:
		if is != nil && is.Code == canonical.AwaitingDocuments && !sameStatus(&is.Status, &was.Status) {
			r.tellStatus(canonical.EventDocumentsNeeded, is, now)
		}
		return
	case changed:
		r.Status = is.Code
	case e.Code == canonical.Unknown && (is == nil || !is.Code.Final()):
		is = e // neutral: told, but not in force
	default:
		return
	}
	r.tellStatus(canonical.EventStatusChanged, is, now)
	if changed && is.Code == canonical.AwaitingDocuments {
		r.tellStatus(canonical.EventDocumentsNeeded, is, now)
	}
}

// tellStatus emits an event about a status.
func (r *Request) tellStatus(kind string, is *StatusEntry, now time.Time) {
	view := canonical.StatusView{Status: is.Status, Agency: is.Agency, Source: string(is.Source), ReceivedAt: is.ReceivedAt}
	data := canonical.EventData{Agency: is.Agency, Status: &view}
	d := r.Registered(is.Agency)
	if d != nil {
		data.ExternalID = d.ExternalID
	}
	r.emit(kind, d, now, data)
}

// repeats tells whether the agency has said the same before: at the same time, or as its last word where it gives none.
func (r *Request) repeats(agency string, s *canonical.Status) bool {
	for i := len(r.Statuses) - 1; i >= 0; i-- {
		e := &r.Statuses[i]
		if e.Agency != agency {
			continue
		}
		if sameStatus(&e.Status, s) && (s.At.IsZero() || e.At.Equal(s.At)) {
			return true
		}
		if s.At.IsZero() {
			return false
		}
	}
	return false
}

// sameStatus compares everything but the time.
func sameStatus(a, b *canonical.Status) bool {
	return a.Code == b.Code && a.Raw == b.Raw && a.Comment == b.Comment && a.Reason == b.Reason &&
		same(a.Officer, b.Officer) && same(a.Unit, b.Unit) && slices.Equal(a.Missing, b.Missing) &&
		(a.Until == nil) == (b.Until == nil) && (a.Until == nil || a.Until.Equal(*b.Until))
}

func same[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

package agencysim

import (
	"encoding/json"
	"sync"
	"time"

	"github.com/google/uuid"
)

// messageID is the caller's id of a message: what absorbs repeats, or should.
type messageID = uuid.UUID

// Effect is what one message id did at one agency.
type Effect struct {
	Agency      string    `json:"agency"`
	MessageID   string    `json:"messageId"`
	Count       int       `json:"count"`    // how often it took effect: 0 lost, 2 and more doubled
	Arrivals    int       `json:"arrivals"` // how often it arrived as a submission, whatever came of it
	ExternalIDs []string  `json:"externalIds,omitempty"`
	Portal      string    `json:"portalNumber,omitempty"` // the portal's number of the request, as the message said it
	Endpoint    string    `json:"endpoint,omitempty"`
	Test        bool      `json:"test,omitempty"`
	Cancelled   bool      `json:"cancelled,omitempty"`
	At          time.Time `json:"at,omitzero"` // of the first effect
}

// ledger is one agency's memory: a few dozen bytes a message, so that millions fit.
type ledger struct {
	agency  string
	number  func(endpoint string, seq int, at time.Time) string // how the agency writes its numbers
	plans   [plansPerAgency][]Step
	step    time.Duration
	journal *journal

	mu        sync.Mutex
	entries   map[messageID]entry
	cases     []filing // by sequence, from 1
	endpoints []string // names met, so that a filing holds a small number
}

type entry struct {
	last      int32 // sequence of the newest filing, 0 for none
	effects   uint32
	arrivals  uint32
	exchanges uint32
}

// filing is one registered request.
type filing struct {
	id        messageID
	portal    string
	at        int64 // when registered, Unix nanoseconds
	cancelled int64 // when withdrawn, Unix nanoseconds; 0 never
	previous  int32 // sequence of the filing with the same id before this one, 0 for none
	endpoint  uint16
	plan      uint8
	test      bool
	odd       bool // its second status has a code that nobody knows
}

// submission is what an agency writes down.
type submission struct {
	id       messageID
	portal   string
	endpoint string
	plan     uint8
	test     bool
}

// arrive notes that a message is there and returns how many exchanges it had before.
func (l *ledger) arrive(id messageID, submitted bool) uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entries[id]
	e.exchanges++
	if submitted {
		e.arrivals++
	}
	l.entries[id] = e
	return e.exchanges - 1
}

// register files a submission. With absorb a repeated id returns the first filing and fresh is false;
// without, it files a second one, which is a doubled effect.
func (l *ledger) register(s submission, absorb bool, now time.Time) (seq int, fresh bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.entries[s.id]; absorb && e.last != 0 {
		return int(e.last), false, nil
	}
	// The journal is written under the lock: its order gives the sequence numbers back.
	if err := l.journal.write(line{Agency: l.agency, MessageID: s.id, Portal: s.portal, Endpoint: s.endpoint,
		Plan: s.plan, Test: s.test, At: now}); err != nil {
		return 0, false, err
	}
	return l.file(s, now), true, nil
}

func (l *ledger) file(s submission, now time.Time) int {
	e := l.entries[s.id]
	f := filing{id: s.id, portal: s.portal, at: now.UnixNano(), previous: e.last, endpoint: l.intern(s.endpoint), plan: s.plan, test: s.test}
	l.cases = append(l.cases, f)
	e.last = int32(len(l.cases))
	e.effects++
	l.entries[s.id] = e
	return len(l.cases)
}

func (l *ledger) intern(endpoint string) uint16 {
	for i, e := range l.endpoints {
		if e == endpoint {
			return uint16(i)
		}
	}
	l.endpoints = append(l.endpoints, endpoint)
	return uint16(len(l.endpoints) - 1)
}

// withdraw cancels a filing. It says whether it could: what has ended otherwise stays as it is.
func (l *ledger) withdraw(seq int, now time.Time) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := &l.cases[seq-1]
	if f.cancelled != 0 {
		return true, nil
	}
	if l.step <= 0 || !l.due(f, len(l.plans[f.plan])).After(now) {
		return false, nil
	}
	if err := l.journal.write(line{Agency: l.agency, Cancel: seq, At: now}); err != nil {
		return false, err
	}
	f.cancelled = now.UnixNano()
	return true, nil
}

// due says when step n of a filing happens. Steps are a millisecond apart at least: an agency's history has an order.
func (l *ledger) due(f *filing, n int) time.Time {
	return time.Unix(0, f.at).Add(time.Duration(n) * max(l.step, time.Millisecond))
}

// oddCode stands in a step's Status for a code that no contract knows.
const oddCode = "?"

// withdrawnStep is the place of a withdrawal in any request's life.
const withdrawnStep = -1

// history returns what has happened to a filing by now, oldest first.
func (l *ledger) history(seq int, now time.Time) []told {
	l.mu.Lock()
	f := l.cases[seq-1]
	l.mu.Unlock()
	out := []told{{Step: accepted, at: time.Unix(0, f.at)}}
	for i, s := range l.plans[f.plan] {
		at := l.due(&f, i+1)
		if at.After(now) && l.step > 0 || f.cancelled != 0 && at.UnixNano() > f.cancelled {
			break
		}
		if f.odd && i == 0 {
			s.Status = oddCode
		}
		out = append(out, told{Step: s, at: at, n: i + 1})
	}
	if f.cancelled != 0 {
		out = append(out, told{Step: withdrawn, at: time.Unix(0, f.cancelled), n: withdrawnStep})
	}
	return out
}

// find returns the sequences filed under an id, oldest first.
func (l *ledger) find(id messageID) []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.chain(l.entries[id].last)
}

func (l *ledger) chain(last int32) []int {
	var out []int
	for s := last; s != 0; s = l.cases[s-1].previous {
		out = append(out, int(s))
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}

// get returns a filing and its number; ok is false when no filing has that sequence.
func (l *ledger) get(seq int) (f filing, number string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if seq < 1 || seq > len(l.cases) {
		return filing{}, "", false
	}
	return l.cases[seq-1], l.numberOf(seq), true
}

func (l *ledger) numberOf(seq int) string {
	f := l.cases[seq-1]
	return l.number(l.endpoints[f.endpoint], seq, time.Unix(0, f.at))
}

func (l *ledger) setOdd(seq int) {
	l.mu.Lock()
	l.cases[seq-1].odd = true
	l.mu.Unlock()
}

func (l *ledger) endpointOf(f filing) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.endpoints[f.endpoint]
}

// each hands every effect to yield, in no order, until it returns false. The agency waits meanwhile.
func (l *ledger) each(yield func(Effect) bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, e := range l.entries {
		if !yield(l.effect(id, e)) {
			return
		}
	}
}

// count hands every entry to f. The agency waits meanwhile.
func (l *ledger) count(f func(entry)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.entries {
		f(e)
	}
}

// one returns what a message id did, and whether it ever arrived.
func (l *ledger) one(id messageID) (Effect, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[id]
	return l.effect(id, e), ok
}

func (l *ledger) effect(id messageID, e entry) Effect {
	out := Effect{Agency: l.agency, MessageID: id.String(), Count: int(e.effects), Arrivals: int(e.arrivals)}
	for i, seq := range l.chain(e.last) {
		f := l.cases[seq-1]
		if i == 0 {
			out.Portal, out.Endpoint, out.Test, out.At = f.portal, l.endpoints[f.endpoint], f.test, time.Unix(0, f.at).UTC()
		}
		out.Cancelled = out.Cancelled || f.cancelled != 0
		out.ExternalIDs = append(out.ExternalIDs, l.numberOf(seq))
	}
	return out
}

// restore takes a line of the journal back.
func (l *ledger) restore(raw json.RawMessage) error {
	var n line
	if err := json.Unmarshal(raw, &n); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if n.Cancel > 0 {
		if n.Cancel <= len(l.cases) {
			l.cases[n.Cancel-1].cancelled = n.At.UnixNano()
		}
		return nil
	}
	l.file(submission{id: n.MessageID, portal: n.Portal, endpoint: n.Endpoint, plan: min(n.Plan, plansPerAgency-1), test: n.Test}, n.At)
	return nil
}

package gateway

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sluice/adapters"
	"sluice/contracts/canonical"
)

// machine plays everybody who changes a request: nodes (also ones that are long gone), the sweep, the agency, the portal
// and operators, in any order.
type machine struct {
	r      *Request
	before *Request // as it was before the step
	now    time.Time
	claims []Claim              // every claim that anybody ever had
	final  map[string]time.Time // by agency: the latest time of a final status that was applied
}

func (m *machine) tolerate(t *rapid.T, err error) {
	var illegal *TransitionError
	if err != nil && !errors.Is(err, ErrStale) && !errors.Is(err, ErrClosed) && !errors.Is(err, ErrCannotWithdraw) && !errors.As(err, &illegal) {
		t.Fatal(err)
	}
}

func (m *machine) delivery(t *rapid.T) *Delivery {
	return rapid.SampledFrom(m.r.Deliveries).Draw(t, "delivery")
}

// claim is one that somebody holds, most often the right one.
func (m *machine) claim(t *rapid.T) Claim {
	d := m.delivery(t)
	c := Claim{DeliveryID: d.ID, Epoch: d.Epoch, Owner: d.Owner}
	if len(m.claims) > 0 && rapid.IntRange(0, 3).Draw(t, "stale") == 0 {
		c = rapid.SampledFrom(m.claims).Draw(t, "old")
	}
	return c
}

func (m *machine) statuses(t *rapid.T, most int) []canonical.Status {
	var all []canonical.Status
	for range rapid.IntRange(0, most).Draw(t, "statuses") {
		s := canonical.Status{Code: rapid.SampledFrom(canonical.StatusCodes()).Draw(t, "code")}
		if rapid.Bool().Draw(t, "timed") {
			s.At = m.now.Add(time.Duration(rapid.IntRange(-5, 5).Draw(t, "minutes")) * time.Minute)
		}
		all = append(all, s)
	}
	return all
}

func (m *machine) failure(t *rapid.T) *adapters.Error {
	return rapid.SampledFrom([]*adapters.Error{transient, ambiguous, permanent}).Draw(t, "error")
}

func TestAnyLife(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{now: noon, final: map[string]time.Time{}}
		targets := []Target{{Agency: "zags", Endpoint: "moscow", Cancelable: rapid.Bool().Draw(t, "cancelable")}}
		if rapid.Bool().Draw(t, "two") {
			targets = append(targets, Target{Agency: "tax", Endpoint: "7701"})
		}
		var err error
		if m.r, err = NewRequest(NewRequestParams{ID: NewID(noon), Client: "c", Service: "s", Targets: targets, Now: noon}); err != nil {
			t.Fatal(err)
		}
		m.before = m.r.Clone()
		step := func(do func(*rapid.T) error) func(*rapid.T) {
			return func(t *rapid.T) {
				m.before = m.r.Clone()
				next := m.r.Clone()
				next.changes = Changes{}
				m.r = next
				if err := do(t); err != nil { // as a store does: nothing of it stays
					m.tolerate(t, err)
					m.r = m.before
				}
				m.now = m.now.Add(time.Duration(rapid.IntRange(-2, 60).Draw(t, "seconds")) * time.Second) // clocks are stepped, too
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"hand out": step(func(t *rapid.T) error { // what a store's Window does
				d := m.delivery(t)
				if !d.NextAt.IsZero() {
					d.Epoch++
					d.NextAt = instant(m.now.Add(time.Minute))
				}
				return nil
			}),
			"begin": step(func(t *rapid.T) error {
				c := m.claim(t)
				c.Owner = rapid.SampledFrom([]string{"a", "b"}).Draw(t, "owner")
				_, err := m.r.Begin(c, m.now)
				if err == nil {
					m.claims = append(m.claims, c)
				}
				return err
			}),
			"put back": step(func(t *rapid.T) error { return m.r.PutBack(m.claim(t), m.now, m.now) }),
			"register": step(func(t *rapid.T) error {
				c := m.claim(t)
				d, err := m.r.Delivery(c.DeliveryID)
				if err != nil || d.Attempts == 0 {
					return err // a receipt for what was never sent: no agency gives one
				}
				return m.r.Register(c, Exchange{}, adapters.Receipt{ExternalID: "7", Statuses: m.statuses(t, 2)}, m.now)
			}),
			"retry":     step(func(t *rapid.T) error { return m.r.Retry(m.claim(t), Exchange{}, m.failure(t), m.now, m.now) }),
			"unconfirm": step(func(t *rapid.T) error { return m.r.Unconfirm(m.claim(t), Exchange{}, ambiguous, m.now, m.now) }),
			"give to operator": step(func(t *rapid.T) error {
				return m.r.Unconfirm(m.claim(t), Exchange{}, ambiguous, time.Time{}, m.now)
			}),
			"reject": step(func(t *rapid.T) error { return m.r.Reject(m.claim(t), Exchange{}, refusal, m.now) }),
			"die":    step(func(t *rapid.T) error { return m.r.Die(m.claim(t), Exchange{}, m.failure(t), m.now) }),
			"lapse": step(func(t *rapid.T) error {
				return m.r.Lapse(m.claim(t), rapid.Bool().Draw(t, "safe"), m.now, m.now)
			}),
			"replay": step(func(t *rapid.T) error { return m.r.Replay(m.delivery(t).ID, "anna", m.now) }),
			"delay":  step(func(t *rapid.T) error { return m.r.Delay(m.delivery(t).ID, "breaker", m.now, m.now) }),
			"ask":    step(func(t *rapid.T) error { return m.r.AskAt(m.delivery(t).ID, m.now) }),
			"push": step(func(t *rapid.T) error {
				_, err := m.r.ApplyStatuses(rapid.SampledFrom([]string{"zags", "tax"}).Draw(t, "agency"), m.statuses(t, 3), FromPush, m.now)
				return err
			}),
			"withdraw": step(func(t *rapid.T) error { _, err := m.r.Withdraw("", m.now); return err }),
			"":         func(t *rapid.T) { m.check(t) },
		})
	})
}

// check holds every step against what must be true of any.
func (m *machine) check(t *rapid.T) {
	if err := m.r.Check(); err != nil {
		t.Fatal(err)
	}
	for i, was := range m.before.Deliveries {
		is := m.r.Deliveries[i]
		if was.State != is.State && !was.State.CanBecome(is.State) {
			t.Fatalf("%s went from %s to %s", is.ID, was.State, is.State)
		}
		if is.Epoch < was.Epoch {
			t.Fatalf("the epoch of %s shrank from %d to %d", is.ID, was.Epoch, is.Epoch)
		}
		if was.State == Registered && (is.State != Registered || is.Attempts != was.Attempts || is.ExternalID != was.ExternalID) {
			t.Fatalf("%s was registered and is %s", is.ID, is.State)
		}
		if was.InDoubt && is.State == Cancelled && is.Kind == Submit && was.State != Unconfirmed {
			t.Fatalf("%s may have arrived and was cancelled", is.ID)
		}
	}
	if len(m.r.Statuses) < len(m.before.Statuses) {
		t.Fatal("history was lost")
	}
	for i, e := range m.r.changes.Events {
		if want := m.before.LastEvent + i + 1; e.N != want || e.ID != fmt.Sprintf("evt-%s-%d", m.r.ID, want) {
			t.Fatalf("event %s comes after number %d", e.ID, m.before.LastEvent+i)
		}
	}
	if m.before.State != Closed && m.r.State == Closed {
		if events := m.r.changes.Events; len(events) == 0 || events[len(events)-1].Type != canonical.EventClosed || events[len(events)-1].Data.Outcome != m.r.Outcome {
			t.Fatalf("closed as %q and told %s", m.r.Outcome, types(m.r))
		}
	}
	m.finals(t)
}

// finals sees to it that a final status gives way only to what the agency said later.
func (m *machine) finals(t *rapid.T) {
	for _, agency := range []string{"zags", "tax"} {
		was, is := m.before.InForce(agency), m.r.InForce(agency)
		if was == nil || !was.Code.Final() || is != nil && is.N == was.N {
			continue
		}
		later := is != nil && is.timed() && is.At.After(was.when())
		follows := is != nil && was.Code == canonical.Approved && (is.Code == canonical.Ready || is.Code == canonical.Completed)
		if !later && !follows {
			// One that arrives now may also belong before it, and leave a third in force.
			if is == nil || is.when().Before(was.when()) && !is.Code.Final() {
				t.Fatalf("%s: %s at %v gave way to %+v", agency, was.Code, was.At, is)
			}
		}
	}
}

package gateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func newRequest(t testing.TB, targets ...Target) *Request {
	t.Helper()
	if len(targets) == 0 {
		targets = []Target{{Agency: "zags", Endpoint: "moscow", Cancelable: true}}
	}
	r, err := NewRequest(NewRequestParams{ID: NewID(noon), Client: "portal", PortalID: "P-1", Service: "family-composition", Targets: targets, Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// must fails the test when a step did.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// begin has the node begin the n-th delivery and returns its claim.
func begin(t testing.TB, r *Request, n int) Claim {
	t.Helper()
	d := r.Deliveries[n-1]
	c := Claim{DeliveryID: d.ID, Epoch: d.Epoch, Owner: "node"}
	_, err := r.Begin(c, noon)
	must(t, err)
	return c
}

func types(r *Request) string {
	var s []string
	for _, e := range r.Changes().Events {
		s = append(s, e.Type)
	}
	return strings.Join(s, " ")
}

var (
	transient = &adapters.Error{Class: adapters.Transient, Code: "503", Text: "busy"}
	ambiguous = &adapters.Error{Class: adapters.Ambiguous, Code: "timeout", Text: "no reply"}
	permanent = &adapters.Error{Class: adapters.Permanent, Code: "mapping", Text: "no such code"}
	refusal   = &adapters.Error{Class: adapters.Rejected, Code: "42", Text: "not ours", Reason: "wrong_addressee"}
)

// Each row is a life of a request to one agency: what is done, and how it must look then.
func TestLives(t *testing.T) {
	later := noon.Add(time.Minute)
	final := []canonical.Status{{Code: canonical.Completed, At: noon}}
	tests := []struct {
		name    string
		do      func(t *testing.T, r *Request)
		state   DeliveryState
		request RequestState
		outcome string
		events  string
	}{
		{"registered", func(t *testing.T, r *Request) {
			must(t, r.Register(begin(t, r, 1), Exchange{}, adapters.Receipt{ExternalID: "7"}, noon))
		}, Registered, Open, "", "request.registered"},
		{"answered at once", func(t *testing.T, r *Request) {
			must(t, r.Register(begin(t, r, 1), Exchange{}, adapters.Receipt{ExternalID: "7", Statuses: final}, noon))
		}, Registered, Closed, "completed", "request.registered request.status_changed request.closed"},
		{"transient, then registered", func(t *testing.T, r *Request) {
			must(t, r.Retry(begin(t, r, 1), Exchange{}, transient, later, noon))
			must(t, r.Register(begin(t, r, 1), Exchange{}, adapters.Receipt{}, noon))
		}, Registered, Open, "", "request.registered"},
		{"refused", func(t *testing.T, r *Request) {
			must(t, r.Reject(begin(t, r, 1), Exchange{}, refusal, noon))
		}, Rejected, Closed, OutcomeRejected, "request.closed"},
		{"dead", func(t *testing.T, r *Request) {
			must(t, r.Die(begin(t, r, 1), Exchange{}, permanent, noon))
		}, Dead, Open, "", "delivery.dead"},
		{"dead, replayed", func(t *testing.T, r *Request) {
			must(t, r.Die(begin(t, r, 1), Exchange{}, permanent, noon))
			must(t, r.Replay(r.Deliveries[0].ID, "anna", noon))
		}, Queued, Open, "", "delivery.dead"},
		{"unconfirmed", func(t *testing.T, r *Request) {
			must(t, r.Unconfirm(begin(t, r, 1), Exchange{}, ambiguous, later, noon))
		}, Unconfirmed, Open, "", ""},
		{"unconfirmed, found by a probe", func(t *testing.T, r *Request) {
			c := begin(t, r, 1)
			must(t, r.Unconfirm(c, Exchange{}, ambiguous, later, noon))
			must(t, r.Register(Claim{DeliveryID: c.DeliveryID, Epoch: c.Epoch}, Exchange{}, adapters.Receipt{ExternalID: "7"}, noon))
			if a := r.Changes().Attempts; a[1].What != AttemptProbe {
				t.Errorf("the probe was noted as %q", a[1].What)
			}
		}, Registered, Open, "", "request.registered"},
		{"its node gone, resend safe", func(t *testing.T, r *Request) {
			c := begin(t, r, 1)
			must(t, r.Lapse(c, true, later, noon))
			if err := r.Retry(c, Exchange{}, transient, later, noon); !errors.Is(err, ErrStale) {
				t.Errorf("the old node could go on: %v", err)
			}
		}, Retrying, Open, "", ""},
		{"its node gone, nobody to ask", func(t *testing.T, r *Request) {
			must(t, r.Lapse(begin(t, r, 1), false, time.Time{}, noon))
			if r.Deliveries[0].Owner != Operator {
				t.Error("nobody has it")
			}
		}, Unconfirmed, Open, "", ""},
		{"its node gone, receipt late", func(t *testing.T, r *Request) {
			c := begin(t, r, 1)
			must(t, r.Lapse(c, true, later, noon))
			must(t, r.Register(c, Exchange{}, adapters.Receipt{ExternalID: "7"}, noon))
			if err := r.Register(c, Exchange{}, adapters.Receipt{ExternalID: "7"}, noon); !errors.Is(err, ErrStale) {
				t.Errorf("registered twice: %v", err)
			}
		}, Registered, Open, "", "request.registered"},
		{"withdrawn in time", func(t *testing.T, r *Request) {
			withdraw(t, r, WithdrawnNow)
		}, Cancelled, Closed, OutcomeCancelled, "request.closed"},
		{"withdrawn while sending, then failed", func(t *testing.T, r *Request) {
			c := begin(t, r, 1)
			withdraw(t, r, WithdrawnNoted)
			must(t, r.Retry(c, Exchange{}, transient, later, noon))
		}, Cancelled, Closed, OutcomeCancelled, "request.closed"},
		{"withdrawn after a lost reply", func(t *testing.T, r *Request) {
			must(t, r.Retry(begin(t, r, 1), Exchange{}, ambiguous, later, noon)) // resend: safe
			withdraw(t, r, WithdrawnNoted)
			must(t, r.Retry(begin(t, r, 1), Exchange{}, transient, later, noon))
		}, Retrying, Open, "", ""},
		{"withdrawn, but it has arrived", func(t *testing.T, r *Request) {
			must(t, r.Retry(begin(t, r, 1), Exchange{}, ambiguous, later, noon))
			withdraw(t, r, WithdrawnNoted)
			must(t, r.Register(begin(t, r, 1), Exchange{}, adapters.Receipt{ExternalID: "7"}, noon))
			if len(r.Deliveries) != 2 || r.Deliveries[1].Kind != Cancel {
				t.Error("the agency is not told of the withdrawal")
			}
		}, Registered, Open, "", "request.registered"},
		{"withdrawn while unconfirmed, the agency has nothing", func(t *testing.T, r *Request) {
			c := begin(t, r, 1)
			must(t, r.Unconfirm(c, Exchange{}, ambiguous, later, noon))
			withdraw(t, r, WithdrawnNoted)
			must(t, r.Retry(Claim{DeliveryID: c.DeliveryID, Epoch: c.Epoch}, Exchange{}, transient, noon, noon))
		}, Cancelled, Closed, OutcomeCancelled, "request.closed"},
		{"cancelled, receipt late", func(t *testing.T, r *Request) {
			c := begin(t, r, 1)
			must(t, r.PutBack(c, later, noon))
			withdraw(t, r, WithdrawnNow)
			must(t, r.Register(c, Exchange{}, adapters.Receipt{ExternalID: "7"}, noon))
			if len(r.Deliveries) != 2 {
				t.Error("the agency is not told of the withdrawal")
			}
		}, Registered, Open, "", "request.closed request.registered"},
		{"final status before the receipt", func(t *testing.T, r *Request) {
			c := begin(t, r, 1)
			_, err := r.ApplyStatuses("zags", final, FromPush, noon)
			must(t, err)
			must(t, r.Register(c, Exchange{}, adapters.Receipt{ExternalID: "7"}, noon))
		}, Registered, Closed, "completed", "request.status_changed request.registered request.closed"},
		{"late, told once", func(t *testing.T, r *Request) {
			must(t, r.Delay(r.Deliveries[0].ID, "breaker", later, noon))
			must(t, r.Delay(r.Deliveries[0].ID, "breaker", later, noon))
		}, Queued, Open, "", "delivery.delayed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRequest(t)
			tt.do(t, r)
			must(t, r.Check())
			if d := r.Deliveries[0]; d.State != tt.state || r.State != tt.request || r.Outcome != tt.outcome {
				t.Errorf("got %s, %s %q; want %s, %s %q", d.State, r.State, r.Outcome, tt.state, tt.request, tt.outcome)
			}
			if got := types(r); got != tt.events {
				t.Errorf("the portal was told %q, want %q", got, tt.events)
			}
		})
	}
}

func withdraw(t testing.TB, r *Request, want Withdrawal) {
	t.Helper()
	got, err := r.Withdraw("changed my mind", noon)
	must(t, err)
	if got != want {
		t.Errorf("the withdrawal is %q, want %q", got, want)
	}
}

// What happens to the withdrawal of a request that the agency has.
func TestWithdrawRegistered(t *testing.T) {
	r := newRequest(t)
	must(t, r.Register(begin(t, r, 1), Exchange{}, adapters.Receipt{ExternalID: "7"}, noon))
	withdraw(t, r, WithdrawnSent)
	withdraw(t, r, WithdrawnSent)
	if len(r.Deliveries) != 2 || r.Deliveries[1].Kind != Cancel || r.Deliveries[1].State != Queued {
		t.Fatalf("the agency is told %d times", len(r.Deliveries)-1)
	}
	must(t, r.Register(begin(t, r, 2), Exchange{}, adapters.Receipt{Statuses: []canonical.Status{{Code: canonical.Cancelled, At: noon}}}, noon))
	must(t, r.Check())
	if r.State != Closed || r.Outcome != string(canonical.Cancelled) {
		t.Errorf("got %s %q", r.State, r.Outcome)
	}
	if _, err := r.Withdraw("", noon); !errors.Is(err, ErrClosed) {
		t.Errorf("withdrawn twice: %v", err)
	}

	r = newRequest(t, Target{Agency: "tax", Endpoint: "7701"})
	must(t, r.Register(begin(t, r, 1), Exchange{}, adapters.Receipt{ExternalID: "7"}, noon))
	if _, err := r.Withdraw("", noon); !errors.Is(err, ErrCannotWithdraw) {
		t.Errorf("got %v, want ErrCannotWithdraw", err)
	}
}

// A withdrawal on its way is moot once the agency has ended the case by itself.
func TestClosingDropsWhatWaits(t *testing.T) {
	r := newRequest(t)
	must(t, r.Register(begin(t, r, 1), Exchange{}, adapters.Receipt{ExternalID: "7"}, noon))
	withdraw(t, r, WithdrawnSent)
	must(t, r.Unconfirm(begin(t, r, 2), Exchange{}, ambiguous, noon, noon))
	_, err := r.ApplyStatuses("zags", []canonical.Status{{Code: canonical.Refused, At: noon}}, FromPush, noon)
	must(t, err)
	must(t, r.Check())
	if r.State != Closed || r.Outcome != "refused" || r.Deliveries[1].State != Cancelled {
		t.Errorf("got %s %q, the withdrawal %s", r.State, r.Outcome, r.Deliveries[1].State)
	}
}

// A request to several agencies closes with the last, and is as good as its worst answer.
func TestSeveralAgencies(t *testing.T) {
	r := newRequest(t, Target{Agency: "zags", Endpoint: "moscow"}, Target{Agency: "tax", Endpoint: "7701"})
	must(t, r.Register(begin(t, r, 1), Exchange{}, adapters.Receipt{ExternalID: "7", Statuses: []canonical.Status{{Code: canonical.Completed, At: noon}}}, noon))
	if r.State != Open {
		t.Error("closed before the second agency answered")
	}
	must(t, r.Reject(begin(t, r, 2), Exchange{}, refusal, noon))
	must(t, r.Check())
	if r.Outcome != OutcomeRejected {
		t.Errorf("the outcome is %q", r.Outcome)
	}
}

func TestRefusals(t *testing.T) {
	r := newRequest(t)
	id := r.Deliveries[0].ID
	c := Claim{DeliveryID: id, Owner: "node"}
	tests := map[string]func() error{
		"an older epoch": func() error { _, err := r.Begin(Claim{DeliveryID: id, Epoch: -1, Owner: "node"}, noon); return err },
		"no owner":       func() error { _, err := r.Begin(Claim{DeliveryID: id}, noon); return err },
		"an operator":    func() error { _, err := r.Begin(Claim{DeliveryID: id, Owner: Operator}, noon); return err },
		"not begun":      func() error { return r.Retry(c, Exchange{}, transient, noon, noon) },
		"not dead":       func() error { return r.Replay(id, "anna", noon) },
		"not ours":       func() error { return r.Replay(DeliveryID(NewID(noon), 1), "anna", noon) },
		"no such":        func() error { return r.Delay(DeliveryID(r.ID, 2), "", noon, noon) },
		"no status": func() error {
			_, err := r.ApplyStatuses("zags", []canonical.Status{{Code: "done"}}, FromPush, noon)
			return err
		},
	}
	for name, do := range tests {
		if do() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if len(r.Changes().Attempts)+len(r.Changes().Events) > 0 {
		t.Error("a refused change left something behind")
	}
}

func TestNewRequestRefuses(t *testing.T) {
	good := NewRequestParams{ID: NewID(noon), Client: "c", Service: "s", Targets: []Target{{Agency: "a", Endpoint: "e"}}, Now: noon}
	for name, spoil := range map[string]func(*NewRequestParams){
		"id": func(p *NewRequestParams) { p.ID = "REQ-1" }, "upper case": func(p *NewRequestParams) { p.ID = strings.ToUpper(p.ID) },
		"client": func(p *NewRequestParams) { p.Client = "" }, "target": func(p *NewRequestParams) { p.Targets = nil },
		"time": func(p *NewRequestParams) { p.Now = time.Time{} },
	} {
		p := good
		spoil(&p)
		if _, err := NewRequest(p); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestIDs(t *testing.T) {
	id := NewID(noon)
	if earlier := NewID(noon.Add(-time.Millisecond)); earlier >= id {
		t.Errorf("%s is not before %s", earlier, id)
	}
	a, b := MessageID(DeliveryID(id, 1)), MessageID(DeliveryID(id, 2))
	if a == b || a != MessageID(DeliveryID(id, 1)) || !validUUID(a) {
		t.Errorf("message ids %s and %s", a, b)
	}
	if MessagePrefix(a) != id[:13] || MessagePrefix("7") != "" {
		t.Errorf("%s does not begin as %s", a, id)
	}
	for _, bad := range []string{"", id, id + ".0", id + ".01", id + ".+1", id + ".x", "x.1"} {
		if _, _, err := SplitDeliveryID(bad); err == nil {
			t.Errorf("%q was taken for a delivery's id", bad)
		}
	}
}

// What comes from outside fits what databases take, and its numbers are kept whole or not at all.
func TestOutsideTextIsBounded(t *testing.T) {
	r := newRequest(t)
	c := begin(t, r, 1)
	long := strings.Repeat("я", 10_000) + "\x00\xff"
	must(t, r.Retry(c, Exchange{Sent: make([]byte, MaxWire+1)}, &adapters.Error{Class: adapters.Transient, Code: long, Text: long}, noon, noon))
	d := r.Deliveries[0]
	if n := len([]rune(d.LastError.Text)); n != maxText {
		t.Errorf("the text has %d characters", n)
	}
	if n := len(r.Changes().Attempts[0].Sent); n != MaxWire {
		t.Errorf("%d wire bytes are kept", n)
	}
	must(t, r.Register(begin(t, r, 1), Exchange{}, adapters.Receipt{ExternalID: long}, noon))
	if d.ExternalID != MessageID(d.ID) {
		t.Errorf("a part of the number was kept: %.20q", d.ExternalID)
	}
	if got := Clip("a\x00b\xffc", 10); got != "ab\uFFFDc" {
		t.Errorf("Clip made %q", got)
	}
}

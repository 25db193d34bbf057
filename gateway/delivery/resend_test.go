package delivery

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/gateway"
)

// How an attempt's outcome gets lost. Each acts on the message first when the agency is to have it.
var losses = map[string]func(w http.ResponseWriter, r *http.Request){
	"time-out": func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	"reset":    func(w http.ResponseWriter, r *http.Request) { reset(w, r, "") },
	"lost reply": func(w http.ResponseWriter, r *http.Request) {
		reset(w, r, "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nN-")
	},
	"broken 500": func(w http.ResponseWriter, r *http.Request) { http.Error(w, "oops", http.StatusInternalServerError) },
}

// No path may lead to a second effect at an agency that does not absorb repeats, nor to a lost request.
func TestNoBlindResend(t *testing.T) {
	for _, c := range []struct {
		resend  adapters.Resend
		arrived bool // the agency acted before the outcome was lost
		state   gateway.DeliveryState
		sends   int // submissions that went out
		owner   string
		probes  bool
	}{
		{resend: adapters.ResendSafe, arrived: true, state: gateway.Registered, sends: 2},
		{resend: adapters.ResendSafe, arrived: false, state: gateway.Registered, sends: 2},
		{resend: adapters.ResendAsk, arrived: true, state: gateway.Registered, sends: 1, probes: true},
		{resend: adapters.ResendAsk, arrived: false, state: gateway.Registered, sends: 2, probes: true},
		{resend: adapters.ResendOperator, arrived: true, state: gateway.Unconfirmed, sends: 1, owner: gateway.Operator},
		{resend: adapters.ResendOperator, arrived: false, state: gateway.Unconfirmed, sends: 1, owner: gateway.Operator},
	} {
		for loss, lose := range losses {
			name := string(c.resend) + ", " + loss
			if c.arrived {
				name += " after the effect"
			}
			t.Run(name, func(t *testing.T) {
				at := newSite(t)
				at.does(func(n int, id string, w http.ResponseWriter, r *http.Request) {
					if n > 1 && at.called("submit") > 1 {
						if at.acted(id) == 0 {
							at.effect(id)
						}
						takes(n, id, w, r)
						return
					}
					if c.arrived {
						at.effect(id)
					}
					lose(w, r)
				})
				a := agency("social", at, c.resend)
				if loss == "time-out" {
					a.Manifest.Limits.Attempt = 500 * time.Millisecond
				}
				h := startHub(t, []*adapters.Agency{a})
				r := h.accept("A-1", "social")
				d := h.awaitState(r.ID, c.state)
				if d.Owner != c.owner {
					t.Errorf("owned by %q, want %q", d.Owner, c.owner)
				}
				if got := at.called("submit"); got != c.sends {
					t.Errorf("%d submissions went out, want %d: %v", got, c.sends, h.attempts(d.ID))
				}
				if got := at.called("probe") > 0; got != c.probes {
					t.Errorf("asked: %v, want %v", got, c.probes)
				}
				if c.state == gateway.Registered {
					if n := at.acted(gateway.MessageID(d.ID)); n != 1 {
						t.Errorf("%d effects, want 1", n)
					}
					return
				}
				// The operator finds out that the agency does not have it, and decides.
				if _, err := h.engine.Replay(t.Context(), d.ID, "ops"); err != nil {
					t.Fatal(err)
				}
				h.awaitState(r.ID, gateway.Registered)
				if got := h.attempts(d.ID); !slices.Contains(got, "decision/replay") {
					t.Errorf("the decision is not recorded: %v", got)
				}
			})
		}
	}
}

// A process that dies between the record of an attempt and that of its outcome leaves it to the others.
func TestCrashBetweenBeginAndOutcome(t *testing.T) {
	for _, c := range []struct {
		resend  adapters.Resend
		arrived bool
		state   gateway.DeliveryState
		sends   int
	}{
		{adapters.ResendSafe, false, gateway.Registered, 1},
		{adapters.ResendSafe, true, gateway.Registered, 1},
		{adapters.ResendAsk, false, gateway.Registered, 1},
		{adapters.ResendAsk, true, gateway.Registered, 0},
		{adapters.ResendOperator, true, gateway.Unconfirmed, 0},
	} {
		name := string(c.resend)
		if c.arrived {
			name += ", the agency has it"
		}
		t.Run(name, func(t *testing.T) {
			at := newSite(t)
			h := newHub(t, openStore(t), &clock{}, []*adapters.Agency{agency("social", at, c.resend)})
			r := h.accept("A-1", "social")
			d := r.Deliveries[0]
			now := h.clock.now()
			if err := h.store.Renew(t.Context(), "dead", now.Add(200*time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if _, err := h.store.Update(t.Context(), r.ID, func(r *gateway.Request) error {
				_, err := r.Begin(gateway.Claim{DeliveryID: d.ID, Epoch: d.Epoch, Owner: "dead"}, now)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			if c.arrived {
				at.effect(gateway.MessageID(d.ID))
			}
			h.start()
			after := h.awaitState(r.ID, c.state)
			if got := at.called("submit"); got != c.sends {
				t.Errorf("%d submissions went out, want %d: %v", got, c.sends, h.attempts(d.ID))
			}
			if c.state == gateway.Unconfirmed && after.Owner != gateway.Operator {
				t.Errorf("owned by %q", after.Owner)
			}
			if got := h.attempts(d.ID); got[0] != "send/ambiguous/interrupted" {
				t.Errorf("attempts %v", got)
			}
			if h.swept["expired"] != 1 {
				t.Errorf("swept %v", h.swept)
			}
		})
	}
}

// An agency that can't tell whether it has the message is asked more and more rarely, and at last left to the operator.
func TestProbesHaveTheirOwnSchedule(t *testing.T) {
	at := newSite(t)
	at.does(func(_ int, id string, w http.ResponseWriter, r *http.Request) {
		at.effect(id)
		reset(w, r, "")
	})
	a := agency("social", at, adapters.ResendAsk)
	var broken atomic.Bool
	broken.Store(true)
	a.Adapter = probeBreaks{speaker{}, &broken}
	h := startHub(t, []*adapters.Agency{a})
	r := h.accept("A-1", "social")
	d := h.awaitState(r.ID, gateway.Unconfirmed)
	h.await("some probes", func() bool { return len(h.attempts(d.ID)) >= 4 })
	if got := h.request(r.ID).Deliveries[0]; got.State != gateway.Unconfirmed || got.Attempts != 1 {
		t.Errorf("while it can't be asked it is %s after %d sends", got.State, got.Attempts)
	}
	h.clock.ahead.Store(int64(2 * time.Hour))
	h.await("the operator to own it", func() bool { return h.request(r.ID).Deliveries[0].Owner == gateway.Operator })
	if got := at.called("submit"); got != 1 {
		t.Errorf("%d submissions went out", got)
	}
}

type probeBreaks struct {
	speaker
	broken *atomic.Bool
}

func (p probeBreaks) Probe(ctx context.Context, x adapters.Submission) (adapters.Receipt, bool, error) {
	if p.broken.Load() {
		return adapters.Receipt{}, false, &adapters.Error{Class: adapters.Transient, Code: "503", Text: "not now", Server: true}
	}
	return p.speaker.Probe(ctx, x)
}

// The number that an agency did not repeat with its "already have it" is asked for, since its pushes will name it.
func TestAlreadyDoneWithoutNumberIsAskedFor(t *testing.T) {
	at := newSite(t)
	at.does(func(_ int, id string, w http.ResponseWriter, _ *http.Request) {
		at.effect(id)
		w.WriteHeader(http.StatusConflict)
	})
	h := startHub(t, []*adapters.Agency{agency("zags", at, adapters.ResendSafe)})
	r := h.accept("A-1", "zags")
	d := h.awaitState(r.ID, gateway.Registered)
	if !strings.HasPrefix(d.ExternalID, "N-") || at.called("submit") != 1 {
		t.Errorf("registered as %q after %d submissions", d.ExternalID, at.called("submit"))
	}
}

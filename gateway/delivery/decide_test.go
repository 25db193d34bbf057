package delivery

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/gateway"
)

func TestDeliveryIsRegistered(t *testing.T) {
	at := newSite(t)
	h := startHub(t, []*adapters.Agency{agency("zags", at, adapters.ResendSafe)})
	r := h.accept("A-1", "zags")
	d := h.awaitState(r.ID, gateway.Registered)
	if want := "N-" + gateway.MessageID(d.ID); d.ExternalID != want || d.Attempts != 1 {
		t.Errorf("registered as %q in %d attempts, want %q in 1", d.ExternalID, d.Attempts, want)
	}
	if got := h.events(r.ID); !slices.Equal(got, []string{"request.registered"}) {
		t.Errorf("events %v", got)
	}
	attempts, err := h.store.Attempts(t.Context(), d.ID)
	if err != nil || len(attempts) != 1 {
		t.Fatalf("attempts %v, %v", attempts, err)
	}
	a := attempts[0]
	if a.HTTPStatus != 200 || a.MappingHash != "0000" || a.Class != classRegistered || a.StartedAt.IsZero() ||
		!strings.Contains(string(a.Sent), `{"id": "A-1", "service": "help"}`) || !strings.Contains(string(a.Received), d.ExternalID) {
		t.Errorf("the attempt holds %+v\nsent %s\nreceived %s", a, a.Sent, a.Received)
	}
}

func TestClassesDecide(t *testing.T) {
	answers := func(status ...int) func(int, string, http.ResponseWriter, *http.Request) {
		return func(n int, id string, w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status[min(n, len(status))-1])
			takes(n, id, w, r)
		}
	}
	for _, c := range []struct {
		name     string
		submit   func(int, string, http.ResponseWriter, *http.Request)
		state    gateway.DeliveryState
		attempts []string
		events   []string
		request  gateway.RequestState
	}{
		{"transient: again until it succeeds", answers(503, 429, 200), gateway.Registered,
			[]string{"send/transient/unavailable", "send/transient/overload", "send/registered"}, []string{"request.registered"}, gateway.Open},
		{"permanent: dead", answers(404), gateway.Dead, []string{"send/permanent/http_404"}, []string{"delivery.dead"}, gateway.Open},
		{"rejected: the request closes", answers(422), gateway.Rejected, []string{"send/rejected/REFUSED"}, []string{"request.closed"}, gateway.Closed},
		{"already done: success", answers(409), gateway.Registered, []string{"send/registered"}, []string{"request.registered"}, gateway.Open},
		{"ambiguous where repeats are safe: again", answers(500, 200), gateway.Registered,
			[]string{"send/ambiguous/http_500", "send/registered"}, []string{"request.registered"}, gateway.Open},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := newSite(t)
			at.does(c.submit)
			h := startHub(t, []*adapters.Agency{agency("zags", at, adapters.ResendSafe)})
			r := h.accept("A-1", "zags")
			d := h.awaitState(r.ID, c.state)
			if got := h.attempts(d.ID); !slices.Equal(got, c.attempts) {
				t.Errorf("attempts %v, want %v", got, c.attempts)
			}
			if got := h.events(r.ID); !slices.Equal(got, c.events) {
				t.Errorf("events %v, want %v", got, c.events)
			}
			if got := h.request(r.ID).State; got != c.request {
				t.Errorf("the request is %s, want %s", got, c.request)
			}
		})
	}
}

// A panic or a broken mapping costs its own delivery alone.
func TestPoisonDiesAlone(t *testing.T) {
	at := newSite(t)
	h := startHub(t, []*adapters.Agency{agency("zags", at, adapters.ResendSafe)})
	poison := h.accept("poison", "zags")
	var others []string
	for i := range 5 {
		others = append(others, h.accept(fmt.Sprint("A-", i), "zags").ID)
	}
	d := h.awaitState(poison.ID, gateway.Dead)
	if d.LastError.Code != codePanic || !strings.Contains(d.LastError.Text, "Submit") || !strings.Contains(d.LastError.Text, "rig_test.go") {
		t.Errorf("the panic is told as %+v", d.LastError)
	}
	for _, id := range others {
		h.awaitState(id, gateway.Registered)
	}
}

func TestMaxAgeEndsInDeathAndReplayHeals(t *testing.T) {
	at := newSite(t)
	at.does(func(_ int, _ string, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
	h := startHub(t, []*adapters.Agency{agency("zags", at, adapters.ResendSafe)})
	r := h.accept("A-1", "zags")
	h.await("some attempts", func() bool { return len(h.attempts(r.Deliveries[0].ID)) >= 3 })
	h.clock.ahead.Store(int64(2 * time.Hour))
	d := h.awaitState(r.ID, gateway.Dead)
	if !strings.Contains(d.LastError.Text, "limits.maxAge") || d.LastError.Code != "unavailable" {
		t.Errorf("it died of %+v", d.LastError)
	}
	before := len(h.attempts(d.ID))
	at.does(takes)
	if _, err := h.engine.Replay(t.Context(), d.ID, "ops"); err != nil {
		t.Fatal(err)
	}
	h.awaitState(r.ID, gateway.Registered)
	after := h.attempts(d.ID)
	if got := after[before:]; !slices.Equal(got, []string{"decision/replay", "send/registered"}) {
		t.Errorf("after the replay: %v", got)
	}
	if _, err := h.engine.Replay(t.Context(), d.ID, "ops"); err == nil {
		t.Error("what is registered was replayed")
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	at := newSite(t)
	var first, second time.Time
	at.does(func(n int, id string, w http.ResponseWriter, r *http.Request) {
		if n == 1 {
			first = time.Now()
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		if second.IsZero() {
			second = time.Now()
		}
		takes(n, id, w, r)
	})
	h := startHub(t, []*adapters.Agency{agency("zags", at, adapters.ResendSafe)})
	r := h.accept("A-1", "zags")
	h.await("the refusal", func() bool { return h.request(r.ID).Deliveries[0].State == gateway.Retrying })
	other := h.accept("A-2", "zags") // the agency asked to be left alone, whoever it is about
	h.awaitState(r.ID, gateway.Registered)
	h.awaitState(other.ID, gateway.Registered)
	if waited := second.Sub(first); waited < time.Second {
		t.Errorf("the next message went out after %v, asked for 1 s", waited)
	}
}

func TestUnservedServiceDies(t *testing.T) {
	at := newSite(t)
	a := agency("zags", at, adapters.ResendSafe)
	a.Services = map[string]*adapters.Service{}
	h := startHub(t, []*adapters.Agency{a})
	r := h.accept("A-1", "zags")
	if d := h.awaitState(r.ID, gateway.Dead); d.LastError.Code != "unsupported" || at.called("submit") != 0 {
		t.Errorf("told as %+v, %d messages sent", d.LastError, at.called("submit"))
	}
}

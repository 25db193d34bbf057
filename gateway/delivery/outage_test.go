package delivery

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/store"
)

// An outage: the breaker trips, nothing is sent and no attempt burned while it is open, one probe at a time finds out
// how the agency is, and the backlog drains on a ramp. The portal is told once of each.
func TestBreakerHoldsProbesAndRamps(t *testing.T) {
	at := newSite(t)
	var down atomic.Bool
	down.Store(true)
	var under, most atomic.Int64 // submissions at a time since the agency is back
	at.does(func(n int, id string, w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			w.WriteHeader(503)
			return
		}
		now := under.Add(1)
		defer under.Add(-1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		takes(n, id, w, r)
	})
	a := agency("zags", at, adapters.ResendSafe)
	a.Manifest.Breaker = adapters.Breaker{Failures: 0.5, Of: 4, Open: time.Hour}
	a.Manifest.Limits.MaxAge = 24 * time.Hour
	h := startHub(t, []*adapters.Agency{a}, func(c *Config) { c.Retry = Retry{First: time.Minute, Max: time.Minute} })

	var ids []string
	for i := range 20 {
		ids = append(ids, h.accept(fmt.Sprint("A-", i), "zags").ID)
	}
	h.await("the breaker to trip", func() bool { return h.health("zags") == "held breaker" })
	h.await("the attempts under way to end", func() bool { _, under := h.engine.byKey["zags/main"].limiter.now(); return under == 0 })
	sent := at.called("submit")
	if sent > 2+4 {
		t.Errorf("%d messages went out, the breaker trips at 2 and 4 are sent at a time", sent)
	}
	if got := h.events("zags/main"); !slices.Equal(got, []string{"agency.down"}) {
		t.Errorf("events %v", got)
	}

	// Probes that fail hold it on, each with one message, and nobody is told again.
	for probe := 1; probe <= 2; probe++ {
		h.clock.ahead.Add(int64(61 * time.Minute))
		h.engine.Wake("zags", "main")
		h.await("a probe", func() bool { return at.called("submit") == sent+probe })
		h.await("it to be held again", func() bool { return h.health("zags") == "held breaker" })
	}
	if got := h.events("zags/main"); !slices.Equal(got, []string{"agency.down"}) {
		t.Errorf("events after failed probes: %v", got)
	}

	down.Store(false)
	h.clock.ahead.Add(int64(61 * time.Minute))
	h.engine.Wake("zags", "main")
	for _, id := range ids {
		h.awaitState(id, gateway.Registered)
	}
	h.await("it to be up", func() bool { return h.health("zags") == "up" })
	if got := h.events("zags/main"); !slices.Equal(got, []string{"agency.down", "agency.recovered"}) {
		t.Errorf("events %v", got)
	}
	if !slices.Contains(h.healths, "zags probing") {
		t.Errorf("healths %v", h.healths)
	}
	if most.Load() > 4 {
		t.Errorf("%d messages at a time, the endpoint takes 4", most.Load())
	}
}

// health is an endpoint's health in words, as operators see it.
func (h *hub) health(agency string) string {
	x, ok := h.engine.Health(agency, "main")
	if !ok {
		h.t.Fatalf("no endpoint of %s", agency)
	}
	if x.Reason != "" {
		return x.Health + " " + x.Reason
	}
	return x.Health
}

// A refusal is an answer, and a cancelled exchange says nothing: neither ends a probe as a failure.
func TestProbeIsJudgedByTheAgencyAlone(t *testing.T) {
	for name, c := range map[string]struct {
		err  *adapters.Error
		want string
	}{
		"success":     {nil, "up"},
		"refusal":     {&adapters.Error{Class: adapters.Rejected, Code: "NO"}, "up"},
		"failure":     {&adapters.Error{Class: adapters.Transient, Code: "503", Server: true}, "held breaker"},
		"interrupted": {&adapters.Error{Class: adapters.Ambiguous, Code: "interrupted"}, "probing breaker"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHub(t, openStore(t), &clock{}, []*adapters.Agency{agency("zags", newSite(t), adapters.ResendSafe)})
			l := h.engine.byKey["zags/main"]
			if err := h.engine.lease.renew(t.Context()); err != nil {
				t.Fatal(err)
			}
			l.trip(&adapters.Error{Code: "503"}, func(*gateway.EndpointState) bool { return true })
			if !l.flush(t.Context()) {
				t.Fatal("the trip was not written")
			}
			h.clock.ahead.Add(int64(time.Minute))
			l.probe(t.Context(), h.clock.now())
			if why, _ := l.gate(); why != "" {
				t.Fatalf("the probe may not go: %s", why)
			}
			l.judge(outcome{err: c.err})
			if !l.flush(t.Context()) {
				t.Fatal("the verdict was not written")
			}
			if got := h.health("zags"); got != c.want {
				t.Errorf("after the probe it is %q, want %q", got, c.want)
			}
		})
	}
}

// Another node's probe keeps this one still, and what that node decides is taken over.
func TestOneNodeProbes(t *testing.T) {
	s, c := openStore(t), &clock{}
	agencies := []*adapters.Agency{agency("zags", newSite(t), adapters.ResendSafe)}
	one, two := newHub(t, s, c, agencies), newHub(t, s, c, agencies)
	first, second := one.engine.byKey["zags/main"], two.engine.byKey["zags/main"]
	for _, e := range []*Engine{one.engine, two.engine} {
		if err := e.lease.renew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	first.trip(&adapters.Error{Code: "503"}, func(*gateway.EndpointState) bool { return true })
	first.flush(t.Context())
	if err := two.engine.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := two.health("zags"); got != "held breaker" {
		t.Fatalf("the other node sees it %q", got)
	}
	c.ahead.Add(int64(time.Second))
	first.probe(t.Context(), c.now())
	second.probe(t.Context(), c.now())
	if why, _ := first.gate(); why != "" {
		t.Errorf("the node that probes is held: %s", why)
	}
	if why, _ := second.gate(); why == "" {
		t.Error("two nodes probe")
	}
	first.judge(outcome{})
	first.flush(t.Context())
	if err := two.engine.refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := two.health("zags"); got != "up" {
		t.Errorf("the other node sees it %q", got)
	}
	if allowed, _ := second.limiter.now(); allowed != 1 {
		t.Errorf("the other node begins with %d at a time", allowed)
	}
}

func TestHoldAndRelease(t *testing.T) {
	at := newSite(t)
	h := startHub(t, []*adapters.Agency{agency("zags", at, adapters.ResendSafe)})
	if err := h.engine.Hold(t.Context(), "zags", "main", "they move house", "ops"); err != nil {
		t.Fatal(err)
	}
	r := h.accept("A-1", "zags")
	list, err := h.engine.Endpoints(t.Context())
	if err != nil || len(list) != 1 {
		t.Fatalf("endpoints %v, %v", list, err)
	}
	if e := list[0]; e.Health != "held" || e.Reason != "operator" || e.Text != "they move house" || e.By != "ops" || e.Waiting != 1 || e.Since == nil {
		t.Errorf("shown as %+v", e)
	}
	if at.called("submit") != 0 {
		t.Error("something was sent to a held endpoint")
	}
	if err := h.engine.Release(t.Context(), "zags", "main", "ops"); err != nil {
		t.Fatal(err)
	}
	h.awaitState(r.ID, gateway.Registered)
	if got := h.events("zags/main"); !slices.Equal(got, []string{"agency.down", "agency.recovered"}) {
		t.Errorf("events %v", got)
	}
	if err := h.engine.Hold(t.Context(), "zags", "nowhere", "", "ops"); err == nil {
		t.Error("an endpoint that no manifest has was held")
	}
}

// An agency that hangs has its own workers, connections and window: the others do not notice.
func TestHangingAgencyDelaysNoOther(t *testing.T) {
	hangs, works := newSite(t), newSite(t)
	release := make(chan struct{})
	var once sync.Once
	t.Cleanup(func() { once.Do(func() { close(release) }) })
	hangs.does(func(n int, id string, w http.ResponseWriter, r *http.Request) {
		<-release
		takes(n, id, w, r)
	})
	h := startHub(t, []*adapters.Agency{agency("social", hangs, adapters.ResendSafe), agency("zags", works, adapters.ResendSafe)})
	var stuck, flows []string
	for i := range 30 {
		stuck = append(stuck, h.accept(fmt.Sprint("S-", i), "social").ID)
		flows = append(flows, h.accept(fmt.Sprint("Z-", i), "zags").ID)
	}
	for _, id := range flows {
		h.awaitState(id, gateway.Registered)
	}
	if n := hangs.called("submit"); n > 4 {
		t.Errorf("%d messages at a time to an endpoint that takes 4", n)
	}
	once.Do(func() { close(release) })
	for _, id := range stuck {
		h.awaitState(id, gateway.Registered)
	}
}

func TestHoursAndMaintenance(t *testing.T) {
	at := newSite(t)
	a := agency("tax", at, adapters.ResendSafe)
	spec := a.Manifest.Endpoints["main"]
	now := time.Now().UTC()
	spec.Maintenance = make([]adapters.Window, 1)
	begin, end := now.Add(-time.Hour).Format("2006-01-02 15:04"), now.Add(2*time.Hour).Format("2006-01-02 15:04")
	if err := spec.Maintenance[0].UnmarshalText([]byte(begin + " - " + end + " UTC")); err != nil {
		t.Fatal(err)
	}
	h := startHub(t, []*adapters.Agency{a})
	r := h.accept("A-1", "tax")
	x, _ := h.engine.Health("tax", "main")
	if x.Health != "held" || x.Reason != "maintenance" || x.Until == nil || x.Until.Format("2006-01-02 15:04") != end {
		t.Errorf("shown as %+v", x)
	}
	h.clock.ahead.Add(int64(3 * time.Hour))
	h.engine.Wake("tax", "main")
	h.awaitState(r.ID, gateway.Registered)
}

func TestLateDeliveriesAreToldOnce(t *testing.T) {
	at := newSite(t)
	h := startHub(t, []*adapters.Agency{agency("zags", at, adapters.ResendSafe)})
	if err := h.engine.Hold(t.Context(), "zags", "main", "", "ops"); err != nil {
		t.Fatal(err)
	}
	r := h.accept("A-1", "zags")
	h.clock.ahead.Add(int64(20 * time.Minute))
	h.await("the portal to be told", func() bool { return len(h.events(r.ID)) > 0 })
	if err := h.engine.Release(t.Context(), "zags", "main", "ops"); err != nil {
		t.Fatal(err)
	}
	h.awaitState(r.ID, gateway.Registered)
	if got := h.events(r.ID); !slices.Equal(got, []string{"delivery.delayed", "request.registered"}) {
		t.Errorf("events %v", got)
	}
}

// The rate holds also when the queue is full of due deliveries.
func TestRateIsKept(t *testing.T) {
	at := newSite(t)
	a := agency("zags", at, adapters.ResendSafe)
	a.Manifest.Endpoints["main"].Rate = 20 // a second; the burst is 2
	h := startHub(t, []*adapters.Agency{a})
	start := time.Now()
	var ids []string
	for i := range 12 {
		ids = append(ids, h.accept(fmt.Sprint("A-", i), "zags").ID)
	}
	for _, id := range ids {
		h.awaitState(id, gateway.Registered)
	}
	if took := time.Since(start); took < 480*time.Millisecond {
		t.Errorf("12 messages at 20/s went out in %v", took)
	}
}

// The store can't be written for a while: nothing is sent, nothing is lost.
func TestStoreInTrouble(t *testing.T) {
	at := newSite(t)
	s := openStore(t)
	broken := &troubled{Store: s}
	h := newHub(t, s, &clock{}, []*adapters.Agency{agency("social", at, adapters.ResendAsk)}, func(c *Config) { c.Store = broken })
	broken.noticed = func() { h.tell(func() {}) }
	h.start()
	broken.at.Store(1) // the begin
	r := h.accept("A-1", "social")
	h.await("the begin to fail", func() bool { return broken.failed.Load() >= 3 })
	if at.called("submit") != 0 {
		t.Error("something was sent without a record")
	}
	broken.at.Store(0)
	h.awaitState(r.ID, gateway.Registered)

	// The outcome can't be recorded at first: it is kept until it can.
	broken.failed.Store(0)
	at.does(func(n int, id string, w http.ResponseWriter, r *http.Request) {
		broken.at.Store(1)
		takes(n, id, w, r)
	})
	r = h.accept("A-2", "social")
	h.await("the record to fail", func() bool { return broken.failed.Load() >= 2 })
	broken.at.Store(0)
	h.awaitState(r.ID, gateway.Registered)
	if got := at.called("submit"); got != 2 {
		t.Errorf("%d submissions went out for two requests", got)
	}
}

// troubled is a store whose updates of requests fail while at is 1.
type troubled struct {
	Store
	at, failed atomic.Int64
	noticed    func()
}

func (s *troubled) Update(ctx context.Context, id string, change func(*gateway.Request) error) (*gateway.Request, error) {
	if s.at.Load() == 1 {
		s.failed.Add(1)
		s.noticed()
		return nil, errDisk
	}
	return s.Store.Update(ctx, id, change)
}

var errDisk = fmt.Errorf("%w: the disk is full", store.ErrUnavailable)

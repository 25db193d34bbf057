package delivery

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/queue"
	"sluice/gateway/store"
	"sluice/gateway/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 30 * time.Second

// clock is the real one, moved on by the test.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// site is an agency as a real HTTP server: what it does with a submission is the test's to say.
type site struct {
	*httptest.Server
	mu      sync.Mutex
	submit  func(n int, id string, w http.ResponseWriter, r *http.Request) // n is the number of the submission, from 1
	n       int
	effects map[string]int // by message id
	calls   map[string]int // by kind
	status  string         // what polls hear
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{effects: map[string]int{}, calls: map[string]int{}, submit: takes, status: "in_progress"}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// takes registers the message under a number made of its id.
func takes(_ int, id string, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "N-"+id) }

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := r.Header.Get("X-Message-Id")
	io.Copy(io.Discard, r.Body)
	s.mu.Lock()
	kind := strings.TrimPrefix(r.URL.Path, "/")
	s.calls[kind]++
	s.n++
	n, submit, status, effects := s.n, s.submit, s.status, s.effects[id]
	s.mu.Unlock()
	switch kind {
	case "submit":
		submit(n, id, w, r)
	case "probe":
		if effects == 0 {
			http.Error(w, "no such message", http.StatusNotFound)
			return
		}
		fmt.Fprint(w, "N-"+id)
	case "poll":
		fmt.Fprint(w, status)
	case "cancel":
		fmt.Fprint(w, r.URL.Query().Get("number"))
	}
}

// effect records that the agency acted on a message.
func (s *site) effect(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.effects[id]++
}

func (s *site) does(submit func(n int, id string, w http.ResponseWriter, r *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n, s.submit = 0, submit
}

func (s *site) called(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[kind]
}

func (s *site) acted(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.effects[id]
}

// speaker is the adapter of the sites: a minute protocol over HTTP.
type speaker struct{}

func (speaker) ask(ctx context.Context, call adapters.Call, path, body string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, call.Endpoint.URL+path, strings.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("X-Message-Id", call.MessageID)
	req.GetBody = nil
	w := exchange.Watch{}
	resp, err := call.Client.Do(req.WithContext(w.Trace(ctx)))
	if err != nil {
		return "", exchange.Transport(ctx, err, w.Sent())
	}
	reply, failed := exchange.Read(ctx, resp, 1<<20)
	if failed != nil {
		return "", failed
	}
	text := string(reply.Body)
	switch reply.Status {
	case http.StatusOK:
		return text, nil
	case http.StatusConflict:
		return "", &adapters.Error{Class: adapters.AlreadyDone, Code: "DUPLICATE", Text: "it has the message", ExternalID: text}
	case http.StatusUnprocessableEntity:
		return "", &adapters.Error{Class: adapters.Rejected, Code: "REFUSED", Text: "it takes no such request", Reason: "wrong_addressee"}
	}
	return "", exchange.Status(reply, time.Now())
}

func (s speaker) Submit(ctx context.Context, x adapters.Submission) (adapters.Receipt, error) {
	if x.Request.Text("id") == "poison" {
		var none map[string]int
		//lint:ignore SA5000 a bug that one request alone meets
		none[x.MessageID]++
	}
	number, err := s.ask(ctx, x.Call, "/submit", string(x.Request.Bytes()))
	return adapters.Receipt{ExternalID: number}, err
}

func (s speaker) Probe(ctx context.Context, x adapters.Submission) (adapters.Receipt, bool, error) {
	number, err := s.ask(ctx, x.Call, "/probe", "")
	var failed *adapters.Error
	if errors.As(err, &failed) && failed.Code == "http_404" {
		return adapters.Receipt{}, false, nil
	}
	return adapters.Receipt{ExternalID: number}, err == nil, err
}

func (s speaker) Poll(ctx context.Context, x adapters.Registered) (adapters.Receipt, error) {
	code, err := s.ask(ctx, x.Call, "/poll", "")
	if err != nil {
		return adapters.Receipt{}, err
	}
	return adapters.Receipt{ExternalID: x.ExternalID, Statuses: []canonical.Status{{Code: canonical.StatusCode(code)}}}, nil
}

func (s speaker) Cancel(ctx context.Context, x adapters.Registered, _ string) (adapters.Receipt, error) {
	number, err := s.ask(ctx, x.Call, "/cancel?number="+x.ExternalID, "")
	return adapters.Receipt{ExternalID: number, Statuses: []canonical.Status{{Code: canonical.Cancelled}}}, err
}

// service is a service of a test agency.
func service(resend adapters.Resend) *adapters.Service {
	return &adapters.Service{Name: "help", Resend: resend, MappingHash: "0000", Spec: &adapters.ServiceSpec{
		Resend: resend, Probe: &adapters.ProbeSpec{Settle: 20 * time.Millisecond}, Cancel: &adapters.UseSpec{},
	}}
}

// agency is a test agency with one endpoint, main.
func agency(name string, at *site, resend adapters.Resend) *adapters.Agency {
	return &adapters.Agency{
		Name: name, Adapter: speaker{},
		Services: map[string]*adapters.Service{"help": service(resend)},
		Manifest: &adapters.Manifest{
			Agency:    name,
			Endpoints: map[string]*adapters.EndpointSpec{"main": {URL: at.URL, Concurrency: 4}},
			Limits:    adapters.Limits{Attempt: 5 * time.Second, MaxAge: time.Hour, Message: 1 << 20},
			Breaker:   adapters.Breaker{Failures: 0.5, Of: 1000, Slow: time.Minute, Open: 50 * time.Millisecond},
		},
	}
}

type registry []*adapters.Agency

func (r registry) Agencies() []*adapters.Agency { return r }

// hub is an engine over a real store, and what the tests see of it.
type hub struct {
	t      *testing.T
	store  *sqlite.Store
	clock  *clock
	engine *Engine
	stop   func() // ends the engine and waits for it

	mu      sync.Mutex
	changed *sync.Cond // something happened that a test may wait for
	swept   map[string]int
	healths []string
	counts  map[string]int // exchanges by kind and class
}

// count is how often an exchange of a kind ended in a class.
func (h *hub) count(kindAndClass string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.counts[kindAndClass]
}

// openStore makes a store in a file of the test's own.
func openStore(t *testing.T) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "sluice.db"), Subscribers: []string{"portal"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// newHub makes a hub over a store without starting it; tune may change the engine's configuration.
func newHub(t *testing.T, s *sqlite.Store, c *clock, agencies []*adapters.Agency, tune ...func(*Config)) *hub {
	t.Helper()
	h := &hub{t: t, store: s, clock: c, swept: map[string]int{}, counts: map[string]int{}}
	h.changed = sync.NewCond(&h.mu)
	cfg := Config{
		Store: s, Queue: queue.NewMemory(0), Registry: registry(agencies), Now: c.now, Metrics: h,
		Log:   slog.New(slog.DiscardHandler),
		Retry: Retry{First: 5 * time.Millisecond, Max: 20 * time.Millisecond},
		Tick:  10 * time.Millisecond, StopTimeout: 5 * time.Second,
	}
	for _, f := range tune {
		f(&cfg)
	}
	var err error
	if h.engine, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	return h
}

// start runs the engine until stop, or the end of the test.
func (h *hub) start() *hub {
	h.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.engine.Run(ctx) }()
	h.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				h.t.Errorf("the engine ended with %v", err)
			}
		case <-time.After(patience):
			h.t.Error("the engine does not end")
		}
	})
	h.t.Cleanup(h.stop)
	return h
}

// startHub is a running hub with a store and a clock of its own.
func startHub(t *testing.T, agencies []*adapters.Agency, tune ...func(*Config)) *hub {
	t.Helper()
	return newHub(t, openStore(t), &clock{}, agencies, tune...).start()
}

// accept stores a request to the agencies, as the portal's door would.
func (h *hub) accept(portalID string, agencies ...string) *gateway.Request {
	h.t.Helper()
	p := gateway.NewRequestParams{ID: gateway.NewID(h.clock.now()), Client: "portal", PortalID: portalID, Service: "help", ServiceVersion: "1.0", Now: h.clock.now()}
	for _, a := range agencies {
		p.Targets = append(p.Targets, gateway.Target{Agency: a, Endpoint: "main", Cancelable: true})
	}
	r, err := gateway.NewRequest(p)
	if err != nil {
		h.t.Fatal(err)
	}
	body := fmt.Sprintf(`{"id": %q, "service": "help"}`, portalID)
	r, _, err = h.store.Create(h.t.Context(), r, []byte(body), store.Idempotency{})
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *hub) request(id string) *gateway.Request {
	h.t.Helper()
	r, err := h.store.Request(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// await waits until holds; it looks again whenever the engine reports something.
func (h *hub) await(what string, holds func() bool) {
	h.t.Helper()
	look := time.NewTicker(20 * time.Millisecond) // not all that a test waits for is reported
	defer look.Stop()
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case <-look.C:
				h.changed.Broadcast()
			case <-ended:
				return
			}
		}
	}()
	deadline := time.Now().Add(patience)
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		h.mu.Unlock()
		ok := holds()
		h.mu.Lock()
		if ok {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("still waiting: %s", what)
		}
		h.changed.Wait()
	}
}

// awaitState waits for the first delivery of a request to come to a state.
func (h *hub) awaitState(id string, want gateway.DeliveryState) *gateway.Delivery {
	h.t.Helper()
	h.await(fmt.Sprintf("delivery %s.1 to be %s", id, want), func() bool { return h.request(id).Deliveries[0].State == want })
	return h.request(id).Deliveries[0]
}

// attempts lists what was tried, as words: what/class/code.
func (h *hub) attempts(deliveryID string) []string {
	h.t.Helper()
	all, err := h.store.Attempts(h.t.Context(), deliveryID)
	if err != nil {
		h.t.Fatal(err)
	}
	words := []string{}
	for _, a := range all {
		words = append(words, strings.TrimSuffix(a.What+"/"+a.Class+"/"+a.Code, "/"))
	}
	return words
}

// events lists the types of the events that were not told yet, of one stream's subject or all, in order.
func (h *hub) events(subject string) []string {
	h.t.Helper()
	later := h.clock.now().Add(time.Hour)
	all, err := h.store.NextEvents(h.t.Context(), "portal", "test", later, later, 1000, 1000)
	if err != nil {
		h.t.Fatal(err)
	}
	var types []string
	for _, e := range all {
		var event canonical.Event
		if err := json.Unmarshal(e.Body, &event); err != nil {
			h.t.Fatal(err)
		}
		if subject == "" || event.Subject == subject {
			types = append(types, e.Type)
		}
	}
	return types
}

// tell wakes who awaits.
func (h *hub) tell(note func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	note()
	h.changed.Broadcast()
}

func (h *hub) Attempt(_, _, kind, class string, _ time.Duration) {
	h.tell(func() { h.counts[kind+" "+class]++ })
}
func (h *hub) FirstByte(_, _ string, _ time.Duration) {}
func (h *hub) Delivery(_, _, _ string)                { h.tell(func() {}) }
func (h *hub) UnknownCode(_, _ string)                {}
func (h *hub) Swept(what string, n int)               { h.tell(func() { h.swept[what] += n }) }
func (h *hub) Endpoint(agency, _, health string) {
	h.tell(func() { h.healths = append(h.healths, agency+" "+health) })
}

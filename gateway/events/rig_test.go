package events_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/events"
	"sluice/gateway/store"
	"sluice/gateway/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patience = 30 * time.Second
	first    = 2 * time.Second // the publisher's pace, by the test's clock
	longest  = 8 * time.Second
)

// clock is the time that the publisher goes by.
type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = t
}

// rig is a publisher over a real store, with a webhook on a real server for each client.
type rig struct {
	t       *testing.T
	path    string
	clock   *clock
	store   *sqlite.Store
	log     *bytes.Buffer
	clients map[string]*receiver
	failed  chan failure
	mu      sync.Mutex
	refuse  int // so many records of what was told fail
	stop    func()
}

// failure is one event that was put off.
type failure struct {
	stream int64
	n      int
	next   time.Time
	reason string
}

// newRig opens the store; start starts the publisher.
func newRig(t *testing.T, clients ...string) *rig {
	t.Helper()
	r := &rig{t: t, path: filepath.Join(t.TempDir(), "sluice.db"), clock: &clock{t: time.Now().Truncate(time.Microsecond)},
		log: &bytes.Buffer{}, clients: map[string]*receiver{}, failed: make(chan failure, 1000), stop: func() {}}
	for i, name := range clients {
		r.clients[name] = newReceiver(t, fmt.Sprintf("whsec_c2x1aWNlIHRlc3Qgd2ViaG9vayBzZWNyZXQgMDEyMz%dQ", i))
	}
	r.open()
	t.Cleanup(func() {
		r.stop()
		r.store.Close() //nolint:errcheck // a test may have closed it
	})
	return r
}

func (r *rig) open() {
	r.t.Helper()
	var names []string
	for name := range r.clients {
		names = append(names, name)
	}
	var err error
	if r.store, err = sqlite.Open(r.t.Context(), sqlite.Config{Path: r.path, Subscribers: names}); err != nil {
		r.t.Fatal(err)
	}
}

// start runs a publisher for the clients, all where none is named, and returns it.
func (r *rig) start(clients ...string) *events.Publisher {
	r.t.Helper()
	hooks := map[string]*events.Webhook{}
	for name, c := range r.clients {
		if len(clients) > 0 && !slices.Contains(clients, name) {
			continue
		}
		hook, err := events.NewWebhook(c.server.URL, c.secret)
		if err != nil {
			r.t.Fatal(err)
		}
		hooks[name] = hook
	}
	p := events.New(events.Config{Outbox: r, Webhooks: hooks, Now: r.clock.now, Workers: 4, Attempt: 300 * time.Millisecond,
		First: first, Max: longest, Log: slog.New(slog.NewTextHandler(r.log, nil))})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			r.t.Errorf("the publisher ended with %v", err)
		}
	})
	return p
}

// The rig is the publisher's outbox: the store's, watched.

func (r *rig) NextEvents(ctx context.Context, client, owner string, now, until time.Time, limit, follow int) ([]store.Outgoing, error) {
	return r.store.NextEvents(ctx, client, owner, now, until, limit, follow)
}

func (r *rig) EventsDelivered(ctx context.Context, owner string, told []store.Delivered, now time.Time) error {
	r.mu.Lock()
	refused := r.refuse > 0
	if refused {
		r.refuse--
	}
	r.mu.Unlock()
	if refused {
		return store.ErrUnavailable
	}
	err := r.store.EventsDelivered(ctx, owner, told, now)
	for _, d := range told {
		if d.Failed != "" {
			r.failed <- failure{d.Stream, d.Last + 1, d.Next, d.Failed}
		}
	}
	return err
}

// putOff waits for the next event that was not taken.
func (r *rig) putOff() failure {
	r.t.Helper()
	select {
	case f := <-r.failed:
		return f
	case <-time.After(patience):
		r.t.Fatal("no event was put off")
	}
	panic("unreachable")
}

// happens stores a request of the client's with the events request.registered, request.status_changed and request.closed,
// and returns its id.
func (r *rig) happens(client string) string {
	r.t.Helper()
	now := r.clock.now()
	q, err := gateway.NewRequest(gateway.NewRequestParams{ID: gateway.NewID(now), Client: client, PortalID: "P", Service: "help", ServiceVersion: "1.0",
		Targets: []gateway.Target{{Agency: "zags", Endpoint: "moscow"}}, Now: now})
	if err != nil {
		r.t.Fatal(err)
	}
	if _, _, err := r.store.Create(r.t.Context(), q, []byte("{}"), store.Idempotency{}); err != nil {
		r.t.Fatal(err)
	}
	if _, err := r.store.Update(r.t.Context(), q.ID, func(q *gateway.Request) error {
		return q.Register(gateway.Claim{DeliveryID: q.Deliveries[0].ID}, gateway.Exchange{StartedAt: now},
			adapters.Receipt{ExternalID: "N-" + q.ID, Statuses: []canonical.Status{{Code: canonical.Completed, At: now}}}, now)
	}); err != nil {
		r.t.Fatal(err)
	}
	return q.ID
}

// kinds are the types of the events that happens makes, in order.
var kinds = []string{canonical.EventRegistered, canonical.EventStatusChanged, canonical.EventClosed}

// receiver is a client's webhook. It takes what is signed as it should be, unless the test has it do something else.
type receiver struct {
	t      *testing.T
	secret string
	server *httptest.Server
	heard  chan struct{}

	mu    sync.Mutex
	do    func(w http.ResponseWriter, r *http.Request, e canonical.Event) (done bool)
	calls []canonical.Event // in order of arrival
	taken []canonical.Event
	last  message
}

// message is what came over the wire.
type message struct {
	body   []byte
	header http.Header
}

func newReceiver(t *testing.T, secret string) *receiver {
	c := &receiver{t: t, secret: secret, heard: make(chan struct{}, 1)}
	c.server = httptest.NewServer(c)
	t.Cleanup(c.server.Close)
	return c
}

// does sets what happens before an event is taken; done means that it is not.
func (c *receiver) does(do func(w http.ResponseWriter, r *http.Request, e canonical.Event) (done bool)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.do = do
}

func (c *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var e canonical.Event
	verify, err := standard.NewWebhook(c.secret)
	if err == nil {
		err = verify.Verify(body, r.Header)
	}
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	if err != nil || e.ID != r.Header.Get("Webhook-Id") || r.Header.Get("Content-Type") != "application/cloudevents+json; charset=utf-8" {
		c.t.Errorf("%v: %s with %v", err, body, r.Header)
	}
	c.mu.Lock()
	c.calls = append(c.calls, e)
	do := c.do
	c.mu.Unlock()
	c.tell()
	if do != nil && do(w, r, e) {
		return
	}
	c.mu.Lock()
	c.taken, c.last = append(c.taken, e), message{body, r.Header}
	c.mu.Unlock()
	c.tell()
}

func (c *receiver) tell() {
	select {
	case c.heard <- struct{}{}:
	default:
	}
}

// await waits until what was called and taken is as the test wants it.
func (c *receiver) await(what string, enough func(calls, taken []canonical.Event) bool) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		c.mu.Lock()
		calls, taken := slices.Clone(c.calls), slices.Clone(c.taken)
		c.mu.Unlock()
		if enough(calls, taken) {
			return
		}
		select {
		case <-c.heard:
		case <-deadline:
			c.t.Fatalf("no %s: called with %v, took %v", what, words(calls, ""), words(taken, ""))
		}
	}
}

// takes waits until every event of the subject was taken, and returns the types of all that were taken of it.
func (c *receiver) takes(subject string, last string) []string {
	c.t.Helper()
	var got []string
	c.await(last+" of "+subject, func(_, taken []canonical.Event) bool {
		got = words(taken, subject)
		return len(got) > 0 && got[len(got)-1] == last
	})
	return got
}

// called are the types of the events that came for the subject, taken or not.
func (c *receiver) called(subject string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return words(c.calls, subject)
}

// words are the types of the events, of one subject or all.
func words(list []canonical.Event, subject string) (types []string) {
	for _, e := range list {
		if subject == "" || e.Subject == subject {
			types = append(types, e.Type)
		}
	}
	return types
}

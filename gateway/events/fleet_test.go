package events_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/contracts/canonical"
	"sluice/gateway/events"
	"sluice/gateway/store"
	"sluice/gateway/store/postgres"
	"sluice/gateway/store/postgres/pgtest"
)

// node is one of several hubs over one database, as its publisher sees it: once dead it reaches nobody any more.
type node struct {
	*postgres.Store
	stop func()
	idle chan struct{} // gets a signal when there is nothing to tell and no turn is under way

	mu     sync.Mutex
	dead   bool
	open   map[int64]bool // streams whose turns are under way, or were when it died
	posts  int
	leaves int // it dies after so many posts; 0: it does not
}

var errDead = errors.New("the node is dead")

func newNode(t *testing.T, database string, clock *clock, hook *receiver) *node {
	t.Helper()
	s, err := postgres.Open(t.Context(), postgres.Config{URL: database, Subscribers: []string{"portal"}})
	if err != nil {
		t.Fatal(err)
	}
	n := &node{Store: s, idle: make(chan struct{}, 1), open: map[int64]bool{}}
	to, err := events.NewWebhook(hook.server.URL, hook.secret)
	if err != nil {
		t.Fatal(err)
	}
	to.Client = &http.Client{Transport: n}
	p := events.New(events.Config{Outbox: n, Webhooks: map[string]*events.Webhook{"portal": to}, Now: clock.now, Workers: 4, First: first, Max: longest,
		Log: slog.New(slog.DiscardHandler)})
	s.OnCommit(func(store.Commit) { p.Wake() })
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the publisher ended with %v", err)
		}
	})
	t.Cleanup(func() {
		n.stop()
		s.Close() //nolint:errcheck // the test has ended
	})
	return n
}

func (n *node) alive() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.dead {
		return errDead
	}
	return nil
}

func (n *node) NextEvents(ctx context.Context, client, owner string, now, until time.Time, limit, follow int) ([]store.Outgoing, error) {
	if err := n.alive(); err != nil {
		return nil, err
	}
	due, err := n.Store.NextEvents(ctx, client, owner, now, until, limit, follow)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, e := range due {
		n.open[e.Stream] = true
	}
	if len(n.open) == 0 {
		select {
		case n.idle <- struct{}{}:
		default:
		}
	}
	return due, err
}

func (n *node) EventsDelivered(ctx context.Context, owner string, told []store.Delivered, now time.Time) error {
	if err := n.alive(); err != nil {
		return err
	}
	err := n.Store.EventsDelivered(ctx, owner, told, now)
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range told {
		delete(n.open, d.Stream)
	}
	return err
}

// RoundTrip posts an event, unless the node is dead; when it dies of it the answer is lost.
func (n *node) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := n.alive(); err != nil {
		return nil, err
	}
	resp, err := http.DefaultTransport.RoundTrip(r)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.posts++
	if n.dead = n.dead || n.posts == n.leaves; n.dead && err == nil {
		resp.Body.Close() //nolint:errcheck // nobody reads it
		return nil, errDead
	}
	return resp, err
}

// Two nodes over one database tell each event once. When one dies the other tells what is left, and what the dead one may
// have told without a record of it, in order.
func TestFleet(t *testing.T) {
	database := pgtest.Shared(t).Database(t)
	clock := &clock{t: time.Now().Truncate(time.Microsecond)}
	hook := newReceiver(t, "whsec_c2x1aWNlIHRlc3Qgd2ViaG9vayBzZWNyZXQgMDEyMzQ1")
	one, two := newNode(t, database, clock, hook), newNode(t, database, clock, hook)
	t.Cleanup(http.DefaultTransport.(*http.Transport).CloseIdleConnections)
	want := 0
	happen := func(n int) {
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() { happens(t, []*node{one, two}[i%2].Store, "portal", clock.now()) })
		}
		all.Wait()
		want += n * len(kinds)
	}
	told := func() {
		t.Helper()
		hook.await("all events", func(_, taken []canonical.Event) bool {
			seen := map[string]bool{}
			for _, e := range taken {
				seen[e.ID] = true
			}
			return len(seen) == want
		})
	}

	happen(60)
	told()
	<-one.idle
	<-two.idle
	hook.mu.Lock()
	if len(hook.calls) != want {
		t.Errorf("%d posts of %d events while both nodes live", len(hook.calls), want)
	}
	hook.mu.Unlock()

	one.mu.Lock()
	one.leaves = one.posts + 20
	one.mu.Unlock()
	for one.alive() == nil {
		happen(10)
	}
	one.stop()
	for range 3 { // the last of these looks began after everything had happened
		<-two.idle
	}
	if len(one.open) == 0 {
		t.Error("the dead node left nothing")
	}
	clock.set(clock.now().Add(time.Minute))
	told()

	hook.mu.Lock()
	defer hook.mu.Unlock()
	posts, last := map[string]int{}, map[string]int{}
	for _, e := range hook.calls {
		n := slices.Index(kinds, e.Type)
		if posts[e.ID]++; posts[e.ID] == 1 && n != last[e.Subject] {
			t.Errorf("%s of %s came too early", e.Type, e.Subject)
		}
		last[e.Subject] = max(last[e.Subject], n+1)
	}
	again := map[string]bool{}
	for _, e := range hook.calls {
		if posts[e.ID] > 1 {
			again[e.Subject] = true
		}
	}
	if len(again) > len(one.open) {
		t.Errorf("%d requests were told twice, the dead node was at %d", len(again), len(one.open))
	}
}

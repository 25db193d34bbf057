package delivery

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/queue"
)

// unleased is a store whose leases can't be renewed while broken.
type unleased struct {
	Store
	broken atomic.Bool
}

func (s *unleased) Renew(ctx context.Context, owner string, until time.Time) error {
	if s.broken.Load() {
		return errors.New("the disk is full")
	}
	return s.Store.Renew(ctx, owner, until)
}

// A process that can't renew its lease breaks off what it is sending and begins nothing, until it has another lease;
// what it could not finish is taken over as if it were dead.
func TestProcessFencesItself(t *testing.T) {
	at := newSite(t)
	release := make(chan struct{})
	var once sync.Once
	free := func() { once.Do(func() { close(release) }) }
	t.Cleanup(free)
	at.does(func(n int, id string, w http.ResponseWriter, r *http.Request) {
		at.effect(id)
		<-release
		takes(n, id, w, r)
	})
	s := openStore(t)
	leases := &unleased{Store: s}
	a := agency("social", at, adapters.ResendAsk)
	a.Manifest.Limits.Attempt = patience
	h := newHub(t, s, &clock{}, []*adapters.Agency{a}, func(c *Config) { c.Store, c.Lease = leases, 400*time.Millisecond }).start()
	r := h.accept("A-1", "social")
	h.await("the submission", func() bool { return at.called("submit") == 1 })
	leases.broken.Store(true)
	h.await("it to be broken off", func() bool { return len(h.attempts(r.Deliveries[0].ID)) > 0 })
	if got := h.attempts(r.Deliveries[0].ID); got[0] != "send/ambiguous/interrupted" {
		t.Errorf("attempts %v", got)
	}
	other := h.accept("A-2", "social")
	if got := h.health("social"); got != "held lease" {
		t.Errorf("shown as %q", got)
	}
	free()
	leases.broken.Store(false)
	h.awaitState(other.ID, gateway.Registered)
	d := h.awaitState(r.ID, gateway.Registered)
	if n := at.acted(gateway.MessageID(d.ID)); n != 1 {
		t.Errorf("%d effects", n)
	}
	if name := h.engine.lease.name(); !strings.Contains(name, "~") { // a slow machine may need more than a second one
		t.Errorf("the process goes on under the lost lease, as %q", name)
	}
	if h.engine.byKey["social/main"].row.Health != gateway.Up {
		t.Error("what the hub broke off counted against the agency")
	}
}

// A process that was stopped (SIGSTOP) between the record of an attempt and its first byte must not send it: the
// others have taken it over.
func TestNothingIsSentUnderALeaseThatRanOut(t *testing.T) {
	at := newSite(t)
	h := newHub(t, openStore(t), &clock{}, []*adapters.Agency{agency("social", at, adapters.ResendOperator)})
	e := h.engine
	if err := e.lease.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := h.accept("A-1", "social")
	refs, err := h.store.Window(t.Context(), "social", "main", h.clock.now(), 1, time.Minute)
	if err != nil || len(refs) != 1 {
		t.Fatalf("handed out %v, %v", refs, err)
	}
	l := e.byKey["social/main"]
	j, err := l.begin(queue.Message{DeliveryID: refs[0].DeliveryID, Epoch: refs[0].Epoch})
	if err != nil {
		t.Fatal(err)
	}
	// The stop: the lease runs out, and the heartbeat is the first to run again.
	e.lease.mu.Lock()
	e.lease.until = time.Now().Add(-time.Second)
	e.lease.mu.Unlock()
	if err := e.lease.renew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := j.load(); err != nil {
		t.Fatal(err)
	}
	receipt, found, x := j.exchange()
	if at.called("submit") != 0 || x.err == nil || x.err.Code != "interrupted" || x.err.Class != adapters.Transient {
		t.Fatalf("sent %d messages: %v", at.called("submit"), x.err)
	}
	j.decide(receipt, found, x)
	if d := h.request(r.ID).Deliveries[0]; d.State != gateway.Queued || d.Attempts != 0 {
		t.Errorf("it is %s after %d attempts", d.State, d.Attempts)
	}
}

// A stop lets attempts end within its time, and leaves nothing of its own behind.
func TestGracefulStop(t *testing.T) {
	for _, c := range []struct {
		name  string
		ends  bool // the attempt ends within the stop's time
		state gateway.DeliveryState
		tries []string
	}{
		{"the attempt ends in time", true, gateway.Registered, []string{"send/registered"}},
		{"it does not", false, gateway.Unconfirmed, []string{"send/ambiguous/interrupted"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			at := newSite(t)
			arrived, release := make(chan struct{}), make(chan struct{})
			at.does(func(n int, id string, w http.ResponseWriter, r *http.Request) {
				close(arrived)
				<-release
				takes(n, id, w, r)
			})
			stopTime := 100 * time.Millisecond
			if c.ends {
				stopTime = patience
			}
			h := startHub(t, []*adapters.Agency{agency("social", at, adapters.ResendOperator)}, func(cfg *Config) { cfg.StopTimeout = stopTime })
			r := h.accept("A-1", "social")
			<-arrived
			stopped := make(chan struct{})
			go func() {
				h.stop()
				close(stopped)
			}()
			if c.ends {
				close(release)
			}
			<-stopped
			if !c.ends {
				close(release)
			}
			d := h.request(r.ID).Deliveries[0]
			if got := h.attempts(d.ID); d.State != c.state || !slices.Equal(got, c.tries) {
				t.Errorf("it is %s after %v", d.State, got)
			}
			if n, err := h.store.Unwoken(t.Context()); n != 0 || err != nil {
				t.Errorf("%d deliveries are left without a wake-up, %v", n, err)
			}
		})
	}
}

package postgres_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/postgres"
	"sluice/gateway/store/postgres/pgtest"
	"sluice/gateway/store/storetest"
)

// history is what the stores have said.
type history struct {
	mu                            sync.Mutex
	accepted, refused, registered map[string]bool
	goal                          chan struct{} // closed once
	left                          int           // accepted requests until then

	away sync.RWMutex // held while the server is away
}

func (h *history) say(of map[string]bool, id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	of[id] = true
	if h.left--; h.left == 0 {
		close(h.goal)
	}
}

// await returns when n more requests were accepted or registered.
func (h *history) await(n int) {
	h.mu.Lock()
	h.goal, h.left = make(chan struct{}), n
	goal := h.goal
	h.mu.Unlock()
	<-goal
}

// TestServerKilled kills the server in the middle of the load of two nodes. What was acknowledged is there afterwards,
// whole; what was refused is not there; and the nodes go on by themselves.
func TestServerKilled(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Database(t)
	h := &history{accepted: map[string]bool{}, refused: map[string]bool{}, registered: map[string]bool{}}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	nodes := []*postgres.Store{open(t, url), open(t, url)}
	for n, s := range nodes {
		name := []string{"one", "two"}[n]
		due := make(chan store.Ref, 1000)
		for range 8 {
			wg.Go(func() { h.accept(t, s, stop) })
			wg.Go(func() { h.deliver(t, s, name, due) })
		}
		wg.Go(func() { h.handOut(t, s, due, stop) })
	}
	for range 2 {
		h.await(150)
		h.away.Lock()
		server.Kill()
		err := server.Start()
		h.away.Unlock()
		must(t, err)
	}
	h.await(150)
	close(stop)
	wg.Wait()

	for id := range h.accepted {
		r, err := nodes[0].Request(ctx, id)
		if err != nil {
			t.Fatalf("lost: %v", err)
		}
		if err := r.Check(); err != nil {
			t.Error(err)
		}
		if body, err := nodes[1].Body(ctx, id); err != nil || len(body) != storetest.BenchBody {
			t.Errorf("its body: %d bytes, %v", len(body), err)
		}
		if !h.registered[id] {
			continue
		}
		if d := r.Deliveries[0]; d.State != gateway.Registered || r.LastEvent != 1 {
			t.Errorf("the receipt of %s was lost: %s", id, d.State)
		}
		if a, err := nodes[1].Attempts(ctx, r.Deliveries[0].ID); err != nil || len(a) != 1 {
			t.Errorf("its attempts: %v, %v", a, err)
		}
	}
	for id := range h.refused {
		if _, err := nodes[0].Request(ctx, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("refused, and yet it is there: %v", err)
		}
	}
	t.Logf("%d accepted, %d of them registered, %d refused", len(h.accepted), len(h.registered), len(h.refused))
}

// trouble checks what a caller is told while the server is away, and waits until it is back.
func (h *history) trouble(t *testing.T, err error) {
	if !errors.Is(err, store.ErrUnavailable) {
		t.Error(err)
	}
	h.away.RLock()
	defer h.away.RUnlock()
}

func (h *history) accept(t *testing.T, s *postgres.Store, stop chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
		}
		if id, err := create(t, s); err == nil {
			h.say(h.accepted, id)
		} else {
			h.mu.Lock()
			h.refused[id] = true
			h.mu.Unlock()
			h.trouble(t, err)
		}
	}
}

func (h *history) handOut(t *testing.T, s *postgres.Store, due chan store.Ref, stop chan struct{}) {
	defer close(due)
	for {
		select {
		case <-stop:
			return
		default:
		}
		refs, err := s.Window(ctx, "zags", "moscow", time.Now(), 50, time.Hour)
		if err != nil {
			h.trouble(t, err)
		}
		for _, ref := range refs {
			due <- ref
		}
	}
}

// deliver takes each delivery through its life as the engine does: again while the store is unavailable.
func (h *history) deliver(t *testing.T, s *postgres.Store, owner string, due chan store.Ref) {
	insist := func(write func() error) bool {
		for {
			err := write()
			if !errors.Is(err, store.ErrUnavailable) {
				if err != nil {
					t.Error(err)
				}
				return err == nil
			}
			h.trouble(t, err)
		}
	}
	for ref := range due {
		if insist(func() error { return begin(s, ref, owner) }) && insist(func() error { return register(s, ref, owner, "7-"+ref.RequestID) }) {
			h.say(h.registered, ref.RequestID)
		}
	}
}

package postgres_test

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/postgres"
	"sluice/gateway/store/postgres/pgtest"
	"sluice/gateway/store/storetest"
)

// pair is two nodes over one database.
func pair(t *testing.T) [2]*postgres.Store {
	url := pgtest.Shared(t).Database(t)
	return [2]*postgres.Store{open(t, url), open(t, url)}
}

// Two nodes that hand out the same endpoint at the same time never hand out one delivery twice in one epoch, and
// together they hand out all.
func TestNodesHandOutApart(t *testing.T) {
	nodes := pair(t)
	const n = 300
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, err := create(t, nodes[i%2]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	now := time.Now()
	for round := range 2 {
		handed := make(chan store.Ref, n+1)
		for i := range 8 {
			wg.Go(func() {
				s, owner := nodes[i%2], fmt.Sprint("node", i%2)
				for {
					refs, err := s.Window(ctx, "zags", "moscow", now, 7, time.Minute)
					if err != nil {
						t.Error(err)
					}
					if len(refs) == 0 {
						return
					}
					for _, ref := range refs {
						handed <- ref
						if round == 1 {
							if err := begin(s, ref, owner); err != nil {
								t.Errorf("what was handed out could not be begun: %v", err)
							}
						}
					}
				}
			})
		}
		go func() { wg.Wait(); close(handed) }()
		seen := map[string]bool{}
		for ref := range handed {
			if ref.Epoch != int64(round+1) || seen[ref.DeliveryID] {
				t.Fatalf("handed out again: %+v", ref)
			}
			seen[ref.DeliveryID] = true
		}
		if len(seen) != n {
			t.Fatalf("round %d: %d of %d were handed out", round, len(seen), n)
		}
		now = now.Add(2 * time.Minute)
	}
}

// Nodes that change one request at the same time follow each other, and one key makes one request on both.
func TestNodesShareRequests(t *testing.T) {
	nodes := pair(t)
	r, idem := storetest.BenchRequest(t, 0)
	ids := make([]string, 20)
	var wg sync.WaitGroup
	for i := range ids {
		again := r.Clone()
		again.ID = gateway.NewID(time.Now())
		wg.Go(func() {
			made, _, err := nodes[i%2].Create(ctx, again, []byte(`{}`), idem)
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = made.ID
		})
	}
	wg.Wait()
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) != 1 {
		t.Fatalf("one key made %v", ids)
	}
	refs, err := nodes[0].Window(ctx, "zags", "moscow", time.Now(), 10, time.Minute)
	must(t, err)
	must(t, begin(nodes[1], refs[0], "node"))
	must(t, register(nodes[0], refs[0], "node", "1"))
	const n = 40
	for i := range n {
		wg.Go(func() { must(t, status(nodes[i%2], ids[0], fmt.Sprint(i))) })
	}
	wg.Wait()
	stored, err := nodes[0].Request(ctx, ids[0])
	must(t, err)
	if len(stored.Statuses) != n || stored.Check() != nil {
		t.Errorf("%d of %d statuses are there; %v", len(stored.Statuses), n, stored.Check())
	}
}

// status has the agency push a status, which makes an event.
func status(s *postgres.Store, id, comment string) error {
	_, err := s.Update(ctx, id, func(r *gateway.Request) error {
		_, err := r.ApplyStatuses("zags", []canonical.Status{{Code: canonical.InProgress, Comment: comment}}, gateway.FromPush, time.Now())
		return err
	})
	return err
}

// One node adds events to streams while the other tells them: each is told once and none is forgotten.
func TestNodesTellAllEvents(t *testing.T) {
	nodes := pair(t)
	const requests, each = 4, 15
	var ids []string
	for range requests {
		id, err := create(t, nodes[0])
		must(t, err)
		ids = append(ids, id)
	}
	refs, err := nodes[0].Window(ctx, "zags", "moscow", time.Now(), requests, time.Minute)
	must(t, err)
	for i, ref := range refs {
		must(t, begin(nodes[0], ref, "node"))
		must(t, register(nodes[0], ref, "node", fmt.Sprint(i)))
	}
	var wg sync.WaitGroup
	added := make(chan struct{})
	for _, id := range ids {
		wg.Go(func() {
			for i := range each {
				if err := status(nodes[0], id, fmt.Sprint(i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { wg.Wait(); close(added) }()
	told := map[string]bool{}
	for last := false; ; {
		select {
		case <-added:
			last = true
		default:
		}
		due, err := nodes[1].NextEvents(ctx, "portal", "node", time.Now().Add(time.Hour), time.Now().Add(time.Hour), 100, 3)
		must(t, err)
		var delivered []store.Delivered
		for _, e := range due {
			if told[e.ID] {
				t.Fatalf("told twice: %s", e.ID)
			}
			told[e.ID] = true
			delivered = append(delivered, store.Delivered{Stream: e.Stream, First: e.N, Last: e.N})
		}
		must(t, nodes[1].EventsDelivered(ctx, "node", delivered, time.Now()))
		if last && len(due) == 0 {
			break
		}
	}
	if want := requests * (each + 1); len(told) != want {
		t.Errorf("%d of %d events were told", len(told), want)
	}
}

// A push that comes to one node while the other stores the receipt is matched, or kept where who stored it looks.
func TestNodesMatchPushes(t *testing.T) {
	nodes := pair(t)
	for i := range 30 {
		_, err := create(t, nodes[0])
		must(t, err)
		refs, err := nodes[0].Window(ctx, "zags", "moscow", time.Now(), 1, time.Hour)
		must(t, err)
		must(t, begin(nodes[0], refs[0], "node"))
		number := fmt.Sprint("77-", i)
		var matched string
		var kept []store.KeptPush
		var wg sync.WaitGroup
		wg.Go(func() {
			var err error
			if matched, err = nodes[1].KeepPush(ctx, "zags", number, []byte("push"), time.Now()); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			err := register(nodes[0], refs[0], "node", number)
			if err == nil {
				kept, err = nodes[0].Pushes(ctx, "zags", number)
			}
			if err != nil {
				t.Error(err)
			}
		})
		wg.Wait()
		if (matched == refs[0].RequestID) == (len(kept) == 1) {
			t.Fatalf("push %d: matched %q, kept %d", i, matched, len(kept))
		}
	}
}

// Of nodes that find an endpoint down at once, one makes the incident; of those that may probe it, one does.
func TestNodesAgreeOnEndpoints(t *testing.T) {
	nodes := pair(t)
	now := time.Now()
	var wg sync.WaitGroup
	won := make([]bool, 20)
	for i := range won {
		wg.Go(func() {
			_, err := nodes[i%2].UpdateEndpoint(ctx, "zags", "moscow", func(e *gateway.EndpointState) error {
				e.Trip("down", "node", now, now)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if due, err := nodes[0].NextEvents(ctx, "portal", "node", now.Add(time.Hour), now.Add(time.Hour), 10, 10); err != nil || len(due) != 1 {
		t.Errorf("the portal is told %d times, %v", len(due), err)
	}
	for i := range won {
		wg.Go(func() {
			_, err := nodes[i%2].UpdateEndpoint(ctx, "zags", "moscow", func(e *gateway.EndpointState) error {
				won[i] = e.BeginProbe(fmt.Sprint(i), now.Add(time.Minute), now.Add(time.Second))
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(slices.DeleteFunc(won, func(w bool) bool { return !w })); n != 1 {
		t.Errorf("%d nodes probe", n)
	}
}

// Nodes that prune at once delete everything once.
func TestNodesPruneTogether(t *testing.T) {
	nodes := pair(t)
	const n = 450 // more than two slices
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			id, err := create(t, nodes[i%2])
			if err == nil {
				var r *gateway.Request
				r, err = nodes[i%2].Update(ctx, id, func(r *gateway.Request) error { _, err := r.Withdraw("", time.Now()); return err })
				if err == nil {
					err = nodes[i%2].EventsDelivered(ctx, "node", []store.Delivered{{Stream: r.Seq, First: 1, Last: r.LastEvent}}, time.Now())
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var deleted atomic.Int64
	prune := func(s *postgres.Store) {
		p, err := s.Prune(ctx, time.Now().Add(time.Hour), time.Time{})
		if err != nil {
			t.Error(err)
		}
		deleted.Add(int64(p.Requests))
	}
	for i := range 4 {
		wg.Go(func() { prune(nodes[i%2]) })
	}
	wg.Wait()
	prune(nodes[0]) // while one was at it the others had nothing to do
	page, err := nodes[1].List(ctx, store.Filter{})
	must(t, err)
	if deleted.Load() != n || len(page.Items) != 0 {
		t.Errorf("%d of %d were deleted, %d are left", deleted.Load(), n, len(page.Items))
	}
}

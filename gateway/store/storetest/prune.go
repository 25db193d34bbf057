package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
)

// prune deletes what is older than the age; what nobody was told is kept for longer.
func (b *bench) prune(age, untold time.Duration) store.Pruned {
	b.t.Helper()
	p, err := b.Prune(b.ctx, b.now.Add(-age), b.now.Add(-untold))
	b.must(err)
	return p
}

// told marks all events of the request as told.
func (b *bench) told(r *gateway.Request) *gateway.Request {
	b.t.Helper()
	b.must(b.EventsDelivered(b.ctx, "node", []store.Delivered{{Stream: r.Seq, First: 1, Last: r.LastEvent}}, b.now))
	return r
}

// What has ended long ago goes with all that belongs to it; what is open, or not told yet, stays. What nobody ever took goes
// in the end, and is counted.
func testPrune(t *testing.T, b *bench) {
	done := canonical.Status{Code: canonical.Completed, At: noon}
	open, untold := b.create(), b.create()
	b.register(untold, "1", done)
	var told []*gateway.Request
	for range 3 {
		told = append(told, b.told(b.register(b.create(), "2", done)))
		b.tick(time.Minute + time.Second)
	}
	_, err := b.KeepPush(b.ctx, "tax", "9", []byte("x"), noon)
	b.must(err)
	b.tick(time.Hour)
	late := b.told(b.register(b.create(), "3", done))
	lateUntold := b.register(b.create(), "4", done)

	if p := b.prune(time.Minute, 3*time.Hour); p != (store.Pruned{Requests: len(told)}) {
		t.Errorf("deleted %+v, want %d requests", p, len(told))
	}
	gone := func(r *gateway.Request) {
		if _, err := b.Request(b.ctx, r.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("still there: %v", err)
		}
		if a, err := b.Attempts(b.ctx, r.Deliveries[0].ID); err != nil || len(a) != 0 {
			t.Errorf("its attempts: %v, %v", a, err)
		}
		if _, err := b.Body(b.ctx, r.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("its body: %v", err)
		}
	}
	for _, r := range told {
		gone(r)
	}
	for _, r := range []*gateway.Request{open, untold, late, lateUntold} {
		b.load(r.ID)
	}
	if kept, err := b.Pushes(b.ctx, "tax", "9"); err != nil || len(kept) != 0 {
		t.Errorf("an old push is still kept: %v, %v", kept, err)
	}
	if p := b.prune(time.Minute, 3*time.Hour); p != (store.Pruned{}) {
		t.Errorf("then %+v was deleted", p)
	}

	// The webhook of the untold ones is dead.
	b.tick(2 * time.Hour)
	if p := b.prune(time.Minute, 3*time.Hour); p != (store.Pruned{Requests: 2, Untold: 3}) {
		t.Errorf("deleted %+v, want the late one, and one with three events that nobody took", p)
	}
	gone(untold)
	gone(late)
	b.load(open.ID)
	b.load(lateUntold.ID)
	if left := b.next(10, 10); len(left) != 3 || left[0].Stream != lateUntold.Seq {
		t.Errorf("to be told: %v", kinds(left))
	}
}

// Events of endpoints go by their age, told or not, and those that are left in their stream are told next.
func testPruneEndpointEvents(t *testing.T, b *bench) {
	incident := func(endpoint string) {
		for _, change := range []func(*gateway.EndpointState) error{
			func(e *gateway.EndpointState) error { e.Trip("down", "node", b.now, b.now); return nil },
			func(e *gateway.EndpointState) error { e.Release("node", b.now); return nil },
		} {
			_, err := b.UpdateEndpoint(b.ctx, "zags", endpoint, change)
			b.must(err)
		}
	}
	for range 150 { // more than a slice has room for
		incident("moscow")
	}
	mine := b.next(1, 1000)
	if len(mine) != 300 {
		t.Fatalf("%d events", len(mine))
	}
	b.must(b.EventsDelivered(b.ctx, "node", []store.Delivered{{Stream: mine[0].Stream, First: 1, Last: 300}}, b.now))
	b.tick(time.Hour)
	incident("moscow")
	incident("tver")

	// "portal" was told, "other" was not.
	if p := b.prune(time.Minute, 2*time.Minute); p != (store.Pruned{Untold: 300}) {
		t.Errorf("deleted %+v, want 300 events that nobody was told", p)
	}
	for _, client := range Subscribers {
		left := b.nextOf(client, 10, 10)
		var ns []int
		for _, e := range left {
			ns = append(ns, e.N)
		}
		slices.Sort(ns)
		if !slices.Equal(ns, []int{1, 2, 301, 302}) {
			t.Errorf("%s is still to be told %v", client, ns)
		}
	}
	if p := b.prune(time.Minute, 2*time.Minute); p != (store.Pruned{}) {
		t.Errorf("then %+v was deleted", p)
	}
	incident("moscow")
	if again := b.nextOf("other", 10, 10); len(again) != 6 {
		t.Errorf("after another incident it is to be told %v", kinds(again))
	}
}

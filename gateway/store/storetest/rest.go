package storetest

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
)

func testEndpoints(t *testing.T, b *bench) {
	all, err := b.Endpoints(b.ctx)
	b.must(err)
	if len(all) != 0 {
		t.Errorf("there are %d endpoints", len(all))
	}
	e, err := b.UpdateEndpoint(b.ctx, "zags", "moscow", func(e *gateway.EndpointState) error { return nil })
	b.must(err)
	if e.Health != gateway.Up || e.Epoch != 0 {
		t.Errorf("an unknown endpoint is %+v", e)
	}
	trip := func(e *gateway.EndpointState) error {
		e.Trip("5 of 10 failed", "node", b.now.Add(time.Minute), b.now)
		return nil
	}
	_, err = b.UpdateEndpoint(b.ctx, "zags", "moscow", trip)
	b.must(err)
	refused := errors.New("refused")
	if _, err := b.UpdateEndpoint(b.ctx, "zags", "moscow", func(e *gateway.EndpointState) error { e.Release("x", b.now); return refused }); err != refused {
		t.Errorf("got %v, want the function's own error", err)
	}
	all, err = b.Endpoints(b.ctx)
	b.must(err)
	want := gateway.EndpointState{
		Agency: "zags", Name: "moscow", Health: gateway.Held, Reason: gateway.HeldByBreaker, Text: "5 of 10 failed", By: "node",
		Epoch: 1, Since: b.now, Until: b.now.Add(time.Minute), LastEvent: 1,
	}
	if len(all) != 1 || !slices.Equal([]any{all[0].Health, all[0].Reason, all[0].Text, all[0].By, all[0].Epoch, all[0].Since, all[0].Until, all[0].LastEvent},
		[]any{want.Health, want.Reason, want.Text, want.By, want.Epoch, want.Since, want.Until, want.LastEvent}) {
		t.Errorf("stored %+v, want %+v", all, want)
	}

	// One of many nodes gets the probe.
	b.tick(time.Minute)
	var wg sync.WaitGroup
	won := make([]bool, 20)
	for i := range won {
		wg.Go(func() {
			_, err := b.UpdateEndpoint(b.ctx, "zags", "moscow", func(e *gateway.EndpointState) error {
				won[i] = e.BeginProbe(string(rune('a'+i)), b.now.Add(time.Minute), b.now)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n := 0
	for _, w := range won {
		if w {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d nodes probe", n)
	}
}

// next reads what the client "portal" is to be told, and claims nothing.
func (b *bench) next(limit, follow int) []store.Outgoing {
	b.t.Helper()
	return b.nextOf("portal", limit, follow)
}

func (b *bench) nextOf(client string, limit, follow int) []store.Outgoing {
	b.t.Helper()
	events, err := b.NextEvents(b.ctx, client, "node", b.now, b.now, limit, follow)
	b.must(err)
	return events
}

func kinds(events []store.Outgoing) (k []string) {
	for _, e := range events {
		k = append(k, e.Type)
	}
	return k
}

// Events of a request come in order, and one after it was told; other requests do not wait for it.
func testEvents(t *testing.T, b *bench) {
	a, c, other := b.create(), b.create(), b.create(func(p *gateway.NewRequestParams) { p.Client = "other" })
	b.register(a, "1", canonical.Status{Code: canonical.Completed, At: noon})
	b.tick(2 * time.Minute)
	b.register(c, "2")
	b.tick(2 * time.Minute)
	b.register(other, "3")

	got := b.next(10, 10)
	want := []string{canonical.EventRegistered, canonical.EventStatusChanged, canonical.EventClosed, canonical.EventRegistered}
	if !slices.Equal(kinds(got), want) {
		t.Fatalf("to be told: %v, want %v", kinds(got), want)
	}
	if theirs := b.nextOf("other", 10, 10); len(theirs) != 1 || theirs[0].Stream != other.Seq {
		t.Errorf("another client is to be told %v", kinds(theirs))
	}
	var body canonical.Event
	b.must(json.Unmarshal(got[2].Body, &body))
	if body.ID != got[2].ID || body.Type != got[2].Type || body.Subject != a.ID || body.Data.Outcome != "completed" || !body.Time.Equal(got[2].At) || body.SpecVersion != "1.0" {
		t.Errorf("the event is %s", got[2].Body)
	}
	if heads := b.next(10, 0); len(heads) != 2 || heads[0].ID != got[0].ID {
		t.Errorf("the oldest of each are %v", kinds(heads))
	}
	if one := b.next(1, 0); len(one) != 1 {
		t.Errorf("asked for one stream and got %d", len(one))
	}
	b.must(b.EventsDelivered(b.ctx, "node", []store.Delivered{{Stream: got[0].Stream, First: 1, Last: 1}}, b.now))
	left := b.next(10, 10)
	left = slices.DeleteFunc(left, func(e store.Outgoing) bool { return e.Stream != got[0].Stream })
	if !slices.Equal(kinds(left), want[1:3]) {
		t.Errorf("left: %v", kinds(left))
	}
	b.must(b.EventsDelivered(b.ctx, "node", []store.Delivered{{Stream: got[0].Stream, First: 2, Last: 3}, {Stream: got[3].Stream, First: 1, Last: 1}}, b.now))
	if left := b.next(10, 10); len(left) != 0 {
		t.Errorf("told twice: %v", kinds(left))
	}
	b.update(c.ID, func(r *gateway.Request) error {
		_, err := r.ApplyStatuses("zags", []canonical.Status{{Code: canonical.InProgress, At: b.now}}, gateway.FromPush, b.now)
		return err
	})
	if more := b.next(10, 10); len(more) != 1 || more[0].N != 2 {
		t.Errorf("what came later is %+v", more)
	}
}

func testEventFailed(t *testing.T, b *bench) {
	r := b.create()
	b.register(r, "1", canonical.Status{Code: canonical.InProgress, At: noon})
	first := b.next(1, 0)[0]
	retry := b.now.Add(time.Hour)
	failed := store.Delivered{Stream: first.Stream, First: 1, Last: 0, Next: retry, Failed: "the webhook answered 500"}
	b.must(b.EventsDelivered(b.ctx, "node", []store.Delivered{failed}, b.now))
	if got := b.next(10, 10); len(got) != 0 {
		t.Errorf("those after it went ahead: %v", kinds(got))
	}
	b.now = retry.Add(-time.Microsecond)
	if got := b.next(10, 10); len(got) != 0 {
		t.Errorf("before its time: %v", kinds(got))
	}
	b.now = retry
	got := b.next(10, 10)
	if len(got) != 2 || got[0].Attempts != 1 || got[1].Attempts != 0 || got[0].ID != first.ID || string(got[0].Body) != string(first.Body) {
		t.Errorf("then %+v", got)
	}
	// Of a turn the first is told and the second fails.
	failed.Last, failed.Next = 1, b.now.Add(time.Hour)
	b.must(b.EventsDelivered(b.ctx, "node", []store.Delivered{failed}, b.now))
	if got := b.next(10, 10); len(got) != 0 {
		t.Errorf("before its time: %v", kinds(got))
	}
	b.tick(time.Hour)
	if got := b.next(10, 10); len(got) != 1 || got[0].N != 2 || got[0].Attempts != 1 {
		t.Errorf("in the end %+v", got)
	}
}

// A stream that somebody is telling is for nobody else: until its turn is ended, or has lasted too long.
func testClaims(t *testing.T, b *bench) {
	a, c := b.create(), b.create()
	b.register(a, "1", canonical.Status{Code: canonical.InProgress, At: noon})
	b.tick(2 * time.Minute)
	b.register(c, "2")
	claim := func(owner string, limit int) (streams []int64) {
		events, err := b.NextEvents(b.ctx, "portal", owner, b.now, b.now.Add(time.Minute), limit, 0)
		b.must(err)
		for _, e := range events {
			streams = append(streams, e.Stream)
		}
		return streams
	}
	end := func(owner string, d store.Delivered) {
		b.must(b.EventsDelivered(b.ctx, owner, []store.Delivered{d}, b.now))
	}
	for _, tt := range []struct {
		name, owner string
		limit       int
		before      func()
		want        []int64
	}{
		{"the first is one node's", "one", 1, func() {}, []int64{a.Seq}},
		{"the other one another's", "two", 10, func() {}, []int64{c.Seq}},
		{"nothing is left", "one", 10, func() {}, nil},
		{"one has been told, the next of its stream is due", "two", 10, func() { end("one", store.Delivered{Stream: a.Seq, First: 1, Last: 1}) }, []int64{a.Seq}},
		{"given back", "one", 10, func() { end("two", store.Delivered{Stream: c.Seq, First: 1, Last: 0}) }, []int64{c.Seq}},
		{"nobody ended the turns in time", "three", 10, func() { b.tick(time.Minute) }, []int64{a.Seq, c.Seq}},
		{"who lost its claim ends no turn of another", "one", 10, func() {
			end("two", store.Delivered{Stream: a.Seq, First: 2, Last: 2})
			end("one", store.Delivered{Stream: c.Seq, First: 1, Last: 0, Failed: "late"})
		}, nil},
		{"told and put off, nothing is due", "one", 10, func() {
			end("three", store.Delivered{Stream: a.Seq, First: 2, Last: 2})
			end("three", store.Delivered{Stream: c.Seq, First: 1, Last: 0, Next: b.now.Add(time.Hour), Failed: "500"})
		}, nil},
		{"until then", "one", 10, func() { b.tick(time.Hour) }, []int64{c.Seq}},
	} {
		tt.before()
		got := claim(tt.owner, tt.limit)
		slices.Sort(got)
		if !slices.Equal(got, tt.want) {
			t.Fatalf("%s: claimed %v, want %v", tt.name, got, tt.want)
		}
	}

	// Nodes that look at once have each stream once.
	b.tick(time.Hour)
	for range 40 {
		b.register(b.create(), "n")
		b.tick(2 * time.Minute)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[int64]int{}
	for i := range 8 {
		wg.Go(func() {
			events, err := b.NextEvents(b.ctx, "portal", string(rune('a'+i)), b.now, b.now.Add(time.Minute), 7, 3)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			for _, e := range events {
				seen[e.Stream]++
			}
		})
	}
	wg.Wait()
	for _, s := range claim("last", 100) {
		seen[s]++
	}
	for s, n := range seen {
		if n != 1 {
			t.Errorf("stream %d was claimed %d times", s, n)
		}
	}
	if len(seen) != 41 {
		t.Errorf("%d of 41 streams were claimed", len(seen))
	}
}

func testEndpointEvents(t *testing.T, b *bench) {
	for _, change := range []func(*gateway.EndpointState) error{
		func(e *gateway.EndpointState) error { e.Trip("down", "node", b.now, b.now); return nil },
		func(e *gateway.EndpointState) error { e.Release("node", b.now); return nil },
	} {
		_, err := b.UpdateEndpoint(b.ctx, "zags", "moscow", change)
		b.must(err)
	}
	want := []string{canonical.EventAgencyDown, canonical.EventAgencyRecovered}
	got, theirs := b.next(10, 10), b.nextOf("other", 10, 10)
	if !slices.Equal(kinds(got), want) || !slices.Equal(kinds(theirs), want) || got[0].ID != theirs[0].ID {
		t.Fatalf("to be told: %v and %v, want %v for each client", kinds(got), kinds(theirs), want)
	}
	if none := b.nextOf("a third", 10, 10); len(none) != 0 {
		t.Errorf("who is no subscriber is to be told %v", kinds(none))
	}
	b.must(b.EventsDelivered(b.ctx, "node", []store.Delivered{{Stream: got[0].Stream, First: 1, Last: 2}}, b.now))
	if left, theirs := b.next(10, 10), b.nextOf("other", 10, 10); len(left) != 0 || len(theirs) != 2 {
		t.Errorf("once one was told, they are still to be told %v and %v", kinds(left), kinds(theirs))
	}
	b.tick(time.Minute)
	_, err := b.UpdateEndpoint(b.ctx, "zags", "moscow", func(e *gateway.EndpointState) error { e.Trip("down", "node", b.now, b.now); return nil })
	b.must(err)
	if again := b.next(10, 10); len(again) != 1 || again[0].N != 3 {
		t.Errorf("of the next incident: %+v", again)
	}
}

var dead = adapters.Error{Class: adapters.Permanent, Code: "mapping", Text: "can't go"}

func testCommitHook(t *testing.T, b *bench) {
	commits := make(chan store.Commit, 100)
	b.OnCommit(func(c store.Commit) { commits <- c })
	r := b.create()
	c := <-commits
	if !slices.Equal(c.Lanes, []store.Lane{{Agency: "zags", Endpoint: "moscow"}}) || c.Events {
		t.Errorf("an accept made ready %+v", c)
	}
	claim := b.begin(r)
	b.update(r.ID, func(r *gateway.Request) error {
		return r.Die(claim, gateway.Exchange{}, &dead, b.now)
	})
	for c = range commits {
		if c.Events {
			break
		}
	}
	if _, err := b.Request(b.ctx, r.ID); err != nil || len(b.next(1, 0)) != 1 {
		t.Error("the event was not there when it was announced")
	}
}

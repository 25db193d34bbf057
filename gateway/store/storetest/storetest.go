// Package storetest holds every store to the same behaviour. A store's own test calls Run.
package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
)

// Subscribers are the clients that the suite's stores tell how endpoints are.
var Subscribers = []string{"portal", "other"}

// Run runs the suite; open makes an empty store with those subscribers, which the test closes by itself.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	for name, test := range map[string]func(*testing.T, *bench){
		"create": testCreate, "idempotency": testIdempotency, "update": testUpdate, "round trip": testRoundTrip,
		"concurrency": testConcurrency, "one failure harms no other": testFailureIsAlone, "panic": testPanic,
		"window": testWindow, "begin again": testBeginAgain, "one at a time": testOneAtATime, "leases": testLeases, "polls": testPolls, "late": testLate, "unwoken": testUnwoken,
		"numbers": testNumbers, "pushes": testPushes, "list": testList, "deliveries": testDeliveries, "causes": testCauses,
		"endpoints": testEndpoints, "events": testEvents, "events put off": testEventFailed, "events claimed": testClaims, "events of endpoints": testEndpointEvents,
		"commit hook": testCommitHook, "prune": testPrune, "prune events of endpoints": testPruneEndpointEvents, "not found": testNotFound, "cancelled": testCancelled, "closed": testClosed,
		"nonsense": testNonsense,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() { _ = s.Close() })
			test(t, &bench{Store: s, t: t, ctx: context.Background(), now: noon})
		})
	}
}

// noon is when every test begins; stores keep whole microseconds.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// bench is a store with the short-hands of the tests. Its methods end the test when a step fails.
type bench struct {
	store.Store
	t   *testing.T
	ctx context.Context
	now time.Time
	n   int
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// tick moves the clock on.
func (b *bench) tick(d time.Duration) { b.now = b.now.Add(d) }

var moscow = gateway.Target{Agency: "zags", Endpoint: "moscow", Cancelable: true}

// request is a new one that is not stored.
func (b *bench) request(change ...func(*gateway.NewRequestParams)) *gateway.Request {
	b.t.Helper()
	b.n++
	p := gateway.NewRequestParams{
		ID: gateway.NewID(b.now), Client: "portal", PortalID: fmt.Sprintf("P-%d", b.n), Service: "family-composition", ServiceVersion: "1.0",
		Targets: []gateway.Target{moscow}, Now: b.now,
	}
	for _, f := range change {
		f(&p)
	}
	r, err := gateway.NewRequest(p)
	b.must(err)
	return r
}

// create stores a new request and lets a millisecond pass.
func (b *bench) create(change ...func(*gateway.NewRequestParams)) *gateway.Request {
	b.t.Helper()
	r, created, err := b.Create(b.ctx, b.request(change...), []byte(`{}`), key(""))
	b.must(err)
	if !created {
		b.t.Fatal("the request was there before")
	}
	b.tick(time.Millisecond)
	return r
}

func key(k string) store.Idempotency {
	return store.Idempotency{Key: k, BodyHash: sha256.Sum256([]byte(k))}
}

func (b *bench) update(id string, change func(*gateway.Request) error) *gateway.Request {
	b.t.Helper()
	r, err := b.Update(b.ctx, id, change)
	b.must(err)
	b.must(r.Check())
	return r
}

func (b *bench) load(id string) *gateway.Request {
	b.t.Helper()
	r, err := b.Request(b.ctx, id)
	b.must(err)
	return r
}

// window hands out what is due in the endpoint.
func (b *bench) window(agency, endpoint string, limit int) []store.Ref {
	b.t.Helper()
	refs, err := b.Window(b.ctx, agency, endpoint, b.now, limit, time.Minute)
	b.must(err)
	return refs
}

// begin hands out everything of the request's first endpoint until it comes, and begins it.
func (b *bench) begin(r *gateway.Request) gateway.Claim {
	b.t.Helper()
	d := r.Deliveries[0]
	for _, ref := range b.window(d.Agency, d.Endpoint, 1000) {
		if ref.RequestID == r.ID {
			c := ref.Claim("node")
			b.update(r.ID, func(r *gateway.Request) error { _, err := r.Begin(c, b.now); return err })
			return c
		}
	}
	b.t.Fatalf("request %s was not handed out", r.ID)
	return gateway.Claim{}
}

// register gives the request to its agency.
func (b *bench) register(r *gateway.Request, number string, statuses ...canonical.Status) *gateway.Request {
	b.t.Helper()
	c := b.begin(r)
	return b.update(r.ID, func(r *gateway.Request) error {
		return r.Register(c, gateway.Exchange{StartedAt: b.now}, adapters.Receipt{ExternalID: number, Statuses: statuses}, b.now)
	})
}

// die gives the request up.
func (b *bench) die(r *gateway.Request, code string) *gateway.Request {
	b.t.Helper()
	c := b.begin(r)
	return b.update(r.ID, func(r *gateway.Request) error {
		return r.Die(c, gateway.Exchange{StartedAt: b.now}, &adapters.Error{Class: adapters.Permanent, Code: code, Text: "can't go"}, b.now)
	})
}

func refIDs(refs []store.Ref) (ids []string) {
	for _, r := range refs {
		ids = append(ids, r.RequestID)
	}
	return ids
}

package postgres_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/postgres"
)

var ctx = context.Background()

const bodySize = 2500 // bytes, the usual size of a request

func request(tb testing.TB, i int) (*gateway.Request, store.Idempotency) {
	tb.Helper()
	now := time.Now()
	r, err := gateway.NewRequest(gateway.NewRequestParams{
		ID: gateway.NewID(now), Client: "portal", PortalID: fmt.Sprintf("P-%08d", i), Service: "family-composition", ServiceVersion: "1.0",
		Targets: []gateway.Target{{Agency: "zags", Endpoint: "moscow"}}, Now: now,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return r, store.Idempotency{Key: "key-" + r.ID, BodyHash: sha256.Sum256([]byte(r.ID))}
}

// create stores a request of the usual size.
func create(tb testing.TB, s *postgres.Store) (id string, err error) {
	r, idem := request(tb, 0)
	_, _, err = s.Create(ctx, r, []byte(strings.Repeat("x", bodySize)), idem)
	return r.ID, err
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func begin(s *postgres.Store, ref store.Ref, owner string) error {
	_, err := s.Update(ctx, ref.RequestID, func(r *gateway.Request) error {
		_, err := r.Begin(ref.Claim(owner), time.Now())
		return err
	})
	return err
}

func register(s *postgres.Store, ref store.Ref, owner, number string) error {
	_, err := s.Update(ctx, ref.RequestID, func(r *gateway.Request) error {
		return r.Register(ref.Claim(owner), gateway.Exchange{Sent: []byte("sent")}, adapters.Receipt{ExternalID: number}, time.Now())
	})
	return err
}

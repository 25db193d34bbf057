package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/postgres"
	"sluice/gateway/store/storetest"
)

var ctx = context.Background()

// create stores a request of the usual size.
func create(tb testing.TB, s *postgres.Store) (id string, err error) {
	r, idem := storetest.BenchRequest(tb, 0)
	_, _, err = s.Create(ctx, r, []byte(strings.Repeat("x", storetest.BenchBody)), idem)
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

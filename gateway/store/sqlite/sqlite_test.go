package sqlite_test

import (
	"context"
	"crypto/sha256"
	"path/filepath"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/sqlite"
)

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(t.TempDir(), "s.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Now()
	r, err := gateway.NewRequest(gateway.NewRequestParams{ID: gateway.NewID(now), Client: "portal", Service: "x", Targets: []gateway.Target{{Agency: "zags", Endpoint: "moscow"}}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{}`)
	r, created, err := s.Create(ctx, r, body, store.Idempotency{Key: "k", BodyHash: sha256.Sum256(body)})
	if err != nil || !created {
		t.Fatal(err)
	}
	refs, err := s.Window(ctx, "zags", "moscow", now, 10, time.Minute)
	if err != nil || len(refs) != 1 {
		t.Fatal(refs, err)
	}
	c := refs[0].Claim("node")
	if _, err := s.Update(ctx, r.ID, func(r *gateway.Request) error { _, err := r.Begin(c, now); return err }); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(ctx, r.ID, func(r *gateway.Request) error {
		return r.Register(c, gateway.Exchange{}, adapters.Receipt{ExternalID: "7"}, now)
	}); err != nil {
		t.Fatal(err)
	}
	ev, err := s.NextEvents(ctx, now.Add(time.Hour), 10, 5)
	if err != nil || len(ev) != 1 {
		t.Fatal(ev, err)
	}
	t.Log(string(ev[0].Body))
}

package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"sluice/gateway/store"
	"sluice/gateway/store/sqlite"
	"sluice/gateway/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, path string, tune ...func(*sqlite.Config)) *sqlite.Store {
	t.Helper()
	c := sqlite.Config{Path: path, Subscribers: storetest.Subscribers}
	for _, f := range tune {
		f(&c)
	}
	s, err := sqlite.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store { return open(t, filepath.Join(t.TempDir(), "sluice.db")) })
}

// With the smallest cache and groups everything is read anew and committed alone; nothing may depend on either.
func TestStoreWithoutMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Store {
		return open(t, filepath.Join(t.TempDir(), "sluice.db"), func(c *sqlite.Config) { c.Cache, c.Group, c.Readers = 1, 1, 1 })
	})
}

// A store that knows of no push doesn't look for any; it must know of those that were kept before it was opened, and of
// those that are kept when others have been dropped.
func TestPushesAfterRestart(t *testing.T) {
	ctx, path := t.Context(), filepath.Join(t.TempDir(), "sluice.db")
	kept := func(s *sqlite.Store) []store.KeptPush {
		t.Helper()
		all, err := s.Pushes(ctx, "zags", "77-1")
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	s := open(t, path)
	if all := kept(s); len(all) != 0 {
		t.Fatalf("a new store has kept %v", all)
	}
	for range 2 {
		if _, err := s.KeepPush(ctx, "zags", "77-1", []byte("x"), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	for want := 2; want > 0; want-- {
		all := kept(s)
		if len(all) != want {
			t.Fatalf("%d pushes are kept, want %d", len(all), want)
		}
		if err := s.DropPushes(ctx, all[0].ID); err != nil {
			t.Fatal(err)
		}
	}
	if all := kept(s); len(all) != 0 {
		t.Errorf("%v are kept though all were dropped", all)
	}
	if _, err := s.KeepPush(ctx, "zags", "77-1", []byte("x"), time.Now()); err != nil {
		t.Fatal(err)
	}
	if all := kept(s); len(all) != 1 {
		t.Errorf("%d pushes are kept, want 1", len(all))
	}
}

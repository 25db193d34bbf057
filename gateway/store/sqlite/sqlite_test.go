package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"

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

package postgres_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"sluice/gateway/store"
	"sluice/gateway/store/postgres"
	"sluice/gateway/store/postgres/pgtest"
	"sluice/gateway/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }

func open(t testing.TB, url string, tune ...func(*postgres.Config)) *postgres.Store {
	t.Helper()
	c := postgres.Config{URL: url, Subscribers: storetest.Subscribers}
	for _, f := range tune {
		f(&c)
	}
	s, err := postgres.Open(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// empty takes everything out of a database: much faster than making another.
func empty(t testing.TB, server *pgtest.Server, url string) {
	t.Helper()
	server.Exec(t, url, "TRUNCATE requests, bodies, deliveries, attempts, statuses, events, pushes, owners, commits, endpoints, subscriptions")
}

func TestStore(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Database(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		s := open(t, url)
		empty(t, server, url)
		return s
	})
}

// With one connection and groups of one everything is committed alone; nothing may depend on company.
func TestStoreAlone(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Database(t)
	storetest.Run(t, func(t *testing.T) store.Store {
		s := open(t, url, func(c *postgres.Config) { c.Connections, c.Writers, c.Group = 1, 1, 1 })
		empty(t, server, url)
		return s
	})
}

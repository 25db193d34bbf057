package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
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
	s, err := postgres.Open(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// TestStore runs the suite in one database that is emptied for each test, which is much faster than making another.
func TestStore(t *testing.T) {
	url := pgtest.Shared(t).Database(t)
	open(t, url) // makes the tables
	c, err := pgx.Connect(ctx, url)
	must(t, err)
	defer c.Close(ctx)
	storetest.Run(t, func(t *testing.T) store.Store {
		for _, table := range []string{"attempts", "statuses", "events", "bodies", "deliveries", "requests", "subscriptions", "endpoints", "owners", "pushes", "commits"} {
			_, err := c.Exec(ctx, "DELETE FROM "+table)
			must(t, err)
		}
		return open(t, url)
	})
}

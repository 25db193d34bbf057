package postgres_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/postgres"
	"sluice/gateway/store/postgres/pgtest"
)

// Each row is a database that can't be used; opening says why and what to do, and shows no password.
func TestRefusedAtOpening(t *testing.T) {
	server := pgtest.Shared(t)
	made := func(statements ...string) string {
		url := server.Database(t)
		s, err := postgres.Open(ctx, postgres.Config{URL: url})
		must(t, err)
		must(t, s.Close())
		server.Exec(t, url, statements...)
		return url
	}
	foreign := server.Database(t)
	server.Exec(t, foreign, "CREATE TABLE bookmarks (url text)")
	server.Exec(t, server.URL("postgres"), "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0", "CREATE ROLE busy LOGIN PASSWORD '"+pgtest.Password+"' CONNECTION LIMIT 0",
		"CREATE ROLE guest LOGIN PASSWORD '"+pgtest.Password+"'")
	as := func(user, url string) string { return strings.Replace(url, "//sluice:", "//"+user+":", 1) }
	tests := []struct {
		name, url string
		want      error
		says      string
	}{
		{"nobody there", "postgres://sluice:" + pgtest.Password + "@127.0.0.1:1/x", store.ErrUnavailable, "opening the database x on 127.0.0.1:1: the store is unavailable: the server can't be reached"},
		{"wrong password", strings.Replace(server.URL("postgres"), pgtest.Password, "another-secret", 1), store.ErrUnavailable, "refuses the user or the password"},
		{"no such database", server.URL("none"), store.ErrUnavailable, "there is no such database"},
		{"no such user", as("nobody", server.URL("postgres")), store.ErrUnavailable, "refuses the user or the password"},
		{"no connection left", as("busy", server.URL("postgres")), store.ErrUnavailable, "too many connections"},
		{"no rights", as("guest", made("REVOKE ALL ON SCHEMA public FROM PUBLIC")), store.ErrIncompatible, "grant USAGE and CREATE"},
		{"another program's", foreign, store.ErrIncompatible, "belongs to another program"},
		{"newer", made("INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"), store.ErrIncompatible, "run a newer program"},
		{"another encoding", server.URL("latin"), store.ErrIncompatible, "ENCODING 'UTF8'"},
		{"a wrong setting", "postgres://sluice:" + pgtest.Password + "@h/d?sslmode=" + pgtest.Password, nil, "sslmode is invalid"},
		{"a wrong port", "postgres://sluice:" + pgtest.Password + "@h:x/d", nil, "want postgres://"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := postgres.Open(ctx, postgres.Config{URL: tt.url})
			if err == nil {
				_ = s.Close()
				t.Fatal("it was opened")
			}
			if tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want %v with %q", err, tt.want, tt.says)
			}
			if strings.Contains(err.Error(), pgtest.Password) || strings.Contains(err.Error(), "another-secret") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

// A database that becomes read-only at run time takes nothing, is read on, and is written again by the same store.
func TestReadOnly(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Database(t)
	s := open(t, url)
	id, err := create(t, s)
	must(t, err)
	name := url[strings.LastIndex(url, "/")+1 : strings.Index(url, "?")]
	kick := "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name + "'"
	server.Exec(t, server.URL("postgres"), "ALTER DATABASE "+name+" SET default_transaction_read_only = on", kick)
	refused, err := create(t, s)
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "the database is read-only") {
		t.Errorf("a writer was told: %v", err)
	}
	if err := s.Ready(ctx); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("readiness says %v", err)
	}
	if _, err := s.Body(ctx, id); err != nil {
		t.Errorf("reading: %v", err)
	}
	server.Exec(t, server.URL("postgres"), "ALTER DATABASE "+name+" RESET default_transaction_read_only", kick)
	if err := s.Ready(ctx); err != nil {
		t.Errorf("not ready again: %v", err)
	}
	again, err := create(t, s)
	must(t, err)
	page, err := s.List(ctx, store.Filter{})
	must(t, err)
	if len(page.Items) != 2 || page.Items[0].ID != again {
		t.Errorf("stored are %d, and %s was refused", len(page.Items), refused)
	}
}

// While the server is away everything says so at once; when it is back the same store goes on without an error,
// though each connection that it had is dead.
func TestRestart(t *testing.T) {
	server := pgtest.Shared(t)
	s := open(t, server.Database(t))
	id, err := create(t, s)
	must(t, err)
	calls := map[string]func() error{
		"create": func() error { _, err := create(t, s); return err },
		"update": func() error { return status(s, id, "x") },
		"read":   func() error { _, err := s.Request(ctx, id); return err },
		"list":   func() error { _, err := s.List(ctx, store.Filter{}); return err },
		"window": func() error { _, err := s.Window(ctx, "zags", "moscow", time.Now(), 10, 0); return err },
		"lanes":  func() error { _, err := s.Lanes(ctx); return err },
		"renew":  func() error { return s.Renew(ctx, "node", time.Now()) },
		"ready":  func() error { return s.Ready(ctx) },
		"events": func() error { _, err := s.NextEvents(ctx, "portal", "node", time.Now(), time.Now(), 1, 1); return err },
		"endpoint": func() error {
			_, err := s.UpdateEndpoint(ctx, "zags", "x", func(*gateway.EndpointState) error { return nil })
			return err
		},
		"push": func() error { _, err := s.KeepPush(ctx, "zags", "1", []byte("x"), time.Now()); return err },
		"prune": func() error {
			_, err := s.Prune(ctx, time.Now().Add(-time.Hour), time.Now().Add(-time.Hour))
			return err
		},
	}
	all := func(check func(name string, err error)) {
		done := make(chan struct{})
		for name, call := range calls {
			go func() { defer func() { done <- struct{}{} }(); check(name, call()) }()
		}
		for range calls {
			<-done
		}
	}
	works := func(name string, err error) {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	all(works)
	server.Stop()
	all(func(name string, err error) {
		if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "can't be reached") || strings.Contains(err.Error(), pgtest.Password) {
			t.Errorf("%s, while the server is away: %v", name, err)
		}
	})
	must(t, server.Start())
	all(works)
	server.Stop()
	must(t, server.Start())
	all(works)
}

// A server that takes connections and says nothing is given up in time.
func TestNoAnswer(t *testing.T) {
	server := pgtest.Shared(t)
	s := open(t, server.Database(t), func(c *postgres.Config) { c.Timeout = 300 * time.Millisecond })
	_, err := create(t, s)
	must(t, err)
	wake := server.Suspend(t)
	defer wake()
	if _, err := create(t, s); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("writing: %v", err)
	}
	if _, err := s.Lanes(ctx); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("reading: %v", err)
	}
	short, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
	defer cancel()
	if _, err := s.Lanes(short); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("who has less time: %v", err)
	}
	wake()
	for err := s.Ready(ctx); err != nil; err = s.Ready(ctx) { // the server takes the time that it needs
		if !errors.Is(err, store.ErrUnavailable) {
			t.Fatal(err)
		}
	}
}

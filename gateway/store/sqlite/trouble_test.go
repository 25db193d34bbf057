package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/gateway/store"
	"sluice/gateway/store/storetest"
)

// pragma sets one on the writer's connection, which is idle.
func pragma(t *testing.T, s *Store, set string) {
	t.Helper()
	if _, err := s.writer.exec("PRAGMA " + set); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, s *Store, body []byte) (id string, err error) {
	r, idem := storetest.BenchRequest(t, 0)
	_, _, err = s.Create(context.Background(), r, body, idem)
	return r.ID, err
}

// Each row breaks the store at run time: whoever writes then is told so and nothing is stored, reading goes on, and once
// the trouble is over the same store writes again.
func TestTroubleAtRunTime(t *testing.T) {
	tests := []struct{ name, breaks, mends, says string }{
		{"disk full", "max_page_count = 1", "max_page_count = 1000000", "the disk is full"},
		{"read-only", "query_only = ON", "query_only = OFF", "read-only"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := benchStore(t)
			ctx := context.Background()
			before, err := create(t, s, []byte(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Ready(ctx); err != nil {
				t.Fatal(err)
			}
			pragma(t, s, tt.breaks)
			body := make([]byte, 1<<20)
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() {
					id, err := create(t, s, body)
					if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), tt.says) {
						t.Errorf("a writer was told: %v", err)
					}
					if _, err := s.Request(ctx, id); !errors.Is(err, store.ErrNotFound) {
						t.Errorf("something of it is there: %v", err)
					}
				})
			}
			wg.Wait()
			if _, err := s.Body(ctx, before); err != nil {
				t.Errorf("reading: %v", err)
			}
			if err := s.Ready(ctx); tt.name == "read-only" && !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("readiness says %v", err)
			}
			pragma(t, s, tt.mends)
			if err := s.Ready(ctx); err != nil {
				t.Errorf("not ready again: %v", err)
			}
			after, err := create(t, s, body)
			if err != nil {
				t.Fatalf("writing again: %v", err)
			}
			if page, err := s.List(ctx, store.Filter{}); err != nil || len(page.Items) != 2 || page.Items[0].ID != after {
				t.Errorf("stored are %d, %v", len(page.Items), err)
			}
		})
	}
}

// Each row is a file that can't be used; opening says why and what to do, and leaves the file alone.
func TestRefusedAtOpening(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, path string)
		want  error
		says  string
	}{
		{"not a database", func(t *testing.T, path string) {
			write(t, path, []byte(strings.Repeat("not a database ", 1000)))
		}, store.ErrIncompatible, "check the path"},
		{"damaged", func(t *testing.T, path string) {
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := 4096 * 3; i < len(file); i++ {
				file[i] ^= 0xff
			}
			write(t, path, file)
		}, store.ErrIncompatible, "restore it from a backup"},
		{"cut short", func(t *testing.T, path string) {
			if err := os.Truncate(path, 4096*5); err != nil {
				t.Fatal(err)
			}
		}, store.ErrIncompatible, "restore it from a backup"},
		{"newer", func(t *testing.T, path string) {
			run(t, path, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
		}, store.ErrIncompatible, "run a newer program"},
		{"another program's", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			run(t, path, "CREATE TABLE bookmarks (url TEXT)")
		}, store.ErrIncompatible, "belongs to another program"},
		{"a folder", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}, store.ErrUnavailable, "can't be opened"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sluice.db")
			s, err := Open(context.Background(), Config{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, path)
			before, _ := os.ReadFile(path)
			s, err = Open(context.Background(), Config{Path: path})
			if err == nil {
				_ = s.Close()
			}
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %v with %q", err, tt.want, tt.says)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Error("the file was changed")
			}
		})
	}
	t.Run("no folder", func(t *testing.T) {
		_, err := Open(context.Background(), Config{Path: filepath.Join(t.TempDir(), "none", "sluice.db")})
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("in use", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "sluice.db")
		s, err := Open(context.Background(), Config{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		if second, err := Open(context.Background(), Config{Path: path}); !errors.Is(err, store.ErrInUse) {
			t.Errorf("got %v, %v", second, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(context.Background(), Config{Path: path}); err != nil {
			t.Fatalf("after it was closed: %v", err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, path, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// Whoever owned deliveries before this process is gone: they are free at once, without waiting for a lease to run out.
func TestOwnersEndWithTheProcess(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "sluice.db")
	s, err := Open(ctx, Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Renew(ctx, "node", time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	id, err := create(t, s, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	begin(t, s, id, "node")
	if refs, err := s.Expired(ctx, time.Now(), 10); err != nil || len(refs) != 0 {
		t.Fatalf("expired are %v, %v", refs, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(ctx, Config{Path: path}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if refs, err := s.Expired(ctx, time.Now(), 10); err != nil || len(refs) != 1 || refs[0].RequestID != id {
		t.Errorf("expired are %v, %v", refs, err)
	}
}

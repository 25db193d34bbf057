package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/storetest"
)

// begin hands out the request and begins it.
func begin(tb testing.TB, s *Store, id, owner string) gateway.Claim {
	tb.Helper()
	ctx := context.Background()
	refs, err := s.Window(ctx, "zags", "moscow", time.Now(), 1000, time.Minute)
	if err != nil {
		tb.Fatal(err)
	}
	for _, ref := range refs {
		if ref.RequestID != id {
			continue
		}
		c := ref.Claim(owner)
		if _, err := s.Update(ctx, id, func(r *gateway.Request) error { _, err := r.Begin(c, time.Now()); return err }); err != nil {
			tb.Fatal(err)
		}
		return c
	}
	tb.Fatalf("request %s was not handed out", id)
	return gateway.Claim{}
}

// killed is the variable that makes the test binary the process to be killed, and names its database.
const killed = "SLUICE_TEST_KILLED_STORE"

// TestKill9 kills a process that writes as fast as it can and checks that everything it was told is stored is there,
// whole, and that nothing else is damaged. The same database lives through all rounds.
func TestKill9(t *testing.T) {
	if path := os.Getenv(killed); path != "" {
		writeUntilKilled(t, path)
		return
	}
	path := filepath.Join(t.TempDir(), "sluice.db")
	accepted, registered := map[string]bool{}, map[string]bool{}
	for round := range 4 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKill9$")
		cmd.Env = append(os.Environ(), killed+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, goal := bufio.NewScanner(out), 200+150*round
		for n := 0; lines.Scan(); n++ {
			if n == goal {
				_ = cmd.Process.Kill() // what was printed before is read on
			}
			word, id, _ := strings.Cut(lines.Text(), " ")
			if len(id) != 36 {
				continue // cut off in the middle, or said by the test itself
			}
			switch word {
			case "accepted":
				accepted[id] = true
			case "registered":
				registered[id] = true
			}
		}
		_ = cmd.Wait()
		if len(accepted) == 0 {
			t.Fatal("the process wrote nothing")
		}
		s, err := Open(context.Background(), Config{Path: path})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		verify(t, s, accepted, registered)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d accepted, %d of them registered", len(accepted), len(registered))
}

func verify(t *testing.T, s *Store, accepted, registered map[string]bool) {
	t.Helper()
	ctx := context.Background()
	for id := range accepted {
		r, err := s.Request(ctx, id)
		if err != nil {
			t.Fatalf("lost: %v", err)
		}
		if err := r.Check(); err != nil {
			t.Error(err)
		}
		if body, err := s.Body(ctx, id); err != nil || len(body) != storetest.BenchBody {
			t.Errorf("its body: %d bytes, %v", len(body), err)
		}
		if !registered[id] {
			continue
		}
		if d := r.Deliveries[0]; d.State != gateway.Registered || r.LastEvent != 1 {
			t.Errorf("the receipt of %s was lost: %s", id, d.State)
		}
		if a, err := s.Attempts(ctx, r.Deliveries[0].ID); err != nil || len(a) != 1 {
			t.Errorf("its attempts: %v, %v", a, err)
		}
	}
	err := s.read(ctx, "checking", func(c *conn) error {
		return c.query(ctx, "PRAGMA integrity_check", func(v row) error {
			if v.text(0) != "ok" {
				t.Errorf("the database is damaged: %s", v.text(0))
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
}

// writeUntilKilled accepts and registers requests, and says of each what the store has promised.
func writeUntilKilled(t *testing.T, path string) {
	ctx := context.Background()
	s, err := Open(ctx, Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(strings.Repeat("x", storetest.BenchBody))
	due := make(chan store.Ref, 1000)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				r, idem := storetest.BenchRequest(t, i)
				if _, _, err := s.Create(ctx, r, body, idem); err != nil {
					t.Error(err)
					return
				}
				fmt.Println("accepted", r.ID)
			}
		})
		wg.Go(func() {
			for ref := range due {
				c := ref.Claim("node")
				_, err := s.Update(ctx, ref.RequestID, func(r *gateway.Request) error { _, err := r.Begin(c, time.Now()); return err })
				if err == nil {
					_, err = s.Update(ctx, ref.RequestID, func(r *gateway.Request) error {
						return r.Register(c, gateway.Exchange{Sent: body}, adapters.Receipt{ExternalID: "7-" + r.ID}, time.Now())
					})
				}
				if err != nil {
					t.Error(err)
					return
				}
				fmt.Println("registered", ref.RequestID)
			}
		})
	}
	for {
		refs, err := s.Window(ctx, "zags", "moscow", time.Now(), 100, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		for _, ref := range refs {
			due <- ref
		}
	}
}

package sqlite

import (
	"testing"
	"time"
)

// fillYoung adds requests that were accepted just now.
const fillYoung = `WITH RECURSIVE i (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM i WHERE n < ?1)
INSERT INTO requests (seq, id, client, body_hash, service, service_version, agency, urgent, test, state, accepted_at, rev)
SELECT n, printf('%036d', n), 'portal', zeroblob(32), 's', '1', 'zags', 0, 0, 'open', ?2, 1 FROM i`

// To find that nothing is old enough costs nothing to speak of, however many young requests there are.
func TestPruneLeavesTheYoungAlone(t *testing.T) {
	s := benchStore(t)
	ctx, now := t.Context(), time.Now()
	if err := s.write(ctx, "filling", func(w *writer) error { _, err := w.change(fillYoung, 50_000, now.UnixMicro()); return err }); err != nil {
		t.Fatal(err)
	}
	fastest := func(f func() error) time.Duration {
		t.Helper()
		best := time.Hour
		for range 5 {
			start := time.Now()
			if err := f(); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	all := fastest(func() error {
		return s.read(ctx, "looking at all", func(c *conn) error {
			return c.query(ctx, "SELECT count(*) FROM requests WHERE accepted_at < 0", func(row) error { return nil })
		})
	})
	old := now.Add(-time.Hour)
	pruning := fastest(func() error { _, err := s.Prune(ctx, old, old); return err })
	if pruning > all/4 {
		t.Errorf("pruning took %s, a look at all requests takes %s", pruning, all)
	}
	t.Logf("pruning took %s, a look at all requests takes %s", pruning, all)
}

package sqlite

import (
	"testing"
	"time"
)

// fillYoung adds requests that were accepted just now.
const fillYoung = `WITH RECURSIVE i (n) AS (VALUES (?1) UNION ALL SELECT n + 1 FROM i WHERE n < ?2)
INSERT INTO requests (seq, id, client, body_hash, service, service_version, agency, urgent, test, state, accepted_at, rev)
SELECT n, printf('%036d', n), 'portal', zeroblob(32), 's', '1', 'zags', 0, 0, 'open', ?3, 1 FROM i`

// To find that nothing is old enough takes the same time for few young requests and for many.
func TestPruneLeavesTheYoungAlone(t *testing.T) {
	s := benchStore(t)
	now := time.Now()
	old := now.Add(-time.Hour)
	pruning := func(from, to int) time.Duration {
		t.Helper()
		if err := s.write(t.Context(), "filling", func(w *writer) error { _, err := w.change(fillYoung, from, to, now.UnixMicro()); return err }); err != nil {
			t.Fatal(err)
		}
		best := time.Hour
		for range 7 {
			start := time.Now()
			if _, err := s.Prune(t.Context(), old, old); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	few, many := pruning(1, 1000), pruning(1001, 12_000)
	t.Logf("it takes %s with 1000 requests and %s with 12000", few, many)
	if many > 5*few/2 {
		t.Error("it takes longer the more there are")
	}
}

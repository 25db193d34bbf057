package sqlite

import (
	"context"
	"time"
)

// slice is how many requests one commit of Prune looks at, so that it holds others up for some milliseconds only.
const slice = 200

// Prune deletes closed requests that ended before the given time, and pushes that nobody claimed since.
func (s *Store) Prune(ctx context.Context, before time.Time) (int, error) {
	total, after := 0, int64(0)
	for {
		n, last := 0, int64(0)
		err := s.write(ctx, "deleting old requests", func(w *writer) (err error) {
			n, last, err = w.prune(ctx, after, before)
			return err
		})
		total += n
		if err != nil || last == 0 {
			return total, err
		}
		after = last
	}
}

// prune goes through the next requests in order of acceptance; last is 0 when there are no more old enough.
func (w *writer) prune(ctx context.Context, after int64, before time.Time) (n int, last int64, err error) {
	if after == 0 {
		if _, err := w.change("DELETE FROM pushes WHERE received_at < ?", before.UnixMicro()); err != nil {
			return 0, 0, err
		}
	}
	var seqs []int64
	var ids []string
	err = w.query(ctx, `SELECT r.seq, r.id, r.closed_at IS NOT NULL AND r.closed_at < ?2 AND NOT EXISTS
(SELECT 1 FROM events e WHERE e.stream = r.seq AND e.delivered_at IS NULL) AND NOT EXISTS
(SELECT 1 FROM deliveries d WHERE d.request = r.seq AND d.ended_at IS NULL)
FROM requests r WHERE r.seq > ?1 AND r.accepted_at < ?2 ORDER BY r.seq LIMIT ?3`, func(v row) error {
		last = v.int64(0)
		if v.bool(2) {
			seqs, ids = append(seqs, last), append(ids, v.text(1))
		}
		return nil
	}, after, before.UnixMicro(), slice)
	if err != nil {
		return 0, 0, err
	}
	for _, seq := range seqs {
		for _, query := range []string{
			"DELETE FROM attempts WHERE request = ?", "DELETE FROM statuses WHERE request = ?", "DELETE FROM events WHERE stream = ?",
			"DELETE FROM deliveries WHERE request = ?", "DELETE FROM bodies WHERE request = ?", "DELETE FROM requests WHERE seq = ?",
		} {
			if _, err := w.change(query, seq); err != nil {
				return 0, 0, err
			}
		}
	}
	for _, id := range ids {
		delete(w.fresh, id)
	}
	w.pruned = append(w.pruned, ids...)
	return len(seqs), last, nil
}

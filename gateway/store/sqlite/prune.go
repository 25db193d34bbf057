package sqlite

import (
	"context"
	"time"

	"sluice/gateway/store"
)

// slice is how many requests, or events of endpoints, one commit of Prune looks at, so that it holds others up for some
// milliseconds only.
const slice = 200

// Prune deletes closed requests that ended before the given time, and what else is older: events of endpoints, and pushes
// that nobody claimed.
func (s *Store) Prune(ctx context.Context, before, untold time.Time) (all store.Pruned, err error) {
	slices := func(doing string, next func(*writer, *store.Pruned) (more bool, err error)) {
		for more := true; more && err == nil; {
			var p store.Pruned
			err = s.write(ctx, doing, func(w *writer) (err error) {
				p = store.Pruned{}
				more, err = next(w, &p)
				return err
			})
			if err == nil {
				all.Add(p)
			}
		}
	}
	slices("deleting old pushes and events", func(w *writer, p *store.Pruned) (bool, error) { return w.pruneRest(ctx, before, p) })
	after := int64(0)
	slices("deleting old requests", func(w *writer, p *store.Pruned) (bool, error) {
		last, err := w.pruneRequests(ctx, after, before, untold, p)
		after = last
		return last != 0, err
	})
	return all, err
}

// pruneRequests goes through the next requests in order of acceptance; last is 0 when there are no more old enough. The
// slice ends where the requests are young, which costs what is looked at and not what is there.
func (w *writer) pruneRequests(ctx context.Context, after int64, before, untold time.Time, p *store.Pruned) (last int64, err error) {
	var seqs []int64
	var ids []string
	err = w.query(ctx, `SELECT r.seq, r.id, r.accepted_at < ?2,
coalesce(r.closed_at < ?2, 0) AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.request = r.seq AND d.ended_at IS NULL),
CASE WHEN r.closed_at < ?2 THEN (SELECT count(*) FROM events e WHERE e.stream = r.seq AND e.delivered_at IS NULL) END, coalesce(r.closed_at < ?3, 0)
FROM requests r WHERE r.seq > ?1 ORDER BY r.seq LIMIT ?4`, func(v row) error {
		if v.bool(2) {
			last = v.int64(0)
		}
		if v.bool(3) && (v.int(4) == 0 || v.bool(5)) {
			seqs, ids = append(seqs, v.int64(0)), append(ids, v.text(1))
			p.Untold += v.int(4)
		}
		return nil
	}, after, before.UnixMicro(), untold.UnixMicro(), slice)
	if err != nil {
		return 0, err
	}
	for _, seq := range seqs {
		for _, query := range []string{
			"DELETE FROM attempts WHERE request = ?", "DELETE FROM statuses WHERE request = ?", "DELETE FROM events WHERE stream = ?",
			"DELETE FROM deliveries WHERE request = ?", "DELETE FROM bodies WHERE request = ?", "DELETE FROM requests WHERE seq = ?",
		} {
			if _, err := w.change(query, seq); err != nil {
				return 0, err
			}
		}
	}
	for _, id := range ids {
		delete(w.fresh, id)
	}
	w.pruned = append(w.pruned, ids...)
	p.Requests = len(seqs)
	return last, nil
}

// pruneRest deletes old pushes and the next old events of endpoints. In their streams what is left to tell is due.
func (w *writer) pruneRest(ctx context.Context, before time.Time, p *store.Pruned) (more bool, err error) {
	if n, err := w.change("DELETE FROM pushes WHERE received_at < ?", before.UnixMicro()); err != nil {
		return false, err
	} else if n > 0 {
		if err := w.countPushes(); err != nil {
			return false, err
		}
	}
	type event struct{ stream, n int64 }
	var old []event
	streams := map[int64]bool{} // that something was to be told in
	err = w.query(ctx, "SELECT stream, n, delivered_at IS NULL FROM events WHERE stream < 0 AND at < ? ORDER BY stream, n LIMIT ?", func(v row) error {
		e := event{v.int64(0), v.int64(1)}
		old = append(old, e)
		if v.bool(2) {
			streams[e.stream] = true
			p.Untold++
		}
		return nil
	}, before.UnixMicro(), slice)
	if err != nil {
		return false, err
	}
	for _, e := range old {
		if _, err := w.change("DELETE FROM events WHERE stream = ? AND n = ?", e.stream, e.n); err != nil {
			return false, err
		}
	}
	for stream := range streams {
		n, err := w.change(`UPDATE events SET due_at = at WHERE stream = ?1 AND due_at IS NULL
AND n = (SELECT min(n) FROM events WHERE stream = ?1 AND delivered_at IS NULL)`, stream)
		if err != nil {
			return false, err
		}
		w.commit.Events = w.commit.Events || n > 0
	}
	return len(old) == slice, nil
}

package sqlite

import (
	"context"
	"time"

	"sluice/gateway"
	"sluice/gateway/store"
)

// The first of a request and agency that has not ended is the only one that may go.
const selectDue = `SELECT d.request, d.n, d.epoch, d.state, d.rev, r.id FROM deliveries d JOIN requests r ON r.seq = d.request
WHERE d.agency = ? AND d.endpoint = ? AND d.rank = ? AND d.next_at <= ? AND d.next_at IS NOT NULL
AND (d.n = 1 OR NOT EXISTS (SELECT 1 FROM deliveries p WHERE p.request = d.request AND p.n < d.n AND p.agency = d.agency AND p.ended_at IS NULL))
ORDER BY d.next_at LIMIT ?`

// Window hands out deliveries that are due.
func (s *Store) Window(ctx context.Context, agency, endpoint string, now time.Time, limit int, visible time.Duration) ([]store.Ref, error) {
	var refs []store.Ref
	err := s.write(ctx, "handing out deliveries of "+agency+"/"+endpoint, func(w *writer) (err error) {
		refs, err = w.window(agency, endpoint, now, limit, now.Add(visible).Truncate(time.Microsecond).UTC())
		return err
	})
	if err != nil {
		return nil, err
	}
	return refs, nil
}

func (w *writer) window(agency, endpoint string, now time.Time, limit int, again time.Time) ([]store.Ref, error) {
	type due struct {
		seq, rev int64
		n        int
	}
	var refs []store.Ref
	var dues []due
	for rank := 0; rank <= 1 && len(refs) < limit; rank++ {
		err := w.query(brief, selectDue, func(v row) error {
			id := v.text(5)
			refs = append(refs, store.Ref{
				RequestID: id, DeliveryID: gateway.DeliveryID(id, v.int(1)), Epoch: v.int64(2) + 1,
				Agency: agency, Endpoint: endpoint, State: gateway.DeliveryState(v.text(3)),
			})
			dues = append(dues, due{seq: v.int64(0), n: v.int(1), rev: v.int64(4)})
			return nil
		}, agency, endpoint, rank, now.UnixMicro(), limit-len(refs))
		if err != nil {
			return nil, err
		}
	}
	for i, d := range dues {
		_, err := w.change("UPDATE deliveries SET epoch = ?, next_at = ?, rev = ? WHERE request = ? AND n = ?",
			refs[i].Epoch, again.UnixMicro(), d.rev+1, d.seq, d.n)
		if err != nil {
			return nil, err
		}
	}
	for i, d := range dues {
		w.handedOut(refs[i], d.n, again)
	}
	return refs, nil
}

// handedOut keeps what is cached of a request as it is stored. One that is not cached is loaded when it is needed.
func (w *writer) handedOut(ref store.Ref, n int, again time.Time) {
	r := w.fresh[ref.RequestID]
	if r == nil {
		r = w.cache.get(ref.RequestID)
	}
	if r == nil {
		return
	}
	next := r.Clone()
	d := next.Deliveries[n-1]
	d.Epoch, d.NextAt = ref.Epoch, again
	d.Rev++
	w.fresh[ref.RequestID] = next
}

// Lanes counts what waits for each endpoint.
func (s *Store) Lanes(ctx context.Context) ([]store.Backlog, error) {
	var all []store.Backlog
	err := s.read(ctx, "counting what waits", func(c *conn) error {
		return c.query(ctx, "SELECT agency, endpoint, count(*), min(next_at) FROM deliveries WHERE next_at IS NOT NULL GROUP BY agency, endpoint", func(v row) error {
			all = append(all, store.Backlog{Agency: v.text(0), Endpoint: v.text(1), Waiting: v.int(2), Next: v.time(3)})
			return nil
		})
	})
	return all, err
}

// Renew is an owner's heartbeat.
func (s *Store) Renew(ctx context.Context, owner string, until time.Time) error {
	return s.write(ctx, "renewing the lease of "+owner, func(w *writer) error {
		_, err := w.change("INSERT INTO owners (owner, until) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET until = excluded.until", owner, until.UnixMicro())
		return err
	})
}

const selectRefs = "SELECT r.id, d.n, d.epoch, d.agency, d.endpoint, d.state, d.owner FROM deliveries d JOIN requests r ON r.seq = d.request "

func (s *Store) refs(ctx context.Context, doing, where string, args ...any) ([]store.Ref, error) {
	var refs []store.Ref
	err := s.read(ctx, doing, func(c *conn) error {
		return c.query(ctx, selectRefs+where, func(v row) error {
			id := v.text(0)
			refs = append(refs, store.Ref{
				RequestID: id, DeliveryID: gateway.DeliveryID(id, v.int(1)), Epoch: v.int64(2),
				Agency: v.text(3), Endpoint: v.text(4), State: gateway.DeliveryState(v.text(5)), Owner: v.text(6),
			})
			return nil
		}, args...)
	})
	return refs, err
}

// Expired lists deliveries whose owners have no lease any more.
func (s *Store) Expired(ctx context.Context, now time.Time, limit int) ([]store.Ref, error) {
	return s.refs(ctx, "finding deliveries whose owner is gone",
		"LEFT JOIN owners o ON o.owner = d.owner WHERE d.owner IS NOT NULL AND d.owner <> 'operator' AND (o.until IS NULL OR o.until <= ?) LIMIT ?", now.UnixMicro(), limit)
}

// DuePolls lists deliveries whose agency is to be asked.
func (s *Store) DuePolls(ctx context.Context, now time.Time, limit int) ([]store.Ref, error) {
	return s.refs(ctx, "finding agencies to ask", "WHERE d.poll_at IS NOT NULL AND d.poll_at <= ? ORDER BY d.poll_at LIMIT ?", now.UnixMicro(), limit)
}

// Late lists deliveries that wait long and of which nobody was told.
func (s *Store) Late(ctx context.Context, before time.Time, limit int) ([]store.Ref, error) {
	return s.refs(ctx, "finding late deliveries",
		"WHERE d.ended_at IS NULL AND d.delayed_at IS NULL AND d.queued_at < ? AND d.state <> 'dead' ORDER BY d.queued_at LIMIT ?", before.UnixMicro(), limit)
}

// Unwoken counts what nothing will ever wake.
func (s *Store) Unwoken(ctx context.Context) (int, error) {
	n := 0
	err := s.read(ctx, "looking for what is stuck", func(c *conn) error {
		return c.query(ctx, `SELECT
(SELECT count(*) FROM deliveries d WHERE d.owner IS NOT NULL AND d.owner <> 'operator' AND d.owner NOT IN (SELECT owner FROM owners))
+ (SELECT count(*) FROM requests r WHERE r.closed_at IS NULL AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.request = r.seq
   AND (d.next_at IS NOT NULL OR d.owner IS NOT NULL OR d.state = 'registered')))`, func(v row) error {
			n = v.int(0)
			return nil
		})
	})
	return n, err
}

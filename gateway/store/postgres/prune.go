package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"sluice/gateway/store"
)

// slice is how many requests, or events of endpoints, one transaction of Prune looks at, so that it holds others up for some
// milliseconds only.
const slice = 200

// pruning is the number of the advisory lock under which one node at a time deletes.
const pruning = 0x51715DE

// Prune deletes closed requests that ended before the given time, and what else is older: events of endpoints, pushes that
// nobody claimed, and what nodes left behind that are long gone. While another node is at it there is nothing to do.
func (s *Store) Prune(ctx context.Context, before, untold time.Time) (all store.Pruned, err error) {
	slices := func(doing string, next func(context.Context, pgx.Tx) (pruned, error)) {
		for more := true; more && err == nil; {
			var p pruned
			p, err = write(ctx, s, doing, func(ctx context.Context, tx pgx.Tx) (p pruned, err error) {
				var mine bool
				if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", pruning).Scan(&mine); err != nil || !mine {
					return p, err
				}
				return next(ctx, tx)
			})
			all.Add(p.Pruned)
			more = p.more
		}
	}
	slices("deleting what is left over", func(ctx context.Context, tx pgx.Tx) (pruned, error) { return pruneRest(ctx, tx, before) })
	after := int64(0)
	slices("deleting old requests", func(ctx context.Context, tx pgx.Tx) (pruned, error) {
		p, last, err := pruneRequests(ctx, tx, after, before, untold)
		if err == nil && p.more {
			after = last
		}
		return p, err
	})
	return all, err
}

// pruned is what became of one slice, and whether there may be more that is old enough.
type pruned struct {
	store.Pruned
	more bool
}

// The slice ends where the requests are young, which costs what is looked at and not what is there. Requests that
// somebody is changing are left for the next time; what is looked at under the lock stays as it is.
const (
	selectSlice = "SELECT seq, accepted_at < $2, coalesce(closed_at < $2, false) FROM requests WHERE seq > $1 ORDER BY seq LIMIT $3"
	lockSlice   = "SELECT seq FROM requests WHERE seq = ANY($1) ORDER BY seq FOR UPDATE SKIP LOCKED"
	selectDone  = `SELECT r.seq, e.untold FROM requests r
JOIN LATERAL (SELECT count(*) untold FROM events e WHERE e.stream = r.seq AND e.delivered_at IS NULL) e ON true
WHERE r.seq = ANY($1) AND r.closed_at < $2 AND (e.untold = 0 OR r.closed_at < $3)
AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.request = r.seq AND d.ended_at IS NULL)`
)

func pruneRequests(ctx context.Context, tx pgx.Tx, after int64, before, untold time.Time) (p pruned, last int64, err error) {
	rows, err := tx.Query(ctx, selectSlice, after, before, slice)
	if err != nil {
		return p, 0, err
	}
	var seq int64
	var old, closed bool
	var seqs []int64
	_, err = pgx.ForEachRow(rows, []any{&seq, &old, &closed}, func() error {
		if old {
			last, p.more = seq, true
		}
		if closed {
			seqs = append(seqs, seq)
		}
		return nil
	})
	if err != nil || len(seqs) == 0 {
		return p, last, err
	}
	if seqs, err = numbers(tx.Query(ctx, lockSlice, seqs)); err != nil {
		return p, 0, err
	}
	if rows, err = tx.Query(ctx, selectDone, seqs, before, untold); err != nil {
		return p, 0, err
	}
	seqs = seqs[:0]
	var n int
	if _, err = pgx.ForEachRow(rows, []any{&seq, &n}, func() error {
		seqs = append(seqs, seq)
		p.Untold += n
		return nil
	}); err != nil {
		return p, 0, err
	}
	b := &pgx.Batch{}
	for _, query := range []string{
		"DELETE FROM attempts WHERE request = ANY($1)", "DELETE FROM statuses WHERE request = ANY($1)", "DELETE FROM events WHERE stream = ANY($1)",
		"DELETE FROM deliveries WHERE request = ANY($1)", "DELETE FROM bodies WHERE request = ANY($1)", "DELETE FROM requests WHERE seq = ANY($1)",
	} {
		b.Queue(query, seqs)
	}
	p.Requests = len(seqs)
	return p, last, tx.SendBatch(ctx, b).Close()
}

// What adds events to the stream of an endpoint, or tells them, holds the row of its subscription. What is left to tell
// after the old ones were deleted is due.
const (
	leftOver = `WITH gone AS (DELETE FROM pushes WHERE received_at < $1), past AS (DELETE FROM commits WHERE at < $1)
DELETE FROM owners o WHERE o.until < $1 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.owner = o.owner)`
	lockOld   = "SELECT id FROM subscriptions WHERE id = ANY(ARRAY(SELECT -stream FROM events WHERE stream < 0 AND at < $1 ORDER BY stream, n LIMIT $2)) ORDER BY id FOR UPDATE"
	deleteOld = `WITH gone AS (DELETE FROM events e USING unnest($1::bigint[]) s (id) WHERE e.stream = -s.id AND e.at < $2 RETURNING e.delivered_at)
SELECT count(*) FILTER (WHERE delivered_at IS NULL) FROM gone`
	wakeStreams = `UPDATE events e SET due_at = e.at FROM unnest($1::bigint[]) s (id) WHERE e.stream = -s.id AND e.due_at IS NULL
AND e.n = (SELECT min(h.n) FROM events h WHERE h.stream = -s.id AND h.delivered_at IS NULL)`
)

func pruneRest(ctx context.Context, tx pgx.Tx, before time.Time) (p pruned, err error) {
	if _, err := tx.Exec(ctx, leftOver, before); err != nil {
		return p, err
	}
	subscriptions, err := numbers(tx.Query(ctx, lockOld, before, slice))
	if err != nil || len(subscriptions) == 0 {
		return p, err
	}
	if err := tx.QueryRow(ctx, deleteOld, subscriptions, before).Scan(&p.Untold); err != nil {
		return p, err
	}
	_, err = tx.Exec(ctx, wakeStreams, subscriptions)
	p.more = true
	return p, err
}

// numbers reads an answer of one column.
func numbers(rows pgx.Rows, err error) ([]int64, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

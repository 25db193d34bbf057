package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// slice is how many requests one transaction of Prune looks at, so that it holds others up for some milliseconds only.
const slice = 200

// pruning is the number of the advisory lock under which one node at a time deletes.
const pruning = 0x51715DE

// Prune deletes closed requests that ended before the given time, pushes that nobody claimed since, and what nodes left
// behind that are long gone. While another node is at it there is nothing to do.
func (s *Store) Prune(ctx context.Context, before time.Time) (int, error) {
	total, after := 0, int64(0)
	for {
		p, err := write(ctx, s, "deleting old requests", func(ctx context.Context, tx pgx.Tx) (pruned, error) { return prune(ctx, tx, after, before) })
		total += p.n
		if err != nil || p.last == 0 {
			return total, err
		}
		after = p.last
	}
}

// pruned is what became of one slice; last is 0 when there are no more requests old enough.
type pruned struct {
	n    int
	last int64
}

// The slice ends where the requests are young, which costs what is looked at and not what is there. Requests that
// somebody is changing are left for the next time; what is looked at under the lock stays as it is.
const (
	selectSlice = "SELECT seq, accepted_at < $2, coalesce(closed_at < $2, false) FROM requests WHERE seq > $1 ORDER BY seq LIMIT $3"
	lockSlice   = "SELECT seq FROM requests WHERE seq = ANY($1) ORDER BY seq FOR UPDATE SKIP LOCKED"
	selectDone  = `SELECT r.seq FROM requests r WHERE r.seq = ANY($1) AND r.closed_at < $2
AND NOT EXISTS (SELECT 1 FROM events e WHERE e.stream = r.seq AND e.delivered_at IS NULL)
AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.request = r.seq AND d.ended_at IS NULL)`
	leftOver = `WITH gone AS (DELETE FROM pushes WHERE received_at < $1), past AS (DELETE FROM commits WHERE at < $1)
DELETE FROM owners o WHERE o.until < $1 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.owner = o.owner)`
)

func prune(ctx context.Context, tx pgx.Tx, after int64, before time.Time) (p pruned, err error) {
	var mine bool
	if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", pruning).Scan(&mine); err != nil || !mine {
		return p, err
	}
	if after == 0 {
		if _, err := tx.Exec(ctx, leftOver, before); err != nil {
			return p, err
		}
	}
	rows, err := tx.Query(ctx, selectSlice, after, before, slice)
	if err != nil {
		return p, err
	}
	var seq int64
	var old, closed bool
	var seqs []int64
	_, err = pgx.ForEachRow(rows, []any{&seq, &old, &closed}, func() error {
		if old {
			p.last = seq
		}
		if closed {
			seqs = append(seqs, seq)
		}
		return nil
	})
	if err != nil || len(seqs) == 0 {
		return p, err
	}
	if seqs, err = numbers(tx.Query(ctx, lockSlice, seqs)); err != nil {
		return p, err
	}
	if seqs, err = numbers(tx.Query(ctx, selectDone, seqs, before)); err != nil {
		return p, err
	}
	b := &pgx.Batch{}
	for _, query := range []string{
		"DELETE FROM attempts WHERE request = ANY($1)", "DELETE FROM statuses WHERE request = ANY($1)", "DELETE FROM events WHERE stream = ANY($1)",
		"DELETE FROM deliveries WHERE request = ANY($1)", "DELETE FROM bodies WHERE request = ANY($1)", "DELETE FROM requests WHERE seq = ANY($1)",
	} {
		b.Queue(query, seqs)
	}
	p.n = len(seqs)
	return p, tx.SendBatch(ctx, b).Close()
}

// numbers reads an answer of one column.
func numbers(rows pgx.Rows, err error) ([]int64, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

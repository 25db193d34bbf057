package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"sluice/gateway"
	"sluice/gateway/store"
)

// The first of a request and agency that has not ended is the only one that may go. What another node holds at the
// moment is passed over: it is being handed out there, or changed, and whoever changes it says when it is due.
const (
	selectDue = `SELECT d.request, d.n, d.epoch, d.state, (SELECT r.id FROM requests r WHERE r.seq = d.request) FROM deliveries d
WHERE d.agency = $1 AND d.endpoint = $2 AND d.rank = $3 AND d.next_at <= $4 AND d.next_at IS NOT NULL
AND (d.n = 1 OR NOT EXISTS (SELECT 1 FROM deliveries p WHERE p.request = d.request AND p.n < d.n AND p.agency = d.agency AND p.ended_at IS NULL))
ORDER BY d.next_at, d.request, d.n LIMIT $5 FOR UPDATE OF d SKIP LOCKED`
	handOut = `UPDATE deliveries d SET epoch = d.epoch + 1, next_at = $1, rev = d.rev + 1 FROM unnest($2::bigint[], $3::int[]) u (request, n)
WHERE d.request = u.request AND d.n = u.n`
)

// Window hands out deliveries that are due.
func (s *Store) Window(ctx context.Context, agency, endpoint string, now time.Time, limit int, visible time.Duration) ([]store.Ref, error) {
	again := now.Add(visible).Truncate(time.Microsecond)
	return write(ctx, s, "handing out deliveries of "+agency+"/"+endpoint, func(ctx context.Context, tx pgx.Tx) ([]store.Ref, error) {
		var refs []store.Ref
		var seqs []int64
		var ns []int
		for rank := 0; rank <= 1 && len(refs) < limit; rank++ {
			rows, err := tx.Query(ctx, selectDue, agency, endpoint, rank, now, limit-len(refs))
			if err != nil {
				return nil, err
			}
			var seq int64
			var n int
			ref := store.Ref{Agency: agency, Endpoint: endpoint}
			_, err = pgx.ForEachRow(rows, []any{&seq, &n, &ref.Epoch, &ref.State, &ref.RequestID}, func() error {
				ref.Epoch++
				ref.DeliveryID = gateway.DeliveryID(ref.RequestID, n)
				refs, seqs, ns = append(refs, ref), append(seqs, seq), append(ns, n)
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
		if len(refs) == 0 {
			return nil, nil
		}
		_, err := tx.Exec(ctx, handOut, again, seqs, ns)
		return refs, err
	})
}

const selectLanes = "SELECT agency, endpoint, count(*), min(next_at) FROM deliveries WHERE next_at IS NOT NULL GROUP BY agency, endpoint"

// Lanes counts what waits for each endpoint.
func (s *Store) Lanes(ctx context.Context) ([]store.Backlog, error) {
	return read(ctx, s, "counting what waits", func(ctx context.Context, c *pgx.Conn) ([]store.Backlog, error) {
		rows, err := c.Query(ctx, selectLanes)
		return collect(rows, err, func(v pgx.Rows) (b store.Backlog, err error) {
			err = v.Scan(&b.Agency, &b.Endpoint, &b.Waiting, &b.Next)
			return b, err
		})
	})
}

// Renew is an owner's heartbeat.
func (s *Store) Renew(ctx context.Context, owner string, until time.Time) error {
	return s.exec(ctx, "renewing the lease of "+owner, "INSERT INTO owners (owner, until) VALUES ($1, $2) ON CONFLICT (owner) DO UPDATE SET until = excluded.until", owner, until)
}

// exec runs one statement in a transaction of its own.
func (s *Store) exec(ctx context.Context, doing, query string, args ...any) error {
	_, err := write(ctx, s, doing, func(ctx context.Context, tx pgx.Tx) (struct{}, error) {
		_, err := tx.Exec(ctx, query, args...)
		return struct{}{}, err
	})
	return err
}

const (
	selectRefs   = "SELECT r.id, d.n, d.epoch, d.agency, d.endpoint, d.state, d.owner FROM deliveries d JOIN requests r ON r.seq = d.request "
	whereExpired = "LEFT JOIN owners o ON o.owner = d.owner WHERE d.owner IS NOT NULL AND d.owner <> 'operator' AND (o.until IS NULL OR o.until <= $1) LIMIT $2"
	wherePoll    = "WHERE d.poll_at IS NOT NULL AND d.poll_at <= $1 ORDER BY d.poll_at LIMIT $2"
	whereLate    = "WHERE d.ended_at IS NULL AND d.delayed_at IS NULL AND d.queued_at < $1 AND d.state <> 'dead' ORDER BY d.queued_at LIMIT $2"
)

func (s *Store) refs(ctx context.Context, doing, where string, args ...any) ([]store.Ref, error) {
	return read(ctx, s, doing, func(ctx context.Context, c *pgx.Conn) ([]store.Ref, error) {
		rows, err := c.Query(ctx, selectRefs+where, args...)
		return collect(rows, err, func(v pgx.Rows) (ref store.Ref, err error) {
			var n int
			err = v.Scan(&ref.RequestID, &n, &ref.Epoch, &ref.Agency, &ref.Endpoint, &ref.State, (*zeronull.Text)(&ref.Owner))
			ref.DeliveryID = gateway.DeliveryID(ref.RequestID, n)
			return ref, err
		})
	})
}

// Expired lists deliveries whose owners have no lease any more.
func (s *Store) Expired(ctx context.Context, now time.Time, limit int) ([]store.Ref, error) {
	return s.refs(ctx, "finding deliveries whose owner is gone", whereExpired, now, limit)
}

// DuePolls lists deliveries whose agency is to be asked.
func (s *Store) DuePolls(ctx context.Context, now time.Time, limit int) ([]store.Ref, error) {
	return s.refs(ctx, "finding agencies to ask", wherePoll, now, limit)
}

// Late lists deliveries that wait long and of which nobody was told.
func (s *Store) Late(ctx context.Context, before time.Time, limit int) ([]store.Ref, error) {
	return s.refs(ctx, "finding late deliveries", whereLate, before, limit)
}

// Unwoken counts what nothing will ever wake.
func (s *Store) Unwoken(ctx context.Context) (int, error) {
	return read(ctx, s, "looking for what is stuck", func(ctx context.Context, c *pgx.Conn) (n int, err error) {
		err = c.QueryRow(ctx, `SELECT
(SELECT count(*) FROM deliveries d WHERE d.owner IS NOT NULL AND d.owner <> 'operator' AND NOT EXISTS (SELECT 1 FROM owners o WHERE o.owner = d.owner))
+ (SELECT count(*) FROM requests r WHERE r.closed_at IS NULL AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.request = r.seq
   AND (d.next_at IS NOT NULL OR d.owner IS NOT NULL OR d.state = 'registered')))`).Scan(&n)
		return n, err
	})
}

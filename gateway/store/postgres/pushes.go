package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"sluice/gateway/store"
)

// KeepPush keeps a push for a number that no request has.
func (s *Store) KeepPush(ctx context.Context, agency, number string, push []byte, now time.Time) (string, error) {
	return write(ctx, s, "keeping a push of "+agency, func(ctx context.Context, tx pgx.Tx) (string, error) {
		if _, err := tx.Exec(ctx, lockNumber, numberLocks, numberLock(agency, number)); err != nil {
			return "", err
		}
		id, err := findNumber(ctx, tx, agency, number)
		if !errors.Is(err, store.ErrNotFound) {
			return id, err
		}
		_, err = tx.Exec(ctx, "INSERT INTO pushes (agency, number, push, received_at) VALUES ($1, $2, $3, $4)", agency, number, push, now)
		return "", err
	})
}

// Pushes lists what was kept for a number.
func (s *Store) Pushes(ctx context.Context, agency, number string) ([]store.KeptPush, error) {
	return read(ctx, s, "reading the pushes kept", func(ctx context.Context, c *pgx.Conn) ([]store.KeptPush, error) {
		rows, err := c.Query(ctx, "SELECT id, push, received_at FROM pushes WHERE agency = $1 AND number = $2 ORDER BY id", agency, number)
		return collect(rows, err, func(v pgx.Rows) (store.KeptPush, error) {
			p := store.KeptPush{Agency: agency, Number: number}
			err := v.Scan(&p.ID, &p.Push, &p.ReceivedAt)
			return p, err
		})
	})
}

// Matched lists pushes whose number a request has by now.
func (s *Store) Matched(ctx context.Context, limit int) ([]store.KeptPush, error) {
	return read(ctx, s, "looking for pushes whose request is there by now", func(ctx context.Context, c *pgx.Conn) ([]store.KeptPush, error) {
		rows, err := c.Query(ctx, `SELECT p.id, p.agency, p.number, p.push, p.received_at, m.id FROM pushes p
JOIN LATERAL (SELECT r.id FROM deliveries d JOIN requests r ON r.seq = d.request WHERE d.agency = p.agency AND d.external_id = p.number LIMIT 1) m ON true
ORDER BY p.id LIMIT $1`, limit)
		return collect(rows, err, func(v pgx.Rows) (p store.KeptPush, err error) {
			err = v.Scan(&p.ID, &p.Agency, &p.Number, &p.Push, &p.ReceivedAt, &p.RequestID)
			return p, err
		})
	})
}

// DropPushes forgets pushes that were applied.
func (s *Store) DropPushes(ctx context.Context, ids ...int64) error {
	return s.exec(ctx, "forgetting pushes that were applied", "DELETE FROM pushes WHERE id = ANY($1)", ids)
}

package sqlite

import (
	"context"
	"time"

	"sluice/gateway/store"
)

// KeepPush keeps a push for a number that no request has.
func (s *Store) KeepPush(ctx context.Context, agency, number string, push []byte, now time.Time) (string, error) {
	var id string
	err := s.write(ctx, "keeping a push of "+agency, func(w *writer) (err error) {
		// The writer sees every registration before this one, so a push is either matched here or kept before the
		// receipt is stored, and found by who stores it.
		if id, err = findNumber(w.conn, agency, number); err != nil || id != "" {
			return err
		}
		_, err = w.change("INSERT INTO pushes (agency, number, push, received_at) VALUES (?, ?, ?, ?)", agency, number, push, now.UnixMicro())
		w.keeps = true
		return err
	})
	return id, err
}

// Pushes lists what was kept for a number.
func (s *Store) Pushes(ctx context.Context, agency, number string) ([]store.KeptPush, error) {
	if !s.writer.kept.Load() { // every receipt asks, and next to none finds any
		return nil, nil
	}
	var all []store.KeptPush
	err := s.read(ctx, "reading the pushes kept", func(c *conn) error {
		return c.query(brief, "SELECT id, push, received_at FROM pushes WHERE agency = ? AND number = ? ORDER BY id", func(v row) error {
			all = append(all, store.KeptPush{ID: v.int64(0), Agency: agency, Number: number, Push: v.blob(1), ReceivedAt: v.time(2)})
			return nil
		}, agency, number)
	})
	return all, err
}

// Matched lists pushes whose number a request has by now.
func (s *Store) Matched(ctx context.Context, limit int) ([]store.KeptPush, error) {
	var all []store.KeptPush
	err := s.read(ctx, "looking for pushes whose request is there by now", func(c *conn) error {
		return c.query(ctx, `SELECT p.id, p.agency, p.number, p.push, p.received_at, r.id FROM pushes p
JOIN deliveries d ON d.agency = p.agency AND d.external_id = p.number JOIN requests r ON r.seq = d.request
GROUP BY p.id ORDER BY p.id LIMIT ?`, func(v row) error {
			all = append(all, store.KeptPush{ID: v.int64(0), Agency: v.text(1), Number: v.text(2), Push: v.blob(3), ReceivedAt: v.time(4), RequestID: v.text(5)})
			return nil
		}, limit)
	})
	return all, err
}

// DropPushes forgets pushes that were applied.
func (s *Store) DropPushes(ctx context.Context, ids ...int64) error {
	return s.write(ctx, "forgetting pushes that were applied", func(w *writer) error {
		for _, id := range ids {
			if _, err := w.change("DELETE FROM pushes WHERE id = ?", id); err != nil {
				return err
			}
		}
		return w.countPushes()
	})
}

// countPushes finds out whether any push is kept.
func (w *writer) countPushes() error {
	return w.query(brief, "SELECT EXISTS (SELECT 1 FROM pushes)", func(v row) error {
		w.keeps = v.bool(0)
		return nil
	})
}

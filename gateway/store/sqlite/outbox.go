package sqlite

import (
	"context"
	"time"

	"sluice/gateway"
	"sluice/gateway/store"
)

// insertEvent makes an event due unless an older one of its stream is to be told first.
const insertEvent = `INSERT INTO events (stream, n, client, id, type, at, body, attempts, due_at)
SELECT ?1, ?2, ?7, ?3, ?4, ?5, ?6, 0, CASE WHEN EXISTS (SELECT 1 FROM events WHERE stream = ?1 AND delivered_at IS NULL) THEN NULL ELSE ?5 END`

func (w *writer) insertEvents(stream int64, client string, events []gateway.Event) error {
	for i := range events {
		e := &events[i]
		body, err := e.CloudEvent()
		if err != nil {
			return err
		}
		if _, err := w.change(insertEvent, stream, e.N, e.ID, e.Type, e.At.UnixMicro(), body, client); err != nil {
			return err
		}
		w.commit.Events = true
	}
	return nil
}

// subscribers finds the streams by which the clients are told of an endpoint.
func (w *writer) subscribers(ctx context.Context, endpoint int64) (streams map[string]int64, err error) {
	streams = make(map[string]int64, len(w.tell))
	for _, client := range w.tell {
		if _, err := w.change("INSERT INTO subscriptions (endpoint, client) VALUES (?, ?) ON CONFLICT DO NOTHING", endpoint, client); err != nil {
			return nil, err
		}
		err := w.query(ctx, "SELECT id FROM subscriptions WHERE endpoint = ? AND client = ?", func(v row) error {
			streams[client] = -v.int64(0)
			return nil
		}, endpoint, client)
		if err != nil {
			return nil, err
		}
	}
	return streams, nil
}

// NextEvents lists a client's events that are due, with those that follow them.
func (s *Store) NextEvents(ctx context.Context, client string, now time.Time, limit, follow int) ([]store.Outgoing, error) {
	var all []store.Outgoing
	err := s.read(ctx, "reading the events to be told", func(c *conn) error {
		return c.query(ctx, `SELECT e.stream, e.n, e.id, e.type, e.at, e.body, e.attempts
FROM (SELECT stream, n, due_at FROM events WHERE client = ?4 AND due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at, stream LIMIT ?2) head
JOIN events e ON e.stream = head.stream AND e.n BETWEEN head.n AND head.n + ?3 AND e.delivered_at IS NULL
ORDER BY head.due_at, e.stream, e.n`, func(v row) error {
			all = append(all, store.Outgoing{
				Stream: v.int64(0), N: v.int(1), ID: v.text(2), Type: v.text(3), At: v.time(4), Body: v.blob(5), Attempts: v.int(6),
			})
			return nil
		}, now.UnixMicro(), limit, follow, client)
	})
	return all, err
}

// EventsDelivered marks events as told.
func (s *Store) EventsDelivered(ctx context.Context, told []store.Delivered, now time.Time) error {
	return s.write(ctx, "recording what the portal was told", func(w *writer) error {
		for _, d := range told {
			if _, err := w.change("UPDATE events SET delivered_at = ?, due_at = NULL, error = NULL WHERE stream = ? AND n BETWEEN ? AND ? AND delivered_at IS NULL",
				now.UnixMicro(), d.Stream, d.First, d.Last); err != nil {
				return err
			}
			n, err := w.change("UPDATE events SET due_at = ? WHERE stream = ? AND n = ? AND delivered_at IS NULL", now.UnixMicro(), d.Stream, d.Last+1)
			if err != nil {
				return err
			}
			w.commit.Events = w.commit.Events || n > 0
		}
		return nil
	})
}

// EventFailed puts an event off, and with it those after it.
func (s *Store) EventFailed(ctx context.Context, stream int64, n int, next time.Time, reason string) error {
	return s.write(ctx, "recording that the portal could not be told", func(w *writer) error {
		_, err := w.change("UPDATE events SET attempts = attempts + 1, due_at = ?, error = ? WHERE stream = ? AND n = ? AND delivered_at IS NULL",
			next.UnixMicro(), gateway.Clip(reason, 1000), stream, n)
		return err
	})
}

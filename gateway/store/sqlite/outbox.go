package sqlite

import (
	"context"
	"maps"
	"sync"
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

// claims are the streams that somebody is telling. One process has the database, so they need not outlive it.
type claims struct {
	mu  sync.Mutex
	all map[int64]claim // by stream
}

type claim struct {
	owner string
	until time.Time
}

// NextEvents claims streams of a client and lists their events.
func (s *Store) NextEvents(ctx context.Context, client, owner string, now, until time.Time, limit, follow int) ([]store.Outgoing, error) {
	s.claims.mu.Lock() // until what was read is claimed
	defer s.claims.mu.Unlock()
	maps.DeleteFunc(s.claims.all, func(_ int64, c claim) bool { return !c.until.After(now) })
	type head struct {
		stream int64
		n      int
	}
	var heads []head
	var all []store.Outgoing
	err := s.read(ctx, "reading the events to be told", func(c *conn) error {
		err := c.query(ctx, "SELECT stream, n FROM events WHERE client = ? AND due_at IS NOT NULL AND due_at <= ? ORDER BY due_at, stream LIMIT ?", func(v row) error {
			h := head{v.int64(0), v.int(1)}
			if _, claimed := s.claims.all[h.stream]; !claimed && len(heads) < limit {
				heads = append(heads, h)
			}
			return nil
		}, client, now.UnixMicro(), limit+len(s.claims.all))
		if err != nil {
			return err
		}
		for _, h := range heads {
			err := c.query(ctx, `SELECT stream, n, id, type, at, body, attempts FROM events
WHERE stream = ? AND n BETWEEN ? AND ? AND delivered_at IS NULL ORDER BY n`, func(v row) error {
				all = append(all, store.Outgoing{
					Stream: v.int64(0), N: v.int(1), ID: v.text(2), Type: v.text(3), At: v.time(4), Body: v.blob(5), Attempts: v.int(6),
				})
				return nil
			}, h.stream, h.n, h.n+follow)
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, h := range heads {
		s.claims.all[h.stream] = claim{owner, until}
	}
	return all, nil
}

// mine is what of it was told under claims that nobody else has by now.
func (c *claims) mine(owner string, told []store.Delivered) (mine []store.Delivered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range told {
		if now, claimed := c.all[d.Stream]; !claimed || now.owner == owner {
			mine = append(mine, d)
		}
	}
	return mine
}

// end ends the owner's claims on the streams.
func (c *claims) end(owner string, told []store.Delivered) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range told {
		if c.all[d.Stream].owner == owner {
			delete(c.all, d.Stream)
		}
	}
}

const (
	markTold = "UPDATE events SET delivered_at = ?, due_at = NULL, error = NULL WHERE stream = ? AND n BETWEEN ? AND ? AND delivered_at IS NULL"
	makeDue  = "UPDATE events SET due_at = ?1, attempts = attempts + (?2 IS NOT NULL), error = ?2 WHERE stream = ?3 AND n = ?4 AND delivered_at IS NULL"
)

// EventsDelivered records what became of turns and ends their claims.
func (s *Store) EventsDelivered(ctx context.Context, owner string, told []store.Delivered, now time.Time) error {
	told = s.claims.mine(owner, told)
	err := s.write(ctx, "recording what the portal was told", func(w *writer) error {
		for _, d := range told {
			if d.Last >= d.First {
				if _, err := w.change(markTold, now.UnixMicro(), d.Stream, d.First, d.Last); err != nil {
					return err
				}
			}
			next := d.Next
			if next.IsZero() {
				next = now
			}
			n, err := w.change(makeDue, next.UnixMicro(), text(gateway.Clip(d.Failed, 1000)), d.Stream, d.Last+1)
			if err != nil {
				return err
			}
			w.commit.Events = w.commit.Events || n > 0 && !next.After(now)
		}
		return nil
	})
	if err == nil {
		s.claims.end(owner, told)
	}
	return err
}

package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"sluice/gateway"
	"sluice/gateway/store"
)

// insertEvents makes the first new event of a stream due unless the one before it is still to be told: events are told
// in order.
const insertEvents = `INSERT INTO events (stream, n, client, id, type, at, body, attempts, due_at)
SELECT u.stream, u.n, u.client, u.id, u.type, u.at, u.body, 0,
CASE WHEN u.head AND NOT EXISTS (SELECT 1 FROM events e WHERE e.stream = u.stream AND e.n = u.n - 1 AND e.delivered_at IS NULL) THEN u.at END
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bytea[], $8::bool[]) u (stream, n, client, id, type, at, body, head)`

// addEvent adds a row for insertEvents; seen holds the streams that have one already.
func addEvent(r *rows, stream int64, client string, e *gateway.Event, body []byte, seen map[int64]bool) {
	r.add(stream, e.N, client, e.ID, e.Type, e.At, body, !seen[stream])
	seen[stream] = true
}

// eventBodies encodes events as they are posted.
func eventBodies(events []gateway.Event) (bodies [][]byte, err error) {
	for i := range events {
		body, err := events[i].CloudEvent()
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, body)
	}
	return bodies, nil
}

// subscribers locks the streams by which the clients are told of an endpoint.
func (s *Store) subscribers(ctx context.Context, tx pgx.Tx, endpoint int64) (map[string]int64, error) {
	_, err := tx.Exec(ctx, "INSERT INTO subscriptions (endpoint, client) SELECT $1, c FROM unnest($2::text[]) c ON CONFLICT DO NOTHING", endpoint, s.cfg.Subscribers)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query(ctx, "SELECT client, -id FROM subscriptions WHERE endpoint = $1 AND client = ANY($2) ORDER BY id FOR UPDATE", endpoint, s.cfg.Subscribers)
	if err != nil {
		return nil, err
	}
	streams := map[string]int64{}
	var client string
	var stream int64
	_, err = pgx.ForEachRow(rows, []any{&client, &stream}, func() error {
		streams[client] = stream
		return nil
	})
	return streams, err
}

// claimStreams passes over what another node is claiming at the moment; what is claimed is due when the claim ends.
const claimStreams = `WITH head AS MATERIALIZED (SELECT stream, n, due_at FROM events
WHERE client = $1 AND due_at IS NOT NULL AND due_at <= $3 ORDER BY due_at, stream LIMIT $5 FOR UPDATE SKIP LOCKED),
claimed AS (UPDATE events e SET owner = $2, due_at = $4 FROM head WHERE e.stream = head.stream AND e.n = head.n)
SELECT e.stream, e.n, e.id, e.type, e.at, e.body, e.attempts FROM head
JOIN LATERAL (SELECT * FROM events e WHERE e.stream = head.stream AND e.n BETWEEN head.n AND head.n + $6 AND e.delivered_at IS NULL) e ON true
ORDER BY head.due_at, e.stream, e.n`

// NextEvents claims streams of a client and lists their events.
func (s *Store) NextEvents(ctx context.Context, client, owner string, now, until time.Time, limit, follow int) ([]store.Outgoing, error) {
	return write(ctx, s, "claiming the events to be told", func(ctx context.Context, tx pgx.Tx) ([]store.Outgoing, error) {
		rows, err := tx.Query(ctx, claimStreams, client, owner, now, until, limit, follow)
		return collect(rows, err, func(v pgx.Rows) (e store.Outgoing, err error) {
			err = v.Scan(&e.Stream, &e.N, &e.ID, &e.Type, &e.At, &e.Body, &e.Attempts)
			return e, err
		})
	})
}

// What adds events to a stream at the same time holds its row: the event after the last one told is either there and
// made due here, or finds when it is added that everything before it was told.
//
// A turn whose claim another owner has by now finds the first event of the turn as that owner's, or told, and what comes
// after it due or not to be told yet: it changes nothing.
const (
	lockStreams       = "SELECT 1 FROM requests WHERE seq = ANY(ARRAY(" + byID + " UNION ALL SELECT unnest($2::bigint[]))) ORDER BY seq FOR NO KEY UPDATE"
	lockSubscriptions = "SELECT 1 FROM subscriptions WHERE id = ANY(ARRAY(SELECT -s FROM unnest($1::bigint[]) s WHERE s < 0)) ORDER BY id FOR UPDATE"
	turnRows          = `unnest($1::bigint[], $2::int[], $3::int[], $4::timestamptz[], $5::text[], $6::timestamptz[], $7::text[]) u (stream, first, last, now, owner, next, failed)`
	markTold          = `UPDATE events e SET delivered_at = u.now, due_at = NULL, owner = NULL, error = NULL FROM ` + turnRows + `
WHERE e.stream = u.stream AND e.n BETWEEN u.first AND u.last AND e.delivered_at IS NULL
AND EXISTS (SELECT 1 FROM events h WHERE h.stream = u.stream AND h.n = u.first AND (h.owner IS NULL OR h.owner = u.owner))`
	makeDue = `UPDATE events e SET due_at = u.next, owner = NULL, attempts = e.attempts + (u.failed IS NOT NULL)::int, error = u.failed FROM ` + turnRows + `
WHERE e.stream = u.stream AND e.n = u.last + 1 AND e.delivered_at IS NULL AND CASE WHEN u.last < u.first
THEN e.due_at IS NOT NULL AND (e.owner IS NULL OR e.owner = u.owner)
ELSE e.due_at IS NULL AND EXISTS (SELECT 1 FROM events p WHERE p.stream = u.stream AND p.n = u.last AND p.delivered_at IS NOT NULL) END
RETURNING e.due_at <= u.now`
)

// addTurn adds a row for markTold and makeDue.
func addTurn(r *rows, owner string, d store.Delivered, now time.Time) {
	next := d.Next
	if next.IsZero() {
		next = now
	}
	r.add(d.Stream, d.First, d.Last, now, owner, next, text(gateway.Clip(d.Failed, 1000)))
}

// EventsDelivered records what became of turns and ends their claims.
func (s *Store) EventsDelivered(ctx context.Context, owner string, told []store.Delivered, now time.Time) error {
	return s.write("recording what the portal was told", &op{ctx: ctx, owner: owner, told: told, now: now})
}

package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/internal/sqlstore"
)

const requestColumns = `r.seq, r.id, r.client, r.portal_id, r.service, r.service_version, r.agency, r.urgent, r.test, r.state, r.outcome, r.status,
r.accepted_at, r.closed_at, r.withdrawn_at, r.withdraw_reason, r.rev`

func scanRequest(v pgx.Rows) (*gateway.Request, error) {
	r := &gateway.Request{}
	var urgent bool
	err := v.Scan(&r.Seq, &r.ID, &r.Client, (*zeronull.Text)(&r.PortalID), &r.Service, &r.ServiceVersion, &r.Agency, &urgent, &r.Test, &r.State,
		(*zeronull.Text)(&r.Outcome), (*zeronull.Text)(&r.Status), &r.AcceptedAt, (*zeronull.Timestamptz)(&r.ClosedAt),
		(*zeronull.Timestamptz)(&r.WithdrawnAt), (*zeronull.Text)(&r.WithdrawReason), &r.Rev)
	r.Priority = sqlstore.Priority(urgent)
	return r, err
}

const deliveryColumns = `d.request, d.n, d.agency, d.endpoint, d.kind, d.cancelable, d.state, d.epoch, d.attempts, d.since, d.next_at, d.owner, d.queued_at, d.ended_at,
d.delayed_at, d.external_id, d.poll_at, d.error_class, d.error_code, d.error_text, d.error_reason, d.remedy_ru, d.remedy_en, d.error_at, d.rev, d.in_doubt`

// scanDelivery reads a delivery and what the query has beside it; the caller names it by nameDelivery.
func scanDelivery(v pgx.Rows, d *gateway.Delivery, seq *int64, beside ...any) error {
	e := &d.LastError
	return v.Scan(append([]any{
		seq, &d.N, &d.Agency, &d.Endpoint, &d.Kind, &d.Cancelable, &d.State, &d.Epoch, &d.Attempts, &d.Since, (*zeronull.Timestamptz)(&d.NextAt),
		(*zeronull.Text)(&d.Owner), &d.QueuedAt, (*zeronull.Timestamptz)(&d.EndedAt), (*zeronull.Timestamptz)(&d.DelayedAt), (*zeronull.Text)(&d.ExternalID),
		(*zeronull.Timestamptz)(&d.PollAt), (*zeronull.Text)(&e.Class), (*zeronull.Text)(&e.Code), (*zeronull.Text)(&e.Text), (*zeronull.Text)(&e.Reason),
		(*zeronull.Text)(&e.Remedy.RU), (*zeronull.Text)(&e.Remedy.EN), (*zeronull.Timestamptz)(&e.At), &d.Rev, &d.InDoubt,
	}, beside...)...)
}

func nameDelivery(d *gateway.Delivery, requestID string) {
	d.ID, d.RequestID = gateway.DeliveryID(requestID, d.N), requestID
}

const statusColumns = `s.request, s.n, s.agency, s.code, s.raw, s.at, s.source, s.received_at, s.detail`

func scanStatus(v pgx.Rows, e *gateway.StatusEntry, seq *int64) error {
	var detail string
	err := v.Scan(seq, &e.N, &e.Agency, &e.Code, (*zeronull.Text)(&e.Raw), (*zeronull.Timestamptz)(&e.At), &e.Source, &e.ReceivedAt, (*zeronull.Text)(&detail))
	if err != nil {
		return err
	}
	return sqlstore.SetStatusDetail(&e.Status, detail)
}

// How requests are read: of which, and whether they are locked. $1 is an array.
const (
	byID  = "SELECT seq FROM requests WHERE id = ANY($1::text[]::uuid[])"
	bySeq = "SELECT unnest($1::bigint[])"
)

// loads are the statements that read requests with all that belongs to them.
type loads struct{ requests, deliveries, statuses, events string }

func newLoads(which, lockRequests, lockDeliveries string) loads {
	return loads{
		requests:   "SELECT " + requestColumns + " FROM requests r WHERE r.seq = ANY(ARRAY(" + which + ")) ORDER BY r.seq" + lockRequests,
		deliveries: "SELECT " + deliveryColumns + " FROM deliveries d WHERE d.request = ANY(ARRAY(" + which + ")) ORDER BY d.request, d.n" + lockDeliveries,
		statuses:   "SELECT " + statusColumns + " FROM statuses s WHERE s.request = ANY(ARRAY(" + which + ")) ORDER BY s.request, s.n",
		events:     "SELECT e.stream, max(e.n) FROM events e WHERE e.stream = ANY(ARRAY(" + which + ")) GROUP BY e.stream",
	}
}

var (
	loadByID    = newLoads(byID, "", "")
	loadBySeq   = newLoads(bySeq, "", "")
	loadToWrite = newLoads(byID, " FOR NO KEY UPDATE", " FOR UPDATE") // in one order: see the package
)

// queue adds the statements to a batch whose results become whole requests, in the order of their numbers.
func (l loads) queue(b *pgx.Batch, which any) *[]*gateway.Request {
	all := &[]*gateway.Request{}
	found := map[int64]*gateway.Request{}
	b.Queue(l.requests, which).Query(func(v pgx.Rows) error {
		for v.Next() {
			r, err := scanRequest(v)
			if err != nil {
				return err
			}
			*all, found[r.Seq] = append(*all, r), r
		}
		return v.Err()
	})
	b.Queue(l.deliveries, which).Query(func(v pgx.Rows) error {
		for v.Next() {
			var seq int64
			d := &gateway.Delivery{}
			if err := scanDelivery(v, d, &seq); err != nil {
				return err
			}
			if r := found[seq]; r != nil {
				nameDelivery(d, r.ID)
				r.Deliveries = append(r.Deliveries, d)
			}
		}
		return v.Err()
	})
	b.Queue(l.statuses, which).Query(func(v pgx.Rows) error {
		for v.Next() {
			var seq int64
			var e gateway.StatusEntry
			if err := scanStatus(v, &e, &seq); err != nil {
				return err
			}
			if r := found[seq]; r != nil {
				r.Statuses = append(r.Statuses, e)
			}
		}
		return v.Err()
	})
	b.Queue(l.events, which).Query(func(v pgx.Rows) error {
		for v.Next() {
			var seq int64
			var last int
			if err := v.Scan(&seq, &last); err != nil {
				return err
			}
			if r := found[seq]; r != nil {
				r.LastEvent = last
			}
		}
		return v.Err()
	})
	return all
}

// snapshot begins and ends a batch of statements that see the same state of the database.
const snapshot = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

// isID refuses what is no request's id: the database takes nothing else for one.
func isID(id string) error {
	if _, _, err := gateway.SplitDeliveryID(gateway.DeliveryID(id, 1)); err != nil {
		return fmt.Errorf("request %q: %w", id, store.ErrNotFound)
	}
	return nil
}

// Request loads a request.
func (s *Store) Request(ctx context.Context, id string) (*gateway.Request, error) {
	if err := isID(id); err != nil {
		return nil, err
	}
	doing := "reading request " + id
	found, err := read(ctx, s, doing, func(ctx context.Context, c *pgx.Conn) ([]*gateway.Request, error) {
		b := &pgx.Batch{}
		b.Queue(snapshot)
		all := loadByID.queue(b, []string{id})
		b.Queue("COMMIT")
		err := c.SendBatch(ctx, b).Close()
		return *all, err
	})
	switch {
	case err != nil:
		return nil, err
	case len(found) == 0:
		return nil, fmt.Errorf("%s: %w", doing, store.ErrNotFound)
	}
	return found[0], nil
}

// Body reads the canonical request as it came.
func (s *Store) Body(ctx context.Context, requestID string) ([]byte, error) {
	if err := isID(requestID); err != nil {
		return nil, err
	}
	return read(ctx, s, "reading the body of request "+requestID, func(ctx context.Context, c *pgx.Conn) (body []byte, err error) {
		err = c.QueryRow(ctx, "SELECT b.body FROM requests r JOIN bodies b ON b.request = r.seq WHERE r.id = $1", requestID).Scan(&body)
		return body, found(err)
	})
}

// found turns an answer without rows into ErrNotFound, and so a text that the database can't have stored.
func found(err error) error {
	if errors.Is(err, pgx.ErrNoRows) || code(err) == notText {
		return store.ErrNotFound
	}
	return err
}

// Attempts lists a delivery's attempts.
func (s *Store) Attempts(ctx context.Context, deliveryID string) ([]gateway.Attempt, error) {
	requestID, n, err := gateway.SplitDeliveryID(deliveryID)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrNotFound, err)
	}
	return read(ctx, s, "reading the attempts of delivery "+deliveryID, func(ctx context.Context, c *pgx.Conn) ([]gateway.Attempt, error) {
		rows, err := c.Query(ctx, `SELECT a.n, a.what, a.owner, a.started_at, a.ended_at, a.class, a.code, a.text, coalesce(a.http_status, 0), a.sent, a.received, a.mapping_hash
FROM requests r JOIN attempts a ON a.request = r.seq WHERE r.id = $1 AND a.delivery = $2 ORDER BY a.id`, requestID, n)
		return collect(rows, err, func(v pgx.Rows) (gateway.Attempt, error) {
			a := gateway.Attempt{DeliveryID: deliveryID}
			err := v.Scan(&a.N, &a.What, &a.Owner, (*zeronull.Timestamptz)(&a.StartedAt), &a.EndedAt, &a.Class, (*zeronull.Text)(&a.Code), (*zeronull.Text)(&a.Text),
				&a.HTTPStatus, &a.Sent, &a.Received, (*zeronull.Text)(&a.MappingHash))
			return a, err
		})
	})
}

// FindNumber finds a request by the number that the agency knows it by.
func (s *Store) FindNumber(ctx context.Context, agency, number string) (string, error) {
	return read(ctx, s, "finding a request by an agency's number", func(ctx context.Context, c *pgx.Conn) (string, error) {
		return findNumber(ctx, c, agency, number)
	})
}

// querier is a connection or a transaction.
type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
}

const selectNumber = `SELECT r.id FROM deliveries d JOIN requests r ON r.seq = d.request
WHERE d.agency = $1 AND d.external_id = $2 ORDER BY d.request DESC LIMIT 1`

// findNumber returns the request's id, or ErrNotFound. A message id shares its beginning with the request's id, so the
// few requests that begin so are tried.
func findNumber(ctx context.Context, q querier, agency, number string) (id string, err error) {
	err = q.QueryRow(ctx, selectNumber, agency, number).Scan(&id)
	prefix := gateway.MessagePrefix(number)
	if err = found(err); !errors.Is(err, store.ErrNotFound) || prefix == "" {
		return id, err
	}
	rows, err := q.Query(ctx, `SELECT r.id, d.n FROM requests r JOIN deliveries d ON d.request = r.seq
WHERE r.id BETWEEN $1::text::uuid AND $2::text::uuid AND d.agency = $3`, prefix+"-0000-0000-000000000000", prefix+"-ffff-ffff-ffffffffffff", agency)
	ids, err := collect(rows, err, func(v pgx.Rows) (match string, err error) {
		var n int
		if err := v.Scan(&match, &n); err != nil {
			return "", err
		}
		if gateway.MessageID(gateway.DeliveryID(match, n)) != number {
			match = ""
		}
		return match, nil
	})
	if err != nil {
		return "", err
	}
	for _, id := range ids {
		if id != "" {
			return id, nil
		}
	}
	return "", store.ErrNotFound
}

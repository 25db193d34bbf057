package sqlite

import (
	"context"
	"fmt"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/internal/sqlstore"
)

const requestColumns = `r.seq, r.id, r.client, r.portal_id, r.service, r.service_version, r.agency, r.urgent, r.test, r.state, r.outcome, r.status,
r.accepted_at, r.closed_at, r.withdrawn_at, r.withdraw_reason, r.rev, (SELECT max(e.n) FROM events e WHERE e.stream = r.seq)`

func scanRequest(v row) *gateway.Request {
	return &gateway.Request{
		Seq: v.int64(0), ID: v.text(1), Client: v.text(2), PortalID: v.text(3), Service: v.text(4), ServiceVersion: v.text(5), Agency: v.text(6),
		Priority: sqlstore.Priority(v.bool(7)), Test: v.bool(8), State: gateway.RequestState(v.text(9)), Outcome: v.text(10), Status: canonical.StatusCode(v.text(11)),
		AcceptedAt: v.time(12), ClosedAt: v.time(13), WithdrawnAt: v.time(14), WithdrawReason: v.text(15), Rev: v.int64(16), LastEvent: v.int(17),
	}
}

const deliveryColumns = `d.n, d.agency, d.endpoint, d.kind, d.cancelable, d.state, d.epoch, d.attempts, d.since, d.next_at, d.owner, d.queued_at, d.ended_at,
d.delayed_at, d.external_id, d.poll_at, d.error_class, d.error_code, d.error_text, d.error_reason, d.remedy_ru, d.remedy_en, d.error_at, d.rev, d.in_doubt`

func scanDelivery(requestID string, v row) *gateway.Delivery {
	n := v.int(0)
	return &gateway.Delivery{
		ID: gateway.DeliveryID(requestID, n), RequestID: requestID, N: n, Agency: v.text(1), Endpoint: v.text(2), Kind: gateway.Kind(v.text(3)),
		Cancelable: v.bool(4), State: gateway.DeliveryState(v.text(5)), Epoch: v.int64(6), Attempts: v.int(7), Since: v.time(8), NextAt: v.time(9),
		Owner: v.text(10), QueuedAt: v.time(11), EndedAt: v.time(12), DelayedAt: v.time(13), ExternalID: v.text(14), PollAt: v.time(15),
		LastError: gateway.LastError{
			Class: v.text(16), Code: v.text(17), Text: v.text(18), Reason: v.text(19),
			Remedy: adapters.Text{RU: v.text(20), EN: v.text(21)}, At: v.time(22),
		},
		Rev: v.int64(23), InDoubt: v.bool(24),
	}
}

const statusColumns = `s.n, s.agency, s.code, s.raw, s.at, s.source, s.received_at, s.detail`

func scanStatus(v row) (gateway.StatusEntry, error) {
	e := gateway.StatusEntry{
		N: v.int(0), Agency: v.text(1), Source: gateway.Source(v.text(5)), ReceivedAt: v.time(6),
		Status: canonical.Status{Code: canonical.StatusCode(v.text(2)), Raw: v.text(3), At: v.time(4)},
	}
	return e, sqlstore.SetStatusDetail(&e.Status, v.text(7))
}

// loadRequest reads a whole request.
func loadRequest(c *conn, id string) (*gateway.Request, error) {
	var r *gateway.Request
	err := c.query(brief, "SELECT "+requestColumns+" FROM requests r WHERE r.id = ?", func(v row) error {
		r = scanRequest(v)
		return nil
	}, id)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, fmt.Errorf("request %s: %w", id, store.ErrNotFound)
	}
	if err := loadParts(c, r); err != nil {
		return nil, err
	}
	return r, nil
}

// loadParts reads a request's deliveries and statuses.
func loadParts(c *conn, r *gateway.Request) error {
	err := c.query(brief, "SELECT "+deliveryColumns+" FROM deliveries d WHERE d.request = ? ORDER BY d.n", func(v row) error {
		r.Deliveries = append(r.Deliveries, scanDelivery(r.ID, v))
		return nil
	}, r.Seq)
	if err != nil || r.Rev == 1 { // a status is written together with its request
		return err
	}
	return c.query(brief, "SELECT "+statusColumns+" FROM statuses s WHERE s.request = ? ORDER BY s.n", func(v row) error {
		e, err := scanStatus(v)
		r.Statuses = append(r.Statuses, e)
		return err
	}, r.Seq)
}

// Request loads a request, from memory when it was used lately.
func (s *Store) Request(ctx context.Context, id string) (*gateway.Request, error) {
	if r := s.cache.get(id); r != nil {
		return r, nil
	}
	var r *gateway.Request
	err := s.read(ctx, "reading request "+id, func(c *conn) error {
		return c.snapshot(func() (err error) {
			r, err = loadRequest(c, id)
			return err
		})
	})
	return r, err
}

// Body reads the canonical request as it came.
func (s *Store) Body(ctx context.Context, requestID string) ([]byte, error) {
	var body []byte
	found := false
	err := s.read(ctx, "reading the body of request "+requestID, func(c *conn) error {
		err := c.query(brief, "SELECT b.body FROM requests r JOIN bodies b ON b.request = r.seq WHERE r.id = ?", func(v row) error {
			body, found = v.blob(0), true
			return nil
		}, requestID)
		if err == nil && !found {
			err = store.ErrNotFound
		}
		return err
	})
	return body, err
}

// Attempts lists a delivery's attempts.
func (s *Store) Attempts(ctx context.Context, deliveryID string) ([]gateway.Attempt, error) {
	requestID, n, err := gateway.SplitDeliveryID(deliveryID)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrNotFound, err)
	}
	var all []gateway.Attempt
	err = s.read(ctx, "reading the attempts of delivery "+deliveryID, func(c *conn) error {
		return c.query(ctx, `SELECT a.n, a.what, a.owner, a.started_at, a.ended_at, a.class, a.code, a.text, a.http_status, a.sent, a.received, a.mapping_hash
FROM requests r JOIN attempts a ON a.request = r.seq WHERE r.id = ? AND a.delivery = ? ORDER BY a.id`, func(v row) error {
			all = append(all, gateway.Attempt{
				DeliveryID: deliveryID, N: v.int(0), What: v.text(1), Owner: v.text(2), StartedAt: v.time(3), EndedAt: v.time(4),
				Class: v.text(5), Code: v.text(6), Text: v.text(7), HTTPStatus: v.int(8), Sent: v.blob(9), Received: v.blob(10), MappingHash: v.text(11),
			})
			return nil
		}, requestID, n)
	})
	return all, err
}

// FindNumber finds a request by the number that the agency knows it by.
func (s *Store) FindNumber(ctx context.Context, agency, number string) (string, error) {
	var id string
	err := s.read(ctx, "finding a request by an agency's number", func(c *conn) (err error) {
		id, err = findNumber(c, agency, number)
		if err == nil && id == "" {
			err = store.ErrNotFound
		}
		return err
	})
	return id, err
}

// findNumber returns the request's id, or "". A message id shares its beginning with the request's id, so the few
// requests that begin so are tried.
func findNumber(c *conn, agency, number string) (id string, err error) {
	err = c.query(brief, "SELECT r.id FROM deliveries d JOIN requests r ON r.seq = d.request WHERE d.agency = ? AND d.external_id = ? ORDER BY d.request DESC LIMIT 1", func(v row) error {
		id = v.text(0)
		return nil
	}, agency, number)
	prefix := gateway.MessagePrefix(number)
	if err != nil || id != "" || prefix == "" {
		return id, err
	}
	err = c.query(brief, "SELECT r.id, d.n FROM requests r JOIN deliveries d ON d.request = r.seq WHERE r.id >= ? AND r.id < ? AND d.agency = ?", func(v row) error {
		if gateway.MessageID(gateway.DeliveryID(v.text(0), v.int(1))) == number {
			id = v.text(0)
		}
		return nil
	}, prefix, prefix+"~", agency)
	return id, err
}

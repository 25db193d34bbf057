package sqlite

import (
	"context"
	"fmt"

	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/internal/sqlstore"
)

// Create stores a new request and its body.
func (s *Store) Create(ctx context.Context, r *gateway.Request, body []byte, idem store.Idempotency) (*gateway.Request, bool, error) {
	var stored *gateway.Request
	var created bool
	err := s.write(ctx, "storing the request", func(w *writer) (err error) {
		stored, created, err = w.create(r, body, idem)
		return err
	})
	return stored, created, err
}

const insertRequest = `INSERT INTO requests (seq, id, client, idem_key, body_hash, portal_id, service, service_version, agency, urgent, test, state, accepted_at, rev)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (client, idem_key) WHERE idem_key IS NOT NULL DO NOTHING`

func (w *writer) create(r *gateway.Request, body []byte, idem store.Idempotency) (*gateway.Request, bool, error) {
	next := r.Clone()
	next.Seq, next.Rev = w.nextSeq, 1
	n, err := w.change(insertRequest, next.Seq, r.ID, r.Client, text(idem.Key), idem.BodyHash[:], text(r.PortalID), r.Service, r.ServiceVersion,
		r.Agency, r.Priority == canonical.Urgent, r.Test, string(r.State), r.AcceptedAt.UnixMicro())
	if err != nil {
		return nil, false, err
	}
	if n == 0 {
		first, err := w.repeated(r.Client, idem)
		return first, false, err
	}
	w.nextSeq++
	if _, err := w.change("INSERT INTO bodies (request, body) VALUES (?, ?)", next.Seq, body); err != nil {
		return nil, false, err
	}
	for _, d := range next.Deliveries {
		if err := w.insertDelivery(next, d); err != nil {
			return nil, false, err
		}
	}
	if err := w.insertChanges(next, r.Changes()); err != nil {
		return nil, false, err
	}
	w.fresh[next.ID] = next
	return next, true, nil
}

// repeated finds the request that the client made under the key before.
func (w *writer) repeated(client string, idem store.Idempotency) (*gateway.Request, error) {
	var id string
	var hash []byte
	err := w.query(brief, "SELECT id, body_hash FROM requests WHERE client = ? AND idem_key = ?", func(r row) error {
		id, hash = r.text(0), r.blob(1)
		return nil
	}, client, idem.Key)
	if err != nil {
		return nil, err
	}
	if string(hash) != string(idem.BodyHash[:]) {
		return nil, store.ErrKeyReused
	}
	return w.load(id)
}

// Update loads a request, changes it and writes the difference.
func (s *Store) Update(ctx context.Context, id string, change func(*gateway.Request) error) (*gateway.Request, error) {
	var stored *gateway.Request
	err := s.write(ctx, "storing what changed of request "+id, func(w *writer) (err error) {
		stored, err = w.update(id, change)
		return err
	})
	if err != nil {
		return nil, err
	}
	return stored, nil
}

func (w *writer) update(id string, change func(*gateway.Request) error) (*gateway.Request, error) {
	base, err := w.load(id)
	if err != nil {
		return nil, err
	}
	next := base.Clone()
	if err := change(next); err != nil {
		return nil, err
	}
	dirty := sqlstore.OwnChanged(base, next)
	for i, d := range next.Deliveries {
		switch {
		case i >= len(base.Deliveries):
			err = w.insertDelivery(next, d)
		case *d != *base.Deliveries[i]:
			d.Rev++
			err = w.updateDelivery(next.Seq, base.Deliveries[i], d)
		}
		if err != nil {
			return nil, err
		}
	}
	for i := len(base.Statuses); i < len(next.Statuses); i++ {
		dirty = true
		if err := w.insertStatus(next.Seq, &next.Statuses[i]); err != nil {
			return nil, err
		}
	}
	if err := w.insertChanges(next, next.Changes()); err != nil {
		return nil, err
	}
	if dirty {
		next.Rev++
		_, err := w.change("UPDATE requests SET state = ?, outcome = ?, status = ?, closed_at = ?, withdrawn_at = ?, withdraw_reason = ?, rev = ? WHERE seq = ?",
			string(next.State), text(next.Outcome), text(next.Status), micros(next.ClosedAt), micros(next.WithdrawnAt), text(next.WithdrawReason), next.Rev, next.Seq)
		if err != nil {
			return nil, err
		}
	}
	*next.Changes() = gateway.Changes{}
	w.fresh[id] = next
	return next, nil
}

const insertDelivery = `INSERT INTO deliveries (request, n, agency, endpoint, kind, rank, cancelable, state, epoch, attempts, since, next_at, queued_at, rev)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)`

func (w *writer) insertDelivery(r *gateway.Request, d *gateway.Delivery) error {
	if d.State != gateway.Queued {
		return fmt.Errorf("storing delivery %s: a new delivery is queued, not %s", d.ID, d.State)
	}
	d.Rev = 1
	_, err := w.change(insertDelivery, r.Seq, d.N, d.Agency, d.Endpoint, string(d.Kind), r.Priority != canonical.Urgent, d.Cancelable,
		string(d.State), d.Epoch, d.Attempts, d.Since.UnixMicro(), micros(d.NextAt), d.QueuedAt.UnixMicro())
	if err == nil {
		w.ready(d)
	}
	return err
}

// Statements that touch few columns leave alone the indexes that are over the others.
const (
	updateTurn  = `UPDATE deliveries SET state = ?, epoch = ?, attempts = ?, since = ?, next_at = ?, owner = ?, rev = ? WHERE request = ? AND n = ?`
	updateWhole = `UPDATE deliveries SET state = ?, epoch = ?, attempts = ?, since = ?, next_at = ?, owner = ?, rev = ?,
queued_at = ?, ended_at = ?, delayed_at = ?, external_id = ?, poll_at = ?, in_doubt = ?,
error_class = ?, error_code = ?, error_text = ?, error_reason = ?, remedy_ru = ?, remedy_en = ?, error_at = ? WHERE request = ? AND n = ?`
)

func (w *writer) updateDelivery(seq int64, old, d *gateway.Delivery) (err error) {
	if sqlstore.TurnOnly(old, d) {
		_, err = w.change(updateTurn, string(d.State), d.Epoch, d.Attempts, d.Since.UnixMicro(), micros(d.NextAt), text(d.Owner), d.Rev, seq, d.N)
	} else {
		e := &d.LastError
		_, err = w.change(updateWhole, string(d.State), d.Epoch, d.Attempts, d.Since.UnixMicro(), micros(d.NextAt), text(d.Owner), d.Rev,
			d.QueuedAt.UnixMicro(), micros(d.EndedAt), micros(d.DelayedAt), text(d.ExternalID), micros(d.PollAt), d.InDoubt,
			text(e.Class), text(e.Code), text(e.Text), text(e.Reason), text(e.Remedy.RU), text(e.Remedy.EN), micros(e.At), seq, d.N)
	}
	if err == nil && !d.NextAt.IsZero() {
		w.ready(d)
	}
	return err
}

func (w *writer) insertStatus(seq int64, e *gateway.StatusEntry) error {
	detail, err := sqlstore.StatusDetail(&e.Status)
	if err != nil {
		return err
	}
	_, err = w.change("INSERT INTO statuses (request, n, agency, code, raw, at, source, received_at, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
		seq, e.N, e.Agency, string(e.Code), text(e.Raw), micros(e.At), string(e.Source), e.ReceivedAt.UnixMicro(), text(detail))
	return err
}

const insertAttempt = `INSERT INTO attempts (request, delivery, n, what, owner, started_at, ended_at, class, code, text, http_status, sent, received, mapping_hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

// insertChanges adds the attempts and events of a request.
func (w *writer) insertChanges(r *gateway.Request, c *gateway.Changes) error {
	for i := range c.Attempts {
		a := &c.Attempts[i]
		_, n, err := gateway.SplitDeliveryID(a.DeliveryID)
		if err != nil {
			return err
		}
		var status any
		if a.HTTPStatus != 0 {
			status = int64(a.HTTPStatus)
		}
		_, err = w.change(insertAttempt, r.Seq, n, a.N, a.What, a.Owner, micros(a.StartedAt), a.EndedAt.UnixMicro(),
			a.Class, text(a.Code), text(a.Text), status, blob(a.Sent), blob(a.Received), text(a.MappingHash))
		if err != nil {
			return err
		}
	}
	return w.insertEvents(r.Seq, r.Client, c.Events)
}

// load finds a request as the group sees it.
func (w *writer) load(id string) (*gateway.Request, error) {
	if r := w.fresh[id]; r != nil {
		return r, nil
	}
	if r := w.cache.get(id); r != nil {
		return r, nil
	}
	return loadRequest(w.conn, id)
}

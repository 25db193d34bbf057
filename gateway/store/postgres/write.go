package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/internal/sqlstore"
)

// creation is a new request.
type creation struct {
	request *gateway.Request
	body    []byte
	idem    store.Idempotency
}

// write gives o to the writer.
func (s *Store) write(doing string, o *op) error {
	err := s.writer.do(o)
	if err != nil && (unavailable(err) || code(err) != "" || errors.Is(err, store.ErrClosed) || errors.Is(err, o.ctx.Err())) {
		return describe(o.ctx, doing, err)
	}
	return err
}

// Create stores a new request and its body.
func (s *Store) Create(ctx context.Context, r *gateway.Request, body []byte, idem store.Idempotency) (*gateway.Request, bool, error) {
	o := &op{ctx: ctx, new: &creation{r, body, idem}}
	if err := s.write("storing the request", o); err != nil {
		return nil, false, err
	}
	if o.first != "" {
		before, err := s.Request(ctx, o.first)
		return before, false, err
	}
	return o.stored, true, nil
}

// Update loads a request, changes it and writes the difference.
func (s *Store) Update(ctx context.Context, id string, change func(*gateway.Request) error) (*gateway.Request, error) {
	if err := isID(id); err != nil {
		return nil, err
	}
	o := &op{ctx: ctx, id: id, change: change}
	if err := s.write("storing what changed of request "+id, o); err != nil {
		return nil, err
	}
	return o.stored, nil
}

const (
	insertRequests = `INSERT INTO requests (seq, id, client, idem_key, body_hash, portal_id, service, service_version, agency, urgent, test, state, accepted_at, rev)
SELECT seq, id::uuid, client, idem_key, body_hash, portal_id, service, service_version, agency, urgent, test, state, accepted_at, 1
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bool[], $11::bool[], $12::text[], $13::timestamptz[])
u (seq, id, client, idem_key, body_hash, portal_id, service, service_version, agency, urgent, test, state, accepted_at)`
	insertBodies = `INSERT INTO bodies (request, body) SELECT * FROM unnest($1::bigint[], $2::bytea[])`
)

func (g *group) create(o *op) error {
	r, idem := o.new.request, o.new.idem
	key := [2]string{r.Client, idem.Key}
	if f, used := g.keys[key]; used && idem.Key != "" {
		if f.hash != string(idem.BodyHash[:]) {
			return store.ErrKeyReused
		}
		o.first = f.id
		return nil
	}
	next := r.Clone()
	next.Seq, next.Rev = g.seqs[0], 1
	added, err := newRows(next, nil, r.Changes())
	if err != nil {
		return err
	}
	g.seqs = g.seqs[1:]
	g.keys[key] = first{r.ID, string(idem.BodyHash[:])}
	g.requests.add(next.Seq, r.ID, r.Client, text(idem.Key), idem.BodyHash[:], text(r.PortalID), r.Service, r.ServiceVersion,
		r.Agency, r.Priority == canonical.Urgent, r.Test, string(r.State), r.AcceptedAt)
	g.bodies.add(next.Seq, o.new.body)
	added.into(g)
	g.base[r.ID] = next
	g.keep(next)
	o.stored = next
	return nil
}

func (g *group) change(o *op) error {
	base := g.next[o.id]
	if base == nil {
		base = g.base[o.id]
	}
	if base == nil {
		return fmt.Errorf("request %s: %w", o.id, store.ErrNotFound)
	}
	next := base.Clone()
	if err := o.change(next); err != nil {
		return err
	}
	added, err := newRows(next, base, next.Changes())
	if err != nil {
		return err
	}
	dirty := len(next.Statuses) > len(base.Statuses) || sqlstore.OwnChanged(base, next)
	if dirty {
		next.Rev++
	}
	for i, d := range base.Deliveries {
		if *next.Deliveries[i] != *d {
			next.Deliveries[i].Rev++
			dirty = true
		}
	}
	added.into(g)
	if len(added.deliveries) > 0 { // others of the group may change them: their rows are as they are now
		written := *g.base[o.id]
		written.Deliveries = append(slices.Clip(written.Deliveries), added.deliveries...)
		g.base[o.id] = &written
	}
	*next.Changes() = gateway.Changes{}
	o.stored = next
	if dirty || added.any() {
		g.keep(next)
	}
	return nil
}

// difference adds what distinguishes a request from its rows.
func (g *group) difference(base, next *gateway.Request, requests, turns, wholes *rows) {
	if next.Rev != base.Rev {
		requests.add(next.Seq, string(next.State), text(next.Outcome), text(next.Status), instant(next.ClosedAt), instant(next.WithdrawnAt), text(next.WithdrawReason), next.Rev)
	}
	for i, old := range base.Deliveries {
		d := next.Deliveries[i]
		if *d == *old {
			continue
		}
		if !d.NextAt.IsZero() {
			g.ready(d)
		}
		if d.ExternalID != old.ExternalID {
			g.numbers = append(g.numbers, numberLock(d.Agency, d.ExternalID))
		}
		turn := []any{next.Seq, d.N, string(d.State), d.Epoch, d.Attempts, d.Since, instant(d.NextAt), text(d.Owner), d.Rev}
		if sqlstore.TurnOnly(old, d) {
			turns.add(turn...)
			continue
		}
		e := &d.LastError
		wholes.add(append(turn, d.QueuedAt, instant(d.EndedAt), instant(d.DelayedAt), text(d.ExternalID), instant(d.PollAt), d.InDoubt,
			text(e.Class), text(e.Code), text(e.Text), text(e.Reason), text(e.Remedy.RU), text(e.Remedy.EN), instant(e.At))...)
	}
}

const updateRequests = `UPDATE requests r SET state = u.state, outcome = u.outcome, status = u.status, closed_at = u.closed_at,
withdrawn_at = u.withdrawn_at, withdraw_reason = u.withdraw_reason, rev = u.rev
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::bigint[])
u (seq, state, outcome, status, closed_at, withdrawn_at, withdraw_reason, rev) WHERE r.seq = u.seq`

// Statements that touch few columns leave alone the indexes that are over the others.
const (
	updateTurns = `UPDATE deliveries d SET state = u.state, epoch = u.epoch, attempts = u.attempts, since = u.since, next_at = u.next_at, owner = u.owner, rev = u.rev
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::int[], $6::timestamptz[], $7::timestamptz[], $8::text[], $9::bigint[])
u (request, n, state, epoch, attempts, since, next_at, owner, rev) WHERE d.request = u.request AND d.n = u.n`
	updateWholes = `UPDATE deliveries d SET state = u.state, epoch = u.epoch, attempts = u.attempts, since = u.since, next_at = u.next_at, owner = u.owner, rev = u.rev,
queued_at = u.queued_at, ended_at = u.ended_at, delayed_at = u.delayed_at, external_id = u.external_id, poll_at = u.poll_at, in_doubt = u.in_doubt,
error_class = u.error_class, error_code = u.error_code, error_text = u.error_text, error_reason = u.error_reason,
remedy_ru = u.remedy_ru, remedy_en = u.remedy_en, error_at = u.error_at
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::int[], $6::timestamptz[], $7::timestamptz[], $8::text[], $9::bigint[],
$10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::text[], $14::timestamptz[], $15::bool[],
$16::text[], $17::text[], $18::text[], $19::text[], $20::text[], $21::text[], $22::timestamptz[])
u (request, n, state, epoch, attempts, since, next_at, owner, rev, queued_at, ended_at, delayed_at, external_id, poll_at, in_doubt,
error_class, error_code, error_text, error_reason, remedy_ru, remedy_en, error_at) WHERE d.request = u.request AND d.n = u.n`

	insertDeliveries = `INSERT INTO deliveries (request, n, agency, endpoint, kind, rank, cancelable, state, epoch, attempts, since, next_at, queued_at, rev)
SELECT *, 1 FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bool[], $8::text[], $9::bigint[], $10::int[],
$11::timestamptz[], $12::timestamptz[], $13::timestamptz[])`
	insertStatuses = `INSERT INTO statuses (request, n, agency, code, raw, at, source, received_at, detail)
SELECT * FROM unnest($1::bigint[], $2::int[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::text[], $8::timestamptz[], $9::text[])`
	insertAttempts = `INSERT INTO attempts (request, delivery, n, what, owner, started_at, ended_at, class, code, text, http_status, sent, received, mapping_hash)
SELECT * FROM unnest($1::bigint[], $2::int[], $3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::text[], $9::text[], $10::text[],
$11::int[], $12::bytea[], $13::bytea[], $14::text[])`
)

// addition is the rows that a write adds beside the request's own.
type addition struct {
	r          *gateway.Request
	deliveries []*gateway.Delivery
	statuses   []gateway.StatusEntry
	details    []string
	attempts   []gateway.Attempt
	of         []int // the deliveries of the attempts
	events     []gateway.Event
	bodies     [][]byte // of the events
}

// newRows finds what next has beyond base; base is nil of a new request.
func newRows(next, base *gateway.Request, c *gateway.Changes) (*addition, error) {
	a := &addition{r: next, deliveries: next.Deliveries, statuses: next.Statuses, attempts: c.Attempts, events: c.Events}
	if base != nil {
		a.deliveries, a.statuses = next.Deliveries[len(base.Deliveries):], next.Statuses[len(base.Statuses):]
	}
	for _, d := range a.deliveries {
		if d.State != gateway.Queued {
			return nil, fmt.Errorf("storing delivery %s: a new delivery is queued, not %s", d.ID, d.State)
		}
		d.Rev = 1
	}
	for i := range a.statuses {
		detail, err := sqlstore.StatusDetail(&a.statuses[i].Status)
		if err != nil {
			return nil, err
		}
		a.details = append(a.details, detail)
	}
	for i := range a.attempts {
		_, n, err := gateway.SplitDeliveryID(a.attempts[i].DeliveryID)
		if err != nil {
			return nil, err
		}
		a.of = append(a.of, n)
	}
	var err error
	a.bodies, err = eventBodies(a.events)
	return a, err
}

func (a *addition) any() bool {
	return len(a.deliveries) > 0 || len(a.statuses) > 0 || len(a.attempts) > 0 || len(a.events) > 0
}

// into adds the rows to the group.
func (a *addition) into(g *group) {
	seq := a.r.Seq
	for _, d := range a.deliveries {
		rank := 1
		if a.r.Priority == canonical.Urgent {
			rank = 0
		}
		g.deliveries.add(seq, d.N, d.Agency, d.Endpoint, string(d.Kind), rank, d.Cancelable, string(d.State), d.Epoch, d.Attempts, d.Since, instant(d.NextAt), d.QueuedAt)
		g.ready(d)
	}
	for i := range a.statuses {
		e := &a.statuses[i]
		g.statuses.add(seq, e.N, e.Agency, string(e.Code), text(e.Raw), instant(e.At), string(e.Source), e.ReceivedAt, text(a.details[i]))
	}
	for i := range a.attempts {
		t := &a.attempts[i]
		var status any
		if t.HTTPStatus != 0 {
			status = t.HTTPStatus
		}
		g.attempts.add(seq, a.of[i], t.N, t.What, t.Owner, instant(t.StartedAt), t.EndedAt, t.Class, text(t.Code), text(t.Text), status, blob(t.Sent), blob(t.Received), text(t.MappingHash))
	}
	for i := range a.events {
		addEvent(&g.events, seq, a.r.Client, &a.events[i], a.bodies[i], g.streams)
	}
	g.commit.Events = g.commit.Events || len(a.events) > 0
}

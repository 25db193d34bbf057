package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"sluice/gateway"
	"sluice/gateway/store"
)

const selectEndpoint = "SELECT id, agency, name, health, reason, text, set_by, epoch, since, until, probe, lease, last_event FROM endpoints"

func scanEndpoint(v pgx.Row, id *int64) (*gateway.EndpointState, error) {
	e := &gateway.EndpointState{}
	err := v.Scan(id, &e.Agency, &e.Name, &e.Health, (*zeronull.Text)(&e.Reason), (*zeronull.Text)(&e.Text), (*zeronull.Text)(&e.By), &e.Epoch,
		(*zeronull.Timestamptz)(&e.Since), (*zeronull.Timestamptz)(&e.Until), (*zeronull.Text)(&e.Probe), (*zeronull.Timestamptz)(&e.Lease), &e.LastEvent)
	return e, err
}

// Endpoints lists the endpoints whose state was ever changed.
func (s *Store) Endpoints(ctx context.Context) ([]*gateway.EndpointState, error) {
	return read(ctx, s, "reading the endpoints", func(ctx context.Context, c *pgx.Conn) ([]*gateway.EndpointState, error) {
		rows, err := c.Query(ctx, selectEndpoint+" ORDER BY agency, name")
		return collect(rows, err, func(v pgx.Rows) (*gateway.EndpointState, error) {
			var id int64
			return scanEndpoint(v, &id)
		})
	})
}

// UpdateEndpoint changes the state of an endpoint.
func (s *Store) UpdateEndpoint(ctx context.Context, agency, name string, change func(*gateway.EndpointState) error) (*gateway.EndpointState, error) {
	var refused error
	var made store.Commit
	stored, err := write(ctx, s, "storing the state of endpoint "+agency+"/"+name, func(ctx context.Context, tx pgx.Tx) (*gateway.EndpointState, error) {
		made = store.Commit{}
		var id int64
		base, err := scanEndpoint(tx.QueryRow(ctx, selectEndpoint+" WHERE agency = $1 AND name = $2 FOR UPDATE", agency, name), &id)
		if errors.Is(err, pgx.ErrNoRows) {
			base, err = &gateway.EndpointState{Agency: agency, Name: name, Health: gateway.Up}, nil
		}
		if err != nil {
			return nil, err
		}
		next := base.Clone()
		if refused = change(next); refused != nil {
			return nil, refused
		}
		if next.Epoch == base.Epoch {
			return next, nil
		}
		made.Events, err = s.updateEndpoint(ctx, tx, id, next)
		return next.Clone(), err
	})
	switch {
	case refused != nil:
		return nil, refused
	case err != nil:
		return nil, err
	}
	if made.Events {
		s.writer.committed(made)
	}
	return stored, nil
}

const (
	// The unknown endpoint is made by one of those who come at once; the others meet it at their next try.
	insertEndpoint = "INSERT INTO endpoints (agency, name, health, epoch, last_event) VALUES ($1, $2, 'up', 0, 0) RETURNING id"
	updateEndpoint = `UPDATE endpoints SET health = $2, reason = $3, text = $4, set_by = $5, epoch = $6, since = $7, until = $8, probe = $9, lease = $10, last_event = $11 WHERE id = $1`
)

// updateEndpoint writes the endpoint and tells of its events whoever is to be told.
func (s *Store) updateEndpoint(ctx context.Context, tx pgx.Tx, id int64, next *gateway.EndpointState) (told bool, err error) {
	if id == 0 {
		if err := tx.QueryRow(ctx, insertEndpoint, next.Agency, next.Name).Scan(&id); err != nil {
			return false, err
		}
	}
	_, err = tx.Exec(ctx, updateEndpoint, id, string(next.Health), text(next.Reason), text(next.Text), text(next.By), next.Epoch,
		instant(next.Since), instant(next.Until), text(next.Probe), instant(next.Lease), next.LastEvent)
	events := next.Changes().Events
	if err != nil || len(events) == 0 {
		return false, err
	}
	bodies, err := eventBodies(events)
	if err != nil {
		return false, err
	}
	streams, err := s.subscribers(ctx, tx, id)
	if err != nil || len(streams) == 0 {
		return false, err
	}
	var all rows
	seen := map[int64]bool{}
	for client, stream := range streams {
		for i := range events {
			addEvent(&all, stream, client, &events[i], bodies[i], seen)
		}
	}
	b := &pgx.Batch{}
	all.queue(b, insertEvents)
	return true, tx.SendBatch(ctx, b).Close()
}

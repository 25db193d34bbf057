package sqlite

import (
	"context"

	"sluice/gateway"
)

const selectEndpoint = "SELECT agency, name, health, reason, text, set_by, epoch, since, until, probe, lease, last_event, id FROM endpoints"

func scanEndpoint(v row) *gateway.EndpointState {
	return &gateway.EndpointState{
		Agency: v.text(0), Name: v.text(1), Health: gateway.Health(v.text(2)), Reason: v.text(3), Text: v.text(4), By: v.text(5),
		Epoch: v.int64(6), Since: v.time(7), Until: v.time(8), Probe: v.text(9), Lease: v.time(10), LastEvent: v.int(11),
	}
}

// Endpoints lists the endpoints whose state was ever changed.
func (s *Store) Endpoints(ctx context.Context) ([]*gateway.EndpointState, error) {
	var all []*gateway.EndpointState
	err := s.read(ctx, "reading the endpoints", func(c *conn) error {
		return c.query(ctx, selectEndpoint+" ORDER BY agency, name", func(v row) error {
			all = append(all, scanEndpoint(v))
			return nil
		})
	})
	return all, err
}

// UpdateEndpoint changes the state of an endpoint.
func (s *Store) UpdateEndpoint(ctx context.Context, agency, name string, change func(*gateway.EndpointState) error) (*gateway.EndpointState, error) {
	var stored *gateway.EndpointState
	err := s.write(ctx, "storing the state of endpoint "+agency+"/"+name, func(w *writer) (err error) {
		stored, err = w.updateEndpoint(ctx, agency, name, change)
		return err
	})
	if err != nil {
		return nil, err
	}
	return stored, nil
}

func (w *writer) updateEndpoint(ctx context.Context, agency, name string, change func(*gateway.EndpointState) error) (*gateway.EndpointState, error) {
	base := gateway.EndpointState{Agency: agency, Name: name, Health: gateway.Up}
	var id int64
	err := w.query(ctx, selectEndpoint+" WHERE agency = ? AND name = ?", func(v row) error {
		base, id = *scanEndpoint(v), v.int64(12)
		return nil
	}, agency, name)
	if err != nil {
		return nil, err
	}
	next := base.Clone()
	if err := change(next); err != nil {
		return nil, err
	}
	if next.Epoch == base.Epoch {
		return next, nil
	}
	if id == 0 {
		if _, err := w.change("INSERT INTO endpoints (agency, name, health, epoch, last_event) VALUES (?, ?, 'up', 0, 0)", agency, name); err != nil {
			return nil, err
		}
		err := w.query(ctx, "SELECT id FROM endpoints WHERE agency = ? AND name = ?", func(v row) error {
			id = v.int64(0)
			return nil
		}, agency, name)
		if err != nil {
			return nil, err
		}
	}
	_, err = w.change("UPDATE endpoints SET health = ?, reason = ?, text = ?, set_by = ?, epoch = ?, since = ?, until = ?, probe = ?, lease = ?, last_event = ? WHERE id = ?",
		string(next.Health), text(next.Reason), text(next.Text), text(next.By), next.Epoch, micros(next.Since), micros(next.Until),
		text(next.Probe), micros(next.Lease), next.LastEvent, id)
	if err != nil {
		return nil, err
	}
	if events := next.Changes().Events; len(events) > 0 {
		streams, err := w.subscribers(ctx, id)
		if err != nil {
			return nil, err
		}
		for client, stream := range streams {
			if err := w.insertEvents(stream, client, events); err != nil {
				return nil, err
			}
		}
	}
	return next.Clone(), nil
}

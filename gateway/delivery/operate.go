package delivery

import (
	"context"
	"fmt"
	"time"

	"sluice/gateway"
	"sluice/gateway/store"
)

// EndpointHealth is how one address of an agency is.
type EndpointHealth struct {
	Agency      string     `json:"agency"`
	Endpoint    string     `json:"endpoint"`
	URL         string     `json:"url"`
	Health      string     `json:"health"`           // up, held, probing
	Reason      string     `json:"reason,omitempty"` // of held: breaker, operator, hours, maintenance, lease
	Text        string     `json:"text,omitempty"`   // what was seen, or what the operator wrote
	By          string     `json:"by,omitempty"`     // the node or operator that holds it
	Since       *time.Time `json:"since,omitempty"`
	Until       *time.Time `json:"until,omitempty"`   // the next try, where it is known
	Waiting     int        `json:"waiting"`           // deliveries that wait
	NextDue     *time.Time `json:"nextDue,omitempty"` // when the first of them is due
	InFlight    int        `json:"inFlight"`          // exchanges of this node under way
	Concurrency int        `json:"concurrency"`       // allowed now; less than the manifest's in the ramp after an outage
}

// Health tells how one endpoint is, without what waits for it, from memory.
func (e *Engine) Health(agency, endpoint string) (EndpointHealth, bool) {
	l := e.byKey[agency+"/"+endpoint]
	if l == nil {
		return EndpointHealth{}, false
	}
	return l.health(), true
}

func (l *lane) health() EndpointHealth {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := EndpointHealth{Agency: l.agency.Name, Endpoint: l.name, URL: l.spec.URL, Health: string(l.row.Health),
		Reason: l.row.Reason, Text: l.row.Text, By: l.row.By, Since: optional(l.row.Since)}
	h.Concurrency, h.InFlight = l.limiter.now()
	switch why, until := l.why(l.e.c.Now()); {
	case why != "" && l.row.Health == gateway.Up:
		h.Health, h.Reason, h.Until = string(gateway.Held), why, optional(until)
	case why != "":
		h.Until = optional(until)
	}
	return h
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Endpoints tells how every endpoint is, by agency and name.
func (e *Engine) Endpoints(ctx context.Context) ([]EndpointHealth, error) {
	backlogs, err := e.c.Store.Lanes(ctx)
	if err != nil {
		return nil, fmt.Errorf("counting what waits for each endpoint: %w", err)
	}
	waits := make(map[string]store.Backlog, len(backlogs))
	for _, b := range backlogs {
		waits[b.Agency+"/"+b.Endpoint] = b
	}
	list := make([]EndpointHealth, 0, len(e.lanes))
	for _, l := range e.lanes {
		h := l.health()
		h.Waiting, h.NextDue = waits[l.key].Waiting, optional(waits[l.key].Next)
		list = append(list, h)
	}
	return list, nil
}

// UnknownEndpointError says that no manifest has the endpoint.
type UnknownEndpointError struct{ Agency, Endpoint string }

func (e *UnknownEndpointError) Error() string {
	return fmt.Sprintf("no manifest has an endpoint %q of an agency %q", e.Endpoint, e.Agency)
}

// Hold stops sending to an endpoint on every node until Release; attempts under way end. by is who says so.
// Errors are *UnknownEndpointError or the store's.
func (e *Engine) Hold(ctx context.Context, agency, endpoint, reason, by string) error {
	now := e.c.Now()
	return e.operate(ctx, agency, endpoint, func(s *gateway.EndpointState) error {
		s.Hold(reason, by, now)
		return nil
	})
}

// Release ends a hold, and closes the breaker if that is open: the operator knows that the agency is back.
// Errors are those of Hold.
func (e *Engine) Release(ctx context.Context, agency, endpoint, by string) error {
	now := e.c.Now()
	return e.operate(ctx, agency, endpoint, func(s *gateway.EndpointState) error {
		s.Release(by, now)
		return nil
	})
}

func (e *Engine) operate(ctx context.Context, agency, endpoint string, change func(*gateway.EndpointState) error) error {
	l := e.byKey[agency+"/"+endpoint]
	if l == nil {
		return &UnknownEndpointError{agency, endpoint}
	}
	row, err := e.c.Store.UpdateEndpoint(ctx, agency, endpoint, change)
	if err != nil {
		return fmt.Errorf("writing the state of %s: %w", l.key, err)
	}
	l.mu.Lock()
	l.pending = nil // an operator's word comes last
	l.adopt(row)
	l.mu.Unlock()
	l.gate()
	return nil
}

// Replay sends a dead delivery again, mapped anew from the stored canonical request; what was recorded of it stays.
// Of an unconfirmed delivery it is the operator's decision that the agency does not have it. by is who says so.
// Errors are store.ErrNotFound, *gateway.TransitionError or the store's.
func (e *Engine) Replay(ctx context.Context, deliveryID, by string) (*gateway.Request, error) {
	requestID, _, err := gateway.SplitDeliveryID(deliveryID)
	if err != nil {
		return nil, fmt.Errorf("replaying: %w: %w", err, store.ErrNotFound)
	}
	now := e.c.Now()
	r, err := e.update(ctx, requestID, func(r *gateway.Request) error { return r.Replay(deliveryID, by, now) })
	if err != nil {
		return nil, fmt.Errorf("replaying delivery %s: %w", deliveryID, err)
	}
	e.c.Log.Info("replay", "delivery", deliveryID, "by", by)
	return r, nil
}

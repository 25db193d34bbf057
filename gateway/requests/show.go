package requests

import (
	"context"
	"time"

	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/problem"
	"sluice/gateway/store"
)

// Get shows a client's request; client "" is an operator, who sees every client's.
func (s *Service) Get(ctx context.Context, client, id string) (canonical.RequestView, error) {
	r, err := s.find(ctx, client, id)
	if err != nil {
		return canonical.RequestView{}, err
	}
	return s.view(r), nil
}

// find loads a request that the client may see. Another client's is not there, so that its id tells nothing.
func (s *Service) find(ctx context.Context, client, id string) (*gateway.Request, error) {
	r, err := s.c.Store.Request(ctx, id)
	if err != nil {
		return nil, failed(err)
	}
	if client != "" && r.Client != client {
		return nil, problem.New(problem.NotFound)
	}
	return r, nil
}

// List shows a page of a client's requests, newest first; client "" is an operator.
func (s *Service) List(ctx context.Context, client string, f canonical.RequestFilter) (canonical.RequestPage, error) {
	page, err := s.c.Store.List(ctx, store.Filter{
		Client: client, PortalID: f.PortalID, Service: f.Service, Agency: f.Agency, State: gateway.RequestState(f.State),
		Outcome: f.Outcome, Status: f.Status, Since: f.Since, Until: f.Until, Cursor: f.Cursor, Limit: f.Limit,
	})
	if err != nil {
		return canonical.RequestPage{}, failed(err)
	}
	out := canonical.RequestPage{Items: make([]canonical.RequestView, 0, len(page.Items)), Next: page.Next}
	for _, r := range page.Items {
		out.Items = append(out.Items, s.view(r))
	}
	return out, nil
}

// lookAgain is how often Wait looks at the store for what another node did.
const lookAgain = time.Second

// Wait waits until every submission of the request has been answered for good — its receipt is there, or it is
// refused, cancelled or dead — or ctx ends, and shows the request then. The end of ctx is no error.
func (s *Service) Wait(ctx context.Context, client, id string) (canonical.RequestView, error) {
	reading := context.WithoutCancel(ctx)
	for {
		changed, stop := s.c.Engine.Watch(id)
		r, err := s.find(reading, client, id)
		if err != nil || answered(r) || ctx.Err() != nil {
			stop()
			if err != nil {
				return canonical.RequestView{}, err
			}
			return s.view(r), nil
		}
		again := time.NewTimer(lookAgain)
		select {
		case <-changed:
		case <-again.C:
		case <-ctx.Done():
		}
		again.Stop()
		stop()
	}
}

func answered(r *gateway.Request) bool {
	for _, d := range r.Deliveries {
		if d.Kind == gateway.Submit && !d.State.Ended() && d.State != gateway.Dead {
			return false
		}
	}
	return true
}

// view makes what clients see of a request.
func (s *Service) view(r *gateway.Request) canonical.RequestView {
	v := canonical.RequestView{
		ID: r.ID, PortalID: r.PortalID, Service: r.Service, ServiceVersion: r.ServiceVersion, Agency: r.Agency,
		Priority: r.Priority, Test: r.Test, State: string(r.State), Outcome: r.Outcome, Status: r.Status,
		AcceptedAt: r.AcceptedAt, ClosedAt: optional(r.ClosedAt), Version: r.Version(),
		Deliveries: make([]canonical.DeliveryView, 0, len(r.Deliveries)),
		Statuses:   make([]canonical.StatusView, 0, len(r.Statuses)),
	}
	for _, d := range r.Deliveries {
		v.Deliveries = append(v.Deliveries, s.DeliveryView(d, r.State == gateway.Open))
	}
	for _, e := range r.History() {
		v.Statuses = append(v.Statuses, canonical.StatusView{Status: e.Status, Agency: e.Agency, Source: string(e.Source), ReceivedAt: e.ReceivedAt})
	}
	return v
}

// What a delivery may wait for, beside the reasons for which its endpoint is held by its own rules.
const (
	waitsForTurn     = "turn"
	waitsForReply    = "reply"
	waitsForRetry    = "retry"
	waitsForOutcome  = "outcome"
	waitsForAgency   = "agency" // its breaker is open, or an operator holds it
	waitsForStatus   = "status"
	waitsForOperator = "operator"
)

// DeliveryView shows a delivery with what it waits for, since when and until when; open tells whether its request is.
func (s *Service) DeliveryView(d *gateway.Delivery, open bool) canonical.DeliveryView {
	v := canonical.DeliveryView{ID: d.ID, Agency: d.Agency, Endpoint: d.Endpoint, Kind: string(d.Kind), State: string(d.State),
		Attempts: d.Attempts, ExternalID: d.ExternalID, LastAnswer: lastAnswer(d)}
	next := d.NextAt
	switch d.State {
	case gateway.Queued:
		v.WaitingFor = waitsForTurn
	case gateway.Sending:
		v.WaitingFor = waitsForReply
	case gateway.Retrying:
		v.WaitingFor = waitsForRetry
	case gateway.Unconfirmed:
		v.WaitingFor = waitsForOutcome
	case gateway.Registered:
		if open && d.Kind == gateway.Submit {
			v.WaitingFor, next = waitsForStatus, d.PollAt
		}
	case gateway.Dead:
		v.WaitingFor = waitsForOperator
	}
	if d.Owner == gateway.Operator {
		v.WaitingFor = waitsForOperator
	}
	switch v.WaitingFor {
	case waitsForTurn, waitsForRetry, waitsForOutcome:
		if h := s.health(d.Agency, d.Endpoint); h.Health != string(gateway.Up) {
			v.WaitingFor = heldFor(h.Reason)
			if h.Until == nil {
				next = time.Time{} // an operator releases it
			} else if h.Until.After(next) {
				next = *h.Until
			}
		}
	}
	if v.WaitingFor != "" {
		v.Since, v.NextTry = optional(d.Since), optional(next)
	}
	return v
}

// heldFor is what a delivery waits for whose endpoint is held.
func heldFor(reason string) string {
	if reason == gateway.HeldByBreaker || reason == gateway.HeldByOperator {
		return waitsForAgency
	}
	return reason
}

func lastAnswer(d *gateway.Delivery) *canonical.AnswerView {
	e := d.LastError
	switch {
	case e.Class != "":
		a := &canonical.AnswerView{At: e.At, Class: e.Class, Code: e.Code, Text: e.Text, Reason: e.Reason}
		if e.Remedy.RU != "" || e.Remedy.EN != "" {
			a.Remedy = &canonical.Text{RU: e.Remedy.RU, EN: e.Remedy.EN}
		}
		return a
	case d.State == gateway.Registered:
		return &canonical.AnswerView{At: d.EndedAt, Class: string(gateway.Registered)}
	}
	return nil
}

func optional(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

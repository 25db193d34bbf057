package requests

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/delivery"
	"sluice/gateway/problem"
	"sluice/gateway/store"
)

// What the hub makes of a push.
const (
	pushApplied   = "applied"
	pushDuplicate = "duplicate" // the agency has said all of it before
	pushKept      = "kept"      // no request of the agency has the number yet
)

// ApplyPush applies what an agency said by itself to the agency's own request of that number. A number that none of
// its requests has, another agency's included, is kept until the receipt brings it.
func (s *Service) ApplyPush(ctx context.Context, agency string, p adapters.Push) (adapters.PushResult, error) {
	number := p.ExternalID
	if number == "" {
		number = p.MessageID
	}
	if number == "" {
		return adapters.PushResult{}, problem.New(problem.InvalidRequest).With("сообщение не называет запрос", "the push names no request: neither our message id nor the agency's number")
	}
	id, err := s.findPushed(ctx, agency, p)
	if errors.Is(err, store.ErrNotFound) {
		var kept []byte
		if kept, err = json.Marshal(p); err != nil {
			return adapters.PushResult{}, failed(err)
		}
		// The store looks once more in the write itself: the receipt may be coming in at this moment.
		id, err = s.c.Store.KeepPush(ctx, agency, number, kept, s.c.Now())
	}
	if err != nil {
		return adapters.PushResult{}, failed(err)
	}
	result := adapters.PushResult{Outcome: pushKept}
	if id != "" {
		if result, err = s.apply(ctx, agency, id, p); err != nil {
			return adapters.PushResult{}, failed(err)
		}
	}
	for _, u := range p.Unknown {
		s.c.Log.Warn("a code that the mapping's table lacks was kept as it came", "agency", agency, "table", u.Table, "path", u.Path, "request", id)
	}
	s.c.Log.Info("push", "agency", agency, "request", id, "outcome", result.Outcome, "statuses", len(p.Statuses))
	return result, nil
}

// findPushed finds the request that the agency means, by its own number or by our message id.
func (s *Service) findPushed(ctx context.Context, agency string, p adapters.Push) (id string, err error) {
	err = store.ErrNotFound
	for _, number := range []string{p.ExternalID, p.MessageID} {
		if number == "" {
			continue
		}
		if id, err = s.c.Store.FindNumber(ctx, agency, number); err == nil || !errors.Is(err, store.ErrNotFound) {
			return id, err
		}
	}
	return "", err
}

func (s *Service) apply(ctx context.Context, agency, id string, p adapters.Push) (adapters.PushResult, error) {
	now := s.c.Now()
	result := adapters.PushResult{RequestID: id}
	registered, askAt := false, time.Time{}
	_, err := s.c.Store.Update(ctx, id, func(r *gateway.Request) error {
		result.Outcome, registered = pushDuplicate, false
		d := pushedDelivery(r, agency, p)
		if d != nil && proves(d, p) {
			claim := gateway.Claim{DeliveryID: d.ID, Epoch: d.Epoch, Owner: "push"}
			if err := r.Register(claim, gateway.Exchange{StartedAt: now}, adapters.Receipt{ExternalID: p.ExternalID}, now); err != nil {
				return err
			}
			result.Outcome, registered = pushApplied, true
		}
		added, err := r.ApplyStatuses(agency, p.Statuses, gateway.FromPush, now)
		if err != nil {
			return err
		}
		if added > 0 {
			result.Outcome = pushApplied
		}
		if result.Outcome == pushDuplicate {
			return errNothingNew
		}
		if d = r.Registered(agency); d == nil {
			return nil
		}
		if askAt.IsZero() { // the same when this runs again
			askAt = s.askAfter(agency, r.Service, now)
		}
		return r.AskAt(d.ID, askAt)
	})
	if errors.Is(err, errNothingNew) {
		err = nil
	}
	if err == nil && registered && p.ExternalID != "" {
		s.c.Engine.ApplyKept(id, agency, p.ExternalID)
	}
	return result, err
}

// pushedDelivery is the submission that the push is about, or nil when it names none of the request's.
func pushedDelivery(r *gateway.Request, agency string, p adapters.Push) *gateway.Delivery {
	for _, d := range r.Deliveries {
		if d.Kind == gateway.Submit && d.Agency == agency && p.MessageID != "" && gateway.MessageID(d.ID) == p.MessageID {
			return d
		}
	}
	return nil
}

// proves tells whether a push that names our message id is the receipt that has not come: the agency can't speak of
// what it does not have. One that is being sent is left to its own reply, which may bring the number.
func proves(d *gateway.Delivery, p adapters.Push) bool {
	switch d.State {
	case gateway.Registered, gateway.Rejected:
		return false
	case gateway.Sending:
		return p.ExternalID != ""
	}
	return true
}

// askAfter is when the agency is asked by ourselves after it has spoken by itself.
func (s *Service) askAfter(agency, service string, now time.Time) time.Time {
	a, ok := s.c.Registry.Agency(agency)
	if !ok {
		return time.Time{}
	}
	return delivery.NextPoll(a.Services[service], now, now)
}

// errNothingNew leaves Update without a write.
var errNothingNew = errors.New("the push says nothing new")

package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/queue"
	"sluice/gateway/store"
)

// storeTimeout bounds one write or read of the store on behalf of a delivery.
const storeTimeout = 30 * time.Second

// job is one delivery in a worker's hands.
type job struct {
	*lane
	lease   context.Context // ends with the lease that the attempt was begun under
	claim   gateway.Claim
	request *gateway.Request // as it was begun
	d       *gateway.Delivery
	service *adapters.Service // nil: the agency no longer offers it
	message canonical.Message
	probe   bool // its outcome is unknown: the agency is asked, nothing is sent
}

// deliver does all that a message asks for and tells whether the agency answered as it should.
func (l *lane) deliver(m queue.Message) (good bool) {
	j, err := l.begin(m)
	if err != nil {
		l.dropOrDefer(m, err)
		return false
	}
	if e := j.load(); e != nil {
		j.putBack(e)
		return false
	}
	receipt, found, x := j.exchange()
	good = l.judge(x)
	j.decide(receipt, found, x)
	return good
}

// errProbe leaves Update without a write: the delivery is to be asked about.
var errProbe = errors.New("the delivery is unconfirmed")

// begin records the attempt before its first byte goes out. There is no other way to send.
func (l *lane) begin(m queue.Message) (*job, error) {
	requestID, _, err := gateway.SplitDeliveryID(m.DeliveryID)
	if err != nil {
		return nil, fmt.Errorf("a message that is not ours: %w: %w", err, gateway.ErrStale)
	}
	owner, lease, err := l.e.lease.take()
	if err != nil {
		return nil, err
	}
	j := &job{lane: l, lease: lease, claim: gateway.Claim{DeliveryID: m.DeliveryID, Epoch: m.Epoch, Owner: owner}}
	now := l.e.c.Now()
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	begun, err := l.e.c.Store.Update(ctx, requestID, func(r *gateway.Request) error {
		d, err := r.Delivery(m.DeliveryID)
		if err != nil {
			return err
		}
		if d.State == gateway.Unconfirmed && d.Epoch == m.Epoch && d.Owner == "" {
			j.request = r.Clone()
			return errProbe
		}
		_, err = r.Begin(j.claim, now)
		return err
	})
	switch {
	case errors.Is(err, errProbe):
		j.probe, j.claim.Owner = true, ""
	case err != nil:
		return nil, err
	default:
		j.request = begun
	}
	if j.d, err = j.request.Delivery(m.DeliveryID); err != nil {
		return nil, err
	}
	j.service = l.agency.Services[j.request.Service]
	return j, nil
}

// dropOrDefer ends a message whose delivery could not be begun. A stale one has been overtaken; when the store is in
// trouble the same message comes again a little later.
func (l *lane) dropOrDefer(m queue.Message, err error) {
	var illegal *gateway.TransitionError
	if errors.Is(err, gateway.ErrStale) || errors.Is(err, store.ErrNotFound) || errors.As(err, &illegal) {
		l.e.c.Log.Debug("a stale message was dropped", "delivery", m.DeliveryID, "epoch", m.Epoch, "why", err)
		return
	}
	l.e.c.Log.Error("an attempt could not be recorded, so nothing was sent", "delivery", m.DeliveryID, "err", err)
	if err := l.e.c.Queue.PublishLater(context.Background(), l.line, m, l.e.c.Tick); err != nil {
		l.e.c.Log.Warn("the message is left to the sweep", "delivery", m.DeliveryID, "err", err)
	}
}

// load finds the canonical request: in memory since it was accepted, or in the store.
func (j *job) load() error {
	if m, ok := j.e.cache.get(j.request.ID); ok {
		j.message = m
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	body, err := j.e.c.Store.Body(ctx, j.request.ID)
	if err != nil {
		return fmt.Errorf("reading the canonical request: %w", err)
	}
	if j.message, err = canonical.Parse(body); err != nil {
		return fmt.Errorf("parsing the canonical request: %w", err)
	}
	return nil
}

// putBack undoes the begin of an attempt of which no byte went out.
func (j *job) putBack(why error) {
	now := j.e.c.Now()
	j.e.c.Log.Warn("a delivery was put back unsent", "delivery", j.d.ID, "err", why)
	j.record(func(r *gateway.Request) error { return r.PutBack(j.claim, now.Add(j.e.c.Tick), now) })
}

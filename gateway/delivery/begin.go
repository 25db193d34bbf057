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

	unrecorded bool // the store will not take what came of it
}

// deliver does all that a message asks for and tells whether the agency answered as it should.
func (l *lane) deliver(m queue.Message) (good bool) {
	// A queue may double a message while the first is worked on: both would begin under one claim, and send.
	if _, doubled := l.e.inHand.LoadOrStore(m, true); doubled {
		l.e.c.Log.Debug("a message that came twice was dropped", "delivery", m.DeliveryID, "epoch", m.Epoch)
		return false
	}
	j, err := l.begin(m)
	defer func() {
		if j == nil || !j.unrecorded {
			l.e.inHand.Delete(m)
		}
	}()
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
	begun, err := j.writeBegin(requestID, func(r *gateway.Request) error {
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

// writeBegin writes the beginning of an attempt until it is known whether it is written: otherwise the delivery might be left
// with this process as its owner and nobody at it. It gives up with the lease, at whose end the sweep takes over what was
// begun; and on what the store will not take, which was not written.
func (j *job) writeBegin(requestID string, begin func(*gateway.Request) error) (*gateway.Request, error) {
	pause := firstPause
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(j.lease, storeTimeout)
		begun, err := j.e.c.Store.Update(ctx, requestID, begin)
		cancel()
		switch {
		case err == nil, errors.Is(err, errProbe), overtaken(err), j.lease.Err() != nil:
			return begun, err
		case try == 1:
			j.e.c.Log.Error("an attempt could not be recorded; trying on", "delivery", j.claim.DeliveryID, "err", err)
		case try >= recordTries && !unknown(err):
			return nil, err
		}
		select {
		case <-j.lease.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, time.Second)
	}
}

// overtaken tells whether a change was refused because the delivery has moved on, or is gone.
func overtaken(err error) bool {
	var illegal *gateway.TransitionError
	return errors.Is(err, gateway.ErrStale) || errors.Is(err, store.ErrNotFound) || errors.As(err, &illegal)
}

// unknown tells whether a write that failed may be there all the same, or there when it is tried again.
func unknown(err error) bool {
	return errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
}

// dropOrDefer ends a message whose delivery could not be begun. A stale one has been overtaken; when the store is in
// trouble the same message comes again a little later.
func (l *lane) dropOrDefer(m queue.Message, err error) {
	if overtaken(err) {
		l.e.c.Log.Debug("a stale message was dropped", "delivery", m.DeliveryID, "epoch", m.Epoch, "why", err)
		return
	}
	l.e.c.Log.Error("an attempt could not be recorded, so nothing was sent", "delivery", m.DeliveryID, "err", err)
	if err := l.e.c.Queue.PublishLater(l.e.lease.grace, l.line, m, l.e.c.Tick); err != nil {
		l.e.c.Log.Warn("the message is left to the sweep", "delivery", m.DeliveryID, "err", err)
	}
}

// load finds the canonical request: in memory since it was accepted, or in the store.
func (j *job) load() error {
	if m, ok := j.e.cache.get(j.request.ID); ok {
		j.message = m
		return nil
	}
	ctx, cancel := context.WithTimeout(j.e.lease.grace, storeTimeout)
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

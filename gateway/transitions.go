package gateway

import (
	"errors"
	"fmt"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
)

// ErrStale says that the caller no longer holds the delivery: it was handed out again, taken over or has moved on.
// Whatever the caller was about to do or tell is void, and it drops its message.
var ErrStale = errors.New("stale: the delivery has moved on")

// TransitionError is a change of state that the table of transitions does not have.
type TransitionError struct {
	DeliveryID string
	From, To   DeliveryState
}

func (e *TransitionError) Error() string {
	return fmt.Sprintf("delivery %s can't go from %s to %s", e.DeliveryID, e.From, e.To)
}

// Claim proves that the caller holds a delivery: it names the epoch under which it was handed out, and the owner that
// began it ("" for a delivery that was not begun, such as one that is probed).
type Claim struct {
	DeliveryID string
	Epoch      int64
	Owner      string
}

// Exchange is what one try left on the wire; it becomes an Attempt.
type Exchange struct {
	StartedAt   time.Time
	HTTPStatus  int // 0 when no answer came
	Sent        []byte
	Received    []byte
	MappingHash string
}

// held finds the delivery that the claim is for, in one of the states.
func (r *Request) held(c Claim, states ...DeliveryState) (*Delivery, error) {
	d, err := r.Delivery(c.DeliveryID)
	if err != nil {
		return nil, err
	}
	for _, s := range states {
		if d.State == s && d.Epoch == c.Epoch && (s != Sending || d.Owner == c.Owner) {
			return d, nil
		}
	}
	return nil, fmt.Errorf("delivery %s is %s in epoch %d, not in %d: %w", d.ID, d.State, d.Epoch, c.Epoch, ErrStale)
}

// move changes the state and clears what belonged to the one before.
func (d *Delivery) move(to DeliveryState, now time.Time) error {
	if !d.State.CanBecome(to) {
		return &TransitionError{d.ID, d.State, to}
	}
	d.State, d.Since = to, now
	d.Owner, d.NextAt, d.EndedAt = "", time.Time{}, time.Time{}
	switch {
	case to.Ended():
		d.EndedAt = now
	case to == Dead:
		d.Owner = Operator
	}
	return nil
}

// Begin is the only way to send: it records that the owner is about to. Once it is committed a byte may go out.
// It returns ErrStale unless the delivery waits in the claim's epoch. Repeated under the same claim, by an owner that never
// heard what became of the first, it changes nothing: who begins sees to it that a claim is that of one attempt.
func (r *Request) Begin(c Claim, now time.Time) (*Delivery, error) {
	d, err := r.held(c, Queued, Retrying, Sending)
	if err != nil || d.State == Sending {
		return d, err
	}
	if c.Owner == "" || c.Owner == Operator {
		return nil, fmt.Errorf("beginning delivery %s: %q can't own a send", d.ID, c.Owner)
	}
	if err := d.move(Sending, instant(now)); err != nil {
		return nil, err
	}
	d.Owner = c.Owner
	d.Attempts++
	return d, nil
}

// PutBack undoes a Begin after which nothing was sent, or puts off a delivery that was handed out but not begun: it is
// due again at next, and no attempt is counted.
func (r *Request) PutBack(c Claim, next, now time.Time) error {
	d, err := r.held(c, Sending, Queued, Retrying, Unconfirmed)
	if err != nil {
		return err
	}
	if d.Owner == Operator {
		return fmt.Errorf("delivery %s is the operators' by now: %w", d.ID, ErrStale)
	}
	if d.State == Sending {
		if err := d.move(Queued, instant(now)); err != nil {
			return err
		}
		d.Attempts--
		if r.dismiss(d, instant(now)) {
			r.settle(instant(now))
			return nil
		}
	}
	d.NextAt = due(next, now)
	return nil
}

// Register records the agency's receipt: the delivery is registered and never sent again. The receipt counts whoever
// brings it and however late, since the agency has the message; only one that is registered or rejected already is
// ErrStale. The statuses that came with it are applied.
func (r *Request) Register(c Claim, x Exchange, receipt adapters.Receipt, now time.Time) error {
	now = instant(now)
	d, err := r.Delivery(c.DeliveryID)
	if err != nil {
		return err
	}
	if d.State == Registered || d.State == Rejected {
		return fmt.Errorf("delivery %s is %s already: %w", d.ID, d.State, ErrStale)
	}
	what := r.exchangeKind(d, c)
	late := d.State == Cancelled
	if err := d.move(Registered, now); err != nil {
		return err
	}
	d.ExternalID = Clip(receipt.ExternalID, maxNumber)
	if d.ExternalID == "" || d.ExternalID != receipt.ExternalID {
		d.ExternalID = MessageID(d.ID)
	}
	d.LastError, d.InDoubt = LastError{}, false
	r.note(d, c, what, x, "registered", "", "", now)
	if late {
		r.reopen()
	}
	if d.Kind == Submit {
		r.emit(canonical.EventRegistered, d, now, canonical.EventData{ExternalID: receipt.ExternalID})
	}
	if _, err := r.ApplyStatuses(d.Agency, receipt.Statuses, FromReceipt, now); err != nil {
		return err
	}
	r.settle(now) // its final status may have come before the receipt
	if d.Kind == Submit && !r.WithdrawnAt.IsZero() && r.State == Open && d.Cancelable && !r.withdrawing(d.Agency) {
		r.add(Cancel, Target{Agency: d.Agency, Endpoint: d.Endpoint}, now)
	}
	return nil
}

// Retry records a failure after which the delivery is sent again at next: a transient error, or a probe that found
// that the agency does not have it. What the portal has withdrawn meanwhile is cancelled instead, unless an earlier
// send may have arrived: then the agency has to be told, and the next receipt does it.
func (r *Request) Retry(c Claim, x Exchange, e *adapters.Error, next, now time.Time) error {
	now = instant(now)
	d, err := r.failed(c, x, e, now)
	if err != nil {
		return err
	}
	if d.State == Unconfirmed && e.Class != adapters.Ambiguous {
		d.InDoubt = false // the agency says that it has nothing
	}
	if r.dismiss(d, now) {
		r.settle(now)
		return nil
	}
	if err := d.move(Retrying, now); err != nil {
		return err
	}
	d.NextAt = due(next, now)
	return nil
}

// Unconfirm records that the outcome of a send is unknown. The agency is asked at probeAt; a zero probeAt means that
// it can't be asked, and makes it the operator's.
func (r *Request) Unconfirm(c Claim, x Exchange, e *adapters.Error, probeAt, now time.Time) error {
	now = instant(now)
	d, err := r.failed(c, x, e, now)
	if err != nil {
		return err
	}
	since := d.Since
	again := d.State == Unconfirmed
	if r.State == Closed && r.dismiss(d, now) {
		return nil
	}
	if err := d.move(Unconfirmed, now); err != nil {
		return err
	}
	if again {
		d.Since = since
	}
	if probeAt.IsZero() {
		d.Owner = Operator
	} else {
		d.NextAt = due(probeAt, now)
	}
	return nil
}

// Reject records the agency's business refusal. That of a submission may close the request.
func (r *Request) Reject(c Claim, x Exchange, e *adapters.Error, now time.Time) error {
	now = instant(now)
	d, err := r.failed(c, x, e, now)
	if err != nil {
		return err
	}
	if err := d.move(Rejected, now); err != nil {
		return err
	}
	r.settle(now)
	return nil
}

// Die gives a delivery up to the operators: it may be under way, waiting or unconfirmed. The request stays open.
// What the portal has withdrawn and no agency has is cancelled instead.
func (r *Request) Die(c Claim, x Exchange, e *adapters.Error, now time.Time) error {
	now = instant(now)
	d, err := r.failed(c, x, e, now, Queued, Retrying)
	if err != nil {
		return err
	}
	if r.dismiss(d, now) {
		r.settle(now)
		return nil
	}
	if err := d.move(Dead, now); err != nil {
		return err
	}
	since := d.QueuedAt
	r.emit(canonical.EventDead, d, now, canonical.EventData{Reason: d.LastError.Code, Text: d.LastError.Text, Since: &since})
	return nil
}

// failed finds the delivery, notes the attempt and what went wrong with it.
func (r *Request) failed(c Claim, x Exchange, e *adapters.Error, now time.Time, also ...DeliveryState) (*Delivery, error) {
	d, err := r.held(c, append(also, Sending, Unconfirmed)...)
	if err != nil {
		return nil, err
	}
	class := e.Class.String()
	d.LastError = LastError{
		Class: class, Code: Clip(e.Code, maxCode), Text: Clip(e.Text, maxText), Reason: Clip(e.Reason, maxCode),
		Remedy: adapters.Text{RU: Clip(e.Remedy.RU, maxText), EN: Clip(e.Remedy.EN, maxText)}, At: now,
	}
	d.InDoubt = d.InDoubt || e.Class == adapters.Ambiguous && d.State == Sending
	r.note(d, c, r.exchangeKind(d, c), x, class, d.LastError.Code, d.LastError.Text, now)
	return d, nil
}

// Lapse takes over a delivery whose owner is gone: its lease ran out between Begin and the record of the outcome.
// Where the agency absorbs repeats (resend safe) it is queued again, otherwise it is unconfirmed: asked about at next,
// or the operator's when next is zero.
func (r *Request) Lapse(c Claim, resend bool, next, now time.Time) error {
	d, err := r.held(c, Sending)
	if err != nil {
		return err
	}
	e := &adapters.Error{Class: adapters.Ambiguous, Code: "interrupted", Text: "the node that was sending it stopped before it could record the outcome"}
	x := Exchange{StartedAt: d.Since}
	d.Epoch++
	c.Epoch++
	if resend {
		return r.Retry(c, x, e, next, now)
	}
	return r.Unconfirm(c, x, e, next, now)
}

// Replay sends a delivery again because an operator says so: one that is dead, or unconfirmed when the operator knows
// that the agency does not have it. What was recorded of it stays.
func (r *Request) Replay(deliveryID, by string, now time.Time) error {
	now = instant(now)
	d, err := r.Delivery(deliveryID)
	if err != nil {
		return err
	}
	if d.State != Dead && d.State != Unconfirmed {
		return &TransitionError{d.ID, d.State, Queued}
	}
	if d.State == Unconfirmed {
		d.InDoubt = false // the operator knows
	}
	if err := d.move(Queued, now); err != nil {
		return err
	}
	d.Epoch++
	d.QueuedAt, d.NextAt, d.DelayedAt = now, now, time.Time{}
	r.note(d, Claim{DeliveryID: d.ID, Owner: by}, AttemptDecision, Exchange{StartedAt: now}, "replay", "", "sent again by an operator", now)
	return nil
}

// Delay tells the portal, once for as long as the delivery waits, that it is late; next is when it is tried again, or zero.
func (r *Request) Delay(deliveryID, why string, next, now time.Time) error {
	now = instant(now)
	d, err := r.Delivery(deliveryID)
	if err != nil {
		return err
	}
	if d.State.Ended() || d.State == Dead || !d.DelayedAt.IsZero() {
		return nil
	}
	d.DelayedAt = now
	since := d.QueuedAt
	data := canonical.EventData{Reason: Clip(why, maxCode), Since: &since}
	if next = instant(next); !next.IsZero() {
		data.NextTry = &next
	}
	r.emit(canonical.EventDelayed, d, now, data)
	return nil
}

// AskAt sets when the agency is next asked for the statuses of what it has; zero: not to be asked.
func (r *Request) AskAt(deliveryID string, at time.Time) error {
	d, err := r.Delivery(deliveryID)
	if err != nil {
		return err
	}
	if d.State != Registered || r.State == Closed {
		at = time.Time{}
	}
	d.PollAt = instant(at)
	return nil
}

// exchangeKind tells what an exchange about the delivery was, before its state changes.
func (r *Request) exchangeKind(d *Delivery, c Claim) string {
	switch {
	case c.Owner == "" && d.State == Unconfirmed:
		return AttemptProbe
	case d.State == Unconfirmed && c.Epoch == d.Epoch:
		return AttemptDecision
	}
	return AttemptSend
}

// note records one attempt.
func (r *Request) note(d *Delivery, c Claim, what string, x Exchange, class, code, text string, now time.Time) {
	r.changes.Attempts = append(r.changes.Attempts, Attempt{
		DeliveryID: d.ID, N: d.Attempts, What: what, Owner: c.Owner, StartedAt: instant(x.StartedAt), EndedAt: now,
		Class: class, Code: code, Text: text, HTTPStatus: x.HTTPStatus,
		Sent: bounded(x.Sent), Received: bounded(x.Received), MappingHash: Clip(x.MappingHash, maxCode),
	})
}

func bounded(b []byte) []byte { return b[:min(len(b), MaxWire)] }

// due is next, or now when the caller has no wish: a delivery that waits always has a wake-up.
func due(next, now time.Time) time.Time {
	if next.IsZero() {
		next = now
	}
	return instant(next)
}

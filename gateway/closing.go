package gateway

import (
	"errors"
	"time"

	"sluice/contracts/canonical"
)

// outcome is how one submission ended, or "" while it has not.
func (r *Request) outcome(d *Delivery) string {
	switch d.State {
	case Rejected:
		return OutcomeRejected
	case Cancelled:
		return OutcomeCancelled
	case Registered:
		if s := r.InForce(d.Agency); s != nil && s.Code.Final() {
			return string(s.Code)
		}
	}
	return ""
}

// severity orders outcomes, the least favourable first: a request to several agencies is as good as its worst answer.
var severity = []string{
	OutcomeRejected, string(canonical.Refused), OutcomeCancelled, string(canonical.Approved), string(canonical.Completed),
}

// verdict is the outcome of the whole request, or "" while a submission has none.
func (r *Request) verdict() string {
	found := make(map[string]bool, 1)
	for _, d := range r.Deliveries {
		if d.Kind != Submit {
			continue
		}
		o := r.outcome(d)
		if o == "" {
			return ""
		}
		found[o] = true
	}
	for _, o := range severity {
		if found[o] {
			return o
		}
	}
	return ""
}

// settled tells whether every submission has ended.
func (r *Request) settled() bool { return r.verdict() != "" }

// settle closes the request once every submission has ended, and corrects or takes back a closing that no longer holds.
func (r *Request) settle(now time.Time) {
	outcome := r.verdict()
	switch {
	case outcome == "" && r.State == Closed:
		r.reopen()
		return
	case outcome == "" || r.State == Closed && r.Outcome == outcome:
		return
	}
	r.State, r.Outcome, r.ClosedAt = Closed, outcome, now
	for _, d := range r.Deliveries {
		d.PollAt = time.Time{}
		if d.State != Sending && d.State.CanBecome(Cancelled) {
			r.dismiss(d, now)
		}
	}
	data := canonical.EventData{Outcome: outcome}
	var told *Delivery
	for _, d := range r.Deliveries {
		if d.Kind != Submit || r.outcome(d) != outcome {
			continue
		}
		told = d
		if outcome == OutcomeRejected {
			data.Reason, data.Text = d.LastError.Reason, d.LastError.Text
		}
		if s := r.InForce(d.Agency); s != nil {
			data.Status = &canonical.StatusView{Status: s.Status, Agency: s.Agency, Source: string(s.Source), ReceivedAt: s.ReceivedAt}
			data.Reason = s.Reason
		}
		break
	}
	r.emit(canonical.EventClosed, told, now, data)
}

// dismiss cancels a delivery that nobody waits for any more, and reports whether it did: the request has ended without
// it, or the portal has withdrawn what it brings and the agency surely does not have it.
func (r *Request) dismiss(d *Delivery, now time.Time) bool {
	moot := d.Kind != Submit && r.State == Closed
	withdrawn := (d.Kind == Submit || d.Kind == Supplement) && !r.WithdrawnAt.IsZero()
	if !moot && (!withdrawn || d.InDoubt) || d.move(Cancelled, now) != nil {
		return false
	}
	d.InDoubt = false
	return true
}

// reopen takes a closing back: the agency went on with the case, or has what was thought withdrawn.
func (r *Request) reopen() { r.State, r.Outcome, r.ClosedAt = Open, "", time.Time{} }

// ErrClosed says that the request has ended already.
var ErrClosed = errors.New("the request is closed")

// ErrCannotWithdraw says that an agency has the request and takes no withdrawals.
var ErrCannotWithdraw = errors.New("the agency has the request and takes no withdrawals")

// Withdrawal is what became of the portal's wish to cancel.
type Withdrawal string

// What becomes of the portal's wish to cancel.
const (
	WithdrawnNow   Withdrawal = "cancelled" // no agency had it: the request is closed
	WithdrawnSent  Withdrawal = "sent"      // the agency has it and is being told
	WithdrawnNoted Withdrawal = "noted"     // it is on its way or may have arrived: decided once that is known
)

// Withdraw cancels what no agency has, and tells those that have it where they take withdrawals.
// Asking twice changes nothing. Errors are ErrClosed and ErrCannotWithdraw.
func (r *Request) Withdraw(reason string, now time.Time) (Withdrawal, error) {
	now = instant(now)
	if r.State == Closed {
		return "", ErrClosed
	}
	for _, d := range r.Deliveries {
		if d.Kind == Submit && d.State == Registered && !d.Cancelable {
			return "", ErrCannotWithdraw
		}
	}
	if r.WithdrawnAt.IsZero() {
		r.WithdrawnAt, r.WithdrawReason = now, Clip(reason, 1000)
	}
	result := WithdrawnNow
	for _, d := range r.Deliveries[:len(r.Deliveries):len(r.Deliveries)] {
		if d.Kind != Submit && d.Kind != Supplement {
			continue
		}
		switch d.State {
		case Queued, Retrying, Dead, Sending, Unconfirmed:
			if d.State == Sending || d.State == Unconfirmed || !r.dismiss(d, now) {
				if result == WithdrawnNow {
					result = WithdrawnNoted
				}
			}
		case Registered:
			if d.Kind != Submit {
				continue
			}
			result = WithdrawnSent
			if !r.withdrawing(d.Agency) {
				r.add(Cancel, Target{Agency: d.Agency, Endpoint: d.Endpoint}, now)
			}
		}
	}
	r.settle(now)
	return result, nil
}

// withdrawing tells whether the agency is being told, or was told, of the withdrawal.
func (r *Request) withdrawing(agency string) bool {
	for _, d := range r.Deliveries {
		if d.Kind == Cancel && d.Agency == agency && d.State != Rejected && d.State != Dead {
			return true
		}
	}
	return false
}

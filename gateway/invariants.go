package gateway

import (
	"errors"
	"fmt"

	"sluice/contracts/canonical"
)

// Check holds the request against what must be true after every change, whatever its history. A store's schema checks
// the same of each row; this is for tests, and for whoever looks for damage.
func (r *Request) Check() error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("request %s: "+format, append([]any{r.ID}, args...)...))
	}
	switch r.State {
	case Open:
		if r.Outcome != "" || !r.ClosedAt.IsZero() {
			wrong("is open but has an outcome or an end")
		}
		if r.settled() {
			wrong("is open though every submission has ended")
		}
	case Closed:
		if r.Outcome == "" || r.ClosedAt.IsZero() {
			wrong("is closed without an outcome or an end")
		}
		if r.Outcome != r.verdict() {
			wrong("is closed as %q but ended as %q", r.Outcome, r.verdict())
		}
	default:
		wrong("has the state %q", r.State)
	}
	for i, d := range r.Deliveries {
		if d.N != i+1 || d.ID != DeliveryID(r.ID, d.N) || d.RequestID != r.ID {
			wrong("delivery %d is named %s", i+1, d.ID)
		}
		if err := d.Check(); err != nil {
			errs = append(errs, err)
		}
	}
	for i := range r.Statuses {
		if e := &r.Statuses[i]; e.N != i+1 || !e.Code.Valid() || e.ReceivedAt.IsZero() {
			wrong("status %d (%s) is out of order or incomplete", e.N, e.Code)
		}
	}
	if r.Status == canonical.Unknown {
		wrong("an unknown code is in force")
	}
	return errors.Join(errs...)
}

// Check tells what is wrong with the delivery by itself: above all, one that is open must have a next wake-up or an
// owner, and never both.
func (d *Delivery) Check() error {
	wakes, owned, ended := !d.NextAt.IsZero(), d.Owner != "", !d.EndedAt.IsZero()
	var sound bool
	switch d.State {
	case Queued, Retrying:
		sound = wakes && !owned
	case Sending:
		sound = !wakes && owned && d.Owner != Operator
	case Unconfirmed:
		sound = wakes != owned && (!owned || d.Owner == Operator)
	case Dead:
		sound = !wakes && d.Owner == Operator && d.LastError.Class != ""
	case Registered:
		sound = !wakes && !owned && d.ExternalID != ""
	case Rejected, Cancelled:
		sound = !wakes && !owned
	}
	if !sound || ended != d.State.Ended() || !d.PollAt.IsZero() && d.State != Registered {
		return fmt.Errorf("delivery %s is stuck or unsound: %s, next at %v, owner %q, ended at %v, asked at %v", d.ID, d.State, d.NextAt, d.Owner, d.EndedAt, d.PollAt)
	}
	return nil
}

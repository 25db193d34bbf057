package delivery

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/gateway"
	"sluice/gateway/store"
)

// codeNotFound is the code of a probe that heard that the agency does not have the message.
const codeNotFound = "not_found"

// decide turns what came of an exchange into the delivery's next state, by the class alone, and records it:
//
//	receipt, alreadyDone   registered
//	transient              retrying, until limits.maxAge; then dead
//	permanent              dead
//	rejected               rejected
//	ambiguous              by the service's resend: safe retrying; ask unconfirmed, and the agency is asked;
//	                       operator unconfirmed, and somebody decides
//	not sent after all     back to where it was
func (j *job) decide(receipt adapters.Receipt, found bool, x outcome) {
	now := x.ended
	what := gateway.Exchange{StartedAt: x.started, HTTPStatus: x.status, Sent: x.sent, Received: x.received}
	if j.service != nil {
		what.MappingHash = j.service.MappingHash
	}
	e := x.err
	var change func(*gateway.Request) error
	switch {
	case e == nil && !found:
		e = &adapters.Error{Class: adapters.Transient, Code: codeNotFound, Text: "the agency says that it does not have the message: it is sent again"}
		change = func(r *gateway.Request) error { return r.Retry(j.claim, what, e, now, now) }
	case e == nil:
		change = j.register(what, receipt, now)
	case e.Class == adapters.AlreadyDone && e.ExternalID == "" && !j.probe && j.canProbe():
		// The agency has it under a number that it did not repeat; its pushes will name that number.
		change = func(r *gateway.Request) error { return r.Unconfirm(j.claim, what, e, now, now) }
	case e.Class == adapters.AlreadyDone:
		receipt.ExternalID = e.ExternalID
		change = j.register(what, receipt, now)
	case e.Code == exchange.CodeInterrupted && e.Class == adapters.Transient, j.probe && e.Code == exchange.CodeInterrupted:
		change = func(r *gateway.Request) error { return r.PutBack(j.claim, now, now) }
	case e.Class == adapters.Rejected:
		change = func(r *gateway.Request) error { return r.Reject(j.claim, what, e, now) }
	case j.probe:
		change = j.askAgain(what, e, now)
	case e.Class == adapters.Permanent, e.Code == codePanic && j.resend() == adapters.ResendSafe:
		change = func(r *gateway.Request) error { return r.Die(j.claim, what, e, now) }
	case e.Class == adapters.Transient, j.resend() == adapters.ResendSafe:
		change = j.retry(what, e, now)
	case j.resend() == adapters.ResendAsk:
		change = func(r *gateway.Request) error { return r.Unconfirm(j.claim, what, e, now.Add(j.settle()), now) }
	default:
		change = func(r *gateway.Request) error { return r.Unconfirm(j.claim, what, e, time.Time{}, now) }
	}
	r, ok := j.record(change)
	j.report(r, ok, x, e)
	j.e.unknown(j.agency.Name, j.request.Service, j.d.ID, receipt.Unknown)
	if ok {
		j.after(r, receipt)
	}
}

// register also plans the first question about the statuses.
func (j *job) register(what gateway.Exchange, receipt adapters.Receipt, now time.Time) func(*gateway.Request) error {
	askAt := time.Time{}
	if j.d.Kind == gateway.Submit {
		askAt = NextPoll(j.service, now, now)
	}
	return func(r *gateway.Request) error {
		if err := r.Register(j.claim, what, receipt, now); err != nil {
			return err
		}
		return r.AskAt(j.d.ID, askAt)
	}
}

// retry sends again by the schedule, or when the agency wishes; at the latest once more when the delivery has
// reached its age, after which it is given up.
func (j *job) retry(what gateway.Exchange, e *adapters.Error, now time.Time) func(*gateway.Request) error {
	expires := j.expires()
	if !now.Before(expires) {
		given := *e
		given.Text += "; given up after limits.maxAge, " + j.agency.Manifest.Limits.MaxAge.String()
		return func(r *gateway.Request) error { return r.Die(j.claim, what, &given, now) }
	}
	next := now.Add(j.e.c.Retry.after(j.d.Attempts))
	if e.RetryAfter > 0 {
		next = now.Add(e.RetryAfter + rand.N(e.RetryAfter/10+1))
		j.limiter.rest(e.RetryAfter)
	}
	if next.After(expires) {
		next = expires
	}
	return func(r *gateway.Request) error { return r.Retry(j.claim, what, e, next, now) }
}

// askAgain follows a probe that failed: the longer the outcome is unknown, the rarer the question. An agency that
// says that it can't be asked, or that has not told in limits.maxAge, leaves it to the operator.
func (j *job) askAgain(what gateway.Exchange, e *adapters.Error, now time.Time) func(*gateway.Request) error {
	next := time.Time{}
	if e.Class != adapters.Permanent && now.Before(j.expires()) {
		wait := min(max(now.Sub(j.d.Since), j.settle()), j.e.c.Retry.Max)
		next = now.Add(max(wait, e.RetryAfter))
	}
	return func(r *gateway.Request) error { return r.Unconfirm(j.claim, what, e, next, now) }
}

// resend is what may follow an attempt whose outcome is unknown. A withdrawal names a registration, so repeating it
// changes nothing more.
func (j *job) resend() adapters.Resend {
	switch {
	case j.d.Kind == gateway.Cancel:
		return adapters.ResendSafe
	case j.service == nil:
		return adapters.ResendOperator
	}
	return j.service.Resend
}

func (j *job) canProbe() bool {
	_, ok := j.agency.Adapter.(adapters.OutcomeProber)
	return ok && j.d.Kind == gateway.Submit && j.service != nil && j.service.Spec.Probe != nil
}

func (j *job) expires() time.Time { return j.d.QueuedAt.Add(j.agency.Manifest.Limits.MaxAge) }

// settle is how long the agency is given to finish what it may be doing before it is asked.
func (j *job) settle() time.Duration { return settle(j.service) }

func settle(s *adapters.Service) time.Duration {
	if s != nil && s.Spec.Probe != nil && s.Spec.Probe.Settle > 0 {
		return s.Spec.Probe.Settle
	}
	return 30 * time.Second
}

// What a delivery's worker has to write it writes again, at first after firstPause, and recordTries times when the store
// can't take it though it can be written.
const (
	firstPause  = 50 * time.Millisecond
	recordTries = 5
)

// record writes a decision. While the store is unavailable it is tried again, because the agency may already have
// acted; it is given up only when this process must no longer send: then the lease's end hands the delivery to the
// sweep. A decision that the store can't take for its content leaves the delivery to the operators.
func (j *job) record(change func(*gateway.Request) error) (*gateway.Request, bool) {
	pause := firstPause
	for try := 1; ; try++ {
		ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
		r, err := j.e.update(ctx, j.request.ID, change)
		cancel()
		switch {
		case err == nil:
			return r, true
		case overtaken(err):
			j.e.c.Log.Warn("the outcome came too late to count", "delivery", j.d.ID, "err", err)
			return nil, false
		}
		j.e.c.Log.Error("an outcome could not be recorded", "delivery", j.d.ID, "err", err)
		switch {
		case j.e.lease.held() != nil:
			return nil, false
		case try >= 2*recordTries && !errors.Is(err, store.ErrUnavailable):
			j.unrecorded = true
			return nil, false
		case try == recordTries && !errors.Is(err, store.ErrUnavailable):
			change = j.unrecordable()
		}
		time.Sleep(pause)
		pause = min(2*pause, time.Second)
	}
}

// unrecordable gives up a delivery whose outcome the store refuses: a bug that the next attempt would meet again.
func (j *job) unrecordable() func(*gateway.Request) error {
	now := j.e.c.Now()
	e := &adapters.Error{Class: adapters.Ambiguous, Code: "not_recorded", Text: "the attempt's outcome could not be recorded; the agency may have the message",
		Remedy: adapters.Text{
			RU: "Узнайте у ведомства, получило ли оно запрос; запись в журнале передайте разработчику.",
			EN: "Ask the agency whether it has the request, and give the log's record to the developers.",
		}}
	return func(r *gateway.Request) error { return r.Die(j.claim, gateway.Exchange{StartedAt: now}, e, now) }
}

// after does what a new state asks for.
func (j *job) after(r *gateway.Request, receipt adapters.Receipt) {
	d, err := r.Delivery(j.d.ID)
	if err != nil {
		return
	}
	switch d.State {
	case gateway.Queued, gateway.Retrying, gateway.Unconfirmed:
		j.dueAt(d.NextAt)
	default:
		j.e.cache.drop(r.ID)
	}
	if d.State == gateway.Registered && d.Kind == gateway.Submit && j.service != nil && j.service.Spec.Status.Push != "" {
		j.e.ApplyKept(r.ID, j.agency.Name, d.ExternalID)
	}
}

// report writes the one line that every decision leaves in the log, without personal data.
func (j *job) report(r *gateway.Request, recorded bool, x outcome, e *adapters.Error) {
	attrs := []slog.Attr{
		slog.String("delivery", j.d.ID), slog.String("agency", j.agency.Name), slog.String("endpoint", j.name),
		slog.String("service", j.request.Service), slog.String("kind", j.kind()), slog.Int("attempt", j.d.Attempts),
		slog.String("class", x.class()), slog.Int("http", x.status), slog.Duration("took", x.took()),
	}
	if e != nil {
		attrs = append(attrs, slog.String("code", e.Code))
	}
	level := slog.LevelInfo
	if recorded {
		if d, err := r.Delivery(j.d.ID); err == nil {
			attrs = append(attrs, slog.String("state", string(d.State)))
			if !d.NextAt.IsZero() {
				attrs = append(attrs, slog.Time("next", d.NextAt))
			}
			j.e.c.Metrics.Delivery(j.agency.Name, j.name, string(d.State))
			if d.State == gateway.Dead || d.Owner == gateway.Operator {
				level = slog.LevelError
			}
		}
	}
	j.e.c.Log.LogAttrs(context.Background(), level, "delivery", attrs...)
}

package delivery

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sluice/adapters"
	"sluice/gateway"
)

// judge holds an exchange's outcome against the endpoint's breaker and tells whether the agency answered as it
// should. The outcome of a probe decides alone; before that, the breaker counts.
func (l *lane) judge(x outcome) (good bool) {
	failure, counts := l.breaker.failure(x.err, x.took())
	if !counts {
		return false
	}
	l.mu.Lock()
	probing := l.row.Health == gateway.Probing && l.row.Probe == l.e.c.Owner
	l.mu.Unlock()
	switch {
	case !probing && l.breaker.count(failure != nil):
		l.trip(failure, func(s *gateway.EndpointState) bool { return true })
	case probing && failure != nil:
		l.trip(failure, l.probes)
	case probing:
		l.recover()
	}
	return failure == nil
}

// probes tells whether this process probes the endpoint.
func (l *lane) probes(s *gateway.EndpointState) bool {
	return s.Health == gateway.Probing && s.Probe == l.e.c.Owner
}

// trip holds the endpoint because it fails.
func (l *lane) trip(failure *adapters.Error, if_ func(*gateway.EndpointState) bool) {
	now := l.e.c.Now()
	text := fmt.Sprintf("%s: %s", failure.Code, failure.Text)
	l.change(func(s *gateway.EndpointState) {
		if if_(s) {
			s.Trip(text, l.e.c.Owner, now.Add(l.breaker.c.Open), now)
		}
	})
}

// recover ends the incident; the limiter goes on to ramp.
func (l *lane) recover() {
	now := l.e.c.Now()
	l.change(func(s *gateway.EndpointState) {
		if l.probes(s) {
			s.Release(l.e.c.Owner, now)
		}
	})
}

// change applies a change of the endpoint's state here at once, so that the gate closes before the next message,
// and has the lane write it for the fleet. change must hold whatever the stored state is by then.
func (l *lane) change(change func(*gateway.EndpointState)) {
	l.mu.Lock()
	row := l.row.Clone()
	change(row)
	l.adopt(row)
	l.pending = append(l.pending, change)
	l.mu.Unlock()
	l.gate()
	signal(l.wake)
}

// flush writes the changes that were applied here alone, and tells whether all are.
func (l *lane) flush(ctx context.Context) bool {
	l.mu.Lock()
	pending := l.pending
	l.mu.Unlock()
	if len(pending) == 0 {
		return true
	}
	row, err := l.e.c.Store.UpdateEndpoint(ctx, l.agency.Name, l.name, func(s *gateway.EndpointState) error {
		for _, change := range pending {
			change(s)
		}
		return nil
	})
	if err != nil {
		l.trouble(ctx, "writing the state of an endpoint", err)
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending = l.pending[len(pending):]; len(l.pending) == 0 {
		l.adopt(row)
	}
	return true
}

// errNotOurs leaves UpdateEndpoint without a write: another node probes, or it is too early.
var errNotOurs = errors.New("another node probes the endpoint")

// probeLease is how long the right to probe lasts: an attempt and some.
func (l *lane) probeLease() time.Duration { return l.attempt + 2*l.e.c.Lease }

// probe takes the right to send one exchange at a time to an endpoint that is held by its breaker, once it may be
// probed, and keeps it until an exchange has shown how the agency is. It returns when to look again.
func (l *lane) probe(ctx context.Context, now time.Time) time.Time {
	l.mu.Lock()
	row := l.row.Clone()
	l.mu.Unlock()
	ours := l.probes(row)
	switch {
	case ours && row.Lease.Sub(now) > l.probeLease()/2:
		return row.Lease.Add(-l.probeLease() / 2)
	case ours:
	case row.Health == gateway.Held && row.Reason == gateway.HeldByBreaker && !row.Until.After(now):
	case row.Health == gateway.Probing && !row.Lease.After(now):
	default:
		return time.Time{}
	}
	if open, _, _ := l.spec.OpenAt(now); !open {
		return time.Time{}
	}
	row, err := l.e.c.Store.UpdateEndpoint(ctx, l.agency.Name, l.name, func(s *gateway.EndpointState) error {
		if !s.BeginProbe(l.e.c.Owner, now.Add(l.probeLease()), now) {
			return errNotOurs
		}
		return nil
	})
	if err != nil {
		if !errors.Is(err, errNotOurs) {
			l.trouble(ctx, "taking the right to probe", err)
		}
		return now.Add(l.e.c.Tick)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !ours {
		l.limiter.ramp()
	}
	l.adopt(row)
	return row.Lease.Add(-l.probeLease() / 2)
}

// adopt takes over a state of the endpoint; it needs l.mu.
func (l *lane) adopt(row *gateway.EndpointState) {
	was := l.row
	l.row = row.Clone()
	if was.Health == row.Health && was.Reason == row.Reason {
		return
	}
	l.e.c.Metrics.Endpoint(l.agency.Name, l.name, string(row.Health))
	attrs := []any{"agency", l.agency.Name, "endpoint", l.name, "health", row.Health, "reason", row.Reason, "text", row.Text, "by", row.By}
	if !row.Until.IsZero() { // unlike an operator's hold and a release
		attrs = append(attrs, "until", row.Until)
	}
	l.e.c.Log.Info("endpoint", attrs...)
	if row.Health == gateway.Up {
		l.breaker.reset()
		if was.Health == gateway.Held {
			l.limiter.ramp() // after a probe it is under way
		}
	}
	signal(l.wake)
}

// refresh takes over what other nodes and operators decided about the endpoints.
func (e *Engine) refresh(ctx context.Context) error {
	rows, err := e.c.Store.Endpoints(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		l := e.byKey[row.Key()]
		if l == nil {
			continue
		}
		l.mu.Lock()
		if len(l.pending) == 0 && row.Epoch > l.row.Epoch {
			l.adopt(row)
		}
		l.mu.Unlock()
	}
	return nil
}

package gateway

import (
	"fmt"
	"strconv"
	"time"

	"sluice/contracts/canonical"
)

// Health is whether an endpoint is sent to.
type Health string

// The states of an endpoint.
const (
	Up      Health = "up"
	Held    Health = "held"    // nothing is sent
	Probing Health = "probing" // one node may send one delivery, to see whether it is back
)

// Why an endpoint is held.
const (
	HeldByBreaker  = "breaker"
	HeldByOperator = "operator"
)

// EndpointState is what the whole fleet goes by for one endpoint of an agency.
type EndpointState struct {
	Agency string
	Name   string
	Health Health
	Reason string    // of held and probing: HeldByBreaker or HeldByOperator
	Text   string    // what was seen, or the operator's note
	By     string    // the node or the operator
	Epoch  int64     // grows with every change: a node that acts on an older one is told so
	Since  time.Time // when the incident, or the time without one, began
	Until  time.Time // when it may be probed; zero: not before an operator says so
	Probe  string    // the node that holds the probe, and until when
	Lease  time.Time

	LastEvent int
	changes   Changes
}

// Key names the endpoint in queues, events and logs.
func (e *EndpointState) Key() string { return e.Agency + "/" + e.Name }

// Changes returns the events that the methods noted.
func (e *EndpointState) Changes() *Changes { return &e.changes }

// Trip holds the endpoint because it fails; it may be probed at until. An incident that goes on is not told again,
// and an operator's hold stays.
func (e *EndpointState) Trip(text, by string, until, now time.Time) {
	now = instant(now)
	if e.Reason == HeldByOperator {
		return
	}
	first := e.Health != Held && e.Health != Probing
	e.set(Held, HeldByBreaker, text, by, due(until, now))
	if first {
		e.Since = now
		e.emit(canonical.EventAgencyDown, now)
	}
}

// Hold holds the endpoint until an operator releases it.
func (e *EndpointState) Hold(note, by string, now time.Time) {
	now = instant(now)
	first := e.Health == Up || e.Health == ""
	e.set(Held, HeldByOperator, note, by, time.Time{})
	if first {
		e.Since = now
		e.emit(canonical.EventAgencyDown, now)
	}
}

// BeginProbe gives one node the right to send one delivery until lease. It reports false when the endpoint is not
// due to be probed or another node is at it.
func (e *EndpointState) BeginProbe(owner string, lease, now time.Time) bool {
	due := e.Health == Held && e.Reason == HeldByBreaker && !e.Until.After(now)
	lapsed := e.Health == Probing && (e.Probe == owner || !e.Lease.After(now))
	if !due && !lapsed {
		return false
	}
	e.set(Probing, e.Reason, e.Text, e.By, e.Until)
	e.Probe, e.Lease = owner, instant(lease)
	return true
}

// Release ends the incident: a probe succeeded, or an operator says so.
func (e *EndpointState) Release(by string, now time.Time) {
	if e.Health == Up || e.Health == "" {
		e.Health = Up
		return
	}
	now = instant(now)
	e.emit(canonical.EventAgencyRecovered, now)
	e.set(Up, "", "", by, time.Time{})
	e.Since = now
}

func (e *EndpointState) set(h Health, reason, text, by string, until time.Time) {
	e.Health, e.Reason, e.Text, e.By, e.Until = h, reason, Clip(text, maxText), by, instant(until)
	e.Probe, e.Lease = "", time.Time{}
	e.Epoch++
}

func (e *EndpointState) emit(kind string, now time.Time) {
	e.LastEvent++
	data := canonical.EventData{Agency: e.Agency, Endpoint: e.Name, Reason: e.Reason, Text: e.Text}
	since := e.Since
	data.Since = &since
	if !e.Until.IsZero() && kind == canonical.EventAgencyDown {
		next := e.Until
		data.NextTry = &next
	}
	e.changes.Events = append(e.changes.Events, Event{
		// The time keeps the id apart from those of a store that was made anew.
		ID:     fmt.Sprintf("evt-%s-%d-%s", e.Key(), e.LastEvent, strconv.FormatInt(now.UnixMilli(), 10)),
		Stream: e.Key(), N: e.LastEvent, Type: kind, At: now, Data: data,
	})
}

// Clone copies the state without what is pending.
func (e *EndpointState) Clone() *EndpointState {
	c := *e
	c.changes = Changes{}
	return &c
}

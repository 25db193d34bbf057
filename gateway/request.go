package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sluice/adapters"
	"sluice/contracts/canonical"
)

// Request is a citizen's application for one service with everything that became of it: the aggregate that a store
// loads and writes as one. Its canonical body is kept apart and never changes.
type Request struct {
	Seq            int64  // the store's own number, in order of acceptance; 0 until stored
	Rev            int64  // how often the store has written what is the request's own
	ID             string // a UUID; made by NewID
	Client         string // the portal client that sent it
	PortalID       string // the id that the portal gave it
	Service        string
	ServiceVersion string
	Agency         string // where the portal routed it
	Priority       canonical.Priority
	Test           bool
	State          RequestState
	Outcome        string               // of a closed request: its final status, OutcomeRejected or OutcomeCancelled
	Status         canonical.StatusCode // the one in force: the last by the agency's time; "" before the first
	AcceptedAt     time.Time
	ClosedAt       time.Time // zero while open
	WithdrawnAt    time.Time // when the portal asked to cancel it; zero when it did not
	WithdrawReason string

	Deliveries []*Delivery
	Statuses   []StatusEntry // in order of arrival; History orders them by the agency's time

	LastEvent int // the number of the last event of this request
	changes   Changes
}

// Delivery is one message that one agency must get.
type Delivery struct {
	ID         string // <request id>.<n>
	RequestID  string
	N          int // 1 is the first delivery of the request
	Rev        int64
	Agency     string
	Endpoint   string
	Kind       Kind
	State      DeliveryState
	Epoch      int64     // grows whenever it is handed out, taken over or replayed: older messages about it are stale
	Attempts   int       // sends begun
	InDoubt    bool      // a send's outcome is unknown: the agency may have it, so it can't just be cancelled
	QueuedAt   time.Time // when it was first due: it is that old
	Since      time.Time // when its state began
	NextAt     time.Time // when it is due to be handed out; zero when it has an owner or has ended
	Owner      string    // the node that is sending it, or Operator; "" when it waits for NextAt or has ended
	EndedAt    time.Time // when it was registered, rejected or cancelled
	DelayedAt  time.Time // when the portal was told that it is late
	ExternalID string    // the agency's registration number, or our message id where it gives none that can be kept
	PollAt     time.Time // when the agency is asked for statuses; zero when it is not to be asked
	Cancelable bool      // the agency takes withdrawals
	LastError  LastError // of the last attempt; zero when there was none or it succeeded
}

// Operator owns deliveries that only a person can move on.
const Operator = "operator"

// LastError is why the last attempt of a delivery did not end in a receipt.
type LastError struct {
	Class  string // adapters.Class as a word
	Code   string
	Text   string
	Reason string
	Remedy adapters.Text
	At     time.Time
}

// Attempt is one exchange about a delivery: kept for ever after, never changed.
type Attempt struct {
	DeliveryID  string
	N           int    // which send it was or followed
	What        string // AttemptSend, AttemptProbe or AttemptDecision
	Owner       string // the node, or who decided
	StartedAt   time.Time
	EndedAt     time.Time
	Class       string // "registered", or adapters.Class as a word
	Code        string
	Text        string
	HTTPStatus  int    // 0 when no answer came
	Sent        []byte // wire bytes, bounded by MaxWire, credentials masked
	Received    []byte
	MappingHash string
}

// What an attempt was.
const (
	AttemptSend     = "send"     // the message went out
	AttemptProbe    = "probe"    // the agency was asked whether it has the message
	AttemptDecision = "decision" // an operator decided
)

// Bounds of texts from outside, in characters; longer ones are cut.
const (
	maxCode   = 200
	maxText   = 2000
	maxNumber = 500 // of a registration number: one that is longer is not kept, since a part of it would be wrong
)

// MaxWire bounds the wire bytes that an attempt keeps, each way.
const MaxWire = 64 << 10

// Changes is what has to be written beside the aggregate itself: rows that are only ever added.
type Changes struct {
	Attempts []Attempt
	Events   []Event
}

// Changes returns what the methods noted since the request was loaded or last written. The caller must not keep it.
func (r *Request) Changes() *Changes { return &r.changes }

// Target is one agency's endpoint that a request goes to.
type Target struct {
	Agency     string
	Endpoint   string
	Cancelable bool // the agency takes withdrawals
}

// NewRequestParams is what a request is made of.
type NewRequestParams struct {
	ID             string // NewID(now)
	Client         string
	PortalID       string
	Service        string
	ServiceVersion string
	Priority       canonical.Priority // "" is normal
	Test           bool
	Targets        []Target // one delivery of kind submit each; at least one
	Now            time.Time
}

// NewRequest accepts a request: open, with a queued delivery for each target, due at once.
func NewRequest(p NewRequestParams) (*Request, error) {
	now := instant(p.Now)
	if !validUUID(p.ID) {
		return nil, fmt.Errorf("making a request: the id %q is no UUID in lower case", p.ID)
	}
	if len(p.Targets) == 0 {
		return nil, errors.New("making a request: it goes to no agency")
	}
	if p.Client == "" || p.Service == "" || now.IsZero() {
		return nil, errors.New("making a request: client, service or time is missing")
	}
	if p.Priority == "" {
		p.Priority = canonical.Normal
	}
	r := &Request{
		ID: p.ID, Client: p.Client, PortalID: p.PortalID, Service: p.Service, ServiceVersion: p.ServiceVersion,
		Agency: p.Targets[0].Agency, Priority: p.Priority, Test: p.Test, State: Open, AcceptedAt: now,
	}
	for _, t := range p.Targets {
		r.add(Submit, t, now)
	}
	return r, nil
}

// add appends a queued delivery, due at once.
func (r *Request) add(kind Kind, t Target, now time.Time) *Delivery {
	n := len(r.Deliveries) + 1
	d := &Delivery{
		ID: DeliveryID(r.ID, n), RequestID: r.ID, N: n, Agency: t.Agency, Endpoint: t.Endpoint, Kind: kind,
		State: Queued, QueuedAt: now, Since: now, NextAt: now, Cancelable: t.Cancelable,
	}
	r.Deliveries = append(r.Deliveries, d)
	return d
}

// Delivery finds a delivery of the request by its id.
func (r *Request) Delivery(id string) (*Delivery, error) {
	if reqID, n, err := SplitDeliveryID(id); err == nil && reqID == r.ID && n <= len(r.Deliveries) {
		return r.Deliveries[n-1], nil
	}
	return nil, fmt.Errorf("request %s has no delivery %q", r.ID, id)
}

// Version grows with every change of the request, whatever part of it changed.
func (r *Request) Version() int64 {
	v := r.Rev
	for _, d := range r.Deliveries {
		v += d.Rev
	}
	return v
}

// Registered returns the submit delivery that the agency has, or nil.
func (r *Request) Registered(agency string) *Delivery {
	for _, d := range r.Deliveries {
		if d.Kind == Submit && d.Agency == agency && d.State == Registered {
			return d
		}
	}
	return nil
}

// Clone copies the request, so that changing the copy leaves the original as it was. Statuses are shared: they are
// only ever appended to.
func (r *Request) Clone() *Request {
	c := *r
	c.Deliveries = make([]*Delivery, len(r.Deliveries))
	all := make([]Delivery, len(r.Deliveries))
	for i, d := range r.Deliveries {
		all[i] = *d
		c.Deliveries[i] = &all[i]
	}
	c.Statuses = slices.Clip(r.Statuses)
	c.changes = Changes{}
	return &c
}

// DeliveryID names the n-th delivery of a request.
func DeliveryID(requestID string, n int) string { return requestID + "." + strconv.Itoa(n) }

// SplitDeliveryID takes a delivery's id apart.
func SplitDeliveryID(id string) (requestID string, n int, err error) {
	requestID, tail, ok := strings.Cut(id, ".")
	n, convErr := strconv.Atoi(tail)
	if !ok || convErr != nil || n < 1 || strconv.Itoa(n) != tail || !validUUID(requestID) {
		return "", 0, fmt.Errorf("%q is no delivery's id; want <request id>.<number>", id)
	}
	return requestID, n, nil
}

// Clip shortens a text that came from outside to at most n characters, and takes out what databases refuse.
func Clip(s string, n int) string {
	if len(s) <= n && utf8.ValidString(s) && !strings.ContainsRune(s, 0) {
		return s
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "")
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// instant is t as every store keeps it: UTC, whole microseconds, comparable by ==.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}

// Package adapters defines what speaks one agency's protocol: the Adapter interface, the optional
// interfaces beside it, the error classes, and the manifest that describes an agency.
//
// An adapter classifies what happened; it never retries, waits or stores. One engine in the hub decides
// what to do next, by the class alone.
package adapters

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"sluice/contracts/canonical"
)

// Adapter delivers requests to one agency. It must be safe for concurrent use.
type Adapter interface {
	// Submit sends one request and returns the agency's word that it has it.
	// Every error is an *Error, or is taken as Ambiguous once a byte may have gone out.
	Submit(ctx context.Context, s Submission) (Receipt, error)
}

// Submission is one delivery of kind submit.
type Submission struct {
	Call
	Request canonical.Message // the citizen's canonical request
}

// Call is what every exchange with an agency has in common.
type Call struct {
	Service   string       // the manifest's name of the service, such as family-composition
	Endpoint  Endpoint     // where to send
	MessageID string       // a UUID, the same for every attempt of one delivery
	Client    *http.Client // the hub's: bounded, traced, no redirects, GetBody cleared
}

// Endpoint is one address of an agency.
type Endpoint struct {
	Name string // unique within the agency, such as moscow
	URL  string
}

// Receipt is the agency's word that it has the request.
type Receipt struct {
	ExternalID string             // the agency's registration number; "" when it gives none
	Statuses   []canonical.Status // what it said about the request at once, oldest first
	Unknown    []UnknownCode      // codes that the mapping's tables lack
}

// UnknownCode is an agency's code that a mapping's table lacks: kept raw and reported, never guessed.
type UnknownCode struct {
	Table string
	Value string
	Path  string // where in the agency's message
}

// Registered identifies a request that the agency already has.
type Registered struct {
	Call
	Request    canonical.Message
	ExternalID string
}

// StatusPoller asks for the statuses of a request that the agency has.
type StatusPoller interface {
	Poll(ctx context.Context, r Registered) (Receipt, error)
}

// OutcomeProber asks whether an attempt whose reply was lost has arrived.
type OutcomeProber interface {
	// Probe returns found=false only when the agency says that it does not have the message.
	Probe(ctx context.Context, s Submission) (r Receipt, found bool, err error)
}

// Canceller withdraws a request that the agency has.
type Canceller interface {
	Cancel(ctx context.Context, r Registered, reason string) (Receipt, error)
}

// PushReceiver takes what an agency sends by itself.
type PushReceiver interface {
	// ReceivePush decodes one push, hands what it means to apply, and answers in the agency's own protocol:
	// what apply returned, or why the push was refused.
	ReceivePush(ctx context.Context, in Incoming, apply func(context.Context, Push) (PushResult, error)) Answer
}

// Incoming is one HTTP request from an agency, authenticated and bounded by the door.
type Incoming struct {
	Name   string // the push's name in the manifest; "" where the body decides
	Header http.Header
	Body   []byte
}

// Push is what an agency said by itself, translated.
type Push struct {
	ExternalID string // the agency's registration number of the request
	MessageID  string // our message id, where the agency returns it instead
	Statuses   []canonical.Status
	Unknown    []UnknownCode
}

// PushResult is what the hub made of a push; the ack mapping sees it as `result`.
type PushResult struct {
	Outcome   string // applied | duplicate | kept (no request has that number yet) | refused
	RequestID string
	Code      string // of a refused push: why, from the error table
	Text      string // of a refused push: why, in words for the agency's engineers
}

// Answer goes back to the agency as it stands.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
	Err         error // why the push was refused, for the log; nil when it was taken
}

// ContractServer publishes the contract of the pushes that an agency may send (`?wsdl`).
type ContractServer interface {
	// ServeContract answers GET requests; address is the push door's public URL for this agency.
	ServeContract(w http.ResponseWriter, r *http.Request, address string)
}

// Class says what a failure means for the delivery. The engine acts on nothing else.
type Class uint8

// The classes.
const (
	Transient   Class = iota + 1 // try again later
	Permanent                    // never again as it is: an operator must act
	Rejected                     // the agency's business refusal: the portal is told
	Ambiguous                    // it may have arrived: ask before anything is sent again
	AlreadyDone                  // the agency had it before: success
)

var classNames = [...]string{"unclassified", "transient", "permanent", "rejected", "ambiguous", "alreadyDone"}

func (c Class) String() string { return classNames[c] }

// UnmarshalText reads a class by its name.
func (c *Class) UnmarshalText(text []byte) error {
	if i := slices.Index(classNames[1:], string(text)); i >= 0 {
		*c = Class(i + 1)
		return nil
	}
	return fmt.Errorf("%q is not %s", text, c.DescribeYAML())
}

// DescribeYAML names the values.
func (Class) DescribeYAML() string { return "one of " + strings.Join(classNames[1:], ", ") }

// Text is a sentence in the languages that Sluice's people read.
type Text struct {
	RU string `json:"ru,omitempty" yaml:"ru" required:"true" doc:"in Russian"`
	EN string `json:"en,omitempty" yaml:"en" required:"true" doc:"in English"`
}

// Error is why an exchange did not end in a receipt.
type Error struct {
	Class      Class
	Code       string        // stable, short: the agency's own code, or ours such as "timeout", "bad_reply"
	Text       string        // what happened, for an operator; holds no personal data
	Reason     string        // of a rejection, canonical: such as wrong_addressee
	Remedy     Text          // what to do about it
	RetryAfter time.Duration // the agency's wish; 0 when it has none
	Server     bool          // counts against the endpoint's breaker: transport, time-out, 5xx, server fault
	ExternalID string        // of AlreadyDone: the registration number, when the agency repeats it
	Cause      error
}

func (e *Error) Error() string {
	s := e.Class.String() + ": " + e.Text
	if e.Code != "" {
		s = e.Class.String() + " " + e.Code + ": " + e.Text
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

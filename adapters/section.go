package adapters

import (
	"strings"

	"sluice/contracts/canonical"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
	"sluice/mappings"
)

// Sections of a service's mapping file. Each goes one way: from the roots it may read to its target.
//
//	request      request, message            -> the request of the service's operation
//	receipt      request, message, reply     -> receipt: what the agency answered to it
//	poll         request, message, receipt   -> the request of status.poll
//	status       request, receipt, reply     -> receipt: the statuses that it answered
//	probe        request, message            -> the request of probe
//	found        request, message, reply     -> receipt: the registration of a message that has arrived
//	cancel       request, message, receipt   -> the request of cancel; receipt.reason is why
//	cancelled    request, receipt, reply     -> receipt: what the agency answered to it
//	push.status  push                        -> push: what the agency said by itself
//	ack.status   push, result                -> the reply of status.push
const (
	SectionRequest    = "request"
	SectionReceipt    = "receipt"
	SectionPoll       = "poll"
	SectionStatus     = "status"
	SectionProbe      = "probe"
	SectionFound      = "found"
	SectionCancel     = "cancel"
	SectionCancelled  = "cancelled"
	SectionPushStatus = "push.status"
	SectionAckStatus  = "ack.status"
)

// Codec turns one kind of an agency's messages into trees and back (DESIGN §4). It is safe for concurrent use.
type Codec interface {
	Shape() *shape.Type
	// Append writes the message in UTF-8; what it can't write is an error that names the path.
	Append(dst []byte, message *tree.Object) ([]byte, error)
	// Decode reads a whole message in any supported charset. Drift lists what the contract does not know.
	Decode(doc []byte) (message *tree.Object, drift []string, err error)
	// Format is "xml" or "json": the suffix of example files.
	Format() string
}

// Section is one compiled section of a service's mapping.
type Section struct {
	Name    string
	Program *mappings.Program
	Sources mappings.Sources // the shape of each root that the section may read
	Target  *shape.Type
	Read    Codec // of the agency's message among the sources (reply, push); nil when there is none
	Write   Codec // of the target, when that is an agency's message; nil when it is canonical
}

// Operation is one exchange that a contract defines, as its protocol reads it.
type Operation struct {
	Name    string
	Request Codec
	Reply   Codec
	Failure Failure
	Native  any // the driver's own view
}

// Failure is what comes instead of an operation's reply when the agency refuses.
type Failure struct {
	Root    string      // the name by which rules see it: fault (soap) or reply
	Shape   *shape.Type // nil when the contract knows none
	Untyped bool        // the contract leaves open what it holds, so that a rule over it proves little

	// Samples makes trees of valid failures, for lint; nil where the contract knows none.
	Samples func(seed uint64) (trees []*tree.Object, gaps []string)
}

// Wire is an agency's contract as its protocol reads it. Errors suggest names.
type Wire interface {
	Operation(name string) (*Operation, error) // one that the agency serves
	Push(name string) (*Operation, error)      // one that the agency calls
}

// messageShape is `message`: what the hub knows of an exchange.
func messageShape() *shape.Type {
	return &shape.Type{Kind: shape.Object, Name: "message", Fields: []shape.Field{
		{Name: "id", Required: true, Type: &shape.Type{Kind: shape.String, Format: shape.UUID}, Doc: "the delivery's message id, the same for every attempt"},
	}}
}

// receiptShape is `receipt` as a source: what the agency answered earlier.
func receiptShape(reason bool) *shape.Type {
	t := &shape.Type{Kind: shape.Object, Name: "receipt", Fields: []shape.Field{
		{Name: "externalId", Required: true, Type: &shape.Type{Kind: shape.String}, Doc: "the agency's registration number"},
	}}
	if reason {
		t.Fields = append(t.Fields, shape.Field{Name: "reason", Type: &shape.Type{Kind: shape.String}, Doc: "why the request is withdrawn"})
	}
	return t
}

// sectionFor describes a section between the canonical service and an operation, before it is compiled.
func sectionFor(name string, request *shape.Type, op *Operation) *Section {
	s := &Section{Name: name, Sources: mappings.Sources{}}
	from := func(root string, t *shape.Type) { s.Sources[root] = t }
	push := strings.HasPrefix(name, "push.") || strings.HasPrefix(name, "ack.")
	if !push {
		from("request", request)
	}
	switch name {
	case SectionRequest, SectionReceipt, SectionPoll, SectionProbe, SectionFound, SectionCancel:
		from("message", messageShape())
	}
	switch name {
	case SectionPoll, SectionStatus, SectionCancel, SectionCancelled:
		from("receipt", receiptShape(name == SectionCancel))
	}
	switch {
	case strings.HasPrefix(name, "push."):
		from("push", op.Request.Shape())
		s.Read, s.Target = op.Request, canonical.PushShape()
	case strings.HasPrefix(name, "ack."):
		from("push", op.Request.Shape())
		from("result", canonical.PushResultShape())
		s.Read, s.Write, s.Target = op.Request, op.Reply, op.Reply.Shape()
	case name == SectionReceipt, name == SectionStatus, name == SectionFound, name == SectionCancelled:
		from("reply", op.Reply.Shape())
		s.Read, s.Target = op.Reply, canonical.ReceiptShape()
	default:
		s.Write, s.Target = op.Request, op.Request.Shape()
	}
	return s
}

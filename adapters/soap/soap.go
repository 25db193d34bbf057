// Package soap is the driver of agencies that publish a WSDL: SOAP 1.1 and 1.2, faults with typed detail, pushes by
// a WSDL of which the hub is the server.
package soap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/adapters/mapped"
	"sluice/contracts/mtom"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd/scan"
)

// Driver makes the adapter of an agency whose manifest says protocol: soap.
func Driver(b *adapters.Build) (adapters.Adapter, error) {
	m := b.Manifest
	w := &wire{format: newFormat(m)}
	var err error
	if w.theirs, err = wsdl.Load(b.Contracts, m.Contract); err != nil {
		return nil, fmt.Errorf("contract %s: %w", m.Contract, err)
	}
	w.ours = w.theirs
	if m.PushContract != "" {
		if w.ours, err = wsdl.Load(b.Contracts, m.PushContract); err != nil {
			return nil, fmt.Errorf("pushContract %s: %w", m.PushContract, err)
		}
	}
	if w.format.addressing {
		for _, op := range w.ours.Operations() {
			op.Understood = append(op.Understood, wsdl.AddressingURI)
		}
	}
	plan, err := b.Compile(w)
	if err != nil {
		return nil, err
	}
	p := &protocol{port: exchange.NewPort(b), plan: plan, pushes: w.ours, format: w.format, now: time.Now}
	a := mapped.New(plan, p)
	if len(plan.Pushes) == 0 {
		return a, nil
	}
	return &server{Adapter: a, contract: w.ours}, nil
}

// wire reads the agency's contracts: theirs is what the agency serves, ours what it calls.
type wire struct {
	theirs, ours *wsdl.Definitions
	format       format
}

func (w *wire) Operation(name string) (*adapters.Operation, error) {
	return operation(w.theirs, name, w.format)
}

func (w *wire) Push(name string) (*adapters.Operation, error) {
	return operation(w.ours, name, w.format)
}

func operation(d *wsdl.Definitions, name string, f format) (*adapters.Operation, error) {
	op, err := d.Operation(name)
	if err != nil {
		return nil, err
	}
	fault := op.FaultShape()
	if len(op.Faults) > 0 {
		// Where the contract says what a detail may be, a rule that names anything else is misspelt.
		fault.Field("detail").Type.Open = false
	}
	o := &adapters.Operation{Name: name, Request: request{op, f}, Native: op,
		Failure: adapters.Failure{Root: "fault", Shape: fault, Untyped: len(op.Faults) == 0,
			Samples: func(seed uint64) ([]*tree.Object, []string) { return faults(op, seed) }}}
	if op.Reply != nil {
		o.Reply = reply{op, f}
	}
	return o, nil
}

// protocol carries trees in envelopes.
type protocol struct {
	port   *exchange.Port
	plan   *adapters.Plan
	pushes *wsdl.Definitions
	format format
	now    func() time.Time
}

// Exchange sends one envelope and reads what comes back.
func (p *protocol) Exchange(ctx context.Context, call adapters.Call, o *adapters.Operation, message *tree.Object) (*mapped.Answer, *adapters.Error) {
	op := o.Native.(*wsdl.Operation)
	envelope, parts, err := p.format.write(op.Request, message)
	if err != nil {
		return nil, exchange.New(adapters.Permanent, exchange.CodeMapping, "the mapped request is not what the contract allows: "+exchange.Describe(err), err)
	}
	if l := p.port.Auth.Login(call.Endpoint.Name); l != nil && l.Kind == "usernameToken" {
		if envelope, err = secure(envelope, l, p.now()); err != nil {
			return nil, exchange.New(adapters.Permanent, exchange.CodeRequest, err.Error(), err)
		}
	}
	id := ""
	if p.format.addressing {
		id = p.messageID(call, o)
		if envelope, err = addressed(envelope, message, id, op.RequestAction, call.Endpoint.URL); err != nil {
			return nil, exchange.New(adapters.Permanent, exchange.CodeRequest, err.Error(), err)
		}
	}
	body, contentType := p.format.wrap(op, envelope, parts)
	r := exchange.Request{Method: http.MethodPost, URL: call.Endpoint.URL, ContentType: contentType, Body: body}
	if op.Version == wsdl.SOAP11 {
		r.Header = http.Header{"Soapaction": {strconv.Quote(op.Action)}}
	}
	got, failed := p.port.Do(ctx, call, r)
	if failed != nil {
		return nil, failed
	}
	if op.OneWay && got.Status < 300 {
		return &mapped.Answer{Reply: new(tree.Object), Exchange: got}, nil
	}
	come, err := mtom.Open(got.Header.Get("Content-Type"), got.Body)
	if err != nil {
		return nil, exchange.BadReply(got, err, p.now())
	}
	answer, err := op.DecodeReplyWith(come.Root.Body, p.format.options(come, scan.Limits{Bytes: int(p.port.Limit)}))
	if err == nil && id != "" {
		err = related(come, id)
	}
	p.format.attached(answer.Tree, come)
	switch {
	case err != nil:
		return nil, exchange.BadReply(got, err, p.now())
	case answer.Fault != nil:
		return &mapped.Answer{Failure: answer.Fault, Default: p.fault(answer.Fault, got), Exchange: got}, nil
	}
	if e := exchange.Status(got, p.now()); e != nil {
		return nil, e
	}
	return &mapped.Answer{Reply: answer.Tree, Exchange: got}, nil
}

// fault says what a fault means that no rule names. An HTTP status that speaks for itself goes first.
func (p *protocol) fault(fault *tree.Object, got *exchange.Reply) *adapters.Error {
	code, _ := fault.Get("code").(string)
	reason, _ := fault.Get("reason").(string)
	text := fmt.Sprintf("the agency answered with a fault (%s): %s", code, exchange.Safe(reason))
	switch got.Status {
	case 401, 403, 408, 425, 429, 503:
		e := exchange.Status(got, p.now())
		e.Text += "; " + text
		return e
	}
	if code == "Server" {
		e := exchange.New(adapters.Transient, "soap_server", text, nil)
		e.Server, e.RetryAfter = true, exchange.RetryAfter(got.Header, p.now())
		return e
	}
	e := exchange.New(adapters.Permanent, "soap_"+code, text, nil)
	e.Remedy = adapters.Text{
		RU: "Ведомство не принимает такой запрос. Сравните его с контрактом; если отказ обычный, добавьте правило в faults манифеста.",
		EN: "The agency does not take such a request. Hold it against the contract; if the refusal is ordinary, add a rule to faults of the manifest.",
	}
	return e
}

// request is the codec of an operation's requests.
type request struct {
	*wsdl.Operation
	format format
}

func (c request) Format() string { return "xml" }

// reply is the codec of an operation's replies.
type reply struct {
	*wsdl.Operation
	format format
}

func (c reply) Format() string { return "xml" }

var errFault = errors.New("the envelope holds a fault, not a reply")

// Package mapped is the adapter of every agency that a manifest and mappings describe. It does what all protocols
// share: map, hand over to the protocol, judge the answer by the fault rules, map back.
package mapped

import (
	"context"
	"fmt"
	"time"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/contracts/canonical"
	"sluice/contracts/tree"
	"sluice/mappings"
)

// Protocol carries trees to an agency and back.
type Protocol interface {
	// Exchange sends one request. An error is about the exchange; an answer that refuses is no error but an Answer
	// with Failure set.
	Exchange(ctx context.Context, call adapters.Call, op *adapters.Operation, message *tree.Object) (*Answer, *adapters.Error)

	// Receive finds out which push a message is and reads it. The error says why it is refused.
	Receive(in adapters.Incoming) (*adapters.Use, *tree.Object, error)
	// Acknowledge answers a push; tree is nil where it is answered without a body.
	Acknowledge(push *adapters.Use, message *tree.Object) (adapters.Answer, error)
	// Refuse answers a message that is not taken, in the protocol's own way. push is nil when it is unknown.
	Refuse(in adapters.Incoming, push *adapters.Use, r *Refusal) adapters.Answer
}

// Answer is what an agency answered.
type Answer struct {
	Reply    *tree.Object    // the operation's reply, or nil
	Failure  *tree.Object    // what came instead of it
	Default  *adapters.Error // what Failure means when no rule holds
	Exchange *exchange.Reply
}

// Adapter implements adapters.Adapter and every optional interface over a protocol. What a service lacks in its
// manifest is answered with a Permanent error.
type Adapter struct {
	plan     *adapters.Plan
	protocol Protocol
	now      func() time.Time
}

// New makes the adapter of an agency.
func New(plan *adapters.Plan, p Protocol) *Adapter {
	return &Adapter{plan: plan, protocol: p, now: time.Now}
}

// The compiler holds us to the interfaces.
var (
	_ adapters.Adapter       = (*Adapter)(nil)
	_ adapters.StatusPoller  = (*Adapter)(nil)
	_ adapters.OutcomeProber = (*Adapter)(nil)
	_ adapters.Canceller     = (*Adapter)(nil)
	_ adapters.PushReceiver  = (*Adapter)(nil)
)

// Submit sends a request.
func (a *Adapter) Submit(ctx context.Context, s adapters.Submission) (adapters.Receipt, error) {
	service, err := a.service(s.Service)
	if err != nil {
		return adapters.Receipt{}, err
	}
	in := mappings.Input{Request: s.Request.Tree(), Message: message(s.MessageID)}
	return a.run(ctx, s.Call, service.Submit, in)
}

// Poll asks for a request's statuses.
func (a *Adapter) Poll(ctx context.Context, r adapters.Registered) (adapters.Receipt, error) {
	service, err := a.service(r.Service)
	if err != nil {
		return adapters.Receipt{}, err
	}
	if service.Poll == nil {
		return adapters.Receipt{}, lacks(service, "status.poll")
	}
	receipt, failed := a.run(ctx, r.Call, service.Poll, registered(r, ""))
	return receipt, harmless(failed)
}

// Probe asks whether a message has arrived.
func (a *Adapter) Probe(ctx context.Context, s adapters.Submission) (adapters.Receipt, bool, error) {
	service, err := a.service(s.Service)
	if err != nil {
		return adapters.Receipt{}, false, err
	}
	if service.Probe == nil {
		return adapters.Receipt{}, false, lacks(service, "probe")
	}
	in := mappings.Input{Request: s.Request.Tree(), Message: message(s.MessageID)}
	answer, failed := a.exchange(ctx, s.Call, service.Probe, in)
	if failed != nil {
		return adapters.Receipt{}, false, harmless(failed)
	}
	if notFound(service.Probe, answer) {
		return adapters.Receipt{}, false, nil
	}
	receipt, failed := a.read(service.Probe, in, answer)
	return receipt, failed == nil, harmless(failed)
}

// Cancel withdraws a request.
func (a *Adapter) Cancel(ctx context.Context, r adapters.Registered, reason string) (adapters.Receipt, error) {
	service, err := a.service(r.Service)
	if err != nil {
		return adapters.Receipt{}, err
	}
	if service.Cancel == nil {
		return adapters.Receipt{}, lacks(service, "cancel")
	}
	return a.run(ctx, r.Call, service.Cancel, registered(r, reason))
}

func (a *Adapter) service(name string) (*adapters.Service, error) {
	s, ok := a.plan.Services[name]
	if !ok {
		return nil, exchange.New(adapters.Permanent, exchange.CodeUnsupported, "the agency's manifest has no service "+name, nil)
	}
	return s, nil
}

func lacks(s *adapters.Service, key string) error {
	return exchange.New(adapters.Permanent, exchange.CodeUnsupported, fmt.Sprintf("service %s has no %s in its manifest", s.Name, key), nil)
}

func message(id string) *tree.Object { return tree.Of("id", id) }

func registered(r adapters.Registered, reason string) mappings.Input {
	receipt := tree.Of("externalId", r.ExternalID)
	if reason != "" {
		receipt.Set("reason", reason)
	}
	return mappings.Input{Request: r.Request.Tree(), Message: message(r.MessageID), Receipt: receipt}
}

// run is one whole exchange.
func (a *Adapter) run(ctx context.Context, call adapters.Call, use *adapters.Use, in mappings.Input) (adapters.Receipt, error) {
	answer, failed := a.exchange(ctx, call, use, in)
	if failed == nil {
		var receipt adapters.Receipt
		if receipt, failed = a.read(use, in, answer); failed == nil {
			return receipt, nil
		}
	}
	return adapters.Receipt{}, failed
}

// exchange maps and sends.
func (a *Adapter) exchange(ctx context.Context, call adapters.Call, use *adapters.Use, in mappings.Input) (*Answer, *adapters.Error) {
	out, err := use.Out.Program.Run(in)
	if err != nil {
		return nil, exchange.New(adapters.Permanent, exchange.CodeMapping, "section "+use.Out.Name+": "+exchange.Describe(err), err)
	}
	return a.protocol.Exchange(ctx, call, use.Operation, out.Tree)
}

// read judges an answer and maps it. Fault rules come before success, whatever the HTTP status.
func (a *Adapter) read(use *adapters.Use, in mappings.Input, answer *Answer) (adapters.Receipt, *adapters.Error) {
	if answer.Reply == nil {
		if v := use.Rules.Failure(failure(use, answer)); v != nil {
			return adapters.Receipt{}, exchange.Ruled(v, answer.Default, answer.Exchange, a.now())
		}
		return adapters.Receipt{}, answer.Default
	}
	in.Reply = answer.Reply
	if v := use.Rules.Reply(mappings.Input{Reply: answer.Reply}); v != nil {
		base := exchange.New(v.Rule.Class, "refused", "the agency's answer says so, by a fault rule of the manifest", nil)
		return adapters.Receipt{}, exchange.Ruled(v, base, answer.Exchange, a.now())
	}
	if use.In == nil {
		return adapters.Receipt{}, nil
	}
	out, err := use.In.Program.Run(in)
	if err != nil {
		return adapters.Receipt{}, exchange.New(adapters.Ambiguous, exchange.CodeMapping, "section "+use.In.Name+": "+exchange.Describe(err), err)
	}
	receipt, err := canonical.ReceiptFromTree(out.Tree)
	if err != nil {
		return adapters.Receipt{}, exchange.New(adapters.Ambiguous, exchange.CodeMapping, "section "+use.In.Name+" gives no receipt: "+exchange.Describe(err), err)
	}
	return adapters.Receipt{ExternalID: receipt.ExternalID, Statuses: receipt.Statuses, Unknown: unknown(out)}, nil
}

func notFound(use *adapters.Use, answer *Answer) bool {
	if answer.Reply != nil {
		return use.NotFound.Reply(mappings.Input{Reply: answer.Reply}) != nil
	}
	return use.NotFound.Failure(failure(use, answer)) != nil
}

// failure puts what came instead of a reply where rules look for it.
func failure(use *adapters.Use, answer *Answer) mappings.Input {
	if use.Operation.Failure.Root == "fault" {
		return mappings.Input{Fault: answer.Failure}
	}
	return mappings.Input{Reply: answer.Failure}
}

func unknown(out mappings.Output) []adapters.UnknownCode {
	var codes []adapters.UnknownCode
	for _, u := range out.Unknown {
		codes = append(codes, adapters.UnknownCode{Table: u.Table, Value: u.Value, Path: u.Path})
	}
	return codes
}

// harmless is exchange.Harmless for what may be nil: asking changes nothing at the agency.
func harmless(err error) error {
	if e, ok := err.(*adapters.Error); ok {
		if e == nil {
			return nil
		}
		return exchange.Harmless(e)
	}
	return err
}

package mapped

import (
	"context"
	"errors"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/contracts/canonical"
	"sluice/contracts/tree"
	"sluice/mappings"
)

// Refusal is why a push is not taken.
type Refusal struct {
	Client bool   // the message is at fault, sending it again is useless; else the hub is: again later
	Code   string // a stable name, such as bad_message
	Text   string // what is wrong, with the path, for the agency's engineers
	Err    error
}

func (r *Refusal) Error() string { return r.Text }

func (r *Refusal) Unwrap() error { return r.Err }

// BadMessage refuses a message that the contract does not allow.
func BadMessage(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return &Refusal{Client: true, Code: "bad_message", Text: exchange.Describe(err), Err: err}
}

// ReceivePush takes one push and answers it in the agency's own protocol, also when it is refused.
func (a *Adapter) ReceivePush(ctx context.Context, in adapters.Incoming, apply func(context.Context, adapters.Push) (adapters.PushResult, error)) adapters.Answer {
	use, message, err := a.protocol.Receive(in)
	if err != nil {
		return a.refuse(in, use, BadMessage(err))
	}
	push, err := translate(use, message)
	if err != nil {
		return a.refuse(in, use, &Refusal{Client: true, Code: "bad_message", Text: exchange.Describe(err), Err: err})
	}
	result, err := apply(ctx, push)
	if err != nil {
		return a.refuse(in, use, refusalOf(err))
	}
	if result.Outcome == "refused" {
		return a.refuse(in, use, &Refusal{Client: true, Code: result.Code, Text: result.Text, Err: errors.New(result.Code)})
	}
	answer, err := a.acknowledge(use, message, result)
	if err != nil {
		// The push is applied; the agency will send it again, and that changes nothing.
		return a.refuse(in, use, &Refusal{Code: "internal", Text: "the push was taken, and its answer could not be made", Err: err})
	}
	return answer
}

func (a *Adapter) refuse(in adapters.Incoming, use *adapters.Use, r *Refusal) adapters.Answer {
	answer := a.protocol.Refuse(in, use, r)
	answer.Err = r
	if r.Err != nil {
		answer.Err = r.Err
	}
	return answer
}

// refusalOf tells whose fault it is that a push could not be applied: an *adapters.Error that says permanent or
// rejected is the agency's, anything else is ours and gets no words of the inside.
func refusalOf(err error) *Refusal {
	var e *adapters.Error
	if errors.As(err, &e) && (e.Class == adapters.Permanent || e.Class == adapters.Rejected) {
		return &Refusal{Client: true, Code: e.Code, Text: e.Text, Err: err}
	}
	return &Refusal{Code: "internal", Text: "the hub cannot take the message now; send it again later", Err: err}
}

func translate(use *adapters.Use, message *tree.Object) (adapters.Push, error) {
	out, err := use.In.Program.Run(mappings.Input{Push: message})
	if err != nil {
		return adapters.Push{}, err
	}
	push, err := canonical.PushFromTree(out.Tree)
	if err != nil {
		return adapters.Push{}, err
	}
	return adapters.Push{ExternalID: push.ExternalID, MessageID: push.MessageID, Statuses: push.Statuses, Unknown: unknown(out)}, nil
}

func (a *Adapter) acknowledge(use *adapters.Use, message *tree.Object, result adapters.PushResult) (adapters.Answer, error) {
	if use.Out == nil {
		return a.protocol.Acknowledge(use, nil)
	}
	view := tree.Of("outcome", result.Outcome)
	if result.RequestID != "" {
		view.Set("requestId", result.RequestID)
	}
	out, err := use.Out.Program.Run(mappings.Input{Push: message, Result: view})
	if err != nil {
		return adapters.Answer{}, err
	}
	return a.protocol.Acknowledge(use, out.Tree)
}

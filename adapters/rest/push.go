package rest

import (
	"encoding/json"
	"errors"
	"net/http"

	"sluice/adapters"
	"sluice/adapters/mapped"
	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
)

// pushLimits bound what an agency may send by itself; the door bounds its bytes.
var pushLimits = jsonschema.Limits{Depth: 32, Values: 100_000}

// Receive reads a push by its name in the address, or the only one when the address names none.
func (p *protocol) Receive(in adapters.Incoming) (*adapters.Use, *tree.Object, error) {
	use := p.plan.Push(in.Name, "")
	if use == nil || in.Name == "" && len(p.plan.Pushes) > 1 {
		return nil, nil, &mapped.Refusal{Client: true, Code: "unknown_push", Text: "no such message is taken here"}
	}
	op := use.Operation.Native.(*native)
	body, err := jsonschema.ParseJSON(in.Body, pushLimits)
	if err != nil {
		return use, nil, err
	}
	message := tree.Of("body", body)
	header := new(tree.Object)
	for _, param := range op.Parameters {
		if value := in.Header.Get(param.Name); param.In == "header" && value != "" {
			header.Set(param.Name, value)
		}
	}
	if header.Len() > 0 {
		message.Set("header", header)
	}
	return use, message, op.valid(message)
}

// Acknowledge answers a push with the body that its contract wants.
func (p *protocol) Acknowledge(push *adapters.Use, message *tree.Object) (adapters.Answer, error) {
	op := push.Operation.Native.(*native)
	if err := op.validReply(message); err != nil {
		return adapters.Answer{}, err
	}
	body, ok := message.Lookup("body")
	if !ok {
		return adapters.Answer{Status: op.statusOf(message)}, nil
	}
	data, err := jsonschema.AppendJSON(nil, body)
	return adapters.Answer{Status: op.statusOf(message), ContentType: "application/json", Body: data}, err
}

// Refuse answers with a problem (RFC 9457), which says its code and message under the names that most agencies' own
// error bodies have, too.
func (p *protocol) Refuse(_ adapters.Incoming, _ *adapters.Use, r *mapped.Refusal) adapters.Answer {
	status := http.StatusServiceUnavailable
	if r.Client {
		status = http.StatusUnprocessableEntity
		var syntax *jsonschema.SyntaxError
		switch {
		case errors.As(r.Err, &syntax):
			status = http.StatusBadRequest
		case r.Code == "unknown_push":
			status = http.StatusNotFound
		}
	}
	body, err := json.Marshal(map[string]any{
		"type": "about:blank", "title": http.StatusText(status), "status": status, "detail": r.Text, "code": r.Code, "message": r.Text,
	})
	return adapters.Answer{Status: status, ContentType: "application/problem+json", Body: body, Err: err}
}

package rest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/contracts/jsonschema"
	"sluice/contracts/openapi"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

// native is an operation with the shapes that its replies have, success and failure apart.
type native struct {
	*openapi.Operation
	success  *shape.Type
	failure  *shape.Type // nil when the contract describes none
	refusals []*jsonschema.Schema
	status   int // of the reply that we give, as a server
}

// operation reads one operation; of one that the agency calls (ours) the reply is what we write, so that its status and
// headers may be left out.
func operation(api *openapi.API, id string, ours bool) (*adapters.Operation, error) {
	op, err := api.Operation(id)
	if err != nil {
		return nil, err
	}
	n := &native{Operation: op, status: 200}
	good, bad := map[int]*jsonschema.Schema{}, map[int]*jsonschema.Schema{}
	for status, schema := range op.Replies {
		switch {
		case status >= 200 && status < 300 || status == 2:
			good[status] = schema
		default:
			bad[status] = schema
			if schema != nil {
				n.refusals = append(n.refusals, schema)
			}
		}
	}
	if len(good) == 0 && op.Replies[0] != nil {
		good[0] = op.Replies[0]
	}
	if exact := slices.DeleteFunc(slices.Sorted(maps.Keys(good)), func(s int) bool { return s < 200 }); len(exact) > 0 {
		n.status = exact[0]
	}
	n.success = replyShape(good, !ours)
	if len(bad) > 0 {
		n.failure = replyShape(bad, true)
	}
	return &adapters.Operation{Name: id, Native: n, Request: request{n}, Reply: reply{n},
		Failure: adapters.Failure{Root: "reply", Shape: n.failure, Samples: n.failures}}, nil
}

// replyShape is {status, header, body} of several replies together: a body's fields are those of all of them, and only
// what all require is required.
func replyShape(schemas map[int]*jsonschema.Schema, whole bool) *shape.Type {
	t := &shape.Type{Kind: shape.Object, Fields: []shape.Field{
		{Name: "status", Required: whole, Type: &shape.Type{Kind: shape.Int}, Doc: "the HTTP status"},
		{Name: "header", Required: whole, Type: &shape.Type{Kind: shape.Object, Open: true}, Doc: "HTTP headers by lower-case name"},
	}}
	var bodies []*shape.Type
	all := true
	for _, s := range schemas {
		if s == nil {
			all = false
			continue
		}
		bodies = append(bodies, s.Shape())
	}
	if len(bodies) > 0 {
		t.Fields = append(t.Fields, shape.Field{Name: "body", Required: all, Type: merge(bodies)})
	}
	return t
}

func merge(types []*shape.Type) *shape.Type {
	if len(types) == 1 {
		return types[0]
	}
	out := &shape.Type{Kind: shape.Object, Open: true}
	for i, t := range types {
		if t.Kind != shape.Object {
			return &shape.Type{Kind: shape.Any}
		}
		for _, f := range t.Fields {
			if have := out.Field(f.Name); have != nil {
				have.Required = have.Required && f.Required
				if have.Type.Kind != f.Type.Kind {
					have.Type = &shape.Type{Kind: shape.Any}
				}
				continue
			}
			f.Required = f.Required && i == 0
			out.Fields = append(out.Fields, f)
		}
		for j := range out.Fields {
			if t.Field(out.Fields[j].Name) == nil {
				out.Fields[j].Required = false
			}
		}
	}
	return out
}

// valid holds a request's tree against the contract's schemas.
func (n *native) valid(message *tree.Object) error {
	for _, p := range n.Parameters {
		value, ok := section(message, p.In).Lookup(p.Name)
		if !ok {
			if p.Required {
				return fmt.Errorf("%s.%s is missing", p.In, p.Name)
			}
			continue
		}
		if p.Schema != nil {
			if err := violated(p.In+"."+p.Name, p.Schema.Validate(value)); err != nil {
				return err
			}
		}
	}
	body, ok := message.Lookup("body")
	switch {
	case !ok && n.RequestRequired:
		return errors.New("the body is missing")
	case ok && n.Request != nil:
		return violated("body", n.Request.Validate(body))
	}
	return nil
}

func violated(at string, found []jsonschema.Violation) error {
	if len(found) == 0 {
		return nil
	}
	var words []string
	for _, v := range found {
		words = append(words, at+v.Pointer+": "+v.EN)
	}
	return errors.New(strings.Join(words, "; "))
}

// schema finds what the contract says of a reply's body.
func (n *native) schema(status int) (s *jsonschema.Schema, known bool) {
	for _, key := range []int{status, status / 100, 0} {
		if s, ok := n.Replies[key]; ok {
			return s, true
		}
	}
	return nil, false
}

// refuses tells whether a reply's body is one that the contract has for refusals.
func (n *native) refuses(reply *tree.Object) bool {
	body, ok := reply.Lookup("body")
	return ok && slices.ContainsFunc(n.refusals, func(s *jsonschema.Schema) bool { return s.Valid(body) })
}

// read makes the tree of a reply. Of a refusal it takes what can be read, without an error.
func (n *native) read(got *exchange.Reply, limits jsonschema.Limits) (*tree.Object, error) {
	message := tree.Of("status", int64(got.Status))
	header := new(tree.Object)
	for name, values := range got.Header {
		header.Set(strings.ToLower(name), strings.Join(values, ", "))
	}
	message.Set("header", header)
	schema, known := n.schema(got.Status)
	unknown := fmt.Errorf("the contract knows no answer with HTTP %d", got.Status)
	if len(got.Body) == 0 {
		switch {
		case !known:
			return message, unknown
		case schema != nil:
			return message, errors.New("the body is missing")
		}
		return message, nil
	}
	body, err := jsonschema.ParseJSON(got.Body, limits)
	if err != nil {
		return message, err
	}
	message.Set("body", body)
	switch {
	case !known:
		return message, unknown
	case schema == nil:
		return message, nil
	}
	return message, violated("body", schema.Validate(body))
}

// request is the codec of requests: JSON of {path, query, header, body}.
type request struct{ *native }

func (c request) Shape() *shape.Type { return c.RequestShape() }
func (c request) Format() string     { return "json" }

func (c request) Append(dst []byte, message *tree.Object) ([]byte, error) {
	if err := c.valid(message); err != nil {
		return dst, err
	}
	return jsonschema.AppendJSON(dst, message)
}

func (c request) Decode(doc []byte) (*tree.Object, []string, error) {
	message, err := parse(doc)
	if err == nil {
		err = c.valid(message)
	}
	return message, nil, err
}

// reply is the codec of replies: JSON of {status, header, body}.
type reply struct{ *native }

func (c reply) Shape() *shape.Type { return c.success }
func (c reply) Format() string     { return "json" }

func (c reply) Append(dst []byte, message *tree.Object) ([]byte, error) {
	if err := c.validReply(message); err != nil {
		return dst, err
	}
	return jsonschema.AppendJSON(dst, message)
}

func (c reply) Decode(doc []byte) (*tree.Object, []string, error) {
	message, err := parse(doc)
	if err != nil {
		return nil, nil, err
	}
	if !message.Has("status") {
		message.Set("status", int64(c.status))
	}
	if !message.Has("header") {
		message.Set("header", new(tree.Object))
	}
	return message, nil, c.validReply(message)
}

// validReply holds a reply's tree against the schema of its status.
func (n *native) validReply(message *tree.Object) error {
	status := n.statusOf(message)
	schema, known := n.schema(status)
	body, ok := message.Lookup("body")
	switch {
	case !known:
		return fmt.Errorf("status: the contract knows no answer with HTTP %d", status)
	case schema == nil:
		return nil
	case !ok:
		return errors.New("the body is missing")
	}
	return violated("body", schema.Validate(body))
}

func (n *native) statusOf(message *tree.Object) int {
	if s, ok := message.Get("status").(int64); ok {
		return int(s)
	}
	return n.status
}

func parse(doc []byte) (*tree.Object, error) {
	v, err := jsonschema.ParseJSON(doc, jsonschema.Limits{})
	if err != nil {
		return nil, err
	}
	message, ok := v.(*tree.Object)
	if !ok {
		return nil, errors.New("want an object with path, query, header, status and body, as the message has")
	}
	return message, nil
}

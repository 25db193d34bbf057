// Package rest is the driver of agencies that publish an OpenAPI file: JSON bodies held against their schemas both ways,
// parameters in path, query and headers, pushes by an OpenAPI file of which the hub is the server.
package rest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-resty/resty/v2"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/adapters/mapped"
	"sluice/contracts/jsonschema"
	"sluice/contracts/openapi"
	"sluice/contracts/tree"
)

// Driver makes the adapter of an agency whose manifest says protocol: rest.
func Driver(b *adapters.Build) (adapters.Adapter, error) {
	m := b.Manifest
	w := &wire{}
	var err error
	if w.theirs, err = openapi.Load(b.Contracts, m.Contract); err != nil {
		return nil, fmt.Errorf("contract %s: %w", m.Contract, err)
	}
	w.ours = w.theirs
	if m.PushContract != "" {
		if w.ours, err = openapi.Load(b.Contracts, m.PushContract); err != nil {
			return nil, fmt.Errorf("pushContract %s: %w", m.PushContract, err)
		}
	}
	plan, err := b.Compile(w)
	if err != nil {
		return nil, err
	}
	p := &protocol{port: exchange.NewPort(b), plan: plan, now: time.Now,
		limits: jsonschema.Limits{Bytes: int(m.Limits.Message)}}
	return mapped.New(plan, p), nil
}

// wire reads the agency's contracts: theirs is what the agency serves, ours what it calls.
type wire struct{ theirs, ours *openapi.API }

func (w *wire) Operation(name string) (*adapters.Operation, error) {
	return operation(w.theirs, name, false)
}
func (w *wire) Push(name string) (*adapters.Operation, error) { return operation(w.ours, name, true) }

// protocol carries trees as HTTP requests with JSON bodies.
type protocol struct {
	port    *exchange.Port
	plan    *adapters.Plan
	limits  jsonschema.Limits
	now     func() time.Time
	clients sync.Map // *http.Client -> *resty.Client
}

// client is resty over the hub's client, made once for each. resty completes the client that it is given, so it gets
// a copy; and it always sets GetBody, with which net/http might send a request again in silence.
func (p *protocol) client(hub *http.Client) *resty.Client {
	if c, ok := p.clients.Load(hub); ok {
		return c.(*resty.Client)
	}
	own := *hub
	c := resty.NewWithClient(&own).SetDoNotParseResponse(true)
	c.SetPreRequestHook(func(_ *resty.Client, r *http.Request) error {
		r.GetBody = nil
		return nil
	})
	kept, _ := p.clients.LoadOrStore(hub, c)
	return kept.(*resty.Client)
}

// Exchange sends one request and reads what comes back.
func (p *protocol) Exchange(ctx context.Context, call adapters.Call, o *adapters.Operation, message *tree.Object) (*mapped.Answer, *adapters.Error) {
	op := o.Native.(*native)
	if err := op.valid(message); err != nil {
		return nil, exchange.New(adapters.Permanent, exchange.CodeMapping, "the mapped request is not what the contract allows: "+exchange.Describe(err), err)
	}
	got, failed := p.port.Renewing(call, func() (*exchange.Reply, *adapters.Error) { return p.send(ctx, call, op, message) })
	if failed != nil {
		return nil, failed
	}
	reply, err := op.read(got, p.limits)
	refused := exchange.Status(got, p.now())
	if refused == nil && err != nil {
		// A body that the contract has for a refusal is for the fault rules, whatever the HTTP status.
		if refused = exchange.BadReply(got, err, p.now()); !op.refuses(reply) {
			return nil, refused
		}
	}
	if refused != nil {
		if words := saidBy(reply); words != "" {
			refused.Text += ": " + words
		}
		return &mapped.Answer{Failure: reply, Default: refused, Exchange: got}, nil
	}
	return &mapped.Answer{Reply: reply, Exchange: got}, nil
}

// send is one try.
func (p *protocol) send(ctx context.Context, call adapters.Call, op *native, message *tree.Object) (*exchange.Reply, *adapters.Error) {
	w := &exchange.Watch{}
	r := p.client(call.Client).R().SetContext(w.Trace(ctx))
	dressed := exchange.Request{Accept: "application/json", Header: http.Header{}}
	for name, value := range section(message, "header").All() {
		dressed.Header.Set(name, text(value))
	}
	if body, ok := message.Lookup("body"); ok {
		data, err := jsonschema.AppendJSON(nil, body)
		if err != nil {
			return nil, exchange.New(adapters.Permanent, exchange.CodeMapping, "the request's body: "+err.Error(), err)
		}
		dressed.ContentType = op.RequestMediaType
		r.SetBody(data)
	}
	for name, value := range section(message, "path").All() {
		r.SetPathParam(name, text(value))
	}
	for name, value := range section(message, "query").All() {
		if list, ok := value.([]any); ok {
			for _, item := range list {
				r.QueryParam.Add(name, text(item))
			}
			continue
		}
		r.QueryParam.Set(name, text(value))
	}
	head := &http.Request{Header: r.Header}
	if failed := p.port.Dress(ctx, call, head, dressed); failed != nil {
		return nil, failed
	}
	resp, err := r.Execute(op.Method, strings.TrimRight(call.Endpoint.URL, "/")+op.Path)
	if err != nil {
		return nil, exchange.Transport(ctx, err, w.Sent())
	}
	return exchange.Read(ctx, resp.RawResponse, p.port.Limit)
}

func section(message *tree.Object, key string) *tree.Object {
	s, _ := message.Get(key).(*tree.Object)
	return s
}

func text(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	return fmt.Sprint(value)
}

// saidBy finds the agency's own words in an error body, where they stand under one of the usual names.
func saidBy(reply *tree.Object) string {
	body := section(reply, "body")
	for _, key := range []string{"detail", "message", "error_description", "title", "error"} {
		if s, ok := body.Get(key).(string); ok && s != "" {
			return exchange.Safe(s)
		}
	}
	return ""
}

// Package xmlhttp is the driver of agencies that take plain XML over HTTP. Their contract is a schema; the manifest says
// which elements make up an exchange, and which of them mean a refusal, whatever the HTTP status.
package xmlhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/adapters/mapped"
	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

// Driver makes the adapter of an agency whose manifest says protocol: xmlhttp.
func Driver(b *adapters.Build) (adapters.Adapter, error) {
	m := b.Manifest
	w := &wire{manifest: m}
	var err error
	if w.theirs, err = xsd.Load(b.Contracts, m.Contract); err != nil {
		return nil, fmt.Errorf("contract %s: %w", m.Contract, err)
	}
	w.ours = w.theirs
	if m.PushContract != "" {
		if w.ours, err = xsd.Load(b.Contracts, m.PushContract); err != nil {
			return nil, fmt.Errorf("pushContract %s: %w", m.PushContract, err)
		}
	}
	plan, err := b.Compile(w)
	if err != nil {
		return nil, err
	}
	return mapped.New(plan, &protocol{port: exchange.NewPort(b), plan: plan, charset: m.Charset, now: time.Now}), nil
}

// wire reads the operations that the manifest describes.
type wire struct {
	manifest     *adapters.Manifest
	theirs, ours *xsd.Schema
}

// operation is one exchange: what is sent, what comes back, and what comes back instead.
type operation struct {
	path    string
	request *document
	reply   *document
	errors  []*document
}

func (w *wire) Operation(name string) (*adapters.Operation, error) {
	return w.operation(w.theirs, name)
}
func (w *wire) Push(name string) (*adapters.Operation, error) { return w.operation(w.ours, name) }

func (w *wire) operation(schema *xsd.Schema, name string) (*adapters.Operation, error) {
	spec, ok := w.manifest.Operations[name]
	if !ok {
		return nil, fmt.Errorf("operation %q is not among the manifest's operations", name)
	}
	var problems diag.List
	element := func(root string, path ...string) *document {
		e, err := schema.Element(xsd.ParseName(root))
		if err != nil {
			problems = append(problems, w.manifest.Problem("unknown-element", err.Error(), "", append([]string{"operations", name}, path...)...))
			return nil
		}
		return &document{Message: codec.ForElement(schema, e), schema: schema, local: e.Name.Local, options: reading(w.manifest)}
	}
	op := &operation{path: spec.Path, request: element(spec.Request, "request"), reply: element(spec.Reply, "reply")}
	var roots []*shape.Type
	for i, root := range spec.Errors {
		if d := element(root, "errors", fmt.Sprint(i)); d != nil {
			op.errors = append(op.errors, d)
			roots = append(roots, d.Shape())
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	o := &adapters.Operation{Name: name, Request: op.request, Reply: op.reply, Native: op}
	if roots != nil {
		o.Failure = adapters.Failure{Root: "reply", Shape: adapters.OneOf(roots...), Samples: op.failures}
	}
	return o, nil
}

// document is the codec of documents with one root element.
type document struct {
	*codec.Message
	schema  *xsd.Schema
	local   string
	options codec.Options
}

// reading is how the manifest wants documents to be read.
func reading(m *adapters.Manifest) codec.Options {
	return codec.Options{Strict: m.Reading == "strict", Lenient: m.Reading == "lenient"}
}

// Decode reads a document in the charset that it declares.
func (d *document) Decode(doc []byte) (*tree.Object, []string, error) {
	r, err := d.DecodeWith(doc, d.options)
	var drift []string
	for _, x := range r.Drift {
		if x.Text == "" {
			drift = append(drift, x.Path)
		} else {
			drift = append(drift, x.String())
		}
	}
	return r.Tree, drift, err
}

// Format is xml.
func (d *document) Format() string { return "xml" }

// protocol carries trees as XML documents.
type protocol struct {
	port    *exchange.Port
	plan    *adapters.Plan
	charset string
	now     func() time.Time
}

// Exchange sends one document and reads what comes back.
func (p *protocol) Exchange(ctx context.Context, call adapters.Call, o *adapters.Operation, message *tree.Object) (*mapped.Answer, *adapters.Error) {
	op := o.Native.(*operation)
	body, err := p.encode(op.request, message)
	if err != nil {
		return nil, exchange.New(adapters.Permanent, exchange.CodeMapping, "the mapped request is not what the contract allows: "+exchange.Describe(err), err)
	}
	address, err := join(call.Endpoint.URL, op.path)
	if err != nil {
		return nil, exchange.New(adapters.Permanent, exchange.CodeRequest, "the endpoint's URL: "+err.Error(), err)
	}
	got, failed := p.port.Do(ctx, call, exchange.Request{Method: http.MethodPost, URL: address, ContentType: p.mediaType(), Accept: "application/xml, text/xml", Body: body})
	if failed != nil {
		return nil, failed
	}
	d, read, err := decode(got.Body, got.Charset(), scan.Limits{Bytes: int(p.port.Limit)}, append([]*document{op.reply}, op.errors...))
	switch {
	case err != nil:
		return nil, exchange.BadReply(got, err, p.now())
	case d != op.reply:
		return &mapped.Answer{Failure: read, Default: p.refused(d, read, got), Exchange: got}, nil
	}
	if e := exchange.Status(got, p.now()); e != nil {
		return nil, e
	}
	return &mapped.Answer{Reply: read, Exchange: got}, nil
}

// refused says what an error element means that no rule names: the agency has decided, and nobody knows what.
func (p *protocol) refused(d *document, message *tree.Object, got *exchange.Reply) *adapters.Error {
	text := fmt.Sprintf("the agency answered with the error element %s", d.local)
	if words := wordsOf(message.Get(d.local)); words != "" {
		text += ": " + exchange.Safe(words)
	}
	if e := exchange.Status(got, p.now()); e != nil {
		e.Text += "; " + text
		return e
	}
	e := exchange.New(adapters.Permanent, "refused", text, nil)
	e.Remedy = adapters.Text{
		RU: "Посмотрите код ошибки в ответе и добавьте правило в faults манифеста, затем повторите доставку.",
		EN: "Look at the error's code in the answer, add a rule to faults of the manifest, then replay the delivery.",
	}
	return e
}

// wordsOf lists the texts that an error element holds itself, by name: what an operator reads first.
func wordsOf(value any) string {
	fields, ok := value.(*tree.Object)
	if !ok {
		text, _ := value.(string)
		return text
	}
	var words []string
	for _, name := range fields.Keys() {
		if text, ok := fields.Get(name).(string); ok {
			words = append(words, name+" "+text)
		}
	}
	return strings.Join(words, ", ")
}

func (p *protocol) encode(d *document, message *tree.Object) ([]byte, error) {
	text, err := d.Append(nil, message)
	if err != nil {
		return nil, err
	}
	return scan.Encode(text, p.charset)
}

func (p *protocol) mediaType() string { return "application/xml; charset=" + p.charset }

// decode reads a document whose root is one of several.
func decode(doc []byte, charset string, limits scan.Limits, roots []*document) (*document, *tree.Object, error) {
	text, err := scan.Transcode(doc, charset)
	if err != nil {
		return nil, nil, err
	}
	local, err := rootOf(text)
	if err != nil {
		return nil, nil, err
	}
	var names []string
	var wrong error
	for _, d := range roots {
		names = append(names, d.local)
		if d.local != local {
			continue
		}
		o := d.options
		o.Charset, o.Limits = "utf-8", limits
		r, err := d.DecodeWith(text, o)
		if err == nil {
			return d, r.Tree, nil
		}
		wrong = err
	}
	if wrong == nil {
		wrong = fmt.Errorf("the root element is %.100q; expected %s", local, strings.Join(names, " or "))
	}
	return nil, nil, wrong
}

// rootOf finds the local name of a document's root. It only looks: whether the rest is XML is for the codec to say.
func rootOf(text []byte) (string, error) {
	s := strings.TrimPrefix(string(text[:min(len(text), 64<<10)]), "\ufeff")
	for {
		s = strings.TrimLeft(s, " \t\r\n")
		end := ""
		switch {
		case strings.HasPrefix(s, "<?"):
			end = "?>"
		case strings.HasPrefix(s, "<!--"):
			end = "-->"
		case strings.HasPrefix(s, "<!"):
			return "", errors.New("a document type declaration is not allowed")
		case strings.HasPrefix(s, "<"):
			name, _, _ := strings.Cut(s[1:], ">")
			if i := strings.IndexAny(name, " \t\r\n/"); i >= 0 {
				name = name[:i]
			}
			return name[strings.IndexByte(name, ':')+1:], nil
		default:
			return "", errors.New("the document does not begin as XML")
		}
		_, rest, ok := strings.Cut(s, end)
		if !ok {
			return "", errors.New("the document does not begin as XML")
		}
		s = rest
	}
}

// join appends an operation's path to an endpoint's URL, keeping its query.
func join(endpoint, path string) (string, error) {
	if path == "" {
		return endpoint, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	return u.JoinPath(path).String(), nil
}

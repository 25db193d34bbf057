package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"sluice/contracts/diag"
	"sluice/contracts/jsonschema"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// ContractCmd tries out a contract without an agency.
type ContractCmd struct {
	Check    ContractCheckCmd    `cmd:"" help:"Load a WSDL or XSD with all that it imports, and say what is wrong."`
	Show     ContractShowCmd     `cmd:"" help:"List operations and elements, or the tree of one message."`
	Sample   ContractSampleCmd   `cmd:"" help:"Make a valid message to look at, to send or to map."`
	Encode   ContractEncodeCmd   `cmd:"" help:"Write a tree (JSON on standard input) as XML."`
	Decode   ContractDecodeCmd   `cmd:"" help:"Read XML on standard input as a tree (JSON)."`
	Validate ContractValidateCmd `cmd:"" help:"Check XML on standard input by every rule of the contract."`
}

// message names one message of a contract.
type message struct {
	File      string `arg:"" help:"The contract: a .wsdl or .xsd file."`
	Operation string `help:"An operation of a WSDL." placeholder:"OP"`
	Message   string `help:"Which message of the operation: request, reply or fault." enum:"request,reply,fault" default:"request"`
	Element   string `help:"A global element: a local name, or {namespace}name." placeholder:"QNAME"`
	Envelope  bool   `help:"With --operation: the whole SOAP envelope, headers included."`
}

// loaded is a contract; definitions is nil for a schema.
type loaded struct {
	schema      *xsd.Schema
	definitions *wsdl.Definitions
}

// here is the file system as the user names its files. Contracts import from folders beside their own, such as ../lib,
// which an os.DirFS of their folder would not reach.
type here struct{}

func (here) Open(name string) (fs.File, error) { return os.Open(filepath.FromSlash(name)) }

func load(file string) (*loaded, diag.List, error) {
	name := filepath.ToSlash(file)
	if strings.EqualFold(path.Ext(name), ".wsdl") {
		d, err := wsdl.Load(here{}, name)
		if err != nil {
			return nil, nil, err
		}
		return &loaded{d.Schema(), d}, d.Warnings, nil
	}
	s, err := xsd.Load(here{}, name)
	if err != nil {
		return nil, nil, err
	}
	return &loaded{schema: s}, s.Warnings, nil
}

// operation finds the operation that the flags name.
func (m *message) operation(c *loaded) (*wsdl.Operation, error) {
	if c.definitions == nil {
		return nil, Usagef("%s is a schema and has no operations; name an --element", m.File)
	}
	return c.definitions.Operation(m.Operation)
}

// envelope is the message of the operation that the flags name.
func (m *message) envelope(c *loaded) (*wsdl.Message, error) {
	o, err := m.operation(c)
	switch {
	case err != nil:
		return nil, err
	case m.Message == "reply" && o.Reply == nil:
		return nil, Usagef("operation %s has no reply", o.Name)
	case m.Message == "reply":
		return o.Reply, nil
	case m.Message == "fault":
		return nil, Usagef("a fault is read with decode --operation %s --message fault --envelope", o.Name)
	}
	return o.Request, nil
}

// element is the element that the flags name, itself or as the body of an operation's message.
func (m *message) element(c *loaded) (*codec.Message, error) {
	if m.Element == "" && m.Operation == "" {
		return nil, Usagef("name an --element, or an --operation of a WSDL")
	}
	name := m.Element
	if name == "" {
		e, err := m.envelope(c)
		if err != nil {
			return nil, err
		}
		body := e.Elements()
		if len(body) != 1 {
			return nil, Usagef("the body has %d elements; use --envelope", len(body))
		}
		return codec.ForElement(c.schema, body[0]), nil
	}
	e, err := c.schema.Element(xsd.ParseName(name))
	if err != nil {
		return nil, err
	}
	return codec.ForElement(c.schema, e), nil
}

// ContractCheckCmd loads contracts.
type ContractCheckCmd struct {
	Files []string `arg:"" help:"Contracts: .wsdl or .xsd files."`
}

// Run says what is wrong with each.
func (c *ContractCheckCmd) Run(ctx *Context) error {
	failed := false
	for _, file := range c.Files {
		l, warnings, err := load(file)
		if err == nil {
			var v *xsd.Validator
			if v, err = l.schema.Validator(); err == nil && len(v.Unchecked) > 0 {
				warnings = append(warnings, diag.Problem{Pos: diag.Pos{File: file}, Severity: diag.Warning, Code: "unchecked",
					Message: "validation passes over " + strings.Join(v.Unchecked, "; ")})
			}
		}
		ctx.PrintProblems(warnings)
		if err != nil {
			ctx.PrintProblems(diag.Of(err))
			failed = true
			continue
		}
		operations := 0
		if l.definitions != nil {
			operations = len(l.definitions.Operations())
		}
		fmt.Fprintf(ctx.Out, "%s: ok, %d operations, %d global elements\n", file, operations, len(l.schema.Elements()))
	}
	if failed {
		return ErrFindings
	}
	return nil
}

// ContractShowCmd shows what a contract holds.
type ContractShowCmd struct {
	message
	JSON bool `name:"json" help:"As JSON."`
}

// Run lists the contract, or shows one message's tree.
func (c *ContractShowCmd) Run(ctx *Context) error {
	l, _, err := load(c.File)
	if err != nil {
		return err
	}
	if c.Element == "" && c.Operation == "" {
		return c.list(ctx, l)
	}
	t, err := c.shape(l)
	if err != nil {
		return err
	}
	if c.JSON {
		return printAny(ctx.Out, describeShape(t, nil))
	}
	printShape(ctx.Out, t, "", nil)
	return nil
}

func (c *ContractShowCmd) shape(l *loaded) (*shape.Type, error) {
	if c.Operation != "" && c.Message == "fault" {
		o, err := c.operation(l)
		if err != nil {
			return nil, err
		}
		return o.FaultShape(), nil
	}
	if c.Operation != "" {
		m, err := c.envelope(l)
		if err != nil {
			return nil, err
		}
		return m.Shape(), nil
	}
	m, err := c.element(l)
	if err != nil {
		return nil, err
	}
	return m.Shape(), nil
}

func (c *ContractShowCmd) list(ctx *Context, l *loaded) error {
	type operation struct {
		Name, Port, Action, SOAP, Doc string
		OneWay                        bool
	}
	out := struct {
		Operations []operation
		Elements   []string
	}{}
	if l.definitions != nil {
		for _, o := range l.definitions.Operations() {
			soap := "1.1"
			if o.Version == wsdl.SOAP12 {
				soap = "1.2"
			}
			out.Operations = append(out.Operations, operation{o.Name, o.Port, o.Action, soap, o.Doc, o.OneWay})
		}
	}
	for _, e := range l.schema.Elements() {
		out.Elements = append(out.Elements, e.Name.Clark())
	}
	if c.JSON {
		return printAny(ctx.Out, out)
	}
	for _, o := range out.Operations {
		fmt.Fprintf(ctx.Out, "operation %s (port %s, SOAP %s)\n", o.Name, o.Port, o.SOAP)
		if o.Doc != "" {
			fmt.Fprintf(ctx.Out, "    %s\n", o.Doc)
		}
	}
	for _, e := range out.Elements {
		fmt.Fprintf(ctx.Out, "element %s\n", e)
	}
	return nil
}

// ContractEncodeCmd writes XML.
type ContractEncodeCmd struct{ message }

// Run encodes standard input.
func (c *ContractEncodeCmd) Run(ctx *Context) error {
	l, _, err := load(c.File)
	if err != nil {
		return err
	}
	in, err := io.ReadAll(ctx.In)
	if err != nil {
		return err
	}
	message, err := jsonschema.ParseJSON(in, jsonschema.Limits{})
	if err != nil {
		return err
	}
	object, ok := message.(*tree.Object)
	if !ok {
		return Usagef("standard input must be a JSON object: the tree")
	}
	m, err := c.writer(l)
	if err != nil {
		return err
	}
	xml, err := m.Append(nil, object)
	if err != nil {
		return err
	}
	_, err = ctx.Out.Write(append(xml, '\n'))
	return err
}

// appender writes a tree: a document, or a whole envelope.
type appender interface {
	Append(dst []byte, message *tree.Object) ([]byte, error)
}

func (c *ContractEncodeCmd) writer(l *loaded) (appender, error) {
	if c.Envelope {
		return c.envelope(l)
	}
	return c.element(l)
}

// ContractDecodeCmd reads XML.
type ContractDecodeCmd struct {
	message
	Reading reading `help:"What to make of a message that departs from the contract, as the manifest's reading says: strict refuses what the contract does not know, tolerant passes over it and reports it, lenient also takes elements in another order." enum:"strict,tolerant,lenient" default:"tolerant"`
}

// reading is how the manifest has an agency's messages read.
type reading string

func (r reading) options() codec.Options {
	return codec.Options{Strict: r == "strict", Lenient: r == "lenient"}
}

// Run decodes standard input. Where it departs from the contract goes to standard error.
func (c *ContractDecodeCmd) Run(ctx *Context) error {
	l, _, err := load(c.File)
	if err != nil {
		return err
	}
	in, err := io.ReadAll(ctx.In)
	if err != nil {
		return err
	}
	message, drift, err := c.decode(l, in)
	if err != nil {
		return err
	}
	printDrift(ctx.Err, drift)
	return printJSON(ctx.Out, message)
}

func printDrift(w io.Writer, drift []codec.Drift) {
	for _, d := range drift {
		if d.Text == "" {
			fmt.Fprint(w, "the contract does not know ")
		}
		fmt.Fprintf(w, "%s\n", d)
	}
}

func (c *ContractDecodeCmd) decode(l *loaded, in []byte) (*tree.Object, []codec.Drift, error) {
	if !c.Envelope {
		m, err := c.element(l)
		if err != nil {
			return nil, nil, err
		}
		r, err := m.DecodeWith(in, c.Reading.options())
		return r.Tree, r.Drift, err
	}
	o, err := c.operation(l)
	if err != nil {
		return nil, nil, err
	}
	if c.Message == "request" {
		r, err := o.DecodeRequestWith(in, c.Reading.options())
		return r.Tree, r.Drift, err
	}
	r, err := o.DecodeReplyWith(in, c.Reading.options())
	if r.Fault != nil {
		return tree.Of("fault", r.Fault), r.Drift, err
	}
	return r.Tree, r.Drift, err
}

// ContractValidateCmd checks XML.
type ContractValidateCmd struct {
	File    string  `arg:"" help:"The contract: a .wsdl or .xsd file."`
	Reading reading `help:"strict checks the document as it stands; tolerant and lenient check what the hub makes of it when the manifest's reading says so, and report what that passes over." enum:"strict,tolerant,lenient" default:"strict"`
}

// Run validates standard input: a document with a global element of the contract as its root.
func (c *ContractValidateCmd) Run(ctx *Context) error {
	l, _, err := load(c.File)
	if err != nil {
		return err
	}
	in, err := io.ReadAll(ctx.In)
	if err != nil {
		return err
	}
	if c.Reading == "strict" {
		v, err := l.schema.Validator()
		if err != nil {
			return err
		}
		return verdict(ctx, diag.Of(v.Validate(in)))
	}
	m, err := documentOf(l.schema, in, c.Reading.options())
	if err != nil {
		return err
	}
	r, err := m.DecodeWith(in, c.Reading.options())
	if err != nil {
		return err
	}
	printDrift(ctx.Err, r.Drift)
	found := diag.Of(m.Validate(r.Tree))
	for i := range found {
		found[i].Pos = diag.Pos{} // its lines are of XML that nobody has seen; the path stays
	}
	return verdict(ctx, found)
}

// documentOf finds the global element at the root of a document.
func documentOf(s *xsd.Schema, doc []byte, o codec.Options) (*codec.Message, error) {
	r, err := codec.NewReader(s, doc, o)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if _, err := r.Next(); err != nil {
		return nil, err
	}
	root := r.Scanner()
	e := s.Lookup(root.Space(), root.Local())
	if e == nil {
		return nil, r.Unexpected("the contract has no such global element", "")
	}
	return codec.ForElement(s, e), nil
}

func verdict(ctx *Context, found diag.List) error {
	if len(found) > 0 {
		ctx.PrintProblems(found)
		return ErrFindings
	}
	fmt.Fprintln(ctx.Out, "valid")
	return nil
}

// printAny prints what is no tree.
func printAny(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

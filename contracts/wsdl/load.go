package wsdl

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/beevik/etree"

	"sluice/contracts/diag"
	"sluice/contracts/xsd"
)

// The namespaces of WSDL 1.1 and its bindings.
const (
	wsdlURI   = "http://schemas.xmlsoap.org/wsdl/"
	bind11URI = "http://schemas.xmlsoap.org/wsdl/soap/"
	bind12URI = "http://schemas.xmlsoap.org/wsdl/soap12/"
)

// part is one piece of a WSDL with the file that it stands in.
type part struct {
	src *xsd.Source
	el  *etree.Element
}

// loader gathers the parts of a WSDL and of those that it imports.
type loader struct {
	schemas  *xsd.Loader
	seen     map[string]bool
	problems diag.List
	warnings diag.List

	messages, portTypes, bindings map[xsd.Name]part
	bindingOrder                  []xsd.Name
	ports                         []part
}

// Load reads the WSDL at name of fsys with everything that it imports. Nothing is fetched from the network.
// Errors are diag.List or diag.Problem, with the contract's file and line.
func Load(fsys fs.FS, name string) (*Definitions, error) {
	name = path.Clean(name)
	l := &loader{schemas: xsd.NewLoader(fsys), seen: map[string]bool{},
		messages: map[xsd.Name]part{}, portTypes: map[xsd.Name]part{}, bindings: map[xsd.Name]part{}}
	if err := l.file(name); err != nil {
		return nil, err
	}
	schema, err := l.schemas.Compile()
	if err != nil {
		return nil, err
	}
	d := &Definitions{schema: schema, main: name, sources: l.schemas.Sources()}
	l.operations(d)
	if len(d.operations) == 0 && len(l.problems) == 0 {
		l.problems = append(l.problems, diag.Problem{Pos: diag.Pos{File: name}, Code: "no-operation", Message: "the WSDL has no operation with a SOAP binding"})
	}
	if err := l.problems.Err(); err != nil {
		l.problems.Sort()
		return nil, l.problems
	}
	d.Warnings = append(l.warnings, schema.Warnings...)
	return d, nil
}

func (l *loader) fail(p part, code, format string, args ...any) {
	l.problems = append(l.problems, diag.Problem{Pos: p.src.Pos(p.el), Code: code, Message: fmt.Sprintf(format, args...)})
}

// file adds one WSDL.
func (l *loader) file(name string) error {
	if l.seen[name] {
		return nil
	}
	l.seen[name] = true
	src, err := l.schemas.Source(name)
	if err != nil {
		return err
	}
	root := src.Root
	if root.Tag != "definitions" || root.NamespaceURI() != wsdlURI {
		return diag.Problem{Pos: src.Pos(root), Code: "contract-kind", Message: fmt.Sprintf("the root element is <%s>, not the definitions of a WSDL 1.1", root.FullTag())}
	}
	target := root.SelectAttrValue("targetNamespace", "")
	add := func(to map[xsd.Name]part, el *etree.Element) xsd.Name {
		n := xsd.Name{Space: target, Local: el.SelectAttrValue("name", "")}
		if _, twice := to[n]; twice {
			l.fail(part{src, el}, "declared-twice", "%s %s is declared a second time", el.Tag, quoted(n.Local))
		}
		to[n] = part{src, el}
		return n
	}
	for _, el := range root.ChildElements() {
		if el.NamespaceURI() != wsdlURI {
			continue // policies and other extensions
		}
		switch el.Tag {
		case "import":
			if err := l.follow(src, el); err != nil {
				return err
			}
		case "types":
			for _, s := range el.ChildElements() {
				if s.Tag == "schema" && s.NamespaceURI() == xsd.XSDURI {
					l.schemas.Inline(src, s)
				}
			}
		case "message":
			add(l.messages, el)
		case "portType":
			add(l.portTypes, el)
		case "binding":
			l.bindingOrder = append(l.bindingOrder, add(l.bindings, el))
		case "service":
			for _, p := range children(el, wsdlURI, "port") {
				l.ports = append(l.ports, part{src, p})
			}
		}
	}
	return nil
}

// follow loads what a wsdl:import names: another WSDL or a schema.
func (l *loader) follow(src *xsd.Source, el *etree.Element) error {
	location := strings.TrimSpace(el.SelectAttrValue("location", ""))
	u, err := url.Parse(location)
	if err != nil || location == "" || u.Scheme != "" {
		return diag.Problem{Pos: src.Pos(el), Code: "import-missing", Message: fmt.Sprintf("imports %s, which is not beside the contract", quoted(location)),
			Hint: "save the file beside the contract and let location name it: contracts are never fetched from the network"}
	}
	name := path.Join(path.Dir(src.File), u.Path)
	other, err := l.schemas.Source(name)
	if err != nil {
		return diag.Problem{Pos: src.Pos(el), Code: "import-missing", Message: fmt.Sprintf("imports %s: %v", quoted(location), err)}
	}
	if other.Root.Tag == "schema" && other.Root.NamespaceURI() == xsd.XSDURI {
		return l.schemas.File(name)
	}
	return l.file(name)
}

// operations compiles every operation of every port, or of every binding where no service names any.
func (l *loader) operations(d *Definitions) {
	for _, p := range l.ports {
		binding, ok := xsd.ResolveName(p.el, p.el.SelectAttrValue("binding", ""))
		b, known := l.bindings[binding]
		if !ok || !known {
			l.fail(p, "unknown-name", "the port's binding %s is not declared", quoted(p.el.SelectAttrValue("binding", "")))
			continue
		}
		address := ""
		for _, a := range p.el.ChildElements() {
			if a.Tag == "address" {
				address = a.SelectAttrValue("location", "")
			}
		}
		l.binding(d, b, p.el.SelectAttrValue("name", ""), address)
	}
	if len(l.ports) == 0 {
		for _, n := range l.bindingOrder {
			l.binding(d, l.bindings[n], n.Local, "")
		}
	}
}

// binding compiles the operations of one binding, under the name of a port.
func (l *loader) binding(d *Definitions, b part, port, address string) {
	soap, version := soapOf(b.el, "binding")
	if soap == nil {
		l.warnings = append(l.warnings, diag.Problem{Pos: b.src.Pos(b.el), Severity: diag.Warning, Code: "not-soap",
			Message: fmt.Sprintf("binding %s is not SOAP and is left out", quoted(b.el.SelectAttrValue("name", "")))})
		return
	}
	typeName, ok := xsd.ResolveName(b.el, b.el.SelectAttrValue("type", ""))
	portType, known := l.portTypes[typeName]
	if !ok || !known {
		l.fail(b, "unknown-name", "the binding's portType %s is not declared", quoted(b.el.SelectAttrValue("type", "")))
		return
	}
	style := soap.SelectAttrValue("style", "document")
	for _, el := range children(b.el, wsdlURI, "operation") {
		bound := part{b.src, el}
		abstract := named(portType.el, "operation", el.SelectAttrValue("name", ""))
		if abstract == nil {
			l.fail(bound, "unknown-name", "the portType has no operation %s", quoted(el.SelectAttrValue("name", "")))
			continue
		}
		if o := l.operation(d.schema, bound, part{portType.src, abstract}, version, style); o != nil {
			o.Port, o.Address = port, address
			d.operations = append(d.operations, o)
		}
	}
}

func (l *loader) operation(s *xsd.Schema, bound, abstract part, version Version, style string) *Operation {
	o := &Operation{Name: bound.el.SelectAttrValue("name", ""), Version: version, schema: s, Doc: documentation(abstract.el)}
	if soap, _ := soapOf(bound.el, "operation"); soap != nil {
		o.Action = soap.SelectAttrValue("soapAction", "")
		style = soap.SelectAttrValue("style", style)
	}
	if style != "document" {
		l.fail(bound, "rpc", "operation %s has the style %s, which is not covered: ask the agency for document/literal, or write the adapter in Go", quoted(o.Name), style)
		return nil
	}
	o.Request = l.message(s, bound, abstract, "input", version)
	if child(abstract.el, wsdlURI, "output") == nil {
		o.OneWay = true
	} else {
		o.Reply = l.message(s, bound, abstract, "output", version)
	}
	for _, f := range children(abstract.el, wsdlURI, "fault") {
		for _, e := range l.elements(s, part{abstract.src, f}, f.SelectAttrValue("message", ""), "") {
			o.Faults = append(o.Faults, &FaultDetail{Name: f.SelectAttrValue("name", ""), Element: e})
		}
	}
	return o
}

// message compiles one direction.
func (l *loader) message(s *xsd.Schema, bound, abstract part, direction string, version Version) *Message {
	in := child(abstract.el, wsdlURI, direction)
	if in == nil {
		l.fail(abstract, "no-input", "the operation has no %s", direction)
		return nil
	}
	only := ""
	var headers []*xsd.Element
	if b := child(bound.el, wsdlURI, direction); b != nil {
		for _, ext := range extensions(b) {
			switch ext.Tag {
			case "body":
				if use := ext.SelectAttrValue("use", "literal"); use != "literal" {
					l.fail(part{bound.src, ext}, "encoded", "use=%s is not covered: SOAP encoding was given up by WS-I; ask the agency for literal", quoted(use))
				}
				only = ext.SelectAttrValue("parts", "")
			case "header":
				headers = append(headers, l.elements(s, part{bound.src, ext}, ext.SelectAttrValue("message", ""), ext.SelectAttrValue("part", ""))...)
			}
		}
	}
	return newMessage(s, version, l.elements(s, part{abstract.src, in}, in.SelectAttrValue("message", ""), only), headers)
}

// elements finds the elements of a message's parts; only names the parts that count, "" means all.
func (l *loader) elements(s *xsd.Schema, at part, message, only string) []*xsd.Element {
	n, ok := xsd.ResolveName(at.el, message)
	m, known := l.messages[n]
	if !ok || !known {
		l.fail(at, "unknown-name", "the message %s is not declared", quoted(message))
		return nil
	}
	wanted := strings.Fields(only)
	var found []*xsd.Element
	for _, p := range children(m.el, wsdlURI, "part") {
		if len(wanted) > 0 && !contains(wanted, p.SelectAttrValue("name", "")) {
			continue
		}
		element := p.SelectAttrValue("element", "")
		if element == "" {
			l.fail(part{m.src, p}, "part-type", "part %s names a type, not an element: document/literal needs elements (WS-I Basic Profile R2204)", quoted(p.SelectAttrValue("name", "")))
			continue
		}
		en, ok := xsd.ResolveName(p, element)
		if !ok {
			l.fail(part{m.src, p}, "unknown-prefix", "the prefix of %s is not declared", quoted(element))
			continue
		}
		e, err := s.Element(en)
		if err != nil {
			l.fail(part{m.src, p}, "unknown-name", "%v", err)
			continue
		}
		found = append(found, e)
	}
	return found
}

// soapOf finds a SOAP extension and says of which version it is.
func soapOf(el *etree.Element, tag string) (*etree.Element, Version) {
	if e := child(el, bind11URI, tag); e != nil {
		return e, SOAP11
	}
	if e := child(el, bind12URI, tag); e != nil {
		return e, SOAP12
	}
	return nil, 0
}

// extensions are the SOAP elements in an input or output, also those inside a multipart.
func extensions(el *etree.Element) []*etree.Element {
	var out []*etree.Element
	for _, c := range el.ChildElements() {
		switch c.NamespaceURI() {
		case bind11URI, bind12URI:
			out = append(out, c)
		case "http://schemas.xmlsoap.org/wsdl/mime/":
			out = append(out, extensions(c)...)
		}
	}
	return out
}

func children(el *etree.Element, space, tag string) []*etree.Element {
	var out []*etree.Element
	for _, c := range el.ChildElements() {
		if c.Tag == tag && c.NamespaceURI() == space {
			out = append(out, c)
		}
	}
	return out
}

func child(el *etree.Element, space, tag string) *etree.Element {
	if all := children(el, space, tag); len(all) > 0 {
		return all[0]
	}
	return nil
}

func named(el *etree.Element, tag, name string) *etree.Element {
	for _, c := range children(el, wsdlURI, tag) {
		if c.SelectAttrValue("name", "") == name {
			return c
		}
	}
	return nil
}

func documentation(el *etree.Element) string {
	if d := child(el, wsdlURI, "documentation"); d != nil {
		return strings.Join(strings.Fields(d.Text()), " ")
	}
	return ""
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func quoted(s string) string { return `"` + s + `"` }

func listed(names []string) string {
	const most = 12
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

package wsdl

import (
	"fmt"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"sluice/contracts/diag"
	"sluice/contracts/xsd"
)

// draft is an operation before the schema is compiled: everything but its elements.
type draft struct {
	*Operation
	request, reply *content
	faults         []fault
}

// content is what one direction of an operation carries.
type content struct{ body, headers []reference }

// reference is an element by its name, or one that was made up for the contract.
type reference struct {
	at   part
	name xsd.Name
	root *xsd.Root
}

type fault struct {
	name string
	reference
}

// bindings drafts every operation of every port, or of every binding where no service names any.
func (l *loader) bindings() {
	for _, p := range l.ports {
		binding, ok := xsd.ResolveName(p.el, p.el.SelectAttrValue("binding", ""))
		b, known := l.bound[binding]
		if !ok || !known {
			l.unknown(p, "the port's binding", p.el.SelectAttrValue("binding", ""), binding, l.bound)
			continue
		}
		address := ""
		for _, a := range p.el.ChildElements() {
			if a.Tag == "address" {
				address = a.SelectAttrValue("location", "")
			}
		}
		l.binding(b, p.el.SelectAttrValue("name", ""), address)
	}
	if len(l.ports) == 0 {
		for _, n := range l.bindingOrder {
			l.binding(l.bound[n], n.Local, "")
		}
	}
}

// binding drafts the operations of one binding, under the name of a port.
func (l *loader) binding(b part, port, address string) {
	soap, version := soapOf(b.el, "binding")
	if soap == nil {
		l.warnings = append(l.warnings, diag.Problem{Pos: b.src.Pos(b.el), Severity: diag.Warning, Code: "not-soap",
			Message: fmt.Sprintf("binding %s is not SOAP and is left out", quoted(b.el.SelectAttrValue("name", "")))})
		return
	}
	typeName, ok := xsd.ResolveName(b.el, b.el.SelectAttrValue("type", ""))
	portType, known := l.portTypes[typeName]
	if !ok || !known {
		l.unknown(b, "the binding's portType", b.el.SelectAttrValue("type", ""), typeName, l.portTypes)
		return
	}
	style := soap.SelectAttrValue("style", "document")
	for _, el := range children(b.el, wsdlURI, "operation") {
		bound := part{b.src, el}
		abstract := abstractOf(portType.el, el)
		if abstract == nil {
			l.fail(bound, "unknown-name", "the portType has no operation %s", quoted(el.SelectAttrValue("name", "")))
			continue
		}
		if o := l.operation(bound, part{portType.src, abstract}, version, style); o != nil {
			o.Port, o.Address = port, address
			l.drafts = append(l.drafts, o)
		}
	}
}

// abstractOf finds the portType's operation that a binding's means; the names of inputs tell several of one name apart
// (WSDL 1.1 section 2.5).
func abstractOf(portType, bound *etree.Element) *etree.Element {
	input := func(operation *etree.Element) string {
		if in := child(operation, wsdlURI, "input"); in != nil {
			return in.SelectAttrValue("name", "")
		}
		return ""
	}
	var first *etree.Element
	for _, c := range children(portType, wsdlURI, "operation") {
		if c.SelectAttrValue("name", "") != bound.SelectAttrValue("name", "") {
			continue
		}
		if input(c) == input(bound) {
			return c
		}
		if first == nil {
			first = c
		}
	}
	return first
}

// operation drafts one operation; nil where it is left out.
func (l *loader) operation(bound, abstract part, version Version, style string) *draft {
	o := &draft{Operation: &Operation{Name: bound.el.SelectAttrValue("name", ""), Version: version, Doc: documentation(abstract.el)}}
	if soap, _ := soapOf(bound.el, "operation"); soap != nil {
		o.Action = soap.SelectAttrValue("soapAction", "")
		style = soap.SelectAttrValue("style", style)
	}
	o.RequestAction, o.ReplyAction = addressedAs(o.Operation, abstract, "input"), addressedAs(o.Operation, abstract, "output")
	if style != "document" && style != "rpc" {
		l.fail(bound, "contradictory", "the style of operation %s is neither document nor rpc: %s", quoted(o.Name), quoted(style))
		return nil
	}
	covered := false
	if o.request, covered = l.content(o, bound, abstract, "input", style); !covered {
		return nil
	}
	if child(abstract.el, wsdlURI, "output") == nil {
		o.OneWay = true
	} else if o.reply, covered = l.content(o, bound, abstract, "output", style); !covered {
		return nil
	}
	for _, f := range children(abstract.el, wsdlURI, "fault") {
		parts, _ := l.parts(part{abstract.src, f}, f.SelectAttrValue("message", ""), "")
		for _, p := range parts {
			if p.el.SelectAttr("element") == nil {
				l.warn(p, "fault-type", "part %s of a fault names a type, not an element (WS-I Basic Profile R2205): its detail is read as XML", quoted(p.el.SelectAttrValue("name", "")))
				continue
			}
			if r, ok := l.reference(p, "element"); ok {
				o.faults = append(o.faults, fault{f.SelectAttrValue("name", ""), r})
			}
		}
	}
	return o
}

// content drafts one direction; covered is false where the operation is left out.
func (l *loader) content(o *draft, bound, abstract part, direction, style string) (c *content, covered bool) {
	in := child(abstract.el, wsdlURI, direction)
	if in == nil {
		l.fail(abstract, "no-input", "the operation has no %s", direction)
		return nil, false
	}
	message := in.SelectAttrValue("message", "")
	all, name := l.parts(part{abstract.src, in}, message, "")
	c = &content{}
	space := bound.src.Root.SelectAttrValue("targetNamespace", "")
	if b := child(bound.el, wsdlURI, direction); b != nil {
		var elsewhere []string // parts that are headers or attachments
		var only *etree.Attr
		for _, ext := range extensions(b) {
			at := part{bound.src, ext}
			if use := ext.SelectAttrValue("use", "literal"); use != "literal" {
				l.leaveOut(at, o.Name, "encoded", "use=%s is not covered: SOAP encoding was given up by WS-I; ask the agency for literal", quoted(use))
				return nil, false
			}
			switch ext.Tag {
			case "body":
				only = ext.SelectAttr("parts")
				if a := ext.SelectAttr("namespace"); a != nil {
					space = a.Value
				} else if style == "rpc" {
					l.warn(at, "no-namespace", "soap:body of the rpc operation %s names no namespace (WS-I Basic Profile R2717): that of the WSDL is taken", quoted(o.Name))
				}
			case "header":
				parts, of := l.parts(at, ext.SelectAttrValue("message", ""), ext.SelectAttrValue("part", ""))
				for _, p := range parts {
					if p.el.SelectAttr("element") == nil {
						l.leaveOut(p, o.Name, "part-type", "part %s of a header names a type, not an element (WS-I Basic Profile R2205)", quoted(p.el.SelectAttrValue("name", "")))
						return nil, false
					}
					if r, ok := l.reference(p, "element"); ok {
						c.headers = append(c.headers, r)
					}
					if of == name {
						elsewhere = append(elsewhere, p.el.SelectAttrValue("name", ""))
					}
				}
			case "content":
				elsewhere = append(elsewhere, ext.SelectAttrValue("part", ""))
			}
		}
		all = slices.DeleteFunc(all, func(p part) bool {
			n := p.el.SelectAttrValue("name", "")
			if only != nil {
				return !slices.Contains(strings.Fields(only.Value), n)
			}
			return slices.Contains(elsewhere, n)
		})
	}
	if style == "rpc" {
		wrapper := o.Name
		if direction == "output" {
			wrapper += "Response" // WS-I Basic Profile R2729
		}
		c.body = []reference{l.wrapper(abstract, space, wrapper, all)}
		return c, true
	}
	for _, p := range all {
		if p.el.SelectAttr("element") == nil {
			l.leaveOut(p, o.Name, "part-type", "part %s names a type, not an element: document/literal needs elements (WS-I Basic Profile R2204)", quoted(p.el.SelectAttrValue("name", "")))
			return nil, false
		}
		if r, ok := l.reference(p, "element"); ok {
			c.body = append(c.body, r)
		}
	}
	return c, true
}

// parts finds a message's parts, or the one called only.
func (l *loader) parts(at part, message, only string) (found []part, name xsd.Name) {
	name, ok := xsd.ResolveName(at.el, message)
	m, known := l.messages[name]
	if !ok || !known {
		l.unknown(at, "the message", message, name, l.messages)
		return nil, name
	}
	for _, p := range children(m.el, wsdlURI, "part") {
		if only == "" || only == p.SelectAttrValue("name", "") {
			found = append(found, part{m.src, p})
		}
	}
	if only != "" && len(found) == 0 {
		l.fail(at, "unknown-name", "the message %s has no part %s", quoted(message), quoted(only))
	}
	return found, name
}

// reference resolves the name in an attribute of a part.
func (l *loader) reference(p part, attr string) (r reference, ok bool) {
	qname := p.el.SelectAttrValue(attr, "")
	n, ok := xsd.ResolveName(p.el, qname)
	if !ok {
		l.fail(p, "unknown-prefix", "the prefix of %s is not declared", quoted(qname))
	}
	return reference{at: p, name: n}, ok
}

// finish gives the drafts their elements.
func (l *loader) finish(d *Definitions) {
	for _, o := range l.drafts {
		o.schema = d.schema
		o.Request = l.message(d.schema, o.Version, o.request)
		if o.reply != nil {
			o.Reply = l.message(d.schema, o.Version, o.reply)
		}
		for _, f := range o.faults {
			if e := l.element(d.schema, f.reference); e != nil {
				o.Faults = append(o.Faults, &FaultDetail{Name: f.name, Element: e})
			}
		}
		d.operations = append(d.operations, o.Operation)
	}
}

func (l *loader) message(s *xsd.Schema, v Version, c *content) *Message {
	elements := func(references []reference) (found []*xsd.Element) {
		for _, r := range references {
			if e := l.element(s, r); e != nil {
				found = append(found, e)
			}
		}
		return found
	}
	return newMessage(s, v, elements(c.body), elements(c.headers))
}

// element finds what a reference means; nil, with the problem reported, where nothing declares it.
func (l *loader) element(s *xsd.Schema, r reference) *xsd.Element {
	if r.root != nil {
		return r.root.Element()
	}
	e, err := s.Element(r.name)
	if err != nil {
		l.fail(r.at, "unknown-name", "%v", err)
	}
	return e
}

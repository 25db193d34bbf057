package wsdl

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
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
	mimeURI   = "http://schemas.xmlsoap.org/wsdl/mime/"
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

	messages, portTypes, bound map[xsd.Name]part
	bindingOrder               []xsd.Name
	ports                      []part
	drafts                     []*draft
	left                       diag.List // why operations are left out
	missing                    []missing
}

// missing is a file that was asked for and not found.
type missing struct {
	part
	namespace, location string // the location is "" where none was given
	reason              string
}

// Load reads the WSDL at name of fsys with everything that it imports. Nothing is fetched from the network.
// Errors are diag.List or diag.Problem, with the contract's file and line.
func Load(fsys fs.FS, name string) (*Definitions, error) {
	name = path.Clean(name)
	l := &loader{schemas: xsd.NewLoader(fsys), seen: map[string]bool{},
		messages: map[xsd.Name]part{}, portTypes: map[xsd.Name]part{}, bound: map[xsd.Name]part{}}
	if err := l.file(name); err != nil {
		return nil, err
	}
	l.bindings()
	if len(l.drafts) == 0 {
		l.problems = append(l.problems, l.left...)
	}
	none := len(l.drafts) == 0 && len(l.problems) == 0
	if none {
		l.problems = append(l.problems, diag.Problem{Pos: diag.Pos{File: name}, Code: "no-operation", Message: "the WSDL has no operation with a SOAP binding"})
	}
	for _, m := range l.missing {
		asked := fmt.Sprintf("%s, asked for here, was not loaded", quoted(cmp.Or(m.location, m.namespace)))
		if none {
			l.fail(m.part, "import-missing", "%s: %s", asked, m.reason)
		} else {
			l.warn(m.part, "import-missing", "%s, and nothing needs it: %s", asked, m.reason)
		}
	}
	if err := l.problems.Err(); err != nil {
		l.problems.Sort()
		return nil, slices.Compact(l.problems) // what several operations use is told once
	}
	schema, err := l.schemas.Compile()
	if err != nil {
		return nil, err
	}
	d := &Definitions{schema: schema, main: name, sources: l.schemas.Sources()}
	l.finish(d)
	if err := l.problems.Err(); err != nil {
		l.problems.Sort()
		return nil, slices.Compact(l.problems) // what several operations use is told once
	}
	for i := range l.left {
		l.left[i].Severity = diag.Warning
	}
	d.Warnings = append(append(l.warnings, l.left...), schema.Warnings...)
	d.Warnings.Sort()
	return d, nil
}

func (l *loader) fail(p part, code, format string, args ...any) {
	l.problems = append(l.problems, diag.Problem{Pos: p.src.Pos(p.el), Code: code, Message: fmt.Sprintf(format, args...)})
}

func (l *loader) warn(p part, code, format string, args ...any) {
	w := diag.Problem{Pos: p.src.Pos(p.el), Severity: diag.Warning, Code: code, Message: fmt.Sprintf(format, args...)}
	if !slices.Contains(l.warnings, w) {
		l.warnings = append(l.warnings, w)
	}
}

// leaveOut does without an operation that is not covered; where none is left, that is an error.
func (l *loader) leaveOut(p part, operation, code, format string, args ...any) {
	l.left = append(l.left, diag.Problem{Pos: p.src.Pos(p.el), Code: code,
		Message: fmt.Sprintf("operation %s is left out: %s", quoted(operation), fmt.Sprintf(format, args...))})
}

// unknown reports a name that nothing of the WSDL declares.
func (l *loader) unknown(p part, what, qname string, n xsd.Name, known map[xsd.Name]part) {
	l.fail(p, "unknown-name", "%s %s is not declared", what, quoted(qname))
	problem := &l.problems[len(l.problems)-1]
	for _, m := range l.missing {
		if m.namespace == n.Space {
			problem.Hint = fmt.Sprintf("%s imports that namespace from %s: %s", m.src.Pos(m.el), quoted(m.location), m.reason)
			return
		}
	}
	var near []string
	for other := range known {
		if other.Space == n.Space {
			near = append(near, other.Local)
		}
	}
	slices.Sort(near)
	problem.Hint = diag.Suggest(n.Local, near)
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
			l.bindingOrder = append(l.bindingOrder, add(l.bound, el))
		case "service":
			for _, p := range children(el, wsdlURI, "port") {
				l.ports = append(l.ports, part{src, p})
			}
		}
	}
	return nil
}

// follow loads what a wsdl:import names: another WSDL or a schema. What is not there may not be needed.
func (l *loader) follow(src *xsd.Source, el *etree.Element) error {
	namespace, location := el.SelectAttrValue("namespace", ""), strings.TrimSpace(el.SelectAttrValue("location", ""))
	name, reason := l.schemas.Locate(src, location, namespace)
	var other *xsd.Source
	if reason == "" {
		var err error
		var p diag.Problem
		if other, err = l.schemas.Source(name); errors.As(err, &p) && p.Code == "contract-missing" {
			reason = name + " is not there"
		} else if err != nil {
			return err
		}
	}
	if reason != "" {
		found := l.schemas.Beside(src, location, namespace, "definitions")
		if len(found) != 1 {
			if len(found) > 1 {
				reason = "several files beside it have that namespace: " + strings.Join(found, ", ")
			}
			l.missing = append(l.missing, missing{part{src, el}, namespace, location, reason})
			return nil
		}
		if location != "" {
			l.warn(part{src, el}, "import-missing", "%s is not there: %s has that namespace and is taken", quoted(location), found[0])
		}
		return l.file(found[0])
	}
	if other.Root.Tag == "schema" && other.Root.NamespaceURI() == xsd.XSDURI {
		return l.schemas.File(name)
	}
	return l.file(name)
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

// extensions are the SOAP elements in an input or output, also those inside a multipart, and what its parts hold.
func extensions(el *etree.Element) []*etree.Element {
	var out []*etree.Element
	for _, c := range el.ChildElements() {
		switch c.NamespaceURI() {
		case bind11URI, bind12URI:
			out = append(out, c)
		case mimeURI:
			if c.Tag == "content" {
				out = append(out, c)
			}
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

func documentation(el *etree.Element) string {
	if d := child(el, wsdlURI, "documentation"); d != nil {
		return strings.Join(strings.Fields(d.Text()), " ")
	}
	return ""
}

func quoted(s string) string { return `"` + s + `"` }

func listed(names []string) string {
	const most = 12
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

package xsd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/beevik/etree"

	"sluice/contracts/diag"
	"sluice/contracts/xsd/scan"
)

// builder compiles the components that a Loader gathered. Types refer to one another in circles, so a type is first
// made empty, and filled when what derives from it needs it, or in its turn.
type builder struct {
	*Loader
	schema        *Schema
	pending       map[*Type]component
	types         []*Type // all that were made, anonymous ones included
	filled        int     // how many of them have been filled in their turn
	depth         int     // of types filled inside one another: a chain of derivations
	groups        map[*etree.Element]*Particle
	open          []*etree.Element // named groups being compiled, to find circles
	attrGroups    []*etree.Element // the same of attribute groups
	attrGroupUses map[groupUse]bool
	particles     int // laid out so far
	compared      int // pairs of them, looking for ambiguous content
	rivals        map[rivals]bool
}

// The bounds of a contract: beyond them it is refused, before it takes the memory of everybody else.
const (
	maxParticles  = 200_000
	maxDerivation = 200
)

// Compile makes the immutable model of everything that was added.
func (l *Loader) Compile() (*Schema, error) {
	l.supply()
	l.joinRoots()
	b := &builder{Loader: l, pending: map[*Type]component{}, groups: map[*etree.Element]*Particle{},
		attrGroupUses: map[groupUse]bool{}, rivals: map[rivals]bool{}}
	s := &Schema{
		spaces: l.spaceNumbers(), documents: l.documents,
		elements: map[Name]*Element{}, types: map[Name]*Type{}, attributes: map[Name]*Attribute{}, keyrefs: map[string]*Constraint{},
	}
	b.schema = s
	s.prefixes = choosePrefixes(s.spaces, l.documents)
	b.wellKnown()
	for _, n := range sortedNames(l.components[typeKind]) {
		b.typeNamed(n)
	}
	for _, n := range sortedNames(l.components[elementKind]) {
		b.elementNamed(n)
	}
	b.compileRoots()
	for _, n := range sortedNames(l.components[attributeKind]) {
		b.attributeNamed(n)
	}
	b.checkGroups()
	for ; b.filled < len(b.types); b.filled++ {
		b.fill(b.types[b.filled])
	}
	if err := l.problems.Err(); err != nil {
		l.problems.Sort()
		return nil, l.problems
	}
	b.substitutions()
	b.derivations()
	for _, t := range b.types {
		b.layOut(t)
	}
	s.defined = b.types
	s.prefixes = morePrefixes(s.prefixes, s.spaces.Len())
	if err := l.problems.Err(); err != nil {
		l.problems.Sort()
		return nil, l.problems
	}
	checked := map[*etree.Element]bool{} // a chameleon is several documents
	for _, d := range l.documents {
		if !checked[d.root] {
			checked[d.root] = true
			l.passedOver(d, d.root)
		}
	}
	s.Warnings = l.warnings
	for _, m := range l.missing {
		if m.location == "" {
			continue // it names a namespace that is never used
		}
		s.Warnings = append(s.Warnings, diag.Problem{
			Pos: m.doc.source.Pos(m.el), Severity: diag.Warning, Code: "import-missing",
			Message: fmt.Sprintf("%q, asked for here, was not loaded, and nothing needs it: %s", m.location, m.reason),
		})
	}
	s.Warnings.Sort()
	s.validator = sync.OnceValues(s.compileValidator)
	return s, nil
}

func sortedNames(m map[Name]component) []Name {
	return slices.SortedFunc(maps.Keys(m), compareNames)
}

func compareNames(a, b Name) int {
	if c := strings.Compare(a.Space, b.Space); c != 0 {
		return c
	}
	return strings.Compare(a.Local, b.Local)
}

// wellKnown declares what schemas refer to without importing a file: the attributes of the prefix xml, and the
// xs:schema that .NET data sets carry.
func (b *builder) wellKnown() {
	for name, t := range map[string]*Simple{"lang": builtin(Language), "space": builtin(NCName), "base": builtin(AnyURI), "id": builtin(ID)} {
		n := Name{scan.XMLURI, name}
		if _, ok := b.components[attributeKind][n]; !ok {
			b.schema.attributes[n] = &Attribute{Name: n, Space: scan.SpaceXML, Type: t}
		}
	}
	n := Name{XSDURI, "schema"}
	if _, ok := b.components[elementKind][n]; !ok {
		e := &Element{Name: n, Space: b.schema.spaces.Add(XSDURI), Type: b.anyType(), Global: true, schema: b.schema}
		b.tag(e)
		b.schema.elements[n] = e
	}
}

func (b *builder) anyType() *Type { return builtinTypes()[Name{XSDURI, "anyType"}] }

func newAnyType() *Type {
	any := &Wildcard{Not: true}
	return &Type{
		Name: Name{XSDURI, "anyType"}, complex: true, anyType: true, Mixed: true, state: built,
		Content: &Particle{
			Kind: AnyParticle, Min: 0, Max: Unbounded, Any: any, Mode: Item, Region: true, Emptiable: true,
			Keys: []string{KeyAny},
		},
		model:        &Particle{Kind: AnyParticle, Min: 0, Max: Unbounded, Any: any},
		AnyAttribute: any,
		fields:       map[string]bool{KeyItems: true},
	}
}

// name resolves the qualified name in an attribute of el; ok is false, with the problem reported, where it can't be.
func (b *builder) name(d *document, el *etree.Element, attr string) (n Name, ok bool) {
	return b.qname(d, el, strings.TrimSpace(el.SelectAttrValue(attr, "")))
}

func (b *builder) qname(d *document, el *etree.Element, qname string) (n Name, ok bool) {
	n, ok = resolveName(el, qname)
	if !ok {
		b.fail(d, el, "unknown-prefix", "the prefix of %q is not declared", qname)
		return n, false
	}
	if n.Space == "" && d.chameleon {
		n.Space = d.target
	}
	return n, true
}

// unknown reports a reference to a component that nobody declares.
func (b *builder) unknown(d *document, el *etree.Element, k kind, n Name) {
	var near []string
	for _, other := range sortedNames(b.components[k]) {
		if other.Space == n.Space {
			near = append(near, other.Local)
		}
	}
	p := diag.Problem{Pos: d.source.Pos(el), Code: "unknown-name", Message: fmt.Sprintf("the %s %s is declared nowhere", k, n)}
	switch hint := b.missingHint(n.Space); {
	case hint != "":
		p.Hint = hint
	case diag.Suggest(n.Local, near) != "":
		p.Hint = diag.Suggest(n.Local, near)
	default:
		for _, other := range sortedNames(b.components[k]) {
			if other.Local == n.Local {
				p.Hint = fmt.Sprintf("there is one of that name in the namespace %q", other.Space)
				break
			}
		}
	}
	b.problems = append(b.problems, p)
}

// typeNamed finds or makes the type n; nil where nobody declares it.
func (b *builder) typeNamed(n Name) *Type {
	if t := b.schema.types[n]; t != nil {
		return t
	}
	c, ok := b.components[typeKind][n]
	if !ok {
		return builtinTypes()[n]
	}
	t := b.newType(c)
	t.Name = n
	b.schema.types[n] = t
	return t
}

// newType makes the type that c defines, to be filled later.
func (b *builder) newType(c component) *Type {
	t := &Type{complex: c.el.Tag == "complexType", el: c.el, Pos: c.doc.source.Pos(c.el), Doc: documentation(c.el)}
	b.pending[t] = c
	b.types = append(b.types, t)
	return t
}

// typeReferred is the type that the attribute attr of el names; anyType, with the problem reported, where there is none.
func (b *builder) typeReferred(d *document, el *etree.Element, attr string) *Type {
	n, ok := b.name(d, el, attr)
	if !ok {
		return b.anyType()
	}
	t := b.typeNamed(n)
	if t == nil {
		b.unknown(d, el, typeKind, n)
		return b.anyType()
	}
	return t
}

// fill compiles a type's definition, once.
func (b *builder) fill(t *Type) {
	switch t.state {
	case built:
		return
	case building:
		c := b.pending[t]
		b.fail(c.doc, c.el, "circular", "the type %s derives from itself", t.Name)
		return
	}
	c := b.pending[t]
	if b.depth++; b.depth > maxDerivation {
		b.fail(c.doc, c.el, "contract-size", "a chain of more than %d types derived from one another", maxDerivation)
		t.state = built
		b.depth--
		return
	}
	t.state = building
	if c.el.Tag == "simpleType" {
		b.fillSimple(t, c)
	} else {
		b.fillComplex(t, c)
	}
	t.state = built
	b.depth--
	delete(b.pending, t)
}

// elementNamed finds or makes the global element n; nil where nobody declares it.
func (b *builder) elementNamed(n Name) *Element {
	if e := b.schema.elements[n]; e != nil {
		return e
	}
	c, ok := b.components[elementKind][n]
	if !ok {
		return nil
	}
	e := &Element{Name: n, Global: true}
	b.schema.elements[n] = e
	b.fillElement(e, c.doc, c.el)
	return e
}

// fillElement compiles a declaration whose name is known.
func (b *builder) fillElement(e *Element, d *document, el *etree.Element) {
	e.schema = b.schema
	e.Space = b.schema.spaces.Add(e.Name.Space)
	e.Nillable = boolAttr(el, "nillable")
	e.Abstract = boolAttr(el, "abstract")
	e.Doc, e.Pos = documentation(el), d.source.Pos(el)
	e.Default, e.Fixed = valueConstraint(el)
	e.Constraints = b.constraints(d, el)
	e.block = d.block
	if a := el.SelectAttr("block"); a != nil {
		e.block = parseDerivation(a.Value)
	}
	b.tag(e)
	if el.SelectAttr("substitutionGroup") != nil {
		if n, ok := b.name(d, el, "substitutionGroup"); ok {
			if e.head = b.elementNamed(n); e.head == nil {
				b.unknown(d, el, elementKind, n)
			}
		}
	}
	switch inner := childOf(el, "complexType", "simpleType"); {
	case el.SelectAttr("type") != nil && inner != nil:
		b.fail(d, el, "contradictory", "the element %s has both a type attribute and a type inside", e.Name.Local)
		e.Type = b.anyType()
	case el.SelectAttr("type") != nil:
		e.Type = b.typeReferred(d, el, "type")
	case inner != nil:
		e.Type = b.newType(component{el: inner, doc: d})
		if e.Type.Doc == "" {
			e.Type.Doc = e.Doc
		}
	case e.head != nil && e.head.Type != nil:
		e.Type = e.head.Type
	default:
		e.Type = b.anyType()
	}
}

// tag precomputes what the writer writes.
func (b *builder) tag(e *Element) {
	name := e.Name.Local
	if e.Space != scan.NoSpace {
		name = b.schema.prefixes[e.Space] + ":" + name
	}
	e.Open, e.Close = "<"+name, "</"+name+">"
}

func boolAttr(el *etree.Element, key string) bool {
	v := strings.TrimSpace(el.SelectAttrValue(key, ""))
	return v == "true" || v == "1"
}

func valueConstraint(el *etree.Element) (value *string, fixed bool) {
	if a := el.SelectAttr("fixed"); a != nil {
		return &a.Value, true
	}
	if a := el.SelectAttr("default"); a != nil {
		return &a.Value, false
	}
	return nil, false
}

// childOf is the first child of XML Schema with one of these names, or nil.
func childOf(el *etree.Element, tags ...string) *etree.Element {
	for _, c := range el.ChildElements() {
		if slices.Contains(tags, c.Tag) && c.NamespaceURI() == XSDURI {
			return c
		}
	}
	return nil
}

// documentation is the text of el's xs:annotation/xs:documentation, on one line.
func documentation(el *etree.Element) string {
	a := childOf(el, "annotation")
	if a == nil {
		return ""
	}
	var words []string
	for _, d := range a.ChildElements() {
		if d.Tag == "documentation" {
			words = append(words, strings.Fields(d.Text())...)
		}
	}
	return strings.Join(words, " ")
}

// substitutions tells every head which elements may stand for it.
func (b *builder) substitutions() {
	for _, n := range slices.SortedFunc(maps.Keys(b.schema.elements), compareNames) {
		e := b.schema.elements[n]
		for head, steps := e.head, 0; head != nil && steps < maxDerivation; head, steps = head.head, steps+1 {
			if head == e {
				b.problems = append(b.problems, diag.Problem{Pos: e.Pos, Code: "circular", Message: fmt.Sprintf("the element %s heads its own substitution group", e.Name)})
				break
			}
			if head.block&bySubstitution == 0 {
				head.members = append(head.members, e)
			}
		}
	}
}

// derivations tells every type which ones derive from it, at any depth.
func (b *builder) derivations() {
	for _, t := range b.types {
		for base, steps := t.Base, 0; base != nil && !base.builtin() && steps < maxDerivation; base, steps = base.Base, steps+1 {
			base.Derived = append(base.Derived, t)
		}
	}
}

func (t *Type) builtin() bool { return t.Name.Space == XSDURI }

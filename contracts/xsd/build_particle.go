package xsd

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// modelInside compiles the group that stands inside a type or a derivation; nil where there is none.
func (b *builder) modelInside(d *document, el *etree.Element) *Particle {
	child := childOf(el, "sequence", "choice", "all", "group")
	if child == nil {
		return nil
	}
	return b.particle(d, child)
}

// particle compiles one particle; nil where it can't occur.
func (b *builder) particle(d *document, el *etree.Element) *Particle {
	p := &Particle{Pos: d.source.Pos(el)}
	var ok bool
	if p.Min, p.Max, ok = b.occurs(d, el); !ok || p.Max == 0 {
		return nil
	}
	switch el.Tag {
	case "element":
		return b.elementParticle(d, el, p)
	case "any":
		p.Kind, p.Any = AnyParticle, b.wildcard(d, el)
		return p
	case "group":
		return b.groupReference(d, el, p)
	case "sequence":
		p.Kind = Sequence
	case "choice":
		p.Kind = Choice
	case "all":
		p.Kind = All
	}
	for _, child := range el.ChildElements() {
		if child.NamespaceURI() != XSDURI || !slices.Contains([]string{"element", "any", "group", "sequence", "choice", "all"}, child.Tag) {
			continue
		}
		if c := b.particle(d, child); c != nil {
			p.Children = append(p.Children, c)
		}
	}
	if len(p.Children) == 0 {
		return nil
	}
	return p
}

func (b *builder) elementParticle(d *document, el *etree.Element, p *Particle) *Particle {
	p.Kind = ElementParticle
	if el.SelectAttr("ref") != nil {
		n, ok := b.name(d, el, "ref")
		if !ok {
			return nil
		}
		if p.element = b.elementNamed(n); p.element == nil {
			b.unknown(d, el, elementKind, n)
			return nil
		}
		return p
	}
	local, ok := b.declaredName(d, el)
	if !ok {
		return nil
	}
	n := Name{Local: local}
	if form := el.SelectAttrValue("form", ""); form == "qualified" || form == "" && d.qualifiedElements {
		n.Space = d.target
	}
	p.element = &Element{Name: n}
	b.fillElement(p.element, d, el)
	return p
}

// groupReference expands a named group in place.
func (b *builder) groupReference(d *document, el *etree.Element, p *Particle) *Particle {
	n, ok := b.name(d, el, "ref")
	if !ok {
		return nil
	}
	c, ok := b.components[groupKind][n]
	if !ok {
		b.unknown(d, el, groupKind, n)
		return nil
	}
	inner := b.group(n, c, d, el)
	if inner == nil {
		return nil
	}
	if p.Min == 1 && p.Max == 1 {
		return inner
	}
	p.Kind, p.Children = Sequence, []*Particle{inner}
	return p
}

// group compiles a named group once; what refers to it shares the result.
func (b *builder) group(n Name, c component, d *document, ref *etree.Element) *Particle {
	if slices.Contains(b.open, c.el) {
		if c.original == nil {
			b.fail(d, ref, "circular", "the group %s contains itself", n)
			return nil
		}
		c = *c.original // inside its own redefinition a group's name means what it meant before
	}
	if p, ok := b.groups[c.el]; ok {
		return p
	}
	b.open = append(b.open, c.el)
	p := b.modelInside(c.doc, c.el)
	b.open = b.open[:len(b.open)-1]
	b.groups[c.el] = p
	return p
}

// occurs reads minOccurs and maxOccurs.
func (b *builder) occurs(d *document, el *etree.Element) (low, high int, ok bool) {
	low, high = 1, 1
	var err error
	if v := strings.TrimSpace(el.SelectAttrValue("minOccurs", "1")); true {
		if low, err = strconv.Atoi(v); err != nil || low < 0 {
			b.fail(d, el, "contradictory", "minOccurs is not a number: %q", v)
			return 0, 0, false
		}
	}
	switch v := strings.TrimSpace(el.SelectAttrValue("maxOccurs", "1")); {
	case v == "unbounded":
		high = Unbounded
	default:
		if high, err = strconv.Atoi(v); errors.Is(err, strconv.ErrRange) && high > 0 {
			return low, Unbounded, true // more than anybody can send
		}
		if err != nil || high < 0 {
			b.fail(d, el, "contradictory", "maxOccurs is not a number: %q", v)
			return 0, 0, false
		}
		if high < low {
			b.fail(d, el, "contradictory", "maxOccurs %d is less than minOccurs %d", high, low)
			return 0, 0, false
		}
	}
	return low, high, true
}

// checkGroups compiles the named groups, so that faults in those that no type uses are found too.
func (b *builder) checkGroups() {
	for _, n := range sortedNames(b.components[groupKind]) {
		c := b.components[groupKind][n]
		b.group(n, c, c.doc, c.el)
	}
}

package xsd

import (
	"slices"
	"strings"

	"github.com/beevik/etree"

	"sluice/contracts/xsd/scan"
)

// fillComplex compiles xs:complexType.
func (b *builder) fillComplex(t *Type, c component) {
	d, el := c.doc, c.el
	t.Abstract = boolAttr(el, "abstract")
	t.Mixed = boolAttr(el, "mixed")
	t.block = d.block
	if a := el.SelectAttr("block"); a != nil {
		t.block = parseDerivation(a.Value)
	}
	t.Base = b.anyType()
	switch content := childOf(el, "simpleContent", "complexContent"); {
	case content == nil:
		t.model = b.modelInside(d, el)
		b.attributes(t, d, el)
	default:
		derivation := childOf(content, "extension", "restriction")
		if derivation == nil {
			b.fail(d, content, "contradictory", "<%s> without an extension or restriction", content.FullTag())
			return
		}
		t.extension = derivation.Tag == "extension"
		t.Base = b.baseOf(d, derivation, c)
		if content.Tag == "simpleContent" {
			b.simpleContent(t, d, derivation)
		} else {
			t.Mixed = t.Mixed || boolAttr(content, "mixed")
			b.complexContent(t, d, derivation)
		}
	}
}

// baseOf is the type that a derivation starts from, filled.
func (b *builder) baseOf(d *document, derivation *etree.Element, c component) *Type {
	if c.original != nil && b.isSelf(d, derivation, c.el) {
		base := b.newType(*c.original)
		base.Name = Name{d.target, c.el.SelectAttrValue("name", "")}
		b.fill(base)
		return base
	}
	base := b.typeReferred(d, derivation, "base")
	b.fill(base)
	return base
}

func (b *builder) simpleContent(t *Type, d *document, derivation *etree.Element) {
	switch inner := childOf(derivation, "simpleType"); {
	case t.Base.Value == nil && !(t.Base.Mixed && inner != nil):
		b.fail(d, derivation, "contradictory", "simple content that derives from the type %s, whose content is not simple", t.Base.Name)
		t.Value = builtin(String)
	case t.extension:
		t.Value = t.Base.Value
	case inner != nil:
		t.Value = b.facets(d, derivation, b.simpleDefinition(d, inner, nil))
	default:
		t.Value = b.facets(d, derivation, t.Base.Value)
	}
	b.inheritAttributes(t)
	b.attributes(t, d, derivation)
}

func (b *builder) complexContent(t *Type, d *document, derivation *etree.Element) {
	own := b.modelInside(d, derivation)
	if t.extension && own == nil && t.Base.complex && t.Base.Value != nil {
		// An extension by attributes alone keeps its base's content (XML Schema part 1, section 3.4.2), simple or not.
		t.Value = t.Base.Value
		b.inheritAttributes(t)
		b.attributes(t, d, derivation)
		return
	}
	if t.Base.Value != nil {
		b.fail(d, derivation, "contradictory", "complex content that derives from the type %s, whose content is simple", t.Base.Name)
		return
	}
	switch {
	case !t.extension:
		t.model = own
	case t.Base.anyType:
		t.model = own
	default:
		t.Mixed = t.Mixed || t.Base.Mixed
		t.model = joined(t.Base.model, own)
	}
	if !t.Base.anyType {
		b.inheritAttributes(t)
	}
	b.attributes(t, d, derivation)
}

// joined is the content of an extension: its base's, then its own.
func joined(base, own *Particle) *Particle {
	switch {
	case base == nil:
		return own
	case own == nil:
		return base
	}
	return &Particle{Kind: Sequence, Min: 1, Max: 1, Children: []*Particle{base, own}, Pos: own.Pos}
}

func (b *builder) inheritAttributes(t *Type) {
	t.Attributes = append(t.Attributes, t.Base.Attributes...)
	if t.extension {
		t.AnyAttribute = t.Base.AnyAttribute
	}
}

// attributes adds the attributes declared inside el, in the place of inherited ones of the same name.
func (b *builder) attributes(t *Type, d *document, el *etree.Element) {
	for _, child := range el.ChildElements() {
		switch child.Tag {
		case "attribute":
			a := b.attributeUse(d, child)
			if a == nil {
				continue
			}
			at := -1
			for i, known := range t.Attributes {
				if known.Name == a.Name {
					at = i
				}
			}
			switch {
			case at < 0 && !a.prohibited:
				t.Attributes = append(t.Attributes, a)
			case at >= 0 && a.prohibited:
				t.Attributes = append(t.Attributes[:at:at], t.Attributes[at+1:]...)
			case at >= 0:
				if known := t.Attributes[at]; !slices.Contains(t.Base.Attributes, known) && known.differs(a) {
					b.fail(d, child, "declared-twice", "the attribute %s is declared a second time, and differently; the first is at %s", a.Name, known.Pos)
				}
				t.Attributes[at] = a
			}
		case "attributeGroup":
			b.attributeGroup(t, d, child)
		case "anyAttribute":
			t.AnyAttribute = union(t.AnyAttribute, b.wildcard(d, child))
		}
	}
}

func (b *builder) attributeGroup(t *Type, d *document, ref *etree.Element) {
	n, ok := b.name(d, ref, "ref")
	if !ok {
		return
	}
	c, ok := b.components[attributeGroupKind][n]
	if !ok {
		b.unknown(d, ref, attributeGroupKind, n)
		return
	}
	// Inside its own redefinition a group's name means what it meant before.
	for i := range b.attrGroups {
		if b.attrGroups[i] == c.el {
			if c.original == nil {
				b.fail(d, ref, "circular", "the attribute group %s contains itself", n)
				return
			}
			c = *c.original
		}
	}
	use := groupUse{t, c.el}
	if b.attrGroupUses[use] {
		return // groups that hold one group twice would double it without end
	}
	b.attrGroupUses[use] = true
	b.attrGroups = append(b.attrGroups, c.el)
	b.attributes(t, c.doc, c.el)
	b.attrGroups = b.attrGroups[:len(b.attrGroups)-1]
}

// groupUse is an attribute group that a type has the attributes of.
type groupUse struct {
	by    *Type
	group *etree.Element
}

// differs says whether two declarations of one attribute mean different things.
func (a *Attribute) differs(b *Attribute) bool {
	value := func(v *string) string {
		if v == nil {
			return ""
		}
		return *v
	}
	return a.Pos != b.Pos && (a.Type != b.Type || a.Required != b.Required || a.Fixed != b.Fixed || value(a.Default) != value(b.Default))
}

// attributeUse compiles xs:attribute inside a type or an attribute group.
func (b *builder) attributeUse(d *document, el *etree.Element) *Attribute {
	a := &Attribute{}
	if el.SelectAttr("ref") != nil {
		n, ok := b.name(d, el, "ref")
		if !ok {
			return nil
		}
		global := b.attributeNamed(n)
		if global == nil {
			b.unknown(d, el, attributeKind, n)
			return nil
		}
		*a = *global
	} else {
		var ok bool
		if a.Name.Local, ok = b.declaredName(d, el); !ok {
			return nil
		}
		if form := el.SelectAttrValue("form", ""); form == "qualified" || form == "" && d.qualifiedAttributes {
			a.Name.Space = d.target
		}
		b.fillAttribute(a, d, el)
	}
	if doc := documentation(el); doc != "" {
		a.Doc = doc
	}
	if v, fixed := valueConstraint(el); v != nil {
		a.Default, a.Fixed = v, fixed
	}
	switch use := el.SelectAttrValue("use", "optional"); use {
	case "required":
		a.Required = true
	case "prohibited":
		a.prohibited = true
	case "optional":
	default:
		b.fail(d, el, "contradictory", "use is none of optional, required, prohibited: %q", use)
	}
	return a
}

// attributeNamed finds or makes the global attribute n; nil where nobody declares it.
func (b *builder) attributeNamed(n Name) *Attribute {
	if a := b.schema.attributes[n]; a != nil {
		return a
	}
	c, ok := b.components[attributeKind][n]
	if !ok {
		return nil
	}
	a := &Attribute{Name: n}
	b.schema.attributes[n] = a
	b.fillAttribute(a, c.doc, c.el)
	return a
}

func (b *builder) fillAttribute(a *Attribute, d *document, el *etree.Element) {
	a.Space = b.schema.spaces.Add(a.Name.Space)
	a.Pos, a.Doc = d.source.Pos(el), documentation(el)
	a.Default, a.Fixed = valueConstraint(el)
	a.Type = b.simpleReferred(d, el, "type")
	name := a.Name.Local
	if a.Space != scan.NoSpace {
		name = b.schema.prefixes[a.Space] + ":" + name
	}
	a.Open = " " + name + `="`
}

// wildcard compiles the namespaces of xs:any and xs:anyAttribute.
func (b *builder) wildcard(d *document, el *etree.Element) *Wildcard {
	w := &Wildcard{}
	switch process := el.SelectAttrValue("processContents", "strict"); process {
	case "strict":
		w.Strict = true
	case "skip":
		w.Skip = true
	case "lax":
	default:
		b.fail(d, el, "contradictory", "processContents is none of strict, lax, skip: %q", process)
	}
	switch spaces := strings.TrimSpace(el.SelectAttrValue("namespace", "##any")); spaces {
	case "##any":
		w.Not = true
	case "##other":
		w.Not = true
		w.Spaces = []int{scan.NoSpace, b.schema.spaces.Add(d.target)}
	default:
		for _, word := range strings.Fields(spaces) {
			switch word {
			case "##targetNamespace":
				word = d.target
			case "##local":
				word = ""
			}
			w.Spaces = append(w.Spaces, b.schema.spaces.Add(word))
		}
	}
	return w
}

// union lets in what either wildcard does.
func union(a, b *Wildcard) *Wildcard {
	switch {
	case a == nil:
		return b
	case a.Not && len(a.Spaces) == 0 || b.Not && len(b.Spaces) == 0:
		return &Wildcard{Not: true, Strict: a.Strict && b.Strict, Skip: a.Skip || b.Skip}
	case !a.Not && !b.Not:
		return &Wildcard{Spaces: append(a.Spaces[:len(a.Spaces):len(a.Spaces)], b.Spaces...), Strict: a.Strict && b.Strict}
	}
	not, in := a, b
	if !not.Not {
		not, in = b, a
	}
	w := &Wildcard{Not: true, Strict: a.Strict && b.Strict, Skip: a.Skip || b.Skip}
	for _, s := range not.Spaces {
		if !in.Allows(s) {
			w.Spaces = append(w.Spaces, s)
		}
	}
	return w
}

package xsd

import (
	"strconv"
	"strings"

	"github.com/beevik/etree"
)

// fillSimple compiles xs:simpleType.
func (b *builder) fillSimple(t *Type, c component) {
	t.Value, t.Bare = b.simpleDefinition(c.doc, c.el, c.original), true
	t.Value.Name = t.Name
	t.Base = b.anyType()
	if t.Value.Base != nil {
		if base := b.schema.Type(t.Value.Base.Name); t.Value.Base.Name != (Name{}) && base != nil {
			t.Base = base
		}
	}
}

// simpleDefinition compiles the restriction, list or union inside el.
func (b *builder) simpleDefinition(d *document, el *etree.Element, original *component) *Simple {
	inner := childOf(el, "restriction", "list", "union")
	if inner == nil {
		b.fail(d, el, "contradictory", "a simple type without a restriction, list or union")
		return builtin(String).derive()
	}
	if attr := map[string]string{"restriction": "base", "list": "itemType"}[inner.Tag]; attr != "" && inner.SelectAttr(attr) == nil && childOf(inner, "simpleType") == nil {
		b.fail(d, inner, "contradictory", "a %s without %s", inner.Tag, attr)
		return builtin(String).derive()
	}
	switch inner.Tag {
	case "list":
		return listOf(b.simpleReferred(d, inner, "itemType"))
	case "union":
		var members []*Simple
		for _, word := range strings.Fields(inner.SelectAttrValue("memberTypes", "")) {
			if n, ok := b.qname(d, inner, word); ok {
				members = append(members, b.simpleNamed(d, inner, n))
			}
		}
		for _, child := range inner.ChildElements() {
			if isSchemaTag(child, "simpleType") {
				members = append(members, b.simpleDefinition(d, child, nil))
			}
		}
		if len(members) == 0 {
			b.fail(d, inner, "contradictory", "a union without members")
			return builtin(String).derive()
		}
		return unionOf(members)
	}
	var base *Simple
	if original != nil && b.isSelf(d, inner, el) {
		base = b.simpleDefinition(original.doc, original.el, original.original)
	} else {
		base = b.simpleReferred(d, inner, "base")
	}
	return b.facets(d, inner, base)
}

// isSelf says whether the base that inner names is the very type that el redefines.
func (b *builder) isSelf(d *document, inner, el *etree.Element) bool {
	n, ok := b.name(d, inner, "base")
	return ok && n == Name{d.target, el.SelectAttrValue("name", "")}
}

// simpleReferred is the simple type that attr names, or that stands inside el.
func (b *builder) simpleReferred(d *document, el *etree.Element, attr string) *Simple {
	if el.SelectAttr(attr) != nil {
		n, ok := b.name(d, el, attr)
		if !ok {
			return builtin(String)
		}
		return b.simpleNamed(d, el, n)
	}
	if inner := childOf(el, "simpleType"); inner != nil {
		return b.simpleDefinition(d, inner, nil)
	}
	return builtin(AnySimple)
}

func (b *builder) simpleNamed(d *document, el *etree.Element, n Name) *Simple {
	t := b.typeNamed(n)
	if t == nil {
		b.unknown(d, el, typeKind, n)
		return builtin(String)
	}
	b.fill(t)
	if t.Value == nil || t.complex {
		b.fail(d, el, "contradictory", "the type %s is not simple", n)
		return builtin(String)
	}
	return t.Value
}

// facets derives from base by the facets inside el.
func (b *builder) facets(d *document, el *etree.Element, base *Simple) *Simple {
	s := base.derive()
	var enum, patterns []string
	for _, f := range el.ChildElements() {
		if f.NamespaceURI() != XSDURI {
			continue
		}
		raw := f.SelectAttrValue("value", "")
		switch f.Tag {
		case "enumeration":
			enum = append(enum, b.enumerated(d, f, s, raw))
		case "pattern":
			patterns = append(patterns, raw)
		case "length":
			n := b.number(d, f, raw)
			s.MinLen, s.MaxLen = n, n
		case "minLength":
			s.MinLen = b.number(d, f, raw)
		case "maxLength":
			s.MaxLen = b.number(d, f, raw)
		case "minInclusive":
			s.MinInclusive, s.MinExclusive = &raw, nil
		case "maxInclusive":
			s.MaxInclusive, s.MaxExclusive = &raw, nil
		case "minExclusive":
			s.MinExclusive, s.MinInclusive = &raw, nil
		case "maxExclusive":
			s.MaxExclusive, s.MaxInclusive = &raw, nil
		case "totalDigits":
			s.TotalDigits = b.number(d, f, raw)
		case "fractionDigits":
			s.FractionDigits = b.number(d, f, raw)
		case "whiteSpace":
			switch raw {
			case "preserve":
				s.White = Preserve
			case "replace":
				s.White = Replace
			case "collapse":
				s.White = Collapse
			default:
				b.fail(d, f, "contradictory", "whiteSpace is none of preserve, replace, collapse: %q", raw)
			}
		}
	}
	if enum != nil {
		s.Enum = enum
	}
	if patterns != nil {
		s.Patterns = append(s.Patterns[:len(s.Patterns):len(s.Patterns)], patterns)
	}
	return s
}

// enumerated is an enumeration's value as trees hold it: names of types QName are resolved.
func (b *builder) enumerated(d *document, f *etree.Element, s *Simple, raw string) string {
	switch {
	case s.Holds == HoldsQName:
		if n, ok := b.qname(d, f, strings.TrimSpace(raw)); ok {
			return n.String()
		}
	case s.White == Collapse:
		return strings.Join(strings.Fields(raw), " ")
	}
	return raw
}

func (b *builder) number(d *document, el *etree.Element, raw string) int {
	n, err := strconv.Atoi(strings.TrimSpace(raw))
	if err != nil || n < 0 {
		b.fail(d, el, "contradictory", "%s is not a number: %q", el.Tag, raw)
		return 0
	}
	return n
}

package xsd

import (
	"slices"
	"strings"

	"github.com/beevik/etree"
)

// Constraint is xs:key, xs:unique or xs:keyref: what the values of fields must be to one another.
type Constraint struct {
	Name     Name
	Refer    Name // of a keyref: the key whose values it repeats
	Selector []Path
	Fields   [][]Path
}

// Path is one of the alternatives of a selector or field (XML Schema part 1, section 3.11.6).
type Path struct {
	Deep  bool // begins with .//
	Steps []Step
}

// Step is a child element, or at the end of a field an attribute. An empty Local means any, in any namespace where
// AnySpace says so.
type Step struct {
	Name
	AnySpace  bool
	Attribute bool
}

// Fits says whether an element or attribute of this name, where attribute tells, is the step's.
func (s Step) Fits(n Step) bool {
	return s.Attribute == n.Attribute && (s.AnySpace || s.Space == n.Space) && (s.Local == "" || s.Local == n.Local)
}

// Fits says whether the path leads down these names.
func (p Path) Fits(names []Step) bool {
	if p.Deep && len(names) > len(p.Steps) {
		names = names[len(names)-len(p.Steps):]
	}
	return slices.EqualFunc(p.Steps, names, Step.Fits)
}

// constraints reads the identity constraints of an element.
func (b *builder) constraints(d *document, el *etree.Element) (all []*Constraint) {
	for _, c := range el.ChildElements() {
		if c.NamespaceURI() != XSDURI || c.Tag != "key" && c.Tag != "unique" && c.Tag != "keyref" {
			continue
		}
		k := &Constraint{Name: Name{d.target, c.SelectAttrValue("name", "")}}
		if c.Tag == "keyref" {
			k.Refer, _ = b.name(d, c, "refer")
		}
		for _, part := range c.ChildElements() {
			switch part.Tag {
			case "selector":
				k.Selector = paths(part)
			case "field":
				k.Fields = append(k.Fields, paths(part))
			}
		}
		all = append(all, k)
	}
	return all
}

// paths reads an xpath. What is beyond the language of constraints leads nowhere; the validator speaks of it.
func paths(el *etree.Element) (all []Path) {
	for _, alternative := range strings.Split(el.SelectAttrValue("xpath", ""), "|") {
		var p Path
		words := strings.Join(strings.Fields(alternative), "")
		if rest, deep := strings.CutPrefix(words, ".//"); deep {
			p.Deep, words = true, rest
		}
		for _, word := range strings.Split(words, "/") {
			if word == "." || word == "" {
				continue
			}
			var s Step
			for _, axis := range []string{"@", "attribute::"} {
				if rest, found := strings.CutPrefix(word, axis); found {
					s.Attribute, word = true, rest
				}
			}
			word = strings.TrimPrefix(word, "child::")
			prefix, local, qualified := strings.Cut(word, ":")
			switch {
			case word == "*":
				s.AnySpace = true
			case !qualified:
				s.Local = word // no namespace: defaults do not count here
			default:
				s.Space, _ = lookupPrefix(el, prefix)
				s.Local = strings.TrimSuffix(local, "*")
			}
			p.Steps = append(p.Steps, s)
		}
		all = append(all, p)
	}
	return all
}

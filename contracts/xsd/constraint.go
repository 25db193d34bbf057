package xsd

import (
	"slices"
	"strings"

	"github.com/beevik/etree"

	"sluice/contracts/xsd/scan"
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

// Leads says whether the constraint's selector and field lead down these names.
func (c *Constraint) Leads(field int, names []Step) bool {
	for k := range len(names) + 1 {
		selected := slices.ContainsFunc(c.Selector, func(p Path) bool { return p.Fits(names[:k]) })
		if selected && slices.ContainsFunc(c.Fields[field], func(p Path) bool { return p.Fits(names[k:]) }) {
			return true
		}
	}
	return false
}

// used says whether anything in a document may be what the constraint speaks of: its names are, below some element.
func (c *Constraint) used(doc []byte) bool {
	var s scan.Scanner
	kind, err := scan.Start, s.Reset(doc, scan.NewSpaces(), scan.Limits{})
	var names []Step
	leads := func(names []Step) bool {
		for from := range names {
			if len(c.Fields) > 0 && c.Leads(0, names[from+1:]) {
				return true
			}
		}
		return false
	}
	for err == nil && kind != scan.EOF {
		switch kind, err = s.Next(); {
		case err != nil:
		case kind == scan.End:
			names = names[:len(names)-1]
		case kind == scan.Start:
			names = append(names, Step{Name: Name{s.URI(s.Space()), string(s.Local())}})
			if leads(names) {
				return true
			}
			for _, a := range s.Attrs() {
				if leads(append(slices.Clip(names), Step{Name: Name{s.URI(a.Space), string(a.Local)}, Attribute: true})) {
					return true
				}
			}
		}
	}
	return false
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
			b.schema.keyrefs[k.Name.String()] = k
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

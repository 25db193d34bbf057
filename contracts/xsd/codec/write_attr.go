package codec

import (
	"fmt"
	"strings"

	"sluice/contracts/diag"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/scan"
)

// attributes writes the attributes that obj has; those that the contract fixes need not be given.
func (w *Writer) attributes(e *xsd.Element, c *content) error {
	for _, a := range c.t.Attributes {
		v, _ := c.obj.Next(a.Key, &c.near)
		switch {
		case v != nil:
			c.used++
		case !a.Required:
			continue
		case !a.Fixed:
			return &Error{Text: "an attribute is missing", Expected: "@" + a.Name.Local, Contract: a.Pos.String()}
		default:
			v = *a.Default
		}
		w.use(a.Space)
		text := w.named(a.Type, v)
		w.dst = append(w.dst, a.Open...)
		var err error
		if w.dst, err = appendValue(w.dst, a.Type, text, true); err != nil {
			return &Error{Path: "@" + a.Name.Local, Text: "the value is not what the contract declares", Expected: a.Type.String() + because(err), Found: describe(v), Contract: a.Pos.String()}
		}
		w.dst = append(w.dst, '"')
	}
	if c.t.AnyAttribute == nil || c.used == c.obj.Len() {
		return nil
	}
	for _, key := range c.obj.Keys() {
		if key[:min(1, len(key))] == "@" && !c.t.Has(key) {
			if err := w.wildAttribute(c, key); err != nil {
				return err
			}
		}
	}
	return nil
}

// wildAttribute writes an attribute that a wildcard lets in: its key is @name or @{namespace}name.
func (w *Writer) wildAttribute(c *content, key string) error {
	name := xsd.ParseName(key[1:])
	v, ok := c.obj.Get(key).(string)
	switch {
	case !ok:
		return wrong("the attribute "+key+" has the wrong form", "a string", describe(c.obj.Get(key)))
	case !scan.IsNCName(name.Local):
		return wrong("the attribute "+key+" has no name that XML allows", "", "")
	}
	space, known := w.schema.Spaces().Number(name.Space)
	if !known {
		space = w.schema.Spaces().Len()
	}
	if !c.t.AnyAttribute.Allows(space) {
		return wrong("the wildcard does not allow this attribute", "", key)
	}
	c.used++
	prefix := w.prefix(name.Space)
	w.dst = append(w.dst, ' ')
	if prefix != "" {
		w.dst = append(append(w.dst, prefix...), ':')
	}
	w.dst = append(append(w.dst, name.Local...), `="`...)
	var err error
	if w.dst, err = appendAttribute(w.dst, v); err != nil {
		return wrong("the attribute "+key+" has the wrong form", "a string"+because(err), "")
	}
	w.dst = append(w.dst, '"')
	return nil
}

// prefix is the prefix of a namespace inside the start tag being written. One that the schema does not have is
// declared on the spot, with a number to tell several from one another.
func (w *Writer) prefix(space string) string {
	if n, ok := w.schema.Spaces().Number(space); ok {
		w.use(n)
		return w.schema.Prefix(n)
	}
	w.foreign++
	p := fmt.Sprintf("q%d", w.foreign)
	w.dst = append(append(append(w.dst, " xmlns:"...), p...), `="`...)
	w.dst, _ = appendAttribute(w.dst, space)
	w.dst = append(w.dst, '"')
	return p
}

// named turns each {namespace}name of a value into prefix:name, inside a start tag. What is no name is left to
// appendValue to refuse.
func (w *Writer) named(s *xsd.Simple, v any) any {
	switch value := v.(type) {
	case string:
		if s.Holds != xsd.HoldsQName {
			return v
		}
		n := xsd.ParseName(value)
		if n.Space == "" {
			return n.Local
		}
		return w.prefix(n.Space) + ":" + n.Local
	case []any:
		if s.Holds != xsd.HoldsList || s.Item.Holds != xsd.HoldsQName {
			return v
		}
		list := make([]any, len(value))
		for i := range value {
			list[i] = w.named(s.Item, value[i])
		}
		return list
	}
	return v
}

// actualType finds the type that _type names and writes xsi:type where it is not the declared one.
func (w *Writer) actualType(e *xsd.Element, declared *xsd.Type, name any) (*xsd.Type, error) {
	s, ok := name.(string)
	if !ok {
		return nil, wrongAt(e, "_type has the wrong form", "a string, {namespace}name", describe(name))
	}
	n := xsd.ParseName(s)
	t := w.schema.Type(n)
	switch {
	case t == nil:
		return nil, &Error{Text: "_type names a type that the contract does not have", Found: s, Hint: suggestType(declared, s), Contract: e.Pos.String()}
	case !t.DerivesFrom(declared):
		return nil, wrongAt(e, "_type names a type that does not derive from the declared one", declared.Name.String(), s)
	case t.Abstract:
		return nil, wrongAt(e, "_type names an abstract type", concrete(t), s)
	case t == declared:
		return t, nil
	}
	w.use(scan.SpaceXSI)
	prefix := w.prefix(n.Space)
	w.dst = append(w.dst, ` xsi:type="`...)
	if n.Space != "" {
		w.dst = append(append(w.dst, prefix...), ':')
	}
	w.dst = append(append(w.dst, n.Local...), '"')
	return t, nil
}

func suggestType(declared *xsd.Type, s string) string {
	var names []string
	for _, t := range declared.Derived {
		names = append(names, t.Name.String())
	}
	return diag.Suggest(s, names)
}

// leftOver refuses keys that nothing has written. A null that the contract has a place for is absent, wherever.
func (w *Writer) leftOver(e *xsd.Element, c *content) error {
	if c.used == c.obj.Len() {
		return nil
	}
	left := c.obj.Len() - c.used
	for _, v := range c.obj.All() {
		if v == nil {
			left--
		}
	}
	for _, key := range c.obj.Keys() {
		if !c.t.Has(key) && !(key == xsd.KeyType) && !(key == xsd.KeyNil && e.Nillable) && !(strings.HasPrefix(key, "@") && c.t.AnyAttribute != nil) {
			return &Error{Text: "the contract does not know the key " + key, Hint: diag.Suggest(key, c.t.Keys()), Contract: e.Pos.String()}
		}
	}
	if left == 0 {
		return nil
	}
	return wrongAt(e, "what is given can't stand together", "", together(c.obj.Keys()))
}

// misplaced reports the first entry of _items that no part of the content takes.
func (w *Writer) misplaced(e *xsd.Element, c *content) error {
	return under(wrongAt(e, "the entry is out of place", c.rest, w.itemName(c)), xsd.KeyItems, c.next+1)
}

// absent reports that nothing was given for a particle that must occur.
func (w *Writer) absent(p *xsd.Particle) error {
	text := "an element is missing"
	if p.Kind == xsd.Choice {
		text = "one branch of a choice must be present"
	}
	return &Error{Text: text, Expected: listed(beginnings(p)), Contract: p.Pos.String()}
}

func wrong(text, expected, found string) error {
	return &Error{Text: text, Expected: expected, Found: found}
}

func wrongAt(e *xsd.Element, text, expected, found string) error {
	return &Error{Text: text, Expected: expected, Found: found, Contract: e.Pos.String()}
}

// under puts an element, or an item of its list counted from 1, before the path of an error inside it.
func under(err error, name string, index int) error {
	e, ok := err.(*Error)
	if !ok {
		return err
	}
	if index > 0 {
		name = fmt.Sprintf("%s[%d]", name, index)
	}
	if e.Path != "" {
		name += "/" + e.Path
	}
	e.Path = name
	return e
}

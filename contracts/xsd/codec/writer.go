package codec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sluice/contracts/diag"
	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/scan"
)

// Writer appends elements of one schema to a document. Package wsdl writes envelopes with it.
type Writer struct {
	dst     []byte
	schema  *xsd.Schema
	used    []bool // namespaces that the root element must declare
	foreign int    // namespaces that the schema lacks, so far
	matcher
	scan   scan.Scanner // checks raw XML
	attach func(content []byte) (href string)
}

var writers = sync.Pool{New: func() any { return new(Writer) }}

// Append writes message as XML in UTF-8, without an XML declaration. Errors are *Error.
func (m *Message) Append(dst []byte, message *tree.Object) ([]byte, error) {
	value, ok := message.Lookup(m.root.Name.Local)
	if !ok || message.Len() != 1 {
		return dst, &Error{Text: "the tree must have one key, the root element", Expected: m.root.Name.Local, Found: together(message.Keys())}
	}
	return AppendElement(dst, m.schema, m.root, value)
}

// AppendElement writes one element with the namespace declarations that it needs. Errors are *Error.
func AppendElement(dst []byte, s *xsd.Schema, e *xsd.Element, value any) ([]byte, error) {
	return AppendAttaching(dst, s, e, value, nil)
}

// AppendAttaching is AppendElement with long binaries given to attach, which says what the document calls them.
func AppendAttaching(dst []byte, s *xsd.Schema, e *xsd.Element, value any, attach func(content []byte) (href string)) ([]byte, error) {
	w := writers.Get().(*Writer)
	w.dst, w.schema, w.attach = dst, s, attach
	if n := s.Spaces().Len(); len(w.used) < n {
		w.used = make([]bool, n)
	}
	head := len(dst) + len(e.Open)
	err := w.element(e, value)
	if err == nil {
		w.declare(head)
		dst = w.dst
	} else {
		err = under(err, e.Name.Local, 0)
	}
	clear(w.used)
	clear(w.frames[:cap(w.frames)])
	*w = Writer{used: w.used, matcher: matcher{frames: w.frames[:0]}, scan: w.scan}
	writers.Put(w)
	return dst, err
}

// declare inserts the namespace declarations behind the root's name: only what the document uses, all in one place.
func (w *Writer) declare(at int) {
	size := 0
	for space, used := range w.used {
		if used {
			size += len(` xmlns:=""`) + len(w.schema.Prefix(space)) + escapedLen(w.schema.Spaces().URI(space))
		}
	}
	if size == 0 {
		return
	}
	end := len(w.dst)
	w.dst = slices.Grow(w.dst, size)[:end+size]
	copy(w.dst[at+size:], w.dst[at:end])
	d := w.dst[:at]
	for space, used := range w.used {
		if used {
			d = append(append(append(d, " xmlns:"...), w.schema.Prefix(space)...), `="`...)
			d, _ = appendAttribute(d, w.schema.Spaces().URI(space))
			d = append(d, '"')
		}
	}
}

func (w *Writer) use(space int) {
	if space > scan.SpaceXML {
		w.used[space] = true
	}
}

// element writes one element, tags included.
func (w *Writer) element(e *xsd.Element, v any) error {
	w.dst = append(w.dst, e.Open...)
	w.use(e.Space)
	t := e.Type
	if v == nil {
		if !e.Nillable {
			return wrongAt(e, "the element must not be null", "", "")
		}
		w.null()
		return nil
	}
	if t.Bare {
		if obj, ok := v.(*tree.Object); ok && t.Value.Builtin == xsd.AnySimple {
			return w.object(e, t, obj)
		}
		return w.bare(e, t.Value, v)
	}
	obj, ok := v.(*tree.Object)
	if !ok {
		return wrongAt(e, "the value has the wrong form", "an object", describe(v))
	}
	return w.object(e, t, obj)
}

func (w *Writer) null() {
	w.use(scan.SpaceXSI)
	w.dst = append(w.dst, ` xsi:nil="true"/>`...)
}

// bare writes a text and the end tag behind attributes that are written already.
func (w *Writer) bare(e *xsd.Element, s *xsd.Simple, v any) error {
	text := w.named(s, v)
	w.dst = append(w.dst, '>')
	mark := len(w.dst)
	if w.included(s, text) {
		w.dst = append(w.dst, e.Close...)
		return nil
	}
	var err error
	if w.dst, err = appendValue(w.dst, s, text, false); err != nil {
		return wrongAt(e, "the value is not what the contract declares", s.String()+because(err), describe(v))
	}
	if len(w.dst) == mark {
		w.dst = append(w.dst[:mark-1], "/>"...)
		return nil
	}
	w.dst = append(w.dst, e.Close...)
	return nil
}

// object writes attributes, content and the end tag.
func (w *Writer) object(e *xsd.Element, t *xsd.Type, obj *tree.Object) error {
	c := content{obj: obj}
	if name, typed := obj.Lookup(xsd.KeyType); typed && !t.Has(xsd.KeyType) {
		c.used++
		var err error
		if t, err = w.actualType(e, t, name); err != nil {
			return err
		}
	} else if t.Abstract {
		return wrongAt(e, fmt.Sprintf("the type %s is abstract", t.Name.Local), "_type with one of "+concrete(t), "")
	}
	c.t = t
	if err := w.attributes(e, &c); err != nil {
		return err
	}
	if e.Nillable {
		switch null := obj.Get(xsd.KeyNil); null {
		case true:
			c.used++
			w.null()
			return w.leftOver(e, &c)
		case false:
			c.used++
		case nil:
		default:
			return wrongAt(e, "_nil has the wrong form", "true or false", describe(null))
		}
	}
	if t.Value != nil {
		v, ok := obj.Lookup(xsd.KeyText)
		if ok {
			c.used++
		} else {
			v = ""
		}
		if err := w.leftOver(e, &c); err != nil {
			return err
		}
		return w.bare(e, t.Value, v)
	}
	w.dst = append(w.dst, '>')
	mark := len(w.dst)
	if err := w.content(e, &c); err != nil {
		return err
	}
	if len(w.dst) == mark {
		w.dst = append(w.dst[:mark-1], "/>"...)
		return nil
	}
	w.dst = append(w.dst, e.Close...)
	return nil
}

// content is an object while its element is written.
type content struct {
	t    *xsd.Type
	obj  *tree.Object
	near int // the field of obj that is probably next
	used int // keys of obj that have been written, so that none is forgotten
	// The list _items, and how far it has been written.
	items []any
	next  int
	rest  string
}

func (w *Writer) content(e *xsd.Element, c *content) error {
	if c.t.Has(xsd.KeyItems) {
		if v := c.obj.Get(xsd.KeyItems); v != nil {
			c.used++
			var ok bool
			if c.items, ok = v.([]any); !ok {
				return wrongAt(e, "_items has the wrong form", "a list", describe(v))
			}
		}
	}
	switch root := c.t.Content; {
	case root == nil && c.t.Mixed:
		if err := w.items(c, nothing); err != nil {
			return err
		}
	case root != nil:
		if err := w.particle(c, root); err != nil {
			return err
		}
	}
	if c.next < len(c.items) {
		return w.misplaced(e, c)
	}
	return w.leftOver(e, c)
}

// particle writes what obj has for p.
func (w *Writer) particle(c *content, p *xsd.Particle) error {
	if p.Region {
		return w.items(c, p)
	}
	switch p.Kind {
	case xsd.ElementParticle:
		if p.Mode == xsd.Many {
			return w.many(c, p)
		}
		return w.one(c, p)
	case xsd.AnyParticle:
		return w.wildcard(c, p)
	case xsd.Choice:
		return w.choice(c, p)
	}
	if p.Min == 0 && !c.has(p) {
		return nil
	}
	for _, child := range p.Children {
		if err := w.particle(c, child); err != nil {
			return err
		}
	}
	return nil
}

// one writes an element that occurs once at most.
func (w *Writer) one(c *content, p *xsd.Particle) error {
	written := false
	for i, e := range p.Elements {
		v, ok := c.obj.Next(p.Keys[i], &c.near)
		if !ok {
			continue
		}
		if v != nil {
			c.used++
		} else if !e.Nillable {
			continue
		}
		if written {
			return wrong("only one of these may stand here", listed(p.Keys), "")
		}
		written = true
		if err := w.element(e, v); err != nil {
			return under(err, e.Name.Local, 0)
		}
	}
	if !written && p.Min > 0 {
		if filledIn(p) {
			return w.element(p.Elements[0], *p.Elements[0].Default) // the writer takes any lexical form
		}
		return w.absent(p)
	}
	return nil
}

// filledIn says whether an element need not be given, since the contract fixes its only value.
func filledIn(p *xsd.Particle) bool {
	e := p.Elements[0]
	return p.Mode == xsd.One && len(p.Elements) == 1 && e.Fixed && e.Type.Bare
}

// many writes a list.
func (w *Writer) many(c *content, p *xsd.Particle) error {
	e := p.Elements[0]
	v, _ := c.obj.Next(p.Keys[0], &c.near)
	if v != nil {
		c.used++
	}
	list, isList := v.([]any)
	if !isList && v != nil {
		return under(wrongAt(e, "the value has the wrong form", "a list", describe(v)), e.Name.Local, 0)
	}
	if len(list) == 0 && p.Min > 0 {
		return w.absent(p)
	}
	if len(list) < p.Min || p.Max != xsd.Unbounded && len(list) > p.Max {
		return under(wrongAt(e, "the list has the wrong length", occurrences(p), strconv.Itoa(len(list))), e.Name.Local, 0)
	}
	for i, v := range list {
		if err := w.element(e, v); err != nil {
			return under(err, e.Name.Local, i+1)
		}
	}
	return nil
}

func occurrences(p *xsd.Particle) string {
	switch {
	case p.Max == xsd.Unbounded:
		return fmt.Sprintf("at least %d", p.Min)
	case p.Min == p.Max:
		return fmt.Sprintf("exactly %d", p.Min)
	}
	return fmt.Sprintf("%d to %d", p.Min, p.Max)
}

// wildcard writes the list _any.
func (w *Writer) wildcard(c *content, p *xsd.Particle) error {
	v := c.obj.Get(xsd.KeyAny)
	if v != nil {
		c.used++
	}
	list, isList := v.([]any)
	switch {
	case !isList && v != nil:
		return under(wrong("the value has the wrong form", "a list of raw XML", describe(v)), xsd.KeyAny, 0)
	case len(list) < p.Min || p.Max != xsd.Unbounded && len(list) > p.Max:
		return under(wrong("the list has the wrong length", occurrences(p), strconv.Itoa(len(list))), xsd.KeyAny, 0)
	}
	for i, v := range list {
		raw, space, _, err := w.raw(v)
		if err == nil && !p.Any.Allows(space) {
			err = wrong("the wildcard does not allow this namespace", "", w.scan.URI(space))
		}
		if err != nil {
			return under(err, xsd.KeyAny, i+1)
		}
		w.dst = append(w.dst, raw...)
	}
	return nil
}

// raw checks that v is one well-formed element that stands by itself, and says what it is called.
func (w *Writer) raw(v any) (raw string, space int, local []byte, err error) {
	raw, ok := v.(string)
	if !ok {
		return "", 0, nil, wrong("the value has the wrong form", "raw XML in a string", describe(v))
	}
	err = w.scan.Reset([]byte(raw), w.schema.Spaces(), scan.Limits{})
	kind := scan.Start
	for first := true; err == nil && kind != scan.EOF; first = false {
		if kind, err = w.scan.Next(); first && err == nil {
			space, local = w.scan.Space(), slices.Clone(w.scan.Local())
		}
	}
	if err != nil {
		return "", 0, nil, wrong("raw XML that is not well-formed: "+err.Error(), "", "")
	}
	return strings.TrimSpace(raw), space, local, nil
}

// items writes entries of _items for as long as they fit p.
func (w *Writer) items(c *content, p *xsd.Particle) error {
	base := len(w.frames)
	for ; c.next < len(c.items); c.next++ {
		entry, ok := c.items[c.next].(*tree.Object)
		if !ok || entry.Len() != 1 {
			return under(wrong("an entry of _items has the wrong form", "an object with one key", describe(c.items[c.next])), xsd.KeyItems, c.next+1)
		}
		fits, err := w.item(c, p, base, entry)
		if err != nil {
			return under(err, xsd.KeyItems, c.next+1)
		}
		if !fits {
			break
		}
	}
	c.rest = w.expected(base, p)
	if missing := w.end(base, p); missing != nil {
		return wrong("an element is missing", c.rest, w.itemName(c))
	}
	w.frames = w.frames[:base]
	return nil
}

func (w *Writer) itemName(c *content) string {
	if c.next == len(c.items) {
		return "the end of _items"
	}
	entry, _ := c.items[c.next].(*tree.Object)
	return together(entry.Keys())
}

// item writes one entry; fits is false where it belongs to what follows p.
func (w *Writer) item(c *content, p *xsd.Particle, base int, entry *tree.Object) (fits bool, err error) {
	for key, v := range entry.All() {
		if key == xsd.KeyText && c.t.Mixed {
			if w.dst, err = appendValue(w.dst, plainText, v, false); err != nil {
				return false, wrong("the text has the wrong form", "a string"+because(err), describe(v))
			}
			return true, nil
		}
		if key == xsd.KeyAny {
			raw, space, local, err := w.raw(v)
			if err != nil {
				return false, err
			}
			if leaf, _, _ := w.advance(base, p, space, local); leaf == nil {
				return false, nil
			}
			w.dst = append(w.dst, raw...)
			return true, nil
		}
		e, known := c.t.ItemName(key)
		if !known {
			return false, &Error{Text: "the contract does not know this", Found: key, Hint: diag.Suggest(key, c.t.ItemKeys())}
		}
		leaf, alt, _ := w.advance(base, p, e.Space, []byte(e.Name.Local))
		if leaf == nil || leaf.Kind == xsd.AnyParticle {
			return false, nil
		}
		if err := w.element(leaf.Elements[alt], v); err != nil {
			return false, under(err, leaf.Elements[alt].Name.Local, 0)
		}
	}
	return true, nil
}

var plainText = &xsd.Simple{Holds: xsd.HoldsString}

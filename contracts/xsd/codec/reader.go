package codec

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/scan"
)

// Reader reads one document: elements whose contract is known into trees, the rest token by token. Package wsdl reads
// envelopes with it. Close it to let others use its memory.
type Reader struct {
	scan       scan.Scanner
	schema     *xsd.Schema
	strict     bool
	loose      bool
	attachment func(href string) ([]byte, bool)
	drift      []Drift
	extra      int // a namespace whose attributes are no drift, or 0

	matcher
	path    []step
	entries []entry // of the path
	build   tree.Builder
	fields  []tree.Field // of the objects under construction, innermost last
	list    []any        // of the list under construction
	items   []any        // of the lists _items under construction
	placed  []place      // where the elements read so far stand in their types' contents, for lenient reading
	text    []byte       // a text that child elements interrupt
	arena
}

// step is an open element, for the path in errors.
type step struct {
	name  string
	index int // among its like, from 1; 0 where it can't repeat; below 0, where in Reader.entries it is, from -1
}

// entry is an open element that is an entry of _items: its key, and where in Reader.items the entries before it are.
type entry struct {
	key         string
	first, upTo int
}

var readers = sync.Pool{New: func() any { return new(Reader) }}

// NewReader starts reading doc.
func NewReader(s *xsd.Schema, doc []byte, o Options) (*Reader, error) {
	limits := o.Limits.WithDefaults()
	if len(doc) > 2*limits.Bytes+2 { // UTF-16 takes twice the room at most
		return nil, &Error{Text: fmt.Sprintf("the document is larger than %d bytes", limits.Bytes), Limit: true}
	}
	utf8, lie, err := transcode(doc, o)
	if err != nil {
		return nil, &Error{Text: err.Error(), Err: err}
	}
	r := readers.Get().(*Reader)
	r.schema, r.strict, r.loose, r.attachment = s, o.Strict, o.Lenient, o.Attachment
	if lie != nil {
		r.drift = append(r.drift, Drift{Text: lie.Error()})
	}
	r.arena.size = min(max(len(utf8)/4, 128), maxBlock)
	r.build.Expect(tree.Size{Objects: len(utf8)/256 + 2, Fields: len(utf8)/64 + 2})
	if err := r.scan.Reset(utf8, s.Spaces(), limits); err != nil {
		defer r.Close()
		return nil, r.wrap(err)
	}
	return r, nil
}

// Close gives the reader's memory back; the trees that it made stay valid.
func (r *Reader) Close() {
	clear(r.fields) // what a failed document left behind
	clear(r.list)
	clear(r.items)
	if cap(r.fields)+cap(r.list)+cap(r.items) > 1<<14 {
		return // a giant's memory is not worth keeping
	}
	r.scan.Release()
	*r = Reader{
		scan: r.scan, matcher: matcher{frames: r.frames[:0]},
		path: r.path[:0], entries: r.entries[:0], fields: r.fields[:0], list: r.list[:0], items: r.items[:0], text: r.text[:0], placed: r.placed[:0],
	}
	readers.Put(r)
}

// Next finds the next token. Errors are *Error.
func (r *Reader) Next() (scan.Kind, error) {
	kind, err := r.scan.Next()
	if err != nil {
		return kind, r.wrap(err)
	}
	return kind, nil
}

// Scanner is where the reader stands.
func (r *Reader) Scanner() *scan.Scanner { return &r.scan }

// Expect lets attributes of a namespace stand on any element without being drift: what carries the elements put them there.
func (r *Reader) Expect(space int) { r.extra = space }

// Drift is what the contract did not know so far.
func (r *Reader) Drift() []Drift { return r.drift }

// At says whether the start tag that Next found is e's.
func (r *Reader) At(e *xsd.Element) bool {
	return r.scan.Space() == e.Space && string(r.scan.Local()) == e.Name.Local
}

// Element reads the element whose start tag Next found, as e declares it, to its end.
func (r *Reader) Element(e *xsd.Element) (any, error) {
	r.path = append(r.path, step{name: e.Name.Local})
	v, err := r.element(e)
	if err != nil {
		return nil, err
	}
	r.path = r.path[:len(r.path)-1]
	return v, nil
}

// Raw reads the element whose start tag Next found as XML that stands by itself.
func (r *Reader) Raw() (string, error) {
	b, err := r.scan.AppendRaw(r.text[:0])
	if err != nil {
		return "", r.wrap(err)
	}
	r.text = b
	return r.str(b), nil
}

// Skip passes over the element whose start tag Next found and reports it as drift.
func (r *Reader) Skip() error {
	if err := r.drifted(string(r.scan.Local()), r.scan.URI(r.scan.Space()), r.scan.Offset()); err != nil {
		return err
	}
	if err := r.scan.Skip(); err != nil {
		return r.wrap(err)
	}
	return nil
}

// element reads content and attributes of the element on top of the path.
func (r *Reader) element(e *xsd.Element) (any, error) {
	t := e.Type
	attrs := r.scan.Attrs()
	if t.Bare && len(attrs) == 0 {
		return r.bare(e, t.Value)
	}
	actual, null := t, false
	for i := range attrs {
		if a := &attrs[i]; a.Space == scan.SpaceXSI {
			switch string(a.Local) {
			case "type":
				var err error
				if actual, err = r.actualType(t, a.Value); err != nil {
					return nil, err
				}
			case "nil":
				v, ok := parseBool(collapse(a.Value))
				if !ok {
					return nil, r.fail("xsi:nil is no boolean", "true or false", strconv.Quote(string(a.Value)))
				}
				if null = v; null && !e.Nillable {
					return nil, r.failAt(e, "the element must not be nil", "", "")
				}
			}
		}
	}
	if actual.Abstract {
		return nil, r.failAt(e, fmt.Sprintf("the type %s is abstract", actual.Name.Local), "xsi:type with one of "+concrete(actual), "")
	}
	if t.Bare && (actual == t || actual.Bare && t.Value.Builtin != xsd.AnySimple) {
		// A narrower simple type is still what the contract declares.
		if err := r.noAttributes(attrs); err != nil {
			return nil, err
		}
		if null {
			return nil, r.empty()
		}
		return r.bare(e, t.Value)
	}
	base := len(r.fields)
	if actual != t {
		r.fields = append(r.fields, tree.Field{Key: xsd.KeyType, Value: actual.Name.String()})
	}
	before := len(r.fields)
	if err := r.attributes(actual, attrs); err != nil {
		return nil, err
	}
	if null {
		if len(r.fields) == before && !t.Abstract { // of an abstract type, null alone could not be written
			r.fields = r.fields[:base]
			return nil, r.empty()
		}
		r.fields = append(r.fields, tree.Field{Key: xsd.KeyNil, Value: true})
		return r.object(base), r.empty()
	}
	if actual.Value != nil {
		v, err := r.bare(e, actual.Value)
		if err != nil {
			return nil, err
		}
		r.fields = append(r.fields, tree.Field{Key: xsd.KeyText, Value: v})
		return r.object(base), nil
	}
	if err := r.content(actual); err != nil {
		return nil, err
	}
	return r.object(base), nil
}

// content reads children and the end tag; what it finds is added to the fields.
func (r *Reader) content(t *xsd.Type) error {
	root := t.Content
	if root == nil {
		root = nothing
	}
	frames, firstField, firstItem, firstOfList, firstPlaced := len(r.frames), len(r.fields), len(r.items), len(r.list), len(r.placed)
	var disorder error     // what there was to say about the first element out of order
	var many *xsd.Particle // whose list is open
	var manyKey string
	for {
		kind, err := r.scan.Next()
		if err != nil {
			return r.wrap(err)
		}
		switch kind {
		case scan.Text:
			if t.Mixed {
				r.items = append(r.items, r.single(xsd.KeyText, r.str(r.scan.Text())))
			} else if !r.scan.Blank() {
				return r.fail("text where only elements may stand", "", strconv.Quote(abridged(r.scan.Text())))
			}
		case scan.Start:
			var p, stuck *xsd.Particle
			alt := 0
			if disorder == nil {
				p, alt, stuck = r.advance(frames, root, r.scan.Space(), r.scan.Local())
			}
			if p == nil && r.loose {
				p, alt = r.anywhere(t, root, frames, stuck, &disorder)
			}
			if p == nil {
				if err := r.noPlace(t, root, frames, stuck); err != nil {
					return cmp.Or(disorder, err)
				}
				continue
			}
			if r.loose {
				r.placed = append(r.placed, place{p, r.scan.Space(), r.scan.Local()})
			}
			key := p.Keys[alt]
			var v any
			if p.Kind == xsd.AnyParticle {
				v, err = r.Raw()
			} else {
				e := p.Elements[alt]
				s := step{name: e.Name.Local}
				switch p.Mode {
				case xsd.Many:
					if s.index = r.occurrence(p, firstPlaced); s.index == 0 {
						s.index = r.frames[len(r.frames)-1].n
					}
				case xsd.Item:
					r.entries = append(r.entries, entry{key, firstItem, len(r.items)})
					s.index = -len(r.entries)
				}
				r.path = append(r.path, s)
				v, err = r.element(e)
			}
			if err != nil {
				return err
			}
			if p.Kind != xsd.AnyParticle {
				r.path = r.path[:len(r.path)-1]
				if p.Mode == xsd.Item {
					r.entries = r.entries[:len(r.entries)-1]
				}
			}
			switch p.Mode {
			case xsd.One:
				r.fields = append(r.fields, tree.Field{Key: key, Value: v})
			case xsd.Item:
				r.items = append(r.items, r.single(key, v))
			case xsd.Many:
				if many != p {
					r.closeList(manyKey, firstOfList, firstField)
					many, manyKey = p, key
				}
				r.list = append(r.list, v)
			}
		case scan.End:
			if disorder != nil {
				if !r.inOrder(t, root, frames, firstPlaced) {
					return disorder
				}
			} else if missing := r.end(frames, root); missing != nil {
				return r.missing(missing, frames, root)
			}
			r.placed = r.placed[:firstPlaced]
			r.closeList(manyKey, firstOfList, firstField)
			if len(r.items) > firstItem {
				r.fields = append(r.fields, tree.Field{Key: xsd.KeyItems, Value: joinTexts(r.items[firstItem:])})
				clear(r.items[firstItem:])
				r.items = r.items[:firstItem]
			}
			r.frames = r.frames[:frames]
			return nil
		}
	}
}

// nothing is the content of a type that allows no element.
var nothing = &xsd.Particle{Kind: xsd.Sequence, Min: 1, Max: 1, Emptiable: true}

// single is an entry of _items.
func (r *Reader) single(key string, v any) *tree.Object {
	entry := [1]tree.Field{{Key: key, Value: v}}
	return r.build.Object(entry[:])
}

// joinTexts copies entries of _items. Texts that only drift stood between are one.
func joinTexts(items []any) []any {
	out := make([]any, 0, len(items))
	for i := 0; i < len(items); i++ {
		entry := items[i].(*tree.Object)
		if entry.Has(xsd.KeyText) && i+1 < len(items) {
			var b strings.Builder
			from := i
			for ; i < len(items); i++ {
				text, isText := items[i].(*tree.Object).Get(xsd.KeyText).(string)
				if !isText {
					break
				}
				b.WriteString(text)
			}
			if i--; i > from {
				entry = tree.Of(xsd.KeyText, b.String())
			}
		}
		out = append(out, entry)
	}
	return out
}

// closeList makes a field of the list under construction, or ends the one of that key: the list was interrupted.
func (r *Reader) closeList(key string, first, base int) {
	if len(r.list) == first {
		return
	}
	own := r.list[first:]
	defer clear(own)
	r.list = r.list[:first]
	for i := base; i < len(r.fields); i++ {
		if r.fields[i].Key == key {
			r.fields[i].Value = append(r.fields[i].Value.([]any), own...)
			return
		}
	}
	r.fields = append(r.fields, tree.Field{Key: key, Value: slices.Clone(own)})
}

// object makes an object of the fields from base on.
func (r *Reader) object(base int) *tree.Object {
	own := r.fields[base:]
	o := r.build.Object(own)
	clear(own)
	r.fields = r.fields[:base]
	return o
}

// attributes reads what the start tag carries besides xsi:.
func (r *Reader) attributes(t *xsd.Type, attrs []scan.Attr) error {
	found := 0
	for i := range attrs {
		a := &attrs[i]
		at := t.Attribute(a.Space, a.Local)
		switch {
		case at >= 0:
			decl := t.Attributes[at]
			v, ok := r.value(decl.Type, a.Value)
			if !ok {
				return r.badAttribute(decl, a)
			}
			if decl.Required {
				found++
			}
			r.fields = append(r.fields, tree.Field{Key: decl.Key, Value: v})
		case a.Space == scan.SpaceXSI, a.Space == r.extra && r.extra != scan.NoSpace:
		case t.AnyAttribute != nil && t.AnyAttribute.Allows(a.Space):
			key := "@" + xsd.Name{Space: r.scan.URI(a.Space), Local: string(a.Local)}.String()
			r.fields = append(r.fields, tree.Field{Key: key, Value: r.str(a.Value)})
		default:
			if err := r.drifted("@"+string(a.Local), r.scan.URI(a.Space), a.Offset); err != nil {
				return err
			}
		}
	}
	if found < t.RequiredAttributes() {
		return r.missingAttribute(t, attrs)
	}
	return nil
}

// noAttributes reports the attributes of an element that has none by contract.
func (r *Reader) noAttributes(attrs []scan.Attr) error {
	for i := range attrs {
		if a := &attrs[i]; a.Space != scan.SpaceXSI && (a.Space != r.extra || r.extra == scan.NoSpace) {
			if err := r.drifted("@"+string(a.Local), r.scan.URI(a.Space), a.Offset); err != nil {
				return err
			}
		}
	}
	return nil
}

// empty reads the end tag of an element that is nil.
func (r *Reader) empty() error {
	for {
		switch kind, err := r.scan.Next(); {
		case err != nil:
			return r.wrap(err)
		case kind == scan.End:
			return nil
		case kind == scan.Start || !r.scan.Blank():
			return r.fail("an element with xsi:nil must be empty", "", "")
		}
	}
}

// actualType resolves xsi:type.
func (r *Reader) actualType(declared *xsd.Type, qname []byte) (*xsd.Type, error) {
	name := strings.TrimSpace(string(qname))
	n, ok := r.resolve(name)
	if !ok {
		return nil, r.fail("the prefix of xsi:type is not declared", "", strconv.Quote(name))
	}
	t := r.schema.Type(n)
	switch {
	case t == nil:
		return nil, r.fail("xsi:type names a type that the contract does not have", "", n.String())
	case !t.DerivesFrom(declared):
		return nil, r.fail("xsi:type names a type that does not derive from the declared one", declared.Name.String(), n.String())
	}
	return t, nil
}

// resolve expands a qualified name where the scanner stands.
func (r *Reader) resolve(qname string) (xsd.Name, bool) {
	prefix, local, found := strings.Cut(qname, ":")
	if !found {
		prefix, local = "", qname
	}
	space, ok := r.scan.Resolve([]byte(prefix))
	return xsd.Name{Space: r.scan.URI(space), Local: local}, ok && (prefix != "" || !found)
}

// noPlace deals with an element that can't stand where it does: drift where the contract does not know it at all.
func (r *Reader) noPlace(t *xsd.Type, root *xsd.Particle, frames int, stuck *xsd.Particle) error {
	if !t.Known(r.scan.Space(), r.scan.Local()) {
		return r.Skip()
	}
	text := "the element is out of place"
	if stuck != nil {
		text = "an element is missing before this one"
	}
	name := string(r.scan.Local())
	return r.fail(text, r.expected(frames, root), name)
}

// missing reports that an element ended too early.
func (r *Reader) missing(p *xsd.Particle, frames int, root *xsd.Particle) error {
	err := r.fail("an element is missing", r.expected(frames, root), "the end of "+r.path[len(r.path)-1].name)
	var e *Error
	if errors.As(err, &e) {
		e.Contract = p.Pos.String()
		e.Found += r.nearMiss(p)
	}
	return err
}

// nearMiss tells of an element skipped as drift whose local name is the missing one's.
func (r *Reader) nearMiss(p *xsd.Particle) string {
	for _, name := range beginnings(p) {
		for _, d := range r.drift {
			if strings.HasSuffix(d.Path, "/"+name) {
				return fmt.Sprintf(" (a %s of the namespace %q stands on line %d)", name, d.Space, d.Line)
			}
		}
	}
	return ""
}

func concrete(t *xsd.Type) string {
	var names []string
	for _, d := range t.Derived {
		if !d.Abstract {
			names = append(names, d.Name.Local)
		}
	}
	return listed(names)
}

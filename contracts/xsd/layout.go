package xsd

import (
	"maps"
	"slices"

	"sluice/contracts/diag"
)

// layOut decides how trees hold a type: which key each element and attribute has, and what is a value, a list, or an
// entry of _items. DESIGN §4 has the convention.
func (b *builder) layOut(t *Type) {
	if t.anyType {
		return
	}
	t.Bare = t.Value != nil && len(t.Attributes) == 0 && t.AnyAttribute == nil
	if t.Bare {
		return
	}
	if t.Value == nil {
		if t.Content = b.copyOf(t.model); t.Content != nil && b.particles <= maxParticles {
			b.checkAttribution(t, t.Content)
			t.Content = arrange(simplify(t.Content))
			if t.Mixed {
				region(t.Content)
			}
		}
	}
	b.nameKeys(t)
	if t.Content != nil {
		oneOrMany(t.Content)
		finish(t.Content)
	}
	for _, a := range t.Attributes {
		if a.Required {
			t.required++
		}
	}
	if len(t.Attributes) > 8 {
		t.attrIndex = make(map[nameKey]int, len(t.Attributes))
		for i, a := range t.Attributes {
			t.attrIndex[nameKey{a.Space, a.Name.Local}] = i
		}
	}
}

// copyOf copies a content model, so that each type lays out its own; groups and bases are shared before.
func (b *builder) copyOf(p *Particle) *Particle {
	if p == nil {
		return nil
	}
	if b.particles++; b.particles > maxParticles {
		if b.particles == maxParticles+1 {
			b.problems = append(b.problems, diag.Problem{Pos: p.Pos, Code: "contract-size", Message: "the contract's groups and derived types expand beyond all measure"})
		}
		return nil
	}
	c := *p
	c.Children = nil
	for _, child := range p.Children {
		if child := b.copyOf(child); child != nil {
			c.Children = append(c.Children, child)
		}
	}
	if c.Kind == ElementParticle {
		if !c.element.Abstract {
			c.Elements = append(c.Elements, c.element)
		}
		for _, m := range c.element.members {
			if !m.Abstract && !slices.ContainsFunc(c.Elements, func(e *Element) bool { return e.Name == m.Name }) {
				c.Elements = append(c.Elements, m)
			}
		}
		if len(c.Elements) == 0 {
			c.Elements = []*Element{c.element} // abstract, and nothing stands for it yet: writing it is an error
		}
	}
	return &c
}

func (p *Particle) leaf() bool { return p.Kind == ElementParticle || p.Kind == AnyParticle }

// simplify removes groups that say nothing: those of one child, and sequences inside sequences.
func simplify(p *Particle) *Particle {
	if p.leaf() {
		return p
	}
	var children []*Particle
	for _, c := range p.Children {
		c = simplify(c)
		if c.Kind == p.Kind && c.Min == 1 && c.Max == 1 && p.Kind != All {
			children = append(children, c.Children...)
		} else {
			children = append(children, c)
		}
	}
	p.Children = children
	if len(children) == 1 {
		c := children[0]
		if low, high, ok := nested(p, c); ok {
			c.Min, c.Max = low, high
			return c
		}
	}
	return p
}

// nested multiplies the occurrences of a group by those of its only child; ok is false where no range says the same.
func nested(outer, inner *Particle) (low, high int, ok bool) {
	ok = inner.Min <= 1 || outer.Min == 1 && outer.Max == 1
	return min(outer.Min, maxCount) * min(inner.Min, maxCount), times(outer.Max, inner.Max), ok
}

// maxCount is where occurrences are taken as unbounded, so that products of them don't overflow.
const maxCount = 1 << 30

func times(a, b int) int {
	if a == Unbounded || b == Unbounded || a > maxCount || b > maxCount {
		return Unbounded
	}
	return a * b
}

func plus(a, b int) int {
	if a == Unbounded || b == Unbounded || a > maxCount || b > maxCount {
		return Unbounded
	}
	return a + b
}

// anySymbol stands for all wildcards among the names of what may stand at a place.
var anySymbol = Name{Local: KeyAny, Space: "\x00"}

// names are what may stand in p's place.
func (p *Particle) names() map[Name]struct{} {
	if p.symbols != nil {
		return p.symbols
	}
	p.symbols = map[Name]struct{}{}
	switch {
	case p.Kind == AnyParticle:
		p.symbols[anySymbol] = struct{}{}
	case p.Kind == ElementParticle:
		for _, e := range p.Elements {
			p.symbols[e.Name] = struct{}{}
		}
	default:
		for _, c := range p.Children {
			maps.Copy(p.symbols, c.names())
		}
	}
	return p.symbols
}

// arrange decides what is a list and what is an entry of _items: a repeated group of several elements, and what
// stands between two places of the same element.
func arrange(p *Particle) *Particle {
	several := len(p.names()) > 1
	repeated := p.Max == Unbounded || p.Max > 1
	switch {
	case repeated && several:
		return region(p)
	case p.Kind == AnyParticle:
		p.Mode = Many
		return p
	case p.Kind == ElementParticle:
		if repeated {
			p.Mode = Many
		}
		return p
	case repeated:
		return arrange(p.collapsed())
	}
	if p.Kind == Sequence {
		p.Children = wrapRepeats(p.Children)
	}
	for i, c := range p.Children {
		if !c.Region {
			p.Children[i] = arrange(c)
		}
	}
	if len(p.Children) == 1 && p.Min == 1 {
		return p.Children[0]
	}
	return p
}

// collapsed turns a group that holds one element, however often, into that element with its least and most occurrences.
func (p *Particle) collapsed() *Particle {
	leaf := p
	for !leaf.leaf() {
		leaf = leaf.Children[0]
	}
	c := *leaf
	c.Min, c.Max = p.count()
	return &c
}

// count is the least and most elements that may stand in p's place.
func (p *Particle) count() (low, high int) {
	if p.leaf() {
		return p.Min, p.Max
	}
	for i, c := range p.Children {
		l, h := c.count()
		switch {
		case p.Kind != Choice:
			low, high = low+l, plus(high, h)
		case i == 0:
			low, high = l, h
		default:
			low = min(low, l)
			if high != Unbounded && (h == Unbounded || h > high) {
				high = h
			}
		}
	}
	return min(low, maxCount) * min(p.Min, maxCount), times(high, p.Max)
}

// region makes p and all inside it entries of _items.
func region(p *Particle) *Particle {
	p.Region = true
	var mark func(p *Particle)
	mark = func(p *Particle) {
		p.Mode = Item
		for _, c := range p.Children {
			mark(c)
		}
	}
	mark(p)
	return p
}

// wrapRepeats makes a region of each stretch of a sequence's children that begins and ends with the same element.
// Neighbours that are the same element alone become one list instead.
func wrapRepeats(children []*Particle) []*Particle {
	last := map[Name]int{}
	for i, c := range children {
		for n := range c.names() {
			last[n] = i
		}
	}
	var out []*Particle
	for i := 0; i < len(children); i++ {
		end := i
		for j := i; j <= end; j++ {
			for n := range children[j].names() {
				end = max(end, last[n])
			}
		}
		if end == i {
			out = append(out, children[i])
			continue
		}
		g := &Particle{Kind: Sequence, Min: 1, Max: 1, Children: children[i : end+1 : end+1], Pos: children[i].Pos}
		if len(g.names()) == 1 {
			out = append(out, g.collapsed())
		} else {
			out = append(out, region(g))
		}
		i = end
	}
	return out
}

// nameKeys gives every attribute and element its key: the local name; @name of an attribute that shares it with an
// element; {namespace}name of those that share it with another namespace's, or with a key of the convention.
func (b *builder) nameKeys(t *Type) {
	attributes, elements := map[string]int{}, map[string]map[string]bool{}
	for _, a := range t.Attributes {
		attributes[a.Name.Local]++
	}
	eachLeaf(t.Content, func(p *Particle) {
		for _, e := range p.Elements {
			if elements[e.Name.Local] == nil {
				elements[e.Name.Local] = map[string]bool{}
			}
			elements[e.Name.Local][e.Name.Space] = true
		}
	})
	t.fields = map[string]bool{}
	for i, a := range t.Attributes {
		own := *a
		t.Attributes[i] = &own
		switch own.Key = a.Name.Local; {
		case attributes[a.Name.Local] > 1 || reserved(own.Key):
			own.Key = a.Name.Clark()
			if elements[a.Name.Local][a.Name.Space] {
				own.Key = "@" + own.Key
			}
		case elements[a.Name.Local] != nil:
			own.Key = "@" + own.Key
		}
		t.fields[own.Key] = true
	}
	eachLeaf(t.Content, func(p *Particle) {
		if p.Kind == AnyParticle {
			p.Keys = []string{KeyAny}
		}
		for _, e := range p.Elements {
			key := e.Name.Local
			if len(elements[key]) > 1 || reserved(key) {
				key = e.Name.Clark()
			}
			p.Keys = append(p.Keys, key)
		}
		if p.Mode == Item {
			t.fields[KeyItems] = true
			if t.items == nil {
				t.items = map[string]*Element{}
			}
			for i, e := range p.Elements {
				t.items[p.Keys[i]] = e
			}
			return
		}
		for _, key := range p.Keys {
			t.fields[key] = true
		}
	})
	if t.Value != nil {
		t.fields[KeyText] = true
	}
	if t.Mixed {
		t.fields[KeyItems] = true
	}
}

func reserved(key string) bool {
	switch key {
	case KeyText, KeyItems, KeyAny, KeyType, KeyNil:
		return true
	}
	return false
}

func eachLeaf(p *Particle, f func(*Particle)) {
	switch {
	case p == nil:
	case p.leaf():
		f(p)
	default:
		for _, c := range p.Children {
			eachLeaf(c, f)
		}
	}
}

// oneOrMany makes a key a list in every branch of a choice where it is one in any.
func oneOrMany(root *Particle) {
	many := map[string]bool{}
	eachLeaf(root, func(p *Particle) {
		if p.Mode == Many {
			many[p.Keys[0]] = true
		}
	})
	eachLeaf(root, func(p *Particle) {
		if p.Mode == One && len(p.Keys) == 1 && many[p.Keys[0]] {
			p.Mode = Many
		}
	})
}

// wideGroup is from how many children on a group looks names up instead of trying one child after the other.
const wideGroup = 6

// finish computes what reading and writing ask for again and again, from the leaves up.
func finish(p *Particle) {
	p.symbols = nil
	p.Emptiable = p.Min == 0
	if p.leaf() {
		return
	}
	all, any := true, false
	for _, c := range p.Children {
		finish(c)
		all, any = all && c.Emptiable, any || c.Emptiable
	}
	if p.Kind == Choice && any || p.Kind != Choice && all {
		p.Emptiable = true
	}
	if len(p.Children) < wideGroup {
		return
	}
	p.first = map[nameKey]int{}
	for i, c := range p.Children {
		c.beginnings(func(e *Element) {
			k := nameKey{e.Space, e.Name.Local}
			if _, taken := p.first[k]; !taken {
				p.first[k] = i
			}
		})
		if p.Kind == Sequence && !c.Emptiable {
			break
		}
	}
}

// beginnings calls f for every element that p may begin with; wildcards are left out.
func (p *Particle) beginnings(f func(*Element)) {
	if p.leaf() {
		for _, e := range p.Elements {
			f(e)
		}
		return
	}
	for _, c := range p.Children {
		c.beginnings(f)
		if p.Kind == Sequence && !c.Emptiable {
			return
		}
	}
}

// Leaves are the elements and wildcards of the type's content, in the contract's order.
func (t *Type) Leaves() (all []*Particle) {
	eachLeaf(t.Content, func(p *Particle) { all = append(all, p) })
	return all
}

// Known says whether the type has an element of this name anywhere among its children.
func (t *Type) Known(space int, local []byte) bool {
	found := false
	eachLeaf(t.Content, func(p *Particle) {
		found = found || p.Matches(space, local) >= 0
	})
	return found
}

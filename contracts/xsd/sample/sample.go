// Package sample makes valid instances of a contract: trees as the codec reads and writes them.
package sample

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// Options say which instance to make; the zero value makes one with only what is required.
type Options struct {
	Everything bool   // all that is optional too, and two of what repeats
	Seed       uint64 // varies what is free: texts, enumerated values, branches of choices
}

// Gap is a place for which no valid value could be made.
type Gap struct {
	Path   string
	Reason string
}

func (g Gap) String() string { return g.Path + ": " + g.Reason }

// Element makes a tree with one key, the element's local name. It is valid unless gaps say where it may not be.
func Element(s *xsd.Schema, e *xsd.Element, o Options) (message *tree.Object, gaps []Gap) {
	var before *keys
	for {
		g := newGenerator(s, o)
		g.before = before
		g.enter(e.Name.Local)
		value := g.element(e)
		if before != nil || !g.keys.asked {
			return tree.Of(e.Name.Local, value), g.gaps
		}
		before = &g.keys // another pass makes the same and knows what references may repeat
	}
}

// Value makes what an element may hold.
func Value(s *xsd.Schema, e *xsd.Element, o Options) (value any, gaps []Gap) {
	message, gaps := Element(s, e, o)
	return message.Get(e.Name.Local), gaps
}

// The bounds of one instance: beyond budget elements only what is required is made, beyond mostElements and deepest
// nothing, and no text is longer than longest.
const (
	budget       = 3000
	mostElements = 50_000
	deepest      = 150
	longest      = 1 << 20
)

// generator makes one instance.
type generator struct {
	schema  *xsd.Schema
	options Options
	rand    *rand.Rand
	heights map[any]int
	open    map[*xsd.Type]int // how often a type is open: recursion goes one round
	path    []string
	made    int
	serial  int
	gaps    []Gap

	names  []xsd.Step // of the open elements
	scopes []*scope
	keys   keys
	before *keys // of the pass before, or nil
}

func newGenerator(s *xsd.Schema, o Options) *generator {
	return &generator{
		schema: s, options: o, rand: rand.New(rand.NewPCG(o.Seed, 0x51)),
		heights: map[any]int{}, open: map[*xsd.Type]int{}, keys: keys{values: map[keyPlace][]any{}, wanted: map[keyPlace][]any{}},
	}
}

func (g *generator) enter(name string) { g.path = append(g.path, name) }
func (g *generator) leave()            { g.path = g.path[:len(g.path)-1] }

func (g *generator) gap(format string, args ...any) {
	g.gaps = append(g.gaps, Gap{strings.Join(g.path, "/"), fmt.Sprintf(format, args...)})
}

// gapOnce is gap where the last one said the same.
func (g *generator) gapOnce(format string, args ...any) {
	if n := len(g.gaps); n == 0 || g.gaps[n-1].Reason != fmt.Sprintf(format, args...) {
		g.gap(format, args...)
	}
}

// wants says whether what is optional is made here.
func (g *generator) wants() bool {
	return g.options.Everything && g.made < budget && len(g.path) < 40
}

// element makes the value of e.
func (g *generator) element(e *xsd.Element) any {
	g.made++
	if len(g.path) > deepest {
		g.gapOnce("the contract asks for elements nested deeper than %d", deepest)
		return nil
	}
	g.names = append(g.names, xsd.Step{Name: e.Name})
	g.openScope(e)
	defer func() {
		g.closeScope(e)
		g.names = g.names[:len(g.names)-1]
	}()
	t := e.Type
	typed := false
	if t.Abstract {
		var ok bool
		if t, ok = g.concrete(t); !ok {
			g.gap("the type %s is abstract and nothing derives from it", t.Name.Local)
			return new(tree.Object)
		}
		typed = true
	}
	if e.Abstract {
		g.gap("the element %s is abstract and nothing stands for it", e.Name.Local)
	}
	if t.Bare && !typed {
		return g.keyed(g.text(t.Value, e.Default, e.Fixed), t.Value, e.Fixed, nil)
	}
	g.open[t]++
	obj := new(tree.Object)
	if typed {
		obj.Set(xsd.KeyType, t.Name.String())
	}
	for _, a := range t.Attributes {
		if a.Required || g.wants() && g.open[t] == 1 {
			g.enter("@" + a.Name.Local)
			obj.Set(a.Key, g.keyed(g.text(a.Type, a.Default, a.Fixed), a.Type, a.Fixed, a))
			g.leave()
		}
	}
	switch {
	case t.Value != nil:
		obj.Set(xsd.KeyText, g.keyed(g.text(t.Value, e.Default, e.Fixed), t.Value, e.Fixed, nil))
	case t.Content != nil:
		g.particle(obj, t, t.Content)
	}
	if t.Mixed && g.wants() && t.Content == nil {
		g.item(obj, xsd.KeyText, "текст")
	}
	g.open[t]--
	return obj
}

// concrete is the least of the types that may stand for an abstract one.
func (g *generator) concrete(t *xsd.Type) (*xsd.Type, bool) {
	var best *xsd.Type
	for _, d := range t.Derived {
		if !d.Abstract && d.Name.Local != "" && (best == nil || g.typeHeight(d) < g.typeHeight(best)) {
			best = d
		}
	}
	if best == nil {
		return t, false
	}
	return best, true
}

func (g *generator) item(obj *tree.Object, key string, value any) {
	list, _ := obj.Get(xsd.KeyItems).([]any)
	obj.Set(xsd.KeyItems, append(list, tree.Of(key, value)))
}

// particle makes what p stands for.
func (g *generator) particle(obj *tree.Object, t *xsd.Type, p *xsd.Particle) {
	for range g.times(t, p) {
		if g.made > mostElements {
			g.gapOnce("the contract asks for more than %d elements", mostElements)
			return
		}
		switch p.Kind {
		case xsd.ElementParticle, xsd.AnyParticle:
			g.leaf(obj, p)
		case xsd.Choice:
			if branch := g.branch(t, p); branch != nil {
				g.particle(obj, t, branch)
			}
		default:
			for _, c := range p.Children {
				g.particle(obj, t, c)
			}
		}
	}
}

// times is how often p occurs here.
func (g *generator) times(t *xsd.Type, p *xsd.Particle) int {
	switch {
	case !g.wants() || g.open[t] > 1 || g.height(p) >= tooHigh:
		return p.Min
	case p.Max == xsd.Unbounded || p.Max > 1:
		return max(p.Min, 2)
	}
	return 1
}

// branch picks a branch of a choice: the first, or by the seed; where only the required is made, the least.
func (g *generator) branch(t *xsd.Type, p *xsd.Particle) *xsd.Particle {
	var best *xsd.Particle
	if g.wants() && g.open[t] == 1 {
		at := 0
		if g.options.Seed > 0 {
			at = g.rand.IntN(len(p.Children))
		}
		if best = p.Children[at]; g.height(best) < tooHigh {
			return best
		}
	}
	best = nil
	for _, c := range p.Children {
		if best == nil || g.height(c) < g.height(best) {
			best = c
		}
	}
	return best
}

func (g *generator) leaf(obj *tree.Object, p *xsd.Particle) {
	key := p.Keys[0]
	var value any
	if p.Kind == xsd.AnyParticle {
		raw, ok := g.wildcard(p.Any)
		if !ok {
			if p.Min > 0 {
				g.gap("no element of the contract may stand for the wildcard")
			}
			return
		}
		value = raw
	} else {
		at := 0
		for i, e := range p.Elements {
			if g.elementHeight(e) < g.elementHeight(p.Elements[at]) {
				at = i
			}
		}
		if g.options.Seed > 0 && g.wants() {
			if i := g.rand.IntN(len(p.Elements)); g.elementHeight(p.Elements[i]) < tooHigh {
				at = i
			}
		}
		key = p.Keys[at]
		g.enter(p.Elements[at].Name.Local)
		value = g.element(p.Elements[at])
		g.leave()
	}
	switch p.Mode {
	case xsd.One:
		obj.Set(key, value)
	case xsd.Many:
		list, _ := obj.Get(key).([]any)
		obj.Set(key, append(list, value))
	case xsd.Item:
		g.item(obj, key, value)
	}
}

// wildcard makes raw XML that w lets in.
func (g *generator) wildcard(w *xsd.Wildcard) (string, bool) {
	if raw, ok := g.foreign(w); ok {
		return raw, true
	}
	best := g.least(w)
	if best == nil || len(g.path) > 40 {
		return "", false
	}
	inner := newGenerator(g.schema, Options{})
	inner.path = append(inner.path, g.path...)
	value := inner.element(best)
	if len(inner.gaps) > 0 {
		return "", false
	}
	raw, err := codec.AppendElement(nil, g.schema, best, value)
	return string(raw), err == nil
}

// foreign is an element that the contract need not know, where w lets any pass.
func (g *generator) foreign(w *xsd.Wildcard) (string, bool) {
	if w.Strict || !w.Not && len(w.Spaces) == 0 {
		return "", false
	}
	space := "urn:example"
	if !w.Not {
		space = g.schema.Spaces().URI(w.Spaces[0])
	}
	switch {
	case !w.Skip && !g.schemaLacks(space):
		return "", false
	case space == "":
		return "<x/>", true
	}
	return `<x xmlns="` + space + `"/>`, true
}

// least is the least of the contract's elements that w lets in, or nil.
func (g *generator) least(w *xsd.Wildcard) (best *xsd.Element) {
	for _, e := range g.schema.Elements() {
		if w.Allows(e.Space) && !e.Abstract && g.elementHeight(e) < tooHigh && (best == nil || g.elementHeight(e) < g.elementHeight(best)) {
			best = e
		}
	}
	return best
}

// schemaLacks says whether the schema declares nothing in a namespace, so that lax validation lets anything pass.
func (g *generator) schemaLacks(space string) bool {
	for _, e := range g.schema.Elements() {
		if e.Name.Space == space {
			return false
		}
	}
	return true
}

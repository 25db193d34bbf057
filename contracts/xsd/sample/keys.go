package sample

import (
	"fmt"
	"slices"

	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// scope is an open element with identity constraints.
type scope struct {
	number      int // of the element, the same in every pass
	depth       int // of names outside it
	constraints []*xsd.Constraint
	used        map[*xsd.Constraint]map[string]bool // values of first fields
	referred    map[*xsd.Constraint]int             // selected nodes so far
}

// keys are the values that references may repeat: those of each field of each key in each scope, in order.
type keys struct {
	values map[keyPlace][]any
	wanted map[keyPlace][]any // values that references insist on
	ids    []string
	asked  bool // a reference was made: it is worth another pass
}

type keyPlace struct {
	key           xsd.Name
	number, field int
}

// openScope enters the scope of an element's constraints.
func (g *generator) openScope(e *xsd.Element) {
	if len(e.Constraints) > 0 {
		g.scopes = append(g.scopes, &scope{
			number: g.made, depth: len(g.names), constraints: e.Constraints,
			used: map[*xsd.Constraint]map[string]bool{}, referred: map[*xsd.Constraint]int{},
		})
	}
}

func (g *generator) closeScope(e *xsd.Element) {
	if len(e.Constraints) > 0 {
		g.scopes = g.scopes[:len(g.scopes)-1]
	}
}

// keyed makes a value what the constraints around it ask for: it repeats a key, or no other value of its like. The
// value belongs to the element on top of the names, or to its attribute.
func (g *generator) keyed(v any, s *xsd.Simple, settled bool, attribute *xsd.Attribute) any {
	if len(g.scopes) == 0 {
		return v
	}
	names := g.names
	if attribute != nil {
		names = append(slices.Clip(names), xsd.Step{Name: attribute.Name, Attribute: true})
	}
	for _, sc := range g.scopes {
		for _, c := range sc.constraints {
			for field := range c.Fields {
				if c.Refer != (xsd.Name{}) && c.Leads(field, names[sc.depth:]) {
					v = g.repeated(sc, c, s, field, v)
				}
			}
		}
	}
	for _, sc := range g.scopes {
		for _, c := range sc.constraints {
			for field := range c.Fields {
				if c.Refer != (xsd.Name{}) || !c.Leads(field, names[sc.depth:]) {
					continue
				}
				at := keyPlace{c.Name, sc.number, field}
				if g.before != nil && !settled && s.Enum == nil {
					if n := len(g.keys.values[at]); n < len(g.before.wanted[at]) {
						v = g.before.wanted[at][n]
					}
				}
				if field == 0 && !settled {
					v = g.distinct(sc, c, s, v)
				}
				g.keys.values[at] = append(g.keys.values[at], v)
			}
		}
	}
	return v
}

// repeated takes the value that a key had in the pass before, another for each node that refers to it. What may only have
// certain values keeps its own, and the key takes that.
func (g *generator) repeated(sc *scope, c *xsd.Constraint, s *xsd.Simple, field int, v any) any {
	at := keyPlace{c.Refer, sc.number, field}
	g.keys.asked = true
	if s.Enum != nil && !slices.Contains(g.keys.wanted[at], v) {
		g.keys.wanted[at] = append(g.keys.wanted[at], v)
	}
	if g.before == nil || s.Enum != nil {
		return v
	}
	known := g.before.values[at]
	if len(known) == 0 {
		g.gap("nothing has the key %s that is referred to here", c.Refer.Local)
		return v
	}
	if field == 0 {
		sc.referred[c]++
	}
	return known[max(0, sc.referred[c]-1)%len(known)]
}

// distinct makes a value that none of its like has.
func (g *generator) distinct(sc *scope, c *xsd.Constraint, s *xsd.Simple, v any) any {
	used := sc.used[c]
	if used == nil {
		used = map[string]bool{}
		sc.used[c] = used
	}
	for n := 0; used[fmt.Sprint(v)]; n++ {
		other, more := g.another(s, n)
		if !more {
			if len(c.Fields) == 1 {
				g.gap("can't make another value for the key %s", c.Name.Local)
			}
			break
		}
		v = other
	}
	used[fmt.Sprint(v)] = true
	return v
}

// another makes the n-th of a type's other values; more is false where there may be none.
func (g *generator) another(s *xsd.Simple, n int) (v any, more bool) {
	const tries = 300
	switch {
	case s.Enum != nil:
		if n >= len(s.Enum) {
			return nil, false
		}
		v, _ = codec.ParseValue(s, s.Enum[n])
		return v, true
	case n >= tries:
		return nil, false
	}
	for _, text := range [...]string{fmt.Sprint(n + 2), fmt.Sprintf("2024-%02d-%02d", 1+n%12, 1+n/12), fmt.Sprintf("%d-%02d", 2024+n/12, 1+n%12), fmt.Sprint(2024 + n), fmt.Sprintf("2024-01-01T00:%02d:00", n%60), fmt.Sprint(n%2 == 0)} {
		if s.Builtin >= xsd.Boolean && s.Builtin <= xsd.GMonth && allowed(s, text) {
			return codec.ParseValue(s, text)
		}
	}
	if len(s.Patterns) > 0 {
		if text, ok := g.matching(s.Patterns[len(s.Patterns)-1], s); ok && allowed(s, text) {
			return codec.ParseValue(s, text)
		}
	}
	gaps := len(g.gaps)
	v = g.simple(s)
	g.gaps = g.gaps[:gaps]
	return v, true
}

// reference is the value of an IDREF: an ID that the pass before has made.
func (g *generator) reference() string {
	g.keys.asked = true
	if g.before != nil {
		if len(g.before.ids) > 0 {
			return g.before.ids[0]
		}
		g.gap("the message has no ID that is referred to here")
	}
	return "id1"
}

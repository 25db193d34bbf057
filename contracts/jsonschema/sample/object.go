package sample

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"
)

// wants says whether what is optional is usually made here.
func (g *generator) wants(flat []*santhosh.Schema) bool {
	return g.most && len(g.path) < full && g.nodes < mostNodes && !g.recurs(flat)
}

// recurs tells whether the place is inside another of its kind: there only what is required is made.
func (g *generator) recurs(flat []*santhosh.Schema) bool {
	return slices.ContainsFunc(flat, func(s *santhosh.Schema) bool { return g.open[s.Location] > 1 })
}

func (g *generator) object(flat []*santhosh.Schema) map[string]any {
	m := members{}
	for _, s := range flat {
		m.add(s)
	}
	for name := range g.options.Places {
		if within, ok := childOf(g.at(), name); ok && g.options.Places[name].Required {
			m.require(within)
		}
	}
	usual := 0
	if g.wants(flat) {
		usual = 1
	}
	out := map[string]any{}
	chosen := map[string]bool{}
	for _, name := range m.names {
		if m.required[name] {
			chosen[name] = true
			continue
		}
		if !g.allows(flat, name) || g.recurs(flat) {
			continue
		}
		g.enter(name)
		chosen[name] = g.choose("has", 2, usual, true) == 1
		g.leave()
	}
	for again := true; again; {
		again = false
		for _, s := range flat {
			for name, needs := range s.DependentRequired {
				for _, need := range needs {
					if chosen[name] && !chosen[need] {
						chosen[need], again = true, true
						m.require(need)
					}
				}
			}
		}
	}
	g.counts(flat, m, chosen)
	for _, name := range m.names {
		if chosen[name] {
			out[name] = g.inside(name, memberSchemas(flat, name)...)
		}
	}
	return out
}

// members are the names that an object's schemas speak of, sorted.
type members struct {
	names    []string
	required map[string]bool
}

func (m *members) add(s *santhosh.Schema) {
	for name := range s.Properties {
		m.name(name)
	}
	for _, name := range s.Required {
		m.require(name)
	}
}

func (m *members) name(name string) {
	if i, found := slices.BinarySearch(m.names, name); !found {
		m.names = slices.Insert(m.names, i, name)
	}
}

func (m *members) require(name string) {
	m.name(name)
	if m.required == nil {
		m.required = map[string]bool{}
	}
	m.required[name] = true
}

// childOf tells whether pointer is a member right below the place.
func childOf(at, pointer string) (name string, ok bool) {
	name, ok = strings.CutPrefix(pointer, at+"/")
	if !ok {
		return "", false
	}
	return name, !strings.Contains(name, "/")
}

// allows tells whether no schema closes the object against the name.
func (g *generator) allows(flat []*santhosh.Schema, name string) bool {
	for _, s := range flat {
		closed := false
		switch rest := s.AdditionalProperties.(type) {
		case bool:
			closed = !rest
		case *santhosh.Schema:
			closed = rest.Bool != nil && !*rest.Bool
		}
		if p := s.Properties[name]; p != nil && p.Bool != nil && !*p.Bool || closed && !describes(s, name) {
			return false
		}
	}
	return true
}

func describes(s *santhosh.Schema, name string) bool {
	if s.Properties[name] != nil {
		return true
	}
	for pattern := range s.PatternProperties {
		if pattern.MatchString(name) {
			return true
		}
	}
	return false
}

// memberSchemas are all schemas that a member must hold against.
func memberSchemas(flat []*santhosh.Schema, name string) (schemas []*santhosh.Schema) {
	for _, s := range flat {
		if p := s.Properties[name]; p != nil {
			schemas = append(schemas, p)
		}
		for _, pattern := range slices.SortedFunc(maps.Keys(s.PatternProperties), byText) {
			if pattern.MatchString(name) {
				schemas = append(schemas, s.PatternProperties[pattern])
			}
		}
		if rest, ok := s.AdditionalProperties.(*santhosh.Schema); ok && !describes(s, name) {
			schemas = append(schemas, rest)
		}
	}
	return schemas
}

func byText(a, b santhosh.Regexp) int { return strings.Compare(a.String(), b.String()) }

// counts holds the choice of members to minProperties and maxProperties.
func (g *generator) counts(flat []*santhosh.Schema, m members, chosen map[string]bool) {
	n := 0
	for _, name := range m.names {
		if chosen[name] {
			n++
		}
	}
	for _, s := range flat {
		for _, name := range m.names {
			switch {
			case s.MinProperties != nil && n < *s.MinProperties && !chosen[name] && g.allows(flat, name):
				chosen[name] = true
				n++
			case s.MaxProperties != nil && n > *s.MaxProperties && chosen[name] && !m.required[name]:
				chosen[name] = false
				n--
			}
		}
	}
}

func (g *generator) list(flat []*santhosh.Schema) []any {
	low, high, unique := 0, mostItems, false
	for _, s := range flat {
		if s.MinItems != nil {
			low = max(low, *s.MinItems)
		}
		if s.MaxItems != nil {
			high = min(high, *s.MaxItems)
		}
		if s.Contains != nil {
			low = max(low, 1)
		}
		unique = unique || s.UniqueItems
	}
	usual := low
	if g.wants(flat) {
		usual = max(low, min(2, high))
	}
	sizes := []int{usual}
	for _, n := range []int{low, 1, 2} {
		if low <= n && n <= high && !slices.Contains(sizes, n) {
			sizes = append(sizes, n)
		}
	}
	if high < mostItems && !slices.Contains(sizes, high) {
		sizes = append(sizes, high)
	}
	ways := len(sizes)
	if g.random != nil {
		ways = min(ways, 3) // random instances would all be as long as can be
	}
	n := usual
	if !g.recurs(flat) {
		n = sizes[g.choose("size", ways, 0, false)]
	}
	out := make([]any, 0, n)
	most := g.most
	for i := range n {
		if i > 0 {
			g.repeated++
		}
		g.most = most && i < 2
		item, ok := g.item(flat, i, out, unique)
		if i > 0 {
			g.repeated--
		}
		if ok {
			out = append(out, item)
		}
	}
	g.most = most
	if len(out) < low {
		g.fail("there are not %d different items", low)
	}
	return out
}

// item makes an item of a list; where they must differ it tries several.
func (g *generator) item(flat []*santhosh.Schema, i int, before []any, unique bool) (any, bool) {
	var schemas []*santhosh.Schema
	for _, s := range flat {
		switch {
		case i < len(s.PrefixItems):
			schemas = append(schemas, s.PrefixItems[i])
		case s.Items2020 != nil:
			schemas = append(schemas, s.Items2020)
		}
		if s.Contains != nil && (s.MinContains == nil && i == 0 || s.MinContains != nil && i < *s.MinContains) {
			schemas = append(schemas, s.Contains)
		}
	}
	item := g.inside(strconv.Itoa(i), schemas...)
	if !unique {
		return item, true
	}
	usual := g.random
	defer func() { g.random = usual }()
	for try := uint64(0); slices.ContainsFunc(before, func(b any) bool { return same(b, item) }); try++ {
		if try == 50 {
			return nil, false
		}
		g.random = chance(g.options.Seed, uint64(i)<<16+try)
		g.enter(strconv.Itoa(i))
		maps.DeleteFunc(g.taken, func(key string, _ int) bool { return strings.HasPrefix(key, g.at()) })
		g.leave()
		item = g.inside(strconv.Itoa(i), schemas...)
	}
	return item, true
}

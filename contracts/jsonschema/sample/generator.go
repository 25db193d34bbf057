package sample

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"
)

// The bounds of one instance.
const (
	deepest   = 64      // nested values
	full      = 16      // beyond this depth only what is required is made
	mostNodes = 20_000  // values; beyond them only what is required
	mostItems = 300     // of a list at its upper bound
	longest   = 100_000 // characters of a text at its upper bound
)

// decision is one point where an instance could go several ways.
type decision struct {
	key       string
	pointer   string
	kind      string
	ways      int
	taken     int
	structure bool // members and branches, not values
}

func (d decision) describe(alternative int) string {
	if d.kind == "has" {
		return d.pointer + [...]string{" missing", " there"}[alternative]
	}
	return fmt.Sprintf("%s, %s %d of %d", d.pointer, d.kind, alternative+1, d.ways)
}

// generator makes one instance.
type generator struct {
	*maker
	plan      plan
	most      bool // make what is optional here
	random    *rand.Rand
	open      map[string]int // how often a schema is open
	taken     map[string]int // the decisions so far: a value that is made again, for a condition, goes the same way
	decisions []decision
	gaps      []Gap
	path      []string // the pointers of the values around, and of the place
	branches  string   // taken on the way to it
	repeated  int      // inside an item after the first
	nodes     int
}

// at is the pointer of the place.
func (g *generator) at() string {
	if len(g.path) == 0 {
		return ""
	}
	return g.path[len(g.path)-1]
}

var escaper = strings.NewReplacer("~", "~0", "/", "~1")

// enter goes to a member or an item of the place, leave comes back.
func (g *generator) enter(name string) { g.path = append(g.path, g.at()+"/"+escaper.Replace(name)) }
func (g *generator) leave()            { g.path = g.path[:len(g.path)-1] }

func (g *generator) fail(format string, args ...any) {
	g.gaps = append(g.gaps, Gap{indexes.ReplaceAllString(g.at(), "/*$1"), fmt.Sprintf(format, args...)})
}

// inside makes what stands below the place.
func (g *generator) inside(name string, schemas ...*santhosh.Schema) any {
	g.enter(name)
	defer g.leave()
	return g.value(schemas...)
}

// choose takes one of several ways: the usual one, unless the plan or chance says another.
func (g *generator) choose(kind string, ways, usual int, structure bool) int {
	if ways <= 1 {
		return 0
	}
	key := g.at() + "#" + kind + g.branches
	if taken, again := g.taken[key]; again && taken < ways {
		return taken
	}
	taken := usual
	if forced, ok := g.plan.forced[key]; ok && forced < ways {
		taken = forced
	} else if g.random != nil {
		taken = g.random.IntN(ways)
	}
	g.taken[key] = taken
	if g.repeated == 0 {
		g.decisions = append(g.decisions, decision{key, g.at(), kind, ways, taken, structure})
	}
	return taken
}

// value makes a value that all the schemas allow, or takes the one that an earlier instance has at the place: what is
// made by no chance and no plan of its own is always the same.
func (g *generator) value(schemas ...*santhosh.Schema) any {
	if g.random != nil || g.planned() {
		return g.fresh(schemas)
	}
	key := strconv.FormatBool(g.most) + g.at() + g.branches
	for _, s := range schemas {
		key += "#" + s.Location
	}
	v, known := g.maker.values[key]
	if !known {
		before := len(g.gaps)
		if v = g.fresh(schemas); len(g.gaps) == before {
			g.maker.values[key] = v
		}
	}
	return v
}

// planned tells whether the plan has something to say of the place or below it.
func (g *generator) planned() bool {
	for key := range g.plan.forced {
		if rest, below := strings.CutPrefix(key, g.at()); below && (rest[0] == '/' || rest[0] == '#') {
			return true
		}
	}
	return false
}

func (g *generator) fresh(schemas []*santhosh.Schema) any {
	outer := g.branches
	defer func() { g.branches = outer }()
	place, special := g.options.Places[g.at()]
	switch {
	case special && place.Values != nil:
		usual := 0
		if g.most {
			usual = len(place.Values) - 1
		}
		return place.Values[g.choose("value", len(place.Values), usual, false)]
	case special && place.Schemas != nil:
		schemas = []*santhosh.Schema{place.Schemas[g.branch(len(place.Schemas), 0)].Compiled()}
	}
	if g.nodes++; len(g.path) > deepest {
		g.fail("the schema asks for values nested deeper than %d", deepest)
		return nil
	}
	flat := g.flatten(nil, schemas)
	for _, s := range flat {
		g.open[s.Location]++
		defer func() { g.open[s.Location]-- }()
	}
	applied := map[*santhosh.Schema]bool{}
	for {
		v := g.plain(flat)
		more := conditional(flat, v, applied)
		if more == nil {
			return v
		}
		flat = g.flatten(flat, more)
	}
}

// branch takes one of several branches; what is chosen below it counts apart from the same place in others.
func (g *generator) branch(ways, usual int) int {
	taken := g.choose("branch", ways, usual, true)
	g.branches += "#" + g.at() + "=" + strconv.Itoa(taken)
	return taken
}

// flatten adds schemas with all that they apply to the same value, of choices one branch.
func (g *generator) flatten(flat, schemas []*santhosh.Schema) []*santhosh.Schema {
	for _, s := range schemas {
		if s == nil || slices.Contains(flat, s) {
			continue
		}
		flat = append(flat, s)
		if s.Ref != nil {
			flat = g.flatten(flat, []*santhosh.Schema{s.Ref})
		}
		flat = g.flatten(flat, s.AllOf)
		for _, branches := range [][]*santhosh.Schema{s.OneOf, s.AnyOf} {
			if len(branches) == 0 {
				continue
			}
			taken := g.shallowest(branches)
			if g.open[s.Location] == 0 {
				taken = g.branch(len(branches), taken)
			}
			flat = g.flatten(flat, branches[taken:taken+1])
		}
	}
	return flat
}

// shallowest is the first branch that is not open already: the way out of a recursion.
func (g *generator) shallowest(branches []*santhosh.Schema) int {
	return max(0, slices.IndexFunc(branches, func(s *santhosh.Schema) bool {
		for s.Ref != nil {
			s = s.Ref
		}
		return g.open[s.Location] == 0
	}))
}

// conditional lists what if, then, else and dependentSchemas ask of v beyond flat, each once.
func conditional(flat []*santhosh.Schema, v any, applied map[*santhosh.Schema]bool) (more []*santhosh.Schema) {
	add := func(s *santhosh.Schema) {
		if s != nil && !applied[s] {
			applied[s] = true
			more = append(more, s)
		}
	}
	for _, s := range flat {
		if s.If != nil {
			if s.If.Validate(v) == nil {
				add(s.Then)
			} else {
				add(s.Else)
			}
		}
		object, _ := v.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(s.DependentSchemas)) {
			if _, there := object[name]; there {
				add(s.DependentSchemas[name])
			}
		}
	}
	return more
}

// plain makes a value of what flat says by itself.
func (g *generator) plain(flat []*santhosh.Schema) any {
	for _, s := range flat {
		if s.Bool != nil && !*s.Bool {
			g.fail("nothing may stand here")
			return nil
		}
	}
	if values, listed := listedValues(flat); listed {
		if len(values) == 0 {
			g.fail("no value is in all the lists of values")
			return nil
		}
		return values[g.choose("value", len(values), 0, false)]
	}
	types := typesOf(flat)
	if len(types) == 0 {
		g.fail("no type is allowed")
		return nil
	}
	switch types[g.choose("type", len(types), 0, true)] {
	case "null":
		return nil
	case "boolean":
		usual := 0
		if g.most {
			usual = 1
		}
		return g.choose("value", 2, usual, false) == 1
	case "integer":
		return g.number(flat, true)
	case "number":
		return g.number(flat, false)
	case "array":
		return g.list(flat)
	case "object":
		return g.object(flat)
	}
	return g.text(flat)
}

// listedValues are the values that all enumerations and constants have in common.
func listedValues(flat []*santhosh.Schema) (values []any, listed bool) {
	narrow := func(with []any) {
		if !listed {
			values, listed = slices.Clone(with), true
			return
		}
		values = slices.DeleteFunc(values, func(v any) bool {
			return !slices.ContainsFunc(with, func(w any) bool { return fmt.Sprint(v) == fmt.Sprint(w) })
		})
	}
	for _, s := range flat {
		if s.Enum != nil {
			narrow(s.Enum.Values)
		}
		if s.Const != nil {
			narrow([]any{*s.Const})
		}
	}
	return values, listed
}

// typesOf lists the types that are allowed, null last; where none is named, the one that the keywords speak of.
func typesOf(flat []*santhosh.Schema) []string {
	var types []string
	named := false
	for _, s := range flat {
		if s.Types == nil {
			continue
		}
		own := s.Types.ToStrings()
		if !named {
			types, named = own, true
			continue
		}
		types = slices.DeleteFunc(types, func(t string) bool {
			return !slices.Contains(own, t) && !(t == "integer" && slices.Contains(own, "number"))
		})
	}
	if named {
		if i := slices.Index(types, "null"); i >= 0 {
			types = append(slices.Delete(types, i, i+1), "null")
		}
		if slices.Contains(types, "number") {
			types = slices.DeleteFunc(types, func(t string) bool { return t == "integer" })
		}
		return types
	}
	for _, s := range flat {
		switch {
		case len(s.Properties) > 0, len(s.Required) > 0, s.MinProperties != nil:
			return []string{"object"}
		case s.Items2020 != nil, len(s.PrefixItems) > 0, s.MinItems != nil:
			return []string{"array"}
		case s.Minimum != nil, s.Maximum != nil, s.MultipleOf != nil, s.ExclusiveMinimum != nil, s.ExclusiveMaximum != nil:
			return []string{"number"}
		}
	}
	return []string{"string"}
}

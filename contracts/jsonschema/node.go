package jsonschema

import (
	"math/big"
	"slices"
	"sort"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/contracts/tree"
)

// node is one schema ready for checking. What it can't check itself (dynamic references, most of what unevaluated members
// are) it leaves to the library, for the whole subtree.
type node struct {
	library *santhosh.Schema // set where the library checks

	never bool // the schema false
	ref   *node
	types typeSet
	names []string // of the types, for messages
	fixed *fixed

	all, any, one []*node
	not           *node
	cond, yes, no *node
	discriminator string           // of one and any: the member whose value tells the branch
	branches      map[string]*node // by that value
	branchNames   []string
	object        *objectRules
	list          *listRules
	text          *textRules
	number        *numberRules
}

// fixed is an enumeration or a constant.
type fixed struct {
	values  []any
	strings []string // of values, where all are strings
}

type objectRules struct {
	members           []member
	index             map[string]int
	patterns          []patternMember
	rest              *node           // of additional members; nil lets them all in
	closed            bool            // additional members are refused
	elsewhere         map[string]bool // members that allOf and references describe, where unevaluatedProperties closes them in
	names             *node
	min, max          int // -1: without bound
	dependentRequired []dependency
}

type member struct {
	name     string
	node     *node // nil: only required, not described
	required bool
}

type patternMember struct {
	pattern santhosh.Regexp
	node    *node
}

type dependency struct {
	name  string
	needs []string
}

type listRules struct {
	prefix                   []*node
	items                    *node
	contains                 *node
	minContains, maxContains int
	min, max                 int
	unique                   bool
}

type textRules struct {
	min, max int
	pattern  santhosh.Regexp
	format   string
	valid    func(string) bool
}

type numberRules struct {
	min, max, above, below *bound
	multiple               *big.Rat
}

// bound is one limit of a number, also as an int64 where it is one.
type bound struct {
	exact *big.Rat
	whole bool
	n     int64
}

// node compiles a schema once, also when schemas are recursive.
func (s *Set) node(sch *santhosh.Schema) *node {
	if sch == nil {
		return nil
	}
	if n, ok := s.nodes[sch]; ok {
		return n
	}
	n := &node{}
	s.nodes[sch] = n
	s.fill(n, sch)
	return n
}

func (s *Set) fill(n *node, sch *santhosh.Schema) {
	switch {
	case sch.Bool != nil:
		n.never = !*sch.Bool
		return
	case beyond(sch) || circular(sch):
		n.library = sch
		return
	}
	n.ref = s.node(sch.Ref)
	if sch.Types != nil {
		n.names = sch.Types.ToStrings()
		for _, name := range n.names {
			n.types |= typeBits[name]
		}
	}
	n.fixed = newFixed(sch)
	n.all, n.any, n.one = s.list(sch.AllOf), s.list(sch.AnyOf), s.list(sch.OneOf)
	n.not, n.cond, n.yes, n.no = s.node(sch.Not), s.node(sch.If), s.node(sch.Then), s.node(sch.Else)
	n.object, n.list, n.text, n.number = s.objectRules(sch), s.listRules(sch), textRulesOf(sch), numberRulesOf(sch)
	switch {
	case len(sch.OneOf) > 1 && len(sch.AnyOf) == 0:
		s.discriminate(n, sch.OneOf)
	case len(sch.AnyOf) > 1 && len(sch.OneOf) == 0:
		s.discriminate(n, sch.AnyOf)
	}
}

func (s *Set) list(schemas []*santhosh.Schema) []*node {
	var out []*node
	for _, sch := range schemas {
		out = append(out, s.node(sch))
	}
	return out
}

// beyond tells what the checker leaves to the library.
func beyond(sch *santhosh.Schema) bool {
	return sch.DraftVersion < 2019 || sch.RecursiveRef != nil || sch.DynamicRef != nil ||
		sch.UnevaluatedProperties != nil && !closedIn(sch) || sch.UnevaluatedItems != nil || len(sch.DependentSchemas) > 0 ||
		len(sch.Dependencies) > 0 || sch.AdditionalItems != nil || sch.Items != nil || len(sch.Extensions) > 0
}

// closedIn tells whether unevaluatedProperties is false and the members it lets through are known beforehand: those of
// properties, here and under allOf and references. So is the usual way to extend an object.
func closedIn(sch *santhosh.Schema) bool {
	rest := sch.UnevaluatedProperties
	return rest.Bool != nil && !*rest.Bool && sch.AdditionalProperties == nil && describes(sch, map[string]bool{}, 0)
}

// describes collects the members that a schema describes; false where that depends on the value.
func describes(sch *santhosh.Schema, names map[string]bool, depth int) bool {
	if depth > 16 || len(sch.PatternProperties)+len(sch.AnyOf)+len(sch.OneOf)+len(sch.DependentSchemas) > 0 || sch.If != nil ||
		sch.RecursiveRef != nil || sch.DynamicRef != nil || sch.AdditionalProperties != nil || depth > 0 && sch.UnevaluatedProperties != nil {
		return false
	}
	for name := range sch.Properties {
		names[name] = true
	}
	for _, part := range sch.AllOf {
		if !describes(part, names, depth+1) {
			return false
		}
	}
	return sch.Ref == nil || describes(sch.Ref, names, depth+1)
}

// circular tells whether a schema comes back to itself without going deeper into the value; only the library notices in time.
func circular(sch *santhosh.Schema) bool {
	seen := map[*santhosh.Schema]bool{}
	var reaches func(from *santhosh.Schema) bool
	reaches = func(from *santhosh.Schema) bool {
		for _, next := range inPlace(from) {
			if next == sch {
				return true
			}
			if !seen[next] {
				seen[next] = true
				if reaches(next) {
					return true
				}
			}
		}
		return false
	}
	return reaches(sch)
}

// inPlace lists the schemas that a schema applies to the same value.
func inPlace(sch *santhosh.Schema) []*santhosh.Schema {
	out := slices.Concat(sch.AllOf, sch.AnyOf, sch.OneOf, []*santhosh.Schema{sch.Ref, sch.Not, sch.If, sch.Then, sch.Else})
	return slices.DeleteFunc(out, func(s *santhosh.Schema) bool { return s == nil })
}

// listed are values of a schema file, as those of trees.
func listed(values []any) []any { return tree.From(values).([]any) }

func newFixed(sch *santhosh.Schema) *fixed {
	f := &fixed{}
	switch {
	case sch.Const != nil && sch.Enum != nil: // both must hold
		for _, v := range listed(sch.Enum.Values) {
			if equal(v, tree.From(*sch.Const)) {
				f.values = append(f.values, v)
			}
		}
	case sch.Const != nil:
		f.values = listed([]any{*sch.Const})
	case sch.Enum != nil:
		f.values = listed(sch.Enum.Values)
	default:
		return nil
	}
	for _, v := range f.values {
		s, ok := v.(string)
		if !ok {
			f.strings = nil
			break
		}
		f.strings = append(f.strings, s)
	}
	return f
}

func (s *Set) objectRules(sch *santhosh.Schema) *objectRules {
	if len(sch.Properties) == 0 && len(sch.Required) == 0 && len(sch.PatternProperties) == 0 && sch.AdditionalProperties == nil &&
		sch.PropertyNames == nil && sch.MinProperties == nil && sch.MaxProperties == nil && len(sch.DependentRequired) == 0 &&
		sch.UnevaluatedProperties == nil {
		return nil
	}
	r := &objectRules{index: map[string]int{}, names: s.node(sch.PropertyNames), min: or(sch.MinProperties), max: or(sch.MaxProperties)}
	for _, name := range s.order(sch) {
		r.members = append(r.members, member{name: name, node: s.node(sch.Properties[name])})
	}
	for i, m := range r.members {
		r.index[m.name] = i
	}
	for _, name := range sch.Required {
		if i, ok := r.index[name]; ok {
			r.members[i].required = true
			continue
		}
		r.index[name] = len(r.members)
		r.members = append(r.members, member{name: name, required: true})
	}
	for pattern, child := range sch.PatternProperties {
		r.patterns = append(r.patterns, patternMember{pattern, s.node(child)})
	}
	sort.Slice(r.patterns, func(i, j int) bool { return r.patterns[i].pattern.String() < r.patterns[j].pattern.String() })
	switch rest := sch.AdditionalProperties.(type) {
	case bool:
		r.closed = !rest
	case *santhosh.Schema:
		r.rest = s.node(rest)
		r.closed = rest.Bool != nil && !*rest.Bool
	}
	if sch.UnevaluatedProperties != nil { // false, or the library checks
		r.closed, r.elsewhere = true, map[string]bool{}
		describes(sch, r.elsewhere, 0)
	}
	for name, needs := range sch.DependentRequired {
		r.dependentRequired = append(r.dependentRequired, dependency{name, needs})
	}
	sort.Slice(r.dependentRequired, func(i, j int) bool { return r.dependentRequired[i].name < r.dependentRequired[j].name })
	return r
}

// order lists the properties as the file has them.
func (s *Set) order(sch *santhosh.Schema) []string {
	_, at := s.pos(sch.Location + "/properties")
	names := make([]string, 0, len(sch.Properties))
	for _, name := range at.Keys {
		if _, ok := sch.Properties[name]; ok {
			names = append(names, name)
		}
	}
	if len(names) == len(sch.Properties) {
		return names
	}
	names = names[:0]
	for name := range sch.Properties {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func (s *Set) listRules(sch *santhosh.Schema) *listRules {
	if sch.MinItems == nil && sch.MaxItems == nil && !sch.UniqueItems && sch.Contains == nil && sch.Items2020 == nil && len(sch.PrefixItems) == 0 {
		return nil
	}
	r := &listRules{
		prefix: s.list(sch.PrefixItems), items: s.node(sch.Items2020), contains: s.node(sch.Contains),
		minContains: or(sch.MinContains), maxContains: or(sch.MaxContains),
		min: or(sch.MinItems), max: or(sch.MaxItems), unique: sch.UniqueItems,
	}
	if r.minContains < 0 {
		r.minContains = 1
	}
	return r
}

func textRulesOf(sch *santhosh.Schema) *textRules {
	if sch.MinLength == nil && sch.MaxLength == nil && sch.Pattern == nil && sch.Format == nil {
		return nil
	}
	r := &textRules{min: or(sch.MinLength), max: or(sch.MaxLength), pattern: sch.Pattern}
	if sch.Format != nil {
		r.format = sch.Format.Name
		r.valid = formats[r.format]
		if r.valid == nil && sch.Format.Validate != nil {
			validate := sch.Format.Validate
			r.valid = func(s string) bool { return validate(s) == nil }
		}
	}
	return r
}

func numberRulesOf(sch *santhosh.Schema) *numberRules {
	r := numberRules{min: newBound(sch.Minimum), max: newBound(sch.Maximum), above: newBound(sch.ExclusiveMinimum), below: newBound(sch.ExclusiveMaximum), multiple: sch.MultipleOf}
	if r == (numberRules{}) {
		return nil
	}
	return &r
}

func newBound(r *big.Rat) *bound {
	if r == nil {
		return nil
	}
	b := &bound{exact: r}
	if r.IsInt() && r.Num().IsInt64() {
		b.whole, b.n = true, r.Num().Int64()
	}
	return b
}

// or is the bound, or -1 for none.
func or(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}

// only tells whether the schema allows values of one type alone.
func only(sch *santhosh.Schema, name string) bool {
	return sch.Types != nil && slices.Equal(sch.Types.ToStrings(), []string{name})
}

// discriminate finds the member by whose constant exactly one of the branches is told, so that one branch is checked and
// explained instead of all.
func (s *Set) discriminate(n *node, schemas []*santhosh.Schema) {
	resolve := func(sch *santhosh.Schema) *santhosh.Schema {
		for range 16 {
			if sch.Ref == nil || len(sch.Properties) > 0 {
				break
			}
			sch = sch.Ref
		}
		return sch
	}
	for _, name := range s.order(resolve(schemas[0])) {
		branches := map[string]*node{}
		var names []string
		for _, sch := range schemas {
			target := resolve(sch)
			property := target.Properties[name]
			if property == nil || property.Const == nil || !slices.Contains(target.Required, name) || !only(target, "object") {
				break
			}
			value, ok := (*property.Const).(string)
			if !ok || branches[value] != nil {
				break
			}
			branches[value] = s.node(sch)
			names = append(names, value)
		}
		if len(branches) == len(schemas) {
			n.discriminator, n.branches, n.branchNames = name, branches, names
			return
		}
	}
}

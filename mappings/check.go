package mappings

import (
	"slices"
	"strconv"
	"strings"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/mappings/expression"
)

// Roots are the names that sources have in every mapping.
var Roots = []string{"request", "message", "reply", "fault", "push", "receipt", "supplement", "result"}

// scope is where an expression stands: what it can name, and what is proved there.
type scope struct {
	facts *fact
	loops []loopVar // outer first
}

// loopVar is a variable of $each, or the item of a loop inside an expression (named # and its depth).
type loopVar struct {
	name    string
	shape   *shape.Type
	ordinal bool
	item    bool
}

func (s scope) with(f *fact) scope { s.facts = f; return s }

func (s scope) inside(v loopVar) scope {
	s.loops = append(slices.Clip(s.loops), v)
	return s
}

func (s scope) find(name string) (loopVar, bool) {
	for i := len(s.loops) - 1; i >= 0; i-- {
		if s.loops[i].name == name {
			return s.loops[i], true
		}
	}
	return loopVar{}, false
}

// innermost is the variable of the loop that the expression stands in, or "".
func (s scope) innermost() string {
	for i := len(s.loops) - 1; i >= 0; i-- {
		if !s.loops[i].ordinal {
			return s.loops[i].name
		}
	}
	return ""
}

// checker proves one expression against the shapes of the sources, and leaves what the compiler needs in calls.
type checker struct {
	sources Sources
	tables  map[string]*table
	report  func(offset int, code, message, hint string)
	warn    func(offset int, code, message, hint string)
	calls   map[*expression.Call]operation
}

func (c *checker) fail(n expression.Node, code, message, hint string) value {
	c.report(n.At(), code, message, hint)
	return value{shape: anyType, broken: true}
}

func (c *checker) check(n expression.Node, s scope) value {
	switch n := n.(type) {
	case *expression.Literal:
		return literal(n.Value)
	case *expression.Name:
		return c.name(n, s)
	case *expression.Item:
		v, _ := s.find(itemName(n.Depth))
		return value{shape: v.shape, path: v.name, root: v.name}
	case *expression.Member:
		return c.member(n, s)
	case *expression.Chain:
		v := c.check(n.X, s)
		v.chained, v.gap = true, v.absent
		return v
	case *expression.Not:
		c.condition(n.X, s, "not")
		return value{shape: boolType}
	case *expression.Binary:
		return c.binary(n, s)
	case *expression.Conditional:
		return c.conditional(n, s)
	case *expression.Call:
		return c.call(n, s)
	case *expression.Loop:
		return c.loop(n, s)
	case *expression.Array:
		return c.array(n, s)
	}
	return value{shape: anyType}
}

// itemName is the name among the facts and variables of a loop's item; no author can write it.
func itemName(depth int) string { return itemPath + strconv.Itoa(depth) }

func literal(v any) value {
	switch v.(type) {
	case bool:
		return value{shape: boolType, literal: v}
	case int64:
		return value{shape: intType, literal: v}
	case float64:
		return value{shape: numberType, literal: v}
	case string:
		return value{shape: textType, literal: v}
	}
	return value{shape: nilType, absent: true}
}

func (c *checker) name(n *expression.Name, s scope) value {
	if v, ok := s.find(n.Name); ok {
		return value{shape: v.shape, path: v.name, root: v.name}
	}
	if t, ok := c.sources[n.Name]; ok {
		return value{shape: t, path: n.Name, root: n.Name}
	}
	known := make([]string, 0, len(c.sources)+len(s.loops))
	for name := range c.sources {
		known = append(known, name)
	}
	for _, v := range s.loops {
		if !v.item {
			known = append(known, v.name)
		}
	}
	slices.Sort(known)
	hint := diag.Suggest(n.Name, known)
	switch {
	case n.Name == "null":
		hint = "nothing is written nil"
	case hint == "" && isFunction(n.Name):
		hint = n.Name + " is a function: " + functions[n.Name].Signature()
	case hint == "":
		hint = "known here: " + strings.Join(known, ", ") + `; a constant stands in quotes`
	}
	return c.fail(n, "unknown-name", "unknown name "+quote(n.Name), hint)
}

func (c *checker) member(n *expression.Member, s scope) value {
	base := c.check(n.X, s)
	out := value{root: base.root, chained: base.chained || n.Optional, broken: base.broken}
	if base.path != "" {
		out.path = base.path + "." + n.Name
	}
	switch {
	case base.broken:
		out.shape = anyType
		return out
	case base.absent && !n.Optional && (base.gap || !base.chained):
		name := pathText(n.X)
		c.report(n.X.At(), "may-be-absent", name+" may be absent, and then it has no "+n.Name,
			"write "+name+"?."+n.Name+", or prove it by `$when: "+name+" != nil`")
	case !base.absent && n.Optional && base.shape.Kind != shape.Any:
		c.warn(n.At(), "never-absent", pathText(n.X)+" is always present: ?. is not needed", "write a plain dot")
	}
	out.absent = base.absent
	switch base.shape.Kind {
	case shape.Any:
		out.shape, out.gap = anyType, true
	case shape.Object:
		f := base.shape.Field(n.Name)
		switch {
		case f != nil:
			out.shape = f.Type
			out.gap = f.Type.Nillable || !f.Required && !s.facts.chosen(base.shape, base.path, n.Name)
		case base.shape.Open:
			out.shape, out.gap = anyType, true
		default:
			return c.fail(n, "unknown-path", pathText(n.X)+" has no field "+quote(n.Name), among(n.Name, base.shape.Names()))
		}
	case shape.List:
		return c.fail(n, "is-a-list", pathText(n.X)+" is a list and has no field "+quote(n.Name), "take one item by first(), last() or at(n), each by map(."+n.Name+") or by $each")
	default:
		return c.fail(n, "unknown-path", pathText(n.X)+" is "+describe(base.shape)+" and has no field "+quote(n.Name), "")
	}
	out.absent = out.absent || out.gap
	if out.path != "" && s.facts.holds(out.path) {
		out.absent, out.gap = false, false
	}
	return out
}

// among is the hint for a name that is not one of those known.
func among(name string, known []string) string {
	if hint := diag.Suggest(name, known); hint != "" {
		return hint
	}
	if len(known) == 0 {
		return "it has no fields"
	}
	return "it has " + list(known)
}

// pathText writes a path as its author did, as far as it is one.
func pathText(n expression.Node) string {
	switch n := n.(type) {
	case *expression.Name:
		return n.Name
	case *expression.Item:
		return "#"
	case *expression.Chain:
		return pathText(n.X)
	case *expression.Member:
		if _, ok := n.X.(*expression.Item); ok {
			return "." + n.Name
		}
		dot := "."
		if n.Optional {
			dot = "?."
		}
		return pathText(n.X) + dot + n.Name
	case *expression.Call:
		return n.Name + "(…)"
	case *expression.Loop:
		return n.Name + "(…)"
	case *expression.Literal:
		if s, ok := n.Value.(string); ok {
			return strconv.Quote(s)
		}
		if n.Value == nil {
			return "nil"
		}
		return asText(n.Value)
	}
	return "this"
}

// present reports a value that may be absent where there must be one.
func (c *checker) present(n expression.Node, v value, where string) bool {
	if v.broken || !v.absent {
		return true
	}
	if v.shape == nilType {
		c.report(n.At(), "may-be-absent", "nil can't stand "+where, "")
		return false
	}
	name := pathText(n)
	c.report(n.At(), "may-be-absent", name+" may be absent "+where, "give a value for that case by ??, or ask first: "+name+" != nil and …")
	return false
}

// condition checks an expression that must be true or false.
func (c *checker) condition(n expression.Node, s scope, where string) {
	v := c.check(n, s)
	if v.broken {
		return
	}
	if v.shape.Kind != shape.Bool && v.shape.Kind != shape.Any {
		hint := "compare it: " + pathText(n) + " != nil, or with a value"
		c.fail(n, "wrong-type", where+" wants a condition, and "+pathText(n)+" is "+describe(v.shape), hint)
		return
	}
	if v.absent && v.shape.Kind != shape.Any {
		c.report(n.At(), "may-be-absent", pathText(n)+" may be absent where a condition must be true or false", "write "+pathText(n)+" ?? false")
	}
}

func (c *checker) conditional(n *expression.Conditional, s scope) value {
	c.condition(n.Cond, s, "?:")
	a := c.check(n.Then, s.with(assume(n.Cond, true, s.facts)))
	b := c.check(n.Else, s.with(assume(n.Cond, false, s.facts)))
	return c.either(n, a, b)
}

// either is the value of an expression that is one of two.
func (c *checker) either(n expression.Node, a, b value) value {
	if a.broken || b.broken {
		return value{shape: anyType, broken: true}
	}
	out := value{absent: a.absent || b.absent, root: a.root, chained: a.chained && b.chained}
	if out.root == "" {
		out.root = b.root
	}
	switch {
	case a.shape == nilType:
		out.shape = constantShape(b)
	case b.shape == nilType:
		out.shape = constantShape(a)
	default:
		t, ok := join(constantShape(a), constantShape(b))
		if !ok {
			return c.fail(n, "wrong-type", "the two results differ: one is "+describe(a.shape)+", the other "+describe(b.shape), "make both the same, such as by text()")
		}
		out.shape = t
	}
	return out
}

// constantShape is the type of a value, narrowed to the one that a constant text is, and to what it reads as.
func constantShape(v value) *shape.Type {
	s, ok := v.literal.(string)
	if !ok {
		return v.shape
	}
	return &shape.Type{Kind: shape.String, Enum: []string{s}}
}

// join is the type of a value that is of one of two types.
func join(a, b *shape.Type) (*shape.Type, bool) {
	switch {
	case a == b:
		return a, true
	case a.Kind == shape.Any || b.Kind == shape.Any:
		return anyType, true
	case a.Kind != b.Kind:
		if a.Kind == shape.Int && b.Kind == shape.Number || a.Kind == shape.Number && b.Kind == shape.Int {
			return numberType, true
		}
		return nil, false
	case a.Kind == shape.String:
		return joinTexts(a, b), true
	case a.Kind == shape.List:
		switch {
		case a.Elem == nil:
			return emptied(b), true
		case b.Elem == nil:
			return emptied(a), true
		}
		elem, ok := join(a.Elem, b.Elem)
		return &shape.Type{Kind: shape.List, Elem: elem, MinItems: min(a.MinItems, b.MinItems)}, ok
	case a.Kind == shape.Object:
		return nil, false
	}
	return a, true
}

func emptied(t *shape.Type) *shape.Type {
	out := *t
	out.MinItems = 0
	return &out
}

func joinTexts(a, b *shape.Type) *shape.Type {
	t := &shape.Type{Kind: shape.String}
	if a.Enum != nil && b.Enum != nil {
		t.Enum = append(slices.Clone(a.Enum), b.Enum...)
	}
	switch {
	case a.Format == b.Format:
		t.Format = a.Format
	case a.Format == shape.Text && a.Enum != nil && allHave(a.Enum, b.Format):
		t.Format = b.Format
	case b.Format == shape.Text && b.Enum != nil && allHave(b.Enum, a.Format):
		t.Format = a.Format
	}
	if la, lb := longest(a), longest(b); la > 0 && lb > 0 {
		t.MaxLen = max(la, lb)
	}
	return t
}

func allHave(values []string, f shape.Format) bool {
	for _, v := range values {
		if !hasFormat(v, f) {
			return false
		}
	}
	return true
}

// longest is the length in characters that a text can't exceed, or 0 where nothing bounds it.
func longest(t *shape.Type) int {
	n := t.MaxLen
	for _, v := range t.Enum {
		n = max(n, len([]rune(v)))
	}
	return n
}

func (c *checker) array(n *expression.Array, s scope) value {
	if len(n.Items) == 0 {
		return value{shape: &shape.Type{Kind: shape.List}}
	}
	return c.fail(n, "wrong-type", "a list in brackets can stand only after `in`", "make a list by list(a, b), or by YAML's own: one `- item` a line")
}

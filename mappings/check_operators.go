package mappings

import (
	"regexp"
	"slices"
	"strings"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/mappings/expression"
)

func (c *checker) binary(n *expression.Binary, s scope) value {
	switch n.Op {
	case "and", "or":
		c.condition(n.X, s, n.Op)
		c.condition(n.Y, s.with(assume(n.X, n.Op == "and", s.facts)), n.Op)
		return value{shape: boolType}
	case "??":
		return c.coalesce(n, s)
	case "==", "!=":
		return c.equality(n, s)
	case "<", "<=", ">", ">=":
		return c.order(n, s)
	case "in":
		return c.in(n, s)
	case "contains", "startsWith", "endsWith", "matches":
		return c.search(n, s)
	}
	return c.plus(n, s)
}

func (c *checker) coalesce(n *expression.Binary, s scope) value {
	x := c.check(n.X, s)
	facts := s.facts
	if x.path != "" {
		facts = &fact{facts, x.path, false}
	}
	y := c.check(n.Y, s.with(facts))
	if x.broken || y.broken {
		return value{shape: anyType, broken: true}
	}
	if !x.absent && x.shape.Kind != shape.Any {
		c.warn(n.At(), "never-absent", pathText(n.X)+" is always present: what follows ?? is never used", "leave it out")
	}
	absent := y.absent
	x.absent = false
	out := c.either(n, x, y)
	out.absent = absent
	return out
}

func (c *checker) equality(n *expression.Binary, s scope) value {
	x, y := c.check(n.X, s), c.check(n.Y, s)
	result := value{shape: boolType}
	if x.broken || y.broken {
		return result
	}
	if isNil(n.X) || isNil(n.Y) {
		v, node := x, n.X
		if isNil(n.X) {
			v, node = y, n.Y
		}
		if !v.absent && v.shape.Kind != shape.Any {
			c.warn(n.At(), "never-absent", pathText(node)+" is always present: the comparison with nil decides nothing", "leave the condition out")
		}
		return result
	}
	for _, side := range []struct {
		n expression.Node
		v value
	}{{n.X, x}, {n.Y, y}} {
		if side.v.shape.Kind == shape.List || side.v.shape.Kind == shape.Object {
			return c.fail(side.n, "wrong-type", describe(side.v.shape)+" can't be compared", "compare its fields, or its size()")
		}
		if !side.v.chained { // whoever wrote ?. knows that the absent equals nothing
			c.present(side.n, side.v, "in a comparison")
		}
	}
	t, ok := join(x.shape, y.shape)
	if !ok {
		return c.fail(n, "wrong-type", describe(x.shape)+" never equals "+describe(y.shape), "make both the same, such as by text() or int()")
	}
	if t.Kind == shape.String && (x.shape.Format == shape.Decimal || y.shape.Format == shape.Decimal) {
		c.warn(n.At(), "compares-text", `decimals are compared as texts here: "1.0" and "1" differ`, "write compare(a, b) == 0")
	}
	c.enumHas(n.X, x, y)
	c.enumHas(n.Y, y, x)
	return result
}

// enumHas reports a constant that a value with an enumeration can never equal.
func (c *checker) enumHas(n expression.Node, constant, other value) {
	if s, ok := constant.literal.(string); ok && other.shape.Kind == shape.String && other.shape.Enum != nil && !slices.Contains(other.shape.Enum, s) {
		c.fail(n, "unknown-value", "the value is never "+quote(s), amongValues(s, other.shape.Enum))
	}
}

func amongValues(s string, values []string) string {
	if len([]rune(s)) > 2 { // short codes all look alike
		if hint := diag.Suggest(s, values); hint != "" {
			return hint
		}
	}
	return "it is one of " + list(values)
}

func isNil(n expression.Node) bool {
	l, ok := n.(*expression.Literal)
	return ok && l.Value == nil
}

func (c *checker) order(n *expression.Binary, s scope) value {
	for _, side := range []expression.Node{n.X, n.Y} {
		v := c.check(side, s)
		switch {
		case v.broken:
			return value{shape: boolType}
		case v.shape.Format == shape.Date || v.shape.Format == shape.DateTime:
			return c.fail(side, "wrong-type", "dates have no "+n.Op, "write isBefore(a, b)")
		case v.shape.Kind == shape.String:
			return c.fail(side, "wrong-type", "texts have no "+n.Op+`: "9" would be greater than "10"`, "for numbers write compare(a, b) "+n.Op+" 0, for dates isBefore(a, b)")
		case v.shape.Kind != shape.Int && v.shape.Kind != shape.Number:
			return c.fail(side, "wrong-type", n.Op+" compares numbers, and "+pathText(side)+" is "+describe(v.shape), "make a number of it by int() or number()")
		}
		c.present(side, v, "in a comparison")
	}
	return value{shape: boolType}
}

func (c *checker) in(n *expression.Binary, s scope) value {
	x := c.check(n.X, s)
	result := value{shape: boolType}
	if !x.broken && !x.chained {
		c.present(n.X, x, "before `in`")
	}
	if a, ok := n.Y.(*expression.Array); ok {
		for _, item := range a.Items {
			v := c.check(item, s)
			if v.broken || x.broken {
				continue
			}
			if v.literal == nil {
				c.fail(item, "wrong-type", "the list after `in` must be of constants", "")
				continue
			}
			if _, ok := join(x.shape, v.shape); !ok {
				c.fail(item, "wrong-type", describe(x.shape)+" never equals "+describe(v.shape), "")
			}
			c.enumHas(item, v, x)
		}
		return result
	}
	y := c.list(n.Y, s, "after `in`")
	if !y.broken && !x.broken && y.shape.Elem != nil {
		if _, ok := join(x.shape, y.shape.Elem); !ok {
			c.fail(n, "wrong-type", describe(x.shape)+" is never in a list of "+describe(y.shape.Elem), "")
		}
	}
	return result
}

func (c *checker) search(n *expression.Binary, s scope) value {
	x, y := c.check(n.X, s), c.check(n.Y, s)
	result := value{shape: boolType}
	if x.broken || y.broken {
		return result
	}
	c.present(n.X, x, "before `"+n.Op+"`")
	c.present(n.Y, y, "after `"+n.Op+"`")
	for _, side := range []struct {
		n expression.Node
		v value
	}{{n.X, x}, {n.Y, y}} {
		if side.v.shape.Kind != shape.String {
			hint := ""
			if side.v.shape.Kind == shape.List {
				hint = "for an item of a list write: value in list"
			}
			return c.fail(side.n, "wrong-type", n.Op+" searches a text, and "+pathText(side.n)+" is "+describe(side.v.shape), hint)
		}
	}
	if n.Op == "matches" {
		pattern, ok := y.literal.(string)
		if !ok {
			return c.fail(n.Y, "wrong-type", "the pattern after matches must be a constant", "")
		}
		if _, err := regexp.Compile(pattern); err != nil {
			return c.fail(n.Y, "wrong-pattern", "the pattern does not compile: "+err.Error(), "patterns are those of RE2")
		}
	}
	return result
}

func (c *checker) plus(n *expression.Binary, s scope) value {
	x, y := c.check(n.X, s), c.check(n.Y, s)
	if x.broken || y.broken {
		return value{shape: anyType, broken: true}
	}
	for _, side := range []struct {
		n expression.Node
		v value
	}{{n.X, x}, {n.Y, y}} {
		switch side.v.shape.Kind {
		case shape.String:
		case shape.Int, shape.Number:
			return c.fail(side.n, "wrong-type", "+ joins texts, and "+pathText(side.n)+" is "+describe(side.v.shape), "for a sum write add(a, b), for a text text(x)")
		default:
			return c.fail(side.n, "wrong-type", "+ joins texts, and "+pathText(side.n)+" is "+describe(side.v.shape), "")
		}
		if side.v.absent && side.v.shape != nilType {
			name := pathText(side.n)
			c.report(side.n.At(), "may-be-absent", name+" may be absent in a sum of texts", "write words(…), which skips the absent, or "+name+` ?? ""`)
			return value{shape: anyType, broken: true}
		}
	}
	out := value{shape: &shape.Type{Kind: shape.String}, root: x.root}
	if a, b := longest(constantShape(x)), longest(constantShape(y)); a > 0 && b > 0 {
		out.shape.MaxLen = a + b
	}
	return out
}

// list checks an expression that must be a list that may be walked here.
func (c *checker) list(n expression.Node, s scope, where string) value {
	v := c.check(n, s)
	if v.broken {
		return v
	}
	if v.shape.Kind == shape.Any && v.shape != nilType {
		return c.fail(n, "wrong-type", "the contract does not say that "+pathText(n)+" is a list", "")
	}
	if v.shape.Kind != shape.List {
		return c.fail(n, "wrong-type", pathText(n)+" is "+describe(v.shape)+", not a list, "+where, "")
	}
	if v.absent {
		name := pathText(n)
		return c.fail(n, "may-be-absent", name+" may be absent "+where, "write ("+name+" ?? [])")
	}
	c.walks(n, v, s)
	return v
}

// walks refuses to walk a list once for each item of another: that is quadratic in what the portal sent.
func (c *checker) walks(n expression.Node, v value, s scope) {
	inner := s.innermost()
	if inner == "" || v.root == inner || v.root == "" {
		return
	}
	c.report(n.At(), "nested-loop", "the list "+pathText(n)+" would be walked again for each item of another",
		"inside a loop only lists of its own item can be walked: "+strings.TrimLeft(inner, "#0123456789")+".…")
}

func (c *checker) loop(n *expression.Loop, s scope) value {
	items := c.list(n.List, s, "in "+n.Name+"()")
	elem := anyType
	if !items.broken && items.shape.Elem != nil {
		elem = items.shape.Elem
	}
	name := itemName(n.Depth)
	inner := s.inside(loopVar{name: name, shape: elem, item: true})
	inner.facts = items.items.renamed(itemPath, name, s.facts)
	if items.broken {
		return value{shape: anyType, broken: true}
	}
	if n.Name != "map" {
		c.condition(n.Body, inner, n.Name)
	}
	switch n.Name {
	case "map":
		v := c.check(n.Body, inner)
		if v.broken {
			return value{shape: anyType, broken: true}
		}
		if v.absent {
			c.report(n.Body.At(), "may-be-absent", pathText(n.Body)+" may be absent in an item, and a list has no holes", "filter("+pathText(n.Body)+" != nil) before, or give a value by ??")
		}
		return value{shape: &shape.Type{Kind: shape.List, Elem: constantShape(v), MinItems: items.shape.MinItems, MaxItems: items.shape.MaxItems}, root: items.root}
	case "filter":
		t := &shape.Type{Kind: shape.List, Elem: elem, MaxItems: items.shape.MaxItems}
		return value{shape: t, root: items.root, items: assume(n.Body, true, inner.facts).renamed(name, itemPath, nil)}
	case "find":
		return value{shape: elem, absent: true, root: items.root}
	case "count":
		return value{shape: intType}
	}
	return value{shape: boolType}
}

// assume adds to the facts what a condition proves where it is true, or where it is false.
func assume(n expression.Node, truth bool, f *fact) *fact {
	switch n := n.(type) {
	case *expression.Not:
		return assume(n.X, !truth, f)
	case *expression.Binary:
		switch {
		case n.Op == "and" && truth, n.Op == "or" && !truth:
			return assume(n.Y, truth, assume(n.X, truth, f))
		case n.Op == "==" || n.Op == "!=":
			equal := truth == (n.Op == "==")
			x, y := factPath(n.X), factPath(n.Y)
			switch {
			case isNil(n.Y) && x != "":
				return &fact{f, x, !equal}
			case isNil(n.X) && y != "":
				return &fact{f, y, !equal}
			case equal && x != "" && isValue(n.Y):
				return &fact{f, x, true}
			case equal && y != "" && isValue(n.X):
				return &fact{f, y, true}
			}
		case n.Op == "in" && truth && factPath(n.X) != "":
			return &fact{f, factPath(n.X), true}
		}
	}
	return f
}

func isValue(n expression.Node) bool {
	l, ok := n.(*expression.Literal)
	return ok && l.Value != nil
}

// factPath is the name among the facts of a path, or "".
func factPath(n expression.Node) string {
	switch n := n.(type) {
	case *expression.Name:
		return n.Name
	case *expression.Item:
		return itemName(n.Depth)
	case *expression.Chain:
		return factPath(n.X)
	case *expression.Member:
		if base := factPath(n.X); base != "" {
			return base + "." + n.Name
		}
	}
	return ""
}

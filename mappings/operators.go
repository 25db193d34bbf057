package mappings

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"sluice/mappings/expression"
)

// binary compiles an operator.
func (c *compiler) binary(n *expression.Binary) evaluate {
	x, y := c.evaluator(n.X), c.evaluator(n.Y)
	switch n.Op {
	case "??":
		return func(fr *frame) (any, error) {
			v, err := x(fr)
			if v != nil || err != nil {
				return v, err
			}
			return y(fr)
		}
	case "and", "or":
		or := n.Op == "or"
		return func(fr *frame) (any, error) {
			v, err := x(fr)
			if err != nil || (v == true) == or {
				return or, err
			}
			return y(fr)
		}
	}
	of := both(n)
	return func(fr *frame) (any, error) {
		a, err := x(fr)
		if err != nil {
			return nil, err
		}
		b, err := y(fr)
		if err != nil {
			return nil, err
		}
		v, ok := of(fr, a, b)
		if !ok {
			return nil, &failure{offset: n.At(), message: "the message breaks its contract here: " + n.Op + " has nothing to work on"}
		}
		return v, nil
	}
}

// both is an operator of two values; ok is false where the message does not hold what its contract promises.
func both(n *expression.Binary) func(fr *frame, a, b any) (v any, ok bool) {
	switch op := n.Op; op {
	case "==", "!=":
		return func(_ *frame, a, b any) (any, bool) { return same(a, b) == (op == "=="), true }
	case "<", "<=", ">", ">=":
		return func(_ *frame, a, b any) (any, bool) {
			order, ok := compareNumbers(a, b)
			switch op {
			case "<":
				return order < 0, ok
			case "<=":
				return order <= 0, ok
			case ">":
				return order > 0, ok
			}
			return order >= 0, ok
		}
	case "in":
		return func(fr *frame, a, b any) (any, bool) {
			list, ok := b.([]any)
			fr.work += len(list)
			for _, item := range list {
				if same(a, item) {
					return true, ok
				}
			}
			return false, ok
		}
	case "matches":
		pattern := constantPattern(n.Y)
		return textual(func(s, _ string) any { return pattern.MatchString(s) })
	case "contains":
		return textual(func(s, part string) any { return strings.Contains(s, part) })
	case "startsWith":
		return textual(func(s, part string) any { return strings.HasPrefix(s, part) })
	case "endsWith":
		return textual(func(s, part string) any { return strings.HasSuffix(s, part) })
	case "+":
		return textual(func(s, t string) any { return s + t })
	}
	panic("mappings: nothing evaluates " + n.Op)
}

func textual(of func(s, t string) any) func(fr *frame, a, b any) (any, bool) {
	return func(fr *frame, a, b any) (any, bool) {
		s, ok1 := a.(string)
		t, ok2 := b.(string)
		if !ok1 || !ok2 {
			return nil, false
		}
		fr.work += len(s) + len(t)
		return of(s, t), true
	}
}

// constantPattern is what stands after matches: the checker has compiled it once to see that it does.
func constantPattern(n expression.Node) *regexp.Regexp {
	l, _ := n.(*expression.Literal)
	if l == nil {
		return nil
	}
	s, _ := l.Value.(string)
	p, _ := regexp.Compile(s)
	return p
}

// same compares scalars: the checker has seen to it that both are of one kind, or numbers. Lists and objects are
// met only in comparisons with nil.
func same(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case string:
		y, ok := b.(string)
		return ok && x == y
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	}
	order, ok := compareNumbers(a, b)
	return ok && order == 0
}

// compareNumbers compares the numbers of trees.
func compareNumbers(a, b any) (order int, ok bool) {
	x, ok1 := a.(int64)
	y, ok2 := b.(int64)
	if ok1 && ok2 {
		return cmp.Compare(x, y), true
	}
	f, ok1 := float(a)
	g, ok2 := float(b)
	return cmp.Compare(f, g), ok1 && ok2
}

func float(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case json.Number:
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}

// loop compiles a function that walks a list.
func (c *compiler) loop(n *expression.Loop) evaluate {
	list, body, depth, at := c.evaluator(n.List), c.evaluator(n.Body), n.Depth, n.At()
	walk := walks[n.Name]
	return func(fr *frame) (any, error) {
		v, err := list(fr)
		if err != nil {
			return nil, err
		}
		items, ok := v.([]any)
		if !ok || len(items) > maxItems {
			return nil, &failure{offset: at, message: fmt.Sprintf("the message has no list of at most %d items here", maxItems)}
		}
		if fr.work += len(items); fr.work > maxWorkBytes {
			return nil, fr.tooMuch(at)
		}
		for len(fr.items) <= depth {
			fr.items = append(fr.items, nil)
		}
		defer func() { fr.items[depth] = nil }()
		return walk(items, func(item any) (any, error) {
			fr.items[depth] = item
			return body(fr)
		})
	}
}

// walks are the loops of the language; of gives what the body says of an item.
var walks = map[string]func(items []any, of func(item any) (any, error)) (any, error){
	"map": func(items []any, of func(any) (any, error)) (any, error) {
		out := make([]any, len(items))
		for i, item := range items {
			var err error
			if out[i], err = of(item); err != nil {
				return nil, err
			}
		}
		return out, nil
	},
	"filter": func(items []any, of func(any) (any, error)) (any, error) {
		out := make([]any, 0, len(items))
		for _, item := range items {
			v, err := of(item)
			if err != nil {
				return nil, err
			}
			if v == true {
				out = append(out, item)
			}
		}
		return out, nil
	},
	"find": func(items []any, of func(any) (any, error)) (any, error) {
		for _, item := range items {
			if v, err := of(item); err != nil || v == true {
				return item, err
			}
		}
		return nil, nil
	},
	"any":   counting(func(n, _ int) any { return n > 0 }, true),
	"all":   counting(func(n, all int) any { return n == all }, false),
	"none":  counting(func(n, _ int) any { return n == 0 }, true),
	"one":   counting(func(n, _ int) any { return n == 1 }, false),
	"count": counting(func(n, _ int) any { return int64(n) }, false),
}

// counting is a loop that asks for how many of the items the body is true; first ends it at the first of them.
func counting(answer func(n, all int) any, first bool) func([]any, func(any) (any, error)) (any, error) {
	return func(items []any, of func(any) (any, error)) (any, error) {
		n := 0
		for _, item := range items {
			v, err := of(item)
			if err != nil {
				return nil, err
			}
			if v == true {
				if n++; first {
					break
				}
			}
		}
		return answer(n, len(items)), nil
	}
}

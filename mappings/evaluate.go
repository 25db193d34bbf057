package mappings

import (
	"slices"

	"sluice/mappings/expression"
)

// direct compiles an expression to closures over the trees, or returns nil where only the VM can run it. Paths,
// functions over them, constants, ?? and comparisons with constants go without the VM: they are nearly all there is.
func (c *compiler) direct(n expression.Node) evaluate {
	switch n := n.(type) {
	case *expression.Literal:
		return func(*frame) (any, error) { return n.Value, nil }
	case *expression.Chain:
		return c.direct(n.X)
	case *expression.Name, *expression.Member:
		return c.path(n)
	case *expression.Call:
		return c.directCall(n)
	case *expression.Not:
		if x := c.direct(n.X); x != nil {
			return func(fr *frame) (any, error) {
				v, err := x(fr)
				return v != true, err
			}
		}
	case *expression.Binary:
		return c.directBinary(n)
	}
	return nil
}

// path reads keys one after another; what is no object on the way has no value below.
func (c *compiler) path(n expression.Node) evaluate {
	var keys []string
	for {
		switch x := n.(type) {
		case *expression.Chain:
			n = x.X
			continue
		case *expression.Member:
			keys = append(keys, x.Name)
			n = x.X
			continue
		}
		break
	}
	name, ok := n.(*expression.Name)
	if !ok {
		return nil
	}
	slices.Reverse(keys)
	slot := slices.Index(c.slots, name.Name)
	switch len(keys) {
	case 0:
		return func(fr *frame) (any, error) { return fr.slots[slot], nil }
	case 1:
		key := keys[0]
		return func(fr *frame) (any, error) {
			m, _ := fr.slots[slot].(map[string]any)
			return m[key], nil
		}
	}
	return func(fr *frame) (any, error) {
		v := fr.slots[slot]
		for _, key := range keys {
			m, ok := v.(map[string]any)
			if !ok {
				return nil, nil
			}
			v = m[key]
		}
		return v, nil
	}
}

func (c *compiler) directCall(n *expression.Call) evaluate {
	f := functions[n.Name]
	op, strict, at := c.check.calls[n], f.strict, n.At()
	args := make([]evaluate, len(n.Args))
	for i, arg := range n.Args {
		if args[i] = c.direct(arg); args[i] == nil {
			return nil
		}
	}
	if op == nil {
		return nil
	}
	if !f.value.variadic && f.bound() {
		value := args[0]
		return func(fr *frame) (any, error) {
			v, err := value(fr)
			if err != nil || v == nil && !strict {
				return nil, err
			}
			fr.one[0] = v
			return fr.call(op, at, fr.one[:])
		}
	}
	return func(fr *frame) (any, error) {
		values := make([]any, len(args))
		for i, arg := range args {
			v, err := arg(fr)
			if err != nil || i == 0 && v == nil && !strict {
				return nil, err
			}
			values[i] = v
		}
		return fr.call(op, at, values)
	}
}

// bound tells whether an operation has all its arguments from bind, and needs only the value.
func (f *Function) bound() bool {
	for _, p := range f.params {
		if !p.constant {
			return false
		}
	}
	return true
}

// call runs an operation and counts its work.
func (fr *frame) call(op operation, at int, args []any) (any, error) {
	for _, a := range args {
		switch a := a.(type) {
		case string:
			fr.work += len(a)
		case []any:
			fr.work += len(a)
		}
	}
	if fr.work > maxWorkBytes {
		return nil, &failure{offset: at, message: "the mapping has more to do than its bound allows: the message is too large for it"}
	}
	v, err := op(fr, args)
	if err != nil {
		_, refused := err.(refusal)
		return nil, &failure{at, err.Error(), refused}
	}
	return v, nil
}

func (c *compiler) directBinary(n *expression.Binary) evaluate {
	x, y := c.direct(n.X), c.direct(n.Y)
	if x == nil || y == nil {
		return nil
	}
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
	case "==", "!=":
		if !comparable(n.X) && !comparable(n.Y) {
			return nil
		}
		equal := n.Op == "=="
		return func(fr *frame) (any, error) {
			a, err := x(fr)
			if err != nil {
				return nil, err
			}
			b, err := y(fr)
			return same(a, b) == equal, err
		}
	case "+":
		return func(fr *frame) (any, error) {
			a, err := x(fr)
			if err != nil {
				return nil, err
			}
			b, err := y(fr)
			if err != nil {
				return nil, err
			}
			s, ok1 := a.(string)
			t, ok2 := b.(string)
			if !ok1 || !ok2 {
				return nil, &failure{offset: n.At(), message: "a part of the text is missing, though the contract requires it"}
			}
			return s + t, nil
		}
	}
	return nil
}

// comparable tells whether a node is a constant, so that == can be done without the VM.
func comparable(n expression.Node) bool {
	_, ok := n.(*expression.Literal)
	return ok
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
	case int64:
		switch y := b.(type) {
		case int64:
			return x == y
		case float64:
			return float64(x) == y
		}
	case float64:
		switch y := b.(type) {
		case float64:
			return x == y
		case int64:
			return x == float64(y)
		}
	}
	return false
}

// machine compiles an expression for the VM.
func (c *compiler) machine(t *expression.Tree) (evaluate, error) {
	program, err := expression.Compile(t, func(n *expression.Call) expression.Func {
		op, strict, at := c.check.calls[n], functions[n.Name].strict, n.At()
		return func(params ...any) (any, error) {
			fr, args := params[0].(*frame), params[1:]
			if args[0] == nil && !strict {
				return nil, nil
			}
			for i, a := range args {
				if x, ok := a.(int); ok {
					args[i] = int64(x)
				}
			}
			return fr.call(op, at, args)
		}
	})
	if err != nil {
		return nil, err
	}
	return func(fr *frame) (any, error) { return program.Run(fr.environment()) }, nil
}

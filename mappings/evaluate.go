package mappings

import (
	"fmt"
	"slices"

	"sluice/contracts/tree"
	"sluice/mappings/expression"
)

// evaluator compiles an expression, which the checker has proved, to closures over the trees.
func (c *compiler) evaluator(n expression.Node) evaluate {
	switch n := n.(type) {
	case *expression.Literal:
		v := n.Value
		return func(*frame) (any, error) { return v, nil }
	case *expression.Chain:
		return c.evaluator(n.X)
	case *expression.Name, *expression.Item, *expression.Member:
		return c.path(n)
	case *expression.Call:
		return c.call(n)
	case *expression.Not:
		x := c.evaluator(n.X)
		return func(fr *frame) (any, error) {
			v, err := x(fr)
			return v != true, err
		}
	case *expression.Conditional:
		cond, yes, no := c.evaluator(n.Cond), c.evaluator(n.Then), c.evaluator(n.Else)
		return func(fr *frame) (any, error) {
			v, err := cond(fr)
			switch {
			case err != nil:
				return nil, err
			case v == true:
				return yes(fr)
			}
			return no(fr)
		}
	case *expression.Array:
		return c.array(n)
	case *expression.Loop:
		return c.loop(n)
	case *expression.Binary:
		return c.binary(n)
	}
	panic(fmt.Sprintf("mappings: nothing evaluates a %T", n))
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
	slices.Reverse(keys)
	switch root := n.(type) {
	case *expression.Name:
		slot := slices.Index(c.slots, root.Name)
		switch len(keys) {
		case 0:
			return func(fr *frame) (any, error) { return fr.slots[slot], nil }
		case 1:
			key := keys[0]
			return func(fr *frame) (any, error) {
				o, _ := fr.slots[slot].(*tree.Object)
				return o.Get(key), nil
			}
		}
		return func(fr *frame) (any, error) { return below(fr.slots[slot], keys), nil }
	case *expression.Item:
		depth := root.Depth
		return func(fr *frame) (any, error) { return below(fr.items[depth], keys), nil }
	}
	from := c.evaluator(n)
	return func(fr *frame) (any, error) {
		v, err := from(fr)
		if err != nil {
			return nil, err
		}
		return below(v, keys), nil
	}
}

func below(v any, keys []string) any {
	for _, key := range keys {
		o, ok := v.(*tree.Object)
		if !ok {
			return nil
		}
		v = o.Get(key)
	}
	return v
}

func (c *compiler) array(n *expression.Array) evaluate {
	items := make([]evaluate, len(n.Items))
	for i, item := range n.Items {
		items[i] = c.evaluator(item)
	}
	return func(fr *frame) (any, error) {
		list := make([]any, len(items))
		for i, item := range items {
			var err error
			if list[i], err = item(fr); err != nil {
				return nil, err
			}
		}
		return list, nil
	}
}

// call compiles a function with its arguments.
func (c *compiler) call(n *expression.Call) evaluate {
	f := functions[n.Name]
	op, strict, at := c.check.calls[n], f.strict, n.At()
	args := make([]evaluate, len(n.Args))
	for i, arg := range n.Args {
		args[i] = c.evaluator(arg)
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
		base := len(fr.args)
		for i, arg := range args {
			v, err := arg(fr)
			if err != nil || i == 0 && v == nil && !strict {
				fr.args = fr.args[:base]
				return nil, err
			}
			fr.args = append(fr.args, v)
		}
		v, err := fr.call(op, at, fr.args[base:])
		fr.args = fr.args[:base]
		return v, err
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
		return nil, fr.tooMuch(at)
	}
	v, err := op(fr, args)
	if err != nil {
		_, refused := err.(refusal)
		return nil, &failure{at, err.Error(), refused}
	}
	return v, nil
}

// tooMuch reports a run beyond its bound of work.
func (fr *frame) tooMuch(at int) error {
	return &failure{offset: at, message: "the mapping has more to do than its bound allows: the message is too large for it"}
}

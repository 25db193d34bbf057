package expression

import (
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// ContextKey is the name in the environment of what every function gets as its first argument.
// No expression can write it.
const ContextKey = "context of the run"

// Func is a function as the VM calls it: the context, then the arguments.
type Func func(params ...any) (any, error)

// Program is an expression compiled for the VM. It is safe for concurrent use.
type Program struct{ program *vm.Program }

// Compile makes a program of a tree, once: each call becomes a call of the function that bind gives for it.
func Compile(t *Tree, bind func(*Call) Func) (*Program, error) {
	c := conf.New(map[string]any{})
	c.Strict = false
	for name := range c.Builtins {
		delete(c.Builtins, name)
	}
	n := 0
	for call := range calls(t.Root) {
		name := "function " + strconv.Itoa(n) // unique, so that a call carries its own constants
		n++
		c.Functions[name] = &builtin.Function{Name: name, Func: marked(bind(call))}
		call.node.Callee.(*ast.IdentifierNode).Value = name
		call.node.Arguments = append([]ast.Node{&ast.IdentifierNode{Value: ContextKey}}, call.node.Arguments...)
	}
	if _, err := checker.Check(t.tree, c); err != nil {
		return nil, syntaxError(err)
	}
	program, err := compiler.Compile(t.tree, c)
	if err != nil {
		return nil, fmt.Errorf("compiling the expression: %w", err)
	}
	return &Program{program}, nil
}

// callError tells an error of a function from the VM's own, which are about a tree that breaks its contract.
type callError struct{ err error }

func (e *callError) Error() string { return e.err.Error() }

func marked(f Func) Func {
	return func(params ...any) (any, error) {
		v, err := f(params...)
		if err != nil {
			return nil, &callError{err}
		}
		return v, nil
	}
}

// calls yields the function calls of a tree, inner ones first.
func calls(n Node) func(yield func(*Call) bool) {
	return func(yield func(*Call) bool) { walkCalls(n, yield) }
}

func walkCalls(n Node, yield func(*Call) bool) bool {
	each := func(nodes ...Node) bool {
		for _, n := range nodes {
			if !walkCalls(n, yield) {
				return false
			}
		}
		return true
	}
	switch n := n.(type) {
	case *Member:
		return each(n.X)
	case *Chain:
		return each(n.X)
	case *Not:
		return each(n.X)
	case *Binary:
		return each(n.X, n.Y)
	case *Conditional:
		return each(n.Cond, n.Then, n.Else)
	case *Loop:
		return each(n.List, n.Body)
	case *Array:
		return each(n.Items...)
	case *Call:
		return each(n.Args...) && yield(n)
	}
	return true
}

var machines = sync.Pool{New: func() any { return new(vm.VM) }}

// Run evaluates the program over an environment of roots, loop variables and ContextKey.
// The error is an *Error, unless a function returned one of its own, which comes back as it is.
func (p *Program) Run(env map[string]any) (any, error) {
	machine := machines.Get().(*vm.VM)
	v, err := machine.Run(p.program, env)
	machines.Put(machine)
	if err != nil {
		return nil, runError(err)
	}
	if n, ok := v.(int); ok {
		return int64(n), nil
	}
	return v, nil
}

func runError(err error) error {
	var f *file.Error
	if !errors.As(err, &f) {
		return err
	}
	var c *callError
	if errors.As(f.Prev, &c) {
		return c.err
	}
	return &Error{At: f.From, Message: "the message breaks its contract here: " + f.Message}
}

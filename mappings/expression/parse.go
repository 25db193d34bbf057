// Package expression reads the expressions of mapping files. It is the only package that knows
// expr-lang: it parses by it into a small tree of its own, and refuses what mappings must not use.
package expression

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
)

// The bounds of one expression. The parser is recursive, so depth costs stack.
const (
	MaxBytes = 4 << 10
	MaxDepth = 64
)

// Error is an expression that does not parse or must not be used.
type Error struct {
	At      int // offset in characters from the start of the expression
	Message string
	Hint    string
}

func (e *Error) Error() string { return e.Message }

// Tree is a parsed expression.
type Tree struct {
	Root Node
}

// Parse reads an expression. Names in functions shadow those that expr-lang has of its own. The error is an *Error.
func Parse(src string, functions func(name string) bool) (*Tree, error) {
	if len(src) > MaxBytes {
		return nil, &Error{Message: fmt.Sprintf("the expression is longer than %d bytes", MaxBytes), Hint: "split it over several fields, or move what is constant into a table"}
	}
	if at, deep := tooDeep(src); deep {
		return nil, &Error{At: at, Message: fmt.Sprintf("brackets are nested deeper than %d", MaxDepth)}
	}
	tree, err := parser.ParseWithConfig(src, config(functions))
	if err != nil {
		return nil, syntaxError(err)
	}
	c := converter{}
	root := c.node(tree.Node)
	if c.err != nil {
		return nil, c.err
	}
	return &Tree{Root: root}, nil
}

// config turns expr-lang's own functions off, so that every call reaches the caller's table. Its loops
// (filter, map …) can't be turned off: functions that the caller has by their names win.
func config(functions func(string) bool) *conf.Config {
	c := conf.CreateNew()
	for name := range c.Builtins {
		c.Disabled[name] = true
		delete(c.Builtins, name)
	}
	for _, name := range overridable {
		if functions != nil && functions(name) {
			c.Functions[name] = nil
		}
	}
	return c
}

// overridable are expr-lang's loops that are no loops of mappings.
var overridable = []string{"sum", "findIndex", "findLast", "findLastIndex", "groupBy", "sortBy", "reduce"}

func syntaxError(err error) *Error {
	var f *file.Error
	if !errors.As(err, &f) {
		return &Error{Message: err.Error()}
	}
	e := &Error{At: f.From, Message: plain(f.Message)}
	if strings.Contains(f.Message, "cannot be mixed") {
		e.Message, e.Hint = "?? and another operator stand side by side", "put brackets: (a ?? b) == c"
	}
	return e
}

// plain turns expr-lang's token names into words.
func plain(message string) string {
	message = strings.ReplaceAll(message, "unexpected token EOF", "the expression ends too early")
	if rest, ok := strings.CutPrefix(message, "unexpected token "); ok {
		if i := strings.IndexByte(rest, '('); i >= 0 && strings.HasSuffix(rest, ")") {
			if word, err := strconv.Unquote(rest[i+1 : len(rest)-1]); err == nil {
				return "did not expect " + strconv.Quote(word) + " here"
			}
		}
	}
	return strings.ToLower(message[:1]) + message[1:]
}

// tooDeep measures the nesting of brackets and of unary operators outside strings, before the parser recurses over them.
func tooDeep(src string) (at int, deep bool) {
	depth, unary := 0, 0
	var quote rune
	escaped := false
	for _, r := range src {
		switch {
		case quote != 0:
			switch {
			case escaped:
				escaped = false
			case r == '\\' && quote != '`':
				escaped = true
			case r == quote:
				quote = 0
			}
		case r == '"' || r == '\'' || r == '`':
			quote = r
			unary = 0
		case r == '(' || r == '[' || r == '{':
			depth++
			unary = 0
		case r == ')' || r == ']' || r == '}':
			depth--
			unary = 0
		case r == '!' || r == '-' || r == '+':
			unary++
		}
		if depth > MaxDepth || unary > MaxDepth {
			return at, true
		}
		at++
	}
	return 0, false
}

type converter struct {
	err   *Error
	loops int // around the node
}

func (c *converter) refuse(n ast.Node, message, hint string) Node {
	if c.err == nil {
		c.err = &Error{At: n.Location().From, Message: message, Hint: hint}
	}
	return &Literal{place: place(n.Location().From)}
}

func (c *converter) node(n ast.Node) Node {
	if c.err != nil || n == nil {
		return &Literal{}
	}
	at := place(n.Location().From)
	switch n := n.(type) {
	case *ast.NilNode:
		return &Literal{at, nil}
	case *ast.BoolNode:
		return &Literal{at, n.Value}
	case *ast.IntegerNode:
		return &Literal{at, int64(n.Value)}
	case *ast.FloatNode:
		if math.IsInf(n.Value, 0) {
			return c.refuse(n, "the number is too large", "")
		}
		return &Literal{at, n.Value}
	case *ast.StringNode:
		return &Literal{at, n.Value}
	case *ast.IdentifierNode:
		return &Name{at, n.Value}
	case *ast.PointerNode:
		if n.Name != "" {
			return c.refuse(n, "#"+n.Name+" is not part of the mapping language", "the item is # or .field")
		}
		return &Item{at, c.loops - 1}
	case *ast.ChainNode:
		return &Chain{at, c.node(n.Node)}
	case *ast.MemberNode:
		return c.member(n, at)
	case *ast.UnaryNode:
		x := c.node(n.Node)
		if lit, ok := x.(*Literal); ok && n.Operator == "-" {
			switch v := lit.Value.(type) {
			case int64:
				return &Literal{at, -v}
			case float64:
				return &Literal{at, -v}
			}
		}
		if n.Operator == "!" || n.Operator == "not" {
			return &Not{at, x}
		}
		return c.refuse(n, "there is no arithmetic with "+n.Operator, "use subtract(a, b), which keeps every digit")
	case *ast.BinaryNode:
		return c.binary(n, at)
	case *ast.ConditionalNode:
		if n.Exp1 == n.Cond {
			return c.refuse(n.Cond, "?: is not part of the mapping language", "write a ?? b, or condition ? a : b")
		}
		cond, a, b := c.node(n.Cond), c.node(n.Exp1), c.node(n.Exp2)
		return &Conditional{place(cond.At()), cond, a, b}
	case *ast.CallNode:
		name, ok := n.Callee.(*ast.IdentifierNode)
		if !ok {
			return c.refuse(n, "a value has no methods", "functions take the value first: x | upper()")
		}
		return &Call{at, name.Value, c.nodes(n.Arguments)}
	case *ast.BuiltinNode:
		return c.loop(n, at)
	case *ast.ArrayNode:
		return &Array{at, c.nodes(n.Nodes)}
	case *ast.SliceNode:
		return c.refuse(n, "slices count bytes and are not part of the mapping language", "use left(n), right(n) or skip(n), which count characters")
	case *ast.MapNode:
		return c.refuse(n, "an object can't be written inside an expression", "write its fields as YAML keys")
	case *ast.VariableDeclaratorNode, *ast.SequenceNode:
		return c.refuse(n, "let and ; are not part of the mapping language", "write one expression a field")
	case *ast.BytesNode:
		return c.refuse(n, "byte strings are not part of the mapping language", "write a plain string")
	}
	return c.refuse(n, fmt.Sprintf("%T is not part of the mapping language", n), "")
}

func (c *converter) nodes(list []ast.Node) []Node {
	out := make([]Node, len(list))
	for i, n := range list {
		out[i] = c.node(n)
	}
	return out
}

func (c *converter) member(n *ast.MemberNode, at place) Node {
	x := c.node(n.Node)
	if s, ok := n.Property.(*ast.StringNode); ok {
		return &Member{place(s.Location().From), x, s.Value, n.Optional}
	}
	return c.refuse(n, "an item can't be taken by its index: the list may be shorter", `use first(), last() or at(n); a field with an odd name is x["a-b"]`)
}

var arithmetic = map[string]string{
	"-": "subtract(a, b)", "*": "multiply(a, b)", "/": "divide(a, b, digits), which gives a decimal",
	"%": "", "**": "", "^": "", "..": "",
}

func (c *converter) binary(n *ast.BinaryNode, at place) Node {
	op := n.Operator
	switch op {
	case "&&":
		op = "and"
	case "||":
		op = "or"
	}
	if use, bad := arithmetic[op]; bad {
		hint := ""
		if use != "" {
			hint = "use " + use
		}
		return c.refuse(n, "the operator "+op+" is not part of the mapping language", hint)
	}
	x, y := c.node(n.Left), c.node(n.Right)
	if _, ok := x.(*Not); ok && op != "and" && op != "or" {
		return c.refuse(n.Left, "not binds closer than "+op, "put brackets: not (a "+op+" b)")
	}
	return &Binary{at, op, x, y}
}

// Loops are the functions that take a condition or an expression for each item of a list.
var Loops = []string{"filter", "map", "any", "all", "none", "one", "count", "find"}

func (c *converter) loop(n *ast.BuiltinNode, at place) Node {
	known := false
	for _, name := range Loops {
		known = known || name == n.Name
	}
	if !known || len(n.Arguments) != 2 {
		return c.refuse(n, n.Name+"() is not part of the mapping language", "the loops are "+strings.Join(Loops, ", "))
	}
	body := n.Arguments[1]
	if p, ok := body.(*ast.PredicateNode); ok {
		body = p.Node
	}
	list := c.node(n.Arguments[0])
	c.loops++
	defer func() { c.loops-- }()
	return &Loop{at, n.Name, c.loops - 1, list, c.node(body)}
}

// Reserved tells whether a name means something to expr-lang, so that no variable can have it.
func Reserved(name string) bool {
	switch name {
	case "true", "false", "nil", "let", "if", "else", "not", "and", "or", "in", "matches", "contains", "startsWith", "endsWith":
		return true
	}
	_, ok := builtin.Index[name]
	return ok
}

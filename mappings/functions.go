package mappings

import (
	"fmt"
	"sort"
	"strings"

	"sluice/contracts/shape"
)

// Function is one function of the language. The table that Functions returns drives parsing, checking, running and
// the reference in docs/mappings.md.
type Function struct {
	Name     string
	Group    string
	Doc      string    // what it gives, as one sentence
	Examples []Example // tests run them, the reference shows them

	value  param   // what stands before the pipe
	params []param // what stands in the brackets
	strict bool    // called with an absent value too; the others are lifted: absent in, absent out
	gives  func(c *call) value
	bind   func(c *call) (operation, error)
}

// Example is an expression and what it gives, both as a mapping file would write them; "absent" stands for nothing.
type Example struct{ Expression, Result string }

// param is one argument of a function.
type param struct {
	name     string
	accept   accept
	constant bool // must be a literal
	optional bool
	variadic bool // the last one, any number of times
	absent   bool // an absent value is welcome
}

// accept is a set of kinds of values.
type accept uint16

const (
	acceptText accept = 1 << iota // a string of any format
	acceptInt
	acceptNumber
	acceptBool
	acceptDate
	acceptDateTime
	acceptDecimal
	acceptBase64
	acceptList
	acceptObject
)

func (a accept) String() string {
	names := []string{"a text", "an integer", "a number", "a boolean", "a date", "a date and time", "a decimal", "base64", "a list", "an object"}
	var out []string
	for i, name := range names {
		if a&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return strings.Join(out, " or ")
}

// call is one use of a function, as its table entry sees it: what is known of the arguments, before any message.
type call struct {
	args   []value // the value first; optional ones that were left out are missing
	tables map[string]*table
}

// text is the constant argument i (0 is the value), or "" when it was left out.
func (c *call) text(i int) string {
	if i >= len(c.args) {
		return ""
	}
	s, _ := c.args[i].literal.(string)
	return s
}

// int is the constant argument i, or def when it was left out.
func (c *call) int(i, def int) int {
	if i >= len(c.args) {
		return def
	}
	n, _ := c.args[i].literal.(int64)
	return int(max(min(n, 1<<30), -1<<30))
}

// operation is a function bound to its constants. args are the value and the arguments; fr is the run.
type operation func(fr *frame, args []any) (any, error)

// table of all functions, by name.
var functions = map[string]*Function{}

func init() {
	for _, group := range [][]Function{textFunctions, dateFunctions, numberFunctions, codeFunctions, listFunctions} {
		for i := range group {
			f := &group[i]
			if functions[f.Name] != nil {
				panic("mappings: two functions are called " + f.Name)
			}
			functions[f.Name] = f
		}
	}
}

// Functions lists the functions of the language by group and name.
func Functions() []*Function {
	var list []*Function
	for _, group := range [][]Function{textFunctions, dateFunctions, numberFunctions, codeFunctions, listFunctions} {
		var part []*Function
		for i := range group {
			part = append(part, functions[group[i].Name])
		}
		sort.Slice(part, func(i, j int) bool { return part[i].Name < part[j].Name })
		list = append(list, part...)
	}
	return list
}

func isFunction(name string) bool { return functions[name] != nil }

// Signature is how the function is written: value | name(layout, zone?).
func (f *Function) Signature() string {
	var args []string
	for _, p := range f.params {
		name := p.name
		if p.optional {
			name += "?"
		}
		if p.variadic {
			name += ", …"
		}
		args = append(args, name)
	}
	if f.value.variadic {
		return f.Name + "(" + f.value.name + ", …)"
	}
	return f.value.name + " | " + f.Name + "(" + strings.Join(args, ", ") + ")"
}

// Takes says in words what the function accepts as its value.
func (f *Function) Takes() string { return f.value.accept.String() }

// The types that functions give.
var (
	textType     = &shape.Type{Kind: shape.String}
	dateType     = &shape.Type{Kind: shape.String, Format: shape.Date}
	dateTimeType = &shape.Type{Kind: shape.String, Format: shape.DateTime}
	decimalType  = &shape.Type{Kind: shape.String, Format: shape.Decimal}
	base64Type   = &shape.Type{Kind: shape.String, Format: shape.Base64}
	uuidType     = &shape.Type{Kind: shape.String, Format: shape.UUID}
	intType      = &shape.Type{Kind: shape.Int}
	numberType   = &shape.Type{Kind: shape.Number}
	boolType     = &shape.Type{Kind: shape.Bool}
	anyType      = &shape.Type{Kind: shape.Any}
	nilType      = &shape.Type{Kind: shape.Any, Name: "nil"}
)

// always is a result type that doesn't depend on the arguments.
func always(t *shape.Type) func(*call) value { return func(*call) value { return value{shape: t} } }

// bounded is a text of at most n characters.
func bounded(n int) value { return value{shape: &shape.Type{Kind: shape.String, MaxLen: max(n, 0)}} }

// texts makes an operation of a function over the value as text.
func texts(f func(s string) (any, error)) operation {
	return func(_ *frame, args []any) (any, error) { return f(asText(args[0])) }
}

// pure is texts for what can't fail.
func pure(f func(s string) string) func(*call) (operation, error) {
	op := texts(func(s string) (any, error) { return f(s), nil })
	return func(*call) (operation, error) { return op, nil }
}

// asText writes a scalar as text; lists and objects never get here.
func asText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case nil:
		return ""
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	return fmt.Sprint(v)
}

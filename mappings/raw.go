package mappings

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/contracts/shape"
	"sluice/mappings/expression"
)

// rawBeside is the target's field that keeps the agency's own code beside one that uncode translates (rawStatus beside
// status), where the target has one and the template leaves it to us; else "".
func (c *compiler) rawBeside(f templateField, t *template, target *shape.Type) string {
	if f.value.leaf == nil || f.value.leaf.constant {
		return ""
	}
	first, size := utf8.DecodeRuneInString(f.name)
	raw := "raw" + string(unicode.ToUpper(first)) + f.name[size:]
	if target.Field(raw) == nil {
		return ""
	}
	for _, other := range t.fields {
		if strings.EqualFold(other.name, raw) {
			return ""
		}
	}
	return raw
}

// rawValue makes the code that an expression gives to uncode, or is nil where the expression is not one call of it.
func (c *compiler) rawValue(l *leaf, s scope) maker {
	tree, err := expression.Parse(l.text.value, isFunction)
	if err != nil {
		return nil
	}
	call, ok := tree.Root.(*expression.Call)
	if !ok || call.Name != "uncode" || len(call.Args) == 0 {
		return nil
	}
	c.current = l
	before := len(c.problems)
	c.check.check(call.Args[0], s)
	c.problems = c.problems[:before] // the leaf itself has reported them
	eval := c.evaluator(call.Args[0])
	return func(fr *frame) (any, error) {
		v, err := eval(fr)
		if err != nil || v == nil {
			return nil, nil // the leaf itself has failed
		}
		return asText(v), nil
	}
}

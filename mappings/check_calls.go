package mappings

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/mappings/expression"
)

// otherNames are functions that people look for under another name.
var otherNames = map[string]string{
	"default": `write value ?? "instead"`, "coalesce": `write value ?? "instead"`, "if": "write condition ? a : b",
	"len": "of a text write length(), of a list size()", "string": "write text()", "str": "write text()", "float": "write number()",
	"substring": "write skip(n) | left(m)", "indexOf": "write part(separator, n), contains or startsWith", "concat": "write words(…), or list(…) | join(separator)",
	"uppercase": "write upper()", "lowercase": "write lower()", "toUpper": "write upper()", "toLower": "write lower()", "title": "write capitalize()",
	"now": "a mapping has no clock: take a time from the message, such as request.submittedAt", "round": "write decimal(places)",
	"format": "write date(layout), formatNumber(places, mark) or mask(pattern)", "sortBy": "items keep the order of the message", "exists": "write value != nil",
	"lookup": `write code("table") or uncode("table")`, "bool": `write flag("yes", "no"), or compare: value == "yes"`,
}

func (c *checker) call(n *expression.Call, s scope) value {
	f := functions[n.Name]
	if f == nil {
		hint := otherNames[n.Name]
		if hint == "" {
			names := slices.Clone(expression.Loops)
			for name := range functions {
				names = append(names, name)
			}
			slices.Sort(names)
			if hint = diag.Suggest(n.Name, names); hint == "" {
				hint = "docs/mappings.md lists the functions"
			}
		}
		return c.fail(n, "unknown-function", "unknown function "+quote(n.Name), hint)
	}
	params := c.parameters(n, f)
	args := make([]value, len(n.Args))
	good := params != nil
	for i, arg := range n.Args {
		args[i] = c.check(arg, s)
		if args[i].broken || i >= len(params) {
			good = false
			continue
		}
		good = c.argument(n, f, i, params[i], args[i], s) && good
	}
	if !good {
		return value{shape: anyType, broken: true}
	}
	use := &call{args: args, tables: c.tables}
	op, err := f.bind(use)
	if err != nil {
		hint := ""
		if h := (*hinted)(nil); errors.As(err, &h) {
			hint = h.hint
		}
		at := expression.Node(n)
		if len(n.Args) > 1 {
			at = n.Args[1]
		}
		return c.fail(at, "wrong-argument", n.Name+"(): "+err.Error(), hint)
	}
	c.calls[n] = op
	out := f.gives(use)
	if !f.strict {
		out.absent = out.absent || args[0].absent
	}
	if out.root == "" {
		out.root = args[0].root
	}
	out.chained = args[0].chained
	return out
}

// parameters spreads the function's parameters over the arguments of a call, or reports that their number is wrong.
func (c *checker) parameters(n *expression.Call, f *Function) []param {
	if f.value.variadic {
		if len(n.Args) == 0 {
			c.fail(n, "wrong-argument", n.Name+"() needs a value", "write "+f.Signature())
			return nil
		}
		return slices.Repeat([]param{f.value}, len(n.Args))
	}
	all := append([]param{f.value}, f.params...)
	if last := all[len(all)-1]; last.variadic {
		for len(all) < len(n.Args) {
			all = append(all, last)
		}
	}
	least := 0
	for _, p := range all {
		if !p.optional {
			least++
		}
	}
	if len(n.Args) < least || len(n.Args) > len(all) {
		c.fail(n, "wrong-argument", fmt.Sprintf("%s() has %d arguments, the value included, and wants %d", n.Name, len(n.Args), least), "write "+f.Signature())
		return nil
	}
	return all[:len(n.Args)]
}

// argument checks one argument against its parameter.
func (c *checker) argument(n *expression.Call, f *Function, i int, p param, v value, s scope) bool {
	arg := n.Args[i]
	if p.constant {
		if _, ok := arg.(*expression.Literal); !ok || v.shape == nilType {
			c.fail(arg, "wrong-argument", "the "+p.name+" of "+n.Name+"() must be a constant", "")
			return false
		}
	}
	if v.absent && !p.absent && (i > 0 || v.shape == nilType) {
		return c.present(arg, v, "as an argument of "+n.Name+"()")
	}
	if v.shape == nilType && p.absent {
		return true
	}
	if !accepts(p.accept, v) {
		c.fail(arg, "wrong-type", n.Name+"() wants "+p.accept.String()+", and "+pathText(arg)+" is "+describe(v.shape), turnInto(p.accept, v))
		return false
	}
	if v.shape.Kind == shape.Any && v.shape != nilType && p.accept&(acceptList|acceptObject) != 0 && f.Name != "required" {
		c.fail(arg, "wrong-type", "the contract does not say that "+pathText(arg)+" is "+p.accept.String(), "")
		return false
	}
	if v.shape.Kind == shape.List {
		c.walks(arg, v, s)
	}
	return true
}

// turnInto says how a value becomes one of the kinds in want.
func turnInto(want accept, v value) string {
	t := v.shape
	switch {
	case t.Kind == shape.List && want&acceptList == 0:
		return `take one item by first() or last(), or all by join(", ")`
	case t.Kind == shape.Object:
		return "take one of its fields: " + strings.Join(t.Names(), ", ")
	case want&acceptText != 0:
		return "make a text of it by text()"
	case want&acceptDate != 0 && t.Kind == shape.String:
		return `make a date of it by parseDate("dd.MM.yyyy")`
	case want&acceptDateTime != 0 && t.Format == shape.Date:
		return `make a date and time of it by startOfDay("Europe/Moscow")`
	case want&acceptDateTime != 0 && t.Kind == shape.String:
		return `make one of it by parseDateTime("dd.MM.yyyy HH:mm", "Europe/Moscow")`
	case want&acceptDecimal != 0 && t.Kind == shape.String:
		return "make a number of it by decimal()"
	case want == acceptBool:
		return "compare it with a value"
	}
	return ""
}

package mappings

import (
	"errors"
	"fmt"
	"strings"

	"sluice/contracts/shape"
)

// maxItems bounds every list that a mapping walks or makes.
const maxItems = 100_000

var anyList = param{name: "list", accept: acceptList}

var listFunctions = []Function{
	{
		Name: "list", Group: "Lists", Doc: "the list of the values, without the absent",
		Examples: []Example{{`list("а", nil, "б")`, `["а", "б"]`}},
		value:    param{name: "value", accept: acceptText, variadic: true, absent: true}, strict: true,
		gives: func(c *call) value {
			t := &shape.Type{Kind: shape.List, Elem: textType, MaxItems: len(c.args)}
			for _, a := range c.args {
				if !a.absent {
					t.MinItems++
				}
			}
			return value{shape: t}
		},
		bind: func(*call) (operation, error) {
			return func(_ *frame, args []any) (any, error) {
				out := make([]any, 0, len(args))
				for _, a := range args {
					if a != nil {
						out = append(out, a)
					}
				}
				return out, nil
			}, nil
		},
	},
	{
		Name: "join", Group: "Lists", Doc: "the texts of a list as one, with a separator between; nothing where the list is empty",
		Examples: []Example{{`list("г. Тверь", nil, "ул. Мира") | join(", ")`, `"г. Тверь, ул. Мира"`}, {`list(nil) | join(", ")`, "absent"}},
		value:    anyList, params: []param{constantText("separator")},
		gives: func(c *call) value { return value{shape: textType, absent: c.args[0].shape.MinItems == 0} },
		bind: func(c *call) (operation, error) {
			if e := c.args[0].shape.Elem; e != nil && e.Kind != shape.String && e.Kind != shape.Any {
				return nil, fmt.Errorf("join wants a list of texts, not of %s", e.Kind)
			}
			sep := c.text(1)
			return func(_ *frame, args []any) (any, error) {
				items, _ := args[0].([]any)
				if len(items) == 0 {
					return nil, nil
				}
				parts := make([]string, len(items))
				for i, item := range items {
					parts[i] = asText(item)
				}
				return strings.Join(parts, sep), nil
			}, nil
		},
	},
	{
		Name: "first", Group: "Lists", Doc: "the first item; nothing where the list is empty",
		Examples: []Example{{`"10;11" | split(";") | first()`, `"10"`}},
		value:    anyList, gives: item(func(*call) int { return 1 }),
		bind: func(*call) (operation, error) { return take(func(n int) int { return 0 }), nil },
	},
	{
		Name: "last", Group: "Lists", Doc: "the last item; nothing where the list is empty",
		Examples: []Example{{`"10;11" | split(";") | last()`, `"11"`}},
		value:    anyList, gives: item(func(*call) int { return 1 }),
		bind: func(*call) (operation, error) { return take(func(n int) int { return n - 1 }), nil },
	},
	{
		Name: "at", Group: "Lists", Doc: "the n-th item, counted from 1; nothing where the list is shorter",
		Examples: []Example{{`"10;11" | split(";") | at(2)`, `"11"`}, {`"10" | split(";") | at(2)`, "absent"}},
		value:    anyList, params: []param{countArg}, gives: item(func(c *call) int { return c.int(1, 1) }),
		bind: func(c *call) (operation, error) {
			n := c.int(1, 0)
			if n < 1 {
				return nil, errors.New("items count from 1")
			}
			return take(func(int) int { return n - 1 }), nil
		},
	},
	{
		Name: "size", Group: "Lists", Doc: "how many items the list has",
		Examples: []Example{{`"10;11" | split(";") | size()`, "2"}},
		value:    anyList, gives: always(intType),
		bind: func(*call) (operation, error) {
			return func(_ *frame, args []any) (any, error) {
				items, _ := args[0].([]any)
				return int64(len(items)), nil
			}, nil
		},
	},
	{
		Name: "sum", Group: "Lists", Doc: "the sum of a list of numbers, exact; 0 where it is empty",
		Examples: []Example{{`"0.10;0.20" | split(";") | map(decimal(#)) | sum()`, `"0.30"`}},
		value:    anyList, gives: always(decimalType),
		bind: func(c *call) (operation, error) {
			if e := c.args[0].shape.Elem; e != nil && e.Kind != shape.Any && !accepts(acceptDigits, value{shape: e}) {
				return nil, errors.New("sum wants a list of numbers: make decimals of the items by map(decimal(#))")
			}
			return func(_ *frame, args []any) (any, error) {
				items, _ := args[0].([]any)
				total, _ := parseDecimal("0")
				for _, item := range items {
					d, err := parseDecimal(asText(item))
					if err != nil {
						return nil, err
					}
					total = total.add(d)
				}
				return total.String(), nil
			}, nil
		},
	},
}

// item is the type of one item of the list, present for sure where the list has at least so many.
func item(least func(*call) int) func(*call) value {
	return func(c *call) value {
		t := c.args[0].shape
		elem := t.Elem
		if elem == nil {
			elem = anyType
		}
		return value{shape: elem, absent: t.MinItems < least(c), root: c.args[0].root}
	}
}

func take(index func(n int) int) operation {
	return func(_ *frame, args []any) (any, error) {
		items, _ := args[0].([]any)
		if i := index(len(items)); i >= 0 && i < len(items) {
			return items[i], nil
		}
		return nil, nil
	}
}

package mappings

import (
	"errors"
	"strconv"
	"strings"

	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

const acceptDigits = acceptInt | acceptNumber | acceptDecimal

var (
	amount      = param{name: "number", accept: acceptDigits}
	numberLike  = param{name: "number", accept: acceptDigits | acceptText}
	placesArg   = param{name: "places", accept: acceptInt, constant: true}
	otherNumber = param{name: "other", accept: acceptDigits}
)

var numberFunctions = []Function{
	{
		Name: "decimal", Group: "Numbers", Doc: "the number as a decimal, with exactly so many places where they are given; halves round away from zero",
		Examples: []Example{{`"1520.505" | decimal(2)`, `"1520.51"`}, {`7 | decimal()`, `"7"`}},
		value:    numberLike, params: []param{optional(placesArg)}, gives: always(decimalType),
		bind: func(c *call) (operation, error) {
			places, err := placesOf(c, 1, -1)
			if err != nil {
				return nil, err
			}
			return func(_ *frame, args []any) (any, error) {
				if n, whole := args[0].(int64); whole && places <= 0 {
					return strconv.FormatInt(n, 10), nil
				}
				d, err := parseDecimal(asText(args[0]))
				if err != nil {
					return nil, err
				}
				if places >= 0 {
					d = d.round(places)
				}
				return d.String(), nil
			}, nil
		},
	},
	{
		Name: "add", Group: "Numbers", Doc: "the sum of two numbers, exact",
		Examples: []Example{{`"0.1" | add("0.2")`, `"0.3"`}},
		value:    amount, params: []param{otherNumber}, gives: always(decimalType), bind: arithmetic(decimal.add),
	},
	{
		Name: "subtract", Group: "Numbers", Doc: "the difference of two numbers, exact",
		Examples: []Example{{`"10" | subtract("0.01")`, `"9.99"`}},
		value:    amount, params: []param{otherNumber}, gives: always(decimalType), bind: arithmetic(decimal.subtract),
	},
	{
		Name: "multiply", Group: "Numbers", Doc: "the product of two numbers, exact: rubles become kopecks by multiply(100)",
		Examples: []Example{{`"1520.50" | multiply(100) | decimal(0)`, `"152050"`}},
		value:    amount, params: []param{otherNumber}, gives: always(decimalType), bind: arithmetic(decimal.multiply),
	},
	{
		Name: "divide", Group: "Numbers", Doc: "the quotient with so many places; halves round away from zero",
		Examples: []Example{{`"152050" | divide(100, 2)`, `"1520.50"`}, {`"2" | divide(3, 4)`, `"0.6667"`}},
		value:    amount, params: []param{otherNumber, placesArg}, gives: always(decimalType),
		bind: func(c *call) (operation, error) {
			places, err := placesOf(c, 2, 0)
			if err != nil {
				return nil, err
			}
			return binaryDecimal(func(a, b decimal) (decimal, error) { return a.divide(b, places) }), nil
		},
	},
	{
		Name: "money", Group: "Numbers", Doc: "the amount of a sum of money (an object of amount and currency), which must be in the currency that is given; an error otherwise",
		Examples: []Example{{`request.fee | money("RUB")`, `"350.00"`}},
		value:    param{name: "sum", accept: acceptObject}, params: []param{constantText("currency")}, gives: always(decimalType),
		bind: bindMoney,
	},
	{
		Name: "compare", Group: "Numbers", Doc: "-1, 0 or 1 as the first number is smaller than, equal to or greater than the second",
		Examples: []Example{{`"9.50" | compare("10")`, "-1"}, {`"1.0" | compare("1")`, "0"}},
		value:    amount, params: []param{otherNumber}, gives: always(intType),
		bind: func(*call) (operation, error) {
			return func(_ *frame, args []any) (any, error) {
				a, b, err := twoDecimals(args)
				if err != nil {
					return nil, err
				}
				return int64(a.compare(b)), nil
			}, nil
		},
	},
	{
		Name: "formatNumber", Group: "Numbers", Doc: "the number with so many places, as an agency writes it: with its decimal mark, and its mark between thousands",
		Examples: []Example{{`"1234567.5" | formatNumber(2, ",", " ")`, `"1 234 567,50"`}},
		value:    amount, params: []param{placesArg, constantText("mark"), optional(constantText("thousands"))}, gives: always(textType),
		bind: func(c *call) (operation, error) {
			places, err := placesOf(c, 1, 0)
			if err != nil {
				return nil, err
			}
			mark, thousands := c.text(2), c.text(3)
			return func(_ *frame, args []any) (any, error) {
				d, err := parseDecimal(asText(args[0]))
				if err != nil {
					return nil, err
				}
				return d.round(places).format(mark, thousands), nil
			}, nil
		},
	},
	{
		Name: "parseNumber", Group: "Numbers", Doc: "the decimal that an agency wrote with its own decimal mark; spaces inside are ignored",
		Examples: []Example{{`"1 234,50" | parseNumber(",")`, `"1234.50"`}},
		value:    anyText, params: []param{constantText("mark")}, gives: always(decimalType),
		bind: func(c *call) (operation, error) {
			mark := c.text(1)
			if mark == "" {
				return nil, errors.New("the decimal mark is empty")
			}
			return texts(func(s string) (any, error) {
				s = strings.ReplaceAll(strings.ReplaceAll(strings.Join(strings.Fields(s), ""), "\u00a0", ""), mark, ".")
				d, err := parseDecimal(s)
				if err != nil {
					return nil, err
				}
				return d.String(), nil
			}), nil
		},
	},
	{
		Name: "int", Group: "Numbers", Doc: "the integer; an error where there is a fraction",
		Examples: []Example{{`"007" | int()`, "7"}},
		value:    numberLike, gives: always(intType),
		bind: func(*call) (operation, error) {
			return func(_ *frame, args []any) (any, error) {
				d, err := parseDecimal(asText(args[0]))
				if err != nil {
					return nil, err
				}
				return d.int64()
			}, nil
		},
	},
	{
		Name: "number", Group: "Numbers", Doc: "the number as a float, for targets that have no other; it may lose digits beyond the fifteenth",
		Examples: []Example{{`"1520.5" | number()`, "1520.5"}},
		value:    numberLike, gives: always(numberType),
		bind: func(*call) (operation, error) {
			return func(_ *frame, args []any) (any, error) {
				d, err := parseDecimal(asText(args[0]))
				if err != nil {
					return nil, err
				}
				return strconv.ParseFloat(d.String(), 64)
			}, nil
		},
	},
	{
		Name: "text", Group: "Numbers", Doc: "the value as text: a number in digits, a boolean as true or false",
		Examples: []Example{{`12 | text()`, `"12"`}, {`true | text()`, `"true"`}},
		value:    param{name: "value", accept: acceptText | acceptInt | acceptNumber | acceptBool},
		gives: func(c *call) value {
			if c.args[0].shape.Kind == shape.Bool {
				return value{shape: &shape.Type{Kind: shape.String, Enum: []string{"true", "false"}}}
			}
			return value{shape: textType}
		},
		bind: func(*call) (operation, error) {
			return func(_ *frame, args []any) (any, error) {
				if f, ok := args[0].(float64); ok {
					return strconv.FormatFloat(f, 'f', -1, 64), nil
				}
				return asText(args[0]), nil
			}, nil
		},
	},
}

// maxPlaces bounds the fraction that a mapping may ask for.
const maxPlaces = 20

func placesOf(c *call, i, def int) (int, error) {
	n := c.int(i, def)
	if n < def || n > maxPlaces {
		return 0, errors.New("the number of places must be between 0 and " + strconv.Itoa(maxPlaces))
	}
	return n, nil
}

func arithmetic(f func(a, b decimal) decimal) func(*call) (operation, error) {
	op := binaryDecimal(func(a, b decimal) (decimal, error) { return f(a, b), nil })
	return func(*call) (operation, error) { return op, nil }
}

func binaryDecimal(f func(a, b decimal) (decimal, error)) operation {
	return func(_ *frame, args []any) (any, error) {
		a, b, err := twoDecimals(args)
		if err != nil {
			return nil, err
		}
		d, err := f(a, b)
		if err != nil {
			return nil, err
		}
		return d.String(), nil
	}
}

func twoDecimals(args []any) (a, b decimal, err error) {
	if a, err = parseDecimal(asText(args[0])); err == nil {
		b, err = parseDecimal(asText(args[1]))
	}
	return a, b, err
}

func bindMoney(c *call) (operation, error) {
	for _, name := range []string{"amount", "currency"} {
		if f := c.args[0].shape.Field(name); f == nil || !f.Required || f.Type.Kind != shape.String {
			return nil, errors.New("the value is no sum of money: it needs the texts amount and currency")
		}
	}
	currency := c.text(1)
	return func(_ *frame, args []any) (any, error) {
		sum, _ := args[0].(*tree.Object)
		if sum.Get("currency") != currency {
			return nil, errors.New("the sum of money is not in " + currency)
		}
		d, err := parseDecimal(asText(sum.Get("amount")))
		if err != nil {
			return nil, err
		}
		return d.String(), nil
	}, nil
}

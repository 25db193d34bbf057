package mappings

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
)

// neutral is what uncode gives for a code that its table lacks: the canonical status that says nothing.
const neutral = "unknown"

// refusal is the error of required(…).
type refusal string

func (r refusal) Error() string { return string(r) }

const acceptCode = acceptText | acceptInt

var codeFunctions = []Function{
	{
		Name: "code", Group: "Codes", Doc: "the agency's code for a canonical value, by a table; an error where the table lacks the value",
		Examples: []Example{{`"female" | code("sex")`, `"Ж"`}},
		value:    param{name: "value", accept: acceptCode | acceptBool}, params: []param{constantText("table")},
		gives: func(c *call) value {
			t := c.tables[c.text(1)]
			if t == nil {
				return value{shape: textType}
			}
			return value{shape: &shape.Type{Kind: shape.String, Enum: t.written(c.args[0].shape.Enum), Name: "table " + t.name}}
		},
		bind: func(c *call) (operation, error) {
			t, err := c.table()
			if err != nil {
				return nil, err
			}
			if v := c.args[0]; len(v.shape.Enum) > 0 {
				if lacks := without(v.shape.Enum, t.codes); len(lacks) > 0 {
					return nil, errors.New("the table " + t.name + " lacks " + list(lacks) + ", which the value may be")
				}
			}
			return func(_ *frame, args []any) (any, error) {
				if code, ok := t.codes[asText(args[0])]; ok {
					return code, nil
				}
				return nil, errors.New("the table " + t.name + " lacks " + quote(asText(args[0])))
			}, nil
		},
	},
	{
		Name: "uncode", Group: "Codes", Doc: `the canonical value for an agency's code, by a table. A code that the table lacks gives "unknown", or the value that is given instead, and is reported; rawStatus beside a status then keeps it`,
		Examples: []Example{{`"Ж" | uncode("sex")`, `"female"`}, {`"?" | uncode("sex", "male")`, `"male"`}},
		value:    param{name: "code", accept: acceptCode}, params: []param{constantText("table"), optional(constantText("instead"))},
		gives: func(c *call) value {
			t := c.tables[c.text(1)]
			if t == nil {
				return value{shape: textType}
			}
			enum := slices.Clone(t.keys)
			if instead := c.instead(); !slices.Contains(enum, instead) && len(without(c.args[0].shape.Enum, t.back))+bit(c.args[0].shape.Enum == nil) > 0 {
				enum = append(enum, instead)
			}
			return value{shape: &shape.Type{Kind: shape.String, Enum: enum, Name: "table " + t.name}}
		},
		bind: func(c *call) (operation, error) {
			t, err := c.table()
			if err != nil {
				return nil, err
			}
			if t.twice != "" {
				return nil, errors.New("the table " + t.name + " can't be read backwards: two values have the code " + quote(t.twice))
			}
			instead := c.instead()
			return func(fr *frame, args []any) (any, error) {
				raw := asText(args[0])
				if key, ok := t.back[raw]; ok {
					return key, nil
				}
				fr.reportUnknown(t.name, raw)
				return instead, nil
			}, nil
		},
	},
	{
		Name: "flag", Group: "Codes", Doc: "one text for true and another for false",
		Examples: []Example{{`true | flag("да", "нет")`, `"да"`}},
		value:    param{name: "condition", accept: acceptBool}, params: []param{constantText("yes"), constantText("no")},
		gives: func(c *call) value {
			return value{shape: &shape.Type{Kind: shape.String, Enum: []string{c.text(1), c.text(2)}}}
		},
		bind: func(c *call) (operation, error) {
			yes, no := c.text(1), c.text(2)
			return func(_ *frame, args []any) (any, error) {
				if args[0] == true {
					return yes, nil
				}
				return no, nil
			}, nil
		},
	},
	{
		Name: "oneOf", Group: "Codes", Doc: "the text, which must be one of those given; an error otherwise",
		Examples: []Example{{`"RUB" | oneOf("RUB", "USD")`, `"RUB"`}},
		value:    anyText, params: []param{{name: "allowed", accept: acceptText, constant: true, variadic: true}},
		gives: func(c *call) value {
			return value{shape: &shape.Type{Kind: shape.String, Enum: c.constants(1)}}
		},
		bind: func(c *call) (operation, error) {
			allowed := c.constants(1)
			if len(allowed) == 0 {
				return nil, errors.New("name the values that are allowed")
			}
			return texts(func(s string) (any, error) {
				if slices.Contains(allowed, s) {
					return s, nil
				}
				return nil, errors.New("the value is none of " + list(allowed))
			}), nil
		},
	},
	{
		Name: "required", Group: "Codes", Doc: "the value, which must be there (and a list must not be empty); an error with these words otherwise",
		Examples: []Example{{`"112-233-445 95" | required("СНИЛС не указан")`, `"112-233-445 95"`}},
		value: param{
			name: "value", absent: true,
			accept: acceptText | acceptInt | acceptNumber | acceptBool | acceptList | acceptObject,
		},
		params: []param{constantText("message")}, strict: true,
		gives: func(c *call) value {
			v := c.args[0]
			if v.shape.Kind == shape.List && v.shape.MinItems == 0 {
				t := *v.shape
				t.MinItems = 1
				v.shape = &t
			}
			return value{shape: v.shape, items: v.items, root: v.root}
		},
		bind: func(c *call) (operation, error) {
			message := c.text(1)
			if message == "" {
				return nil, errors.New("say what is missing: the message stands in the delivery's error")
			}
			return func(_ *frame, args []any) (any, error) {
				if items, ok := args[0].([]any); args[0] == nil || ok && len(items) == 0 {
					return nil, refusal(message)
				}
				return args[0], nil
			}, nil
		},
	},
	{
		Name: "snils", Group: "Codes", Doc: "a SNILS as people write it; an error where it has not 11 digits or its check digits are wrong",
		Examples: []Example{{`"11223344595" | snils()`, `"112-233-445 95"`}},
		value:    anyText, gives: func(*call) value { return bounded(14) },
		bind: func(*call) (operation, error) {
			return texts(func(s string) (any, error) {
				d := digits(s)
				if !validSNILS(d) {
					return nil, errors.New("not a SNILS: it needs 11 digits with right check digits")
				}
				return d[:3] + "-" + d[3:6] + "-" + d[6:9] + " " + d[9:], nil
			}), nil
		},
	},
	{
		Name: "uuid", Group: "Codes", Doc: "a UUID in small letters with hyphens; an error where it is none",
		Examples: []Example{{`"6BA7B8109DAD11D180B400C04FD430C8" | uuid()`, `"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`}},
		value:    anyText, gives: always(uuidType),
		bind: func(*call) (operation, error) {
			return texts(func(s string) (any, error) {
				id, err := uuid.Parse(strings.TrimSpace(s))
				if err != nil {
					return nil, errors.New("not a UUID")
				}
				return id.String(), nil
			}), nil
		},
	},
}

// validSNILS checks the two check digits: the sum of each digit by its place from the right, modulo 101, 100 being 00.
// validSNILS checks eleven digits. Numbers up to 001-001-998 were given out before there were check digits.
func validSNILS(d string) bool {
	if len(d) != 11 {
		return false
	}
	if d[:9] <= "001001998" {
		return d[:9] != "000000000"
	}
	sum := 0
	for i := range 9 {
		sum += int(d[i]-'0') * (9 - i)
	}
	check, err := strconv.Atoi(d[9:])
	return err == nil && sum%101%100 == check
}

func (c *call) table() (*table, error) {
	if t := c.tables[c.text(1)]; t != nil {
		return t, nil
	}
	names := make([]string, 0, len(c.tables))
	for name := range c.tables {
		names = append(names, name)
	}
	slices.Sort(names)
	hint := diag.Suggest(c.text(1), names)
	if hint == "" && len(names) > 0 {
		hint = "the file has " + strings.Join(names, ", ")
	}
	return nil, &hinted{"there is no table " + quote(c.text(1)), hint}
}

func (c *call) instead() string {
	if len(c.args) > 2 {
		return c.text(2)
	}
	return neutral
}

// constants are the constant arguments from i on.
func (c *call) constants(i int) []string {
	var out []string
	for ; i < len(c.args); i++ {
		out = append(out, c.text(i))
	}
	return out
}

// written lists the codes that code() may give for some canonical values, or for all where none are named.
func (t *table) written(from []string) []string {
	if len(from) == 0 {
		from = t.keys
	}
	var out []string
	for _, key := range from {
		if code, ok := t.codes[key].(string); ok && !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}

// without lists the values that are no keys of m.
func without[V any](values []string, m map[string]V) []string {
	var out []string
	for _, v := range values {
		if _, ok := m[v]; !ok {
			out = append(out, v)
		}
	}
	return out
}

// list writes values for a message.
func list(values []string) string {
	quoted := make([]string, 0, len(values))
	for i, v := range values {
		if i == 6 && len(values) > 7 {
			return strings.Join(quoted, ", ") + " and " + strconv.Itoa(len(values)-i) + " more"
		}
		quoted = append(quoted, quote(v))
	}
	return strings.Join(quoted, ", ")
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// hinted is an error of a table entry with a hint of its own.
type hinted struct{ message, hint string }

func (h *hinted) Error() string { return h.message }

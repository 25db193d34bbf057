package mappings

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/contracts/shape"
)

var (
	anyText  = param{name: "text", accept: acceptText}
	countArg = param{name: "n", accept: acceptInt, constant: true}
)

func constantText(name string) param { return param{name: name, accept: acceptText, constant: true} }

var textFunctions = []Function{
	{
		Name: "upper", Group: "Text", Doc: "in capital letters",
		Examples: []Example{{`"Иванов" | upper()`, `"ИВАНОВ"`}},
		value:    anyText, gives: sameLength, bind: pure(strings.ToUpper),
	},
	{
		Name: "lower", Group: "Text", Doc: "in small letters",
		Examples: []Example{{`"ИВАНОВ" | lower()`, `"иванов"`}},
		value:    anyText, gives: sameLength, bind: pure(strings.ToLower),
	},
	{
		Name: "capitalize", Group: "Text", Doc: "each word, and each part after a hyphen, with a capital first letter and small ones after it",
		Examples: []Example{{`"САЛТЫКОВА-ЩЕДРИНА анна" | capitalize()`, `"Салтыкова-Щедрина Анна"`}},
		value:    anyText, gives: sameLength, bind: pure(capitalize),
	},
	{
		Name: "trim", Group: "Text", Doc: "without white space at both ends, and with single spaces inside",
		Examples: []Example{{`"  Иванов   Пётр " | trim()`, `"Иванов Пётр"`}},
		value:    anyText, gives: sameLength, bind: pure(func(s string) string { return strings.Join(strings.Fields(s), " ") }),
	},
	{
		Name: "notEmpty", Group: "Text", Doc: "the text, or nothing where it is empty or only white space",
		Examples: []Example{{`"  " | notEmpty()`, "absent"}, {`"да" | notEmpty()`, `"да"`}},
		value:    anyText,
		gives:    func(c *call) value { return value{shape: c.args[0].shape, absent: true} },
		bind: func(*call) (operation, error) {
			return texts(func(s string) (any, error) {
				if strings.TrimSpace(s) == "" {
					return nil, nil
				}
				return s, nil
			}), nil
		},
	},
	{
		Name: "truncate", Group: "Text", Doc: "at most n characters; what is longer is cut",
		Examples: []Example{{`"Санкт-Петербург" | truncate(5)`, `"Санкт"`}},
		value:    anyText, params: []param{countArg}, gives: atMost, bind: positive(left),
	},
	{
		Name: "left", Group: "Text", Doc: "the first n characters",
		Examples: []Example{{`"4508123456" | left(4)`, `"4508"`}},
		value:    anyText, params: []param{countArg}, gives: atMost, bind: positive(left),
	},
	{
		Name: "right", Group: "Text", Doc: "the last n characters",
		Examples: []Example{{`"4508123456" | right(6)`, `"123456"`}},
		value:    anyText, params: []param{countArg}, gives: atMost,
		bind: positive(func(s string, n int) string { return skip(s, utf8.RuneCountInString(s)-n) }),
	},
	{
		Name: "skip", Group: "Text", Doc: "without the first n characters",
		Examples: []Example{{`"4508 123456" | skip(5)`, `"123456"`}},
		value:    anyText, params: []param{countArg}, gives: sameLength, bind: positive(skip),
	},
	{
		Name: "padLeft", Group: "Text", Doc: "filled up to n characters on the left",
		Examples: []Example{{`"7" | padLeft(3, "0")`, `"007"`}},
		value:    anyText, params: []param{countArg, constantText("fill")}, gives: always(textType),
		bind: padding(func(s, fill string) string { return fill + s }),
	},
	{
		Name: "padRight", Group: "Text", Doc: "filled up to n characters on the right",
		Examples: []Example{{`"7" | padRight(3, ".")`, `"7.."`}},
		value:    anyText, params: []param{countArg, constantText("fill")}, gives: always(textType),
		bind: padding(func(s, fill string) string { return s + fill }),
	},
	{
		Name: "digits", Group: "Text", Doc: "only the digits",
		Examples: []Example{{`"+7 (495) 123-45-67" | digits()`, `"74951234567"`}},
		value:    anyText, gives: sameLength, bind: pure(digits),
	},
	{
		Name: "mask", Group: "Text", Doc: "the characters put into a pattern, where each # takes one; as many must be there as the pattern has",
		Examples: []Example{{`"4508123456" | mask("## ## ######")`, `"45 08 123456"`}},
		value:    anyText, params: []param{constantText("pattern")},
		gives: func(c *call) value { return bounded(utf8.RuneCountInString(c.text(1))) },
		bind:  bindMask,
	},
	{
		Name: "replace", Group: "Text", Doc: "with each occurrence of one text replaced by another",
		Examples: []Example{{`"Семёнов" | replace("ё", "е")`, `"Семенов"`}},
		value:    anyText, params: []param{constantText("old"), constantText("new")}, gives: always(textType),
		bind: func(c *call) (operation, error) {
			old, with := c.text(1), c.text(2)
			if old == "" {
				return nil, errors.New("there is nothing to replace")
			}
			return texts(func(s string) (any, error) { return strings.ReplaceAll(s, old, with), nil }), nil
		},
	},
	{
		Name: "prefix", Group: "Text", Doc: "with a text before it",
		Examples: []Example{{`"5" | prefix("д. ")`, `"д. 5"`}},
		value:    anyText, params: []param{constantText("before")}, gives: always(textType),
		bind: func(c *call) (operation, error) {
			before := c.text(1)
			return texts(func(s string) (any, error) { return before + s, nil }), nil
		},
	},
	{
		Name: "suffix", Group: "Text", Doc: "with a text after it",
		Examples: []Example{{`"2024" | suffix(" г.")`, `"2024 г."`}},
		value:    anyText, params: []param{constantText("after")}, gives: always(textType),
		bind: func(c *call) (operation, error) {
			after := c.text(1)
			return texts(func(s string) (any, error) { return s + after, nil }), nil
		},
	},
	{
		Name: "words", Group: "Text", Doc: "the texts with one space between; the absent and the empty are skipped, and where all are absent, so is the result",
		Examples: []Example{{`words("Иванов", nil, "Петрович")`, `"Иванов Петрович"`}, {`words(nil, nil)`, "absent"}},
		value:    param{name: "text", accept: acceptText, variadic: true, absent: true}, strict: true,
		gives: func(c *call) value {
			out := value{shape: textType, absent: true}
			for _, a := range c.args {
				out.absent = out.absent && a.absent
			}
			return out
		},
		bind: func(*call) (operation, error) { return joinWords, nil },
	},
	{
		Name: "part", Group: "Text", Doc: "the n-th part between separators, counted from 1; nothing where there are fewer",
		Examples: []Example{{`"45 08/123456" | part("/", 2)`, `"123456"`}, {`"45" | part("/", 2)`, "absent"}},
		value:    anyText, params: []param{constantText("separator"), countArg},
		gives: func(*call) value { return value{shape: textType, absent: true} },
		bind:  bindPart,
	},
	{
		Name: "split", Group: "Text", Doc: "the list of the parts between separators",
		Examples: []Example{{`"10;11" | split(";")`, `["10", "11"]`}},
		value:    anyText, params: []param{constantText("separator")},
		gives: always(&shape.Type{Kind: shape.List, Elem: textType, MinItems: 1}),
		bind: func(c *call) (operation, error) {
			sep := c.text(1)
			if sep == "" {
				return nil, errors.New("the separator is empty")
			}
			return texts(func(s string) (any, error) {
				if strings.Count(s, sep) >= maxItems {
					return nil, fmt.Errorf("more than %d parts", maxItems)
				}
				parts := strings.Split(s, sep)
				out := make([]any, len(parts))
				for i, p := range parts {
					out[i] = p
				}
				return out, nil
			}), nil
		},
	},
	{
		Name: "length", Group: "Text", Doc: "how many characters the text has",
		Examples: []Example{{`"Пётр" | length()`, "4"}},
		value:    anyText, gives: always(intType),
		bind: func(*call) (operation, error) {
			return texts(func(s string) (any, error) { return int64(utf8.RuneCountInString(s)), nil }), nil
		},
	},
	{
		Name: "base64", Group: "Text", Doc: "the UTF-8 bytes of the text in base64",
		Examples: []Example{{`"да" | base64()`, `"0LTQsA=="`}},
		value:    anyText, gives: always(base64Type),
		bind: pure(func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }),
	},
	{
		Name: "fromBase64", Group: "Text", Doc: "the UTF-8 text that base64 holds",
		Examples: []Example{{`"0LTQsA==" | fromBase64()`, `"да"`}},
		value:    anyText, gives: always(textType),
		bind: func(*call) (operation, error) {
			return texts(func(s string) (any, error) {
				b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(s), ""))
				if err != nil || !utf8.Valid(b) {
					return nil, errors.New("not the base64 of a text")
				}
				return string(b), nil
			}), nil
		},
	},
}

// sameLength is a text no longer than the value.
func sameLength(c *call) value { return bounded(c.args[0].shape.MaxLen) }

func atMost(c *call) value { return bounded(c.int(1, 0)) }

func positive(f func(s string, n int) string) func(*call) (operation, error) {
	return func(c *call) (operation, error) {
		n := c.int(1, 0)
		if n < 1 {
			return nil, errors.New("the number of characters must be at least 1")
		}
		return texts(func(s string) (any, error) { return f(s, n), nil }), nil
	}
}

func left(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func skip(s string, n int) string {
	if n <= 0 {
		return s
	}
	for i := range s {
		if n == 0 {
			return s[i:]
		}
		n--
	}
	return ""
}

// maxPad keeps a padded text within reason.
const maxPad = 1000

func padding(join func(s, fill string) string) func(*call) (operation, error) {
	return func(c *call) (operation, error) {
		n, fill := c.int(1, 0), c.text(2)
		if utf8.RuneCountInString(fill) != 1 {
			return nil, errors.New("the fill must be one character")
		}
		if n < 1 || n > maxPad {
			return nil, fmt.Errorf("the number of characters must be between 1 and %d", maxPad)
		}
		return texts(func(s string) (any, error) {
			lack := n - utf8.RuneCountInString(s)
			if lack <= 0 {
				return s, nil
			}
			return join(s, strings.Repeat(fill, lack)), nil
		}), nil
	}
}

func digits(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] >= '0' && s[i] <= '9'
	}
	if clean {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if s[i] >= '0' && s[i] <= '9' {
			out = append(out, s[i])
		}
	}
	return string(out)
}

func capitalize(s string) string {
	start := true
	return strings.Map(func(r rune) rune {
		first := start
		start = unicode.IsSpace(r) || r == '-'
		if first {
			return unicode.ToTitle(r)
		}
		return unicode.ToLower(r)
	}, s)
}

func bindMask(c *call) (operation, error) {
	pattern := []rune(c.text(1))
	want := strings.Count(c.text(1), "#")
	if want == 0 {
		return nil, errors.New("the pattern has no #")
	}
	return texts(func(s string) (any, error) {
		if n := utf8.RuneCountInString(s); n != want {
			return nil, fmt.Errorf("the text has %d characters, the pattern %q wants %d", n, string(pattern), want)
		}
		var b strings.Builder
		b.Grow(len(s) + len(pattern))
		for _, r := range pattern {
			if r == '#' {
				var size int
				r, size = utf8.DecodeRuneInString(s)
				s = s[size:]
			}
			b.WriteRune(r)
		}
		return b.String(), nil
	}), nil
}

func bindPart(c *call) (operation, error) {
	sep, n := c.text(1), c.int(2, 0)
	if sep == "" || n < 1 {
		return nil, errors.New("the separator must not be empty, and parts count from 1")
	}
	return texts(func(s string) (any, error) {
		for range n - 1 {
			_, rest, ok := strings.Cut(s, sep)
			if !ok {
				return nil, nil
			}
			s = rest
		}
		s, _, _ = strings.Cut(s, sep)
		return s, nil
	}), nil
}

func joinWords(_ *frame, args []any) (any, error) {
	n, some := 0, false
	for _, a := range args {
		if s, ok := a.(string); ok {
			n += len(s) + 1
			some = true
		}
	}
	if !some {
		return nil, nil
	}
	var b strings.Builder
	b.Grow(n)
	for _, a := range args {
		if s, ok := a.(string); ok && s != "" {
			if b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(s)
		}
	}
	return b.String(), nil
}

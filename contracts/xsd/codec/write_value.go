package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/scan"
)

var (
	errForm    = errors.New("")
	errLexical = errors.New("")
)

// because explains an error of appendValue behind the type's name; the plain ones are explained by it already.
func because(err error) string {
	if text := err.Error(); text != "" {
		return ", and " + text
	}
	return ""
}

// appendValue writes a tree's value as text. Numbers and booleans may also be strings that say the same.
func appendValue(dst []byte, s *xsd.Simple, v any, attribute bool) ([]byte, error) {
	switch s.Holds {
	case xsd.HoldsBool:
		switch v := v.(type) {
		case bool:
			return strconv.AppendBool(dst, v), nil
		case string:
			if _, ok := parseBool([]byte(v)); ok {
				return append(dst, v...), nil
			}
		}
		return dst, errForm
	case xsd.HoldsInt:
		return appendInt(dst, s, v)
	case xsd.HoldsFloat:
		return appendFloat(dst, s, v)
	case xsd.HoldsDecimal:
		return appendDecimal(dst, s, v)
	case xsd.HoldsList:
		if list, ok := v.([]any); ok {
			return appendList(dst, s, list, attribute)
		}
	case xsd.HoldsQName:
		if text, ok := v.(string); ok && !scan.IsNCName(text[strings.IndexByte(text, ':')+1:]) {
			return dst, errLexical
		}
	case xsd.HoldsBase64:
		if text, ok := v.(string); ok && !validBase64(withoutSpace(collapse([]byte(text)))) {
			return dst, errLexical
		}
	}
	text, ok := v.(string)
	switch {
	case !ok:
		return dst, errForm
	case s.Builtin >= xsd.Duration && s.Builtin <= xsd.HexBinary && !validText(s, collapse([]byte(text))):
		return dst, errLexical
	}
	if attribute {
		return appendAttribute(dst, text)
	}
	return appendText(dst, text)
}

func appendInt(dst []byte, s *xsd.Simple, v any) ([]byte, error) {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case int:
		n = int64(v)
	case float64:
		if n = int64(v); float64(n) != v || math.Abs(v) > 1<<53 {
			return dst, errForm
		}
	case json.Number:
		return appendInt(dst, s, string(v))
	case string:
		n, ok := parseInt(s, collapse([]byte(v)))
		if !ok {
			return dst, errLexical
		}
		return strconv.AppendInt(dst, n, 10), nil
	default:
		return dst, errForm
	}
	if low, high := s.Builtin.IntRange(); n < low || n > high {
		return dst, fmt.Errorf("it lies from %d to %d", low, high)
	}
	return strconv.AppendInt(dst, n, 10), nil
}

func appendFloat(dst []byte, s *xsd.Simple, v any) ([]byte, error) {
	var f float64
	switch v := v.(type) {
	case float64:
		f = v
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case json.Number:
		return appendFloat(dst, s, string(v))
	case string:
		text := string(collapse([]byte(v)))
		if _, ok := parseFloat(s, []byte(text)); !ok {
			return dst, errLexical
		}
		return append(dst, text...), nil
	default:
		return dst, errForm
	}
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...), nil
	case math.IsInf(f, 1):
		return append(dst, "INF"...), nil
	case math.IsInf(f, -1):
		return append(dst, "-INF"...), nil
	}
	return strconv.AppendFloat(dst, f, 'g', -1, 64), nil
}

func appendDecimal(dst []byte, s *xsd.Simple, v any) ([]byte, error) {
	mark := len(dst)
	switch v := v.(type) {
	case string:
		dst = append(dst, collapse([]byte(v))...)
	case int64:
		dst = strconv.AppendInt(dst, v, 10)
	case int:
		dst = strconv.AppendInt(dst, int64(v), 10)
	case float64:
		dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
	case json.Number:
		dst = append(dst, v...)
	default:
		return dst, errForm
	}
	if !validDecimal(s.Builtin, dst[mark:]) {
		return dst[:mark], errLexical
	}
	return dst, nil
}

func appendList(dst []byte, s *xsd.Simple, list []any, attribute bool) ([]byte, error) {
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if text, ok := v.(string); ok && (text == "" || strings.ContainsAny(text, " \t\r\n")) {
			return dst, errors.New("an item of the list is empty or holds white space")
		}
		var err error
		if dst, err = appendValue(dst, s.Item, v, attribute); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// validBase64 checks alphabet and padding of a text without white space.
func validBase64(text []byte) bool {
	digits, pads := 0, 0
	for _, c := range text {
		switch {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			if pads > 0 {
				return false
			}
			digits++
		case c == '=':
			pads++
		default:
			return false
		}
	}
	return pads <= 2 && (digits+pads)%4 == 0
}

// The escape classes of bytes in texts and attribute values.
const (
	plain     = iota
	escaped   // has a reference
	illegal   // a control character
	leadsTwo  // begins a character of two bytes: only the second needs a look
	leadsMore // begins a longer one, or nothing
	onlyAttr  // has a reference in attribute values alone
)

var escapeClass = func() (c [256]byte) {
	for b := range 256 {
		switch {
		case b == '\t' || b == '\n' || b == '"':
			c[b] = onlyAttr
		case b == '\r' || b == '&' || b == '<' || b == '>':
			c[b] = escaped
		case b < 0x20:
			c[b] = illegal
		case b >= 0xC2 && b <= 0xDF:
			c[b] = leadsTwo
		case b >= 0x80:
			c[b] = leadsMore
		}
	}
	return c
}()

var references = [256]string{
	'&': "&amp;", '<': "&lt;", '>': "&gt;", '"': "&quot;", '\r': "&#13;", '\n': "&#10;", '\t': "&#9;",
}

func appendText(dst []byte, text string) ([]byte, error)      { return appendEscaped(dst, text, false) }
func appendAttribute(dst []byte, text string) ([]byte, error) { return appendEscaped(dst, text, true) }

func appendEscaped(dst []byte, text string, attribute bool) ([]byte, error) {
	from := 0
	for i := 0; i < len(text); {
		c := text[i]
		switch escapeClass[c] {
		case plain:
			i++
			continue
		case leadsTwo:
			if i+1 < len(text) && text[i+1]&0xC0 == 0x80 {
				i += 2
				continue
			}
			return dst, fmt.Errorf("the byte 0x%02X at %d is not UTF-8", c, i)
		case leadsMore:
			r, n := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && n == 1 {
				return dst, fmt.Errorf("the byte 0x%02X at %d is not UTF-8", c, i)
			}
			if r == 0xFFFE || r == 0xFFFF {
				return dst, fmt.Errorf("XML does not allow the character U+%04X", r)
			}
			i += n
			continue
		case illegal:
			return dst, fmt.Errorf("XML does not allow the character U+%04X", c)
		case onlyAttr:
			if !attribute {
				i++
				continue
			}
		}
		dst = append(append(dst, text[from:i]...), references[c]...)
		i++
		from = i
	}
	return append(dst, text[from:]...), nil
}

func escapedLen(text string) int {
	b, _ := appendAttribute(nil, text)
	return len(b)
}

// describe says what a value is, for an error.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case string:
		return strconv.Quote(abridged([]byte(v)))
	case bool:
		return strconv.FormatBool(v)
	case []any:
		return fmt.Sprintf("a list of %d", len(v))
	case *tree.Object:
		return "an object with " + together(v.Keys())
	}
	return fmt.Sprint(v)
}

package jsonschema

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/contracts/tree"
)

// AppendJSON appends tree as JSON without white space, keys sorted, so that equal trees give equal bytes. Invalid UTF-8 is
// written as U+FFFD. A value that no tree holds is an error that names its pointer.
func AppendJSON(dst []byte, tree any) ([]byte, error) {
	w := writer{out: dst}
	if err := w.value(tree); err != nil {
		return dst, fmt.Errorf("writing JSON: %s: %w", "/"+w.path(), err)
	}
	return w.out, nil
}

type writer struct {
	out  []byte
	open []tree.Field // a stack: the fields of the open objects
	at   []string     // tokens down to the value that failed, deepest first
}

func (w *writer) path() string {
	slices.Reverse(w.at)
	var b []byte
	for i, token := range w.at {
		if i > 0 {
			b = append(b, '/')
		}
		b = appendToken(b, token)
	}
	return string(b)
}

func (w *writer) value(v any) error {
	switch v := v.(type) {
	case nil:
		w.out = append(w.out, "null"...)
	case bool:
		w.out = strconv.AppendBool(w.out, v)
	case string:
		w.out = appendString(w.out, v)
	case int64:
		w.out = strconv.AppendInt(w.out, v, 10)
	case int:
		w.out = strconv.AppendInt(w.out, int64(v), 10)
	case json.Number:
		if !json.Valid([]byte(v)) {
			return fmt.Errorf("%q is no number", string(v))
		}
		w.out = append(w.out, v...)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("JSON has no %v", v)
		}
		w.out = appendFloat(w.out, v)
	case *tree.Object:
		return w.object(v)
	case []any:
		return w.list(v)
	default:
		return fmt.Errorf("no tree holds a %T", v)
	}
	return nil
}

func (w *writer) object(m *tree.Object) error {
	base := len(w.open)
	for i := range m.Len() {
		w.open = append(w.open, m.At(i))
	}
	own := w.open[base:]
	slices.SortFunc(own, func(a, b tree.Field) int { return strings.Compare(a.Key, b.Key) })
	w.out = append(w.out, '{')
	for i := range own {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = append(appendString(w.out, own[i].Key), ':')
		if err := w.value(own[i].Value); err != nil {
			w.at = append(w.at, own[i].Key)
			return err
		}
	}
	w.open = w.open[:base]
	w.out = append(w.out, '}')
	return nil
}

func (w *writer) list(l []any) error {
	w.out = append(w.out, '[')
	for i, v := range l {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		if err := w.value(v); err != nil {
			w.at = append(w.at, strconv.Itoa(i))
			return err
		}
	}
	w.out = append(w.out, ']')
	return nil
}

// appendFloat writes the shortest text that reads back as v.
func appendFloat(dst []byte, v float64) []byte {
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64)
}

func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(append(dst, s[start:i]...), "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

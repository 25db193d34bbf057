package codec

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"unsafe"

	"sluice/contracts/xsd"
	"sluice/contracts/xsd/scan"
)

// arena cuts strings from blocks, so that many cost one allocation.
type arena struct {
	block []byte
	size  int // of the next block
}

// maxBlock bounds what a string that is kept keeps alive besides itself.
const maxBlock = 8 << 10

// str copies b into a string.
func (a *arena) str(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(b) > cap(a.block)-len(a.block) {
		if len(b) > a.size/2 {
			return string(b)
		}
		a.block = make([]byte, 0, a.size)
	}
	from := len(a.block)
	a.block = append(a.block, b...)
	return unsafe.String(&a.block[from], len(b))
}

// bare reads text and end tag of an element and makes its value.
func (r *Reader) bare(e *xsd.Element, s *xsd.Simple) (any, error) {
	start := r.scan.Offset()
	text, ok := r.scan.Leaf()
	if !ok {
		var err error
		if text, err = r.slowText(e, s); err != nil {
			return nil, err
		}
	}
	if len(text) == 0 && e.Default != nil {
		text = []byte(*e.Default)
	}
	v, ok := r.value(s, text)
	if !ok {
		err := r.failAt(e, "the value is not what the contract declares", s.String(), strconv.Quote(abridged(text))).(*Error)
		err.Line, err.Column = r.scan.Position(start)
		return nil, err
	}
	return v, nil
}

// slowText reads a text with references, comments or strange elements in it. An element amid the text is no drift:
// whether 1<b>2</b>3 is 13, 123 or neither, nobody can tell.
func (r *Reader) slowText(e *xsd.Element, s *xsd.Simple) ([]byte, error) {
	var text []byte
	own, interrupted := false, false // the scanner's text is valid until the next start tag
	for {
		kind, err := r.scan.Next()
		if err != nil {
			return nil, r.wrap(err)
		}
		switch kind {
		case scan.Text:
			if interrupted && !r.scan.Blank() {
				return nil, r.failAt(e, "an element interrupts the text", s.String(), "more text behind it: "+strconv.Quote(abridged(r.scan.Text())))
			}
			if own {
				text = append(text, r.scan.Text()...)
			} else {
				text = r.scan.Text()
			}
		case scan.End:
			return text, nil
		case scan.Start:
			if !own {
				text, own = append(make([]byte, 0, len(text)+64), text...), true
			}
			if r.attachment != nil && s.Holds == xsd.HoldsBase64 && string(r.scan.Local()) == "Include" && r.scan.URI(r.scan.Space()) == XOPURI {
				if text, err = r.included(text); err != nil {
					return nil, err
				}
				continue
			}
			interrupted = len(bytes.TrimLeft(text, " \t\r\n")) > 0
			if err := r.Skip(); err != nil {
				return nil, err
			}
		}
	}
}

// value makes what a tree holds of a text; ok is false where the text is none of the type's.
func (r *Reader) value(s *xsd.Simple, text []byte) (v any, ok bool) {
	switch s.White {
	case xsd.Collapse:
		text = collapse(text)
	case xsd.Replace:
		text = replace(text)
	}
	switch s.Holds {
	case xsd.HoldsBool:
		return parseBool(text)
	case xsd.HoldsInt:
		n, ok := parseInt(s, text)
		return n, ok
	case xsd.HoldsFloat:
		return parseFloat(s, text)
	case xsd.HoldsDecimal:
		if !validDecimal(s.Builtin, text) {
			return nil, false
		}
	case xsd.HoldsQName:
		n, ok := r.resolve(string(text))
		return n.String(), ok && scan.IsNCName(n.Local)
	case xsd.HoldsBase64:
		text = withoutSpace(text)
		return r.str(text), validBase64(text)
	case xsd.HoldsList:
		list := make([]any, 0, bytes.Count(text, []byte(" "))+1)
		for len(text) > 0 {
			var item []byte
			item, text, _ = bytes.Cut(text, []byte(" "))
			v, ok := r.value(s.Item, item)
			if !ok {
				return nil, false
			}
			list = append(list, v)
		}
		return list, true
	}
	return r.str(text), validText(s, text)
}

// validText checks the lexical form of dates, times and binaries. Patterns, lengths and enumerations are for the
// validator.
func validText(s *xsd.Simple, text []byte) bool {
	switch {
	case s.Builtin >= xsd.Duration && s.Builtin <= xsd.GMonth:
		return validMoment(s.Builtin, text)
	case s.Builtin == xsd.HexBinary:
		return validHex(text)
	}
	return true
}

func parseBool(text []byte) (v, ok bool) {
	switch string(text) {
	case "true", "1":
		return true, true
	case "false", "0":
		return false, true
	}
	return false, false
}

func parseInt(s *xsd.Simple, text []byte) (int64, bool) {
	if len(text) > 1 && text[0] == '+' {
		text = text[1:]
		if text[0] == '-' || text[0] == '+' {
			return 0, false
		}
	}
	if !validDecimal(xsd.Integer, text) {
		return 0, false
	}
	n, err := strconv.ParseInt(string(text), 10, 64)
	low, high := s.Builtin.IntRange()
	return n, err == nil && n >= low && n <= high
}

func parseFloat(s *xsd.Simple, text []byte) (float64, bool) {
	switch string(text) {
	case "INF":
		return math.Inf(1), true
	case "-INF":
		return math.Inf(-1), true
	case "NaN":
		return math.NaN(), true
	}
	for _, c := range text {
		if (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E' {
			return 0, false // ParseFloat would take 0x1p-2, 1_000 and inf
		}
	}
	bits := 64
	if s.Builtin == xsd.Float {
		bits = 32
	}
	f, err := strconv.ParseFloat(string(text), bits)
	if err != nil && math.IsInf(f, 0) {
		return f, true // beyond what a double holds: XML Schema rounds it to infinity
	}
	if err == nil && bits == 32 {
		// The shortest decimal that means this float, so that 0.1 stays 0.1.
		f, err = strconv.ParseFloat(strconv.FormatFloat(f, 'g', -1, 32), 64)
	}
	return f, err == nil
}

const maxUnsignedLong = "18446744073709551615"

// validDecimal checks a number's digits and its sign against the built-in type.
func validDecimal(b xsd.Builtin, text []byte) bool {
	negative, i := false, 0
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		negative = text[0] == '-'
		i = 1
	}
	digits, points, zero := 0, 0, true
	for _, c := range text[i:] {
		switch {
		case c >= '0' && c <= '9':
			digits++
			zero = zero && c == '0'
		case c == '.' && points == 0 && b == xsd.Decimal:
			points++
		default:
			return false
		}
	}
	if digits == 0 {
		return false
	}
	switch b {
	case xsd.UnsignedLong:
		digits := bytes.TrimLeft(text, "+-0")
		return (!negative || zero) && (len(digits) < len(maxUnsignedLong) || len(digits) == len(maxUnsignedLong) && string(digits) <= maxUnsignedLong)
	case xsd.NonNegativeInteger:
		return !negative || zero
	case xsd.PositiveInteger:
		return !negative && !zero
	case xsd.NonPositiveInteger:
		return negative || zero
	case xsd.NegativeInteger:
		return negative && !zero
	}
	return true
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// collapse trims a text and joins white space inside it; it copies only where that changes more than the ends.
func collapse(text []byte) []byte {
	for len(text) > 0 && isSpace(text[0]) {
		text = text[1:]
	}
	for len(text) > 0 && isSpace(text[len(text)-1]) {
		text = text[:len(text)-1]
	}
	for i, c := range text {
		if isSpace(c) && (c != ' ' || isSpace(text[i+1])) {
			return []byte(strings.Join(strings.FieldsFunc(string(text), func(r rune) bool { return r < 0x80 && isSpace(byte(r)) }), " "))
		}
	}
	return text
}

// replace makes every white space character a space.
func replace(text []byte) []byte {
	for i, c := range text {
		if c != ' ' && isSpace(c) {
			text = bytes.Clone(text)
			for ; i < len(text); i++ {
				if isSpace(text[i]) {
					text[i] = ' '
				}
			}
			return text
		}
	}
	return text
}

func withoutSpace(text []byte) []byte {
	if bytes.IndexByte(text, ' ') < 0 {
		return text
	}
	return bytes.ReplaceAll(text, []byte(" "), nil)
}

// ParseValue makes what a tree holds of a text of a simple type; ok is false where the text is none of the type's.
// Qualified names can't be read without the document that declares their prefixes.
func ParseValue(s *xsd.Simple, text string) (v any, ok bool) {
	var r Reader
	return r.value(s, []byte(text))
}

package jsonschema

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"sync"

	"sluice/contracts/tree"
)

// Limits bound what ParseJSON takes; a zero field means its default.
type Limits struct {
	Bytes   int  // of the whole text; default 16 MiB
	Depth   int  // of nested objects and lists; default 64
	Values  int  // objects, lists and scalars in all; default 1,000,000
	XMLSafe bool // refuse characters that XML 1.0 can't carry, such as U+0000
}

func (l Limits) withDefaults() Limits {
	if l.Bytes == 0 {
		l.Bytes = 16 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Values == 0 {
		l.Values = 1_000_000
	}
	return l
}

// maxNumber bounds the digits of one number, so that no text makes arithmetic slow.
const maxNumber = 100

// ParseJSON reads one JSON text (RFC 8259) and refuses what readers disagree on: duplicate keys, bad UTF-8, unpaired
// surrogates, anything after the value. Errors are *SyntaxError with line, column and pointer.
//
// The value is one of a tree. A number that is whole and fits becomes int64 however it is written (1, 1.0,
// 1e3), any other that a float64 holds with every digit a float64, and the rest a json.Number. The result doesn't keep data
// alive.
func ParseJSON(data []byte, limits Limits) (any, error) {
	return parse(data, limits, nil)
}

// Places tells where the objects and lists of a text stand, by their pointers.
type Places map[string]Place

// Place is where one object or list begins.
type Place struct {
	Line, Column int      // from 1
	Keys         []string // of an object, in the text's order
}

func parse(data []byte, limits Limits, where Places) (any, error) {
	p := parsers.Get().(*parser)
	defer p.release()
	p.data, p.limits, p.where = data, limits.withDefaults(), where
	p.build.Expect(tree.Size{Objects: len(data) / 256, Fields: len(data) / 32})
	v, ok := p.document()
	if !ok {
		return nil, p.err
	}
	return v, nil
}

var parsers = sync.Pool{New: func() any { return new(parser) }}

// parser reads in one pass. What is in open objects and lists waits on stacks, so that each is made once, in its size.
type parser struct {
	data   []byte
	pos    int
	depth  int
	values int
	limits Limits
	err    *SyntaxError

	stack []any           // of lists
	build tree.Builder    // makes the objects
	open  []tree.Field    // of open objects
	keys  []int           // where their keys stand
	known [256]string     // keys seen lately, by a cheap hash: most keys of a text repeat
	arena strings.Builder // short strings share blocks
	block int             // bytes that the arena's current block can still take

	where   Places
	pointer []byte // of the value being read, only while where is wanted
}

func (p *parser) release() {
	clear(p.stack) // what a failed text left behind: nothing may be kept alive
	clear(p.open)
	if cap(p.stack)+cap(p.open) > 4096 {
		p.stack, p.open, p.keys = nil, nil, nil
	}
	*p = parser{stack: p.stack[:0], open: p.open[:0], keys: p.keys[:0], known: p.known}
	parsers.Put(p)
}

func (p *parser) document() (any, bool) {
	if len(p.data) > p.limits.Bytes {
		p.pos = p.limits.Bytes
		return nil, p.fail("too-large", strconv.Itoa(p.limits.Bytes))
	}
	if bytes.HasPrefix(p.data, []byte("\xef\xbb\xbf")) {
		p.pos = 3
	}
	p.space()
	v, ok := p.value()
	if !ok {
		return nil, false
	}
	p.space()
	if p.pos < len(p.data) {
		return nil, p.fail("trailing-data", "")
	}
	return v, true
}

func (p *parser) space() {
	for p.pos < len(p.data) {
		switch p.data[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		default:
			return
		}
	}
}

// peek is the next byte, or 0 at the end: no JSON token starts with it.
func (p *parser) peek() byte {
	if p.pos < len(p.data) {
		return p.data[p.pos]
	}
	return 0
}

func (p *parser) value() (any, bool) {
	if p.values++; p.values > p.limits.Values {
		return nil, p.fail("too-many-values", strconv.Itoa(p.limits.Values))
	}
	switch c := p.peek(); c {
	case '{':
		return p.object()
	case '[':
		return p.list()
	case '"':
		b, escaped, ok := p.quoted()
		if !ok {
			return nil, false
		}
		if escaped {
			return string(b), true
		}
		return p.keep(b), true
	case 't':
		return true, p.word("true")
	case 'f':
		return false, p.word("false")
	case 'n':
		return nil, p.word("null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return p.number()
	}
	return nil, p.unexpected("value")
}

func (p *parser) word(w string) bool {
	if len(p.data)-p.pos < len(w) || string(p.data[p.pos:p.pos+len(w)]) != w {
		return p.unexpected("value")
	}
	p.pos += len(w)
	return true
}

// enter opens an object or a list.
func (p *parser) enter() bool {
	if p.depth++; p.depth > p.limits.Depth {
		return p.fail("too-deep", strconv.Itoa(p.limits.Depth))
	}
	p.pos++
	p.space()
	return true
}

func (p *parser) object() (any, bool) {
	start, base := p.pos, len(p.open)
	if !p.enter() {
		return nil, false
	}
	if p.peek() == '}' {
		p.pos++
		p.depth--
		p.note(start, nil)
		return p.build.Object(nil), true
	}
	for {
		if p.peek() != '"' {
			return nil, p.unexpected("key")
		}
		offset := p.pos
		b, _, ok := p.quoted()
		if !ok {
			return nil, false
		}
		name := p.intern(b)
		p.space()
		if p.peek() != ':' {
			return nil, p.unexpected("colon")
		}
		p.pos++
		p.space()
		outer := len(p.pointer)
		if p.where != nil {
			p.pointer = appendToken(append(p.pointer, '/'), name)
		}
		v, ok := p.value()
		if !ok {
			p.err.under(name)
			return nil, false
		}
		p.pointer = p.pointer[:outer]
		p.open, p.keys = append(p.open, tree.Field{Key: name, Value: v}), append(p.keys, offset)
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
			p.space()
			continue
		case '}':
		default:
			return nil, p.unexpected("comma-or-brace")
		}
		break
	}
	p.pos++
	p.depth--
	members := p.open[base:]
	if again := twice(members); again >= 0 {
		name := members[again].Key
		p.pos = p.keys[base+again]
		p.fail("duplicate-key", name)
		p.err.under(name)
		return nil, false
	}
	p.note(start, members)
	o := p.build.Object(members)
	clear(members)
	p.open, p.keys = p.open[:base], p.keys[:base]
	return o, true
}

// twice is the first member whose key one before it has, or -1.
func twice(members []tree.Field) int {
	if len(members) <= 24 {
		for i := range members {
			for j := range i {
				if members[i].Key == members[j].Key {
					return i
				}
			}
		}
		return -1
	}
	seen := make(map[string]bool, len(members))
	for i := range members {
		if seen[members[i].Key] {
			return i
		}
		seen[members[i].Key] = true
	}
	return -1
}

func (p *parser) list() (any, bool) {
	start, base := p.pos, len(p.stack)
	if !p.enter() {
		return nil, false
	}
	if p.peek() == ']' {
		p.pos++
		p.depth--
		return []any{}, true
	}
	for i := 0; ; i++ {
		outer := len(p.pointer)
		if p.where != nil {
			p.pointer = strconv.AppendInt(append(p.pointer, '/'), int64(i), 10)
		}
		v, ok := p.value()
		if !ok {
			p.err.under(strconv.Itoa(i))
			return nil, false
		}
		p.pointer = p.pointer[:outer]
		p.stack = append(p.stack, v)
		p.space()
		switch p.peek() {
		case ',':
			p.pos++
			p.space()
			continue
		case ']':
		default:
			return nil, p.unexpected("comma-or-bracket")
		}
		break
	}
	p.pos++
	p.depth--
	l := make([]any, len(p.stack)-base)
	copy(l, p.stack[base:])
	p.note(start, nil)
	clear(p.stack[base:])
	p.stack = p.stack[:base]
	return l, true
}

// note remembers where an object or list stands.
func (p *parser) note(start int, members []tree.Field) {
	if p.where == nil {
		return
	}
	at := Place{}
	at.Line, at.Column = lineColumn(p.data, start)
	for _, k := range members {
		at.Keys = append(at.Keys, k.Key)
	}
	p.where[string(p.pointer)] = at
}

func (p *parser) digits() bool {
	start := p.pos
	for c := p.peek(); '0' <= c && c <= '9'; c = p.peek() {
		p.pos++
	}
	return p.pos > start
}

func (p *parser) number() (any, bool) {
	start := p.pos
	if p.peek() == '-' {
		p.pos++
	}
	if p.peek() == '0' {
		p.pos++
	} else if !p.digits() {
		return nil, p.unexpected("digit")
	}
	whole := true
	if p.peek() == '.' {
		whole = false
		if p.pos++; !p.digits() {
			return nil, p.unexpected("digit")
		}
	}
	if p.peek()|0x20 == 'e' {
		whole = false
		p.pos++
		if c := p.peek(); c == '+' || c == '-' {
			p.pos++
		}
		if !p.digits() {
			return nil, p.unexpected("digit")
		}
	}
	text := p.data[start:p.pos]
	if len(text) > maxNumber {
		p.pos = start
		return nil, p.fail("number-too-long", strconv.Itoa(maxNumber))
	}
	if whole {
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return n, true
		}
		return json.Number(text), true
	}
	f, err := strconv.ParseFloat(string(text), 64)
	digits := significant(text)
	if err != nil || f == 0 && len(digits) > 0 {
		p.pos = start
		return nil, p.fail("number-out-of-range", "")
	}
	var buf [32]byte
	switch {
	case !bytes.Equal(digits, significant(strconv.AppendFloat(buf[:0], f, 'e', -1, 64))):
		return json.Number(text), true
	case f == math.Trunc(f) && math.Abs(f) < 1<<53:
		return int64(f), true
	}
	return f, true
}

// significant are a number's digits without the zeros before and after them: two numbers that have the same are the same
// but for sign and exponent.
func significant(text []byte) []byte {
	digits := make([]byte, 0, maxNumber)
	for _, c := range text {
		if c|0x20 == 'e' {
			break
		}
		if c > '0' && c <= '9' || c == '0' && len(digits) > 0 {
			digits = append(digits, c)
		}
	}
	return bytes.TrimRight(digits, "0")
}

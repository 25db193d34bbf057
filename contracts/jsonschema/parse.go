package jsonschema

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
	"unicode/utf8"
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
// Objects become map[string]any, lists []any. A number that is whole and fits becomes int64 however it is written (1, 1.0,
// 1e3), a whole number beyond int64 a json.Number with every digit, any other a float64. The result doesn't keep data alive.
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
	v, ok := p.document()
	if !ok {
		return nil, p.err
	}
	return v, nil
}

var parsers = sync.Pool{New: func() any { return new(parser) }}

// parser reads in one pass. Members of open objects wait on a stack, so that each map and list is made once, in its size.
type parser struct {
	data   []byte
	pos    int
	depth  int
	values int
	limits Limits
	err    *SyntaxError

	stack []any
	keys  []key
	known [256]string     // keys seen lately, by a cheap hash: most keys of a text repeat
	arena strings.Builder // short strings share blocks
	block int             // bytes that the arena's current block can still take

	where   Places
	pointer []byte // of the value being read, only while where is wanted
}

type key struct {
	name   string
	offset int
}

func (p *parser) release() {
	clear(p.stack) // what a failed text left behind: nothing may be kept alive
	clear(p.keys)
	if cap(p.stack) > 4096 {
		p.stack, p.keys = nil, nil
	}
	*p = parser{stack: p.stack[:0], keys: p.keys[:0], known: p.known}
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
	start, base, keyBase := p.pos, len(p.stack), len(p.keys)
	if !p.enter() {
		return nil, false
	}
	if p.peek() == '}' {
		p.pos++
		p.depth--
		p.note(start, nil)
		return map[string]any{}, true
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
		p.stack, p.keys = append(p.stack, v), append(p.keys, key{name, offset})
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
	members := p.keys[keyBase:]
	m := make(map[string]any, len(members))
	for i, k := range members {
		if m[k.name] = p.stack[base+i]; len(m) <= i {
			p.pos = k.offset
			p.fail("duplicate-key", k.name)
			p.err.under(k.name)
			return nil, false
		}
	}
	p.note(start, members)
	clear(members)
	clear(p.stack[base:])
	p.stack, p.keys = p.stack[:base], p.keys[:keyBase]
	return m, true
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
func (p *parser) note(start int, members []key) {
	if p.where == nil {
		return
	}
	at := Place{}
	at.Line, at.Column = lineColumn(p.data, start)
	for _, k := range members {
		at.Keys = append(at.Keys, k.name)
	}
	p.where[string(p.pointer)] = at
}

// intern returns b as a string, the one that an earlier equal key made where it is still known.
func (p *parser) intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	slot := &p.known[uint8(len(b)*37+int(b[0])*5+int(b[len(b)-1])*3+int(b[len(b)/2]))]
	if *slot == string(b) {
		return *slot
	}
	s := string(b)
	if len(b) <= 64 {
		*slot = s
	}
	return s
}

// keep copies b into a string. Short ones share a block, which is small enough that one of them kept alive costs little.
func (p *parser) keep(b []byte) string {
	const block = 2048
	if len(b) > block/4 {
		return string(b)
	}
	if len(b) > p.block {
		p.arena.Reset()
		p.block = min(block, max(len(b), len(p.data)-p.pos+len(b)))
		p.arena.Grow(p.block)
	}
	p.block -= len(b)
	start := p.arena.Len()
	p.arena.Write(b)
	return p.arena.String()[start:]
}

// plain marks the bytes of a string that need no thought: ASCII without controls, quote and backslash.
var plain = func() (t [256]bool) {
	for c := 0x20; c < 0x80; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// quoted reads a string. The result points into data, or is a copy of its own where the string has escapes.
func (p *parser) quoted() (b []byte, escaped, ok bool) {
	p.pos++
	start, ascii := p.pos, true
	for p.pos < len(p.data) {
		c := p.data[p.pos]
		switch {
		case plain[c]:
			p.pos++
		case c == '"':
			b = p.data[start:p.pos]
			if !ascii && !p.utf8(start, b) {
				return nil, false, false
			}
			p.pos++
			return b, false, true
		case c >= utf8.RuneSelf:
			ascii = false
			p.pos++
		case c == '\\':
			b, ok = p.unescape(start)
			return b, true, ok
		default:
			return nil, false, p.fail("control-character", "")
		}
	}
	return nil, false, p.fail("unclosed-string", "")
}

// utf8 checks raw bytes of a string that start at the offset.
func (p *parser) utf8(start int, b []byte) bool {
	if !utf8.Valid(b) {
		for i := 0; ; {
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				p.pos = start + i
				return p.fail("bad-utf8", "")
			}
			i += n
		}
	}
	if p.limits.XMLSafe {
		for _, nonchar := range [...]string{"\uFFFE", "\uFFFF"} {
			if i := bytes.Index(b, []byte(nonchar)); i >= 0 {
				p.pos = start + i
				return p.fail("no-xml-character", strings.ToUpper(strconv.QuoteToASCII(nonchar)[3:7]))
			}
		}
	}
	return true
}

// unescape reads the rest of a string, from its first backslash on; the string began at start.
func (p *parser) unescape(start int) ([]byte, bool) {
	out := append(make([]byte, 0, p.pos-start+32), p.data[start:p.pos]...)
	if !p.utf8(start, out) {
		return nil, false
	}
	for p.pos < len(p.data) {
		switch c := p.data[p.pos]; {
		case c == '"':
			p.pos++
			return out, true
		case c == '\\':
			r, ok := p.escape()
			if !ok {
				return nil, false
			}
			out = utf8.AppendRune(out, r)
		case c < 0x20:
			return nil, p.fail("control-character", "")
		default:
			run := p.pos
			for p.pos < len(p.data) && (plain[p.data[p.pos]] || p.data[p.pos] >= utf8.RuneSelf) {
				p.pos++
			}
			end := p.pos
			if !p.utf8(run, p.data[run:end]) {
				return nil, false
			}
			out = append(out, p.data[run:end]...)
		}
	}
	return nil, p.fail("unclosed-string", "")
}

func (p *parser) escape() (rune, bool) {
	start := p.pos
	p.pos++
	c := p.peek()
	p.pos++
	switch c {
	case '"', '\\', '/':
		return rune(c), true
	case 'n':
		return '\n', true
	case 't':
		return '\t', true
	case 'r':
		return '\r', true
	case 'b', 'f':
		r := map[byte]rune{'b': '\b', 'f': '\f'}[c]
		return r, p.carried(start, r)
	case 'u':
		r, ok := p.hex4()
		if !ok {
			p.pos = start
			return 0, p.fail("bad-escape", "")
		}
		if utf16.IsSurrogate(r) {
			low := rune(-1)
			if p.pos+1 < len(p.data) && p.data[p.pos] == '\\' && p.data[p.pos+1] == 'u' {
				p.pos += 2
				low, _ = p.hex4()
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				p.pos = start
				return 0, p.fail("unpaired-surrogate", "")
			}
		}
		return r, p.carried(start, r)
	}
	p.pos = start
	return 0, p.fail("bad-escape", "")
}

// carried checks an escaped character against XMLSafe.
func (p *parser) carried(start int, r rune) bool {
	if p.limits.XMLSafe && (r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF) {
		p.pos = start
		return p.fail("no-xml-character", strings.ToUpper(strconv.FormatInt(int64(r)+0x10000, 16)[1:]))
	}
	return true
}

func (p *parser) hex4() (rune, bool) {
	if len(p.data)-p.pos < 4 {
		return 0, false
	}
	var r rune
	for _, c := range p.data[p.pos : p.pos+4] {
		switch {
		case '0' <= c && c <= '9':
			r = r<<4 | rune(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	p.pos += 4
	return r, true
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
	if err != nil {
		p.pos = start
		return nil, p.fail("number-out-of-range", "")
	}
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f), true
	}
	return f, true
}

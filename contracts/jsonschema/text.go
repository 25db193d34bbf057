package jsonschema

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

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

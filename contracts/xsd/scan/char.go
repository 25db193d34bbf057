package scan

import (
	"encoding/binary"
	"unicode/utf8"
)

// The classes mark the bytes at which reading a text or an attribute value must stop and look.
var (
	textClass  = marks("<&\r]")
	valueClass = marks("<&\r\n\t\"'")
	// nameClass: 1 may stand in a name, 2 may also begin one. Colons are dealt with by qname.
	nameClass = func() (c [256]byte) {
		for b := range 128 {
			switch r := byte(b); {
			case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_':
				c[b] = 2
			case r >= '0' && r <= '9', r == '-', r == '.':
				c[b] = 1
			}
		}
		return c
	}()
)

func marks(stop string) (c [256]byte) {
	for i := range len(stop) {
		c[stop[i]] = 1
	}
	return c
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

func skipSpace(b []byte, i int) int {
	for i < len(b) && isSpace(b[i]) {
		i++
	}
	return i
}

// isChar is Char of XML 1.0 §2.2.
func isChar(r rune) bool {
	switch {
	case r < 0x20:
		return r == '\t' || r == '\n' || r == '\r'
	case r >= 0xD800 && r <= 0xDFFF, r == 0xFFFE, r == 0xFFFF:
		return false
	}
	return r <= utf8.MaxRune
}

// badByte is the offset of the first byte that is no part of a legal character, or -1.
func badByte(doc []byte) int {
	for i := 0; i < len(doc); {
		if i+8 <= len(doc) {
			// Eight bytes at once, where all are ASCII and none is a control character.
			w := binary.LittleEndian.Uint64(doc[i:])
			if (w|(w-0x2020202020202020))&0x8080808080808080 == 0 {
				i += 8
				continue
			}
		}
		c := doc[i]
		switch {
		case c < 0x80:
			if c < 0x20 && c != '\n' && c != '\t' && c != '\r' {
				return i
			}
			i++
		case c >= 0xC2 && c <= 0xDF:
			if i+1 >= len(doc) || doc[i+1]&0xC0 != 0x80 {
				return i
			}
			i += 2
		default:
			r, n := utf8.DecodeRune(doc[i:])
			if r == utf8.RuneError && n == 1 || r == 0xFFFE || r == 0xFFFF {
				return i
			}
			i += n
		}
	}
	return -1
}

// isNameStart and isNameChar are NameStartChar and NameChar of XML 1.0 (fifth edition) §2.3, without the colon.
func isNameStart(r rune) bool {
	switch {
	case r < 0x80:
		return nameClass[r] == 2
	case r < 0x300:
		return r >= 0xC0 && r != 0xD7 && r != 0xF7
	case r < 0x2000:
		return r >= 0x370 && r != 0x37E
	case r < 0x3001:
		return r == 0x200C || r == 0x200D || r >= 0x2070 && r <= 0x218F || r >= 0x2C00 && r <= 0x2FEF
	case r < 0xF900:
		return r <= 0xD7FF
	case r < 0x10000:
		return r <= 0xFDCF || r >= 0xFDF0 && r <= 0xFFFD
	}
	return r <= 0xEFFFF
}

func isNameChar(r rune) bool {
	return isNameStart(r) || r < 0x80 && nameClass[r] == 1 ||
		r == 0xB7 || r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// isName says whether b is a name without a colon (an NCName).
func isName(b []byte) bool {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if i == 0 && !isNameStart(r) || !isNameChar(r) {
			return false
		}
		i += n
	}
	return len(b) > 0
}

// IsNCName says whether s is a name without a colon.
func IsNCName(s string) bool { return isName([]byte(s)) }

// nameByte says whether the character at b[i] may stand in a name.
func nameByte(b []byte, i int) bool {
	if i >= len(b) {
		return false
	}
	r, _ := utf8.DecodeRune(b[i:])
	return r == ':' || isNameChar(r)
}

// qname reads a name at position at, leaves pos behind it, and says where its colon stands, or -1.
func (s *Scanner) qname(at int) (name []byte, colon int, err error) {
	doc, i := s.doc, at
	colon = -1
	first := true // of a part: the next character must be one that may begin a name
	for i < len(doc) {
		c := doc[i]
		switch class := nameClass[c]; {
		case class == 2 || class == 1 && !first:
			i++
		case c == ':' && colon < 0 && !first:
			colon = i - at
			first = true
			i++
			continue
		case c == 0xD0 || c == 0xD1: // Cyrillic, U+0400 to U+047F: all may begin a name
			i += 2
		case c >= 0x80:
			r, n := utf8.DecodeRune(doc[i:])
			if !isNameStart(r) && (first || !isNameChar(r)) {
				return nil, 0, s.fail(i, "the character %q in a name", r)
			}
			i += n
		case c == ':' || class == 1:
			return nil, 0, s.fail(at, "a name that does not begin like one, or has a colon too many")
		default:
			goto end
		}
		first = false
	}
end:
	if first {
		return nil, 0, s.fail(i, "expected a name")
	}
	if i-at > s.limits.Name {
		return nil, 0, s.limit(at, "a name of more than %d bytes", s.limits.Name)
	}
	s.pos = i
	return doc[at:i:i], colon, nil
}

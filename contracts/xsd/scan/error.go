package scan

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Error says what is wrong with a document and where. Line and Column count from 1; columns count characters.
type Error struct {
	Offset       int // in bytes, of the document as UTF-8
	Line, Column int
	Text         string
	Limit        bool // a bound was met: the document may be well-formed
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Text)
}

func (s *Scanner) fail(at int, format string, args ...any) error {
	line, column := Position(s.doc, at)
	return &Error{Offset: at, Line: line, Column: column, Text: fmt.Sprintf(format, args...)}
}

func (s *Scanner) limit(at int, format string, args ...any) error {
	err := s.fail(at, format, args...).(*Error)
	err.Limit = true
	return err
}

func (s *Scanner) badCharacter(at int) error {
	c := s.doc[at]
	if r, n := utf8.DecodeRune(s.doc[at:]); n > 1 || c < 0x20 {
		return s.fail(at, "the character U+%04X is not allowed in XML", r)
	}
	if looks := LooksLike(s.doc); looks != "" {
		return s.fail(at, "the byte 0x%02X is not UTF-8; the document looks like %s: its sender must declare what it sends", c, looks)
	}
	return s.fail(at, "the byte 0x%02X is not UTF-8", c)
}

// Position says on which line and at which character of it a byte stands; both count from 1.
func Position(doc []byte, offset int) (line, column int) {
	before := doc[:min(offset, len(doc))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, newline) + 1, utf8.RuneCount(before[start:]) + 1
}

// Position says where a byte of the document stands.
func (s *Scanner) Position(offset int) (line, column int) { return Position(s.doc, offset) }

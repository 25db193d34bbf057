package scan

import (
	"bytes"
	"unicode/utf8"
)

var (
	comment     = []byte("<!--")
	cdata       = []byte("<![CDATA[")
	instruction = []byte("<?")
	doctype     = []byte("<!DOCTYPE")
	declaration = []byte("<!")
	newline     = []byte("\n")
)

// comment passes over <!-- … -->, in which "--" must not stand.
func (s *Scanner) comment() error {
	from := s.pos + len(comment)
	n := bytes.Index(s.doc[from:], []byte("--"))
	switch end := from + n + 2; {
	case n < 0 || end == len(s.doc):
		return s.fail(s.pos, "a comment without an end")
	case s.doc[end] != '>':
		return s.fail(end-2, `"--" inside a comment`)
	default:
		s.pos = end + 1
		return nil
	}
}

// cdata adds <![CDATA[ … ]]> to the text.
func (s *Scanner) cdata() error {
	from := s.pos + len(cdata)
	n := bytes.Index(s.doc[from:], []byte("]]>"))
	if n < 0 {
		return s.fail(s.pos, "a CDATA section without an end")
	}
	run := s.doc[from : from+n]
	s.pos = from + n + 3
	for {
		i := bytes.IndexByte(run, '\r')
		if i < 0 {
			s.addText(run)
			return nil
		}
		s.addText(run[:i])
		s.addText(newline)
		if run = run[i+1:]; len(run) > 0 && run[0] == '\n' {
			run = run[1:]
		}
	}
}

// instruction passes over <?target data?>.
func (s *Scanner) instruction() error {
	start := s.pos
	name, colon, err := s.qname(start + 2)
	if err != nil {
		return err
	}
	if colon >= 0 {
		return s.fail(start, "a colon in the target of a processing instruction")
	}
	if len(name) == 3 && bytes.EqualFold(name, []byte("xml")) {
		return s.fail(start, "an XML declaration that is not at the very beginning")
	}
	n := bytes.Index(s.doc[s.pos:], []byte("?>"))
	if n < 0 {
		return s.fail(start, "a processing instruction without an end")
	}
	if n > 0 && !isSpace(s.doc[s.pos]) {
		return s.fail(s.pos, "expected white space after the target of a processing instruction")
	}
	s.pos += n + 2
	return nil
}

// documentType refuses a DOCTYPE, or passes over it: quoted strings, comments and an internal subset included.
func (s *Scanner) documentType() error {
	switch {
	case !s.doctype:
		return s.fail(s.pos, "a document type declaration (DTD) is not allowed")
	case s.sawRoot:
		return s.fail(s.pos, "a document type declaration after the root element")
	}
	subset := 0
	for i := s.pos + len(doctype); i < len(s.doc); i++ {
		switch c := s.doc[i]; c {
		case '"', '\'':
			n := bytes.IndexByte(s.doc[i+1:], c)
			if n < 0 {
				return s.fail(i, "a quote without an end in a document type declaration")
			}
			i += n + 1
		case '[':
			subset++
		case ']':
			subset--
		case '<':
			if bytes.HasPrefix(s.doc[i:], comment) {
				n := bytes.Index(s.doc[i:], []byte("-->"))
				if n < 0 {
					return s.fail(i, "a comment without an end")
				}
				i += n + 2
			}
		case '>':
			if subset == 0 {
				s.pos = i + 1
				return nil
			}
		}
	}
	return s.fail(s.pos, "a document type declaration without an end")
}

// reference resolves &name; or &#number; at position at and returns the character's bytes and where the reference ends.
func (s *Scanner) reference(at int, char *[4]byte) (n, end int, err error) {
	rest := s.doc[at+1 : min(len(s.doc), at+1+maxReference)]
	semicolon := bytes.IndexByte(rest, ';')
	if semicolon < 0 {
		return 0, 0, s.fail(at, `"&" that begins no reference: write &amp;`)
	}
	name := rest[:semicolon]
	end = at + 1 + semicolon + 1
	var r rune
	switch string(name) {
	case "lt":
		r = '<'
	case "gt":
		r = '>'
	case "amp":
		r = '&'
	case "quot":
		r = '"'
	case "apos":
		r = '\''
	default:
		if len(name) < 2 || name[0] != '#' {
			if len(name) > 40 || !isName(name) {
				return 0, 0, s.fail(at, `"&" that begins no reference: write &amp;`)
			}
			return 0, 0, s.fail(at, "the entity &%s; is not defined", name)
		}
		var ok bool
		if r, ok = number(name[1:]); !ok {
			return 0, 0, s.fail(at, "the reference &%s; means no character", name)
		}
	}
	return utf8.EncodeRune(char[:], r), end, nil
}

// maxReference bounds the search for a reference's semicolon; leading zeros are legal in &#0…065;.
const maxReference = 200

// number reads the digits of a character reference.
func number(digits []byte) (rune, bool) {
	base := rune(10)
	if digits[0] == 'x' {
		base, digits = 16, digits[1:]
	}
	if len(digits) == 0 {
		return 0, false
	}
	var r rune
	for _, c := range digits {
		var d rune
		switch {
		case c >= '0' && c <= '9':
			d = rune(c - '0')
		case base == 16 && c >= 'a' && c <= 'f':
			d = rune(c-'a') + 10
		case base == 16 && c >= 'A' && c <= 'F':
			d = rune(c-'A') + 10
		default:
			return 0, false
		}
		if r = r*base + d; r > utf8.MaxRune {
			return 0, false
		}
	}
	return r, isChar(r)
}

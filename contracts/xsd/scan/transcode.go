package scan

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// CharsetError says that a document is not in the charset that it, or its Content-Type, claims.
type CharsetError struct {
	Claimed string // "" where nothing was claimed, which means UTF-8
	Actual  string // what it looks like; "" where that is unknown
	Offset  int    // of the first byte that tells
	Broken  bool   // it is what it claims, but for bytes that mean no character
}

func (e *CharsetError) Error() string {
	claimed := e.Claimed
	if claimed == "" {
		claimed = "UTF-8 (the default)"
	}
	switch {
	case e.Broken:
		return fmt.Sprintf("the document is in %s, but at byte %d stands no character of it", claimed, e.Offset)
	case e.Actual == "":
		return fmt.Sprintf("the charset %s is not supported; supported are %s", claimed, strings.Join(charsets, ", "))
	default:
		return fmt.Sprintf("the document claims to be %s, but from byte %d on it looks like %s: its sender must declare what it sends", claimed, e.Offset, e.Actual)
	}
}

var charsets = []string{"UTF-8", "UTF-16", "windows-1251", "windows-1252", "KOI8-R", "IBM866", "ISO-8859-1", "ISO-8859-5", "US-ASCII"}

// charset finds an encoding by the names that documents use; nil with ok means UTF-8.
func charset(name string) (e encoding.Encoding, ok bool) {
	switch strings.ToLower(strings.Trim(name, ` "'`)) {
	case "", "utf-8", "utf8", "us-ascii", "ascii":
		return nil, true
	case "windows-1251", "cp1251", "win-1251", "windows1251":
		return charmap.Windows1251, true
	case "windows-1252", "cp1252":
		return charmap.Windows1252, true
	case "iso-8859-1", "latin1", "iso8859-1":
		return charmap.ISO8859_1, true
	case "iso-8859-5", "iso8859-5":
		return charmap.ISO8859_5, true
	case "koi8-r", "koi8r":
		return charmap.KOI8R, true
	case "ibm866", "cp866", "866":
		return charmap.CodePage866, true
	case "utf-16":
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), true
	case "utf-16le":
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), true
	case "utf-16be":
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), true
	}
	return nil, false
}

// Transcode returns doc as UTF-8 without a byte order mark; UTF-8 is not copied. What the document is in says, in this
// order: its byte order mark, contentType (the charset of the Content-Type header, or ""), its XML declaration.
// A claim that the bytes belie is a *CharsetError, as is an unknown charset. That UTF-8 is well formed is for
// Scanner.Reset to check.
func Transcode(doc []byte, contentType string) ([]byte, error) {
	switch {
	case bytes.HasPrefix(doc, []byte("\xEF\xBB\xBF")):
		return doc[3:], nil
	case bytes.HasPrefix(doc, []byte("\xFE\xFF")), bytes.HasPrefix(doc, []byte("\x00<\x00")):
		return decode(doc, "UTF-16", unicode.UTF16(unicode.BigEndian, unicode.UseBOM))
	case bytes.HasPrefix(doc, []byte("\xFF\xFE")), bytes.HasPrefix(doc, []byte("<\x00")):
		return decode(doc, "UTF-16", unicode.UTF16(unicode.LittleEndian, unicode.UseBOM))
	}
	claimed := contentType
	declared := ""
	if d, problem := parseDeclaration(doc); problem == "" {
		declared = d.encoding
	}
	if claimed == "" {
		claimed = declared
	}
	e, ok := charset(claimed)
	if !ok {
		return nil, &CharsetError{Claimed: claimed}
	}
	if e == nil {
		if declared == "" || utf8.Valid(doc) {
			return doc, nil
		}
		if other, known := charset(declared); known && other != nil {
			// The header says UTF-8, as many servers do by default; the bytes say that the declaration is right.
			return decode(doc, declared, other)
		}
		return doc, nil
	}
	if strings.HasPrefix(strings.ToLower(claimed), "utf-16") {
		return nil, &CharsetError{Claimed: claimed, Actual: "a charset of single bytes"}
	}
	if at, yes := cyrillicUTF8(doc); yes {
		return nil, &CharsetError{Claimed: claimed, Actual: "UTF-8", Offset: at}
	}
	return decode(doc, claimed, e)
}

func decode(doc []byte, name string, e encoding.Encoding) ([]byte, error) {
	out, err := e.NewDecoder().Bytes(doc)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	if at := bytes.IndexRune(out, utf8.RuneError); at >= 0 { // what a decoder writes where it can't read
		offset := utf8.RuneCount(out[:at])
		if name == "UTF-16" {
			offset = brokenUTF16(doc)
		}
		if offset >= 0 {
			return nil, &CharsetError{Claimed: name, Offset: offset, Broken: true}
		}
	}
	return out, nil
}

// brokenUTF16 is where the first half of a character stands whose other half is missing, or -1.
func brokenUTF16(doc []byte) int {
	var order binary.ByteOrder = binary.LittleEndian
	if doc[0] == 0xFE || doc[0] == 0 {
		order = binary.BigEndian
	}
	for i := 0; i < len(doc); i += 2 {
		if len(doc)-i < 2 {
			return i
		}
		switch unit := order.Uint16(doc[i:]); {
		case unit >= 0xDC00 && unit <= 0xDFFF:
			return i
		case unit >= 0xD800 && unit <= 0xDBFF:
			if len(doc)-i < 4 || order.Uint16(doc[i+2:])&0xFC00 != 0xDC00 {
				return i
			}
			i += 2
		}
	}
	return -1
}

// cyrillicUTF8 says whether doc, which claims a charset of single bytes, is UTF-8 all the same: every byte beyond ASCII
// belongs to a valid character, and those are Cyrillic letters and the punctuation found among them.
// In a charset of single bytes that would be nonsense such as "РџСѓС€РєРёРЅ".
func cyrillicUTF8(doc []byte) (first int, yes bool) {
	first = -1
	letters := 0
	for i := 0; i < len(doc); {
		if doc[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRune(doc[i:])
		switch {
		case r >= 0x400 && r <= 0x4FF:
			letters++
		case r >= 0x2010 && r <= 0x203A, r == '№', r == '«', r == '»', r == 0xA0, r == '°':
		default:
			return 0, false
		}
		if first < 0 {
			first = i
		}
		i += n
	}
	return first, letters >= 4
}

// LooksLike guesses the charset of a document that is not valid UTF-8, for a hint; "" where nothing speaks for any.
func LooksLike(doc []byte) string {
	if utf8.Valid(doc) {
		return ""
	}
	win, koi := 0, 0
	for i := 1; i < len(doc); i++ {
		// Lower case is most of any text: 0xE0-0xFF in windows-1251, 0xC0-0xDF in KOI8-R.
		switch c := doc[i]; {
		case c >= 0xE0 && doc[i-1] >= 0xC0:
			win++
		case c >= 0xC0 && c < 0xE0 && doc[i-1] >= 0xC0:
			koi++
		}
	}
	switch {
	case win == 0 && koi == 0:
		return ""
	case koi > win:
		return "KOI8-R"
	}
	return "windows-1251"
}

// Encode turns XML in UTF-8, without a declaration, into charset, with the XML declaration in front. Characters of texts
// and attribute values that the charset lacks become character references; in a name they are an error.
func Encode(xml []byte, name string) ([]byte, error) {
	e, ok := charset(name)
	if !ok {
		return nil, &CharsetError{Claimed: name}
	}
	if name == "" {
		name = "UTF-8"
	}
	head := `<?xml version="1.0" encoding="` + name + `"?>` + "\n"
	if e == nil {
		return append([]byte(head), xml...), nil
	}
	cm, single := e.(*charmap.Charmap)
	if !single {
		out, err := e.NewEncoder().Bytes(append([]byte(head), xml...))
		if err != nil {
			return nil, fmt.Errorf("writing %s: %w", name, err)
		}
		return out, nil
	}
	out := make([]byte, 0, len(head)+len(xml))
	out = append(out, head...)
	passed := 0 // markup before it is known to have ended
	for i := 0; i < len(xml); {
		if xml[i] < utf8.RuneSelf {
			out = append(out, xml[i])
			i++
			continue
		}
		r, n := utf8.DecodeRune(xml[i:])
		switch b, ok := cm.EncodeRune(r); {
		case ok:
			out = append(out, b)
		default:
			n, ok := takesReferences(xml[passed:i])
			if passed += n; !ok {
				return nil, fmt.Errorf("the character %q stands in markup, and %s does not have it", r, name)
			}
			out = fmt.Appendf(out, "&#%d;", r)
		}
		i += n
	}
	return out, nil
}

// takesReferences says whether a character reference may follow before, in a text or an attribute value, and how many
// bytes of before end with finished markup. Before begins outside markup.
func takesReferences(before []byte) (passed int, ok bool) {
	for {
		open := bytes.IndexByte(before[passed:], '<')
		if open < 0 {
			return passed, true
		}
		rest := before[passed+open:]
		end := markupEnd(rest)
		if end < 0 {
			return passed, inValue(rest)
		}
		passed += open + end
	}
}

// markupEnd is where the markup at the beginning of b ends, or -1 where it does not.
func markupEnd(b []byte) int {
	for _, m := range [...]struct{ open, close string }{{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}} {
		if bytes.HasPrefix(b, []byte(m.open)) {
			if n := bytes.Index(b, []byte(m.close)); n >= 0 {
				return n + len(m.close)
			}
			return -1
		}
	}
	var quote byte
	for i, c := range b {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '>':
			return i + 1
		}
	}
	return -1
}

// inValue says whether b, an unfinished piece of markup, ends inside an attribute value.
func inValue(b []byte) bool {
	if len(b) > 1 && (b[1] == '!' || b[1] == '?') {
		return false
	}
	var quote byte
	for _, c := range b {
		switch {
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		}
	}
	return quote != 0
}

package scan

import "bytes"

// declaration reads the XML declaration, where there is one (XML 1.0 §2.8). The encoding was dealt with by Transcode.
func (s *Scanner) declaration() error {
	d, err := parseDeclaration(s.doc)
	if err != "" {
		return s.fail(0, "%s", err)
	}
	s.pos = d.length
	return nil
}

type xmlDeclaration struct {
	length   int // in bytes; 0 where there is none
	encoding string
}

// parseDeclaration reads <?xml version="1.0" encoding="…" standalone="…"?> at the very beginning of doc.
func parseDeclaration(doc []byte) (d xmlDeclaration, problem string) {
	const open = "<?xml"
	if len(doc) <= len(open) || string(doc[:len(open)]) != open || nameByte(doc, len(open)) {
		return d, ""
	}
	end := bytes.Index(doc, []byte("?>"))
	if end < 0 {
		return d, "an XML declaration without an end"
	}
	d.length = end + 2
	rest := doc[len(open):end]
	for i, want := range [...]string{"version", "encoding", "standalone"} {
		at := skipSpace(rest, 0)
		if !bytes.HasPrefix(rest[at:], []byte(want)) {
			if i == 0 {
				return d, "an XML declaration without a version"
			}
			continue
		}
		if at == 0 {
			return d, "expected white space before " + want + " in the XML declaration"
		}
		at = skipSpace(rest, at+len(want))
		if at == len(rest) || rest[at] != '=' {
			return d, want + " has no value in the XML declaration"
		}
		at = skipSpace(rest, at+1)
		if at == len(rest) || rest[at] != '"' && rest[at] != '\'' {
			return d, "the value of " + want + " is not quoted in the XML declaration"
		}
		n := bytes.IndexByte(rest[at+1:], rest[at])
		if n < 0 {
			return d, "the value of " + want + " is not quoted in the XML declaration"
		}
		value := string(rest[at+1 : at+1+n])
		rest = rest[at+1+n+1:]
		switch {
		case want == "version" && value != "1.0":
			return d, "XML version " + quoted(value) + " is not 1.0"
		case want == "encoding" && !encodingName(value):
			return d, quoted(value) + " is not the name of an encoding"
		case want == "encoding":
			d.encoding = value
		case want == "standalone" && value != "yes" && value != "no":
			return d, "standalone is neither yes nor no in the XML declaration"
		}
	}
	if skipSpace(rest, 0) != len(rest) {
		return d, "the XML declaration holds more than version, encoding and standalone, in this order"
	}
	return d, ""
}

func quoted(s string) string { return `"` + s + `"` }

// encodingName is EncName of XML 1.0 §4.3.3.
func encodingName(s string) bool {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || !(c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-')) {
			return false
		}
	}
	return s != ""
}

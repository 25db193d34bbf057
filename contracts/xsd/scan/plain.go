package scan

import "bytes"

// Plain checks a document and returns it without XML declaration, comments, processing instructions and CDATA
// sections, for readers that stumble over them. A document that has none of these is returned as it is.
func Plain(doc []byte, limits Limits) ([]byte, error) {
	var s Scanner
	if err := s.Reset(doc, NewSpaces(), limits); err != nil {
		return nil, err
	}
	rewrite := bytes.Contains(doc, cdata) || bytes.Contains(doc, comment) || bytes.Contains(doc, instruction)
	var out []byte
	for {
		kind, err := s.Next()
		switch {
		case err != nil:
			return nil, err
		case kind == EOF && rewrite:
			return out, nil
		case kind == EOF:
			return doc, nil
		case !rewrite:
		case kind == Start:
			out = s.appendStart(out)
		case kind == Text:
			out = appendEscaped(out, s.text)
		case kind == End:
			out = append(append(append(out, "</"...), s.closed...), '>')
		}
	}
}

// appendStart writes the start tag that Next returned, namespace declarations included.
func (s *Scanner) appendStart(dst []byte) []byte {
	top := s.open[len(s.open)-1]
	dst = append(append(dst, '<'), top.name...)
	for _, b := range s.bindings[top.bindings:] {
		dst = append(append(append(dst, ' '), declarationName(b.prefix)...), `="`...)
		dst = append(appendEscaped(dst, []byte(s.URI(b.space))), '"')
	}
	for _, a := range s.attrs {
		dst = append(append(append(dst, ' '), a.Name...), `="`...)
		dst = append(appendEscaped(dst, a.Value), '"')
	}
	return append(dst, '>')
}

func appendEscaped(dst, text []byte) []byte {
	for _, c := range text {
		switch c {
		case '&':
			dst = append(dst, "&amp;"...)
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '"':
			dst = append(dst, "&quot;"...)
		case '\r':
			dst = append(dst, "&#13;"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

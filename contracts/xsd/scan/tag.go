package scan

import "bytes"

// startTag reads <name attribute="value" …>, checks its names and opens the element.
func (s *Scanner) startTag() error {
	s.elements++
	if s.elements > s.limits.Elements {
		return s.limit(s.offset, "more than %d elements", s.limits.Elements)
	}
	if len(s.open) >= s.limits.Depth {
		return s.limit(s.offset, "elements nested deeper than %d", s.limits.Depth)
	}
	name, colon, err := s.qname(s.pos + 1)
	if err != nil {
		return err
	}
	s.open = append(s.open, openTag{name: name, bindings: s.scope})
	s.bindings = s.bindings[:s.scope]
	s.attrs, s.values = s.attrs[:0], s.values[:0]
	if s.pos < len(s.doc) && s.doc[s.pos] == '>' {
		s.pos++
	} else if err := s.attributes(); err != nil {
		return err
	}
	s.scope = len(s.bindings)
	prefix := name[:max(colon, 0)]
	s.local = name[colon+1:]
	var ok bool
	if s.space, ok = s.Resolve(prefix); !ok {
		return s.fail(s.offset+1, "the prefix %q is not declared", prefix)
	}
	if string(prefix) == "xmlns" {
		return s.fail(s.offset+1, "the prefix xmlns on an element")
	}
	if len(s.attrs) > 0 {
		return s.resolveAttributes()
	}
	return nil
}

// attributes reads up to the end of the start tag. Namespace declarations become bindings, the rest attrs.
func (s *Scanner) attributes() error {
	for count := 0; ; count++ {
		at := skipSpace(s.doc, s.pos)
		if at == len(s.doc) {
			return s.fail(at, "the document ends inside a start tag")
		}
		switch c := s.doc[at]; {
		case c == '>':
			s.pos = at + 1
			return nil
		case c == '/':
			if at+1 == len(s.doc) || s.doc[at+1] != '>' {
				return s.fail(at, `"/" inside a start tag`)
			}
			s.pos, s.emptyTag = at+2, true
			return nil
		case at == s.pos:
			return s.fail(at, "expected white space, \">\" or \"/>\" in a start tag")
		}
		if count >= s.limits.Attributes {
			return s.limit(at, "more than %d attributes", s.limits.Attributes)
		}
		name, colon, err := s.qname(at)
		if err != nil {
			return err
		}
		if s.pos = skipSpace(s.doc, s.pos); s.pos == len(s.doc) || s.doc[s.pos] != '=' {
			return s.fail(s.pos, "the attribute %s has no value", name)
		}
		s.pos = skipSpace(s.doc, s.pos+1)
		value, err := s.attributeValue(name)
		if err != nil {
			return err
		}
		switch {
		case string(name) == "xmlns":
			err = s.bind(at, nil, value)
		case colon == 5 && string(name[:5]) == "xmlns":
			err = s.bind(at, name[6:], value)
		default:
			s.attrs = append(s.attrs, Attr{Name: name, Local: name[colon+1:], Value: value, Offset: at})
		}
		if err != nil {
			return err
		}
	}
}

// attributeValue reads a quoted value and normalises it (XML 1.0 §3.3.3, of an attribute of type CDATA).
func (s *Scanner) attributeValue(name []byte) ([]byte, error) {
	doc := s.doc
	if s.pos == len(doc) || doc[s.pos] != '"' && doc[s.pos] != '\'' {
		return nil, s.fail(s.pos, "the value of the attribute %s is not quoted", name)
	}
	quote := doc[s.pos]
	from := s.pos + 1
	first, plain := len(s.values), true
	for i := from; ; {
		for i < len(doc) && valueClass[doc[i]] == 0 {
			i++
		}
		if i == len(doc) {
			return nil, s.fail(i, "the document ends inside the value of the attribute %s", name)
		}
		c := doc[i]
		if c != quote && (c == '"' || c == '\'') {
			i++
			continue
		}
		if c == quote && plain {
			s.pos = i + 1
			return s.bounded(doc[from:i], from)
		}
		s.values = append(s.values, doc[from:i]...)
		plain = false
		switch c {
		case quote:
			s.pos = i + 1
			return s.bounded(s.values[first:len(s.values):len(s.values)], from)
		case '<':
			return nil, s.fail(i, `"<" in the value of the attribute %s`, name)
		case '&':
			var char [4]byte
			n, end, err := s.reference(i, &char)
			if err != nil {
				return nil, err
			}
			s.values = append(s.values, char[:n]...)
			i = end
		default: // tab, line feed, carriage return: CRLF is one character
			if c == '\r' && i+1 < len(doc) && doc[i+1] == '\n' {
				i++
			}
			s.values = append(s.values, ' ')
			i++
		}
		from = i
	}
}

func (s *Scanner) bounded(value []byte, at int) ([]byte, error) {
	if len(value) > s.limits.Text {
		return nil, s.limit(at, "an attribute value of more than %d bytes", s.limits.Text)
	}
	return value, nil
}

// bind declares a prefix, or the default namespace where prefix is empty (Namespaces in XML 1.0 §3).
func (s *Scanner) bind(at int, prefix, uri []byte) error {
	space := s.spaceOf(uri)
	switch {
	case string(prefix) == "xmlns":
		return s.fail(at, "the prefix xmlns must not be declared")
	case string(prefix) == "xml" && space != SpaceXML:
		return s.fail(at, "the prefix xml must not be bound to another namespace")
	case string(prefix) != "xml" && space == SpaceXML:
		return s.fail(at, "the namespace %s belongs to the prefix xml", uri)
	case string(uri) == xmlnsURI:
		return s.fail(at, "the namespace %s must not be declared", uri)
	case len(prefix) > 0 && len(uri) == 0:
		return s.fail(at, "the prefix %s is bound to no namespace", prefix)
	}
	for _, b := range s.bindings[s.open[len(s.open)-1].bindings:] {
		if bytes.Equal(b.prefix, prefix) {
			return s.fail(at, "the namespace declaration %s stands twice in one tag", declarationName(prefix))
		}
	}
	if len(s.bindings) >= s.limits.Prefixes {
		return s.limit(at, "more than %d prefixes bound at once", s.limits.Prefixes)
	}
	s.bindings = append(s.bindings, binding{prefix: prefix, space: space})
	return nil
}

func declarationName(prefix []byte) string {
	if len(prefix) == 0 {
		return "xmlns"
	}
	return "xmlns:" + string(prefix)
}

// resolveAttributes finds the attributes' namespaces and refuses two of one expanded name.
func (s *Scanner) resolveAttributes() error {
	for i := range s.attrs {
		a := &s.attrs[i]
		if prefix := len(a.Name) - len(a.Local) - 1; prefix > 0 {
			var ok bool
			if a.Space, ok = s.Resolve(a.Name[:prefix]); !ok {
				return s.fail(a.Offset, "the prefix %q is not declared", a.Name[:prefix])
			}
		}
	}
	if len(s.attrs) > 16 {
		return s.manyAttributes()
	}
	for i := range s.attrs {
		a := &s.attrs[i]
		for j := range i {
			if b := &s.attrs[j]; a.Space == b.Space && bytes.Equal(a.Local, b.Local) {
				return s.fail(a.Offset, "the attribute %s stands twice in one tag", a.Name)
			}
		}
	}
	return nil
}

func (s *Scanner) manyAttributes() error {
	type key struct {
		space int
		local string
	}
	seen := make(map[key]bool, len(s.attrs))
	for i := range s.attrs {
		a := &s.attrs[i]
		k := key{a.Space, string(a.Local)}
		if seen[k] {
			return s.fail(a.Offset, "the attribute %s stands twice in one tag", a.Name)
		}
		seen[k] = true
	}
	return nil
}

// endTag reads </name> and closes the element.
func (s *Scanner) endTag() error {
	name := s.open[len(s.open)-1].name
	rest := s.doc[s.pos+2:]
	if len(rest) <= len(name) || !bytes.Equal(rest[:len(name)], name) || nameByte(rest, len(name)) {
		return s.fail(s.pos, "the end tag does not match <%s>", name)
	}
	at := skipSpace(rest, len(name))
	if at == len(rest) || rest[at] != '>' {
		return s.fail(s.pos+2+at, "the end tag of <%s> is not closed by \">\"", name)
	}
	s.pos += 2 + at + 1
	s.pop()
	return nil
}

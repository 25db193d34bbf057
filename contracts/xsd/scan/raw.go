package scan

import "bytes"

// Skip passes over the element whose start tag Next returned, checking it all the same.
func (s *Scanner) Skip() error {
	for depth := len(s.open); len(s.open) >= depth; {
		if _, err := s.Next(); err != nil {
			return err
		}
	}
	return nil
}

// AppendRaw passes over the element whose start tag Next returned and appends it to dst as written, with the namespace
// declarations that it needs from outside, so that it stands by itself.
func (s *Scanner) AppendRaw(dst []byte) ([]byte, error) {
	start := s.offset
	top := s.open[len(s.open)-1]
	inherited := s.bindings[:top.bindings:top.bindings]
	own := s.bindings[top.bindings:len(s.bindings):len(s.bindings)]
	declared := make([][]byte, 0, 8)
	for _, b := range own {
		declared = append(declared, b.prefix)
	}
	if err := s.Skip(); err != nil {
		return nil, err
	}
	raw := s.doc[start:s.pos]
	head := 1 + len(top.name)
	dst = append(dst, raw[:head]...)
	for i := len(inherited) - 1; i >= 0; i-- {
		b := inherited[i]
		if len(b.prefix) > 0 && !mentions(raw, b.prefix) || contains(declared, b.prefix) {
			continue
		}
		declared = append(declared, b.prefix)
		before := len(dst)
		switch {
		case len(b.prefix) > 0:
			dst = append(append(append(dst, " xmlns:"...), b.prefix...), `="`...)
		case b.space != NoSpace:
			dst = append(dst, ` xmlns="`...)
		default:
			continue
		}
		dst = appendEscaped(dst, []byte(s.URI(b.space)))
		dst = append(dst, '"')
		if s.declared += len(dst) - before; s.declared > s.limits.Bytes {
			return nil, s.limit(start, "what wildcards took needs more than %d bytes of namespace declarations", s.limits.Bytes)
		}
	}
	return append(dst, raw[head:]...), nil
}

// mentions says whether a prefix may be used in raw: also in values, where nothing tells prefixes from other words.
func mentions(raw, prefix []byte) bool {
	for at := 0; ; {
		n := bytes.Index(raw[at:], prefix)
		if n < 0 {
			return false
		}
		at += n + len(prefix)
		if at < len(raw) && raw[at] == ':' && !wordByte(raw[at-len(prefix)-1]) {
			return true
		}
	}
}

func wordByte(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b == '_'
}

func contains(list [][]byte, b []byte) bool {
	for _, x := range list {
		if bytes.Equal(x, b) {
			return true
		}
	}
	return false
}

// Release forgets the document, so that a scanner in a pool does not keep it alive.
func (s *Scanner) Release() {
	clear(s.open[:cap(s.open)])
	clear(s.bindings[:cap(s.bindings)])
	clear(s.attrs[:cap(s.attrs)])
	if len(s.more) > 1000 {
		s.more, s.numbers = nil, nil // a giant's memory is not worth keeping
	}
	clear(s.more[:cap(s.more)])
	clear(s.numbers)
	*s = Scanner{more: s.more[:0], numbers: s.numbers, open: s.open[:0], bindings: s.bindings[:0], attrs: s.attrs[:0], buf: s.buf[:0], values: s.values[:0]}
}

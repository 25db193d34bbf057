// Package scan reads XML strictly and fast: one pass over a document in memory, no allocation for an element.
//
// It takes what XML 1.0 (fifth edition) and Namespaces in XML 1.0 allow, without document types: no DTD, no entities
// but the five and character references. Whatever else it meets is an *Error with line and column.
package scan

import "bytes"

// Kind is the sort of token that Next found.
type Kind uint8

// The tokens. Comments and processing instructions are checked and passed over; the text around them is one token.
const (
	EOF Kind = iota
	Start
	End
	Text
)

// Attr is an attribute that is no namespace declaration. Its slices are valid until the next start tag.
type Attr struct {
	Name   []byte // as written, with its prefix
	Local  []byte
	Space  int    // see Scanner.Space
	Value  []byte // references resolved, white space normalised to spaces
	Offset int    // of the name in the document
}

// Limits bound what a document may hold. Zero means the default.
type Limits struct {
	Bytes      int // of the document, as UTF-8 and as it came; default 64 MiB
	Depth      int // of nested elements; default 200
	Elements   int // in all; default 2,000,000
	Attributes int // of one element, namespace declarations included; default 256
	Prefixes   int // bound at once, by all elements that are open; default 1,000
	Name       int // bytes of one name; default 1,000
	Text       int // bytes of one text or attribute value; default that of Bytes
}

// WithDefaults fills in what is zero.
func (l Limits) WithDefaults() Limits {
	set := func(v *int, def int) {
		if *v <= 0 {
			*v = def
		}
	}
	set(&l.Bytes, 64<<20)
	set(&l.Depth, 200)
	set(&l.Elements, 2_000_000)
	set(&l.Attributes, 256)
	set(&l.Prefixes, 1000)
	set(&l.Name, 1000)
	set(&l.Text, l.Bytes)
	return l
}

// Scanner reads one document, token by token. Reset starts it and allows its reuse.
type Scanner struct {
	doc    []byte
	pos    int
	limits Limits
	spaces *Spaces
	more   []string // namespaces that spaces lacks, in order of appearance
	// numbers finds those of more, in however many a document declares.
	numbers map[string]int

	doctype  bool // a DOCTYPE is passed over instead of refused
	sawRoot  bool
	emptyTag bool // the start tag just returned was <a/>: its End comes next
	elements int
	declared int // bytes of the declarations that raw XML was given

	open     []openTag
	bindings []binding // in scope, and behind them those of the element that ended last
	scope    int       // how many bindings are in scope

	offset int    // of the current token
	space  int    // of the current start tag
	local  []byte // of the current start tag
	closed []byte // the name of the element that ended last
	attrs  []Attr
	text   []byte
	buf    []byte // a text that is not as written
	values []byte // attribute values that are not as written
}

type openTag struct {
	name     []byte
	bindings int // how many were in scope outside
}

type binding struct {
	prefix []byte
	space  int
}

// Reset starts on doc, which is UTF-8 without a byte order mark (see Transcode) and must not change while it is read.
func (s *Scanner) Reset(doc []byte, spaces *Spaces, limits Limits) error {
	clear(s.numbers)
	*s = Scanner{
		doc: doc, limits: limits.WithDefaults(), spaces: spaces, numbers: s.numbers,
		more: s.more[:0], open: s.open[:0], bindings: s.bindings[:0], attrs: s.attrs[:0], buf: s.buf[:0], values: s.values[:0],
	}
	if len(doc) > s.limits.Bytes {
		return s.limit(0, "the document is larger than %d bytes", s.limits.Bytes)
	}
	if at := badByte(doc); at >= 0 {
		return s.badCharacter(at)
	}
	return s.declaration()
}

// AllowDoctype passes over a DOCTYPE instead of refusing it: contract files on disk have them, messages must not.
func (s *Scanner) AllowDoctype() { s.doctype = true }

// Next finds the next token.
func (s *Scanner) Next() (Kind, error) {
	if s.emptyTag {
		s.emptyTag = false
		s.pop()
		return End, nil
	}
	if len(s.open) == 0 {
		return s.outside()
	}
	s.offset = s.pos
	if s.pos+1 < len(s.doc) && s.doc[s.pos] == '<' {
		switch s.doc[s.pos+1] {
		case '/':
			return End, s.endTag()
		case '!', '?':
		default:
			return Start, s.startTag()
		}
	}
	return s.content()
}

// outside reads what stands before and after the root element.
func (s *Scanner) outside() (Kind, error) {
	for {
		s.pos = skipSpace(s.doc, s.pos)
		s.offset = s.pos
		rest := s.doc[s.pos:]
		var err error
		switch {
		case len(rest) == 0 && !s.sawRoot:
			return EOF, s.fail(s.pos, "the document has no element")
		case len(rest) == 0:
			return EOF, nil
		case rest[0] != '<' && s.sawRoot:
			return EOF, s.fail(s.pos, "text after the root element")
		case rest[0] != '<':
			return EOF, s.fail(s.pos, "text before the root element")
		case bytes.HasPrefix(rest, comment):
			err = s.comment()
		case bytes.HasPrefix(rest, instruction):
			err = s.instruction()
		case bytes.HasPrefix(rest, doctype):
			err = s.documentType()
		case bytes.HasPrefix(rest, declaration):
			return EOF, s.fail(s.pos, "a declaration outside the root element")
		case s.sawRoot:
			return EOF, s.fail(s.pos, "a second root element")
		default:
			s.sawRoot = true
			return Start, s.startTag()
		}
		if err != nil {
			return EOF, err
		}
	}
}

// content gathers text, across comments, instructions and CDATA sections, up to the next tag.
func (s *Scanner) content() (Kind, error) {
	start := s.pos
	s.text, s.buf = nil, s.buf[:0]
	for {
		if err := s.plainText(); err != nil {
			return EOF, err
		}
		if len(s.text) > s.limits.Text {
			return EOF, s.limit(start, "a text of more than %d bytes", s.limits.Text)
		}
		rest := s.doc[s.pos:]
		var err error
		switch {
		case len(rest) == 0:
			return EOF, s.fail(s.pos, "the document ends inside <%s>", s.open[len(s.open)-1].name)
		case bytes.HasPrefix(rest, comment):
			err = s.comment()
		case bytes.HasPrefix(rest, cdata):
			err = s.cdata()
		case bytes.HasPrefix(rest, instruction):
			err = s.instruction()
		case bytes.HasPrefix(rest, declaration):
			err = s.fail(s.pos, "a declaration inside the root element")
		case len(s.text) > 0:
			s.offset = start
			return Text, nil
		case len(rest) == 1:
			err = s.fail(s.pos, "the document ends inside a tag")
		default:
			return s.Next()
		}
		if err != nil {
			return EOF, err
		}
	}
}

// plainText adds what stands before the next '<' to the text.
func (s *Scanner) plainText() error {
	doc, i := s.doc, s.pos
	for from := i; ; {
		for i < len(doc) && textClass[doc[i]] == 0 {
			i++
		}
		if i == len(doc) || doc[i] == '<' {
			s.addText(doc[from:i])
			s.pos = i
			return nil
		}
		switch doc[i] {
		case ']':
			if i+2 < len(doc) && doc[i+1] == ']' && doc[i+2] == '>' {
				return s.fail(i, `"]]>" in a text`)
			}
			i++
			continue
		case '\r':
			s.addText(doc[from:i])
			s.addText(newline)
			i++
			if i < len(doc) && doc[i] == '\n' {
				i++
			}
		case '&':
			s.addText(doc[from:i])
			var char [4]byte
			n, end, err := s.reference(i, &char)
			if err != nil {
				return err
			}
			s.toBuffer()
			s.buf = append(s.buf, char[:n]...)
			s.text = s.buf
			i = end
		}
		from = i
	}
}

// addText joins a run of the document to the text: the first stays where it lies, further ones are gathered in buf.
func (s *Scanner) addText(run []byte) {
	switch {
	case len(run) == 0:
	case len(s.text) == 0:
		s.text = run
	default:
		s.toBuffer()
		s.buf = append(s.buf, run...)
		s.text = s.buf
	}
}

func (s *Scanner) toBuffer() {
	if len(s.buf) == 0 {
		s.buf = append(s.buf, s.text...)
	}
}

// Space is the namespace of the start tag that Next returned: an index into the Spaces that Reset was given, or beyond.
func (s *Scanner) Space() int { return s.space }

// Local is the local name of the start tag that Next returned.
func (s *Scanner) Local() []byte { return s.local }

// Name is the name of the innermost open element as written, prefix included.
func (s *Scanner) Name() []byte { return s.open[len(s.open)-1].name }

// Attrs are the attributes of the start tag that Next returned, without namespace declarations.
func (s *Scanner) Attrs() []Attr { return s.attrs }

// Text is the text that Next returned, references resolved. It is valid until the next token.
func (s *Scanner) Text() []byte { return s.text }

// Blank says whether the text that Next returned is white space alone.
func (s *Scanner) Blank() bool { return skipSpace(s.text, 0) == len(s.text) }

// Offset is where the token that Next returned begins.
func (s *Scanner) Offset() int { return s.offset }

// Depth counts the open elements.
func (s *Scanner) Depth() int { return len(s.open) }

// URI is the namespace that Space or Attr.Space means.
func (s *Scanner) URI(space int) string {
	if n := s.spaces.Len(); space >= n {
		return s.more[space-n]
	}
	return s.spaces.URI(space)
}

// Resolve finds the namespace that prefix is bound to here; the empty prefix means the default namespace. After an end
// tag or Leaf it still speaks of the element that ended, whose text may hold prefixes.
func (s *Scanner) Resolve(prefix []byte) (space int, ok bool) {
	for i := len(s.bindings) - 1; i >= 0; i-- {
		if b := &s.bindings[i]; string(b.prefix) == string(prefix) {
			return b.space, true
		}
	}
	if string(prefix) == "xml" {
		return SpaceXML, true
	}
	return NoSpace, len(prefix) == 0
}

// Leaf reads an element's text and its end tag in one go, after a start tag, where the element holds nothing but plain
// text as written; the text is a piece of the document. Otherwise ok is false and nothing has been read.
func (s *Scanner) Leaf() (text []byte, ok bool) {
	if s.emptyTag {
		s.emptyTag = false
		s.pop()
		return nil, true
	}
	doc, start := s.doc, s.pos
	i := start
	for i < len(doc) && textClass[doc[i]] == 0 {
		i++
	}
	name := s.open[len(s.open)-1].name
	end := i + 2 + len(name)
	if end >= len(doc) || doc[i] != '<' || doc[i+1] != '/' || doc[end] != '>' || string(doc[i+2:end]) != string(name) || i-start > s.limits.Text {
		return nil, false
	}
	s.offset, s.pos = i, end+1
	s.pop()
	return doc[start:i], true
}

func (s *Scanner) pop() {
	top := len(s.open) - 1
	s.closed = s.open[top].name
	s.bindings, s.scope = s.bindings[:s.scope], s.open[top].bindings
	s.open = s.open[:top]
}

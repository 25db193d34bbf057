// Package codec turns agency XML into plain trees and back, directed by the contract (DESIGN.md §4 has the convention).
//
// Reading is one pass: the scanner's tokens drive the content model's matcher, and values are made by declared type.
// Strings of a tree are cut from blocks of a few kilobytes that belong to the tree alone: they never keep the document
// alive, and a string that is kept keeps no more than its block. Writing walks the contract and looks up the tree.
package codec

import (
	"fmt"
	"strings"

	"sluice/contracts/shape"
	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/scan"
)

// Message reads and writes documents with one root element. It is safe for concurrent use.
type Message struct {
	schema *xsd.Schema
	root   *xsd.Element
	shape  *shape.Type
}

// ForElement makes the message whose root is e.
func ForElement(s *xsd.Schema, e *xsd.Element) *Message {
	return &Message{schema: s, root: e, shape: &shape.Type{
		Kind:   shape.Object,
		Fields: []shape.Field{{Name: e.Name.Local, Type: e.Shape(), Required: true, Doc: e.Doc}},
		Pos:    e.Pos,
	}}
}

// Element is the root.
func (m *Message) Element() *xsd.Element { return m.root }

// Shape is an object with one key: the element's local name.
func (m *Message) Shape() *shape.Type { return m.shape }

// Result is what a document says.
type Result struct {
	Tree  *tree.Object // one key: the element's local name
	Drift []Drift      // where the document departs from the contract and could be read all the same
}

// Drift is a place where a document departs from its contract and was read all the same.
type Drift struct {
	Path         string // with indexes: Ответ/ЧленСемьи[3]/ИНН; an attribute is @name; "" is the whole document
	Space        string // its namespace
	Text         string // what is the matter; "" means that the contract does not know it
	Line, Column int
}

func (d Drift) String() string {
	at := fmt.Sprintf("%s (line %d, column %d)", d.Path, d.Line, d.Column)
	switch {
	case d.Text == "":
		return at
	case d.Path == "":
		return d.Text
	}
	return at + ": " + d.Text
}

// outOfOrder is what drift says of an element that lenient reading took from another place.
const outOfOrder = "the element does not stand where the contract has it"

// maxDrift bounds how much drift one document reports.
const maxDrift = 100

// Error is a fault of a document or of a tree against the contract.
type Error struct {
	Path         string // with indexes: ЗапросСоставСемьи/ЧленСемьи[3]/ФИО
	Line, Column int    // of the document; 0 of a tree
	Text         string // what is wrong
	Expected     string // what the contract wants there, or ""
	Found        string // what is there, or ""
	Hint         string // what was probably meant, or ""
	Contract     string // file:line of the contract, or ""
	Limit        bool   // a bound on size or depth was met
	Err          error  // what the scanner said, or nil
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Path != "" {
		b.WriteString(e.Path + ": ")
	}
	b.WriteString(e.Text)
	if e.Expected != "" {
		b.WriteString("; expected " + e.Expected)
	}
	if e.Found != "" {
		b.WriteString("; found " + e.Found)
	}
	if e.Hint != "" {
		b.WriteString("; " + e.Hint)
	}
	var places []string
	if e.Line > 0 {
		places = append(places, fmt.Sprintf("line %d, column %d", e.Line, e.Column))
	}
	if e.Contract != "" {
		places = append(places, "contract "+e.Contract)
	}
	if len(places) > 0 {
		b.WriteString(" (" + strings.Join(places, "; ") + ")")
	}
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

// Options of reading; the zero value works.
type Options struct {
	Charset string      // what the Content-Type header said; "" leaves it to the document
	Limits  scan.Limits // zero fields mean the defaults
	Strict  bool        // what the contract does not know is an error, not drift
	// Lenient reads what can mean one thing only: elements in another order, and UTF-8 that claims to be something else.
	Lenient bool
	// Attachment finds what the href of an xop:Include means; nil where the message has no attachments.
	Attachment func(href string) (content []byte, ok bool)
}

// Decode reads a whole document in any supported charset. Errors are *Error.
func (m *Message) Decode(doc []byte) (Result, error) { return m.DecodeWith(doc, Options{}) }

// DecodeWith is Decode with options.
func (m *Message) DecodeWith(doc []byte, o Options) (Result, error) {
	r, err := NewReader(m.schema, doc, o)
	if err != nil {
		return Result{}, err
	}
	defer r.Close()
	if _, err := r.Next(); err != nil {
		return Result{}, err
	}
	if !r.At(m.root) {
		return Result{}, r.Unexpected("the document is another one", m.root.Name.String())
	}
	value, err := r.Element(m.root)
	if err != nil {
		return Result{}, err
	}
	if _, err := r.Next(); err != nil {
		return Result{}, err
	}
	return Result{Tree: tree.Of(m.root.Name.Local, value), Drift: r.Drift()}, nil
}

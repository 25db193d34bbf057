// Package codec turns agency XML into plain trees and back, directed by the contract (DESIGN.md §4 has the convention).
package codec

import (
	"errors"

	"sluice/contracts/shape"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/scan"
)

var errNotBuilt = errors.New("codec: not built yet")

// Message reads and writes documents with one root element. It is safe for concurrent use.
type Message struct{}

// Result is what a document says.
type Result struct {
	Tree  map[string]any // one key: the element's local name
	Drift []Drift        // what the contract does not know, in document order
}

// Drift is an element or attribute that a document has and its contract does not know.
type Drift struct {
	Path         string // with indexes: Ответ/ЧленСемьи[3]/ИНН; an attribute is @name
	Line, Column int
}

// Error is a fault of a document or of a tree against the contract.
type Error struct {
	Path         string // with indexes: ЗапросСоставСемьи/ЧленСемьи[3]/ФИО
	Line, Column int    // of the document; 0 for a tree
	Text         string // what is wrong
	Expected     string // what the contract wants there, or ""
	Found        string // what is there, or ""
}

func (e *Error) Error() string { return e.Text }

// Options of reading; the zero value works.
type Options struct {
	Charset string      // what the Content-Type header said; "" leaves it to the document
	Limits  scan.Limits // zero fields mean the defaults
	Strict  bool        // what the contract does not know is an error, not drift
}

// ForElement makes the message whose root is e.
func ForElement(s *xsd.Schema, e *xsd.Element) *Message { return &Message{} }

// Shape is an object with one key: the element's local name.
func (m *Message) Shape() *shape.Type { return &shape.Type{} }

// Append writes tree as XML in UTF-8, without an XML declaration. Errors are *Error.
func (m *Message) Append(dst []byte, tree map[string]any) ([]byte, error) { return dst, errNotBuilt }

// Decode reads a whole document in any supported charset. Errors are *Error.
func (m *Message) Decode(doc []byte) (Result, error) { return m.DecodeWith(doc, Options{}) }

// DecodeWith is Decode with options.
func (m *Message) DecodeWith(doc []byte, o Options) (Result, error) { return Result{}, errNotBuilt }

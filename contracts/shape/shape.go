// Package shape says what a tree may look like, in one vocabulary for every kind of contract:
// XSD, JSON Schema and OpenAPI all turn into it, and mappings are checked against it.
//
// Package tree has the trees themselves; docs/contracts.md has the convention.
package shape

import "sluice/contracts/diag"

// Kind is the sort of value that a tree holds at one place.
type Kind uint8

// The kinds. Any stands for what a contract leaves open (a wildcard, a schema without a type).
const (
	Any Kind = iota
	Object
	List
	String
	Bool
	Int    // int64
	Number // float64
)

func (k Kind) String() string {
	return [...]string{"anything", "an object", "a list", "a string", "a boolean", "an integer", "a number"}[k]
}

// Format narrows a String.
type Format string

// The formats that mappings know how to turn into one another. Dates and decimals are strings in a tree: no digit is lost.
const (
	Text     Format = ""
	Date     Format = "date"     // 2006-01-02, an optional zone in XML
	DateTime Format = "dateTime" // RFC 3339 in canonical JSON; the zone is optional in XML
	Time     Format = "time"
	Decimal  Format = "decimal" // xs:decimal, xs:integer, money
	Base64   Format = "base64"
	URI      Format = "uri"
	UUID     Format = "uuid"
	XML      Format = "xml" // one raw element, as wildcards hold it
)

// Type is what a tree may hold at one place. Types may be recursive: never walk one without remembering where you were.
type Type struct {
	Kind     Kind
	Format   Format   // of a String
	Fields   []Field  // of an Object, in the contract's order
	Choices  []Choice // of an Object: which fields exclude each other
	Open     bool     // an Object that may have fields beyond Fields
	Elem     *Type    // of a List
	MinItems int      // of a List
	MaxItems int      // of a List; 0 means without bound
	Enum     []string // of a String: the only values allowed; nil means any
	MinLen   int      // of a String, in characters
	MaxLen   int      // of a String, in characters; 0 means without bound
	Pattern  string   // of a String: the contract's own pattern, for people to read
	Nillable bool     // null is allowed (xsi:nil, or "null" among JSON Schema types)
	Name     string   // the contract's name of the type, for messages; may be ""
	Pos      diag.Pos // where the contract declares it
}

// Field is one key of an Object.
type Field struct {
	Name     string
	Type     *Type
	Required bool   // present in every valid tree; a field of a choice is never required by itself
	Fixed    string // the only value the contract allows, or ""
	Doc      string // the contract's documentation, for messages and `contract show`
}

// Choice says that of several groups of fields exactly one is present, or none where it is optional.
type Choice struct {
	Required bool
	Branches [][]string // names of fields; those of one branch come together
}

// Field returns the field called name, or nil.
func (t *Type) Field(name string) *Field {
	for i := range t.Fields {
		if t.Fields[i].Name == name {
			return &t.Fields[i]
		}
	}
	return nil
}

// Names lists the fields of an object, in order, for suggestions.
func (t *Type) Names() []string {
	names := make([]string, len(t.Fields))
	for i := range t.Fields {
		names[i] = t.Fields[i].Name
	}
	return names
}

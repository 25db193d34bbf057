// Package mappings is the mapping language: one YAML file an operation, shaped like its target, that says which
// field of one message goes to which field of another.
//
// A file is read by Parse, a section of it is proved against the contracts of both sides by Compile, and the
// Program that comes out is a pure function of its Input: no clock, no randomness, no network, bounded size and
// time. docs/mappings.md describes the language; it is made from reference.md and the table of functions.
//
//go:generate go test -run TestReference -update
package mappings

import (
	"fmt"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

// Sources gives the shape of each root that a section may read, by the root's name (see Roots).
type Sources map[string]*shape.Type

// Input holds the source trees of one run. A root that the section does not read may be nil.
type Input struct {
	Request    any // the canonical request
	Message    any // what the hub knows of this exchange: {"id": the message id, the same for every attempt}
	Reply      any // the agency's answer
	Fault      any // the agency's fault, in the tree of DESIGN §4
	Push       any // what the agency sent by itself
	Receipt    any // what the agency answered earlier: {"externalId": …}
	Supplement any // what the portal adds to a request
	Result     any // what the hub made of a push
}

// Output is what a mapping made.
type Output struct {
	Tree    *tree.Object
	Unknown []Unknown // codes that the tables lack, in the order met
}

// Unknown is an agency's code that a table lacks: kept raw and reported, never guessed.
type Unknown struct {
	Table string
	Value string
	Path  string // the target field, such as statuses[2].status
}

// Error is a mapping that could not be carried out on one message.
type Error struct {
	Pos     diag.Pos // the place in the mapping file
	Path    string   // the target field, with indexes, such as ЗапросСоставСемьи.ЧленСемьи[2].ФИО
	Message string   // what is wrong; holds no personal data
	Refused bool     // required(…) says so: the author of the mapping meant it
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s: %s: %s", e.Pos, e.Path, e.Message)
}

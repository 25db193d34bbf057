package mappings

import (
	"errors"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
)

var errNotBuilt = errors.New("not built yet")

// File is one parsed mapping file.
type File struct{ name, hash string }

// Parse reads a mapping file. The error is a diag.List.
func Parse(name string, src []byte) (*File, error) { return &File{name: name}, nil }

// Sections lists the sections of the file, in its order: "request", "receipt", "push.status" …
func (f *File) Sections() []string { return nil }

// Hash is the SHA-256 of the file, in hexadecimal.
func (f *File) Hash() string { return f.hash }

// Compile proves one section against the shapes of its sources and its target.
// The program is nil when the list holds an error; warnings may come with a program.
func (f *File) Compile(section string, sources Sources, target *shape.Type) (*Program, diag.List) {
	return nil, diag.List{{Message: errNotBuilt.Error()}}
}

// Program is a compiled section, safe for concurrent use.
type Program struct{}

// Run maps one input. The error is an *Error.
func (p *Program) Run(in Input) (Output, error) { return Output{}, errNotBuilt }

// Condition is a compiled `when:`, safe for concurrent use.
type Condition struct{}

// CompileCondition proves an expression that must come out true or false; at is where src starts in its file.
func CompileCondition(src string, at diag.Pos, sources Sources) (*Condition, diag.List) {
	return nil, diag.List{{Message: errNotBuilt.Error()}}
}

// Holds tells whether the condition is true of the input.
func (c *Condition) Holds(in Input) (bool, error) { return false, errNotBuilt }

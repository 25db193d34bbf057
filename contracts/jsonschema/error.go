package jsonschema

import "fmt"

// SyntaxError says why a text is no JSON that Sluice takes, and where.
type SyntaxError struct {
	Code    string // duplicate-key, syntax, too-deep, too-large …
	Line    int    // from 1
	Column  int    // from 1, in characters
	Pointer string // RFC 6901, to the value being read
	RU, EN  string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.EN)
}

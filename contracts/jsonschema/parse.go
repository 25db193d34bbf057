package jsonschema

import "errors"

// Limits bound what ParseJSON takes; a zero field means its default.
type Limits struct {
	Bytes  int // of the whole text; default 16 MiB
	Depth  int // of nested objects and lists; default 64
	Values int // members, items and scalars in all; default 1,000,000
}

// ParseJSON reads one JSON text strictly.
func ParseJSON(data []byte, limits Limits) (any, error) { return nil, errors.New("not built yet") }

// AppendJSON appends tree as JSON with its keys sorted.
func AppendJSON(dst []byte, tree any) ([]byte, error) { return nil, errors.New("not built yet") }

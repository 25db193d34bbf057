// Package openapi reads agencies' OpenAPI 3.0 and 3.1 files: operations, their parameters, bodies and replies.
package openapi

import (
	"errors"
	"io/fs"

	"sluice/contracts/jsonschema"
	"sluice/contracts/shape"
)

// API is one OpenAPI file, compiled; safe for concurrent use.
type API struct{}

// Operation is one operation of an API.
type Operation struct {
	ID               string
	Method           string // upper case
	Path             string // with {names}
	Parameters       []Parameter
	Request          *jsonschema.Schema // of the body; nil when it has none
	RequestRequired  bool
	RequestMediaType string
	Replies          map[int]*jsonschema.Schema // by status; 0 is the default, 1 to 5 are 1XX to 5XX; nil schema: no body
}

// Parameter is one value outside the body.
type Parameter struct {
	Name     string
	In       string // path, query, header
	Required bool
	Schema   *jsonschema.Schema
}

// Load reads the OpenAPI file path of fsys, YAML or JSON.
func Load(fsys fs.FS, path string) (*API, error) { return nil, errors.New("not built yet") }

// Operation finds an operation by its operationId.
func (a *API) Operation(id string) (*Operation, error) { return nil, errors.New("not built yet") }

// Operations lists the operations in the file's order.
func (a *API) Operations() []*Operation { return nil }

// RequestShape is the target of a request mapping: {path, query, header, body}, of these only what the operation has.
func (o *Operation) RequestShape() *shape.Type { return nil }

// ReplyShape is the source of a reply mapping: {status, header, body}.
func (o *Operation) ReplyShape() *shape.Type { return nil }

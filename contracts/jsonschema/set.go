// Package jsonschema reads JSON strictly and holds it against JSON Schema 2020-12.
//
// Schemas are read and resolved by santhosh-tekuri/jsonschema; a checker of our own, compiled from its model, does the
// checking, because every accepted request passes through it.
package jsonschema

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
)

// Schema is one compiled schema; safe for concurrent use.
type Schema struct {
	root     *node
	compiled *santhosh.Schema
	shape    *shape.Type
}

// Shape says what trees the schema allows. A tree's whole number is an int64 also where the shape says Number.
func (s *Schema) Shape() *shape.Type { return s.shape }

// Load compiles the schema in the file path of fsys. References lead to other files of fsys by relative path; nothing is
// ever fetched. Errors are diag.List.
func Load(fsys fs.FS, path string) (*Schema, error) { return NewSet(fsys).Schema(path) }

// Set compiles schemas that share files. It is not safe for concurrent use; the schemas it makes are.
type Set struct {
	layers   []fs.FS
	compiler *santhosh.Compiler
	files    map[string]Places
	nodes    map[*santhosh.Schema]*node
	shapes   *shapes
}

// NewSet makes a set over the layers: a file is taken from the first that has it.
func NewSet(layers ...fs.FS) *Set {
	s := &Set{
		layers:   layers,
		compiler: santhosh.NewCompiler(),
		files:    map[string]Places{},
		nodes:    map[*santhosh.Schema]*node{},
	}
	s.shapes = &shapes{set: s, known: map[*santhosh.Schema]*shape.Type{}, building: map[*shape.Type]bool{}}
	s.compiler.AssertFormat()
	for _, f := range ownFormats() {
		s.compiler.RegisterFormat(f)
	}
	s.compiler.UseLoader(s)
	s.compiler.UseRegexpEngine(compilePattern)
	return s
}

const scheme = "contract:///"

func fileURL(path string) string { return scheme + (&url.URL{Path: path}).EscapedPath() }

// filePath undoes fileURL and splits off the fragment.
func filePath(location string) (path, fragment string, ok bool) {
	location, fragment, _ = strings.Cut(location, "#")
	rest, ok := strings.CutPrefix(location, scheme)
	if !ok {
		return "", "", false
	}
	path, err := url.PathUnescape(rest)
	if err != nil {
		return "", "", false
	}
	if f, err := url.PathUnescape(fragment); err == nil {
		fragment = f
	}
	return path, fragment, true
}

// Load serves the compiler: a file of the layers, and never the network.
func (s *Set) Load(location string) (any, error) {
	path, _, ok := filePath(location)
	if !ok {
		return nil, errors.New("it is not a file of this workspace; references must be relative paths, nothing is fetched")
	}
	for _, layer := range s.layers {
		data, err := fs.ReadFile(layer, path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		where := Places{}
		doc, err := parse(data, Limits{}, where)
		if e := (*SyntaxError)(nil); errors.As(err, &e) {
			return nil, diag.Problem{Pos: diag.Pos{File: path, Line: e.Line, Column: e.Column}, Code: "bad-json", Message: e.EN}
		}
		s.files[path] = where
		return doc, err
	}
	return nil, fmt.Errorf("there is no file %s", path)
}

// Add puts a document that was read elsewhere (YAML, say) under the path.
func (s *Set) Add(path string, doc any, where Places) error {
	s.files[path] = where
	if err := s.compiler.AddResource(fileURL(path), doc); err != nil {
		return s.explain(path, err)
	}
	return nil
}

// Schema compiles the schema at path, or at path#/pointer.
func (s *Set) Schema(ref string) (*Schema, error) {
	path, pointer, _ := strings.Cut(ref, "#")
	location := fileURL(path)
	if pointer != "" {
		location += "#" + (&url.URL{Path: pointer}).EscapedPath()
	}
	compiled, err := s.compiler.Compile(location)
	if err != nil {
		return nil, s.explain(path, err)
	}
	return &Schema{root: s.node(compiled), compiled: compiled, shape: s.shapes.of(compiled)}, nil
}

// pos finds the place of a compiled schema.
func (s *Set) pos(location string) (diag.Pos, Place) {
	path, pointer, ok := filePath(location)
	if !ok {
		return diag.Pos{}, Place{}
	}
	at := s.files[path][pointer]
	return diag.Pos{File: path, Line: at.Line, Column: at.Column}, at
}

// explain turns the compiler's error into problems with places.
func (s *Set) explain(path string, err error) error {
	var load *santhosh.LoadURLError
	var invalid *santhosh.SchemaValidationError
	var missing *santhosh.JSONPointerNotFoundError
	one := func(pos diag.Pos, code, format string, args ...any) error {
		return diag.List{{Pos: pos, Code: code, Message: fmt.Sprintf(format, args...)}}
	}
	switch {
	case errors.As(err, &load):
		var p diag.Problem
		if errors.As(load.Err, &p) {
			return diag.List{p}
		}
		target := load.URL
		if p, _, ok := filePath(load.URL); ok {
			target = p
		}
		return one(diag.Pos{File: path}, "unreadable-reference", "can't read %s: %v", target, load.Err)
	case errors.As(err, &invalid):
		var v *santhosh.ValidationError
		if !errors.As(invalid.Err, &v) {
			break
		}
		var list diag.List
		said := map[string]bool{}
		for _, leaf := range leaves(v) {
			at := strings.Join(leaf.InstanceLocation, "/")
			if said[at] {
				continue // the other variants of the same value
			}
			said[at] = true
			pos := s.nearest(invalid.URL, leaf.InstanceLocation)
			list = append(list, diag.Problem{Pos: pos, Code: "bad-schema", Message: fmt.Sprintf("/%s is no valid JSON Schema: %s",
				at, leaf.ErrorKind.LocalizedString(english))})
		}
		return list
	case errors.As(err, &missing):
		file, pointer, _ := filePath(missing.URL)
		return one(diag.Pos{File: path}, "missing-reference", "%s has nothing at %s", file, pointer)
	}
	return one(diag.Pos{File: path}, "bad-schema", "%v", err)
}

// nearest is the place of the innermost object that encloses the tokens.
func (s *Set) nearest(location string, tokens []string) diag.Pos {
	path, _, _ := filePath(location)
	for n := len(tokens); n >= 0; n-- {
		var pointer []byte
		for _, token := range tokens[:n] {
			pointer = appendToken(append(pointer, '/'), token)
		}
		if at, ok := s.files[path][string(pointer)]; ok {
			return diag.Pos{File: path, Line: at.Line, Column: at.Column}
		}
	}
	return diag.Pos{File: path}
}

// compilePattern reads ECMA 262 patterns as far as Go's linear-time syntax goes; what differs in spelling is respelt.
func compilePattern(pattern string) (santhosh.Regexp, error) {
	return regexp.Compile(ecma.ReplaceAllStringFunc(pattern, func(escape string) string {
		switch {
		case escape[1] == 'u':
			return `\x{` + strings.Trim(escape[2:], "{}") + `}`
		case escape[1] == 'c':
			return `\x` + strconv.FormatInt(0x100+int64(escape[2]&31), 16)[1:]
		case escape == `\/`:
			return `/`
		}
		return escape
	}))
}

// ecma finds escapes; pairs of backslashes are matched too, so that the second never starts one.
var ecma = regexp.MustCompile(`\\u\{[0-9a-fA-F]+\}|\\u[0-9a-fA-F]{4}|\\c[A-Za-z]|\\.`)

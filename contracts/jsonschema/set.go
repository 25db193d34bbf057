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
	"sluice/contracts/tree"
)

// Schema is one compiled schema; safe for concurrent use.
type Schema struct {
	root     *node
	compiled *santhosh.Schema
	shape    *shape.Type
}

// Shape says what trees the schema allows. A tree's whole number is an int64 also where the shape says Number.
func (s *Schema) Shape() *shape.Type { return s.shape }

// Compiled is the schema as the library holds it, for those who walk it. Nobody may change it.
func (s *Schema) Compiled() *santhosh.Schema { return s.compiled }

// Load compiles the schema in the file path of fsys. References lead to other files of fsys by relative path; nothing is
// ever fetched. Errors are diag.List.
func Load(fsys fs.FS, path string) (*Schema, error) { return NewSet(fsys).Schema(path) }

// Set compiles schemas that share files. It is not safe for concurrent use; the schemas it makes are.
type Set struct {
	// Rewrite, where set, mends each document once after it is read and before anything is compiled from it.
	Rewrite func(doc any)

	layers    []fs.FS
	compiler  *santhosh.Compiler
	documents map[string]any
	files     map[string]Places
	nodes     map[*santhosh.Schema]*node
	shapes    *shapes
}

// NewSet makes a set over the layers: a file is taken from the first that has it.
func NewSet(layers ...fs.FS) *Set {
	s := &Set{
		layers:    layers,
		compiler:  santhosh.NewCompiler(),
		documents: map[string]any{},
		files:     map[string]Places{},
		nodes:     map[*santhosh.Schema]*node{},
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
	return s.Document(path)
}

// Document reads a file of the layers once, JSON or, by its ending, YAML. Nobody may change the tree.
func (s *Set) Document(path string) (any, error) {
	if doc, ok := s.documents[path]; ok {
		return doc, nil
	}
	data, err := s.read(path)
	if err != nil {
		return nil, err
	}
	doc, where, err := parseFile(path, data)
	if err != nil {
		return nil, err
	}
	if s.Rewrite != nil {
		s.Rewrite(doc)
	}
	s.documents[path], s.files[path] = doc, where
	return doc, nil
}

func (s *Set) read(path string) ([]byte, error) {
	for _, layer := range s.layers {
		data, err := fs.ReadFile(layer, path)
		if !errors.Is(err, fs.ErrNotExist) {
			return data, err
		}
	}
	return nil, fmt.Errorf("there is no file %s", path)
}

func parseFile(path string, data []byte) (any, Places, error) {
	if strings.HasSuffix(path, ".yaml") || strings.HasSuffix(path, ".yml") {
		return parseYAML(path, data)
	}
	where := Places{}
	doc, err := parse(data, Limits{Bytes: 64 << 20}, where)
	if e := (*SyntaxError)(nil); errors.As(err, &e) {
		return nil, nil, diag.Problem{Pos: diag.Pos{File: path, Line: e.Line, Column: e.Column}, Code: "bad-json", Message: e.EN}
	}
	return tree.Plain(doc), where, err
}

// Pos is the place of the object or list at path#/pointer, or of the nearest around it.
func (s *Set) Pos(path, pointer string) diag.Pos {
	for {
		if at, ok := s.files[path][pointer]; ok {
			return diag.Pos{File: path, Line: at.Line, Column: at.Column}
		}
		slash := strings.LastIndexByte(pointer, '/')
		if slash < 0 {
			return diag.Pos{File: path}
		}
		pointer = pointer[:slash]
	}
}

// Keys are the keys of the object at path#/pointer in the file's order.
func (s *Set) Keys(path, pointer string) []string { return s.files[path][pointer].Keys }

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
		file, base, _ := filePath(invalid.URL)
		for _, leaf := range leaves(v) {
			at := base + pointerOf(leaf.InstanceLocation)
			if said[at] {
				continue // the other variants of the same value
			}
			said[at] = true
			list = append(list, diag.Problem{Pos: s.Pos(file, at), Code: "bad-schema", Message: fmt.Sprintf("%s is no valid JSON Schema: %s",
				at, leaf.ErrorKind.LocalizedString(english))})
		}
		return list
	case errors.As(err, &missing):
		file, pointer, _ := filePath(missing.URL)
		return one(diag.Pos{File: path}, "missing-reference", "%s has nothing at %s", file, pointer)
	}
	return one(diag.Pos{File: path}, "bad-schema", "%v", err)
}

// pointerOf joins reference tokens.
func pointerOf(tokens []string) string {
	var pointer []byte
	for _, token := range tokens {
		pointer = appendToken(append(pointer, '/'), token)
	}
	return string(pointer)
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

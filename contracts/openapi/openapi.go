// Package openapi reads agencies' OpenAPI 3.0 and 3.1 files: operations, their parameters, bodies and replies.
package openapi

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"sluice/contracts/diag"
	"sluice/contracts/jsonschema"
	"sluice/contracts/shape"
)

// API is one OpenAPI file; safe for concurrent use. What an operation needs is compiled when it is asked for first.
type API struct {
	set        *jsonschema.Set
	operations []found // in the file's order

	mu       sync.Mutex
	compiled map[string]*Operation
}

// found is an operation as it stands in the file.
type found struct {
	id, method, path string
	at               node
	shared           []node // parameters of the path
}

// Operation is one operation of an API. A request's tree is {path, query, header, body}, of these what it has.
type Operation struct {
	ID               string
	Method           string // upper case
	Path             string // with {names}
	Parameters       []Parameter
	Request          *jsonschema.Schema // of the body; nil when it has none
	RequestRequired  bool
	RequestMediaType string
	Replies          map[int]*jsonschema.Schema // by status; 0 is the default, 1 to 5 are 1XX to 5XX; nil: no JSON body
}

// Parameter is one value outside the body.
type Parameter struct {
	Name     string
	In       string // path, query, header
	Required bool
	Schema   *jsonschema.Schema // nil lets everything through
}

// methods are those of a path item, in the order in which operations of one path are listed.
var methods = []string{"get", "put", "post", "delete", "options", "head", "patch", "trace"}

// Load reads the OpenAPI file at path of fsys, YAML or JSON. References may lead to other files of fsys. Errors are diag.List.
func Load(fsys fs.FS, path string) (*API, error) {
	a := &API{set: jsonschema.NewSet(fsys), compiled: map[string]*Operation{}}
	a.set.Rewrite = new(rewriter).rewrite
	doc, err := a.set.Document(path)
	if err != nil {
		return nil, diag.Of(fmt.Errorf("reading %s: %w", path, err))
	}
	root := node{file: path, value: doc}
	version, _ := root.get("openapi").value.(string)
	if !strings.HasPrefix(version, "3.0.") && !strings.HasPrefix(version, "3.1.") {
		return nil, a.problem(root, "bad-openapi", "it says openapi: %q; 3.0 and 3.1 are read", version)
	}
	paths := root.get("paths")
	for _, route := range a.keys(paths) {
		item, err := a.follow(paths.get(route))
		if err != nil {
			return nil, err
		}
		shared := item.get("parameters").items()
		for _, method := range methods {
			op := item.get(method)
			if op.value == nil {
				continue
			}
			id, _ := op.get("operationId").value.(string)
			if slices.ContainsFunc(a.operations, func(f found) bool { return f.id == id && id != "" }) {
				return nil, a.problem(op, "operation-twice", "operationId %s is there twice", id)
			}
			a.operations = append(a.operations, found{id: id, method: method, path: route, at: op, shared: shared})
		}
	}
	return a, nil
}

// IDs lists the operations that have an operationId, in the file's order.
func (a *API) IDs() []string {
	var ids []string
	for _, f := range a.operations {
		if f.id != "" {
			ids = append(ids, f.id)
		}
	}
	return ids
}

// Operation finds an operation by its operationId. Errors are diag.List.
func (a *API) Operation(id string) (*Operation, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if op, ok := a.compiled[id]; ok {
		return op, nil
	}
	i := slices.IndexFunc(a.operations, func(f found) bool { return f.id == id && id != "" })
	if i < 0 {
		ids := a.IDs()
		hint := diag.Suggest(id, ids)
		if hint == "" {
			hint = "it has " + strings.Join(ids, ", ")
		}
		return nil, diag.List{{Code: "unknown-operation", Message: fmt.Sprintf("the contract has no operation %q", id), Hint: hint}}
	}
	op, err := a.compile(a.operations[i])
	if err != nil {
		return nil, err
	}
	a.compiled[id] = op
	return op, nil
}

func (a *API) compile(f found) (*Operation, error) {
	op := &Operation{ID: f.id, Method: strings.ToUpper(f.method), Path: f.path, Replies: map[int]*jsonschema.Schema{}}
	if err := a.parameters(op, append(slices.Clone(f.shared), f.at.get("parameters").items()...)); err != nil {
		return nil, err
	}
	for _, name := range pathNames(f.path) {
		if !slices.ContainsFunc(op.Parameters, func(p Parameter) bool { return p.In == "path" && p.Name == name }) {
			return nil, a.problem(f.at, "missing-parameter", "the path's {%s} is no parameter", name)
		}
	}
	body, err := a.follow(f.at.get("requestBody"))
	if err != nil {
		return nil, err
	}
	op.RequestRequired, _ = body.get("required").value.(bool)
	if op.RequestMediaType, op.Request, err = a.content(body); err != nil {
		return nil, err
	}
	replies := f.at.get("responses")
	for _, key := range a.keys(replies) {
		status, ok := statusOf(key)
		if !ok {
			return nil, a.problem(replies, "bad-status", "%q is no status", key)
		}
		reply, err := a.follow(replies.get(key))
		if err != nil {
			return nil, err
		}
		if _, op.Replies[status], err = a.content(reply); err != nil {
			return nil, err
		}
	}
	return op, nil
}

// statusOf reads 200, 2XX and default.
func statusOf(key string) (int, bool) {
	switch {
	case key == "default":
		return 0, true
	case len(key) == 3 && strings.EqualFold(key[1:], "XX") && '1' <= key[0] && key[0] <= '5':
		return int(key[0] - '0'), true
	}
	n, err := strconv.Atoi(key)
	return n, err == nil && 100 <= n && n <= 599
}

// parameters adds the parameters; a later one of the same name and place replaces the earlier, as an operation's does the path's.
func (a *API) parameters(op *Operation, list []node) error {
	for _, n := range list {
		n, err := a.follow(n)
		if err != nil {
			return err
		}
		var p Parameter
		p.Name, _ = n.get("name").value.(string)
		p.In, _ = n.get("in").value.(string)
		p.Required, _ = n.get("required").value.(bool)
		switch p.In {
		case "path", "query":
		case "header":
			if reserved := []string{"accept", "content-type", "authorization"}; slices.Contains(reserved, strings.ToLower(p.Name)) {
				continue // OpenAPI: such a definition shall be ignored
			}
		case "cookie":
			if p.Required {
				return a.problem(n, "cookie-parameter", "the cookie parameter %s is required; cookies are not supported", p.Name)
			}
			continue
		default:
			return a.problem(n, "bad-parameter", "parameter %q is in %q; path, query, header are read", p.Name, p.In)
		}
		schema := n.get("schema")
		if schema.value == nil {
			_, p.Schema, err = a.content(n)
		} else {
			p.Schema, err = a.schema(schema)
		}
		if err != nil {
			return err
		}
		same := func(other Parameter) bool { return other.Name == p.Name && other.In == p.In }
		if i := slices.IndexFunc(op.Parameters, same); i >= 0 {
			op.Parameters[i] = p
			continue
		}
		op.Parameters = append(op.Parameters, p)
	}
	return nil
}

// content picks the media type of a body, JSON before others, and its schema.
func (a *API) content(body node) (mediaType string, schema *jsonschema.Schema, err error) {
	content := body.get("content")
	types := a.keys(content)
	if len(types) == 0 {
		return "", nil, nil
	}
	mediaType = types[0]
	for _, t := range types {
		if IsJSON(t) {
			mediaType = t
			break
		}
	}
	if at := content.get(mediaType).get("schema"); at.value != nil {
		schema, err = a.schema(at)
	}
	return mediaType, schema, err
}

// IsJSON tells whether a media type, with parameters or without, is JSON.
func IsJSON(mediaType string) bool {
	t, _, _ := strings.Cut(strings.ToLower(mediaType), ";")
	t = strings.TrimSpace(t)
	return t == "application/json" || strings.HasSuffix(t, "+json") || t == "text/json" || t == "*/*"
}

func (a *API) schema(n node) (*jsonschema.Schema, error) {
	return a.set.Schema(n.file + "#" + n.pointer)
}

// pathNames lists the {names} of a path.
func pathNames(route string) []string {
	var names []string
	for _, part := range strings.Split(route, "{")[1:] {
		name, _, _ := strings.Cut(part, "}")
		names = append(names, name)
	}
	return names
}

// RequestShape is the target of a request mapping: {path, query, header, body}, of these what the operation has.
func (o *Operation) RequestShape() *shape.Type {
	t := &shape.Type{Kind: shape.Object, Name: o.ID}
	for _, in := range []string{"path", "query", "header"} {
		part := &shape.Type{Kind: shape.Object, Name: in}
		required := false
		for _, p := range o.Parameters {
			if p.In != in {
				continue
			}
			of := &shape.Type{}
			if p.Schema != nil {
				of = p.Schema.Shape()
			}
			part.Fields = append(part.Fields, shape.Field{Name: p.Name, Required: p.Required || in == "path", Type: of})
			required = required || p.Required || in == "path"
		}
		if len(part.Fields) > 0 {
			t.Fields = append(t.Fields, shape.Field{Name: in, Required: required, Type: part})
		}
	}
	if o.Request != nil {
		t.Fields = append(t.Fields, shape.Field{Name: "body", Required: o.RequestRequired, Type: o.Request.Shape()})
	}
	return t
}

// node is a place of a document.
type node struct {
	file, pointer string
	value         any
}

func (n node) get(key string) node {
	m, _ := n.value.(map[string]any)
	return node{n.file, n.pointer + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key), m[key]}
}

func (n node) items() []node {
	list, ok := n.value.([]any)
	if !ok {
		return nil
	}
	out := make([]node, len(list))
	for i, v := range list {
		out[i] = node{n.file, n.pointer + "/" + strconv.Itoa(i), v}
	}
	return out
}

// keys are the keys of an object in the file's order, without extensions.
func (a *API) keys(n node) []string {
	if _, ok := n.value.(map[string]any); !ok {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(a.set.Keys(n.file, n.pointer)), func(k string) bool { return strings.HasPrefix(k, "x-") })
}

func (a *API) problem(n node, code, format string, args ...any) error {
	return diag.List{{Pos: a.set.Pos(n.file, n.pointer), Code: code, Message: fmt.Sprintf(format, args...)}}
}

// follow goes where a reference leads, over several if need be.
func (a *API) follow(n node) (node, error) {
	for range 16 {
		ref, ok := n.get("$ref").value.(string)
		if !ok {
			return n, nil
		}
		file, fragment, _ := strings.Cut(ref, "#")
		target := node{file: n.file}
		if file != "" {
			if strings.Contains(file, "://") {
				return n, a.problem(n, "bad-reference", "%s is not a file beside the contract; nothing is fetched", ref)
			}
			target.file = path.Join(path.Dir(n.file), file)
		}
		doc, err := a.set.Document(target.file)
		if err != nil {
			return n, a.problem(n, "bad-reference", "can't follow %s: %v", ref, err)
		}
		target.value = doc
		if unescaped, err := url.PathUnescape(fragment); err == nil {
			fragment = unescaped
		}
		for _, token := range strings.Split(fragment, "/")[1:] {
			token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
			if list := target.items(); list != nil {
				i, err := strconv.Atoi(token)
				if err != nil || i < 0 || i >= len(list) {
					return n, a.problem(n, "bad-reference", "%s leads nowhere", ref)
				}
				target = list[i]
				continue
			}
			target = target.get(token)
		}
		if target.value == nil {
			return n, a.problem(n, "bad-reference", "%s leads nowhere", ref)
		}
		n = target
	}
	return n, a.problem(n, "bad-reference", "the references go round in a circle")
}

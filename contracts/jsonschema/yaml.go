package jsonschema

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/contracts/diag"
)

// maxYAML bounds the values of a YAML file once its aliases are written out.
const maxYAML = 1_000_000

// parseYAML reads a YAML file as the JSON tree that it stands for. Keys are taken as written, so that `200:` is "200", and
// so are dates. A key that is there twice is an error.
func parseYAML(file string, data []byte) (any, Places, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, nil, diag.Problem{Pos: diag.Pos{File: file}, Code: "bad-yaml", Message: strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	if doc.Kind == 0 {
		return nil, nil, diag.Problem{Pos: diag.Pos{File: file}, Code: "bad-yaml", Message: "the file is empty"}
	}
	r := yamlReader{file: file, where: Places{}}
	v, err := r.value(doc.Content[0], "", 0)
	return v, r.where, err
}

type yamlReader struct {
	file   string
	where  Places
	values int
}

func (r *yamlReader) fail(n *yaml.Node, format string, args ...any) error {
	return diag.Problem{Pos: diag.Pos{File: r.file, Line: n.Line, Column: n.Column}, Code: "bad-yaml", Message: fmt.Sprintf(format, args...)}
}

func (r *yamlReader) value(n *yaml.Node, pointer string, depth int) (any, error) {
	if r.values++; r.values > maxYAML || depth > 200 {
		return nil, r.fail(n, "the file is too large or too deep once its aliases are written out")
	}
	switch n.Kind {
	case yaml.AliasNode:
		return r.value(n.Alias, pointer, depth+1)
	case yaml.SequenceNode:
		r.where[pointer] = Place{Line: n.Line, Column: n.Column}
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			v, err := r.value(item, pointer+"/"+strconv.Itoa(i), depth+1)
			if err != nil {
				return nil, err
			}
			list[i] = v
		}
		return list, nil
	case yaml.MappingNode:
		return r.object(n, pointer, depth)
	}
	return r.scalar(n)
}

func (r *yamlReader) object(n *yaml.Node, pointer string, depth int) (any, error) {
	m := make(map[string]any, len(n.Content)/2)
	at := Place{Line: n.Line, Column: n.Column}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind == yaml.AliasNode {
			k = k.Alias
		}
		switch {
		case k.Kind != yaml.ScalarNode:
			return nil, r.fail(k, "a key must be a plain value")
		case k.Tag == "!!merge":
			return nil, r.fail(k, "merge keys are not JSON; write the keys out")
		}
		if _, twice := m[k.Value]; twice {
			return nil, r.fail(k, "the key %q is there twice", k.Value)
		}
		v, err := r.value(n.Content[i+1], pointer+"/"+string(appendToken(nil, k.Value)), depth+1)
		if err != nil {
			return nil, err
		}
		m[k.Value] = v
		at.Keys = append(at.Keys, k.Value)
	}
	r.where[pointer] = at
	return m, nil
}

func (r *yamlReader) scalar(n *yaml.Node) (any, error) {
	switch n.ShortTag() {
	case "!!null":
		return nil, nil
	case "!!bool":
		var b bool
		err := n.Decode(&b)
		return b, err
	case "!!int":
		var i int64
		if err := n.Decode(&i); err == nil {
			return i, nil
		}
		return treeNumber(n.Value)
	case "!!float":
		return treeNumber(n.Value)
	}
	return n.Value, nil
}

// treeNumber reads a number that JSON has too; what it hasn't (.inf, 0x1p4, more digits) stays text.
func treeNumber(text string) (any, error) {
	v, err := ParseJSON([]byte(text), Limits{})
	if err != nil {
		return text, nil
	}
	return v, nil
}

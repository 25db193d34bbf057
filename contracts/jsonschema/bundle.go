package jsonschema

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"sluice/contracts/tree"
)

// Bundle makes the JSON or YAML document at path self-contained and gives it as JSON: whatever its references reach in
// other files is put under the container (such as /$defs), and the references lead there.
func (s *Set) Bundle(path, container string) ([]byte, error) {
	b := &bundler{set: s, container: container, home: map[string]string{path: ""}, parts: map[string]any{}}
	doc, err := b.document(path)
	if err != nil {
		return nil, err
	}
	root, ok := doc.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is no JSON object", path)
	}
	if err := b.resolve(root, path); err != nil {
		return nil, err
	}
	if len(b.parts) > 0 {
		at := root
		for _, token := range strings.Split(strings.TrimPrefix(container, "/"), "/") {
			next, ok := at[token].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[token] = next
			}
			at = next
		}
		for name, part := range b.parts {
			if _, taken := at[name]; taken {
				return nil, fmt.Errorf("bundling %s: %s/%s is taken", path, container, name)
			}
			at[name] = part
		}
	}
	return AppendJSON(nil, tree.From(root))
}

type bundler struct {
	set       *Set
	container string
	home      map[string]string // file -> pointer under which it lies in the bundle
	parts     map[string]any
}

// resolve rewrites the references of a part of the file.
func (b *bundler) resolve(v any, file string) error {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if err := b.resolve(item, file); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, item := range v {
			ref, isRef := item.(string)
			if key != "$ref" || !isRef {
				if err := b.resolve(item, file); err != nil {
					return err
				}
				continue
			}
			target, fragment, _ := strings.Cut(ref, "#")
			if target != "" {
				if p, err := url.PathUnescape(target); err == nil {
					target = p
				}
				target = path.Join(path.Dir(file), target)
			} else {
				target = file
			}
			if err := b.include(target); err != nil {
				return err
			}
			v[key] = "#" + b.home[target] + fragment
		}
	}
	return nil
}

// include takes a file into the bundle, once.
func (b *bundler) include(file string) error {
	if _, ok := b.home[file]; ok {
		return nil
	}
	name := strings.TrimSuffix(strings.TrimSuffix(path.Base(file), ".json"), ".schema")
	if _, taken := b.parts[name]; taken {
		name = strings.ReplaceAll(file, "/", ".")
	}
	b.home[file] = b.container + "/" + name
	doc, err := b.document(file)
	if err != nil {
		return err
	}
	if m, ok := doc.(map[string]any); ok {
		delete(m, "$schema")
	}
	b.parts[name] = doc
	return b.resolve(doc, file)
}

// document reads a file anew, because the bundle changes it.
func (b *bundler) document(file string) (any, error) {
	data, err := b.set.read(file)
	if err != nil {
		return nil, err
	}
	doc, _, err := parseFile(file, data)
	return doc, err
}

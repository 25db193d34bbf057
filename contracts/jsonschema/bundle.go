package jsonschema

import (
	"fmt"
	"net/url"
	"path"
	"strings"
)

// Bundle makes the JSON document at file self-contained: whatever its references reach in other files is put under the
// container (such as /$defs), and the references lead there. read gives a file's bytes.
func Bundle(read func(file string) ([]byte, error), file, container string) ([]byte, error) {
	data, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	doc, err := ParseJSON(data, Limits{})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	root, ok := doc.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s is no JSON object", file)
	}
	if err := BundleTree(read, file, root, container); err != nil {
		return nil, err
	}
	return AppendJSON(nil, root)
}

// BundleTree is Bundle for a document that is a tree already; the tree is changed.
func BundleTree(read func(file string) ([]byte, error), file string, root map[string]any, container string) error {
	b := &bundler{read: read, container: container, home: map[string]string{file: ""}, parts: map[string]any{}}
	if err := b.resolve(root, file); err != nil {
		return err
	}
	if len(b.parts) == 0 {
		return nil
	}
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
			return fmt.Errorf("bundling %s: %s/%s is taken", file, container, name)
		}
		at[name] = part
	}
	return nil
}

type bundler struct {
	read      func(string) ([]byte, error)
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
	data, err := b.read(file)
	if err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	doc, err := ParseJSON(data, Limits{})
	if err != nil {
		return fmt.Errorf("reading %s: %w", file, err)
	}
	if m, ok := doc.(map[string]any); ok {
		delete(m, "$schema")
	}
	b.parts[name] = doc
	return b.resolve(doc, file)
}

package openapi

import "strings"

// rewriter mends documents before schemas are compiled from them: schemas of OpenAPI 3.0 become JSON Schema 2020-12, and
// what contentEncoding says becomes a format, so that shapes know it.
type rewriter struct{ old bool } // the contract is 3.0, and so are the files that it refers to

func (r *rewriter) rewrite(doc any) {
	root, _ := doc.(map[string]any)
	if version, ok := root["openapi"].(string); ok {
		r.old = strings.HasPrefix(version, "3.0.")
	}
	walk(doc, func(m map[string]any) {
		if m["contentEncoding"] == "base64" && m["format"] == nil && m["type"] == "string" {
			m["format"] = "base64"
		}
		if r.old {
			modernise(m)
		}
	})
}

// walk visits every object, innermost first, but not the examples: they are data.
func walk(v any, visit func(map[string]any)) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	case map[string]any:
		for key, item := range v {
			if key != "example" && key != "examples" && key != "default" && key != "enum" {
				walk(item, visit)
			}
		}
		visit(v)
	}
}

// modernise turns the keywords that OpenAPI 3.0 has of its own into those of JSON Schema 2020-12.
func modernise(m map[string]any) {
	if ref, ok := m["$ref"].(string); ok { // siblings of a reference mean nothing in 3.0
		clear(m)
		m["$ref"] = ref
		return
	}
	for bound, exclusive := range map[string]string{"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"} {
		if is, ok := m[exclusive].(bool); ok {
			delete(m, exclusive)
			if n, there := m[bound]; is && there {
				m[exclusive] = n
				delete(m, bound)
			}
		}
	}
	nullable, ok := m["nullable"].(bool)
	if !ok {
		return
	}
	delete(m, "nullable")
	if t, ok := m["type"].(string); ok && nullable {
		m["type"] = []any{t, "null"}
		if enum, ok := m["enum"].([]any); ok {
			m["enum"] = append(enum[:len(enum):len(enum)], nil)
		}
	}
}

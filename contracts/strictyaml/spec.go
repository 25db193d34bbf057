package strictyaml

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"sluice/contracts/diag"
)

// field is one key of a spec, read from a struct field's tags.
type field struct {
	name     string
	index    []int
	required bool
	def      string
	enum     []string
	doc      string
}

var specs sync.Map // reflect.Type -> []field

// fieldsOf reads a struct's tags, once.
func fieldsOf(t reflect.Type) []field {
	if known, ok := specs.Load(t); ok {
		return known.([]field)
	}
	fields := readFields(t)
	specs.Store(t, fields)
	return fields
}

func readFields(t reflect.Type) []field {
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		name := sf.Tag.Get("yaml")
		switch {
		case name == "-" || !sf.IsExported():
			continue
		case sf.Anonymous && name == "":
			for _, f := range fieldsOf(sf.Type) {
				f.index = append([]int{i}, f.index...) // a copy: the embedded struct's own stay as they are
				fields = append(fields, f)
			}
			continue
		case name == "":
			panic("strictyaml: " + t.String() + "." + sf.Name + " has no yaml tag")
		}
		f := field{name: name, index: []int{i}, required: sf.Tag.Get("required") == "true", def: sf.Tag.Get("default"), doc: sf.Tag.Get("doc")}
		if e := sf.Tag.Get("enum"); e != "" {
			f.enum = strings.Split(e, ",")
		}
		fields = append(fields, f)
	}
	return fields
}

// Described is what a type with UnmarshalText may say of itself, for the reference and for messages.
type Described interface {
	DescribeYAML() string // such as `hours such as "08:00-20:00 Europe/Moscow"`
}

func isTextUnmarshaler(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func isScalar(t reflect.Type) bool {
	if isTextUnmarshaler(t) {
		return true
	}
	switch t.Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		return true
	}
	return false
}

func isNumber(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		return !isTextUnmarshaler(t) && t != reflect.TypeFor[time.Duration]()
	}
	return false
}

func typeName(t reflect.Type, f field) string {
	if len(f.enum) > 0 && isScalar(t) {
		return "one of " + strings.Join(f.enum, ", ")
	}
	if d, ok := reflect.New(t).Interface().(Described); ok {
		return d.DescribeYAML()
	}
	switch {
	case isTextUnmarshaler(t):
		return "a text"
	case t == reflect.TypeFor[time.Duration]():
		return "a duration such as 20s or 5d"
	}
	switch t.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "a number"
	case reflect.Slice:
		return "a list of " + plural(t.Elem(), f)
	case reflect.Map:
		return "a mapping of names"
	case reflect.Pointer:
		return typeName(t.Elem(), f)
	case reflect.Struct:
		return objectName(fieldsOf(t))
	}
	return "a whole number"
}

func plural(t reflect.Type, f field) string {
	if t.Kind() == reflect.String && len(f.enum) == 0 && !isTextUnmarshaler(t) {
		return "texts"
	}
	if !isScalar(t) {
		return "mappings"
	}
	return "items, each " + typeName(t, f)
}

func objectName(fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return "a mapping with the keys " + strings.Join(names, ", ")
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!bool":
		return "the boolean " + n.Value
	}
	return "the text " + fmt.Sprintf("%.60q", n.Value)
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func quote(at string) string {
	if at == "" {
		return "the file"
	}
	return at
}

// Key is one leaf of a spec.
type Key struct {
	Path    string // endpoints.<name>.url, faults[].when
	Type    string
	Default string
	Doc     string
	Need    bool // required
}

// Keys lists the leaves of v's spec in order; v is a struct or a pointer to one.
func Keys(v any) []Key {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var keys []Key
	walk(t, "", nil, func(k Key, t reflect.Type, leaf bool) {
		if leaf {
			keys = append(keys, k)
		}
	})
	return keys
}

// walk visits the keys of t, a struct; the guard stops at types that hold themselves.
func walk(t reflect.Type, at string, above []reflect.Type, visit func(Key, reflect.Type, bool)) {
	for _, a := range above {
		if a == t {
			return
		}
	}
	above = append(above, t)
	for _, f := range fieldsOf(t) {
		ft := t.FieldByIndex(f.index).Type
		path, inner := join(at, f.name), ft
	peel:
		for {
			switch {
			case isScalar(inner):
				break peel
			case inner.Kind() == reflect.Pointer:
				inner = inner.Elem()
			case inner.Kind() == reflect.Slice && !isScalar(inner.Elem()):
				path, inner = path+"[]", inner.Elem()
			case inner.Kind() == reflect.Map:
				path, inner = path+".<name>", inner.Elem()
			default:
				break peel
			}
		}
		k := Key{Path: path, Type: typeName(inner, f), Default: f.def, Doc: f.doc, Need: f.required}
		nested := inner.Kind() == reflect.Struct && !isScalar(inner)
		visit(k, inner, !nested)
		if nested {
			walk(inner, path, above, visit)
		}
	}
}

// Document renders v's spec as a Markdown table: each key with its type, default and meaning.
func Document(v any) string {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var b strings.Builder
	b.WriteString("| key | value | default | meaning |\n|---|---|---|---|\n")
	walk(t, "", nil, func(k Key, _ reflect.Type, leaf bool) {
		typ, def := k.Type, ""
		switch {
		case k.Need:
			def = "*required*"
		case k.Default != "":
			def = "`" + k.Default + "`"
		}
		if !leaf {
			typ = ""
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.Path, cell(typ), cell(def), cell(k.Doc))
	})
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// Set parses text into the key at path (as Keys gives it, without names or indexes) of the struct that into points
// to; a list is written with commas. It is how a key comes from the environment.
func Set(into any, path, text string) error {
	v := reflect.ValueOf(into).Elem()
	parts := strings.Split(path, ".")
	for i, part := range parts {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
				setDefaults(v.Elem())
			}
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return fmt.Errorf("%s: cannot be set by itself", path)
		}
		fields := fieldsOf(v.Type())
		names := make([]string, len(fields))
		found := false
		for j, f := range fields {
			names[j] = f.name
			if f.name != part {
				continue
			}
			found = true
			v = v.FieldByIndex(f.index)
			if i == len(parts)-1 {
				if err := setText(v, text, f.enum); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
			}
			break
		}
		if !found {
			return fmt.Errorf("unknown key %q; %s", path, diag.Suggest(part, names))
		}
	}
	return nil
}

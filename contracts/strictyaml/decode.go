package strictyaml

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"sluice/contracts/diag"
)

// decoder fills one struct from one file.
type decoder struct {
	file     *File
	problems diag.List
}

func (d *decoder) fail(n *yaml.Node, code, message, hint string) {
	d.problems = append(d.problems, d.file.problem(n, code, message, hint))
}

func (d *decoder) document(into any) {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.Elem().Kind() != reflect.Struct {
		panic("strictyaml: Decode wants a pointer to a struct, not " + fmt.Sprintf("%T", into))
	}
	root := d.file.root
	if root == nil && d.problems.Err() != nil {
		setDefaults(v.Elem()) // what is missing from an unreadable file is not worth a report
		return
	}
	d.object(root, v.Elem(), "")
}

// value reads n into v; at is the path for messages.
func (d *decoder) value(n *yaml.Node, v reflect.Value, f field, at string) {
	switch {
	case n.Kind == yaml.AliasNode: // reported by check
	case isNull(n):
		d.fail(n, "no-value", quote(at)+" has no value", "give one, or leave the key out")
	case isScalar(v.Type()):
		d.scalar(n, v, f, at)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), f, at)
	case v.Kind() == reflect.Struct:
		d.object(n, v, at)
	case v.Kind() == reflect.Map:
		d.mapping(n, v, f, at)
	case v.Kind() == reflect.Slice:
		d.list(n, v, f, at)
	default:
		panic("strictyaml: a spec cannot hold " + v.Type().String())
	}
}

// object reads a mapping with known keys. n may be nil: all keys are absent.
func (d *decoder) object(n *yaml.Node, v reflect.Value, at string) {
	setDefaults(v)
	fields := fieldsOf(v.Type())
	present := map[string]bool{}
	if n != nil {
		if n.Kind != yaml.MappingNode {
			d.fail(n, "wrong-type", quote(at)+" must be "+objectName(fields)+", not "+describe(n), "")
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			j := slices.IndexFunc(fields, func(f field) bool { return f.name == key.Value })
			if j < 0 {
				d.unknown(key, fields, at)
				continue
			}
			if present[key.Value] {
				continue // the first counts; check has reported the second
			}
			present[key.Value] = true
			d.value(n.Content[i+1], v.FieldByIndex(fields[j].index), fields[j], join(at, key.Value))
		}
	}
	for _, f := range fields {
		target := v.FieldByIndex(f.index)
		switch {
		case present[f.name]:
		case f.required:
			d.fail(n, "missing-key", quote(at)+" lacks the key "+strconv.Quote(f.name)+": "+f.doc, "")
		case target.Kind() == reflect.Struct && !isScalar(target.Type()):
			d.object(nil, target, join(at, f.name)) // its own required keys
		}
	}
}

func (d *decoder) unknown(key *yaml.Node, fields []field, at string) {
	if key.Tag == "!!merge" || key.Kind != yaml.ScalarNode {
		return // reported by check
	}
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	hint := diag.Suggest(key.Value, names)
	if hint == "" {
		hint = "known here: " + strings.Join(names, ", ")
	}
	if strings.Contains(key.Value, " ") {
		hint += "; if it is part of a text, put the text in quotes: within { } it ends at a comma"
	}
	d.fail(key, "unknown-key", "unknown key "+strconv.Quote(key.Value)+" in "+quote(at), hint)
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, f field, at string) {
	if n.Kind != yaml.MappingNode {
		d.fail(n, "wrong-type", quote(at)+" must be a mapping of names, not "+describe(n), "")
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(n.Content)/2))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			continue // reported by check
		}
		name := reflect.ValueOf(key.Value).Convert(v.Type().Key())
		if v.MapIndex(name).IsValid() {
			continue
		}
		elem := reflect.New(v.Type().Elem()).Elem()
		d.value(n.Content[i+1], elem, f, join(at, key.Value))
		v.SetMapIndex(name, elem)
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, f field, at string) {
	if n.Kind != yaml.SequenceNode {
		d.fail(n, "wrong-type", quote(at)+" must be a list, not "+describe(n), "write [a, b], or one item a line after \"- \"")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, v.Index(i), f, at+"["+strconv.Itoa(i)+"]")
	}
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, f field, at string) {
	if n.Kind != yaml.ScalarNode {
		d.fail(n, "wrong-type", quote(at)+" must be "+typeName(v.Type(), f)+", not "+describe(n), "")
		return
	}
	plainText := v.Kind() == reflect.String && !isTextUnmarshaler(v.Type())
	if plainText && n.Tag != "!!str" && n.Tag != "!!timestamp" {
		hint := "put it in quotes"
		if len(f.enum) > 0 {
			hint = ""
		}
		d.fail(n, "wrong-type", quote(at)+" must be "+typeName(v.Type(), f)+", not "+describe(n), hint)
		return
	}
	if (v.Kind() == reflect.Bool || isNumber(v.Type())) && n.Tag == "!!str" {
		d.fail(n, "wrong-type", quote(at)+" must be "+typeName(v.Type(), f)+", not "+describe(n), "write it without quotes")
		return
	}
	if err := setScalar(v, n.Value, f.enum); err != nil {
		hint := ""
		if len(f.enum) > 0 {
			hint = diag.Suggest(n.Value, f.enum)
		}
		d.fail(n, "wrong-value", quote(at)+": "+err.Error(), hint)
	}
}

// setScalar parses text into v, which is a scalar by isScalar.
func setScalar(v reflect.Value, text string, enum []string) error {
	if len(enum) > 0 && !slices.Contains(enum, text) {
		return fmt.Errorf("%q is not one of %s", text, strings.Join(enum, ", "))
	}
	switch {
	case isTextUnmarshaler(v.Type()):
		return v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
	case v.Type() == reflect.TypeFor[time.Duration]():
		d, err := ParseDuration(text)
		v.SetInt(int64(d))
		return err
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil || text != "true" && text != "false" {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64, reflect.Int32:
		i, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not a whole number within bounds", text)
		}
		v.SetInt(i)
	case reflect.Float64:
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || x != x || x-x != 0 {
			return fmt.Errorf("%q is not a number", text)
		}
		v.SetFloat(x)
	}
	return nil
}

// setDefaults gives every scalar of the struct its default; nested structs get theirs when they are read.
func setDefaults(v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		target := v.FieldByIndex(f.index)
		if f.def == "" {
			if target.Kind() == reflect.Struct && !isScalar(target.Type()) {
				setDefaults(target)
			}
			continue
		}
		if err := setText(target, f.def, f.enum); err != nil {
			panic(fmt.Sprintf("strictyaml: default of %s.%s: %v", v.Type(), f.name, err))
		}
	}
}

// setText parses text into a scalar, or a list of scalars written with commas.
func setText(v reflect.Value, text string, enum []string) error {
	if isScalar(v.Type()) {
		return setScalar(v, text, enum)
	}
	if v.Kind() != reflect.Slice || !isScalar(v.Type().Elem()) {
		return fmt.Errorf("only a single value or a list of them can be set from a text")
	}
	items := strings.Split(text, ",")
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		if err := setScalar(list.Index(i), strings.TrimSpace(item), enum); err != nil {
			return err
		}
	}
	v.Set(list)
	return nil
}

package examples

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sluice/contracts/tree"
)

// DifferenceJSON tells where two JSON texts first differ as values, or "".
func DifferenceJSON(expected, got []byte) (string, error) {
	a, err := parseJSON(expected)
	if err != nil {
		return "", fmt.Errorf("the expected JSON: %w", err)
	}
	b, err := parseJSON(got)
	if err != nil {
		return "", fmt.Errorf("what came out: %w", err)
	}
	return differ("", a, b), nil
}

func parseJSON(data []byte) (any, error) {
	var v any
	err := json.Unmarshal(data, &v)
	return tree.From(v), err
}

func differ(at string, a, b any) string {
	where := at
	if where == "" {
		where = "the whole"
	}
	switch x := a.(type) {
	case *tree.Object:
		y, ok := b.(*tree.Object)
		if !ok {
			break
		}
		for _, key := range x.Keys() {
			if !y.Has(key) {
				return at + "/" + key + " is missing"
			}
			if d := differ(at+"/"+key, x.Get(key), y.Get(key)); d != "" {
				return d
			}
		}
		for _, key := range y.Keys() {
			if !x.Has(key) {
				return at + "/" + key + " is there and was not expected"
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok {
			break
		}
		if len(x) != len(y) {
			return fmt.Sprintf("%s has %d items, expected %d", where, len(y), len(x))
		}
		for i := range x {
			if d := differ(at+"/"+strconv.Itoa(i), x[i], y[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if reflect.DeepEqual(a, b) {
		return ""
	}
	return fmt.Sprintf("%s is %s, expected %s", where, brief(b), brief(a))
}

func brief(v any) string {
	b, err := json.Marshal(v)
	if err != nil || len(b) > 120 {
		return fmt.Sprintf("%.120s…", b)
	}
	return string(b)
}

// DifferenceXML tells where two XML documents first differ in meaning, or "": elements and attributes count by
// namespace and local name, in order; prefixes, comments and white space between elements don't.
func DifferenceXML(expected, got []byte) (string, error) {
	a, err := parseXML(expected)
	if err != nil {
		return "", fmt.Errorf("the expected XML: %w", err)
	}
	b, err := parseXML(got)
	if err != nil {
		return "", fmt.Errorf("what came out: %w", err)
	}
	return a.differ(b, ""), nil
}

// element is an XML element by meaning.
type element struct {
	name     xml.Name
	attrs    map[xml.Name]string
	text     string // with the places of children as U+FFFC
	children []*element
	bindings map[string]string // prefixes declared here
	up       *element
}

const schemaInstance = "http://www.w3.org/2001/XMLSchema-instance"

func parseXML(doc []byte) (*element, error) {
	dec := xml.NewDecoder(bytes.NewReader(doc))
	dec.CharsetReader = func(charset string, in io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("examples are UTF-8, not %s", charset)
	}
	root := &element{}
	at := root
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			at = at.open(tok)
		case xml.EndElement:
			at = at.up
		case xml.CharData:
			at.text += string(tok)
		}
	}
	if len(root.children) != 1 {
		return nil, errors.New("there is no root element")
	}
	return root.children[0].settled(), nil
}

func (e *element) open(start xml.StartElement) *element {
	child := &element{name: start.Name, attrs: map[xml.Name]string{}, bindings: map[string]string{}, up: e}
	for _, a := range start.Attr {
		switch {
		case a.Name.Space == "xmlns":
			child.bindings[a.Name.Local] = a.Value
		case a.Name.Space == "" && a.Name.Local == "xmlns":
			child.bindings[""] = a.Value
		}
	}
	for _, a := range start.Attr {
		if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
			continue
		}
		value := a.Value
		if a.Name.Space == schemaInstance && a.Name.Local == "type" {
			prefix, local, ok := strings.Cut(value, ":")
			if !ok {
				prefix, local = "", value
			}
			value = "{" + child.bound(prefix) + "}" + local
		}
		child.attrs[a.Name] = value
	}
	e.text += "\ufffc"
	e.children = append(e.children, child)
	return child
}

func (e *element) bound(prefix string) string {
	for ; e != nil; e = e.up {
		if uri, ok := e.bindings[prefix]; ok {
			return uri
		}
	}
	return ""
}

// settled drops white space between children.
func (e *element) settled() *element {
	if len(e.children) > 0 {
		parts := strings.Split(e.text, "\ufffc")
		for i, p := range parts {
			if strings.TrimSpace(p) == "" {
				parts[i] = ""
			}
		}
		e.text = strings.Join(parts, "\ufffc")
	}
	for _, c := range e.children {
		c.settled()
	}
	return e
}

func (e *element) differ(got *element, at string) string {
	at += "/" + e.name.Local
	if e.name != got.name {
		return fmt.Sprintf("%s is %s, expected %s", at, fullName(got.name), fullName(e.name))
	}
	for _, name := range attrNames(e.attrs) {
		value, ok := got.attrs[name]
		switch {
		case !ok:
			return at + "/@" + name.Local + " is missing"
		case value != e.attrs[name]:
			return fmt.Sprintf("%s/@%s is %q, expected %q", at, name.Local, value, e.attrs[name])
		}
	}
	for _, name := range attrNames(got.attrs) {
		if _, ok := e.attrs[name]; !ok {
			return at + "/@" + name.Local + " is there and was not expected"
		}
	}
	for i := range max(len(e.children), len(got.children)) {
		switch {
		case i >= len(got.children):
			return at + "/" + e.children[i].name.Local + " is missing"
		case i >= len(e.children):
			return at + "/" + got.children[i].name.Local + " is there and was not expected"
		}
		if d := e.children[i].differ(got.children[i], at); d != "" {
			return d
		}
	}
	if e.text != got.text {
		return fmt.Sprintf("%s is %q, expected %q", at, short(got.text), short(e.text))
	}
	return ""
}

func short(s string) string {
	if r := []rune(s); len(r) > 100 {
		return string(r[:100]) + "…"
	}
	return s
}

func fullName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return "{" + n.Space + "}" + n.Local
}

func attrNames(attrs map[xml.Name]string) []xml.Name {
	return slices.SortedFunc(maps.Keys(attrs), func(a, b xml.Name) int {
		return strings.Compare(a.Space+"}"+a.Local, b.Space+"}"+b.Local)
	})
}

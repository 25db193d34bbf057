package examples

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/beevik/etree"

	"sluice/adapters/exchange"
	"sluice/contracts/canonical"
	"sluice/contracts/jsonschema"
	"sluice/mappings"
)

// errorSuffix follows the name of the file that would have come out.
const errorSuffix = ".error.txt"

// settle compares what came out with a file, or writes it. same tells the first difference, or "".
func (x *example) settle(name string, pretty []byte, same func(expected []byte) (string, error)) {
	file := path.Join(x.folder, name)
	there := slices.Contains(x.files, name)
	if x.runner.Write != nil {
		if there {
			if expected, ok := x.read(name); ok {
				if difference, err := same(expected); err == nil && difference == "" {
					x.results = append(x.results, Result{File: file})
					return
				}
			}
		}
		x.used[name] = true
		if err := x.runner.Write(file, pretty); err != nil {
			x.fail(name, "writing: "+err.Error())
			return
		}
		x.results = append(x.results, Result{File: file, Written: true})
		return
	}
	if !there {
		x.fail(name, "the example does not say what must come out; sluice test --update writes it")
		return
	}
	expected, ok := x.read(name)
	if !ok {
		return
	}
	difference, err := same(expected)
	if err != nil {
		difference = err.Error()
	}
	x.results = append(x.results, Result{File: file, Failure: difference})
}

func (x *example) compareWire(name string, wire []byte) {
	if path.Ext(name) == ".json" {
		v, err := jsonschema.ParseJSON(wire, canonical.Limits)
		if err != nil {
			x.fail(name, "what came out is no JSON: "+err.Error())
			return
		}
		x.compareJSON(name, v)
		return
	}
	x.settle(name, indentXML(wire), func(expected []byte) (string, error) { return DifferenceXML(expected, wire) })
}

func (x *example) compareJSON(name string, v any) {
	var pretty bytes.Buffer
	enc := json.NewEncoder(&pretty)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		x.fail(name, "what came out is no JSON: "+err.Error())
		return
	}
	got := pretty.Bytes()
	x.settle(name, got, func(expected []byte) (string, error) { return DifferenceJSON(expected, got) })
}

// compareError holds an error against the file that stands in place of what would have come out. Errors of a mapping
// are told by target path and message: the line moves with every edit.
func (x *example) compareError(read, expected string, err error) {
	text := exchange.Describe(err)
	var m *mappings.Error
	if errors.As(err, &m) {
		text = m.Path + ": " + m.Message
	}
	name := expected + errorSuffix
	if x.runner.Write == nil && !slices.Contains(x.files, name) {
		if read == "" {
			read = expected
		}
		var at string
		if m != nil {
			at = m.Pos.String() + ": "
		}
		x.fail(read, at+text)
		return
	}
	x.settle(name, []byte(text+"\n"), func(want []byte) (string, error) {
		if strings.TrimSpace(string(want)) == strings.TrimSpace(text) {
			return "", nil
		}
		return fmt.Sprintf("the error is %q", text), nil
	})
}

// indentXML lays a message out for reading. A message that it can't read comes back as it is.
func indentXML(wire []byte) []byte {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(wire); err != nil {
		return wire
	}
	for _, t := range slices.Clone(doc.Child) {
		if p, ok := t.(*etree.ProcInst); ok {
			doc.RemoveChild(p)
		}
	}
	doc.Indent(2)
	out, err := doc.WriteToBytes()
	if err != nil {
		return wire
	}
	return append([]byte(`<?xml version="1.0" encoding="UTF-8"?>`+"\n"), bytes.TrimLeft(out, "\n")...)
}

// Package strictyaml reads a YAML file into Go structs and refuses whatever the structs do not ask for.
//
// One spec, the structs' tags, drives three things: reading (Decode), documentation (Document) and setting
// single keys from elsewhere, such as the environment (Keys and Set).
//
//	yaml:"name"       the key; "-" leaves the field out; an embedded struct's keys are its parent's
//	required:"true"   the key must be there
//	default:"20s"     what an absent key means, written as in YAML
//	enum:"a,b,c"      the only texts allowed
//	doc:"..."         one sentence for the reference
//
// Fields may be strings, booleans, numbers, time.Duration (20s, 5d), Size (4MiB), Rate (50/s), Percent (50%),
// anything with UnmarshalText, structs, pointers to structs (nil when absent), lists and maps with string keys.
//
// Everything wrong with a file is reported in one go, each with line, column and the line's text: unknown and
// duplicate keys, missing ones, wrong types, values out of an enumeration, anchors, aliases, merge keys, explicit
// tags, several documents. A text that YAML reads as a number or a boolean must be quoted.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"sluice/contracts/diag"
)

// Bounds of a file. What people write by hand stays far below them.
const (
	maxBytes = 1 << 20
	maxDepth = 64
)

// File is a YAML file that was read, with the place of every key and value.
type File struct {
	name     string
	lines    []string
	root     *yaml.Node // nil when the file is empty or no YAML
	problems diag.List
}

// Decode reads src into the struct that into points to. The list is empty when all is well;
// into holds what could be read even when it is not.
func Decode(file string, src []byte, into any) diag.List {
	return Parse(file, src).Decode(into)
}

// Parse reads src without a spec. Problems are kept and come with Decode's.
func Parse(file string, src []byte) *File {
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	f := &File{name: file}
	switch {
	case len(src) > maxBytes:
		f.add(diag.Pos{}, "yaml", fmt.Sprintf("the file has %d bytes, more than the %d allowed", len(src), maxBytes), "")
		return f
	case !utf8.Valid(src):
		f.add(diag.Pos{}, "yaml", "the file is not UTF-8", "save it as UTF-8")
		return f
	}
	f.lines = strings.Split(strings.ReplaceAll(string(src), "\r\n", "\n"), "\n")
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if !errors.Is(err, io.EOF) { // an empty file: every key is absent
			f.syntax(err)
		}
		return f
	}
	if err := dec.Decode(&second); err == nil {
		f.addAt(&second, "yaml", "a second document in the file", "keep one document a file")
	} else if !errors.Is(err, io.EOF) {
		f.syntax(err)
	}
	if len(doc.Content) == 1 {
		f.root = doc.Content[0]
		f.check(f.root, 0)
	}
	return f
}

// Decode fills the struct that into points to, defaults first, and returns every problem of the file, sorted.
func (f *File) Decode(into any) diag.List {
	d := &decoder{file: f}
	d.problems = append(d.problems, f.problems...)
	d.document(into)
	d.problems.Sort()
	return d.problems
}

// Problem describes what is wrong with the value at path (keys, and list indexes as text); where the path
// leads nowhere its nearest ancestor is pointed at. Checks across keys report by it.
func (f *File) Problem(code, message, hint string, path ...string) diag.Problem {
	n := f.root
	for _, key := range path {
		next := child(n, key)
		if next == nil {
			break
		}
		n = next
	}
	return f.problem(n, code, message, hint)
}

// Name is the name that Parse was given.
func (f *File) Name() string { return f.name }

func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1]
			}
		}
	case yaml.SequenceNode:
		if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(n.Content) {
			return n.Content[i]
		}
	}
	return nil
}

func (f *File) problem(n *yaml.Node, code, message, hint string) diag.Problem {
	p := diag.Problem{Pos: diag.Pos{File: f.name}, Code: code, Message: message, Hint: hint}
	if n != nil {
		p.Line, p.Column = n.Line, n.Column
	}
	if p.Line > 0 && p.Line <= len(f.lines) {
		p.Excerpt = f.lines[p.Line-1]
	}
	return p
}

func (f *File) addAt(n *yaml.Node, code, message, hint string) {
	f.problems = append(f.problems, f.problem(n, code, message, hint))
}

func (f *File) add(at diag.Pos, code, message, hint string) {
	f.addAt(&yaml.Node{Line: at.Line, Column: at.Column}, code, message, hint)
}

var (
	syntaxLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)
	lineBefore = regexp.MustCompile(`^did not find expected (<document start>|'-'|key|',')`) // yaml.v3 counts these from 0
)

// syntax reports the YAML reader's own error; it knows lines, and not always.
func (f *File) syntax(err error) {
	text, at := strings.TrimPrefix(err.Error(), "yaml: "), diag.Pos{}
	if m := syntaxLine.FindStringSubmatch(err.Error()); m != nil {
		at.Line, _ = strconv.Atoi(m[1])
		text = m[2]
		if lineBefore.MatchString(text) {
			at.Line++
		}
	}
	f.add(at, "yaml", "not readable as YAML: "+text, "look at indentation, by spaces and not tabs, and quotes; a text with \": \" or \" #\" needs quotes, within { } also one with , ? [ or ]")
}

// check reports what is wrong whatever the spec says: YAML's ways of writing one thing and meaning another.
func (f *File) check(n *yaml.Node, depth int) {
	if depth > maxDepth {
		f.addAt(n, "yaml", fmt.Sprintf("nested deeper than %d levels", maxDepth), "")
		return
	}
	switch {
	case n.Kind == yaml.AliasNode:
		f.addAt(n, "alias", "an alias (*"+n.Value+") is not allowed", "write the value out")
	case n.Anchor != "":
		f.addAt(n, "alias", "an anchor (&"+n.Anchor+") is not allowed", "write the value out where it is needed")
	case n.Style&yaml.TaggedStyle != 0:
		f.addAt(n, "yaml", "a tag ("+n.Tag+") is not allowed", "leave it out; quote the value to make it a text")
	}
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			f.check(c, depth+1)
		}
		return
	}
	lines := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			f.addAt(key, "yaml", "a key must be a text", "")
		case key.Tag == "!!merge":
			f.addAt(key, "alias", "a merge key (<<) is not allowed", "write the keys out")
		case lines[key.Value] > 0:
			f.addAt(key, "duplicate-key", fmt.Sprintf("key %q stands twice, first in line %d", key.Value, lines[key.Value]), "keep one of them")
		default:
			lines[key.Value] = key.Line
		}
		if key.Anchor != "" {
			f.addAt(key, "alias", "an anchor (&"+key.Anchor+") is not allowed", "write the key without it")
		}
		f.check(value, depth+1)
	}
}

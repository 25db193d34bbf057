package mappings

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/contracts/diag"
)

// maxNesting bounds the depth of a mapping file, and so the recursion over it.
const maxNesting = 64

// parser turns YAML into templates and collects what is wrong with the form.
type parser struct {
	source   *source
	problems diag.List
}

func (p *parser) at(n *yaml.Node, code, message, hint string) {
	if len(p.problems) >= maxProblems {
		return
	}
	p.problems = append(p.problems, p.source.problem(p.source.pos(n), code, message, hint))
}

// document reads the one document of the file and refuses what YAML offers and mappings don't need.
func (p *parser) document(src []byte) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			p.problems = append(p.problems, diag.Problem{Pos: diag.Pos{File: p.source.name}, Code: "empty-file", Message: "the mapping file is empty"})
		} else {
			p.syntax(err)
		}
		return nil
	}
	var more yaml.Node
	if err := dec.Decode(&more); err == nil {
		p.at(&more, "yaml-syntax", "a mapping file holds one YAML document", "")
		return nil
	} else if !errors.Is(err, io.EOF) {
		p.syntax(err)
		return nil
	}
	root := doc.Content[0]
	p.strict(root, 0)
	if p.problems.Err() != nil {
		return nil
	}
	return root
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntax reports YAML's own error, with the reason that is usual in mappings.
func (p *parser) syntax(err error) {
	line, message := 0, err.Error()
	if m := yamlLine.FindStringSubmatch(strings.SplitN(message, "\n", 2)[0]); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	at := diag.Pos{File: p.source.name, Line: line}
	hint := ""
	// YAML names the line before or after the culprit, depending on where it gave up.
	for _, n := range []int{line, line + 1, line - 1} {
		if column, why := p.source.culprit(n); column > 0 {
			at.Line, at.Column, hint = n, column, why
			break
		}
	}
	p.problems = append(p.problems, p.source.problem(at, "yaml-syntax", "not valid YAML: "+message, hint))
}

const useBlock = "write the expression in a block: `Key: >-` and the expression, indented, on the next line"

var (
	colonInside  = regexp.MustCompile(`^\s*(?:- )?[^\s#][^:]*:\s+[^"'|>\s].*?(\s:)\s`)
	quoteLeading = regexp.MustCompile(`^\s*(?:- )?[^\s#][^:]*:\s+("(?:[^"\\]|\\.)*"|'[^']*')\s*[^\s#]`)
	oddLeading   = regexp.MustCompile("^\\s*(?:- )?[^\\s#][^:]*:\\s+([\\[{!&*%@`])")
)

// culprit finds in a line what YAML reads otherwise than the author of an expression meant it.
func (s *source) culprit(line int) (column int, hint string) {
	text := s.line(line)
	columnOf := func(byteOffset int) int { return len([]rune(text[:byteOffset])) + 1 }
	if m := quoteLeading.FindStringSubmatchIndex(text); m != nil {
		return columnOf(m[2]), "a value that starts with a quote is a constant to YAML and must end with it; " + useBlock
	}
	if m := colonInside.FindStringSubmatchIndex(text); m != nil {
		return columnOf(m[2]) + 1, "` : ` means a key to YAML; " + useBlock
	}
	if m := oddLeading.FindStringSubmatchIndex(text); m != nil {
		return columnOf(m[2]), "a value that starts with " + text[m[2]:m[3]] + " has a meaning of its own to YAML; " + useBlock
	}
	return 0, ""
}

// strict refuses anchors, aliases, tags, merge keys, odd keys, duplicate keys and depth.
func (p *parser) strict(n *yaml.Node, depth int) {
	if depth > maxNesting {
		p.at(n, "too-deep", "the file is nested deeper than "+strconv.Itoa(maxNesting), "")
		return
	}
	if n.Kind == yaml.AliasNode {
		p.at(n, "yaml-alias", "an alias (*"+n.Value+") is not allowed", "write the value again, or put an expression that starts with * into a block")
		return
	}
	if n.Anchor != "" {
		p.at(n, "yaml-alias", "an anchor (&"+n.Anchor+") is not allowed", "write the value again, or put an expression that starts with & into a block")
	}
	if n.Style&yaml.TaggedStyle != 0 {
		p.at(n, "yaml-tag", "`"+n.Tag+"` is a YAML tag here", "for a negation write `not x`, or put the expression into a block: `>-`")
	}
	if n.Kind == yaml.MappingNode {
		seen := map[string]*yaml.Node{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			switch {
			case key.Kind != yaml.ScalarNode:
				p.at(key, "yaml-key", "a key must be a plain name", "")
			case key.Tag == "!!merge":
				p.at(key, "yaml-alias", "merge keys (<<) are not allowed", "write the fields out")
			case seen[key.Value] != nil:
				p.at(key, "duplicate-key", "the key "+quote(key.Value)+" stands twice", "the first is in line "+strconv.Itoa(seen[key.Value].Line))
			}
			seen[key.Value] = key
		}
	}
	for _, c := range n.Content {
		p.strict(c, depth+1)
	}
}

// pairs yields the keys and values of a mapping node.
func (p *parser) pairs(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(k, v *yaml.Node) bool) {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

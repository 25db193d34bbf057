package mappings

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"sluice/contracts/diag"
)

// template is one value of a section as the author wrote it: a leaf, an object or a list.
type template struct {
	pos  diag.Pos
	leaf *leaf

	isObject bool
	keep     bool      // {}: an empty object on purpose
	when     *leaf     // $when: the object is left out where this does not hold
	each     *each     // $each: the object is made for each item of a list
	value    *template // $value: with $each, what is made instead of an object
	fields   []templateField
	choices  []templateChoice

	isList bool
	items  []*template
}

type templateField struct {
	name  string
	pos   diag.Pos
	value *template
}

// templateChoice is one $choice: the fields of the first branch whose $when holds join the object's.
type templateChoice struct {
	pos      diag.Pos
	branches []*template
}

// each is `m in list` or `m, n in list`; n counts from 1.
type each struct {
	pos             diag.Pos
	name, ordinal   string
	nameAt, ordinAt diag.Pos
	list            *leaf
}

// leaf is a constant or an expression.
type leaf struct {
	constant bool
	text     text
	cut      bool // a comment follows on the line: YAML may have cut the expression there
}

func (p *parser) template(n *yaml.Node, depth int) *template {
	t := &template{pos: p.source.pos(n)}
	switch n.Kind {
	case yaml.ScalarNode:
		t.leaf = p.leaf(n)
	case yaml.SequenceNode:
		t.isList = true
		for _, item := range n.Content {
			t.items = append(t.items, p.template(item, depth+1))
		}
	case yaml.MappingNode:
		t.isObject = true
		t.keep = len(n.Content) == 0
		for key, value := range p.pairs(n) {
			if strings.HasPrefix(key.Value, "$") {
				p.directive(t, key, value, depth)
				continue
			}
			t.fields = append(t.fields, templateField{key.Value, p.source.pos(key), p.template(value, depth+1)})
		}
		if t.value != nil && len(t.fields)+len(t.choices) > 0 {
			p.at(n, "wrong-directive", "$value stands for the whole item: other fields can't be beside it", "")
		}
		if t.value != nil && t.each == nil {
			p.at(n, "wrong-directive", "$value needs $each beside it", "")
		}
	}
	return t
}

var directives = []string{"$when", "$each", "$value", "$choice"}

func (p *parser) directive(t *template, key, value *yaml.Node, depth int) {
	switch {
	case key.Value == "$when":
		t.when = p.directiveLeaf(key, value)
	case key.Value == "$each":
		if l := p.directiveLeaf(key, value); l != nil {
			t.each = p.each(value, l)
		}
	case key.Value == "$value":
		t.value = p.template(value, depth+1)
	case key.Value == "$choice" || strings.HasPrefix(key.Value, "$choice."):
		if value.Kind != yaml.SequenceNode || len(value.Content) == 0 {
			p.at(key, "wrong-directive", key.Value+" must be a list of branches", "write `- $when: condition` and the branch's fields, for each")
			return
		}
		c := templateChoice{pos: p.source.pos(key)}
		for i, branch := range value.Content {
			if branch.Kind != yaml.MappingNode {
				p.at(branch, "wrong-directive", "a branch of "+key.Value+" must be fields, with a $when", "")
				continue
			}
			b := p.template(branch, depth+1)
			if b.each != nil || b.value != nil {
				p.at(branch, "wrong-directive", "$each can't be a branch of $choice", "put it under the field that the branch sets")
			}
			if b.when == nil && i < len(value.Content)-1 {
				p.at(branch, "wrong-directive", "only the last branch of $choice may do without $when", "the branches after this one could never hold")
			}
			c.branches = append(c.branches, b)
		}
		t.choices = append(t.choices, c)
	default:
		hint := diag.Suggest(key.Value, directives)
		if hint == "" {
			hint = "known: " + strings.Join(directives, ", ") + "; a second choice is $choice.NAME"
		}
		p.at(key, "wrong-directive", "unknown directive "+quote(key.Value), hint)
	}
}

func (p *parser) directiveLeaf(key, value *yaml.Node) *leaf {
	if value.Kind != yaml.ScalarNode {
		p.at(value, "wrong-directive", key.Value+" must be an expression", "")
		return nil
	}
	l := p.leaf(value)
	if l != nil && l.constant {
		p.at(value, "wrong-directive", key.Value+" must be an expression, not a constant", "write it without quotes; where YAML minds, in a block: `>-`")
		return nil
	}
	return l
}

var eachSyntax = regexp.MustCompile(`^\s*([\p{L}_][\p{L}\p{N}_]*)(\s*,\s*)?([\p{L}_][\p{L}\p{N}_]*)?\s+in\s`)

func (p *parser) each(n *yaml.Node, l *leaf) *each {
	m := eachSyntax.FindStringSubmatchIndex(l.text.value)
	if m == nil || (m[4] < 0) != (m[6] < 0) {
		p.at(n, "wrong-directive", "$each must be `name in list`", "such as `m in request.payload.members`, or `m, n in …` to count the items from 1")
		return nil
	}
	runes := func(byteOffset int) int { return len([]rune(l.text.value[:byteOffset])) }
	e := &each{pos: l.text.start, name: l.text.value[m[2]:m[3]], nameAt: l.text.pos(runes(m[2]))}
	if m[6] >= 0 {
		e.ordinal, e.ordinAt = l.text.value[m[6]:m[7]], l.text.pos(runes(m[6]))
	}
	e.list = &leaf{text: l.text.skip(runes(m[1])), cut: l.cut}
	return e
}

func (p *parser) leaf(n *yaml.Node) *leaf {
	switch n.Style &^ yaml.TaggedStyle {
	case yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle:
		return &leaf{constant: true, text: text{value: n.Value, start: p.source.pos(n)}}
	}
	if strings.TrimSpace(n.Value) == "" {
		p.at(n, "empty-value", "there is no value", `leave the key out, or write "" for an empty text`)
		return nil
	}
	return &leaf{text: p.source.scalar(n), cut: n.LineComment != ""}
}

// table is a code table: canonical value to the agency's codes, the first of which is the one we write.
type table struct {
	name  string
	pos   diag.Pos
	keys  []string
	codes map[string]any    // canonical -> agency: strings
	back  map[string]string // agency -> canonical
	twice string            // an agency code that two canonical values have, or ""
}

func (p *parser) tables(f *File, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		p.at(n, "wrong-type", "tables must be a mapping of tables", `such as: sex: { male: "1", female: "2" }`)
		return
	}
	for key, value := range p.pairs(n) {
		t := &table{name: key.Value, pos: p.source.pos(key), codes: map[string]any{}, back: map[string]string{}}
		if value.Kind != yaml.MappingNode || len(value.Content) == 0 {
			p.at(value, "wrong-type", "a table must be a mapping of canonical values to the agency's codes", `such as { male: "1", female: "2" }`)
			continue
		}
		for from, to := range p.pairs(value) {
			p.tableRow(t, from, to)
		}
		f.tables[t.name] = t
	}
}

func (p *parser) tableRow(t *table, from, to *yaml.Node) {
	codes := []*yaml.Node{to}
	if to.Kind == yaml.SequenceNode && len(to.Content) > 0 {
		codes = to.Content
	}
	t.keys = append(t.keys, from.Value)
	for i, c := range codes {
		if c.Kind != yaml.ScalarNode || c.Tag == "!!null" {
			p.at(c, "wrong-type", "a code must be a text", "put it in quotes; several codes for one value are a list: [\"10\", \"11\"]")
			return
		}
		if i == 0 {
			t.codes[from.Value] = c.Value
		}
		if first, ok := t.back[c.Value]; ok {
			if first == from.Value {
				p.at(c, "duplicate-key", "the code "+strconv.Quote(c.Value)+" stands twice", "")
			}
			t.twice = c.Value
			continue
		}
		t.back[c.Value] = from.Value
	}
}

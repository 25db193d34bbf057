package mappings

import (
	"errors"
	"slices"
	"strings"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/mappings/expression"
)

// compiler turns the templates of one section into a program, and proves it on the way.
type compiler struct {
	source   *source
	tables   map[string]*table
	check    *checker
	slots    []string
	problems diag.List
	current  *leaf // whose expression the checker is at
}

func newCompiler(src *source, tables map[string]*table, sources Sources) *compiler {
	c := &compiler{source: src, tables: tables, slots: slices.Clone(Roots)}
	c.check = &checker{sources: sources, tables: tables, calls: map[*expression.Call]operation{}}
	c.check.report = func(offset int, code, message, hint string) { c.leafProblem(c.current, offset, code, message, hint) }
	c.check.warn = func(offset int, code, message, hint string) { c.leafWarning(c.current, offset, code, message, hint) }
	return c
}

// Compile proves one section against the shapes of its sources and its target.
// The program is nil when the list holds an error; warnings may come with a program.
func (f *File) Compile(section string, sources Sources, target *shape.Type) (*Program, diag.List) {
	body := f.section(section)
	if body == nil {
		return nil, diag.List{{
			Pos: diag.Pos{File: f.source.name}, Code: "missing-section",
			Message: "the mapping has no section " + quote(section), Hint: among(section, f.Sections()),
		}}
	}
	for name := range sources {
		if !slices.Contains(Roots, name) {
			panic("mappings: " + name + " is none of Roots")
		}
	}
	c := newCompiler(&f.source, f.tables, sources)
	if !body.isObject || body.each != nil || body.when != nil {
		c.at(body.pos, "wrong-type", "the section "+section+" must be an object with the target's fields", "it has "+list(target.Names()))
		return nil, c.problems
	}
	root := c.object(body, target, scope{}, nil)
	c.problems.Sort()
	if c.problems.Err() != nil {
		return nil, c.problems
	}
	return &Program{root: root, slots: len(c.slots)}, c.problems
}

// maxProblems keeps the findings about a hostile file within reason.
const maxProblems = 500

func (c *compiler) add(p diag.Problem) {
	if len(c.problems) < maxProblems && !slices.Contains(c.problems, p) {
		c.problems = append(c.problems, p)
	}
}

func (c *compiler) at(pos diag.Pos, code, message, hint string) {
	c.add(c.source.problem(pos, code, message, hint))
}

func (c *compiler) leafProblem(l *leaf, offset int, code, message, hint string) {
	if l.constant {
		offset = 0
	}
	c.at(l.text.pos(offset), code, message, hint)
}

func (c *compiler) leafWarning(l *leaf, offset int, code, message, hint string) {
	p := c.source.problem(l.text.pos(offset), code, message, hint)
	p.Severity = diag.Warning
	c.add(p)
}

// place remembers where a leaf stands, for the errors of a run.
func (c *compiler) place(l *leaf, path []string) *spot {
	return &spot{pos: l.text.pos, path: slices.Clone(path)}
}

// expression parses, checks and compiles a leaf.
func (c *compiler) expression(l *leaf, s scope, path []string) (value, evaluate) {
	if l.constant {
		v := l.text.value
		return literal(v), func(*frame) (any, error) { return v, nil }
	}
	broken := value{shape: anyType, broken: true}
	tree, err := expression.Parse(l.text.value, isFunction)
	if err != nil {
		var e *expression.Error
		if !errors.As(err, &e) {
			e = &expression.Error{Message: err.Error()}
		}
		hint := e.Hint
		if l.cut && hint == "" {
			hint = "to YAML, ` #` starts a comment and ends the expression; " + useBlock
		}
		c.leafProblem(l, e.At, "syntax", e.Message, hint)
		return broken, nil
	}
	c.current = l
	before := len(c.problems)
	v := c.check.check(tree.Root, s)
	for _, p := range c.problems[before:] {
		if p.Severity == diag.Error {
			v.broken = true
		}
	}
	if v.broken {
		return value{shape: v.shape, broken: true}, nil
	}
	return v, c.evaluator(tree.Root)
}

// assumed is what a condition proves where it holds, or where it doesn't.
func (c *compiler) assumed(l *leaf, truth bool, f *fact) *fact {
	tree, err := expression.Parse(l.text.value, isFunction)
	if err != nil {
		return f
	}
	return assume(tree.Root, truth, f)
}

// when compiles a $when.
func (c *compiler) when(l *leaf, s scope, path []string) (evaluate, *spot) {
	v, eval := c.expression(l, s, path)
	if v.broken {
		return nil, nil
	}
	if v.shape.Kind != shape.Bool || v.absent {
		hint := "compare it: value != nil, or with a constant"
		if v.shape.Kind == shape.Bool {
			hint = "write: (…) ?? false"
		}
		c.leafProblem(l, 0, "wrong-type", "$when must come out true or false, and this is "+describe(v.shape)+orAbsent(v), hint)
	}
	return eval, c.place(l, path)
}

func orAbsent(v value) string {
	if v.absent {
		return " that may be absent"
	}
	return ""
}

// variable checks the name of a loop variable and gives it a slot.
func (c *compiler) variable(name string, at diag.Pos, s scope) int {
	_, taken := s.find(name)
	hint := "choose another name"
	switch {
	case slices.Contains(Roots, name):
		c.at(at, "shadows", quote(name)+" is the name of a root", hint)
	case isFunction(name) || slices.Contains(expression.Loops, name) || expression.Reserved(name):
		c.at(at, "shadows", quote(name)+" is a word of the language", hint)
	case taken:
		c.at(at, "shadows", quote(name)+" is the variable of a loop around this one", hint)
	}
	if i := slices.Index(c.slots, name); i >= 0 {
		return i
	}
	c.slots = append(c.slots, name)
	return len(c.slots) - 1
}

func where(path []string) string {
	if len(path) == 0 {
		return "the target"
	}
	return strings.ReplaceAll(strings.Join(path, "."), ".[]", "[]")
}

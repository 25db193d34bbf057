package mappings

import (
	"maps"
	"slices"

	"sluice/contracts/diag"
	"sluice/mappings/expression"
)

// Rule is one expression or constant of a section, for those who explain what came of it.
type Rule struct {
	Target  []string     // the keys of the field that it makes; "[]" stands for any item of a list
	Sources []string     // what it reads, such as request.payload.members[].lastName
	Value   bool         // it makes the field; otherwise it only says whether, or how often, it is made
	Problem diag.Problem // its place and excerpt, for a finding about it
}

// Rules lists the rules of a section in the file's order.
func (f *File) Rules(section string) []Rule {
	body := f.section(section)
	if body == nil {
		return nil
	}
	w := &ruleWalker{file: f}
	w.value(body, nil, nil)
	return w.rules
}

// ruleWalker goes through a template; origins are what the loop variables stand for.
type ruleWalker struct {
	file  *File
	rules []Rule
}

func (w *ruleWalker) value(t *template, path []string, origins map[string]string) {
	switch {
	case t.leaf != nil:
		w.rule(t.leaf, path, origins, true)
	case t.isList:
		for _, item := range t.items {
			w.entry(item, step(path, "[]"), origins)
		}
	case t.each != nil:
		w.entry(t, step(path, "[]"), origins)
	default:
		w.object(t, path, origins)
	}
}

// entry is one entry of a list.
func (w *ruleWalker) entry(t *template, path []string, origins map[string]string) {
	if t.each == nil {
		w.value(t, path, origins)
		return
	}
	sources := w.rule(t.each.list, path[:len(path)-1], origins, false)
	inner := maps.Clone(origins)
	if inner == nil {
		inner = map[string]string{}
	}
	delete(inner, t.each.ordinal)
	if len(sources) > 0 {
		inner[t.each.name] = sources[0] + "[]"
	}
	if t.value != nil {
		w.value(t.value, path, inner)
		return
	}
	w.object(t, path, inner)
}

func (w *ruleWalker) object(t *template, path []string, origins map[string]string) {
	if t.when != nil {
		w.rule(t.when, path, origins, false)
	}
	for _, f := range t.fields {
		w.value(f.value, step(path, f.name), origins)
	}
	for _, c := range t.choices {
		for _, b := range c.branches {
			w.object(b, path, origins)
		}
	}
}

func step(path []string, key string) []string { return append(slices.Clone(path), key) }

func (w *ruleWalker) rule(l *leaf, path []string, origins map[string]string, value bool) (sources []string) {
	if !l.constant {
		if tree, err := expression.Parse(l.text.value, isFunction); err == nil {
			sources = sourcesOf(tree.Root, origins, nil)
		}
	}
	w.rules = append(w.rules, Rule{path, sources, value, w.file.source.problem(l.text.pos(0), "", "", "")})
	return sources
}

// sourcesOf lists the paths that an expression reads, each once; lists are the lists of the loops around it.
func sourcesOf(n expression.Node, origins map[string]string, lists []string) (paths []string) {
	add := func(more ...string) {
		for _, p := range more {
			if !slices.Contains(paths, p) {
				paths = append(paths, p)
			}
		}
	}
	inner := func(nodes ...expression.Node) {
		for _, n := range nodes {
			add(sourcesOf(n, origins, lists)...)
		}
	}
	if path, ok := sourcePath(n, origins, lists); ok {
		return []string{path}
	}
	switch n := n.(type) {
	case *expression.Member:
		inner(n.X)
	case *expression.Chain:
		inner(n.X)
	case *expression.Not:
		inner(n.X)
	case *expression.Binary:
		inner(n.X, n.Y)
	case *expression.Conditional:
		inner(n.Then, n.Else, n.Cond)
	case *expression.Call:
		inner(n.Args...)
	case *expression.Array:
		inner(n.Items...)
	case *expression.Loop:
		list, ok := sourcePath(n.List, origins, lists)
		if !ok {
			inner(n.List)
		}
		add(sourcesOf(n.Body, origins, append(slices.Clone(lists), list+"[]"))...)
		if ok && len(paths) == 0 {
			add(list)
		}
	}
	return paths
}

// sourcePath is the path that a node is, if it is one. An item that a function takes from a list is any of it.
func sourcePath(n expression.Node, origins map[string]string, lists []string) (string, bool) {
	switch n := n.(type) {
	case *expression.Chain:
		return sourcePath(n.X, origins, lists)
	case *expression.Member:
		path, ok := sourcePath(n.X, origins, lists)
		return path + "." + n.Name, ok
	case *expression.Item:
		if n.Depth < len(lists) && lists[n.Depth] != "[]" {
			return lists[n.Depth], true
		}
	case *expression.Name:
		if path, ok := origins[n.Name]; ok {
			return path, true
		}
		return n.Name, slices.Contains(Roots, n.Name)
	case *expression.Call:
		if slices.Contains([]string{"first", "last", "at"}, n.Name) && len(n.Args) > 0 {
			path, ok := sourcePath(n.Args[0], origins, lists)
			return path + "[]", ok
		}
	}
	return "", false
}

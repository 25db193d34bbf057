package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"sluice/contracts/shape"
)

// summary says in a few words what a value may be.
func summary(t *shape.Type) string {
	s := t.Kind.String()
	if t.Kind == shape.String && t.Format != shape.Text {
		s = string(t.Format)
	}
	if t.Enum != nil {
		s += ": one of " + strings.Join(t.Enum, ", ")
	}
	if t.Pattern != "" {
		s += ", pattern " + t.Pattern
	}
	switch {
	case t.MaxLen > 0 && t.MinLen == t.MaxLen:
		s += fmt.Sprintf(", %d characters", t.MaxLen)
	case t.MaxLen > 0:
		s += fmt.Sprintf(", %d to %d characters", t.MinLen, t.MaxLen)
	}
	if t.Nillable {
		s += ", or null"
	}
	return s
}

// printShape prints an object's fields, indented; recursion is named, not followed.
func printShape(w io.Writer, t *shape.Type, indent string, open []*shape.Type) {
	if slices.Contains(open, t) {
		fmt.Fprintf(w, "%s… as above\n", indent)
		return
	}
	open = append(open, t)
	for i := range t.Fields {
		f := &t.Fields[i]
		mark := "?"
		if f.Required {
			mark = ""
		}
		inner, list := f.Type, ""
		for inner.Kind == shape.List {
			inner, list = inner.Elem, "list of "
		}
		fmt.Fprintf(w, "%s%s%s  %s%s\n", indent, f.Name, mark, list, summary(inner))
		printShape(w, inner, indent+"  ", open)
	}
	for _, c := range t.Choices {
		branches := make([]string, len(c.Branches))
		for i, b := range c.Branches {
			branches[i] = strings.Join(b, "+")
		}
		fmt.Fprintf(w, "%s(one of: %s)\n", indent, strings.Join(branches, " | "))
	}
}

// describeShape is the same for machines.
func describeShape(t *shape.Type, open []*shape.Type) map[string]any {
	out := map[string]any{"kind": t.Kind.String()}
	if t.Format != shape.Text {
		out["format"] = t.Format
	}
	if t.Enum != nil {
		out["enum"] = t.Enum
	}
	if t.Pattern != "" {
		out["pattern"] = t.Pattern
	}
	if slices.Contains(open, t) {
		out["recursive"] = true
		return out
	}
	open = append(open, t)
	if t.Elem != nil {
		out["items"] = describeShape(t.Elem, open)
	}
	var fields []any
	for i := range t.Fields {
		f := &t.Fields[i]
		d := describeShape(f.Type, open)
		d["name"], d["required"] = f.Name, f.Required
		if f.Doc != "" {
			d["doc"] = f.Doc
		}
		fields = append(fields, d)
	}
	if fields != nil {
		out["fields"] = fields
	}
	return out
}

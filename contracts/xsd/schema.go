package xsd

import (
	"fmt"
	"maps"
	"slices"

	"sluice/contracts/diag"
)

// Element returns the global element called n; with an empty Space, the one whose local name is unique.
// The error suggests a name that is near.
func (s *Schema) Element(n Name) (*Element, error) {
	if e := s.elements[n]; e != nil {
		return e, nil
	}
	var near []string
	var same []*Element
	for _, e := range s.Elements() {
		near = append(near, e.Name.Local)
		if e.Name.Local == n.Local {
			same = append(same, e)
		}
	}
	p := diag.Problem{Code: "unknown-element", Message: fmt.Sprintf("the contract has no global element %s", n), Hint: diag.Suggest(n.Local, near)}
	switch {
	case n.Space == "" && len(same) == 1:
		return same[0], nil
	case n.Space == "" && len(same) > 1:
		p.Message = fmt.Sprintf("the contract has %d global elements called %s", len(same), n.Local)
		p.Hint = fmt.Sprintf("say which one, such as %s", same[0].Name.Clark())
	case len(same) > 0:
		p.Hint = fmt.Sprintf("there is %s", same[0].Name.Clark())
	}
	return nil, p
}

// Elements lists the global elements, by name.
func (s *Schema) Elements() []*Element {
	list := slices.Collect(maps.Values(s.elements))
	list = slices.DeleteFunc(list, func(e *Element) bool { return e.Name.Space == XSDURI })
	slices.SortFunc(list, func(a, b *Element) int { return compareNames(a.Name, b.Name) })
	return list
}

// Lookup finds a global element by the number of its namespace and its local name, or returns nil.
func (s *Schema) Lookup(space int, local []byte) *Element {
	if space >= s.spaces.Len() {
		return nil
	}
	return s.elements[Name{s.spaces.URI(space), string(local)}]
}

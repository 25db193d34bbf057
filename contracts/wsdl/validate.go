package wsdl

import (
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// Validate holds what tree says in headers and body against every facet and key of the schema, each element by itself.
// Errors are those of codec.Message.Validate.
func (m *Message) Validate(tree map[string]any) error {
	check := func(from map[string]any, elements []*xsd.Element) error {
		for _, e := range elements {
			value, there := from[e.Name.Local]
			if !there {
				continue // Append says so
			}
			if err := codec.ForElement(m.schema, e).Validate(map[string]any{e.Name.Local: value}); err != nil {
				return err
			}
		}
		return nil
	}
	headers, _ := tree[headerKey].(map[string]any)
	if err := check(headers, m.headers); err != nil {
		return err
	}
	return check(tree, m.body)
}

package wsdl

import (
	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// Validate holds what tree says in headers and body against every facet and key of the schema, each element by itself.
// Errors are those of codec.Message.Validate.
func (m *Message) Validate(message *tree.Object) error {
	check := func(from *tree.Object, elements []*xsd.Element) error {
		for _, e := range elements {
			value, there := from.Lookup(e.Name.Local)
			if !there {
				continue // Append says so
			}
			if err := codec.ForElement(m.schema, e).Validate(tree.Of(e.Name.Local, value)); err != nil {
				return err
			}
		}
		return nil
	}
	headers, _ := message.Get(headerKey).(*tree.Object)
	if err := check(headers, m.headers); err != nil {
		return err
	}
	return check(message, m.body)
}

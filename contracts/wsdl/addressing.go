package wsdl

import (
	"strings"

	"github.com/beevik/etree"

	"sluice/contracts/xsd/scan"
)

// AddressingURI is the namespace of WS-Addressing 1.0 (W3C 2006).
const AddressingURI = "http://www.w3.org/2005/08/addressing"

// What WS-Addressing calls the address of whoever waits for the answer on the same connection, and that of nobody.
const (
	Anonymous = AddressingURI + "/anonymous"
	Nobody    = AddressingURI + "/none"
)

// Addressing is what the WS-Addressing headers of an envelope say; "" where one is not there.
type Addressing struct {
	MessageID string
	RelatesTo string // of a reply: the message that it answers
	Action    string
	ReplyTo   string
}

// ReadAddressing reads an envelope's WS-Addressing headers; charset is what the Content-Type says, or "".
func ReadAddressing(env []byte, charset string) (a Addressing, err error) {
	text, err := scan.Transcode(env, charset)
	if err != nil {
		return a, err
	}
	var s scan.Scanner
	if err := s.Reset(text, scan.NewSpaces(AddressingURI), scan.Limits{}); err != nil {
		return a, err
	}
	var into *string // where the text goes that comes next
	for {
		kind, err := s.Next()
		switch {
		case err != nil:
			return a, err
		case kind == scan.EOF, kind == scan.Start && string(s.Local()) == "Body" && s.Depth() == 2:
			return a, nil
		case kind == scan.End:
			into = nil
		case kind == scan.Text:
			if into != nil {
				*into += strings.TrimSpace(string(s.Text()))
			}
		case s.URI(s.Space()) != AddressingURI:
		case s.Depth() == 3:
			into = a.field(&s)
		case s.Depth() == 4 && string(s.Local()) == "Address":
			into = &a.ReplyTo
		}
	}
}

// field is where a header's text belongs.
func (a *Addressing) field(s *scan.Scanner) *string {
	switch string(s.Local()) {
	case "MessageID":
		return &a.MessageID
	case "Action":
		return &a.Action
	case "RelatesTo":
		for _, at := range s.Attrs() {
			if string(at.Name) == "RelationshipType" && string(at.Value) != AddressingURI+"/reply" {
				return nil
			}
		}
		return &a.RelatesTo
	}
	return nil
}

// addressedAs finds the action of one direction: what the contract says, or the pattern by which WS-Addressing makes it
// (WSDL Binding section 4.4.4). A SOAPAction goes first for a request.
func addressedAs(o *Operation, abstract part, direction string) string {
	if direction == "input" && o.Action != "" {
		return o.Action
	}
	el := child(abstract.el, wsdlURI, direction)
	if el == nil {
		return ""
	}
	for _, a := range el.Attr {
		if a.Key == "Action" && strings.Contains(a.NamespaceURI(), "/addressing") {
			return strings.TrimSpace(a.Value)
		}
	}
	name := el.SelectAttrValue("name", "")
	if name == "" {
		name = o.Name + map[string]string{"input": "Request", "output": "Response"}[direction]
	}
	target, delimiter := targetOf(abstract.el), "/"
	if strings.HasPrefix(target, "urn:") {
		delimiter = ":"
	}
	return strings.TrimSuffix(target, delimiter) + delimiter + abstract.el.Parent().SelectAttrValue("name", "") + delimiter + name
}

func targetOf(el *etree.Element) string {
	for el.Parent() != nil && el.Tag != "definitions" {
		el = el.Parent()
	}
	return el.SelectAttrValue("targetNamespace", "")
}

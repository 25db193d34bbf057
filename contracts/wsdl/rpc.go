package wsdl

import (
	"github.com/beevik/etree"

	"sluice/contracts/xsd"
)

// wrapper declares the element that carries the parts of an rpc message (WSDL 1.1 section 3.5): each part is a child
// without a namespace, called as the part and of its type, or the element that it names.
func (l *loader) wrapper(at part, space, name string, parts []part) reference {
	if len(parts) > 0 {
		at = part{parts[0].src, parts[0].el.Parent()}
	}
	schema := etree.NewElement("xs:schema")
	for _, a := range at.src.Root.Attr {
		if a.Space == "xmlns" {
			schema.CreateAttr(a.FullKey(), a.Value) // so that messages have the prefixes that people know
		}
	}
	schema.CreateAttr("xmlns:xs", xsd.XSDURI)
	if space != "" {
		schema.CreateAttr("targetNamespace", space)
	}
	element := schema.CreateElement("xs:element")
	element.CreateAttr("name", name)
	at.src.Place(element, at.el)
	children := element.CreateElement("xs:complexType").CreateElement("xs:sequence")
	for _, p := range parts {
		child := children.CreateElement("xs:element")
		p.src.Place(child, p.el)
		attr, key := "element", "ref"
		if p.el.SelectAttr("element") == nil {
			attr, key = "type", "type"
			child.CreateAttr("name", p.el.SelectAttrValue("name", ""))
		}
		r, ok := l.reference(p, attr)
		switch {
		case !ok:
		case r.name.Space == "":
			child.CreateAttr(key, r.name.Local)
		default:
			child.CreateAttr("xmlns:part", r.name.Space)
			child.CreateAttr(key, "part:"+r.name.Local)
		}
	}
	return reference{at: at, root: l.schemas.Root(at.src, schema)}
}

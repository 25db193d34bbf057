package xsd

import (
	"bytes"
	"fmt"
	"strings"
)

// encodings are the namespaces of SOAP encoding, of both versions. Contracts import them without saying from where, and
// refer to their types also where nothing is encoded: literal messages take them for what their schema says.
var encodings = []string{"http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/2003/05/soap-encoding"}

// encodingNames are the types that SOAP encoding has in its own namespace for those of XML Schema, so that they may have
// an id or refer to one.
var encodingNames = strings.Fields(`string boolean float double decimal duration dateTime time date gYearMonth gYear gMonthDay gDay
	gMonth hexBinary base64Binary anyURI QName normalizedString token language Name NMTOKEN NMTOKENS NCName ID IDREF IDREFS
	ENTITY ENTITIES integer nonPositiveInteger negativeInteger long int short byte nonNegativeInteger unsignedLong unsignedInt
	unsignedShort unsignedByte positiveInteger`)

// encodingSchema is the schema of SOAP encoding, but for the elements that only encoded messages have.
func encodingSchema(space string) *Source {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<xs:schema xmlns:xs="%s" xmlns:enc="%s" targetNamespace="%[2]s">
<xs:attributeGroup name="commonAttributes">
  <xs:attribute name="id" type="xs:ID"/><xs:attribute name="href" type="xs:anyURI"/><xs:attribute name="ref" type="xs:IDREF"/>
  <xs:anyAttribute namespace="##other" processContents="lax"/>
</xs:attributeGroup>
`, XSDURI, space)
	for _, name := range []string{"arrayType", "offset", "position", "itemType", "arraySize", "nodeType", "root"} {
		fmt.Fprintf(&b, `<xs:attribute name="%s" type="xs:string"/>`+"\n", name)
	}
	b.WriteString(`<xs:attributeGroup name="arrayAttributes">
  <xs:attribute ref="enc:arrayType"/><xs:attribute ref="enc:offset"/><xs:attribute ref="enc:itemType"/><xs:attribute ref="enc:arraySize"/>
</xs:attributeGroup>
<xs:attributeGroup name="arrayMemberAttributes"><xs:attribute ref="enc:position"/></xs:attributeGroup>
<xs:simpleType name="base64"><xs:restriction base="xs:base64Binary"/></xs:simpleType>
`)
	for _, name := range []string{"Array", "Struct"} {
		fmt.Fprintf(&b, `<xs:group name="%s"><xs:sequence><xs:any namespace="##any" minOccurs="0" maxOccurs="unbounded" processContents="lax"/></xs:sequence></xs:group>
<xs:complexType name="%[1]s">
  <xs:group ref="enc:%[1]s" minOccurs="0"/>
  <xs:attributeGroup ref="enc:arrayAttributes"/><xs:attributeGroup ref="enc:commonAttributes"/>
</xs:complexType>
`, name)
	}
	for _, name := range encodingNames {
		fmt.Fprintf(&b, `<xs:complexType name="%s"><xs:simpleContent><xs:extension base="xs:%[1]s"><xs:attributeGroup ref="enc:commonAttributes"/></xs:extension></xs:simpleContent></xs:complexType>`+"\n", name)
	}
	b.WriteString("</xs:schema>")
	src := &Source{File: space, Text: b.Bytes()}
	if err := src.parse(); err != nil {
		panic(err) // a test parses both
	}
	return src
}

// supplyEncodings adds the schema of SOAP encoding where the contract uses it and did not bring it along.
func (l *Loader) supplyEncodings() {
	for _, space := range encodings {
		named := false // most contracts don't, and looking at every reference costs
		for _, src := range l.sources {
			named = named || bytes.Contains(src.Text, []byte(space))
		}
		if !named || l.has(space) || !l.uses(space) {
			continue
		}
		src := encodingSchema(space)
		to := l.add(src, src.Root, "", false)
		for _, m := range l.missing {
			if m.el.Tag == "import" && m.namespace == space {
				m.doc.links = append(m.doc.links, link{m.el, to})
			}
		}
	}
}

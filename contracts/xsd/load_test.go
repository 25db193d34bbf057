package xsd_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/jsonschema"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// schema is a schema document for the namespace urn:t, whose prefix is t.
func schema(content string) string {
	return `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">` + "\n" + content + `</xs:schema>`
}

// TestLoadTakes is about what published contracts do and other tools stumble over. The validator takes the document too.
func TestLoadTakes(t *testing.T) {
	for _, c := range []struct{ name, content, doc, tree string }{
		{"names with white space around them", `<xs:element name=" e "><xs:complexType><xs:attribute name=" a" type=" xs:int " use="required "/></xs:complexType></xs:element>`,
			`<t:e xmlns:t="urn:t" a="1"/>`, `{"e":{"a":1}}`},
		{"a pattern that not all of the inherited enumeration matches", `<xs:simpleType name="all"><xs:restriction base="xs:string"><xs:enumeration value="a1"/><xs:enumeration value="b1"/></xs:restriction></xs:simpleType>
			<xs:simpleType name="some"><xs:restriction base="t:all"><xs:pattern value="a\d"/></xs:restriction></xs:simpleType><xs:element name="e" type="t:some"/>`,
			`<t:e xmlns:t="urn:t">a1</t:e>`, `{"e":"a1"}`},
		{"such patterns of a type without a name", `<xs:simpleType name="all"><xs:restriction base="xs:string"><xs:enumeration value="a1"/><xs:enumeration value="b1"/><xs:enumeration value="c1"/></xs:restriction></xs:simpleType>
			<xs:element name="e"><xs:simpleType><xs:restriction base="t:all"><xs:pattern value="a\d"/><xs:pattern value="b\d"/></xs:restriction></xs:simpleType></xs:element>`,
			`<t:e xmlns:t="urn:t">a1</t:e>`, `{"e":"a1"}`},
		{"a key that leads nowhere", `<xs:element name="e"><xs:complexType><xs:sequence><xs:element name="i" type="xs:int"/></xs:sequence></xs:complexType>
			<xs:key name="k"><xs:selector xpath="t:nowhere"/><xs:field xpath="@no"/></xs:key></xs:element>`,
			`<t:e xmlns:t="urn:t"><i>1</i></t:e>`, `{"e":{"i":1}}`},
		{"a huge maxOccurs", `<xs:element name="e"><xs:complexType><xs:sequence><xs:element name="i" type="xs:int" maxOccurs="100000"/></xs:sequence></xs:complexType></xs:element>`,
			`<t:e xmlns:t="urn:t"><i>1</i></t:e>`, `{"e":{"i":[1]}}`},
		{"a chameleon", `<xs:include schemaLocation="none.xsd"/><xs:element name="e" type="t:none"/>`, `<t:e xmlns:t="urn:t">x</t:e>`, `{"e":"x"}`},
		{"an import in a circle, with a backslash", `<xs:import namespace="urn:u" schemaLocation=".\u.xsd"/><xs:element name="e" type="u:u" xmlns:u="urn:u"/><xs:simpleType name="t"><xs:restriction base="xs:int"/></xs:simpleType>`,
			`<t:e xmlns:t="urn:t">1</t:e>`, `{"e":1}`},
		{"a type that derives from one whose content holds it", `<xs:complexType name="base"><xs:sequence><xs:element name="in" type="t:derived" minOccurs="0"/></xs:sequence></xs:complexType>
			<xs:complexType name="derived"><xs:complexContent><xs:restriction base="t:base"><xs:sequence><xs:element name="in" type="t:derived" minOccurs="0"/></xs:sequence></xs:restriction></xs:complexContent></xs:complexType><xs:element name="e" type="t:base"/>`,
			`<t:e xmlns:t="urn:t"><in><in/></in></t:e>`, `{"e":{"in":{"in":{}}}}`},
		{"an import that nothing needs", `<xs:import namespace="urn:v" schemaLocation="http://nowhere.example/v.xsd"/><xs:element name="e" type="xs:int"/>`, `<t:e xmlns:t="urn:t">1</t:e>`, `{"e":1}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := xsd.Load(files(c.content), "t.xsd")
			if err != nil {
				t.Fatal(err)
			}
			e, err := s.Element(xsd.Name{Local: "e"})
			if err != nil {
				t.Fatal(err)
			}
			r, err := codec.ForElement(s, e).DecodeWith([]byte(c.doc), codec.Options{Strict: true})
			if err != nil {
				t.Fatal(err)
			}
			if got, err := jsonschema.AppendJSON(nil, r.Tree); err != nil || string(got) != c.tree {
				t.Errorf("got %s, %v, want %s", got, err, c.tree)
			}
			v, err := s.Validator()
			if err != nil {
				t.Fatal(err)
			}
			if err := v.Validate([]byte(c.doc)); err != nil {
				t.Errorf("the validator says %v", err)
			}
		})
	}
}

// TestExtensionByAttributes extends a type with simple content in complexContent, as JAX-WS writes it.
func TestExtensionByAttributes(t *testing.T) {
	s, err := xsd.Load(files(`<xs:complexType name="named"><xs:simpleContent><xs:extension base="xs:string"><xs:attribute name="id" type="xs:int"/></xs:extension></xs:simpleContent></xs:complexType>
		<xs:element name="e"><xs:complexType><xs:complexContent><xs:extension base="t:named"><xs:attribute name="more" type="xs:int"/></xs:extension></xs:complexContent></xs:complexType></xs:element>`), "t.xsd")
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Element(xsd.Name{Local: "e"})
	if err != nil {
		t.Fatal(err)
	}
	const doc = `<t:e xmlns:t="urn:t" id="1" more="2">x</t:e>`
	if v, err := s.Validator(); err != nil || v.Validate([]byte(doc)) != nil {
		t.Errorf("the validator does not take it: %v", err)
	}
	r, err := codec.ForElement(s, e).Decode([]byte(doc))
	if got, _ := jsonschema.AppendJSON(nil, r.Tree); err != nil || string(got) != `{"e":{"_text":"x","id":1,"more":2}}` {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct{ name, content, want string }{
		{"unknown type", `<xs:element name="e" type="t:non"/>`, `t.xsd:2:1: the type {urn:t}non is declared nowhere`},
		{"a type of a namespace that was not loaded", `<xs:import namespace="urn:v" schemaLocation="v.xsd"/><xs:element name="e" type="v:x" xmlns:v="urn:v"/>`, `t.xsd:2:54: the type {urn:v}x is declared nowhere; t.xsd:2:1 imports it from "v.xsd": v.xsd is not there`},
		{"no name", `<xs:element type="xs:int"/>`, `t.xsd:2:1: <xs:element> without a name`},
		{"no name in XML", `<xs:element name="e"><xs:complexType><xs:attribute name="1 a"/></xs:complexType></xs:element>`, `t.xsd:2:38: <xs:attribute> is called "1 a", which is no name in XML`},
		{"undeclared prefix", `<xs:element name="e" type="x:x"/>`, `t.xsd:2:1: the prefix of "x:x" is not declared`},
		{"declared twice, differently", `<xs:element name="e" type="xs:int"/><xs:element name="e" type="xs:string"/>`, `t.xsd:2:37: the element {urn:t}e is declared a second time, and differently; the first is at t.xsd:2:1`},
		{"a type that derives from itself", `<xs:complexType name="c"><xs:complexContent><xs:extension base="t:c"/></xs:complexContent></xs:complexType>`, `t.xsd:2:1: the type {urn:t}c derives from itself`},
		{"a group that contains itself", `<xs:group name="g"><xs:sequence><xs:group ref="t:g"/></xs:sequence></xs:group>`, `t.xsd:2:33: the group {urn:t}g contains itself`},
		{"an attribute group that contains itself", `<xs:attributeGroup name="g"><xs:attributeGroup ref="t:g"/></xs:attributeGroup><xs:element name="e"><xs:complexType><xs:attributeGroup ref="t:g"/></xs:complexType></xs:element>`, `t.xsd:2:29: the attribute group {urn:t}g contains itself`},
		{"occurrences", `<xs:element name="e"><xs:complexType><xs:sequence><xs:element name="i" minOccurs="2"/></xs:sequence></xs:complexType></xs:element>`, `t.xsd:2:51: maxOccurs 1 is less than minOccurs 2`},
		{"facet", `<xs:simpleType name="s"><xs:restriction base="xs:string"><xs:length value="many"/></xs:restriction></xs:simpleType>`, `t.xsd:2:58: length is not a number: "many"`},
		{"include of another namespace", `<xs:include schemaLocation="u.xsd"/>`, "t.xsd:2:1: includes \"u.xsd\", whose target namespace is \"urn:u\" and not \"urn:t\": import it instead\nu.xsd:2:28: the type {urn:t}t is declared nowhere"},
		{"no part of XML Schema", `<xs:elements/>`, `t.xsd:2:1: <xs:elements> can't stand at the top of a schema`},
		{"a contract that expands beyond all measure", expanding(22), `t.xsd:2:31: the contract's groups and derived types expand beyond all measure`},
		{"not well-formed", `<xs:element>`, `t.xsd:2:13: not well-formed XML: the end tag does not match <xs:element>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := xsd.Load(files(c.content), "t.xsd")
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
	if _, err := xsd.Load(files(""), "nowhere.xsd"); err == nil || err.Error() != "nowhere.xsd: can't read the contract: there is no such file" {
		t.Errorf("a file that is not there: %v", err)
	}
}

func files(content string) fstest.MapFS {
	return fstest.MapFS{
		"t.xsd":    {Data: []byte(schema(content))},
		"none.xsd": {Data: []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:simpleType name="none"><xs:restriction base="xs:string"/></xs:simpleType></xs:schema>`)},
		"u.xsd": {Data: []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:u"><xs:import namespace="urn:t" schemaLocation="t.xsd"/>
			<xs:simpleType name="u"><xs:restriction base="t:t"/></xs:simpleType></xs:schema>`)},
	}
}

// expanding is groups each of which holds the one before twice.
func expanding(levels int) string {
	var b strings.Builder
	b.WriteString(`<xs:group name="g"><xs:choice><xs:element name="a"/><xs:element name="b"/></xs:choice></xs:group>`)
	name := "g"
	for range levels {
		b.WriteString(`<xs:group name="` + name + `g"><xs:sequence><xs:group ref="t:` + name + `"/><xs:group ref="t:` + name + `"/></xs:sequence></xs:group>`)
		name += "g"
	}
	b.WriteString(`<xs:element name="e"><xs:complexType><xs:group ref="t:` + name + `"/></xs:complexType></xs:element>`)
	return b.String()
}

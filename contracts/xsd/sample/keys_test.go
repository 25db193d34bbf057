package sample_test

import (
	"testing"
	"testing/fstest"

	"sluice/contracts/xsd"
	"sluice/contracts/xsd/sample"
)

// TestKeys makes samples that keep to keys, to references to them, and to IDs.
func TestKeys(t *testing.T) {
	s, err := xsd.Load(fstest.MapFS{"t.xsd": {Data: []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t" elementFormDefault="qualified">
		<xs:simpleType name="code"><xs:restriction base="xs:string"><xs:enumeration value="a"/><xs:enumeration value="b"/></xs:restriction></xs:simpleType>
		<xs:simpleType name="pattern"><xs:restriction base="xs:string"><xs:pattern value="[0-9]{3}"/></xs:restriction></xs:simpleType>
		<xs:element name="list"><xs:complexType><xs:sequence>
			<xs:element name="item" maxOccurs="unbounded"><xs:complexType><xs:sequence>
				<xs:element name="number" type="xs:int"/><xs:element name="code" type="t:code"/><xs:element name="text" type="t:pattern"/><xs:element name="day" type="xs:date"/>
			</xs:sequence><xs:attribute name="id" type="xs:ID" use="required"/></xs:complexType></xs:element>
			<xs:element name="link" minOccurs="2" maxOccurs="2"><xs:complexType><xs:attribute name="to" type="xs:int" use="required"/><xs:attribute name="id" type="xs:IDREF" use="required"/></xs:complexType></xs:element>
		</xs:sequence></xs:complexType>
			<xs:key name="numbers"><xs:selector xpath="t:item"/><xs:field xpath="t:number"/></xs:key>
			<xs:unique name="codes"><xs:selector xpath=".//t:item"/><xs:field xpath="t:code"/></xs:unique>
			<xs:unique name="texts"><xs:selector xpath="./t:item | t:none"/><xs:field xpath="child::t:text"/></xs:unique>
			<xs:unique name="days"><xs:selector xpath="*/t:day"/><xs:field xpath="."/></xs:unique>
			<xs:keyref name="links" refer="t:numbers"><xs:selector xpath="t:link"/><xs:field xpath="@to"/></xs:keyref>
		</xs:element>
		<xs:element name="lost"><xs:complexType><xs:sequence><xs:element name="to" type="xs:int"/></xs:sequence></xs:complexType>
			<xs:key name="none"><xs:selector xpath="t:nowhere"/><xs:field xpath="."/></xs:key><xs:keyref name="never" refer="t:none"><xs:selector xpath="t:to"/><xs:field xpath="."/></xs:keyref></xs:element>
		<xs:element name="few"><xs:complexType><xs:sequence><xs:element name="code" type="t:code" minOccurs="3" maxOccurs="3"/></xs:sequence></xs:complexType>
			<xs:unique name="three"><xs:selector xpath="t:code"/><xs:field xpath="."/></xs:unique></xs:element>
		<xs:element name="ref" type="xs:IDREF"/>
		<xs:element name="links"><xs:complexType><xs:sequence>
			<xs:element name="a" minOccurs="0"><xs:complexType><xs:sequence><xs:element name="to"><xs:complexType><xs:attribute name="n" type="xs:int"/></xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
			<xs:element name="key" type="xs:int" minOccurs="0"/></xs:sequence></xs:complexType>
			<xs:key name="linked"><xs:selector xpath="t:key"/><xs:field xpath="."/></xs:key><xs:keyref name="linking" refer="t:linked"><xs:selector xpath="t:a/t:to"/><xs:field xpath="@n"/></xs:keyref></xs:element>
		<xs:element name="kinds"><xs:complexType><xs:sequence><xs:element name="use" type="t:code"/><xs:element name="kind" type="xs:string"/></xs:sequence></xs:complexType>
			<xs:key name="kind"><xs:selector xpath="t:kind"/><xs:field xpath="."/></xs:key><xs:keyref name="used" refer="t:kind"><xs:selector xpath="t:use"/><xs:field xpath="."/></xs:keyref></xs:element>
	</xs:schema>`)}}, "t.xsd")
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Validator()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"list", "kinds"} {
		e, err := s.Element(xsd.Name{Local: name})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range everyOption(20) {
			if err := roundTrip(s, v, e, o); err != nil {
				t.Errorf("%s, %+v: %v", name, o, err)
			}
		}
	}
	e, err := s.Element(xsd.Name{Local: "links"})
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range []struct {
		xml   string
		valid bool
	}{
		{`<links xmlns="urn:t"/>`, true}, {`<links xmlns="urn:t"><a><to/></a></links>`, true}, {`<links xmlns="urn:t"><a><to n="1"/></a></links>`, false},
	} {
		if err := v.Validate([]byte(doc.xml)); (err == nil) != doc.valid {
			t.Errorf("%s of %s: %v", doc.xml, e.Name, err)
		}
	}
	for name, want := range map[string]string{
		"lost": "lost/to: nothing has the key none that is referred to here",
		"few":  "few/code: can't make another value for the key three",
		"ref":  "ref: the message has no ID that is referred to here",
	} {
		e, err := s.Element(xsd.Name{Local: name})
		if err != nil {
			t.Fatal(err)
		}
		if _, gaps := sample.Element(s, e, sample.Options{}); len(gaps) != 1 || gaps[0].String() != want {
			t.Errorf("%s: gaps %v, want %s", name, gaps, want)
		}
	}
}

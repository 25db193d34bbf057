package codec_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/diag"
	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// TestValidate names the element or attribute that breaks the contract, which the validator itself does not.
func TestValidate(t *testing.T) {
	s, err := xsd.Load(fstest.MapFS{"s.xsd": {Data: []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:t" targetNamespace="urn:t" elementFormDefault="qualified">
  <xs:simpleType name="Код"><xs:restriction base="xs:string"><xs:pattern value="[0-9]{2}"/></xs:restriction></xs:simpleType>
  <xs:element name="Заявка"><xs:complexType>
    <xs:sequence>
      <xs:element name="Лицо" maxOccurs="2"><xs:complexType><xs:sequence><xs:element name="Код" type="Код"/></xs:sequence>
        <xs:attribute name="б" type="xs:string"/><xs:attribute name="в" type="Код"/></xs:complexType></xs:element>
    </xs:sequence>
    <xs:attribute name="а" type="Код" use="required"/>
  </xs:complexType></xs:element>
</xs:schema>`)}}, "s.xsd")
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Element(xsd.Name{Local: "Заявка"})
	if err != nil {
		t.Fatal(err)
	}
	message := func(a, b, v, code string) *tree.Object {
		return tree.Of("Заявка", tree.Of("а", a, "Лицо", []any{tree.Of("б", b, "в", v, "Код", code)}))
	}
	for _, c := range []struct {
		message *tree.Object
		want    string
	}{
		{message("11", "x > y\n", "22", "33"), ""},
		{message("1", "x", "22", "33"), "Заявка/@а: pattern violation"},
		{message("11", "x > y\n", "2", "33"), "Заявка/Лицо/@в: pattern violation"},
		{message("11", "", "2", "33"), "Заявка/Лицо/@в: pattern violation"},
		{message("11", "x", "22", "3"), "Заявка/Лицо/Код: pattern violation"},
		{tree.Of("Заявка", tree.Of("а", "11")), "Заявка: an element is missing; expected Лицо"},
	} {
		err := codec.ForElement(s, e).Validate(c.message)
		got := ""
		if err != nil {
			got = diag.Of(err)[0].Message
		}
		if c.want == "" && err != nil || !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: got %q, want %q", c.message, got, c.want)
		}
	}
}

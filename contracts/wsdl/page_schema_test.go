package wsdl_test

import (
	"fmt"
	"strings"
	"testing"

	"sluice/contracts/xsd/codec"
)

const instance = ` xmlns:i="http://www.w3.org/2001/XMLSchema-instance"`

// TestPageSchemas holds what the page says of XML Schema.
func TestPageSchemas(t *testing.T) {
	holdTable(t, "| of XML Schema 1.0 | |", map[string]func(*page){
		"sequence, choice, all, groups, nested and repeated, counted exactly": func(p *page) {
			s := p.load("t.xsd", sequence(`<xs:choice><xs:element name="a" type="xs:int"/><xs:group ref="g"/></xs:choice>
				<xs:sequence minOccurs="2" maxOccurs="3"><xs:element name="c" type="xs:int"/><xs:element name="d" type="xs:int" minOccurs="0"/></xs:sequence>`,
				`<xs:group name="g"><xs:sequence><xs:element name="b" type="xs:int" minOccurs="2" maxOccurs="2"/></xs:sequence></xs:group>
				<xs:element name="all"><xs:complexType><xs:all><xs:element name="x" type="xs:int"/><xs:element name="y" type="xs:int" minOccurs="0"/></xs:all></xs:complexType></xs:element>`))
			p.reads(s,
				`<e><a>1</a><c>2</c><d>3</d><c>4</c></e>`, `{"e":{"_items":[{"c":2},{"d":3},{"c":4}],"a":1}}`,
				`<e><b>1</b><b>2</b><c>3</c><c>4</c></e>`, `{"e":{"_items":[{"c":3},{"c":4}],"b":[1,2]}}`,
				`<e><b>1</b><c>3</c><c>4</c></e>`, `e: an element is missing before this one; expected b; found c`,
				`<e><a>1</a><c>2</c></e>`, `e: an element is missing; expected d or c; found the end of e`,
				`<e><a>1</a><c>1</c><c>2</c><c>3</c><c>4</c></e>`, `e: the element is out of place`,
				`<all><y>2</y><x>1</x></all>`, `{"all":{"x":1,"y":2}}`,
				`<all><y>2</y></all>`, `all: an element is missing; expected x`)
		},
		"extension, restriction, simple content, mixed, recursion, abstract types and elements, substitution groups, `xsi:type`, nillable": func(p *page) {
			s := p.load("t.xsd", sequence(`<xs:element name="of" type="base" minOccurs="0" nillable="true"/><xs:element ref="head" minOccurs="0"/><xs:element ref="e" minOccurs="0"/>`,
				`<xs:complexType name="base" abstract="true"><xs:sequence><xs:element name="a" type="xs:int" minOccurs="0"/></xs:sequence></xs:complexType>
				<xs:complexType name="more"><xs:complexContent><xs:extension base="base"><xs:sequence><xs:element name="b" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
				<xs:complexType name="less"><xs:complexContent><xs:restriction base="base"/></xs:complexContent></xs:complexType>
				<xs:element name="head" abstract="true" type="xs:string"/><xs:element name="member" type="xs:string" substitutionGroup="head"/>
				<xs:element name="sum"><xs:complexType><xs:simpleContent><xs:extension base="xs:decimal"><xs:attribute name="in"/></xs:extension></xs:simpleContent></xs:complexType></xs:element>
				<xs:element name="text"><xs:complexType mixed="true"><xs:sequence><xs:element name="b" type="xs:string"/></xs:sequence></xs:complexType></xs:element>`))
			p.reads(s,
				`<e`+instance+`><of i:type="more"><a>1</a><b>2</b></of></e>`, `{"e":{"of":{"_type":"more","a":1,"b":2}}}`,
				`<e`+instance+`><of i:type="less"/></e>`, `{"e":{"of":{"_type":"less"}}}`,
				`<e`+instance+`><of i:type="less"><a>1</a></of></e>`, `{"e":{"of":{"_type":"less"}}} e/of/a (`,
				`<e><of/></e>`, `e/of: the type base is abstract`,
				`<e`+instance+`><of i:nil="true" i:type="more"/></e>`, `{"e":{"of":{"_nil":true,"_type":"more"}}}`,
				`<e><member>m</member><e><member>n</member></e></e>`, `{"e":{"e":{"member":"n"},"member":"m"}}`,
				`<sum in="RUB">1.50</sum>`, `{"sum":{"_text":"1.50","in":"RUB"}}`,
				`<text>a<b>c</b>d</text>`, `{"text":{"_items":[{"_text":"a"},{"b":"c"},{"_text":"d"}]}}`)
		},
		"attribute groups, wildcards, defaults and fixed values": func(p *page) {
			s := p.load("t.xsd", schema(`<xs:attributeGroup name="g"><xs:attribute name="a" type="xs:int" default="7"/><xs:attribute name="f" fixed="1" use="required"/><xs:anyAttribute namespace="##other"/></xs:attributeGroup>
				<xs:element name="e"><xs:complexType><xs:sequence><xs:element name="d" type="xs:int" default="5" minOccurs="0"/><xs:any namespace="##other" processContents="lax" minOccurs="0"/></xs:sequence><xs:attributeGroup ref="g"/></xs:complexType></xs:element>`))
			p.reads(s,
				`<e f="1"><d/></e>`, `{"e":{"d":5,"f":"1"}}`,
				`<e f="1" x:o="2" xmlns:x="urn:x"><x:y/></e>`, `{"e":{"@{urn:x}o":"2","_any":["<x:y xmlns:x=\"urn:x\"/>"],"f":"1"}}`,
				`<e/>`, `e: an attribute is missing; expected @f`)
			e, err := s.Element(nameOf("e"))
			if err != nil {
				p.Fatal(err)
			}
			if xml, err := codec.ForElement(s, e).Append(nil, treeOf(p, `{"e":{}}`)); err != nil || !strings.Contains(string(xml), `<e f="1">`) && !strings.Contains(string(xml), `<e f="1"/>`) {
				p.Errorf("the fixed value is not written by itself: %s, %v", xml, err)
			}
		},
		"list and union types": func(p *page) {
			s := p.load("t.xsd", schema(`<xs:element name="list"><xs:simpleType><xs:list itemType="xs:int"/></xs:simpleType></xs:element>
				<xs:simpleType name="small"><xs:restriction base="xs:int"><xs:maxInclusive value="9"/></xs:restriction></xs:simpleType>
				<xs:element name="one"><xs:simpleType><xs:union memberTypes="small xs:int"/></xs:simpleType></xs:element>
				<xs:element name="other"><xs:simpleType><xs:union memberTypes="xs:int xs:date"/></xs:simpleType></xs:element>`))
			p.reads(s, `<list> 1 2 </list>`, `{"list":[1,2]}`, `<one>7</one>`, `{"one":7}`, `<other>7</other>`, `{"other":"7"}`, `<list>1 x</list>`, `list: the value is not what the contract declares`)
		},
		"all built-in types": func(p *page) {
			for name, forms := range map[string][2]string{ // one that is right and one that is not
				"string": {"a", ""}, "boolean": {"1", "yes"}, "decimal": {"-1.5", "1e3"}, "float": {"1.5", "inf"}, "double": {"1e3", "x"},
				"duration": {"P1DT2H", "P"}, "dateTime": {"2024-02-29T10:00:00Z", "2023-02-29T10:00:00Z"}, "time": {"24:00:00", "25:00:00"},
				"date": {"2024-02-29", "29.02.2024"}, "gYearMonth": {"2024-02", "2024-13"}, "gYear": {"2024", "24"}, "gMonthDay": {"--02-29", "--02-30"},
				"gDay": {"---31", "---32"}, "gMonth": {"--12", "--13"}, "hexBinary": {"0aFF", "0a1"}, "base64Binary": {"YWJj", "YWJ"},
				"anyURI": {"urn:a", ""}, "QName": {"e", "no:e"}, "normalizedString": {"a b", ""}, "token": {"a", ""},
				"integer": {"99999999999999999999", "1.0"}, "nonPositiveInteger": {"0", "1"}, "negativeInteger": {"-1", "0"},
				"long": {"9223372036854775807", "9223372036854775808"}, "int": {"2147483647", "2147483648"}, "short": {"-32768", "-32769"}, "byte": {"127", "128"},
				"nonNegativeInteger": {"0", "-1"}, "unsignedLong": {"18446744073709551615", "18446744073709551616"}, "unsignedInt": {"4294967295", "4294967296"},
				"unsignedShort": {"65535", "65536"}, "unsignedByte": {"255", "256"}, "positiveInteger": {"1", "0"},
			} {
				s := p.load("t.xsd", schema(`<xs:element name="e" type="xs:`+name+`"/>`))
				if got := p.read(s, "<e>"+forms[0]+"</e>", codec.Options{}); !strings.HasPrefix(got, `{"e":`) {
					p.Errorf("xs:%s is not %s: %s", name, forms[0], got)
				}
				if got := p.read(s, "<e>"+forms[1]+"</e>", codec.Options{}); forms[1] != "" && !strings.Contains(got, "the value is not what the contract declares") {
					p.Errorf("xs:%s is %s: %s", name, forms[1], got)
				}
			}
			for name, wrong := range map[string]string{
				"language": "русский", "NMTOKEN": "a b", "NMTOKENS": "a !", "Name": "1a", "NCName": "1a", "ID": "1", "IDREF": "1", "IDREFS": "1", "ENTITY": "1", "ENTITIES": "1",
			} {
				s := p.load("t.xsd", schema(`<xs:element name="e" type="xs:`+name+`"/>`))
				p.reads(s, "<e>"+wrong+"</e>", `{"e":`)
				p.validates(s, "<e>"+wrong+"</e>", "invalid")
			}
		},
		"facets, patterns, codes": func(p *page) {
			s := p.load("t.xsd", schema(`<xs:element name="e"><xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="\d+"/><xs:maxLength value="3"/></xs:restriction></xs:simpleType></xs:element>
				<xs:element name="code"><xs:simpleType><xs:restriction base="xs:string"><xs:enumeration value="01"/></xs:restriction></xs:simpleType></xs:element>`))
			p.reads(s, `<e>long</e>`, `{"e":"long"}`, `<code>02</code>`, `{"code":"02"}`)
			p.validates(s, `<e>123</e>`, "")
			p.validates(s, `<e>abc</e>`, "pattern")
			p.validates(s, `<e>1234</e>`, "maxLength")
			p.validates(s, `<code>02</code>`, "enumeration")
			s = p.load("t.xsd", sequence(`<xs:element name="a"/>`, "")[:len(sequence(`<xs:element name="a"/>`, ""))-len(`</xs:element></xs:schema>`)]+
				`<xs:key name="nowhere"><xs:selector xpath="b"/><xs:field xpath="@c"/></xs:key></xs:element></xs:schema>`)
			if v, err := s.Validator(); err != nil || fmt.Sprint(v.Unchecked) != "[nowhere]" {
				p.Errorf("unchecked: %+v, %v", v, err)
			}
		},
		"`xs:key`, `xs:unique`, `xs:keyref`": func(p *page) {
			const item = `<xs:element name="%s" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:attribute name="n"/></xs:complexType></xs:element>`
			s := p.load("t.xsd", schema(`<xs:element name="e"><xs:complexType><xs:sequence>`+fmt.Sprintf(item+item+item, "a", "b", "c")+`</xs:sequence></xs:complexType>
				<xs:key name="k"><xs:selector xpath="a"/><xs:field xpath="@n"/></xs:key><xs:keyref name="r" refer="k"><xs:selector xpath="b"/><xs:field xpath="@n"/></xs:keyref>
				<xs:unique name="u"><xs:selector xpath="c"/><xs:field xpath="@n"/></xs:unique></xs:element>`))
			p.validates(s, `<e><a n="1"/><a n="2"/><b n="2"/><c n="1"/><c/></e>`, "")
			p.validates(s, `<e><a n="1"/><a n="1"/></e>`, "duplicate")
			p.validates(s, `<e><a/></e>`, "field is missing")
			p.validates(s, `<e><a n="1"/><b n="2"/></e>`, "keyref")
			p.validates(s, `<e><c n="1"/><c n="1"/></e>`, "duplicate")
		},
		"import, include, redefine; circular, chameleon, without a location": func(p *page) {
			head := func(space, content string) string {
				return `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" xmlns:u="urn:u" targetNamespace="` + space + `">` + content + `</xs:schema>`
			}
			s := p.load("t.xsd", head("urn:t", `<xs:include schemaLocation="chameleon.xsd"/><xs:import namespace="urn:u"/><xs:redefine schemaLocation="old.xsd"><xs:complexType name="old"><xs:complexContent>
					<xs:extension base="t:old"><xs:attribute name="new"/></xs:extension></xs:complexContent></xs:complexType></xs:redefine>
				<xs:element name="e"><xs:complexType><xs:sequence><xs:element name="a" type="t:plain"/><xs:element name="b" type="u:back"/><xs:element name="c" type="t:old"/></xs:sequence></xs:complexType></xs:element>`),
				"chameleon.xsd", schema(`<xs:simpleType name="plain"><xs:restriction base="xs:int"/></xs:simpleType>`),
				"u.xsd", head("urn:u", `<xs:import namespace="urn:t" schemaLocation="t.xsd"/><xs:simpleType name="back"><xs:restriction base="t:plain"/></xs:simpleType>`),
				"old.xsd", head("urn:t", `<xs:complexType name="old"><xs:attribute name="was"/></xs:complexType>`))
			p.reads(s, `<t:e xmlns:t="urn:t"><a>1</a><b>2</b><c was="x" new="y"/></t:e>`, `{"e":{"a":1,"b":2,"c":{"new":"y","was":"x"}}}`)
		},
		"XML Schema 1.1 (`xs:assert`, `xs:alternative`, `xs:override`)": func(p *page) {
			p.refuses("<xs:override> can't stand at the top of a schema", "t.xsd", schema(`<xs:override schemaLocation="u.xsd"/>`))
			s := p.load("t.xsd", schema(`<xs:element name="e" type="c"><xs:alternative test="@a" type="xs:int"/></xs:element><xs:complexType name="c"><xs:attribute name="a"/><xs:assert test="@a"/></xs:complexType>`))
			if n := len(s.Warnings); n != 2 {
				p.Errorf("%d warnings", n)
			}
			p.reads(s, `<e/>`, `{"e":{}}`)
		},
		"elements where XML Schema has no place for them": func(p *page) {
			s := p.load("t.xsd", schema(`<xs:element name="e"><xs:complexType><xs:element name="lost"/></xs:complexType></xs:element>`))
			p.reads(s, `<e><lost/></e>`, `{"e":{}} e/lost (`)
		},
		"content models that are ambiguous (unique particle attribution)": func(p *page) {
			s := p.load("t.xsd", sequence(`<xs:element name="a" type="xs:int" minOccurs="0"/><xs:element name="a" type="xs:string" minOccurs="0"/>`, ""))
			for _, at := range []string{"t.xsd:1:156: warning: the element a may fall", "to the declaration at t.xsd:1:106"} {
				if !strings.Contains(p.printed, at) {
					p.Errorf("no %q in %s", at, p.printed)
				}
			}
			p.reads(s, `<e><a>1</a></e>`, `{"e":{"a":[1]}}`)
			p.validates(s, `<e><a>1</a></e>`, "")
			if v, err := s.Validator(); err != nil || fmt.Sprint(v.Unchecked) != "[the content of the type without a name at t.xsd:1:77]" {
				p.Errorf("unchecked: %+v, %v", v, err)
			}
		},
	})
}

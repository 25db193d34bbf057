package xsd_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sluice/contracts/diag"
	"sluice/contracts/xsd"
)

// loaded is what loading says: the problems, or how many elements there are and what is doubtful.
func loaded(t *testing.T, files fstest.MapFS) string {
	t.Helper()
	late := time.AfterFunc(time.Minute, func() { panic("loading takes for ever") })
	defer late.Stop()
	s, err := xsd.Load(files, "t.xsd")
	if err != nil {
		var list diag.List
		var one diag.Problem
		if !errors.As(err, &list) && !errors.As(err, &one) {
			t.Errorf("%T is no problem with a place", err)
		}
		return strings.ReplaceAll(err.Error(), "\n", " | ")
	}
	text := fmt.Sprintf("%d elements", len(s.Elements()))
	for _, w := range s.Warnings {
		text += " | " + w.Error()
	}
	return text
}

// TestHostileContracts is about contracts that contradict themselves, or lead in circles. Each is told what is wrong
// with it, and where, or is taken because XML Schema allows it.
func TestHostileContracts(t *testing.T) {
	sequence := func(content string) string {
		return `<xs:element name="e"><xs:complexType><xs:sequence>` + content + `</xs:sequence></xs:complexType></xs:element>`
	}
	simple := func(base, facets string) string {
		return `<xs:simpleType name="s"><xs:restriction base="` + base + `">` + facets + `</xs:restriction></xs:simpleType><xs:element name="e" type="t:s"/>`
	}
	for _, c := range []struct{ name, content, want string }{
		{"includes itself", `<xs:include schemaLocation="t.xsd"/><xs:element name="e"/>`, `1 elements`},
		{"imports its own namespace", `<xs:import namespace="urn:t" schemaLocation="t.xsd"/><xs:element name="e"/>`, `1 elements`},
		{"imports a folder", `<xs:import namespace="urn:v" schemaLocation="."/>`, `0 elements | t.xsd:2:1: warning: ".", asked for here, was not loaded, and nothing needs it: . is not there`},
		{"imports from outside everything", `<xs:import namespace="urn:v" schemaLocation="../../../../etc/passwd"/><xs:element name="e"/>`, `1 elements | t.xsd:2:1: warning: "../../../../etc/passwd", asked for here, was not loaded, and nothing needs it: ../../../../etc/passwd is not there`},
		{"imports from the network", `<xs:import namespace="urn:v" schemaLocation="https://127.0.0.1/v.xsd"/><xs:element name="e" type="v:x" xmlns:v="urn:v"/>`, `t.xsd:2:72: the type {urn:v}x is declared nowhere; t.xsd:2:1 imports it from "https://127.0.0.1/v.xsd": contracts are never fetched from the network: save the file beside the contract and let schemaLocation or catalog.xml name it`},
		{"imports without a location", `<xs:import namespace="urn:v"/><xs:element name="e" type="v:x" xmlns:v="urn:v"/>`, `t.xsd:2:31: the type {urn:v}x is declared nowhere; t.xsd:2:1 imports it without a location, and no file beside it has that namespace`},
		{"an import of no namespace that has one", `<xs:import schemaLocation="u.xsd"/><xs:element name="e"/><xs:simpleType name="t"><xs:restriction base="xs:int"/></xs:simpleType>`, `1 elements | t.xsd:2:1: warning: imports "u.xsd" for the namespace "", but its target namespace is "urn:u"`},
		{"a location that is no URI", `<xs:import namespace="urn:v" schemaLocation="%zz"/><xs:element name="e"/>`, `1 elements | t.xsd:2:1: warning: "%zz", asked for here, was not loaded, and nothing needs it: the location is no URI`},
		{"redefines what is not there", `<xs:redefine schemaLocation="none.xsd"><xs:simpleType name="some"><xs:restriction base="t:some"/></xs:simpleType></xs:redefine>`, `t.xsd:2:40: xs:redefine of the type {urn:t}some, which the redefined schema does not have`},
		{"redefines by something else", `<xs:redefine schemaLocation="none.xsd"><xs:simpleType name="none"><xs:restriction base="xs:int"/></xs:simpleType></xs:redefine><xs:element name="e" type="t:none"/>`, `1 elements`},

		{"types that derive from each other", `<xs:complexType name="a"><xs:complexContent><xs:extension base="t:b"/></xs:complexContent></xs:complexType><xs:complexType name="b"><xs:complexContent><xs:extension base="t:a"/></xs:complexContent></xs:complexType>`, `t.xsd:2:1: the type {urn:t}a derives from itself`},
		{"a simple type that derives from itself", `<xs:simpleType name="s"><xs:restriction base="t:s"/></xs:simpleType>`, `t.xsd:2:1: the type {urn:t}s derives from itself | t.xsd:2:25: the type {urn:t}s is not simple`},
		{"a union of itself", `<xs:simpleType name="s"><xs:union memberTypes="xs:int t:s"/></xs:simpleType>`, `t.xsd:2:1: the type {urn:t}s derives from itself | t.xsd:2:25: the type {urn:t}s is not simple`},
		{"a list of itself", `<xs:simpleType name="s"><xs:list itemType="t:s"/></xs:simpleType>`, `t.xsd:2:1: the type {urn:t}s derives from itself | t.xsd:2:25: the type {urn:t}s is not simple`},
		{"groups that contain each other", `<xs:group name="a"><xs:choice><xs:group ref="t:b"/></xs:choice></xs:group><xs:group name="b"><xs:choice><xs:group ref="t:a"/></xs:choice></xs:group>`, `t.xsd:2:105: the group {urn:t}a contains itself`},
		{"elements that head each other", `<xs:element name="a" substitutionGroup="t:b"/><xs:element name="b" substitutionGroup="t:a"/>`, `t.xsd:2:1: the element {urn:t}a heads its own substitution group | t.xsd:2:47: the element {urn:t}b heads its own substitution group`},
		{"an element that heads itself", `<xs:element name="a" substitutionGroup="t:a"/>`, `t.xsd:2:1: the element {urn:t}a heads its own substitution group`},
		{"an element in itself is no circle", `<xs:element name="e"><xs:complexType><xs:sequence><xs:element ref="t:e" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>`, `1 elements`},
		{"an element that needs itself without end", `<xs:element name="e"><xs:complexType><xs:sequence><xs:element ref="t:e"/></xs:sequence></xs:complexType></xs:element>`, `1 elements`},

		{"declared twice alike", `<xs:element name="e" type="xs:int"/><xs:element name="e" type="xs:int"/>`, `1 elements`},
		{"a type and an element of one name", `<xs:element name="e" type="t:e"/><xs:complexType name="e"/>`, `1 elements`},
		{"a type declared twice, as simple and complex", `<xs:complexType name="e"/><xs:simpleType name="e"><xs:restriction base="xs:int"/></xs:simpleType>`, `t.xsd:2:27: the type {urn:t}e is declared a second time, and differently; the first is at t.xsd:2:1`},
		{"an element in one place with two types", sequence(`<xs:element name="a" type="xs:int"/><xs:element name="b"/><xs:element name="a" type="xs:date"/>`), `1 elements`},
		{"an attribute twice", `<xs:element name="e"><xs:complexType><xs:attribute name="a" type="xs:int"/><xs:attribute name="a" type="xs:date"/></xs:complexType></xs:element>`, `t.xsd:2:76: the attribute a is declared a second time, and differently; the first is at t.xsd:2:38`},
		{"a type attribute and a type inside", `<xs:element name="e" type="xs:int"><xs:complexType/></xs:element>`, `t.xsd:2:1: the element e has both a type attribute and a type inside`},
		{"a name and a reference", sequence(`<xs:element name="a" ref="t:e"/>`), `1 elements`},
		{"an element without name or reference", sequence(`<xs:element type="xs:int"/>`), `t.xsd:2:51: <xs:element> without a name`},
		{"an empty name", `<xs:complexType name=""/>`, `t.xsd:2:1: <xs:complexType> without a name`},
		{"a name with a colon", `<xs:element name="t:e"/>`, `t.xsd:2:1: <xs:element> is called "t:e", which is no name in XML`},
		{"names that are words elsewhere", sequence(`<xs:element name="type"/><xs:element name="func"/><xs:element name="null"/><xs:element name="_any"/><xs:element name="_text"/><xs:element name="__proto__"/>`), `1 elements`},

		{"unique particle attribution: an element after itself", sequence(`<xs:element name="a" type="xs:int" minOccurs="0"/><xs:element name="a" type="xs:int"/>`), `1 elements | t.xsd:2:101: warning: the element a may fall to the declaration here or to the declaration at t.xsd:2:51 (unique particle attribution): the first place that fits is taken`},
		{"unique particle attribution: two branches that begin alike", `<xs:element name="e"><xs:complexType><xs:choice><xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="b"/></xs:sequence><xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="c"/></xs:sequence></xs:choice></xs:complexType></xs:element>`, `1 elements | t.xsd:2:147: warning: the element a may fall to the declaration here or to the declaration at t.xsd:2:62 (unique particle attribution): the first place that fits is taken`},
		{"unique particle attribution: a wildcard before an element", sequence(`<xs:any namespace="##any" minOccurs="0"/><xs:element ref="t:f"/>`) + `<xs:element name="f"/>`, `2 elements | t.xsd:2:92: warning: the element {urn:t}f may fall to the declaration here or to the wildcard at t.xsd:2:51 (unique particle attribution): the first place that fits is taken`},
		{"unique particle attribution: repeated without end", sequence(`<xs:sequence maxOccurs="unbounded"><xs:element name="a" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>`), `1 elements`},

		{"occurrences that are no number", sequence(`<xs:element name="a" maxOccurs="many"/>`), `t.xsd:2:51: maxOccurs is not a number: "many"`},
		{"occurrences below zero", sequence(`<xs:element name="a" minOccurs="-1"/>`), `t.xsd:2:51: minOccurs is not a number: "-1"`},
		{"occurrences beyond every number", sequence(`<xs:element name="a" maxOccurs="99999999999999999999999999"/>`), `1 elements`},
		{"never", sequence(`<xs:element name="a" minOccurs="0" maxOccurs="0"/>`), `1 elements`},
		{"a choice of nothing", `<xs:element name="e"><xs:complexType><xs:choice/></xs:complexType></xs:element>`, `1 elements`},
		{"use that is none", `<xs:element name="e"><xs:complexType><xs:attribute name="a" use="maybe"/></xs:complexType></xs:element>`, `t.xsd:2:38: use is none of optional, required, prohibited: "maybe"`},
		{"a wildcard's process that is none", sequence(`<xs:any processContents="loose"/>`), `t.xsd:2:51: processContents is none of strict, lax, skip: "loose"`},

		{"restriction of what nobody knows", simple("t:no", ""), `t.xsd:2:25: the type {urn:t}no is declared nowhere`},
		{"restriction without a base", `<xs:simpleType name="s"><xs:restriction/></xs:simpleType>`, `t.xsd:2:25: a restriction without base`},
		{"restriction of an element", `<xs:element name="f"/>` + simple("t:f", ""), `t.xsd:2:47: the type {urn:t}f is declared nowhere; did you mean "s"?`},
		{"restriction of a complex type as a simple one", `<xs:complexType name="c"/>` + simple("t:c", ""), `t.xsd:2:51: the type {urn:t}c is not simple`},
		{"extension of nothing", `<xs:complexType name="c"><xs:complexContent/></xs:complexType>`, `t.xsd:2:26: <xs:complexContent> without an extension or restriction`},
		{"simple content of a type that has none", `<xs:complexType name="b"><xs:sequence><xs:element name="a"/></xs:sequence></xs:complexType><xs:complexType name="c"><xs:simpleContent><xs:extension base="t:b"/></xs:simpleContent></xs:complexType>`, `t.xsd:2:135: simple content that derives from the type {urn:t}b, whose content is not simple`},
		{"complex content of a type that is simple", `<xs:complexType name="c"><xs:complexContent><xs:extension base="xs:int"><xs:sequence><xs:element name="a"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>`, `t.xsd:2:45: complex content that derives from the type {http://www.w3.org/2001/XMLSchema}int, whose content is simple`},
		{"a simple type of nothing", `<xs:simpleType name="s"/>`, `t.xsd:2:1: a simple type without a restriction, list or union`},
		{"a union of nothing", `<xs:simpleType name="s"><xs:union/></xs:simpleType>`, `t.xsd:2:25: a union without members`},
		{"a list of a complex type", `<xs:complexType name="c"/><xs:simpleType name="s"><xs:list itemType="t:c"/></xs:simpleType>`, `t.xsd:2:51: the type {urn:t}c is not simple`},
		{"white space that is none", simple("xs:string", `<xs:whiteSpace value="trim"/>`), `t.xsd:2:58: whiteSpace is none of preserve, replace, collapse: "trim"`},
		{"a length below zero", simple("xs:string", `<xs:length value="-1"/>`), `t.xsd:2:58: length is not a number: "-1"`},
		{"an attribute group that is a type", `<xs:complexType name="g"/><xs:complexType name="c"><xs:attributeGroup ref="t:g"/></xs:complexType>`, `t.xsd:2:52: the attribute group {urn:t}g is declared nowhere`},
		{"a reference by a prefix that nobody declares", sequence(`<xs:element ref="no:e"/>`), `t.xsd:2:51: the prefix of "no:e" is not declared`},
		{"a reference to a local element", sequence(`<xs:element name="a"/>`) + `<xs:element name="f"><xs:complexType><xs:sequence><xs:element ref="t:a"/></xs:sequence></xs:complexType></xs:element>`, `t.xsd:2:167: the element {urn:t}a is declared nowhere; did you mean "e"?`},
		{"a Latin letter among Cyrillic ones", `<xs:element name="e" type="t:Тип"/><xs:complexType name="Tип"/>`, `t.xsd:2:1: the type {urn:t}Тип is declared nowhere; did you mean "Tип"? a Latin letter stands among Cyrillic ones, or the other way round`},
		{"a DTD with entities", `]>`, `t.xsd:1:115: not well-formed XML: the entity &e; is not defined`},
		{"SOAP encoding", `<xs:import namespace="http://schemas.xmlsoap.org/soap/encoding/"/><xs:complexType name="c" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/"><xs:complexContent><xs:restriction base="e:Array"/></xs:complexContent></xs:complexType>`, `0 elements`},
		{"SOAP encoding, and what it does not have", `<xs:element name="e" type="e:strin" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/"/>`, `t.xsd:2:1: the type {http://schemas.xmlsoap.org/soap/encoding/}strin is declared nowhere; did you mean "string"?`},
		{"XML Schema 1.1", `<xs:element name="e"><xs:complexType><xs:sequence/><xs:assert test="@a"/></xs:complexType></xs:element>`, `1 elements | t.xsd:2:52: warning: <xs:assert> is XML Schema 1.1 and is not checked`},
		{"a facet of XML Schema 1.1", simple("xs:date", `<xs:explicitTimezone value="required"/>`), `1 elements | t.xsd:2:56: warning: <xs:explicitTimezone> is XML Schema 1.1 and is not checked`},
		{"a wildcard of XML Schema 1.1", sequence(`<xs:any notNamespace="urn:v"/>`), `1 elements | t.xsd:2:51: warning: notNamespace is XML Schema 1.1 and is not checked`},
		{"a declaration for XML Schema 1.1 only", sequence(`<xs:element name="a" xmlns:vc="http://www.w3.org/2007/XMLSchema-versioning" vc:minVersion="1.1"/>`), `1 elements | t.xsd:2:51: warning: vc:minVersion is XML Schema 1.1 and is not checked`},
		{"XML Schema 1.1 at the top", `<xs:override schemaLocation="none.xsd"/>`, `t.xsd:2:1: <xs:override> can't stand at the top of a schema`},
		{"an element where none can stand", `<xs:element name="e"><xs:complexType><xs:element name="a"/></xs:complexType></xs:element>`, `1 elements | t.xsd:2:38: warning: <xs:element> has no place in <xs:complexType> and is passed over`},
		{"an element of another namespace in a type", sequence(`<element name="a"/>`), `1 elements | t.xsd:2:51: warning: <element> has no place in <xs:sequence> and is passed over`},
		{"documentation with elements of its own", `<xs:element name="e"><xs:annotation><xs:appinfo><xs:assert/><x/></xs:appinfo></xs:annotation></xs:element>`, `1 elements`},
		{"something of no schema", `<script xmlns="http://www.w3.org/1999/xhtml"/>`, `t.xsd:2:1: <script> is no part of XML Schema`},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := files(c.content)
			if c.name == "a DTD with entities" {
				f["t.xsd"] = &fstest.MapFile{Data: []byte(`<!DOCTYPE xs:schema [<!ENTITY e "<xs:element name='e'/>">]><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">&e;</xs:schema>`)}
			}
			if got := loaded(t, f); got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
	for _, c := range []struct{ name, file, want string }{
		{"no XML", "Bad Gateway", `t.xsd:1:1: not well-formed XML: text before the root element`},
		{"nothing", "", `t.xsd:1:1: not well-formed XML: the document has no element`},
		{"a page instead of a schema", "<html><body>Sign in</body></html>", `t.xsd:1:1: the root element is <html>, not a schema of XML Schema`},
		{"XML Schema of another year", `<xs:schema xmlns:xs="http://www.w3.org/2000/10/XMLSchema"/>`, `t.xsd:1:1: the root element is <xs:schema>, not a schema of XML Schema`},
		{"no namespace at all", `<schema/>`, `t.xsd:1:1: the root element is <schema>, not a schema of XML Schema`},
		{"a schema cut in the middle", schema(`<xs:element name="e"><xs:complexType>`)[:140], `t.xsd:2:38: not well-formed XML: the end tag does not match <xs:complexType>`},
		{"an undeclared prefix", `<xs:schema/>`, `t.xsd:1:2: not well-formed XML: the prefix "xs" is not declared`},
		{"a charset that nobody knows", `<?xml version="1.0" encoding="klingon"?><schema/>`, `t.xsd: the charset klingon is not supported; supported are UTF-8, UTF-16, windows-1251, windows-1252, KOI8-R, IBM866, ISO-8859-1, ISO-8859-5, US-ASCII`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := loaded(t, fstest.MapFS{"t.xsd": {Data: []byte(c.file)}}); got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestHostileContractSize loads what is large, deep or explodes.
func TestHostileContractSize(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	chain := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i, i+1)
		}
		return b.String()
	}
	files := map[string]fstest.MapFS{}
	whole := func(name, content string) { files[name] = fstest.MapFS{"t.xsd": {Data: []byte(schema(content))}} }
	whole("5 MB of types", many(30_000, `<xs:complexType name="c%[1]d"><xs:sequence><xs:element name="a" type="xs:int"/><xs:element name="b" type="t:c%[1]d" minOccurs="0"/></xs:sequence></xs:complexType>`)+`<xs:element name="e" type="t:c0"/>`)
	whole("5 MB of documentation", `<xs:element name="e" type="xs:int"><xs:annotation><xs:documentation>`+strings.Repeat("слово ", 450_000)+`</xs:documentation></xs:annotation></xs:element>`)
	whole("one type of 5,000 elements", `<xs:element name="e"><xs:complexType><xs:sequence>`+many(5_000, `<xs:element name="a%d" type="xs:int" minOccurs="0"/>`)+`</xs:sequence></xs:complexType></xs:element>`)
	whole("a choice of 5,000 elements", `<xs:element name="e"><xs:complexType><xs:choice maxOccurs="unbounded">`+many(5_000, `<xs:element name="a%d" type="xs:int"/>`)+`</xs:choice></xs:complexType></xs:element>`)
	whole("20,000 codes", `<xs:simpleType name="s"><xs:restriction base="xs:string">`+many(20_000, `<xs:enumeration value="%d"/>`)+`</xs:restriction></xs:simpleType><xs:element name="e" type="t:s"/>`)
	whole("1,000 types derived from one another", chain(1000, `<xs:complexType name="c%d"><xs:complexContent><xs:extension base="t:c%d"/></xs:complexContent></xs:complexType>`)+`<xs:complexType name="c1000"/>`)
	whole("1,000 simple types derived from one another", chain(1000, `<xs:simpleType name="s%d"><xs:restriction base="t:s%d"/></xs:simpleType>`)+`<xs:simpleType name="s1000"><xs:restriction base="xs:int"/></xs:simpleType>`)
	whole("2,000 groups inside one another", chain(2_000, `<xs:group name="g%d"><xs:sequence><xs:group ref="t:g%d"/></xs:sequence></xs:group>`)+`<xs:group name="g2000"><xs:sequence><xs:element name="a"/></xs:sequence></xs:group><xs:element name="e"><xs:complexType><xs:group ref="t:g0"/></xs:complexType></xs:element>`)
	whole("2,000 elements that stand for one another", chain(2_000, `<xs:element name="e%d" substitutionGroup="t:e%d"/>`)+`<xs:element name="e2000" type="xs:int"/>`)
	whole("an attribute group that doubles thirty times", chain(30, `<xs:attributeGroup name="g%[1]d"><xs:attributeGroup ref="t:g%[2]d"/><xs:attributeGroup ref="t:g%[2]d"/></xs:attributeGroup>`)+`<xs:attributeGroup name="g30"><xs:attribute name="a"/></xs:attributeGroup><xs:element name="e"><xs:complexType><xs:attributeGroup ref="t:g0"/></xs:complexType></xs:element>`)
	whole("a group that doubles thirty times", expanding(30))
	whole("a union that doubles thirty times", chain(30, `<xs:simpleType name="s%[1]d"><xs:union memberTypes="t:s%[2]d t:s%[2]d"/></xs:simpleType>`)+`<xs:simpleType name="s30"><xs:restriction base="xs:int"/></xs:simpleType><xs:element name="e" type="t:s0"/>`)
	whole("a billion occurrences of a billion", `<xs:element name="e"><xs:complexType><xs:sequence minOccurs="1000000000" maxOccurs="1000000000"><xs:sequence minOccurs="1000000000" maxOccurs="1000000000"><xs:element name="a"/><xs:element name="b"/></xs:sequence></xs:sequence></xs:complexType></xs:element>`)
	whole("150 anonymous types inside one another", `<xs:element name="e">`+strings.Repeat(`<xs:complexType><xs:sequence><xs:element name="a">`, 150)+strings.Repeat(`</xs:element></xs:sequence></xs:complexType>`, 150)+`</xs:element>`)
	whole("600 groups inside one another", `<xs:element name="e"><xs:complexType>`+strings.Repeat(`<xs:sequence>`, 600)+strings.Repeat(`</xs:sequence>`, 600)+`</xs:complexType></xs:element>`)
	whole("20,000 places that compete", `<xs:element name="e"><xs:complexType><xs:choice maxOccurs="unbounded">`+many(20_000, `<xs:element name="a"/>`)+`</xs:choice></xs:complexType></xs:element>`)
	whole("3,000 wildcards", `<xs:element name="e"><xs:complexType><xs:sequence>`+many(3_000, `<xs:any namespace="urn:n%d" minOccurs="0"/>`)+`</xs:sequence></xs:complexType></xs:element>`)
	whole("ambiguous groups that double ten times", `<xs:group name="g10"><xs:sequence><xs:element name="a" minOccurs="0"/></xs:sequence></xs:group>`+chain(10, `<xs:group name="g%[1]d"><xs:sequence><xs:group ref="t:g%[2]d" maxOccurs="2"/><xs:group ref="t:g%[2]d"/></xs:sequence></xs:group>`)+`<xs:element name="e"><xs:complexType><xs:group ref="t:g0"/></xs:complexType></xs:element>`)
	includes := fstest.MapFS{"t.xsd": {Data: []byte(schema(`<xs:include schemaLocation="0.xsd"/>`))}}
	for i := range 2100 {
		includes[fmt.Sprintf("%d.xsd", i)] = &fstest.MapFile{Data: []byte(schema(fmt.Sprintf(`<xs:include schemaLocation="%d.xsd"/>`, i+1)))}
	}
	files["2,100 files that include one another"] = includes
	for _, c := range []struct{ name, want string }{ // the beginning of the answer
		{"5 MB of types", `1 elements`},
		{"5 MB of documentation", `1 elements`},
		{"one type of 5,000 elements", `1 elements`},
		{"a choice of 5,000 elements", `1 elements`},
		{"20,000 codes", `1 elements`},
		{"1,000 types derived from one another", `t.xsd:2:22383: a chain of more than 200 types derived from one another | `},
		{"1,000 simple types derived from one another", `t.xsd:2:14536: the type {urn:t}s200 is not simple | t.xsd:2:14583: a chain of more than 200 types derived from one another | `},
		{"2,000 groups inside one another", `1 elements`},
		{"2,000 elements that stand for one another", `2001 elements`},
		{"an attribute group that doubles thirty times", `1 elements`},
		{"a group that doubles thirty times", `t.xsd:2:31: the contract's groups and derived types expand beyond all measure`},
		{"a union that doubles thirty times", `1 elements`},
		{"a billion occurrences of a billion", `1 elements`},
		{"150 anonymous types inside one another", `1 elements`},
		{"20,000 places that compete", `1 elements | t.xsd:2:22: warning: there is too much to compare, or to say: from this type on no ambiguous content is looked for`},
		{"3,000 wildcards", `1 elements | t.xsd:2:22: warning: there is too much to compare, or to say`},
		{"ambiguous groups that double ten times", `1 elements`},
		{"600 groups inside one another", `t.xsd:2:6499: not well-formed XML: elements nested deeper than 500`},
		{"2,100 files that include one another", `1999.xsd:1:1: the contract pulls in more than 2000 schema documents`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := loaded(t, files[c.name]); !strings.HasPrefix(got, c.want) {
				t.Errorf("\ngot  %.2000s\nwant %s", got, c.want)
			}
		})
	}
}

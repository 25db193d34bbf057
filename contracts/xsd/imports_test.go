package xsd_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
)

// TestImports lets a schema ask for the type it needs in every way that contracts do.
func TestImports(t *testing.T) {
	const schema = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" xmlns:u="urn:u" `
	const u = schema + `targetNamespace="urn:u"><xs:simpleType name="u"><xs:restriction base="xs:int"/></xs:simpleType></xs:schema>`
	const deep = schema + `targetNamespace="urn:u"><xs:include schemaLocation="u.xsd"/></xs:schema>`
	catalog := func(entries string) string {
		return `<catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">` + entries + `</catalog>`
	}
	const away = `<xs:import namespace="urn:u" schemaLocation="http://u.example/2.1/u.xsd"/>`
	for _, c := range []struct {
		name, imports string
		files         map[string]string
		want          string // the warning, or the error
	}{
		{"by location", `<xs:import namespace="urn:u" schemaLocation="low/u.xsd"/>`, map[string]string{"low/u.xsd": u}, ""},
		{"by namespace alone", `<xs:import namespace="urn:u"/>`, map[string]string{"types.xsd": u, "other.xsd": schema + `targetNamespace="urn:v"/>`}, ""},
		{"by namespace, through what holds only an include", `<xs:import namespace="urn:u" schemaLocation="low/all.xsd"/>`, map[string]string{"low/all.xsd": deep, "low/u.xsd": u}, ""},
		{"under another name", away, map[string]string{"types.xsd": u}, `t.xsd:1:112: warning: "http://u.example/2.1/u.xsd" is not there: types.xsd has that namespace and is taken`},
		{"the one of that name", away, map[string]string{"u.xsd": u, "v.xsd": u}, `u.xsd has that namespace and is taken`},
		{"two that might be meant", away, map[string]string{"v1.xsd": u, "v2.xsd": u}, `t.xsd:1:186: the type {urn:u}u is declared nowhere; t.xsd:1:112 imports it from "http://u.example/2.1/u.xsd": several files beside it have that namespace: v1.xsd, v2.xsd`},
		{"nowhere", away, nil, `imports it from "http://u.example/2.1/u.xsd": contracts are never fetched from the network: save the file beside the contract and let schemaLocation or catalog.xml name it`},
		{"nowhere, without a location", `<xs:import namespace="urn:u"/>`, nil, `t.xsd:1:142: the type {urn:u}u is declared nowhere; t.xsd:1:112 imports it without a location, and no file beside it has that namespace`},
		{"catalog: system", away, map[string]string{"low/x.xsd": u, "catalog.xml": catalog(`<system systemId="http://u.example/2.1/u.xsd" uri="low/x.xsd"/>`)}, ""},
		{"catalog: uri of the namespace", `<xs:import namespace="urn:u"/>`, map[string]string{"low/x.xsd": u, "catalog.xml": catalog(`<uri name="urn:u" uri="low/x.xsd"/>`)}, ""},
		{"catalog: the longest rewrite", away, map[string]string{"low/u.xsd": u, "catalog.xml": catalog(`<rewriteURI uriStartString="http://u.example/" rewritePrefix="none/"/><group xml:base="low"><rewriteSystem systemIdStartString="http://u.example/2.1/" rewritePrefix="./"/></group>`)}, ""},
		{"catalog: suffix", away, map[string]string{"low/u.xsd": u, "catalog.xml": catalog(`<systemSuffix systemIdSuffix="/u.xsd" uri="low/u.xsd"/>`)}, ""},
		{"catalog: the next one, in a circle", away, map[string]string{"low/u.xsd": u, "catalog.xml": catalog(`<nextCatalog catalog="low/more.xml"/>`), "low/more.xml": catalog(`<uri name="urn:u" uri="u.xsd"/><nextCatalog catalog="../catalog.xml"/>`)}, ""},
		{"catalog: names what is not there", away, map[string]string{"catalog.xml": catalog(`<uri name="urn:u" uri="u.xsd"/>`)}, `imports it from "http://u.example/2.1/u.xsd": u.xsd is not there`},
		{"catalog: not well-formed", away, map[string]string{"u.xsd": u, "catalog.xml": "<catalog>"}, `catalog.xml:1:10: not well-formed XML`},
		{"another kind of catalog", away, map[string]string{"u.xsd": u, "catalog.xml": "<catalog><book/></catalog>"}, `u.xsd has that namespace and is taken`},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := fstest.MapFS{"t.xsd": {Data: []byte(schema + `targetNamespace="urn:t">` + c.imports + `<xs:element name="e" type="u:u"/></xs:schema>`)}}
			for name, text := range c.files {
				files[name] = &fstest.MapFile{Data: []byte(text)}
			}
			s, err := xsd.Load(files, "t.xsd")
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = s.Warnings.Error()
				v, err := s.Validator()
				if err != nil {
					t.Fatal(err)
				}
				if v.Validate([]byte(`<e xmlns="urn:t">1</e>`)) != nil || v.Validate([]byte(`<e xmlns="urn:t">x</e>`)) == nil {
					t.Error("the validator does not know the type")
				}
			}
			if got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestInlineSchemas is about WSDLs whose schemas find one another by namespace, and one that only includes.
func TestInlineSchemas(t *testing.T) {
	files := fstest.MapFS{
		"s.wsdl": {Data: []byte(`<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:a="urn:a" xmlns:b="urn:b" targetNamespace="urn:a">
			<types>
				<xs:schema targetNamespace="urn:a"><xs:import namespace="urn:b"/><xs:element name="e" type="b:t"/></xs:schema>
				<xs:schema targetNamespace="urn:b"><xs:import namespace="urn:a"/><xs:complexType name="t"><xs:sequence><xs:element ref="a:more"/><xs:element ref="b:in"/></xs:sequence></xs:complexType></xs:schema>
				<xs:schema targetNamespace="urn:a"><xs:element name="more" type="xs:int"/></xs:schema>
				<xs:schema><xs:include schemaLocation="b.xsd"/></xs:schema>
			</types>
			<message name="m"><part name="p" element="a:e"/></message><portType name="P"><operation name="O"><input message="a:m"/></operation></portType>
			<binding name="B" type="a:P"><soap:binding transport="t"/><operation name="O"><input><soap:body use="literal"/></input></operation></binding></definitions>`)},
		"b.xsd": {Data: []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:b"><xs:element name="in" type="xs:int"/></xs:schema>`)},
	}
	d, err := wsdl.Load(files, "s.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := d.Warnings.Error(), `s.wsdl:6:16: warning: includes "b.xsd", whose target namespace is "urn:b", into a schema without one: it is taken for an import`; got != want {
		t.Errorf("warnings %s, want %s", got, want)
	}
	v, err := d.Schema().Validator()
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Validate([]byte(`<a:e xmlns:a="urn:a" xmlns:b="urn:b"><a:more>1</a:more><b:in>2</b:in></a:e>`)); err != nil {
		t.Error(err)
	}
}

package wsdl_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/wsdl"
	"sluice/contracts/xsd/codec"
)

// TestLoadRefuses spoils a sound contract in one place at a time.
func TestLoadRefuses(t *testing.T) {
	sound, err := os.ReadFile("testdata/desk.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"neither document nor rpc", `<soap12:binding transport`, `<soap12:binding style="rpd" transport`, `desk.wsdl:71:5: the style of operation "Ask" is neither document nor rpc: "rpd"`},
		{"unknown element", `<message name="tell"><part name="body" element="t:tell"/>`, `<message name="tell"><part name="body" element="t:tel"/>`, `desk.wsdl:17:24: the contract has no global element {urn:desk}tel; did you mean "tell"?`},
		{"unknown prefix", `<message name="tell"><part name="body" element="t:tell"/>`, `<message name="tell"><part name="body" element="x:tell"/>`, `desk.wsdl:17:24: the prefix of "x:tell" is not declared`},
		{"unknown message", `<input message="t:tell"/>`, `<input message="t:tall"/>`, `desk.wsdl:36:7: the message "t:tall" is not declared; did you mean "tell"?`},
		{"unknown header message", `<soap:header message="t:head" part="id"`, `<soap:header message="t:haed" part="id"`, `desk.wsdl:48:9: the message "t:haed" is not declared; did you mean "head"?`},
		{"unknown part of a header", `<soap:header message="t:head" part="id"`, `<soap:header message="t:head" part="ids"`, `desk.wsdl:48:9: the message "t:head" has no part "ids"`},
		{"unknown port type", `<binding name="desk12" type="t:desk">`, `<binding name="desk12" type="t:desc">`, `desk.wsdl:69:3: the binding's portType "t:desc" is not declared; did you mean "desk"?`},
		{"unknown binding", `binding="t:desk12"`, `binding="t:desk13"`, `desk.wsdl:79:5: the port's binding "t:desk13" is not declared; did you mean "desk11"?`},
		{"unknown operation", "<operation name=\"Ping\">\n      <input><soap:body", "<operation name=\"Pong\">\n      <input><soap:body", `desk.wsdl:64:5: the portType has no operation "Pong"`},
		{"no input", `<input message="t:tell"/>`, ``, `desk.wsdl:35:5: the operation has no input`},
		{"declared twice", `<message name="nothing"/>`, `<message name="nothing"/><message name="nothing"/>`, `desk.wsdl:18:28: message "nothing" is declared a second time`},
		{"no operation", "", "", `desk.wsdl: the WSDL has no operation with a SOAP binding`},
		{"another root", "definitions", "description", `desk.wsdl:2:1: the root element is <description>, not the definitions of a WSDL 1.1`},
		{"not well-formed", "</types>", "", `desk.wsdl:81:1: not well-formed XML: the end tag does not match <types>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.ReplaceAll(string(sound), c.old, c.new)
			switch {
			case c.name == "no operation":
				text = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/"/>`
			case text == string(sound):
				t.Fatal("nothing was spoilt")
			}
			_, err := wsdl.Load(fstest.MapFS{"desk.wsdl": {Data: []byte(text)}}, "desk.wsdl")
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestLeavesOut spoils one operation after the other: what is not covered is named, and an error where nothing is left.
func TestLeavesOut(t *testing.T) {
	sound, err := os.ReadFile("testdata/desk.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new, want string }{
		{"encoded", `<input><soap12:body use="literal"/>`, `<input><soap12:body use="encoded"/>`, `desk.wsdl:73:14: warning: operation "Ask" is left out: use="encoded" is not covered: SOAP encoding was given up by WS-I; ask the agency for literal`},
		{"a part with a type", `<message name="tell"><part name="body" element="t:tell"/>`, `<message name="tell"><part name="body" type="xs:string"/>`, `desk.wsdl:17:24: warning: operation "Tell" is left out: part "body" names a type, not an element: document/literal needs elements (WS-I Basic Profile R2204)`},
		{"a header with a type", `<part name="id" element="t:id"/>`, `<part name="id" type="xs:string"/>`, `desk.wsdl:19:24: warning: operation "Ask" is left out: part "id" of a header names a type, not an element (WS-I Basic Profile R2205)`},
		{"a fault with a type", `<message name="outage"><part name="detail" element="t:outage"/>`, `<message name="outage"><part name="detail" type="xs:string"/>`, `desk.wsdl:21:26: warning: part "detail" of a fault names a type, not an element (WS-I Basic Profile R2205): its detail is read as XML`},
		{"all of them", `use="literal"`, `use="encoded"`, "desk.wsdl:48:9: operation \"Ask\" is left out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := wsdl.Load(fstest.MapFS{"desk.wsdl": {Data: []byte(strings.ReplaceAll(string(sound), c.old, c.new))}}, "desk.wsdl")
			if c.name == "all of them" {
				if err == nil || !strings.HasPrefix(err.Error(), c.want) {
					t.Errorf("got %v, want %s", err, c.want)
				}
				return
			}
			if err != nil || len(d.Warnings) != 1 || d.Warnings[0].Error() != c.want {
				t.Errorf("got  %v, %v\nwant %s", d.Warnings, err, c.want)
			}
		})
	}
}

// TestLoadImports reads a contract that is cut into pieces, one of which imports the other again.
func TestLoadImports(t *testing.T) {
	const head = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:a="urn:a" xmlns:b="urn:b"`
	d, err := wsdl.Load(fstest.MapFS{
		"top/a.wsdl": {Data: []byte(head + ` targetNamespace="urn:a"><import namespace="urn:b" location="../low/b.wsdl"/>
			<binding name="B" type="b:P"><soap:binding transport="t"/><operation name="O"><input><soap:body use="literal"/></input></operation></binding>
			<binding name="H" type="b:P"><operation name="O"/></binding></definitions>`)},
		"low/b.wsdl": {Data: []byte(head + ` targetNamespace="urn:b"><import namespace="urn:a" location="../top/a.wsdl"/><import namespace="urn:b" location="b.xsd"/>
			<message name="M"><part name="p" element="b:e"/></message>
			<portType name="P"><operation name="O"><input message="b:M"/></operation></portType></definitions>`)},
		"low/b.xsd": {Data: []byte(`<schema xmlns="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:b"><element name="e" type="string"/></schema>`)},
	}, "top/a.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	o, err := d.Operation("B.O")
	if err != nil || len(o.Request.Elements()) != 1 || o.Request.Elements()[0].Name.String() != "{urn:b}e" {
		t.Errorf("the operation is %+v, %v", o, err)
	}
	if len(d.Warnings) != 1 || d.Warnings[0].Text() != `top/a.wsdl:3:4: warning: binding "H" is not SOAP and is left out [not-soap]` {
		t.Errorf("warnings: %v", d.Warnings)
	}
}

// TestImportsOfWSDLs cuts a contract into a binding and what it binds, and lets the first ask for the second in every way.
func TestImportsOfWSDLs(t *testing.T) {
	const head = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:b="urn:b" `
	const binding = `<binding name="B" type="b:P"><soap:binding style="rpc" transport="t"/><operation name="O"><input><soap:body use="literal" namespace="urn:a"/></input></operation></binding></definitions>`
	const bound = head + `targetNamespace="urn:b"><message name="M"><part name="p" type="xs:int"/></message><portType name="P"><operation name="O"><input message="b:M"/></operation></portType></definitions>`
	const catalog = `<!DOCTYPE catalog PUBLIC "-//OASIS//DTD XML Catalogs V1.1//EN" "http://www.oasis-open.org/committees/entity/release/1.1/catalog.dtd"><catalog xmlns="urn:oasis:names:tc:entity:xmlns:xml:catalog">`
	for _, c := range []struct {
		name, imports string
		files         map[string]string
		want          string // the warning, or the error
	}{
		{"by location", `<import namespace="urn:b" location="b.wsdl"/>`, map[string]string{"b.wsdl": bound}, ""},
		{"by namespace alone", `<import namespace="urn:b"/>`, map[string]string{"any.wsdl": bound, "other.wsdl": head + `targetNamespace="urn:c"/>`}, ""},
		{"by a catalog", `<import namespace="urn:b" location="https://agency.example/b?wsdl"/>`, map[string]string{"low/x.wsdl": bound, "catalog.xml": catalog + `<system systemId="https://agency.example/b?wsdl" uri="low/x.wsdl"/></catalog>`}, ""},
		{"under another name", `<import namespace="urn:b" location="https://agency.example/b?wsdl"/>`, map[string]string{"b.wsdl": bound}, `a.wsdl:1:190: warning: "https://agency.example/b?wsdl" is not there: b.wsdl has that namespace and is taken`},
		{"not there", `<import namespace="urn:b" location="c.wsdl"/>`, nil, `a.wsdl:1:235: the binding's portType "b:P" is not declared; a.wsdl:1:190 imports that namespace from "c.wsdl": c.wsdl is not there`},
		{"not there, and nothing else is", `<import namespace="urn:b" location="c.wsdl"/><!--`, nil, "a.wsdl: the WSDL has no operation with a SOAP binding\n" +
			`a.wsdl:1:190: "c.wsdl", asked for here, was not loaded: c.wsdl is not there`},
		{"twice", `<import namespace="urn:b"/>`, map[string]string{"b.wsdl": bound, "c.wsdl": bound}, `several files beside it have that namespace: b.wsdl, c.wsdl`},
		{"not there, and not needed", `<import namespace="urn:b" location="b.wsdl"/><import namespace="urn:c" location="c.wsdl"/>`, map[string]string{"b.wsdl": bound}, `a.wsdl:1:235: warning: "c.wsdl", asked for here, was not loaded, and nothing needs it: c.wsdl is not there`},
		{"a broken one", `<import namespace="urn:b" location="b.wsdl"/>`, map[string]string{"b.wsdl": "<definitions>"}, `b.wsdl:1:14: not well-formed XML: the document ends inside <definitions>`},
		{"a page of HTML", `<import namespace="urn:b" location="b.wsdl"/>`, map[string]string{"b.wsdl": "<html/>"}, `b.wsdl:1:1: the root element is <html>, not the definitions of a WSDL 1.1`},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := fstest.MapFS{"a.wsdl": {Data: []byte(head + `targetNamespace="urn:a">` + c.imports + binding)}}
			if strings.HasSuffix(c.imports, "<!--") {
				files["a.wsdl"].Data = append(files["a.wsdl"].Data, "--></definitions>"...)
			}
			for name, text := range c.files {
				files[name] = &fstest.MapFile{Data: []byte(text)}
			}
			d, err := wsdl.Load(files, "a.wsdl")
			got := ""
			switch {
			case err != nil:
				got = err.Error()
			case len(d.Operations()) != 1:
				t.Errorf("%d operations", len(d.Operations()))
			default:
				got = d.Warnings.Error()
			}
			if got != c.want && (c.want == "" || !strings.Contains(got, c.want)) {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestEncodedBesideLiteral loads contracts whose old operations are encoded and whose schema has types of SOAP encoding,
// which nobody brings along. The literal operations are as good as any, also where such a type is part of them.
func TestEncodedBesideLiteral(t *testing.T) {
	const uri11, uri12 = "http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/2003/05/soap-encoding"
	contract := func(encoding, imports, body string) string {
		return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:enc="` + encoding + `" xmlns:t="urn:m" targetNamespace="urn:m">
<types><xs:schema targetNamespace="urn:m" elementFormDefault="qualified">` + imports + `
<xs:complexType name="Names"><xs:complexContent><xs:restriction base="enc:Array"><xs:attribute ref="enc:arrayType" wsdl:arrayType="xs:string[]"/></xs:restriction></xs:complexContent></xs:complexType>
<xs:element name="ask"><xs:complexType><xs:sequence><xs:element name="n" type="enc:int"/></xs:sequence></xs:complexType></xs:element>
</xs:schema></types>
<message name="old"><part name="names" type="t:Names"/></message><message name="ask"><part name="p" element="t:ask"/></message>
<message name="add"><part name="s" type="enc:string"/></message>
<portType name="P"><operation name="List"><input message="t:old"/></operation><operation name="Ask"><input message="t:ask"/></operation><operation name="Add"><input message="t:add"/></operation></portType>
<binding name="B" type="t:P"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
<operation name="List"><soap:operation style="rpc"/><input><soap:body use="encoded" namespace="urn:m" encodingStyle="` + encoding + `"/></input></operation>
` + body + `</binding></definitions>`
	}
	const left = `m.wsdl:10:60: warning: operation "List" is left out: use="encoded" is not covered: SOAP encoding was given up by WS-I; ask the agency for literal`
	const literal = `<operation name="Ask"><input><soap:body use="literal"/></input></operation><operation name="Add"><soap:operation style="rpc"/><input><soap:body use="literal" namespace="urn:m"/></input></operation>`
	for _, c := range []struct{ name, doc, want string }{
		{"imported without a location", contract(uri11, `<xs:import namespace="`+uri11+`"/>`, literal), left},
		{"imported from the network", contract(uri11, `<xs:import namespace="`+uri11+`" schemaLocation="`+uri11+`"/>`, literal), left},
		{"not imported", contract(uri11, "", literal), left},
		{"of SOAP 1.2", contract(uri12, "", literal), left},
		{"none literal", contract(uri11, "", ""), strings.Replace(left, "warning: ", "", 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := wsdl.Load(fstest.MapFS{"m.wsdl": {Data: []byte(c.doc)}}, "m.wsdl")
			if c.name == "none literal" {
				if err == nil || err.Error() != c.want {
					t.Errorf("got  %v\nwant %s", err, c.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := d.Warnings.Error(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			for name, want := range map[string]string{
				"Ask": `<t:ask xmlns:t="urn:m"><t:n id="a">7</t:n></t:ask>`,
				"Add": `<t:Add xmlns:t="urn:m"><s id="a">7</s></t:Add>`,
			} {
				o, err := d.Operation(name)
				if err != nil {
					t.Fatal(err)
				}
				r, err := o.DecodeRequestWith(soap(o.Version.URI(), body(want)), codec.Options{Strict: true})
				if err != nil {
					t.Fatal(err)
				}
				xml, err := o.AppendRequest(nil, r.Tree)
				if err != nil || !strings.Contains(string(xml), want) {
					t.Errorf("%v is written as %s, %v", r.Tree, xml, err)
				}
				if v, err := d.Schema().Validator(); err != nil || v.Validate([]byte(want)) != nil {
					t.Errorf("the validator says %v, %v", err, v.Validate([]byte(want)))
				}
			}
		})
	}
}

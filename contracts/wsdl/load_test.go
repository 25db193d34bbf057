package wsdl_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/wsdl"
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
		{"unknown message", `<input message="t:tell"/>`, `<input message="t:tall"/>`, `desk.wsdl:36:7: the message "t:tall" is not declared`},
		{"unknown header message", `<soap:header message="t:head" part="id"`, `<soap:header message="t:haed" part="id"`, `desk.wsdl:48:9: the message "t:haed" is not declared`},
		{"unknown part of a header", `<soap:header message="t:head" part="id"`, `<soap:header message="t:head" part="ids"`, `desk.wsdl:48:9: the message "t:head" has no part "ids"`},
		{"unknown port type", `<binding name="desk12" type="t:desk">`, `<binding name="desk12" type="t:desc">`, `desk.wsdl:69:3: the binding's portType "t:desc" is not declared`},
		{"unknown binding", `binding="t:desk12"`, `binding="t:desk13"`, `desk.wsdl:79:5: the port's binding "t:desk13" is not declared`},
		{"unknown operation", "<operation name=\"Ping\">\n      <input><soap:body", "<operation name=\"Pong\">\n      <input><soap:body", `desk.wsdl:64:5: the portType has no operation "Pong"`},
		{"no input", `<input message="t:tell"/>`, ``, `desk.wsdl:35:5: the operation has no input`},
		{"declared twice", `<message name="nothing"/>`, `<message name="nothing"/><message name="nothing"/>`, `desk.wsdl:18:28: message "nothing" is declared a second time`},
		{"import that is not there", `<types>`, `<import namespace="urn:more" location="more.wsdl"/><types>`, `desk.wsdl:4:3: imports "more.wsdl": more.wsdl: can't read the contract: there is no such file`},
		{"import from the network", `<types>`, `<import namespace="urn:more" location="http://desk.example/more.wsdl"/><types>`, `desk.wsdl:4:3: imports "http://desk.example/more.wsdl", which is not beside the contract; save the file beside the contract and let location name it: contracts are never fetched from the network`},
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

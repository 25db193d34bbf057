package wsdl_test

import (
	"errors"
	"strings"
	"testing"

	"sluice/contracts/jsonschema"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd/codec"
)

// wsdlOf is a WSDL with two schemas, whose second one holds content, and what else stands in the definitions.
func wsdlOf(content, rest string) string {
	return `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">
<types><xs:schema targetNamespace="urn:u"><xs:simpleType name="n"><xs:restriction base="xs:int"/></xs:simpleType></xs:schema>
<xs:schema targetNamespace="urn:t" xmlns:u="urn:u"><xs:import namespace="urn:u"/>` + content + `</xs:schema></types>
` + rest + `</definitions>`
}

// bound is a port type of one operation O, with this content, and its binding to SOAP.
func bound(messages, abstract, style, concrete string) string {
	return messages + `<portType name="P"><operation name="O">` + abstract + `</operation></portType><binding name="B" type="t:P"><soap:binding` + style +
		` transport="http://schemas.xmlsoap.org/soap/http"/><operation name="O">` + concrete + `</operation></binding>`
}

const (
	elementN = `<xs:element name="n" type="u:n"/>`
	messageN = `<message name="n"><part name="p" element="t:n"/></message>`
	inputN   = `<input message="t:n"/>`
	literal  = `<input><soap:body use="literal"/></input>`
)

// TestPageServices holds what the page says of WSDL and SOAP.
func TestPageServices(t *testing.T) {
	holdTable(t, "| of WSDL 1.1 and SOAP | |", map[string]func(*page){
		"SOAP 1.1 and 1.2, several services and ports, none (bindings then), several inline schemas": func(p *page) {
			bindings := bound(messageN, inputN, "", literal) + `<binding name="B12" type="t:P"><soap12:binding transport="http://schemas.xmlsoap.org/soap/http"/><operation name="O"><input><soap12:body use="literal"/></input></operation></binding>`
			services := `<service name="one"><port name="a" binding="t:B"/><port name="b" binding="t:B12"/></service><service name="two"><port name="c" binding="t:B"/></service>`
			if _, got := p.service("t.wsdl", wsdlOf(elementN, bindings)); got != "B.O B12.O" {
				p.Errorf("without a service the operations are %s", got)
			}
			d, got := p.service("t.wsdl", wsdlOf(elementN, bindings+services))
			if got != "a.O b.O c.O" {
				p.Errorf("the operations are %s", got)
			}
			p.asks(d, "a.O", `<s:Body><t:n>1</t:n></s:Body>`, `{"n":1}`)
			p.asks(d, "b.O", `<s:Body><t:n>1</t:n></s:Body>`, `{"n":1}`)
			if a, b := d.Operations()[0], d.Operations()[1]; a.Version != wsdl.SOAP11 || b.Version != wsdl.SOAP12 {
				p.Errorf("versions %v and %v", a.Version, b.Version)
			}
		},
		"document/literal, bare and wrapped; rpc/literal; one-way; several parts": func(p *page) {
			const wrapped = `<xs:element name="O"><xs:complexType><xs:sequence><xs:element name="n" type="u:n"/></xs:sequence></xs:complexType></xs:element>`
			d, _ := p.service("t.wsdl", wsdlOf(elementN, bound(messageN, inputN, "", literal)))
			p.asks(d, "O", `<s:Body><t:n>1</t:n></s:Body>`, `{"n":1}`)
			if !d.Operations()[0].OneWay {
				p.Error("an operation without output is not one-way")
			}
			d, _ = p.service("t.wsdl", wsdlOf(wrapped, bound(`<message name="n"><part name="parameters" element="t:O"/></message>`, inputN+`<output message="t:n"/>`, "", literal)))
			p.asks(d, "O", `<s:Body><t:O><n>1</n></t:O></s:Body>`, `{"O":{"n":1}}`)
			d, _ = p.service("t.wsdl", wsdlOf("", bound(`<message name="n"><part name="a" type="xs:int"/><part name="b" type="xs:string"/></message>`, inputN, ` style="rpc"`, `<input><soap:body use="literal" namespace="urn:t"/></input>`)))
			p.asks(d, "O", `<s:Body><t:O><a>1</a><b>x</b></t:O></s:Body>`, `{"O":{"a":1,"b":"x"}}`)
			d, _ = p.service("t.wsdl", wsdlOf(elementN+`<xs:element name="m" type="xs:string"/>`, bound(`<message name="n"><part name="a" element="t:n"/><part name="b" element="t:m"/></message>`, inputN, "", literal)))
			p.asks(d, "O", `<s:Body><t:n>1</t:n><t:m>x</t:m></s:Body>`, `{"m":"x","n":1}`)
		},
		"headers, typed fault detail, of both versions": func(p *page) {
			for _, prefix := range []string{"soap", "soap12"} {
				content := bound(messageN+`<message name="h"><part name="h" element="t:h"/></message><message name="f"><part name="f" element="t:f"/></message>`,
					inputN+`<output message="t:n"/><fault name="f" message="t:f"/>`, "", `<input><soap:header message="t:h" part="h" use="literal"/><soap:body use="literal"/></input><output><soap:body use="literal"/></output>`)
				d, _ := p.service("t.wsdl", wsdlOf(elementN+`<xs:element name="h" type="xs:string"/><xs:element name="f" type="xs:int"/>`, strings.ReplaceAll(content, "<soap:", "<"+prefix+":")))
				p.asks(d, "O", `<s:Header><t:h>x</t:h></s:Header><s:Body><t:n>1</t:n></s:Body>`, `{"_header":{"h":"x"},"n":1}`)
				o := d.Operations()[0]
				fault, err := o.AppendFault(nil, wsdl.Fault{Code: "Server", Reason: "no", Detail: treeOf(p, `{"f":7}`)})
				if err != nil {
					p.Fatal(err)
				}
				r, err := o.DecodeReply(fault)
				if got, _ := jsonschema.AppendJSON(nil, r.Fault); err != nil || !strings.Contains(string(got), `"detail":{"f":7}`) {
					p.Errorf("the fault reads as %s, %v", got, err)
				}
				for must, code := range map[string]string{"1": "MustUnderstand", "yes": "Client"} {
					_, err := o.DecodeRequest([]byte(`<s:Envelope xmlns:s="` + o.Version.URI() + `"><s:Header><x xmlns="urn:x" s:mustUnderstand="` + must + `"/></s:Header><s:Body/></s:Envelope>`))
					var refusal *wsdl.Refusal
					if !errors.As(err, &refusal) || refusal.Code != code {
						p.Errorf("mustUnderstand=%s is answered with %v", must, err)
					}
				}
			}
		},
		"`wsdl:import` of WSDL and of schemas": func(p *page) {
			inner := wsdlOf("", messageN+`<portType name="P"><operation name="O">`+inputN+`</operation></portType>`)
			outer := wsdlOf("", `<import namespace="urn:t" location="inner.wsdl"/><import namespace="urn:t" location="n.xsd"/><binding name="B" type="t:P"><soap:binding transport="t"/><operation name="O">`+literal+`</operation></binding>`)
			d, _ := p.service("t.wsdl", outer, "inner.wsdl", inner, "n.xsd", `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t"><xs:element name="n" type="xs:int"/></xs:schema>`)
			p.asks(d, "O", `<s:Body><t:n>1</t:n></s:Body>`, `{"n":1}`)
		},
		"rpc/encoded": func(p *page) {
			encoded := `<binding name="E" type="t:P"><soap:binding style="rpc" transport="t"/><operation name="O"><input><soap:body use="encoded"/></input></operation></binding>`
			if _, got := p.service("t.wsdl", wsdlOf(elementN, bound(messageN, inputN, "", literal)+encoded)); got != "B.O" {
				p.Errorf("the operations are %s", got)
			}
			if d, _ := p.service("t.wsdl", wsdlOf(elementN, bound(messageN, inputN, ` style="rpc"`, `<input><soap:body use="encoded"/></input>`))); d != nil {
				p.Error("a contract of nothing else is taken")
			}
		},
		"types of SOAP encoding (`soapenc:string`, `soapenc:Array`) in literal messages": func(p *page) {
			const content = `<xs:element name="n"><xs:complexType><xs:sequence><xs:element name="s" type="e:string" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/"/>` +
				`<xs:element name="a" type="e:Array" xmlns:e="http://schemas.xmlsoap.org/soap/encoding/"/></xs:sequence></xs:complexType></xs:element>`
			d, _ := p.service("t.wsdl", wsdlOf(content, bound(messageN, inputN, "", literal)))
			p.asks(d, "O", `<s:Body><t:n><s>x</s><a><i>1</i></a></t:n></s:Body>`, `{"n":{"a":{"_any":["<i>1</i>"]},"s":{"_text":"x"}}}`)
		},
		"a part that names a type in document style, or in a header": func(p *page) {
			typed := `<message name="n"><part name="p" type="xs:int"/></message>`
			if d, _ := p.service("t.wsdl", wsdlOf("", bound(typed, inputN, "", literal))); d != nil {
				p.Error("a part with a type is taken")
			}
			header := bound(messageN+`<message name="h"><part name="h" type="xs:int"/></message>`, inputN, "", `<input><soap:header message="t:h" part="h" use="literal"/><soap:body use="literal"/></input>`)
			if d, _ := p.service("t.wsdl", wsdlOf(elementN, header)); d != nil {
				p.Error("a header with a type is taken")
			}
		},
		"bindings other than SOAP": func(p *page) {
			if _, got := p.service("t.wsdl", wsdlOf(elementN, bound(messageN, inputN, "", literal)+`<binding name="H" type="t:P"><operation name="O"/></binding>`)); got != "B.O" {
				p.Errorf("the operations are %s", got)
			}
		},
		"WS-Policy and other extensions": func(p *page) {
			const policy = `<w:Policy xmlns:w="http://www.w3.org/ns/ws-policy"><w:All/></w:Policy><w:PolicyReference xmlns:w="http://www.w3.org/ns/ws-policy" URI="#p" required="true"/>`
			d, _ := p.service("t.wsdl", wsdlOf(elementN, policy+bound(messageN, inputN, "", policy+literal)))
			p.asks(d, "O", `<s:Body><t:n>1</t:n></s:Body>`, `{"n":1}`)
			if len(d.Warnings) > 0 {
				p.Errorf("warnings %v", d.Warnings)
			}
		},
		"WS-Addressing 1.0": func(p *page) {
			const head = `<s:Header xmlns:a="` + wsdl.AddressingURI + `"><a:MessageID>m</a:MessageID><a:RelatesTo>r</a:RelatesTo><a:Action>t</a:Action><a:ReplyTo><a:Address>p</a:Address></a:ReplyTo></s:Header>`
			a, err := wsdl.ReadAddressing(soap(uri11, head+body("")), "")
			if want := (wsdl.Addressing{MessageID: "m", RelatesTo: "r", Action: "t", ReplyTo: "p"}); err != nil || a != want {
				p.Errorf("the headers read as %+v, %v", a, err)
			}
			manifestHas(p, "addressing")
		},
		"MTOM, SOAP with Attachments": func(p *page) {
			d, _ := p.service("t.wsdl", wsdlOf(`<xs:element name="n" type="xs:base64Binary"/>`, bound(messageN, inputN, "", literal)))
			env := soap(uri11, `<s:Body><n xmlns="urn:t"><x:Include xmlns:x="`+codec.XOPURI+`" href="cid:1"/></n></s:Body>`)
			r, err := d.Operations()[0].DecodeRequestWith(env, codec.Options{Attachment: func(href string) ([]byte, bool) { return []byte("abc"), href == "cid:1" }})
			if got, _ := jsonschema.AppendJSON(nil, r.Tree); err != nil || string(got) != `{"n":"YWJj"}` {
				p.Errorf("the attachment reads as %s, %v", got, err)
			}
			manifestHas(p, "attachments")
		},
		"WSDL 2.0": func(p *page) {
			if d, _ := p.service("t.wsdl", `<description xmlns="http://www.w3.org/ns/wsdl"/>`); d != nil {
				p.Error("it is taken")
			}
		},
	})
}

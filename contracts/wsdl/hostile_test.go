package wsdl_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sluice/contracts/wsdl"
)

// TestHostileEnvelopes is about what stands around a message. A server answers each with a fault's code and words.
func TestHostileEnvelopes(t *testing.T) {
	const ask = "<t:ask><t:n>1</t:n></t:ask>"
	head := func(content string) string { return "<s:Header>" + content + "</s:Header>" + body(ask) }
	for _, c := range []struct{ name, doc, want string }{
		{"no envelope but a body", `<s:Body xmlns:s="` + uri11 + `"/>`, `Client: the document is no SOAP envelope; expected {http://schemas.xmlsoap.org/soap/envelope/}Envelope; found {http://schemas.xmlsoap.org/soap/envelope/}Body (line 1, column 1)`},
		{"an envelope in lower case", `<s:envelope xmlns:s="` + uri11 + `"/>`, `Client: the document is no SOAP envelope; expected {http://schemas.xmlsoap.org/soap/envelope/}Envelope; found {http://schemas.xmlsoap.org/soap/envelope/}envelope (line 1, column 1)`},
		{"an envelope without a namespace", `<Envelope><Body/></Envelope>`, `VersionMismatch: the envelope's namespace "" is of no SOAP version`},
		{"an empty envelope", string(soap(uri11, "")), `Client: Envelope: the envelope has no Body`},
		{"text in the envelope", string(soap(uri11, "x"+body(ask))), `Client: Envelope: text where only elements may stand (line 1, column 84)`},
		{"text between body and message", string(soap(uri11, body("x"+ask))), `Client: Body: text where only elements may stand (line 1, column 92)`},
		{"text in the header", string(soap(uri11, head("x"))), `Client: Header: text where only elements may stand (line 1, column 94)`},
		{"a body of the other version", string(soap(uri11, `<o:Body xmlns:o="`+uri12+`">`+ask+`</o:Body>`)), `Client: the envelope holds what does not belong there; expected one Header, then one Body; found {http://www.w3.org/2003/05/soap-envelope}Body (line 1, column 84)`},
		{"a body of no namespace", string(soap(uri11, `<Body>`+ask+`</Body>`)), `Client: the envelope holds what does not belong there; expected one Header, then one Body; found Body (line 1, column 84)`},
		{"a body in the body", string(soap(uri11, body(body(ask)))), `Client: the body holds another message; expected {urn:desk}ask; found {http://schemas.xmlsoap.org/soap/envelope/}Body (line 1, column 92)`},
		{"an envelope in the body", string(soap(uri11, body(string(soap(uri11, body(ask)))))), `Client: the body holds another message; expected {urn:desk}ask; found {http://schemas.xmlsoap.org/soap/envelope/}Envelope (line 1, column 92)`},
		{"two headers", string(soap(uri11, "<s:Header/><s:Header/>"+body(ask))), `Client: the envelope holds what does not belong there; expected one Header, then one Body; found {http://schemas.xmlsoap.org/soap/envelope/}Header (line 1, column 95)`},
		{"something before the body", string(soap(uri11, "<x/>"+body(ask))), `Client: the envelope holds what does not belong there; expected one Header, then one Body; found x (line 1, column 84)`},
		{"something after the body", string(soap(uri11, body(ask)+"<x/>")), `Client: the envelope holds what does not belong there; expected one Header, then one Body; found x (line 1, column 128)`},
		{"a fault beside the message", string(soap(uri11, body(ask+"<s:Fault/>"))), `Client: the body holds another message; expected {urn:desk}ask; found {http://schemas.xmlsoap.org/soap/envelope/}Fault (line 1, column 119)`},
		{"a header that must be understood, twice", string(soap(uri11, head(`<x xmlns="urn:x" s:mustUnderstand="1"/><y xmlns="urn:y" s:mustUnderstand="1"/>`))), `MustUnderstand: the header {urn:x}x must be understood, and nobody here does`},
		{"a header without a namespace that must be understood", string(soap(uri11, head(`<x s:mustUnderstand="1"/>`))), `MustUnderstand: the header {}x must be understood, and nobody here does`},
		{"a header that must be understood by a word of neither version", string(soap(uri11, head(`<x xmlns="urn:x" s:mustUnderstand="yes"/>`))), `Client: mustUnderstand is no boolean: "yes"; expected 0, 1, true or false; found {urn:x}x (line 1, column 94)`},
		{"a known header that must be understood by such a word", string(soap(uri11, head(`<t:id s:mustUnderstand="TRUE">a</t:id>`))), `Client: mustUnderstand is no boolean: "TRUE"; expected 0, 1, true or false; found {urn:desk}id (line 1, column 94)`},
		{"a header that need not be understood", string(soap(uri11, head(`<x xmlns="urn:x" s:mustUnderstand="false"/>`))), `map[_header:map[] ask:map[n:1]]`},
		{"a header with broken XML inside", string(soap(uri11, head(`<x><y></x>`))), `Client: line 1, column 100: the end tag does not match <y>`},
		{"the message in the header", string(soap(uri11, "<s:Header>"+ask+"</s:Header>"+body(""))), `Client: Body: the body lacks its message; expected {urn:desk}ask`},
		{"a known header in the body", string(soap(uri11, body("<t:id>a</t:id>"))), `Client: the body holds another message; expected {urn:desk}ask; found {urn:desk}id (line 1, column 92)`},
		{"comments and instructions everywhere", "<!-- a --><?b c?>" + string(soap(uri11, "<!-- d --><?e f?><s:Body><!-- g -->"+ask+"<?h?></s:Body><!-- i -->")) + "<!-- j -->", `map[ask:map[n:1]]`},
		{"the contract's prefix means the envelope", `<t:Envelope xmlns:t="` + uri11 + `"><t:Body><s:ask xmlns:s="urn:desk"><s:n>1</s:n></s:ask></t:Body></t:Envelope>`, `map[ask:map[n:1]]`},
		{"an encoding style", string(soap(uri11, `<s:Body s:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">`+ask+`</s:Body>`)), `map[ask:map[n:1]]`},
		{"rpc where the contract has document", string(soap(uri11, body("<t:Ask><ask><n>1</n></ask></t:Ask>"))), `Client: the body holds another message; expected {urn:desk}ask; found {urn:desk}Ask (line 1, column 92)`},
		{"a message by reference", string(soap(uri11, body(`<t:ask href="#1"/><multiRef id="1"><t:n>1</t:n></multiRef>`))), `Client: ask: an element is missing; expected n; found the end of ask (line 1, column 92; contract desk.wsdl:6:59)`},
		{"an attachment that is not there", string(soap(uri11, body(`<t:ask><t:n><i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="cid:1"/></t:n></t:ask>`))), `Client: ask/n: the value is not what the contract declares; expected xs:int; found "" (line 1, column 99; contract desk.wsdl:6:59)`},
		{"JSON", `{"ask":{"n":1}}`, `Client: text before the root element (line 1, column 1)`},
		{"a megabyte of headers", string(soap(uri11, head(strings.Repeat("<x/>", 1<<18)))), `map[_header:map[] ask:map[n:1]]`},
		{"a megabyte of header", string(soap(uri11, head("<x>"+strings.Repeat("a", 1<<20)+"</x>"))), `map[_header:map[] ask:map[n:1]]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			r, err := operation(t, "Ask").DecodeRequest([]byte(c.doc))
			var refusal *wsdl.Refusal
			switch {
			case err == nil:
				got = fmt.Sprint(r.Tree)
			case errors.As(err, &refusal):
				got = refusal.Code + ": " + refusal.Text
			default:
				t.Fatalf("%T is no refusal: %v", err, err)
			}
			if len(got) > 600 || got != c.want {
				t.Errorf("\ngot  %.600s\nwant %s", got, c.want)
			}
			// Whoever finds out which operation is meant must not say yes to what is no envelope.
			if _, err := operation(t, "Ask").DecodeReply([]byte(c.doc)); err == nil && strings.Contains(c.want, "no SOAP envelope") {
				t.Error("the document was taken for a reply")
			}
		})
	}
}

// TestHostileWSDLs is about contracts that lead nowhere or in circles.
func TestHostileWSDLs(t *testing.T) {
	late := time.AfterFunc(time.Minute, func() { panic("loading takes for ever") })
	defer late.Stop()
	sound, err := os.ReadFile("testdata/desk.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	const head = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" targetNamespace="urn:t">`
	edit := func(old, new string) string {
		text := strings.Replace(string(sound), old, new, 1)
		if text == string(sound) {
			t.Fatalf("%q is not in the contract", old)
		}
		return text
	}
	cut := func(from, to string) string {
		a, b := strings.Index(string(sound), from), strings.Index(string(sound), to)
		return string(sound[:a]) + string(sound[b:])
	}
	many := strings.Builder{}
	for i := range 2_000 {
		fmt.Fprintf(&many, `<message name="m%d"><part name="p" element="t:ask"/></message>`, i)
	}
	for _, c := range []struct{ name, doc, want string }{
		{"no bindings", cut(`<binding name="desk11"`, `<service`), `desk.wsdl:44:5: the port's binding "t:desk11" is not declared | desk.wsdl:45:5: the port's binding "t:desk12" is not declared`},
		{"no bindings, no service", cut(`<binding name="desk11"`, `</definitions>`), `desk.wsdl: the WSDL has no operation with a SOAP binding`},
		{"no port types", cut(`<portType`, `<binding`), `desk.wsdl:22:3: the binding's portType "t:desk" is not declared | desk.wsdl:48:3: the binding's portType "t:desk" is not declared`},
		{"no messages", cut(`<message`, `<portType`), `desk.wsdl:19:7: the message "t:ask" is not declared | desk.wsdl:20:7: the message "t:answer" is not declared | desk.wsdl:21:7: the message "t:refusal" is not declared | desk.wsdl:22:7: the message "t:outage" is not declared | desk.wsdl:25:7: the message "t:ask" is not declared | desk.wsdl:26:7: the message "t:answer" is not declared | desk.wsdl:29:7: the message "t:tell" is not declared | desk.wsdl:32:7: the message "t:nothing" is not declared | desk.wsdl:33:7: the message "t:nothing" is not declared | desk.wsdl:41:9: the message "t:head" is not declared | desk.wsdl:42:9: the message "t:head" is not declared`},
		{"no types", cut(`<types>`, `<message`), `desk.wsdl:4:23: the contract has no global element {urn:desk}ask | desk.wsdl:5:26: the contract has no global element {urn:desk}answer | desk.wsdl:6:24: the contract has no global element {urn:desk}tell | desk.wsdl:8:24: the contract has no global element {urn:desk}id | desk.wsdl:8:56: the contract has no global element {urn:desk}trace | desk.wsdl:9:27: the contract has no global element {urn:desk}refusal | desk.wsdl:10:26: the contract has no global element {urn:desk}outage`},
		{"a binding to nothing", edit(`<binding name="desk12" type="t:desk">`, `<binding name="desk12">`), `desk.wsdl:69:3: the binding's portType "" is not declared`},
		{"a port to nothing", edit(` binding="t:desk12"`, ``), `desk.wsdl:79:5: the port's binding "" is not declared`},
		{"a port without an address", edit(`<soap12:address location="http://desk.example/12"/>`, ``), `5 operations`},
		{"a part of nothing", edit(`<part name="body" element="t:ask"/>`, `<part name="body"/>`), `2 operations | desk.wsdl:15:23: warning: operation "Ask" is left out: part "body" names a type, not an element: document/literal needs elements (WS-I Basic Profile R2204) | desk.wsdl:15:23: warning: operation "AskAgain" is left out: part "body" names a type, not an element: document/literal needs elements (WS-I Basic Profile R2204) | desk.wsdl:15:23: warning: operation "Ask" is left out: part "body" names a type, not an element: document/literal needs elements (WS-I Basic Profile R2204)`},
		{"a part of both", edit(`<part name="body" element="t:ask"/>`, `<part name="body" element="t:ask" type="xs:int"/>`), `5 operations`},
		{"a header's part that is not there", edit(`part="trace"`, `part="track"`), `desk.wsdl:49:9: the message "t:head" has no part "track"`},
		{"an operation without a name", edit(`<operation name="Tell">`, `<operation>`), `desk.wsdl:60:5: the portType has no operation "Tell"`},
		{"a style that is none", edit(`<soap:binding transport`, `<soap:binding style="rpg" transport`), `desk.wsdl:45:5: the style of operation "Ask" is neither document nor rpc: "rpg" | desk.wsdl:55:5: the style of operation "AskAgain" is neither document nor rpc: "rpg" | desk.wsdl:60:5: the style of operation "Tell" is neither document nor rpc: "rpg" | desk.wsdl:64:5: the style of operation "Ping" is neither document nor rpc: "rpg"`},
		{"a use that is none", edit(`<soap:body use="literal"/>`, `<soap:body use="littoral"/>`), `4 operations | desk.wsdl:50:9: warning: operation "Ask" is left out: use="littoral" is not covered: SOAP encoding was given up by WS-I; ask the agency for literal`},
		{"imports itself", edit(`<types>`, `<import namespace="urn:desk" location="desk.wsdl"/><types>`), `5 operations`},
		{"imports a folder", edit(`<types>`, `<import namespace="urn:x" location="."/><types>`), `5 operations | desk.wsdl:4:3: warning: ".", asked for here, was not loaded, and nothing needs it: . is not there`},
		{"imports nothing", edit(`<types>`, `<import namespace="urn:x"/><types>`), `5 operations | desk.wsdl:4:3: warning: "urn:x", asked for here, was not loaded, and nothing needs it: no file beside it has that namespace`},
		{"a binding of HTTP alone", head + `<portType name="p"/><binding name="b" type="t:p"><h:binding xmlns:h="http://schemas.xmlsoap.org/wsdl/http/" verb="GET"/></binding></definitions>`, `desk.wsdl: the WSDL has no operation with a SOAP binding`},
		{"WSDL 2.0", `<description xmlns="http://www.w3.org/ns/wsdl"/>`, `desk.wsdl:1:1: the root element is <description>, not the definitions of a WSDL 1.1`},
		{"a page instead of a WSDL", `<html><body>Sign in</body></html>`, `desk.wsdl:1:1: the root element is <html>, not the definitions of a WSDL 1.1`},
		{"a schema instead of a WSDL", `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>`, `desk.wsdl:1:1: the root element is <xs:schema>, not the definitions of a WSDL 1.1`},
		{"an envelope instead of a WSDL", string(soap(uri11, body(""))), `desk.wsdl:1:1: the root element is <s:Envelope>, not the definitions of a WSDL 1.1`},
		{"nothing", "", `desk.wsdl:1:1: not well-formed XML: the document has no element`},
		{"cut in the middle", string(sound[:len(sound)/2]), `desk.wsdl:32:13: not well-formed XML: the document ends inside a start tag`},
		{"2,000 messages", edit(`<portType`, many.String()+`<portType`), `5 operations`},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := wsdl.Load(fstest.MapFS{"desk.wsdl": {Data: []byte(c.doc)}}, "desk.wsdl")
			got := ""
			if err != nil {
				got = strings.ReplaceAll(err.Error(), "\n", " | ")
			} else {
				got = fmt.Sprintf("%d operations", len(d.Operations()))
				for _, w := range d.Warnings {
					got += " | " + w.Error()
				}
			}
			if got != c.want {
				t.Errorf("\ngot  %.2000s\nwant %s", got, c.want)
			}
		})
	}
}

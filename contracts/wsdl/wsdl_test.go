package wsdl_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
)

const (
	uri11 = "http://schemas.xmlsoap.org/soap/envelope/"
	uri12 = "http://www.w3.org/2003/05/soap-envelope"
)

func desk(t testing.TB) *wsdl.Definitions {
	t.Helper()
	d, err := wsdl.Load(os.DirFS("testdata"), "desk.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func operation(t testing.TB, name string) *wsdl.Operation {
	t.Helper()
	o, err := desk(t).Operation(name)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// soap is an envelope; the prefix s is its namespace, t the contract's.
func soap(uri, content string) []byte {
	return []byte(`<s:Envelope xmlns:s="` + uri + `" xmlns:t="urn:desk">` + content + `</s:Envelope>`)
}

func body(content string) string { return "<s:Body>" + content + "</s:Body>" }

func TestOperations(t *testing.T) {
	var got []string
	for _, o := range desk(t).Operations() {
		got = append(got, o.Port+"."+o.Name)
	}
	if want := "Desk11.Ask Desk11.AskAgain Desk11.Tell Desk11.Ping Desk12.Ask"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	first, twelve, tell := operation(t, "Ask"), operation(t, "Desk12.Ask"), operation(t, "Tell")
	switch {
	case first.Port != "Desk11" || first.Version != wsdl.SOAP11 || first.Action != "urn:desk#Ask" || first.Address != "http://desk.example/11" || first.Doc != "Asks the desk.":
		t.Errorf("Ask is %+v", first)
	case first.ContentType() != "text/xml; charset=utf-8" || twelve.ContentType() != `application/soap+xml; charset=utf-8; action="urn:desk#Ask"`:
		t.Errorf("content types %s, %s", first.ContentType(), twelve.ContentType())
	case twelve.Version != wsdl.SOAP12 || !tell.OneWay || tell.Reply != nil || first.OneWay:
		t.Errorf("versions and directions: %+v, %+v", twelve, tell)
	}
	if _, err := desk(t).Operation("AskAgian"); err == nil || err.Error() != `desk.wsdl: the contract has no operation "AskAgian"; did you mean "AskAgain"?` {
		t.Errorf("a misspelt operation: %v", err)
	}
}

// TestWritesEnvelopes pins the bytes of both versions, and that they read as what they were written from.
func TestWritesEnvelopes(t *testing.T) {
	ask := tree.Of("ask", tree.Of("n", int64(1)))
	for _, c := range []struct {
		name, operation string
		message         *tree.Object
		want            string
	}{
		{"1.1 with headers", "Ask", tree.Of("ask", ask.Get("ask"), "_header", tree.Of("trace", int64(2), "id", "a")),
			`<soap:Envelope xmlns:soap="` + uri11 + `"><soap:Header><t:id xmlns:t="urn:desk">a</t:id><t:trace xmlns:t="urn:desk">2</t:trace></soap:Header><soap:Body><t:ask xmlns:t="urn:desk"><t:n>1</t:n></t:ask></soap:Body></soap:Envelope>`},
		{"1.1 with one header of two", "Ask", tree.Of("ask", ask.Get("ask"), "_header", tree.Of("id", "a")),
			`<soap:Envelope xmlns:soap="` + uri11 + `"><soap:Header><t:id xmlns:t="urn:desk">a</t:id></soap:Header><soap:Body><t:ask xmlns:t="urn:desk"><t:n>1</t:n></t:ask></soap:Body></soap:Envelope>`},
		{"1.2", "Desk12.Ask", ask, `<soap:Envelope xmlns:soap="` + uri12 + `"><soap:Body><t:ask xmlns:t="urn:desk"><t:n>1</t:n></t:ask></soap:Body></soap:Envelope>`},
		{"empty body", "Ping", new(tree.Object), `<soap:Envelope xmlns:soap="` + uri11 + `"><soap:Body></soap:Body></soap:Envelope>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := operation(t, c.operation)
			got, err := o.AppendRequest(nil, c.message)
			if want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + c.want; err != nil || string(got) != want {
				t.Fatalf("got  %s, %v\nwant %s", got, err, want)
			}
			r, err := o.DecodeRequest(got)
			if err != nil || !tree.Equal(r.Tree, c.message) {
				t.Errorf("read back %v, %v", r.Tree, err)
			}
		})
	}
	for _, c := range []struct {
		name, operation string
		message         *tree.Object
		want            string
	}{
		{"no body", "Ask", new(tree.Object), `ask: the element is missing (contract desk.wsdl:6:7)`},
		{"another body", "Ask", tree.Of("tell", "x"), `tell: the message has no such element; expected ask`},
		{"unknown header", "Ask", tree.Of("ask", ask.Get("ask"), "_header", tree.Of("ids", "a")), `_header/ids: the message has no such header; expected id, trace`},
		{"header where none is declared", "Tell", tree.Of("tell", "x", "_header", tree.Of("id", "a")), `_header/id: the message has no such header`},
		{"header of the wrong form", "Ask", tree.Of("ask", ask.Get("ask"), "_header", "a"), `_header: the value has the wrong form; expected an object`},
		{"value of a header", "Ask", tree.Of("ask", ask.Get("ask"), "_header", tree.Of("trace", "a")), `_header/trace: the value is not what the contract declares; expected xs:int; found "a" (contract desk.wsdl:10:7)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := operation(t, c.operation).AppendRequest(nil, c.message)
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

// TestRequestRefused reads requests as a server does.
func TestRequestRefused(t *testing.T) {
	ask := body("<t:ask><t:n>1</t:n></t:ask>")
	head := func(content string) string { return "<s:Header>" + content + "</s:Header>" + ask }
	for _, c := range []struct{ name, operation, uri, content, code, want string }{
		{"sound", "Ask", uri11, ask, "", ""},
		{"sound, with what need not be understood", "Ask", uri11, head(`<x xmlns="urn:x"/><x xmlns="urn:x" s:mustUnderstand="0"/>`), "", ""},
		{"must be understood", "Ask", uri11, head(`<x xmlns="urn:x" s:mustUnderstand="1"/>`), "MustUnderstand", `the header {urn:x}x must be understood, and nobody here does`},
		{"must be understood by the next, 1.1", "Ask", uri11, head(`<x xmlns="urn:x" s:mustUnderstand="1" s:actor="http://schemas.xmlsoap.org/soap/actor/next"/>`), "MustUnderstand", `the header {urn:x}x must be understood, and nobody here does`},
		{"must be understood by somebody else, 1.1", "Ask", uri11, head(`<x xmlns="urn:x" s:mustUnderstand="1" s:actor="urn:somebody"/>`), "", ""},
		{"must be understood by the ultimate receiver, 1.2", "Desk12.Ask", uri12, head(`<x xmlns="urn:x" s:mustUnderstand="true" s:role="` + uri12 + `/role/ultimateReceiver"/>`), "MustUnderstand", `the header {urn:x}x must be understood, and nobody here does`},
		{"must be understood by none, 1.2", "Desk12.Ask", uri12, head(`<x xmlns="urn:x" s:mustUnderstand="true" s:role="` + uri12 + `/role/none"/>`), "", ""},
		{"must be understood, and is", "Ask", uri11, head(`<t:id s:mustUnderstand="1">a</t:id>`), "", ""},
		{"the other version's attribute means nothing", "Ask", uri11, head(`<x xmlns="urn:x" xmlns:o="` + uri12 + `" o:mustUnderstand="1"/>`), "", ""},
		{"attributes of the envelope", "Ask", uri11, head(`<t:id s:actor="urn:a">a</t:id>`), "", ""},
		{"header twice", "Ask", uri11, head("<t:id>a</t:id><t:id>b</t:id>"), "Client", `the header comes twice; found {urn:desk}id (line 1, column 108)`},
		{"value of a header", "Ask", uri11, head("<t:trace>a</t:trace>"), "Client", `trace: the value is not what the contract declares; expected xs:int; found "a" (line 1, column 94; contract desk.wsdl:10:7)`},
		{"wrong version", "Ask", uri12, ask, "VersionMismatch", `the contract wants the envelope's namespace http://schemas.xmlsoap.org/soap/envelope/, the message has http://www.w3.org/2003/05/soap-envelope`},
		{"wrong version, the other way", "Desk12.Ask", uri11, ask, "VersionMismatch", `the contract wants the envelope's namespace http://www.w3.org/2003/05/soap-envelope, the message has http://schemas.xmlsoap.org/soap/envelope/`},
		{"no version", "Ask", "urn:soap", ask, "VersionMismatch", `the envelope's namespace "urn:soap" is of no SOAP version`},
		{"two bodies", "Ask", uri11, ask + ask, "Client", `the envelope holds what does not belong there; expected one Header, then one Body; found {http://schemas.xmlsoap.org/soap/envelope/}Body (line 1, column 128)`},
		{"two messages", "Ask", uri11, body("<t:ask><t:n>1</t:n></t:ask><t:ask><t:n>2</t:n></t:ask>"), "Client", `the body holds a second message; expected one ask; found {urn:desk}ask (line 1, column 119)`},
		{"header behind the body", "Ask", uri11, ask + "<s:Header/>", "Client", `the envelope holds what does not belong there; expected one Header, then one Body; found {http://schemas.xmlsoap.org/soap/envelope/}Header (line 1, column 128)`},
		{"no body", "Ask", uri11, "<s:Header/>", "Client", `Envelope: the envelope has no Body`},
		{"empty body", "Ask", uri11, body(""), "Client", `Body: the body lacks its message; expected {urn:desk}ask`},
		{"empty body that is meant", "Ping", uri11, body(""), "", ""},
		{"body that is not meant", "Ping", uri11, ask, "Client", `the body holds another message; expected an empty body; found {urn:desk}ask (line 1, column 92)`},
		{"another message", "Ask", uri11, body("<t:tell>a</t:tell>"), "Client", `the body holds another message; expected {urn:desk}ask; found {urn:desk}tell (line 1, column 92)`},
		{"another namespace", "Ask", uri11, body("<ask><n>1</n></ask>"), "Client", `the body holds another message; expected {urn:desk}ask; found ask (line 1, column 92)`},
		{"text in the body", "Ask", uri11, body("Bad Gateway"), "Client", `Body: text where only elements may stand (line 1, column 92)`},
		{"value", "Ask", uri11, body("<t:ask><t:n>one</t:n></t:ask>"), "Client", `ask/n: the value is not what the contract declares; expected xs:int; found "one" (line 1, column 99; contract desk.wsdl:6:59)`},
		{"a fault", "Ask", uri11, body("<s:Fault><faultcode>s:Server</faultcode><faultstring/></s:Fault>"), "Client", `a request must not be a fault`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := operation(t, c.operation).DecodeRequest(soap(c.uri, c.content))
			if c.want == "" && c.code == "" {
				if err != nil || len(r.Drift) > 0 {
					t.Fatalf("%v, drift %v", err, r.Drift)
				}
				return
			}
			var refusal *wsdl.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("%v, %v: no refusal", r.Tree, err)
			}
			if refusal.Code != c.code || refusal.Text != c.want {
				t.Errorf("got  %s: %s\nwant %s: %s", refusal.Code, refusal.Text, c.code, c.want)
			}
		})
	}
	for _, c := range []struct{ name, doc, want string }{
		{"no envelope", `<t:ask xmlns:t="urn:desk"/>`, `the document is no SOAP envelope; expected {http://schemas.xmlsoap.org/soap/envelope/}Envelope; found {urn:desk}ask (line 1, column 1)`},
		{"second root", string(soap(uri11, ask)) + "<more/>", `a second root element (line 1, column 141)`},
		{"DTD", "<!DOCTYPE s>" + string(soap(uri11, ask)), `a document type declaration (DTD) is not allowed (line 1, column 1)`},
		{"undeclared prefix", `<s:Envelope/>`, `the prefix "s" is not declared (line 1, column 2)`},
		{"truncated", strings.TrimSuffix(string(soap(uri11, ask)), "</s:Body></s:Envelope>"), `the document ends inside <s:Body> (line 1, column 119)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := operation(t, "Ask").DecodeRequest([]byte(c.doc))
			var refusal *wsdl.Refusal
			if !errors.As(err, &refusal) || refusal.Code != "Client" || refusal.Text != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestReply reads replies as a client does: it takes a fault of either version, and headers that it does not know.
func TestReply(t *testing.T) {
	fault11 := func(content string) string { return body("<s:Fault>" + content + "</s:Fault>") }
	fault12 := func(code, rest string) string {
		return body("<s:Fault><s:Code>" + code + "</s:Code>" + rest + "</s:Fault>")
	}
	reason := `<s:Reason><s:Text xml:lang="en">No</s:Text><s:Text xml:lang="ru">Нет</s:Text></s:Reason>`
	type object = map[string]any
	for _, c := range []struct {
		name, operation, uri, content string
		want                          object // the tree, or {"fault": …}
	}{
		{"reply", "Ask", uri11, `<s:Header><x s:mustUnderstand="1"/></s:Header>` + body("<t:answer><t:text>a</t:text></t:answer>"), object{"answer": object{"text": "a"}}},
		{"empty reply", "Ping", uri11, body(" "), object{}},
		{"reply to a one-way message", "Tell", uri11, body(""), object{}},
		{"fault to a one-way message", "Tell", uri11, fault11("<faultcode>s:Client</faultcode><faultstring>No</faultstring>"), object{"fault": object{"code": "Client", "subcodes": []any{}, "reason": "No"}}},
		{"fault with known detail", "Ask", uri11, fault11("<faultcode>s:Server</faultcode><faultstring> No\n</faultstring><faultactor>urn:a</faultactor><detail><t:refusal><t:code>7</t:code></t:refusal></detail>"),
			object{"fault": object{"code": "Server", "subcodes": []any{}, "reason": "No", "actor": "urn:a", "detail": object{"refusal": object{"code": int64(7)}}}}},
		{"fault with unknown and broken detail", "Ask", uri11, fault11(`<faultcode>s:Server</faultcode><faultstring>No</faultstring><detail><x/><t:refusal><t:code>?</t:code></t:refusal><t:outage>o</t:outage></detail>`),
			object{"fault": object{"code": "Server", "subcodes": []any{}, "reason": "No", "detail": object{"_any": []any{"<x/>", `<t:refusal xmlns:t="urn:desk"><t:code>?</t:code></t:refusal>`}, "outage": "o"}}}},
		{"fault code with a dot", "Ask", uri11, fault11("<faultcode>s:Client.Authentication</faultcode><faultstring>No</faultstring>"), object{"fault": object{"code": "Client", "subcodes": []any{"Authentication"}, "reason": "No"}}},
		{"fault code of the agency's own", "Ask", uri11, fault11("<faultcode>t:E17</faultcode><faultstring>No</faultstring>"), object{"fault": object{"code": "Server", "subcodes": []any{"E17"}, "reason": "No"}}},
		{"fault code of 1.2 in 1.1", "Ask", uri11, fault11("<faultcode>s:Sender</faultcode><faultstring>No</faultstring>"), object{"fault": object{"code": "Client", "subcodes": []any{}, "reason": "No"}}},
		{"1.2 fault", "Desk12.Ask", uri12, fault12("<s:Value>s:Sender</s:Value><s:Subcode><s:Value>t:A</s:Value><s:Subcode><s:Value>t:B</s:Value></s:Subcode></s:Subcode>", reason+"<s:Node>urn:n</s:Node><s:Role>urn:r</s:Role><s:Detail><t:outage>o</t:outage></s:Detail>"),
			object{"fault": object{"code": "Client", "subcodes": []any{"A", "B"}, "reason": "Нет", "actor": "urn:r", "detail": object{"outage": "o"}}}},
		{"1.2 fault codes", "Desk12.Ask", uri12, fault12("<s:Value>s:MustUnderstand</s:Value>", reason), object{"fault": object{"code": "MustUnderstand", "subcodes": []any{}, "reason": "Нет"}}},
		{"1.1 fault to 1.2", "Desk12.Ask", uri11, fault11("<faultcode>s:VersionMismatch</faultcode><faultstring>No</faultstring>"), object{"fault": object{"code": "VersionMismatch", "subcodes": []any{}, "reason": "No"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := operation(t, c.operation).DecodeReply(soap(c.uri, c.content))
			got := r.Tree
			if r.Fault != nil {
				got = tree.Of("fault", r.Fault)
			}
			if err != nil || !tree.Equal(got, tree.From(c.want)) {
				t.Errorf("got  %v, %v\nwant %v", got, err, c.want)
			}
		})
	}
	for _, c := range []struct{ name, doc, want string }{
		{"HTML", "<html><body>502 Bad Gateway</body></html>", `the document is no SOAP envelope; expected {http://schemas.xmlsoap.org/soap/envelope/}Envelope; found html (line 1, column 1)`},
		{"no root", "", `the document has no element (line 1, column 1)`},
		{"truncated", strings.TrimSuffix(string(soap(uri11, body("<t:answer><t:text>a</t:text></t:answer>"))), "</t:answer></s:Body></s:Envelope>"), `answer: the document ends inside <t:answer> (line 1, column 120)`},
		{"wrong namespace", string(soap(uri11, body("<answer><text>a</text></answer>"))), `the body holds another message; expected {urn:desk}answer; found answer (line 1, column 92)`},
		{"missing element", string(soap(uri11, body("<t:answer/>"))), `answer: an element is missing; expected text; found the end of answer (line 1, column 92; contract desk.wsdl:7:62)`},
		{"beside a fault", string(soap(uri11, body("<s:Fault><faultcode>s:Server</faultcode><faultstring/></s:Fault><t:answer/>"))), `something stands beside the fault; found {urn:desk}answer (line 1, column 156)`},
		{"wrong version", string(soap("urn:soap", body("<t:answer><t:text>a</t:text></t:answer>"))), `the envelope's namespace "urn:soap" is of no SOAP version`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := operation(t, "Ask").DecodeReply([]byte(c.doc))
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v, %v\nwant %s", r, err, c.want)
			}
		})
	}
}

// TestFaults writes faults of both versions and reads them back.
func TestFaults(t *testing.T) {
	detail := tree.Of("refusal", tree.Of("code", int64(7)))
	for _, c := range []struct {
		name, operation string
		fault           wsdl.Fault
		want            string
	}{
		{"1.1", "Ask", wsdl.Fault{Code: "Client", Reason: "a<b\x00", Actor: "urn:a", Detail: detail},
			`<soap:Fault><faultcode>soap:Client</faultcode><faultstring>a&lt;b</faultstring><faultactor>urn:a</faultactor><detail><t:refusal xmlns:t="urn:desk"><t:code>7</t:code></t:refusal></detail></soap:Fault>`},
		{"1.2", "Desk12.Ask", wsdl.Fault{Code: "Client", Reason: "a<b", Actor: "urn:a", Detail: detail},
			`<soap:Fault><soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang="en">a&lt;b</soap:Text></soap:Reason><soap:Role>urn:a</soap:Role><soap:Detail><t:refusal xmlns:t="urn:desk"><t:code>7</t:code></t:refusal></soap:Detail></soap:Fault>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := operation(t, c.operation)
			xml, err := o.AppendFault(nil, c.fault)
			if err != nil || !strings.Contains(string(xml), c.want) {
				t.Fatalf("got  %s, %v\nwant %s", xml, err, c.want)
			}
			r, err := o.DecodeReply(xml)
			if err != nil || r.Fault.Get("code") != "Client" || r.Fault.Get("actor") != "urn:a" || !tree.Equal(r.Fault.Get("detail"), detail) {
				t.Errorf("read back %v, %v", r.Fault, err)
			}
		})
	}
	if _, err := operation(t, "Ask").AppendFault(nil, wsdl.Fault{Detail: tree.Of("refusal", new(tree.Object))}); err == nil {
		t.Error("a detail against the contract was written")
	}
}

func TestDispatch(t *testing.T) {
	ask := body("<t:ask><t:n>1</t:n></t:ask>")
	for _, c := range []struct{ name, uri, content, action, want string }{
		{"by body", uri11, body("<t:tell>a</t:tell>"), "", "Desk11.Tell"},
		{"by body, past a header", uri11, "<s:Header><t:id>1</t:id></s:Header>" + body("<t:tell>a</t:tell>"), "urn:other", "Desk11.Tell"},
		{"by action", uri11, ask, "urn:desk#AskAgain", "Desk11.AskAgain"},
		{"the first without an action", uri11, ask, "", "Desk11.Ask"},
		{"by version", uri12, ask, "", "Desk12.Ask"},
		{"empty body", uri11, body(""), "", "Desk11.Ping"},
		{"wrong version", uri12, body("<t:tell>a</t:tell>"), "", `VersionMismatch: the contract wants the envelope's namespace http://schemas.xmlsoap.org/soap/envelope/, the message has http://www.w3.org/2003/05/soap-envelope`},
		{"nobody takes it", uri11, body("<t:nothing/>"), "", `Client: no operation takes this message; found {urn:desk}nothing (line 1, column 92)`},
		{"nobody takes an empty body", uri12, body(""), "", `VersionMismatch: the contract wants the envelope's namespace http://schemas.xmlsoap.org/soap/envelope/, the message has http://www.w3.org/2003/05/soap-envelope`},
		{"no body", uri11, "", "", `Client: the envelope has no Body`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := desk(t).Dispatch(soap(c.uri, c.content), c.action)
			got := ""
			if err != nil {
				var refusal *wsdl.Refusal
				if !errors.As(err, &refusal) {
					t.Fatalf("%T is no refusal", err)
				}
				got = refusal.Code + ": " + refusal.Text
			} else {
				got = o.Port + "." + o.Name
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

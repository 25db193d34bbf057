package wsdl_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
)

func register(t testing.TB) *wsdl.Definitions {
	t.Helper()
	d, err := wsdl.Load(os.DirFS("testdata"), "register.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRPC pins what rpc/literal looks like in both versions: a wrapper in the body's namespace, parts without one.
func TestRPC(t *testing.T) {
	d := register(t)
	var got []string
	for _, o := range d.Operations() {
		got = append(got, o.Port+"."+o.Name)
	}
	if want := "R11.Add R11.count R11.Note R12.Add R12.count"; strings.Join(got, " ") != want {
		t.Errorf("operations %v, want %s", got, want)
	}
	person := tree.Of("name", "Анна")
	for _, c := range []struct {
		name, operation string
		reply           bool
		message         *tree.Object
		want            string
	}{
		{"request", "R11.Add", false, tree.Of("Add", tree.Of("who", person, "urgent", true, "note", "n")),
			`<soap:Envelope xmlns:soap="` + uri11 + `"><soap:Body><r:Add xmlns:m="urn:model" xmlns:r="urn:register"><who><m:name>Анна</m:name></who><urgent>true</urgent><m:note>n</m:note></r:Add></soap:Body></soap:Envelope>`},
		{"reply", "R11.Add", true, tree.Of("AddResponse", tree.Of("number", "007")),
			`<soap:Envelope xmlns:soap="` + uri11 + `"><soap:Body><r:AddResponse xmlns:r="urn:register"><number>007</number></r:AddResponse></soap:Body></soap:Envelope>`},
		{"SOAP 1.2", "R12.Add", true, tree.Of("AddResponse", tree.Of("number", "007")),
			`<soap:Envelope xmlns:soap="` + uri12 + `"><soap:Body><r:AddResponse xmlns:r="urn:register"><number>007</number></r:AddResponse></soap:Body></soap:Envelope>`},
		{"no parts, and an element of that name", "R11.count", false, tree.Of("count", new(tree.Object)),
			`<soap:Envelope xmlns:soap="` + uri11 + `"><soap:Body><r:count xmlns:r="urn:register"/></soap:Body></soap:Envelope>`},
		{"a document among them", "R11.Note", false, tree.Of("note", "n"),
			`<soap:Envelope xmlns:soap="` + uri11 + `"><soap:Body><m:note xmlns:m="urn:model">n</m:note></soap:Body></soap:Envelope>`},
		{"a namespace of its own", "R12.count", true, tree.Of("countResponse", tree.Of("return", int64(3))),
			`<soap:Envelope xmlns:soap="` + uri12 + `"><soap:Body><n6:countResponse xmlns:n6="urn:other"><return>3</return></n6:countResponse></soap:Body></soap:Envelope>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, err := d.Operation(c.operation)
			if err != nil {
				t.Fatal(err)
			}
			m := o.Request
			if c.reply {
				m = o.Reply
			}
			xml, err := m.Append(nil, c.message)
			if want := `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + c.want; err != nil || string(xml) != want {
				t.Fatalf("got  %s, %v\nwant %s", xml, err, want)
			}
			r, err := m.Decode(xml)
			if err != nil || !tree.Equal(r.Tree, c.message) || len(r.Drift) > 0 {
				t.Errorf("read back %v, drift %v, %v", r.Tree, r.Drift, err)
			}
			if !c.reply {
				if called, err := d.Dispatch(xml, o.Action); err != nil || called != o {
					t.Errorf("dispatched to %v, %v", called, err)
				}
			}
		})
	}
	o, _ := d.Operation("R11.Add")
	if got := o.Request.Shape().Fields[0].Type.Names(); !slices.Equal(got, []string{"who", "urgent", "note"}) {
		t.Errorf("the wrapper has the keys %v", got)
	}
	if _, err := o.AppendRequest(nil, tree.Of("Add", tree.Of("who", person))); err == nil ||
		err.Error() != `Add: an element is missing; expected urgent (contract register.wsdl:15:61)` {
		t.Errorf("a part left out: %v", err)
	}
	if _, err := o.DecodeReply(soap(uri11, body(`<Add xmlns="urn:register"/>`))); err == nil || !strings.Contains(err.Error(), "expected {urn:register}AddResponse") {
		t.Errorf("another wrapper: %v", err)
	}
	fault, err := o.AppendFault(nil, wsdl.Fault{Detail: tree.Of("refusal", "no")})
	if r, err2 := o.DecodeReply(fault); err != nil || err2 != nil || !tree.Equal(r.Fault.Get("detail"), tree.Of("refusal", "no")) {
		t.Errorf("fault %s: %v, %v, %v", fault, r.Fault, err, err2)
	}
}

// TestRPCWarnings names what is left out, and what the validator can't tell apart.
func TestRPCWarnings(t *testing.T) {
	d := register(t)
	var got []string
	for _, w := range d.Warnings {
		got = append(got, w.Error())
	}
	want := []string{
		`register.wsdl:23:5: warning: the element {urn:register}count is declared as well, with another content: the validator knows that one only`,
		`register.wsdl:56:16: warning: operation "Note" is left out: use="encoded" is not covered: SOAP encoding was given up by WS-I; ask the agency for literal`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
	v, err := d.Schema().Validator()
	if err != nil {
		t.Fatal(err)
	}
	add, _ := d.Operation("R11.Add")
	count, _ := d.Operation("R11.count")
	if !v.Knows(add.Request.Elements()[0]) || v.Knows(count.Request.Elements()[0]) {
		t.Error("the validator knows the wrong wrappers")
	}
	declared, err := d.Schema().Element(xsd.ParseName("{urn:register}count"))
	if err != nil || !v.Knows(declared) || declared.Type.Value == nil {
		t.Errorf("the declared element is %+v, %v", declared, err)
	}
	for _, c := range []struct{ doc, want string }{
		{`<r:AddResponse xmlns:r="urn:register"><number>007</number></r:AddResponse>`, ""},
		{`<r:AddResponse xmlns:r="urn:register"><number>7</number></r:AddResponse>`, "number"},
	} {
		if err := v.Validate([]byte(c.doc)); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.doc, err)
		}
	}
}

// TestOverloads tells operations of one name apart by the names of their inputs.
func TestOverloads(t *testing.T) {
	d, err := wsdl.Load(fstest.MapFS{"o.wsdl": {Data: []byte(`<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:o" targetNamespace="urn:o">
		<message name="a"><part name="n" type="xs:int"/></message><message name="b"><part name="s" type="xs:string"/></message>
		<portType name="P"><operation name="Get"><input name="byNumber" message="t:a"/></operation><operation name="Get"><input name="byName" message="t:b"/></operation></portType>
		<binding name="B" type="t:P"><soap:binding style="rpc" transport="t"/>
			<operation name="Get"><input name="byName"><soap:body use="literal" namespace="urn:o"/></input></operation>
			<operation name="Get"><input name="byNumber"><soap:body use="literal" namespace="urn:o"/></input></operation></binding></definitions>`)}}, "o.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, o := range d.Operations() {
		keys = append(keys, o.Request.Elements()[0].Shape().Names()...)
	}
	if !slices.Equal(keys, []string{"s", "n"}) {
		t.Errorf("the wrappers have %v", keys)
	}
	xml, err := d.Operations()[1].AppendRequest(nil, tree.Of("Get", tree.Of("n", int64(1))))
	if err != nil || !strings.Contains(string(xml), "<n>1</n>") {
		t.Errorf("got %s, %v", xml, err)
	}
	var refusal *wsdl.Refusal
	if _, err := d.Operations()[0].DecodeRequest(xml); !errors.As(err, &refusal) {
		t.Errorf("the other one took it: %v", err)
	}
}

// TestUnderstood takes headers that must be understood where somebody says that he does, and finds the actions by which
// WS-Addressing calls the messages.
func TestUnderstood(t *testing.T) {
	d := desk(t)
	o, _ := d.Operation("Ask")
	doc := soap(uri11, `<s:Header><a:Action xmlns:a="`+wsdl.AddressingURI+`" s:mustUnderstand="1">urn:desk#Ask</a:Action></s:Header>`+body("<t:ask><t:n>1</t:n></t:ask>"))
	var refusal *wsdl.Refusal
	if _, err := o.DecodeRequest(doc); !errors.As(err, &refusal) || refusal.Code != "MustUnderstand" {
		t.Errorf("nobody understands, and it is taken: %v", err)
	}
	o.Understood = []string{wsdl.AddressingURI}
	if _, err := o.DecodeRequest(doc); err != nil {
		t.Error(err)
	}
	if ping, _ := d.Operation("Ping"); o.RequestAction != "urn:desk#Ask" || o.ReplyAction != "urn:desk:desk:AskResponse" || ping.RequestAction != "urn:desk:desk:PingRequest" {
		t.Errorf("actions %s, %s, %s", o.RequestAction, o.ReplyAction, ping.RequestAction)
	}
}

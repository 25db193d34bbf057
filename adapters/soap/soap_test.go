package soap

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/contracts/mtom"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd/codec"
)

// photos is a contract of binaries, once for each SOAP version.
const photos = `<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s11="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:s12="http://schemas.xmlsoap.org/wsdl/soap12/"
  xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:photos" targetNamespace="urn:photos">
  <types><xs:schema targetNamespace="urn:photos" elementFormDefault="qualified">
    <xs:element name="keep"><xs:complexType><xs:sequence><xs:element name="name" type="xs:string"/><xs:element name="photo" type="xs:base64Binary" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
    <xs:element name="kept"><xs:complexType><xs:sequence><xs:element name="number" type="xs:int"/><xs:element name="scan" type="xs:base64Binary" minOccurs="0"/></xs:sequence></xs:complexType></xs:element>
  </xs:schema></types>
  <message name="keep"><part name="p" element="t:keep"/></message><message name="kept"><part name="p" element="t:kept"/></message>
  <portType name="Photos"><operation name="Keep"><input message="t:keep"/><output message="t:kept"/></operation></portType>
  <binding name="B11" type="t:Photos"><s11:binding transport="t"/><operation name="Keep"><s11:operation soapAction="urn:keep"/><input><s11:body use="literal"/></input><output><s11:body use="literal"/></output></operation></binding>
  <binding name="B12" type="t:Photos"><s12:binding transport="t"/><operation name="Keep"><input><s12:body use="literal"/></input><output><s12:body use="literal"/></output></operation></binding>
</definitions>`

// agency answers each request with what reply makes of it, and keeps the request.
type agency struct {
	contentType string
	body        []byte
}

// exchanged sends a tree to an agency that answers with reply.
func exchanged(t *testing.T, f format, operation string, message *tree.Object, reply func(agency) (contentType, body string)) (agency, *tree.Object, *adapters.Error) {
	t.Helper()
	return exchangedBy(t, &protocol{plan: &adapters.Plan{}, format: f}, operation, message, reply)
}

func exchangedBy(t *testing.T, p *protocol, operation string, message *tree.Object, reply func(agency) (contentType, body string)) (got agency, answer *tree.Object, failed *adapters.Error) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got.contentType = r.Header.Get("Content-Type")
		got.body, _ = io.ReadAll(r.Body)
		contentType, body := reply(got)
		w.Header().Set("Content-Type", contentType)
		fmt.Fprint(w, body)
	}))
	defer server.Close()
	p.port = exchange.NewPort(&adapters.Build{Manifest: &adapters.Manifest{Limits: adapters.Limits{Message: 1 << 20}}})
	p.now = time.Now
	call := adapters.Call{Service: "keep", Endpoint: adapters.Endpoint{Name: "main", URL: server.URL}, MessageID: "6b1d6c0e-5a3f-5d53-9d0e-3f2b8a1c4d77", Client: server.Client()}
	op := p.plan.Services["keep"]
	o := (*adapters.Operation)(nil)
	if op != nil {
		o = op.Poll.Operation
	} else {
		o = opened(t, operation, p.format)
	}
	a, failed := p.Exchange(context.Background(), call, o, message)
	if failed == nil {
		answer = a.Reply
	}
	return got, answer, failed
}

func made(m map[string]any) *tree.Object { return tree.From(m).(*tree.Object) }

func opened(t *testing.T, name string, f format) *adapters.Operation {
	t.Helper()
	d, err := wsdl.Load(fstest.MapFS{"photos.wsdl": {Data: []byte(photos)}}, "photos.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	o, err := operation(d, name, f)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func kept(content string) string {
	return `<s:Envelope xmlns:s="` + wsdl.URI11 + `"><s:Body><kept xmlns="urn:photos"><number>7</number>` + content + `</kept></s:Body></s:Envelope>`
}

// TestAttachments sends and takes binaries in each of the ways, and reads a stored message as it came.
func TestAttachments(t *testing.T) {
	photo := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("фото", 1000)))
	const scan = "0YHQutCw0L0="
	include := `<scan><x:Include xmlns:x="` + codec.XOPURI + `" href="cid:scan@agency"/></scan>`
	packed := func(string) (string, string) {
		body, contentType := mtom.Package(mtom.Part{Type: "text/xml", Body: []byte(kept(include))}, "", true,
			[]mtom.Part{{ID: "scan@agency", Type: "image/png", Body: []byte("скан")}, {ID: "more", Type: "text/plain", Body: []byte("ещё")}})
		return contentType, string(body)
	}
	type object = map[string]any
	more := []any{object{"id": "more", "type": "text/plain", "content": "0LXRidGR"}}
	for _, c := range []struct {
		name, attachments, operation string
		message                      object
		contentType, inside          string // of the request
		parts                        int
		want                         object
	}{
		{"inline", "inline", "B11.Keep", object{"keep": object{"name": "a", "photo": photo}}, "text/xml; charset=utf-8", "<t:photo>" + photo, 0,
			object{"kept": object{"number": int64(7), "scan": scan}}},
		{"MTOM", "mtom", "B11.Keep", object{"keep": object{"name": "a", "photo": photo}}, `start-info="text/xml"; type="application/xop+xml"`, `href="cid:1@sluice"/></t:photo>`, 1,
			object{"kept": object{"number": int64(7), "scan": scan}, attachmentsKey: more}},
		{"MTOM over SOAP 1.2", "mtom", "B12.Keep", object{"keep": object{"name": "a"}}, `start-info="application/soap+xml"`, `<t:name>a</t:name></t:keep>`, 0,
			object{"kept": object{"number": int64(7), "scan": scan}, attachmentsKey: more}},
		{"with attachments", "swa", "B11.Keep", object{"keep": object{"name": "cid:1"}, attachmentsKey: []any{object{"id": "1", "type": "image/png", "content": photo}}}, `type="text/xml"`, `<t:name>cid:1</t:name>`, 1,
			object{"kept": object{"number": int64(7), "scan": scan}, attachmentsKey: more}},
		{"with attachments, but none", "swa", "B11.Keep", object{"keep": object{"name": "a"}}, "text/xml; charset=utf-8", `<t:name>a</t:name>`, 0,
			object{"kept": object{"number": int64(7), "scan": scan}, attachmentsKey: more}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := format{attachments: c.attachments, reading: "strict"}
			got, answer, failed := exchanged(t, f, c.operation, made(c.message), func(a agency) (string, string) { return packed(a.contentType) })
			if failed != nil || !tree.Equal(answer, made(c.want)) {
				t.Errorf("got  %v, %v\nwant %v", answer, failed, c.want)
			}
			m, err := mtom.Open(got.contentType, got.body)
			if err != nil || !strings.Contains(string(m.Root.Body), c.inside) || !strings.Contains(got.contentType, c.contentType) || len(m.Parts) != c.parts {
				t.Fatalf("sent %s, %v\n%.300s", got.contentType, err, got.body)
			}
			o := opened(t, c.operation, f)
			if message, drift, err := o.Request.Decode(got.body); err != nil || len(drift) > 0 || !tree.Equal(message, made(c.message)) {
				t.Errorf("read back %.300v, drift %v, %v", message, drift, err)
			}
			if field := o.Request.Shape().Field(attachmentsKey); (field != nil) != (c.attachments != "inline") {
				t.Errorf("the shape has %v", field)
			}
			_, body := packed("")
			if message, _, err := o.Reply.Decode([]byte(body)); err != nil || !tree.Equal(message, made(c.want)) {
				t.Errorf("a stored reply is %v, %v", message, err)
			}
		})
	}
	for _, c := range []struct {
		name    string
		message object
		want    string
	}{
		{"no list", object{attachmentsKey: "a"}, "_attachments: the value has the wrong form; expected a list"},
		{"no base64", object{attachmentsKey: []any{object{"id": "1", "type": "a/b", "content": "?"}}}, "_attachments[1]/content: the value is no base64"},
		{"an id that breaks the header", object{attachmentsKey: []any{object{"id": "1\r\nX: y", "type": "a/b", "content": ""}}}, "_attachments[1]: an attachment needs an id and a type that can stand in a header; expected visible ASCII characters"},
	} {
		if _, _, err := detach(made(c.message)); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	if _, _, failed := exchanged(t, format{attachments: "mtom"}, "Keep", made(object{"keep": object{"name": "a"}}), func(agency) (string, string) {
		return `multipart/related; boundary=b`, "--b\n\n" + kept("")
	}); failed == nil || failed.Code != exchange.CodeBadReply || !strings.Contains(failed.Text, "cut off") {
		t.Errorf("a reply that is cut off: %v", failed)
	}
}

// TestAddressing sends the headers of WS-Addressing and holds the reply to them.
func TestAddressing(t *testing.T) {
	const id = "urn:uuid:6b1d6c0e-5a3f-5d53-9d0e-3f2b8a1c4d77"
	message := tree.Of("keep", tree.Of("name", "a"))
	answer := func(header string) func(agency) (string, string) {
		return func(agency) (string, string) {
			return "text/xml", strings.Replace(kept(""), "<s:Body>", `<s:Header xmlns:a="`+wsdl.AddressingURI+`">`+header+"</s:Header><s:Body>", 1)
		}
	}
	f := format{attachments: "inline", addressing: true}
	for _, c := range []struct{ name, operation, header, want string }{
		{"related", "B11.Keep", "<a:RelatesTo> " + id + "</a:RelatesTo>", ""},
		{"silent", "B11.Keep", "", ""},
		{"related otherwise", "B11.Keep", `<a:RelatesTo RelationshipType="urn:parent">urn:other</a:RelatesTo>`, ""},
		{"of another message", "B11.Keep", "<a:RelatesTo>urn:uuid:1</a:RelatesTo>", "wsa:RelatesTo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, failed := exchanged(t, f, c.operation, message, answer(c.header))
			if (failed == nil) != (c.want == "") || failed != nil && !strings.Contains(failed.Text, c.want) {
				t.Errorf("got %v, want %s", failed, c.want)
			}
			a, err := wsdl.ReadAddressing(got.body, "")
			if want := (wsdl.Addressing{MessageID: id, Action: "urn:keep", ReplyTo: wsdl.Anonymous}); err != nil || a != want {
				t.Errorf("sent %+v, %v\n%s", a, err, got.body)
			}
			if !strings.Contains(string(got.body), ">http://127.0.0.1:") {
				t.Errorf("no To in %s", got.body)
			}
		})
	}
	t.Run("without a SOAPAction", func(t *testing.T) {
		got, _, failed := exchanged(t, f, "B12.Keep", message, answer(""))
		if a, err := wsdl.ReadAddressing(got.body, ""); failed != nil || err != nil || a.Action != "urn:photos:Photos:KeepRequest" {
			t.Errorf("%v, %+v, %v", failed, a, err)
		}
	})
	t.Run("a question is a message of its own", func(t *testing.T) {
		p := &protocol{format: f, plan: &adapters.Plan{Services: map[string]*adapters.Service{
			"keep": {Poll: &adapters.Use{Operation: opened(t, "B11.Keep", f)}},
		}}}
		first, _, _ := exchangedBy(t, p, "", message, answer(""))
		second, _, _ := exchangedBy(t, p, "", message, answer(""))
		a, _ := wsdl.ReadAddressing(first.body, "")
		b, _ := wsdl.ReadAddressing(second.body, "")
		if a.MessageID == "" || a.MessageID == b.MessageID || a.MessageID == id {
			t.Errorf("asked as %s and %s", a.MessageID, b.MessageID)
		}
	})
}

// TestReading takes what departs from the contract as the manifest says.
func TestReading(t *testing.T) {
	const moved, unknown = "<scan></scan><number>7</number>", "<number>7</number><new/>"
	for _, c := range []struct {
		reading, content string
		taken            bool
		drift            string
	}{
		{"strict", unknown, false, ""}, {"tolerant", unknown, true, "kept/new"}, {"lenient", unknown, true, "kept/new"},
		{"strict", moved, false, ""}, {"tolerant", moved, false, ""}, {"lenient", moved, true, "kept/scan (line 1, column 98): the element does not stand where the contract has it"},
	} {
		doc := strings.Replace(kept(""), "<number>7</number>", c.content, 1)
		_, drift, err := opened(t, "B11.Keep", format{reading: c.reading}).Reply.Decode([]byte(doc))
		if (err == nil) != c.taken || strings.Join(drift, " ") != c.drift {
			t.Errorf("%s, %s: drift %v, %v", c.reading, c.content, drift, err)
		}
	}
}

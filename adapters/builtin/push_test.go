package builtin

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
)

func zagsPush(content string) string {
	return soapHead + `<и:ИзвещениеОСтатусе xmlns:и="urn://zags-ru/notices/2.1" xmlns:с="urn://zags-ru/types/status/2.1" Извещение="` + messageID + `">` +
		content + `</и:ИзвещениеОСтатусе>` + soapTail
}

const zagsContent = `<с:Состояние>20</с:Состояние><с:Время>2026-07-07T11:00:00+03:00</с:Время><и:Номер>001-0000042/2026</и:Номер>`

const socialPush = `{"notificationId":"` + messageID + `","applicationId":"S77-00000042","status":"NEED_DOCUMENTS","occurredAt":"2026-07-07T11:00:00+03:00",` +
	`"missingDocuments":[{"code":"DOC-1","title":"Справка"}],"respondBy":"2026-07-17"}`

func push(body string) adapters.Incoming {
	return adapters.Incoming{Body: []byte(body), Header: http.Header{"Content-Type": {xmlType}, "Soapaction": {`"urn:zags:notices:2.1:Status"`}}}
}

// receive plays a push and says what was applied.
func receive(t testing.TB, agencyName string, in adapters.Incoming, result adapters.PushResult, err error) (adapters.Answer, []adapters.Push) {
	t.Helper()
	a := agency(t, agencyName)
	var applied []adapters.Push
	answer := a.Adapter.(adapters.PushReceiver).ReceivePush(context.Background(), in, func(_ context.Context, p adapters.Push) (adapters.PushResult, error) {
		applied = append(applied, p)
		return result, err
	})
	return answer, applied
}

func TestZAGSPush(t *testing.T) {
	for outcome, word := range map[string]string{"applied": "ПРИНЯТО", "duplicate": "ПОВТОР", "kept": "ОТЛОЖЕНО"} {
		answer, applied := receive(t, "zags", push(zagsPush(zagsContent)), adapters.PushResult{Outcome: outcome, RequestID: "r"}, nil)
		if answer.Status != 200 || answer.Err != nil || answer.ContentType != xmlType || !strings.Contains(string(answer.Body), ">"+word+"<") {
			t.Errorf("%s: HTTP %d %s %v\n%s", outcome, answer.Status, answer.ContentType, answer.Err, answer.Body)
		}
		if len(applied) != 1 || applied[0].ExternalID != "001-0000042/2026" || len(applied[0].Statuses) != 1 || applied[0].Statuses[0].Code != canonical.InProgress {
			t.Errorf("%s: applied %+v", outcome, applied)
		}
	}
}

func TestPushUnknownCodeIsKeptRaw(t *testing.T) {
	answer, applied := receive(t, "zags", push(zagsPush(strings.Replace(zagsContent, ">20<", ">77<", 1))), adapters.PushResult{Outcome: "applied"}, nil)
	if answer.Status != 200 || len(applied) != 1 || applied[0].Statuses[0].Code != canonical.Unknown || applied[0].Statuses[0].Raw != "77" || len(applied[0].Unknown) != 1 {
		t.Errorf("HTTP %d, applied %+v", answer.Status, applied)
	}
}

// TestHostileSOAPPushes: each is answered with a fault, and nothing is applied.
func TestHostileSOAPPushes(t *testing.T) {
	good := zagsPush(zagsContent)
	const header = `<s:Header><x:Strange xmlns:x="urn:x" s:mustUnderstand="1"/></s:Header><s:Body>`
	deep := strings.Repeat("<a>", 5000) + strings.Repeat("</a>", 5000)
	attributes := ""
	for i := range 5000 {
		attributes += fmt.Sprintf(` a%d="1"`, i)
	}
	for _, row := range []struct{ name, body, code string }{
		{"DTD", `<!DOCTYPE a [<!ENTITY x "y">]>` + strings.TrimPrefix(good, `<?xml version="1.0" encoding="UTF-8"?>`), "Client"},
		{"entity bomb", strings.Replace(good, "<s:Envelope", `<!DOCTYPE a [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><s:Envelope`, 1), "Client"},
		{"undeclared entity", strings.Replace(good, ">20<", ">&x;<", 1), "Client"},
		{"too deep", soapHead + deep + soapTail, "Client"},
		{"too deep inside the message", zagsPush(deep), "Client"},
		{"too many attributes", zagsPush("<a" + attributes + "/>"), "Client"},
		{"bad UTF-8", strings.Replace(good, ">20<", ">\xff\xfe<", 1), "Client"},
		{"undeclared prefix", strings.ReplaceAll(good, ` xmlns:с="urn://zags-ru/types/status/2.1"`, ""), "Client"},
		{"not XML", "hello", "Client"},
		{"nothing", "", "Client"},
		{"truncated", good[:len(good)/2], "Client"},
		{"JSON", `{"a": 1}`, "Client"},
		{"wrong root", strings.ReplaceAll(good, "ИзвещениеОСтатусе", "Другое"), "Client"},
		{"wrong namespace", strings.ReplaceAll(good, "urn://zags-ru/notices/2.1", "urn://zags-ru/notices/1.0"), "Client"},
		{"two bodies", strings.Replace(good, soapTail, `</s:Body><s:Body/></s:Envelope>`, 1), "Client"},
		{"two messages in a body", strings.Replace(good, soapTail, `<a/>`+soapTail, 1), "Client"},
		{"unknown mustUnderstand", strings.Replace(good, "<s:Body>", header, 1), "MustUnderstand"},
		{"SOAP 1.2", strings.ReplaceAll(good, "http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"), "VersionMismatch"},
		{"another SOAP", strings.ReplaceAll(good, "http://schemas.xmlsoap.org/soap/envelope/", "urn:soap:13"), "VersionMismatch"},
		{"missing element", zagsPush(strings.Replace(zagsContent, `<и:Номер>001-0000042/2026</и:Номер>`, "", 1)), "Client"},
		{"a time that is none", zagsPush(strings.Replace(zagsContent, "2026-07-07T11:00:00+03:00", "yesterday", 1)), "Client"},
	} {
		t.Run(row.name, func(t *testing.T) {
			answer, applied := receive(t, "zags", push(row.body), adapters.PushResult{Outcome: "applied"}, nil)
			if len(applied) > 0 {
				t.Fatalf("it was applied: %+v", applied)
			}
			var env struct {
				Body struct {
					Fault struct {
						Code   string `xml:"faultcode"`
						Reason string `xml:"faultstring"`
						Value  string `xml:"Code>Value"`
					} `xml:"Fault"`
				} `xml:"Body"`
			}
			if err := xml.Unmarshal(answer.Body, &env); err != nil {
				t.Fatalf("the answer is no XML: %v\n%s", err, answer.Body)
			}
			_, code, _ := strings.Cut(env.Body.Fault.Code+env.Body.Fault.Value, ":")
			if code == "Sender" {
				code = "Client"
			}
			if code != row.code || answer.Status < 400 || answer.Err == nil {
				t.Errorf("HTTP %d, err %v, fault %s (%s), want %s", answer.Status, answer.Err, code, env.Body.Fault.Reason, row.code)
			}
		})
	}
}

// TestPushRefusals: whose fault it is decides the fault's code, and nothing of the inside goes out.
func TestPushRefusals(t *testing.T) {
	for _, row := range []struct {
		result adapters.PushResult
		err    error
		soap   string
		status int // of REST
		text   string
	}{
		{err: errors.New("disk full at /var/lib"), soap: "Server", status: 503, text: "the hub cannot take the message now"},
		{err: &adapters.Error{Class: adapters.Permanent, Code: "not_yours", Text: "the number belongs to another agency"}, soap: "Client", status: 422, text: "the number belongs to another agency"},
		{result: adapters.PushResult{Outcome: "refused", Code: "not_yours", Text: "the number belongs to another agency"}, soap: "Client", status: 422, text: "the number belongs to another agency"},
	} {
		answer, _ := receive(t, "zags", push(zagsPush(zagsContent)), row.result, row.err)
		body := string(answer.Body)
		if answer.Status != 500 || !strings.Contains(body, ":"+row.soap+"<") || !strings.Contains(body, row.text) || strings.Contains(body, "/var/lib") || answer.Err == nil {
			t.Errorf("%+v: HTTP %d\n%s", row, answer.Status, body)
		}
		in := adapters.Incoming{Name: "status", Body: []byte(socialPush), Header: http.Header{"Content-Type": {jsonType}}}
		answer, _ = receive(t, "social", in, row.result, row.err)
		body = string(answer.Body)
		if answer.Status != row.status || answer.ContentType != "application/problem+json" || !strings.Contains(body, row.text) || strings.Contains(body, "/var/lib") {
			t.Errorf("%+v: HTTP %d %s\n%s", row, answer.Status, answer.ContentType, body)
		}
	}
}

func TestSocialPush(t *testing.T) {
	in := adapters.Incoming{Name: "status", Body: []byte(socialPush), Header: http.Header{"Content-Type": {jsonType}}}
	answer, applied := receive(t, "social", in, adapters.PushResult{Outcome: "applied"}, nil)
	if answer.Status != 200 || answer.ContentType != jsonType || string(answer.Body) != `{"result":"ACCEPTED"}` || answer.Err != nil {
		t.Errorf("HTTP %d %s %s %v", answer.Status, answer.ContentType, answer.Body, answer.Err)
	}
	if len(applied) != 1 {
		t.Fatal("nothing was applied")
	}
	s := applied[0].Statuses[0]
	if applied[0].ExternalID != "S77-00000042" || s.Code != canonical.AwaitingDocuments || len(s.Missing) != 1 || s.Missing[0].Title != "Справка" ||
		s.Until == nil || !s.At.Equal(time.Date(2026, 7, 7, 8, 0, 0, 0, time.UTC)) {
		t.Errorf("applied %+v", applied[0])
	}
}

func TestHostileRESTPushes(t *testing.T) {
	for _, row := range []struct {
		name, push, body string
		status           int
	}{
		{"broken", "status", `{"a":`, 400},
		{"duplicate keys", "status", `{"status":"PAID","status":"DENIED"}`, 400},
		{"too deep", "status", strings.Repeat("[", 1000) + strings.Repeat("]", 1000), 400},
		{"trailing", "status", socialPush + "x", 400},
		{"bad UTF-8", "status", "{\"status\":\"\xff\"}", 400},
		{"nothing", "status", ``, 400},
		{"not the schema", "status", `{"status":"PAID"}`, 422},
		{"a list", "status", `[]`, 422},
		{"unknown member", "status", strings.Replace(socialPush, `"status"`, `"extra":1,"status"`, 1), 422},
		{"unknown push", "documents", socialPush, 404},
	} {
		in := adapters.Incoming{Name: row.push, Body: []byte(row.body), Header: http.Header{"Content-Type": {jsonType}}}
		answer, applied := receive(t, "social", in, adapters.PushResult{Outcome: "applied"}, nil)
		if answer.Status != row.status || len(applied) > 0 || answer.Err == nil {
			t.Errorf("%s: HTTP %d, applied %v, err %v\n%s", row.name, answer.Status, applied, answer.Err, answer.Body)
		}
	}
}

func TestServeContract(t *testing.T) {
	server, ok := agency(t, "zags").Adapter.(adapters.ContractServer)
	if !ok {
		t.Fatal("zags pushes and publishes no contract")
	}
	get := func(query string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		server.ServeContract(w, httptest.NewRequest("GET", "/push/zags?"+query, nil), "https://hub.test/push/zags")
		return w
	}
	w := get("wsdl")
	if w.Code != 200 || !strings.Contains(w.Body.String(), `location="https://hub.test/push/zags"`) || !strings.Contains(w.Header().Get("Content-Type"), "text/xml") {
		t.Fatalf("HTTP %d\n%s", w.Code, w.Body)
	}
	links := 0
	for _, part := range strings.Split(w.Body.String(), `schemaLocation="`)[1:] {
		link, _, _ := strings.Cut(part, `"`)
		_, query, _ := strings.Cut(link, "?")
		if got := get(strings.ReplaceAll(query, "&amp;", "&")); got.Code != 200 || !strings.Contains(got.Body.String(), "schema") {
			t.Errorf("%s: HTTP %d", link, got.Code)
		}
		links++
	}
	if links == 0 {
		t.Error("the WSDL imports nothing")
	}
	if w := get("xsd=../../../etc/passwd"); w.Code != 404 {
		t.Errorf("a foreign file: HTTP %d", w.Code)
	}
	if _, ok := agency(t, "pension").Adapter.(adapters.ContractServer); ok {
		t.Error("the pension fund does not push")
	}
}

// fuzzPush feeds bytes to a push door: whatever comes, there is an answer in the protocol, and what is applied names a request.
func fuzzPush(f *testing.F, agencyName, name, contentType string, seeds ...string) {
	a := agency(f, agencyName)
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		in := adapters.Incoming{Name: name, Body: body, Header: http.Header{"Content-Type": {contentType}}}
		answer := a.Adapter.(adapters.PushReceiver).ReceivePush(context.Background(), in, func(_ context.Context, p adapters.Push) (adapters.PushResult, error) {
			if p.ExternalID == "" && p.MessageID == "" || len(p.Statuses) == 0 {
				t.Errorf("an empty push was applied: %+v", p)
			}
			return adapters.PushResult{Outcome: "applied"}, nil
		})
		if answer.Status < 200 || answer.Status > 599 || answer.ContentType == "" || len(answer.Body) == 0 || (answer.Err == nil) != (answer.Status == 200) {
			t.Errorf("answer %d %q, err %v", answer.Status, answer.ContentType, answer.Err)
		}
	})
}

func FuzzSOAPPush(f *testing.F) {
	fuzzPush(f, "zags", "", xmlType, zagsPush(zagsContent), soapHead+soapTail, "", `<!DOCTYPE a>`, zagsPush("<a/>"))
}

func FuzzRESTPush(f *testing.F) {
	fuzzPush(f, "social", "status", jsonType, socialPush, "{}", "[]", "", `{"status":1}`)
}

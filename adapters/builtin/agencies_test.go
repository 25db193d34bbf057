package builtin

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/contracts/xsd/scan"
)

const messageID = "6b1d6c0e-5a3f-5d53-9d0e-3f2b8a1c4d77"

// desk is an agency that answers what a test tells it and remembers what it was asked.
type desk struct {
	*httptest.Server
	mu       sync.Mutex
	requests []*http.Request
	bodies   []string
	tokens   int
}

func newDesk(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, body string)) *desk {
	t.Helper()
	d := &desk{}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.HasSuffix(r.URL.Path, "/oauth/token") {
			d.mu.Lock()
			d.tokens++
			d.mu.Unlock()
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"access_token":"token","token_type":"Bearer","expires_in":300}`)
			return
		}
		d.mu.Lock()
		d.requests, d.bodies = append(d.requests, r), append(d.bodies, string(body))
		d.mu.Unlock()
		answer(w, r, string(body))
	}))
	t.Cleanup(d.Close)
	return d
}

func (d *desk) last(t *testing.T) (*http.Request, string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.requests) == 0 {
		t.Fatal("the agency was asked nothing")
	}
	return d.requests[len(d.requests)-1], d.bodies[len(d.bodies)-1]
}

func say(contentType, body string) func(http.ResponseWriter, *http.Request, string) {
	return sayStatus(http.StatusOK, contentType, body)
}

func sayStatus(status int, contentType, body string) func(http.ResponseWriter, *http.Request, string) {
	return func(w http.ResponseWriter, _ *http.Request, _ string) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func call(t *testing.T, d *desk, service, endpoint string) adapters.Call {
	t.Helper()
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return adapters.Call{Service: service, MessageID: messageID, Client: &http.Client{Transport: tr},
		Endpoint: adapters.Endpoint{Name: endpoint, URL: d.URL}}
}

func request(t testing.TB, service string) canonical.Message {
	t.Helper()
	m, err := canonical.Parse(sample(t, service))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func agency(t testing.TB, name string) *adapters.Agency {
	t.Helper()
	a, ok := load(t).Agency(name)
	if !ok {
		t.Fatalf("no agency %s", name)
	}
	return a
}

// class takes an error apart.
func class(t *testing.T, err error) *adapters.Error {
	t.Helper()
	var e *adapters.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v, want an *adapters.Error", err)
	}
	return e
}

const xmlType, jsonType = "text/xml; charset=utf-8", "application/json"

func zagsFault(code, own, number string) string {
	if number != "" {
		number = `<о:Номер>` + number + `</о:Номер>`
	}
	return soapHead + `<s:Fault><faultcode>s:` + code + `</faultcode><faultstring>Отказ</faultstring><detail>` +
		`<о:Ошибка xmlns:о="urn://zags-ru/types/status/2.1"><о:Код>` + own + `</о:Код><о:Описание>Так вышло</о:Описание>` + number +
		`</о:Ошибка></detail></s:Fault>` + soapTail
}

// TestZAGSFaults holds the manifest's fault rules against faults as the registry sends them, in HTTP 500 and in 200.
func TestZAGSFaults(t *testing.T) {
	a := agency(t, "zags")
	for _, row := range []struct {
		code, own string
		status    int
		class     adapters.Class
		want      string // code of the error
		reason    string
		server    bool
	}{
		{"Client", "НЕ_ТОТ_ОРГАН", 500, adapters.Rejected, "НЕ_ТОТ_ОРГАН", "wrong_addressee", false},
		{"Client", "НЕ_ТОТ_ОРГАН", 200, adapters.Rejected, "НЕ_ТОТ_ОРГАН", "wrong_addressee", false},
		{"Client", "ДАННЫЕ", 500, adapters.Rejected, "ДАННЫЕ", "invalid_data", false},
		{"Client", "ЗАНЯТО", 500, adapters.Transient, "ЗАНЯТО", "", false},
		{"Server", "СБОЙ", 200, adapters.Transient, "СБОЙ", "", true},
		{"Client", "ДУБЛЬ", 500, adapters.Permanent, "ДУБЛЬ", "", false},
		{"Client", "СХЕМА", 500, adapters.Permanent, "СХЕМА", "", false},
		{"Client", "ДОСТУП", 401, adapters.Permanent, "ДОСТУП", "", false},
	} {
		d := newDesk(t, sayStatus(row.status, xmlType, zagsFault(row.code, row.own, "")))
		_, err := a.Adapter.Submit(context.Background(), adapters.Submission{Call: call(t, d, "family-composition", "moscow"), Request: request(t, "family-composition")})
		e := class(t, err)
		if e.Class != row.class || e.Code != row.want || e.Reason != row.reason || e.Server != row.server {
			t.Errorf("%s in HTTP %d: got %s %s, reason %q, server %v (%s)", row.own, row.status, e.Class, e.Code, e.Reason, e.Server, e.Text)
		}
		if (e.Class == adapters.Rejected || e.Class == adapters.Permanent) && (e.Remedy.RU == "" || e.Remedy.EN == "") {
			t.Errorf("%s: no remedy", row.own)
		}
	}
}

func TestZAGSDefaultsWithoutARule(t *testing.T) {
	a := agency(t, "zags")
	bare := func(code string) string {
		return soapHead + `<s:Fault><faultcode>s:` + code + `</faultcode><faultstring>по заявлению 12345678901 отказ</faultstring></s:Fault>` + soapTail
	}
	for code, want := range map[string]adapters.Class{"Client": adapters.Permanent, "Server": adapters.Transient, "VersionMismatch": adapters.Permanent, "MustUnderstand": adapters.Permanent} {
		d := newDesk(t, sayStatus(500, xmlType, bare(code)))
		_, err := a.Adapter.Submit(context.Background(), adapters.Submission{Call: call(t, d, "family-composition", "moscow"), Request: request(t, "family-composition")})
		e := class(t, err)
		if e.Class != want {
			t.Errorf("%s: got %s", code, e)
		}
		if strings.Contains(e.Error(), "12345678901") {
			t.Errorf("a long number of the agency's words came through: %s", e)
		}
	}
}

func TestZAGSPollAndCancel(t *testing.T) {
	a := agency(t, "zags")
	const record = `<с:Состояние xmlns:с="urn://zags-ru/types/status/2.1">%s</с:Состояние><с:Время xmlns:с="urn://zags-ru/types/status/2.1">2026-07-0%s:00:00+03:00</с:Время>`
	entry := func(code, at string) string {
		return `<Запись>` + strings.Replace(strings.Replace(record, "%s", code, 1), "%s", at, 1) + `</Запись>`
	}
	history := soapHead + `<ИсторияЗапроса xmlns="urn://zags-ru/registry/2.1"><Номер>001-0000042/2026</Номер><ИдентификаторСообщения>` + messageID +
		`</ИдентификаторСообщения>` + entry("10", "6T10") + entry("20", "7T11") + entry("77", "8T12") + `</ИсторияЗапроса>` + soapTail
	d := newDesk(t, func(w http.ResponseWriter, r *http.Request, body string) {
		if strings.Contains(body, "ОтзывЗапроса") {
			sayStatus(500, xmlType, zagsFault("Client", "ЗАКРЫТ", ""))(w, r, body)
			return
		}
		say(xmlType, history)(w, r, body)
	})
	have := adapters.Registered{Call: call(t, d, "family-composition", "moscow"), Request: request(t, "family-composition"), ExternalID: "001-0000042/2026"}
	receipt, err := a.Adapter.(adapters.StatusPoller).Poll(context.Background(), have)
	if err != nil {
		t.Fatal(err)
	}
	if len(receipt.Statuses) != 3 || receipt.Statuses[0].Code != canonical.Accepted || receipt.Statuses[1].Code != canonical.InProgress {
		t.Errorf("statuses: %+v", receipt.Statuses)
	}
	if s := receipt.Statuses[2]; s.Code != canonical.Unknown || s.Raw != "77" {
		t.Errorf("an unknown code became %+v", s)
	}
	if len(receipt.Unknown) != 1 || receipt.Unknown[0].Value != "77" {
		t.Errorf("reported as unknown: %+v", receipt.Unknown)
	}
	r, body := d.last(t)
	if !strings.Contains(body, "001-0000042/2026") || r.Header.Get("Soapaction") != `"urn:zags:registry:2.1:Status"` {
		t.Errorf("asked with SOAPAction %s:\n%s", r.Header.Get("Soapaction"), body)
	}
	if user, secret, ok := r.BasicAuth(); !ok || user != "user" || secret != "secret" {
		t.Error("no credentials")
	}
	_, err = a.Adapter.(adapters.Canceller).Cancel(context.Background(), have, "передумал")
	if e := class(t, err); e.Class != adapters.Rejected || e.Reason != "already_closed" {
		t.Errorf("a withdrawal too late: %s, reason %q", e, e.Reason)
	}
	if _, body = d.last(t); !strings.Contains(body, "передумал") {
		t.Errorf("the reason is not in\n%s", body)
	}
}

// TestPollIsHarmless: a lost answer to a question leaves nothing in doubt.
func TestPollIsHarmless(t *testing.T) {
	a := agency(t, "zags")
	d := newDesk(t, sayStatus(500, "text/plain", "oops"))
	_, err := a.Adapter.(adapters.StatusPoller).Poll(context.Background(), adapters.Registered{
		Call: call(t, d, "family-composition", "moscow"), Request: request(t, "family-composition"), ExternalID: "001-0000042/2026"})
	if e := class(t, err); e.Class != adapters.Transient {
		t.Errorf("got %s", e)
	}
}

func TestUnsupportedIsPermanent(t *testing.T) {
	a := agency(t, "zags")
	d := newDesk(t, say(xmlType, ""))
	_, _, err := a.Adapter.(adapters.OutcomeProber).Probe(context.Background(), adapters.Submission{Call: call(t, d, "family-composition", "moscow"), Request: request(t, "family-composition")})
	if e := class(t, err); e.Class != adapters.Permanent || e.Code != "unsupported" {
		t.Errorf("got %s", e)
	}
	_, err = a.Adapter.Submit(context.Background(), adapters.Submission{Call: call(t, d, "tax-deduction", "moscow"), Request: request(t, "family-composition")})
	if e := class(t, err); e.Class != adapters.Permanent || e.Code != "unsupported" {
		t.Errorf("got %s", e)
	}
}

func TestTaxSpeaksWindows1251(t *testing.T) {
	a := agency(t, "tax")
	d := newDesk(t, say("application/xml", string(windows1251(t, `<Ошибка Код="ДУБЛЬ" Текст="Файл уже принят" НомКвит="КВ-7701-0000000042"/>`))))
	_, err := a.Adapter.Submit(context.Background(), adapters.Submission{Call: call(t, d, "tax-deduction", "7701"), Request: request(t, "tax-deduction")})
	if e := class(t, err); e.Class != adapters.AlreadyDone || e.ExternalID != "КВ-7701-0000000042" {
		t.Errorf("a repeated file: %s, number %q", e, e.ExternalID)
	}
	r, body := d.last(t)
	if r.Header.Get("Content-Type") != "application/xml; charset=windows-1251" || r.Header.Get("X-Api-Key") != "user:secret" {
		t.Errorf("headers: %v", r.Header)
	}
	text, err := scan.Transcode([]byte(body), "")
	if err != nil || !strings.Contains(string(text), "<Файл") || strings.Contains(body, "Файл") {
		t.Errorf("not windows-1251 (%v):\n%s", err, text)
	}
}

func TestTaxErrorsInHTTP200(t *testing.T) {
	a := agency(t, "tax")
	for code, want := range map[string]adapters.Class{
		"ПЕРЕГРУЗКА": adapters.Transient, "СБОЙ": adapters.Transient, "НЕ_ТОТ_НО": adapters.Rejected, "ДОСТУП": adapters.Permanent,
		"ФОРМАТ": adapters.Permanent, "НОВОЕ": adapters.Permanent,
	} {
		d := newDesk(t, say("application/xml; charset=windows-1251", string(windows1251(t, `<Ошибка Код="`+code+`" Текст="Так вышло"/>`))))
		_, err := a.Adapter.Submit(context.Background(), adapters.Submission{Call: call(t, d, "tax-deduction", "7701"), Request: request(t, "tax-deduction")})
		if e := class(t, err); e.Class != want || e.Text != "the agency answered with the error element Ошибка: Код "+code+", Текст Так вышло" {
			t.Errorf("%s: got %s", code, e)
		}
	}
}

func TestSocialProbe(t *testing.T) {
	a := agency(t, "social")
	prober := a.Adapter.(adapters.OutcomeProber)
	const found = `{"items":[{"id":"S77-00000042","clientReference":"` + messageID + `","status":"RECEIVED","history":[{"status":"RECEIVED","occurredAt":"2026-07-06T10:00:00+03:00"}]}]}`
	for _, row := range []struct {
		name   string
		answer func(http.ResponseWriter, *http.Request, string)
		found  bool
		number string
		class  adapters.Class // 0: no error
	}{
		{"there", say(jsonType, found), true, "S77-00000042", 0},
		{"not there", say(jsonType, `{"items":[]}`), false, "", 0},
		{"a page", say("text/html", "<html></html>"), false, "", adapters.Transient},
		{"nothing", say(jsonType, ""), false, "", adapters.Transient},
		{"not the contract", say(jsonType, `{}`), false, "", adapters.Transient},
		{"500", sayStatus(500, jsonType, `{"code":"INTERNAL","message":"x"}`), false, "", adapters.Transient},
		{"404", sayStatus(404, jsonType, `{"code":"NOT_FOUND","message":"x"}`), false, "", adapters.Permanent},
	} {
		d := newDesk(t, row.answer)
		receipt, ok, err := prober.Probe(context.Background(), adapters.Submission{Call: call(t, d, "housing-subsidy", "77"), Request: request(t, "housing-subsidy")})
		switch {
		case row.class != 0:
			if e := class(t, err); e.Class != row.class {
				t.Errorf("%s: got %s", row.name, e)
			}
		case err != nil || ok != row.found || receipt.ExternalID != row.number:
			t.Errorf("%s: found %v, %+v, %v", row.name, ok, receipt, err)
		}
		if r, _ := d.last(t); r.URL.Path != "/applications" || r.URL.Query().Get("clientReference") != messageID || r.Header.Get("Authorization") != "Bearer token" {
			t.Errorf("%s: asked %s with %q", row.name, r.URL, r.Header.Get("Authorization"))
		}
	}
}

func TestSocialFaults(t *testing.T) {
	a := agency(t, "social")
	for _, row := range []struct {
		status int
		code   string
		class  adapters.Class
		want   string
		server bool
	}{
		{422, "WRONG_REGION", adapters.Rejected, "WRONG_REGION", false},
		{400, "INVALID", adapters.Permanent, "INVALID", false},
		{422, "SOMETHING", adapters.Permanent, "http_422", false},
		{429, "TOO_MANY", adapters.Transient, "TOO_MANY", false},
		{429, "SLOWER", adapters.Transient, "overload", false},
		{503, "BUSY", adapters.Transient, "BUSY", true},
		{503, "UPKEEP", adapters.Transient, "unavailable", true},
		{500, "INTERNAL", adapters.Ambiguous, "INTERNAL", true},
		{500, "BROKEN", adapters.Ambiguous, "http_500", true},
		// The same in HTTP 200, where the contract has another body.
		{200, "WRONG_REGION", adapters.Rejected, "WRONG_REGION", false},
		{200, "BUSY", adapters.Transient, "BUSY", true},
		{201, "INTERNAL", adapters.Ambiguous, "INTERNAL", true},
		{201, "SOMETHING", adapters.Ambiguous, "bad_reply", false},
	} {
		d := newDesk(t, sayStatus(row.status, jsonType, `{"code":"`+row.code+`","message":"Так вышло"}`))
		_, err := a.Adapter.Submit(context.Background(), adapters.Submission{Call: call(t, d, "housing-subsidy", "77"), Request: request(t, "housing-subsidy")})
		if e := class(t, err); e.Class != row.class || e.Code != row.want || e.Server != row.server || !strings.HasSuffix(e.Text, ": Так вышло") {
			t.Errorf("%d %s: got %s, server %v", row.status, row.code, e, e.Server)
		}
	}
}

func TestPension(t *testing.T) {
	a := agency(t, "pension")
	answer := func(inner string) string {
		return soapHead + `<SnilsCheckResponse xmlns="urn:pension-fund:snils:1.0">` + inner + `</SnilsCheckResponse>` + soapTail
	}
	head := `<CheckNumber>PF-1</CheckNumber><CheckedAt>2026-07-06T07:00:00Z</CheckedAt>`
	for _, row := range []struct {
		inner   string
		status  canonical.StatusCode
		unknown int
		class   adapters.Class
	}{
		{head + `<Result>Match</Result>`, canonical.Completed, 0, 0},
		{head + `<Result>Mismatch</Result><Difference>FirstName</Difference>`, canonical.Refused, 0, 0},
		{head + `<Result>NotFound</Result><Comment>нет такого</Comment>`, canonical.Refused, 0, 0},
		{head + `<Result>Perhaps</Result>`, canonical.Unknown, 1, 0},
		{`<CheckedAt>2026-07-06T07:00:00Z</CheckedAt><Result>Match</Result>`, "", 0, adapters.Ambiguous},
		{head, "", 0, adapters.Ambiguous},
		{`<CheckNumber>PF-1</CheckNumber><Result>Match</Result>`, "", 0, adapters.Ambiguous},
		{`<CheckNumber>PF-1</CheckNumber><CheckedAt>yesterday</CheckedAt><Result>Match</Result>`, "", 0, adapters.Ambiguous},
	} {
		d := newDesk(t, say(xmlType, answer(row.inner)))
		receipt, err := a.Adapter.Submit(context.Background(), adapters.Submission{Call: call(t, d, "snils-check", "main"), Request: request(t, "snils-check")})
		switch {
		case row.class != 0:
			if e := class(t, err); e.Class != row.class || e.Code != "bad_reply" {
				t.Errorf("%s: got %s", row.inner, e)
			}
		case err != nil:
			t.Errorf("%s: %v", row.inner, err)
		case receipt.ExternalID != "PF-1" || len(receipt.Statuses) != 1 || receipt.Statuses[0].Code != row.status || len(receipt.Unknown) != row.unknown:
			t.Errorf("%s: got %+v", row.inner, receipt)
		case !receipt.Statuses[0].Code.Final() && row.status != canonical.Unknown:
			t.Errorf("%s: answered at once, and not final", row.inner)
		}
	}
}

func TestPensionFaults(t *testing.T) {
	a := agency(t, "pension")
	fault := func(code, own string) string {
		return soapHead + `<s:Fault><faultcode>s:` + code + `</faultcode><faultstring>no</faultstring><detail><SnilsFault xmlns="urn:pension-fund:snils:1.0"><Code>` + own +
			`</Code><Message>no</Message></SnilsFault></detail></s:Fault>` + soapTail
	}
	for _, row := range []struct {
		status    int
		code, own string
		class     adapters.Class
		want      string
	}{
		{500, "Server", "INTERNAL", adapters.Transient, "INTERNAL"},
		{200, "Server", "INTERNAL", adapters.Transient, "INTERNAL"},
		{500, "Client", "INVALID", adapters.Permanent, "INVALID"},
		{200, "Client", "NOT_ENTITLED", adapters.Rejected, "NOT_ENTITLED"},
		{401, "Client", "UNAUTHORIZED", adapters.Permanent, "unauthorized"},
	} {
		d := newDesk(t, sayStatus(row.status, xmlType, fault(row.code, row.own)))
		_, err := a.Adapter.Submit(context.Background(), adapters.Submission{Call: call(t, d, "snils-check", "main"), Request: request(t, "snils-check")})
		if e := class(t, err); e.Class != row.class || e.Code != row.want {
			t.Errorf("%d %s: got %s", row.status, row.own, e)
		}
	}
}

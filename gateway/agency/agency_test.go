package agency

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"sluice"
	"sluice/adapters"
	"sluice/adapters/builtin"
	"sluice/contracts/canonical"
	"sluice/gateway/auth"
)

const (
	zagsToken    = "zags-token-0123456789"
	socialToken  = "social-token-0123456789"
	taxToken     = "tax-token-0123456789"
	pensionToken = "pension-token-0123456789"
	gazetteToken = "gazette-token-0123456789"
	ghostToken   = "ghost-token-0123456789"
)

// rig is the door over agencies of each protocol, with a hub that writes down what it was told to apply.
type rig struct {
	*httptest.Server
	log *bytes.Buffer

	mu      sync.Mutex
	applied []adapters.Push
	result  adapters.PushResult
	fail    error
}

var loaded = sync.OnceValues(func() (*adapters.Registry, error) {
	contracts, err := fs.Sub(sluice.Workspace, "contracts")
	if err != nil {
		return nil, err
	}
	services, err := canonical.LoadServices(contracts)
	if err != nil {
		return nil, err
	}
	// The gazette is an agency made up for tests, which pushes plain XML.
	return adapters.Load(builtin.Drivers(), services, nil, adapters.Workspace{FS: sluice.Workspace, Name: "built-in"},
		adapters.Workspace{FS: os.DirFS("../../adapters/builtin/testdata/workspace"), Name: "made up"})
})

// registry adds an agency whose adapter panics.
type registry struct{ *adapters.Registry }

func (r registry) Agency(name string) (*adapters.Agency, bool) {
	if name == "ghost" {
		return &adapters.Agency{Name: name, Manifest: &adapters.Manifest{}, Adapter: panicking{}}, true
	}
	return r.Registry.Agency(name)
}

type panicking struct{}

func (panicking) Submit(context.Context, adapters.Submission) (adapters.Receipt, error) {
	return adapters.Receipt{}, errors.New("never called")
}

func (panicking) ReceivePush(context.Context, adapters.Incoming, func(context.Context, adapters.Push) (adapters.PushResult, error)) adapters.Answer {
	panic("Иванов")
}

func newRig(t testing.TB) *rig {
	t.Helper()
	agencies, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	var entries []auth.Entry
	for name, token := range map[string]string{"zags": zagsToken, "social": socialToken, "tax": taxToken, "pension": pensionToken, "gazette": gazetteToken, "ghost": ghostToken} {
		hash, err := auth.NewToken(token)
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, auth.Entry{Kind: auth.Agency, Name: name, Tokens: []auth.Token{hash}})
	}
	directory, err := auth.New(entries...)
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{log: &bytes.Buffer{}, result: adapters.PushResult{Outcome: "applied", RequestID: "r-1"}}
	r.Server = httptest.NewServer(New(Config{
		Agencies: registry{agencies}, Auth: directory, URL: "https://push.example/", MaxBody: 2 << 20,
		Log: slog.New(slog.NewTextHandler(&locked{w: r.log}, nil)),
		Apply: func(_ context.Context, agency string, p adapters.Push) (adapters.PushResult, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.applied = append(r.applied, p)
			return r.result, r.fail
		},
	}))
	t.Cleanup(r.Close)
	return r
}

// locked lets several goroutines write.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (r *rig) takeApplied() []adapters.Push {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.applied
	r.applied = nil
	return a
}

// send posts a body and returns the answer.
func (r *rig) send(t testing.TB, method, path, token string, header map[string]string, body string) (status int, mediaType, answer string) {
	t.Helper()
	q, err := http.NewRequest(method, r.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	for k, v := range header {
		q.Header.Set(k, v)
	}
	a, err := r.Client().Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	b, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return a.StatusCode, a.Header.Get("Content-Type"), string(b)
}

var (
	soapHeader   = map[string]string{"Content-Type": "text/xml; charset=utf-8", "SOAPAction": `"urn:zags:notices:2.1:Status"`}
	soap12Header = map[string]string{"Content-Type": "application/soap+xml; charset=utf-8"}
	xmlHeader    = map[string]string{"Content-Type": "application/xml; charset=utf-8"}
	jsonHeader   = map[string]string{"Content-Type": "application/json"}
)

const (
	soap11NS = "http://schemas.xmlsoap.org/soap/envelope/"
	soap12NS = "http://www.w3.org/2003/05/soap-envelope"
)

func envelope(ns, header, body string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="` + ns + `">` + header + `<s:Body>` + body + `</s:Body></s:Envelope>`
}

func notice(code, inside string) string {
	return `<н:ИзвещениеОСтатусе xmlns:н="urn://zags-ru/notices/2.1" xmlns:с="urn://zags-ru/types/status/2.1" Извещение="00000000-0000-4000-8000-000000000001">` +
		`<с:Состояние>` + code + `</с:Состояние><с:Время>2026-03-01T10:00:00+03:00</с:Время>` + inside +
		`<н:Номер>770-0000001/2026</н:Номер></н:ИзвещениеОСтатусе>`
}

const socialNotice = `{"notificationId":"00000000-0000-4000-8000-000000000002","applicationId":"S77-00000001","status":%q,"occurredAt":"2026-03-01T10:00:00Z"}`

// progress is a push of the gazette.
func progress(step, inside string) string {
	return `<Ход xmlns="urn:вестник" номер="В-7" шаг="` + step + `">` + inside + `</Ход>`
}

func TestPushesAreTakenInTheAgencysProtocol(t *testing.T) {
	r := newRig(t)
	status, mediaType, answer := r.send(t, "POST", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", notice("20", "")))
	if status != 200 || !strings.HasPrefix(mediaType, "text/xml") || !strings.Contains(answer, "Квитанция") || !strings.Contains(answer, "ПРИНЯТО") {
		t.Errorf("zags: %d %s %s", status, mediaType, answer)
	}
	pushes := r.takeApplied()
	if len(pushes) != 1 || pushes[0].ExternalID != "770-0000001/2026" || pushes[0].Statuses[0].Code != canonical.InProgress {
		t.Errorf("zags: applied %+v", pushes)
	}
	status, mediaType, answer = r.send(t, "POST", "/agencies/gazette", gazetteToken, xmlHeader, progress("издано", ""))
	pushes = r.takeApplied()
	if status != 200 || mediaType != "application/xml; charset=windows-1251" || !strings.Contains(answer, `="applied"`) || len(pushes) != 1 || pushes[0].ExternalID != "В-7" {
		t.Errorf("gazette: %d %s %s, applied %+v", status, mediaType, answer, pushes)
	}
	r.result = adapters.PushResult{Outcome: "kept"}
	for _, path := range []string{"/agencies/social", "/agencies/social/status"} {
		status, mediaType, answer = r.send(t, "POST", path, socialToken, jsonHeader, fmt.Sprintf(socialNotice, "IN_REVIEW"))
		pushes = r.takeApplied()
		if status != 200 || mediaType != "application/json" || !strings.Contains(answer, "DEFERRED") || len(pushes) != 1 || pushes[0].ExternalID != "S77-00000001" {
			t.Errorf("social, %s: %d %s %s, applied %+v", path, status, mediaType, answer, pushes)
		}
	}
}

func TestUnknownCodeIsKeptRaw(t *testing.T) {
	r := newRig(t)
	for _, row := range []struct {
		path, token string
		header      map[string]string
		body, raw   string
	}{
		{"/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", notice("77", "")), "77"},
		{"/agencies/gazette", gazetteToken, xmlHeader, progress("утеряно", ""), "утеряно"},
		{"/agencies/social", socialToken, jsonHeader, fmt.Sprintf(socialNotice, "LOST_IN_ARCHIVE"), "LOST_IN_ARCHIVE"},
	} {
		status, _, answer := r.send(t, "POST", row.path, row.token, row.header, row.body)
		pushes := r.takeApplied()
		if status != 200 || len(pushes) != 1 {
			t.Errorf("%s: %d %s, applied %+v", row.path, status, answer, pushes)
			continue
		}
		p := pushes[0]
		if s := p.Statuses[0]; s.Code != canonical.Unknown || s.Raw != row.raw || len(p.Unknown) != 1 || p.Unknown[0].Value != row.raw || p.Unknown[0].Path == "" {
			t.Errorf("%s: applied %+v", row.path, p)
		}
	}
}

// TestBadPushes holds each row of bad input to an error in the protocol that was spoken, with nothing applied.
func TestBadPushes(t *testing.T) {
	r := newRig(t)
	entities := strings.Builder{}
	entities.WriteString(`<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">`)
	for i := range 20 {
		fmt.Fprintf(&entities, `<!ENTITY b%d "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">`, i)
	}
	entities.WriteString(`]>`)
	deep := strings.Repeat("<a>", 500) + strings.Repeat("</a>", 500)
	good := notice("20", "")
	const bad = "bad_message"
	for _, row := range []struct {
		name   string
		path   string
		token  string
		header map[string]string
		body   string
		status int
		want   string // in the answer
	}{
		{"a DTD", "/agencies/zags", zagsToken, soapHeader, `<!DOCTYPE x SYSTEM "file:///etc/passwd">` + envelope(soap11NS, "", good)[38:], 500, "Client"},
		{"an entity bomb", "/agencies/zags", zagsToken, soapHeader, entities.String() + envelope(soap11NS, "", notice("20", "<с:Комментарий>&b19;</с:Комментарий>"))[38:], 500, "Client"},
		{"over depth", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", deep), 500, "Client"},
		{"over count", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", notice("20", strings.Repeat(`<a/>`, 150_000))), 500, "Client"},
		{"over size", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", good+strings.Repeat(" ", 2<<20)), 413, "More than 2097152 bytes"},
		{"bad UTF-8", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", notice("20", "<с:Комментарий>\xff\xfe</с:Комментарий>")), 500, "Client"},
		{"an undeclared prefix", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", strings.Replace(good, "xmlns:с=", "xmlns:иной=", 1)), 500, "Client"},
		{"a wrong root", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", `<н:Иное xmlns:н="urn://zags-ru/notices/2.1"/>`), 500, "Client"},
		{"no envelope", "/agencies/zags", zagsToken, soapHeader, good, 500, "Client"},
		{"two bodies", "/agencies/zags", zagsToken, soapHeader, strings.Replace(envelope(soap11NS, "", good), "</s:Body>", "</s:Body><s:Body>"+good+"</s:Body>", 1), 500, "Client"},
		{"two messages in a body", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", good+good), 500, "Client"},
		{"an unknown mustUnderstand", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, `<s:Header><x:Tx xmlns:x="urn:x" s:mustUnderstand="1"/></s:Header>`, good), 500, "MustUnderstand"},
		{"a wrong SOAP version", "/agencies/zags", zagsToken, soap12Header, envelope(soap12NS, "", good), 500, "VersionMismatch"},
		{"an element that is missing", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", strings.Replace(good, "<н:Номер>770-0000001/2026</н:Номер>", "", 1)), 500, "Номер"},
		{"nothing", "/agencies/zags", zagsToken, soapHeader, "", 500, "Client"},
		{"compressed", "/agencies/zags", zagsToken, map[string]string{"Content-Type": "text/xml", "SOAPAction": `""`, "Content-Encoding": "gzip"}, "\x1f\x8b", 415, "Compression is not supported"},
		{"an unknown push", "/agencies/zags/nothing", zagsToken, soapHeader, envelope(soap11NS, "", good), 500, "not taken here"},
		{"XML: a DTD", "/agencies/gazette", gazetteToken, xmlHeader, `<!DOCTYPE x SYSTEM "file:///etc/passwd">` + progress("издано", ""), 400, bad},
		{"XML: an entity bomb", "/agencies/gazette", gazetteToken, xmlHeader, entities.String() + progress("&b19;", ""), 400, bad},
		{"XML: over depth", "/agencies/gazette", gazetteToken, xmlHeader, progress("издано", deep), 400, bad},
		{"XML: over count", "/agencies/gazette", gazetteToken, xmlHeader, progress("издано", strings.Repeat(`<a/>`, 150_000)), 400, "at line 1, column 400"},
		{"XML: over size", "/agencies/gazette", gazetteToken, xmlHeader, progress("издано", strings.Repeat(" ", 2<<20)), 413, "More than 2097152 bytes"},
		{"XML: bad UTF-8", "/agencies/gazette", gazetteToken, xmlHeader, progress("\xff\xfe", ""), 400, bad},
		{"XML: an undeclared prefix", "/agencies/gazette", gazetteToken, xmlHeader, strings.NewReplacer("<Ход", "<в:Ход", "</Ход", "</в:Ход").Replace(progress("издано", "")), 400, bad},
		{"XML: a wrong root", "/agencies/gazette", gazetteToken, xmlHeader, `<Объявление xmlns="urn:вестник" номер="1" текст="2"/>`, 400, bad},
		{"XML: two roots", "/agencies/gazette", gazetteToken, xmlHeader, progress("издано", "") + progress("издано", ""), 400, bad},
		{"XML: a missing attribute", "/agencies/gazette", gazetteToken, xmlHeader, `<Ход xmlns="urn:вестник" номер="В-7"/>`, 400, bad},
		{"XML: an envelope", "/agencies/gazette", gazetteToken, xmlHeader, envelope(soap11NS, "", progress("издано", "")), 400, bad},
		{"XML: an unknown push", "/agencies/gazette/nothing", gazetteToken, xmlHeader, progress("издано", ""), 400, `<refusal code="unknown_push"`},
		{"JSON: two values", "/agencies/social", socialToken, jsonHeader, fmt.Sprintf(socialNotice, "PAID") + fmt.Sprintf(socialNotice, "PAID"), 400, bad},
		{"JSON: over count", "/agencies/social", socialToken, jsonHeader, `{"a":[` + strings.Repeat("0,", 150_000) + `0]}`, 400, "values"},
		{"JSON: over size", "/agencies/social", socialToken, jsonHeader, strings.Repeat(" ", 2<<20) + fmt.Sprintf(socialNotice, "PAID"), 413, "2097152"},
		{"JSON: an unknown member", "/agencies/social", socialToken, jsonHeader, `{"extra":1,` + fmt.Sprintf(socialNotice, "PAID")[1:], 422, "extra"},
		{"JSON: broken", "/agencies/social", socialToken, jsonHeader, `{"notificationId":`, 400, "ends too early"},
		{"JSON: a key twice", "/agencies/social", socialToken, jsonHeader, `{"status":"A","status":"B"}`, 400, "status"},
		{"JSON: against its schema", "/agencies/social", socialToken, jsonHeader, `{"status":7}`, 422, "status"},
		{"JSON: bad UTF-8", "/agencies/social", socialToken, jsonHeader, "{\"note\":\"\xff\"}", 400, "UTF-8"},
		{"JSON: over depth", "/agencies/social", socialToken, jsonHeader, strings.Repeat("[", 100) + strings.Repeat("]", 100), 400, ""},
		{"JSON: an unknown push", "/agencies/social/nothing", socialToken, jsonHeader, `{}`, 404, "unknown_push"},
		{"an agency that pushes nothing", "/agencies/tax", taxToken, map[string]string{"Content-Type": "application/xml"}, "<x/>", 400, "<refusal code="},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, mediaType, answer := r.send(t, "POST", row.path, row.token, row.header, row.body)
			if status != row.status || !strings.Contains(answer, row.want) {
				t.Errorf("%d %s %s; want %d and %q", status, mediaType, answer, row.status, row.want)
			}
			inProtocol(t, row.header["Content-Type"], mediaType, answer)
			if pushes := r.takeApplied(); len(pushes) > 0 {
				t.Errorf("applied %+v", pushes)
			}
			status, _, _ = r.send(t, "POST", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", good))
			if pushes := r.takeApplied(); status != 200 || len(pushes) != 1 {
				t.Errorf("the next good push: %d", status)
			}
		})
	}
}

// inProtocol checks that an answer is in the media type that was sent, and well formed.
func inProtocol(t *testing.T, sent, mediaType, answer string) {
	t.Helper()
	switch {
	case strings.Contains(sent, "json"):
		if !strings.Contains(mediaType, "json") {
			t.Errorf("JSON was answered by %s", mediaType)
		}
	case strings.Contains(sent, "xml"):
		if !strings.Contains(mediaType, "xml") {
			t.Errorf("XML was answered by %s", mediaType)
		}
		d := xml.NewDecoder(strings.NewReader(answer))
		d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return charmap.Windows1251.NewDecoder().Reader(r), nil }
		for {
			if _, err := d.Token(); err == io.EOF {
				return
			} else if err != nil {
				t.Errorf("no XML: %v in %s", err, answer)
				return
			}
		}
	}
}

func TestWhoMayPush(t *testing.T) {
	r := newRig(t)
	good := envelope(soap11NS, "", notice("20", ""))
	for _, row := range []struct {
		name, method, path, token string
		header                    map[string]string
		status                    int
		want                      string
	}{
		{"no token", "POST", "/agencies/zags", "", soapHeader, 401, "faultcode"},
		{"no token, SOAP 1.2", "POST", "/agencies/zags", "", soap12Header, 401, soap12NS},
		{"no token, XML", "POST", "/agencies/tax", "", map[string]string{"Content-Type": "application/xml"}, 401, `<refusal code="unauthenticated"`},
		{"no token, JSON", "POST", "/agencies/social", "", jsonHeader, 401, `"code":"unauthenticated"`},
		{"a wrong token", "POST", "/agencies/zags", "wrong-token-0123456789", soapHeader, 401, "faultcode"},
		{"another agency's path", "POST", "/agencies/social", zagsToken, jsonHeader, 403, `"code":"forbidden"`},
		{"an agency that is not there", "POST", "/agencies/nobody", zagsToken, soapHeader, 403, "faultcode"},
		{"another path", "POST", "/elsewhere", zagsToken, soapHeader, 404, "faultcode"},
		{"another method", "DELETE", "/agencies/zags", zagsToken, nil, 405, `"code":"method-not-allowed"`},
		{"an adapter without pushes", "POST", "/agencies/pension", pensionToken, soapHeader, 404, "Nothing is taken"},
		{"an adapter that panics", "POST", "/agencies/ghost", ghostToken, soapHeader, 500, "Server"},
	} {
		t.Run(row.name, func(t *testing.T) {
			status, mediaType, answer := r.send(t, row.method, row.path, row.token, row.header, good)
			if status != row.status || !strings.Contains(answer, row.want) {
				t.Errorf("%d %s %s; want %d and %q", status, mediaType, answer, row.status, row.want)
			}
			inProtocol(t, row.header["Content-Type"], mediaType, answer)
		})
	}
	if pushes := r.takeApplied(); len(pushes) > 0 {
		t.Errorf("applied %+v", pushes)
	}
	for _, secret := range []string{zagsToken, "wrong-token", "Иванов"} {
		if strings.Contains(r.log.String(), secret) {
			t.Errorf("the log shows %q", secret)
		}
	}
}

func TestTroubleOfTheHubIsNotTheAgencys(t *testing.T) {
	r := newRig(t)
	r.fail = errors.New("disk of /var/lib is full")
	status, _, answer := r.send(t, "POST", "/agencies/zags", zagsToken, soapHeader, envelope(soap11NS, "", notice("20", "")))
	if status != 500 || !strings.Contains(answer, "Server") || strings.Contains(answer, "/var/lib") {
		t.Errorf("SOAP: %d %s", status, answer)
	}
	status, _, answer = r.send(t, "POST", "/agencies/social", socialToken, jsonHeader, fmt.Sprintf(socialNotice, "IN_REVIEW"))
	if status != 503 || strings.Contains(answer, "/var/lib") {
		t.Errorf("REST: %d %s", status, answer)
	}
	status, _, answer = r.send(t, "POST", "/agencies/gazette", gazetteToken, xmlHeader, progress("издано", ""))
	if status != 503 || !strings.Contains(answer, `<refusal code="internal"`) || strings.Contains(answer, "/var/lib") {
		t.Errorf("XML: %d %s", status, answer)
	}
}

func TestContract(t *testing.T) {
	r := newRig(t)
	status, mediaType, wsdl := r.send(t, "GET", "/agencies/zags?wsdl", zagsToken, nil, "")
	if status != 200 || !strings.HasPrefix(mediaType, "text/xml") || !strings.Contains(wsdl, `location="https://push.example/agencies/zags"`) {
		t.Fatalf("%d %s %s", status, mediaType, wsdl)
	}
	_, rest, found := strings.Cut(wsdl, `schemaLocation="`)
	if !found {
		t.Fatalf("the WSDL imports nothing: %s", wsdl)
	}
	link, _, _ := strings.Cut(rest, `"`)
	if status, _, xsd := r.send(t, "GET", "/agencies/zags"+link[strings.IndexByte(link, '?'):], zagsToken, nil, ""); status != 200 || !strings.Contains(xsd, "schema") {
		t.Errorf("%s: %d %s", link, status, xsd)
	}
	if status, _, _ := r.send(t, "GET", "/agencies/zags?xsd=../../../etc/passwd", zagsToken, nil, ""); status != 404 {
		t.Errorf("a file outside the contract: %d", status)
	}
	if status, _, _ := r.send(t, "GET", "/agencies/zags?wsdl", "", nil, ""); status != 401 {
		t.Errorf("without a token: %d", status)
	}
	if status, _, _ := r.send(t, "GET", "/agencies/social?wsdl", socialToken, nil, ""); status != 404 {
		t.Errorf("an agency without a WSDL: %d", status)
	}
}

// FuzzPush sends anything to the push doors: every answer is in the protocol, and within bounded time.
func FuzzPush(f *testing.F) {
	r := newRig(f)
	f.Add(true, []byte(envelope(soap11NS, "", notice("20", ""))))
	f.Add(true, []byte(envelope(soap12NS, "", notice("20", ""))))
	f.Add(false, fmt.Appendf(nil, socialNotice, "IN_REVIEW"))
	f.Fuzz(func(t *testing.T, soap bool, body []byte) {
		path, token, header := "/agencies/social", socialToken, jsonHeader
		if soap {
			path, token, header = "/agencies/zags", zagsToken, soapHeader
		}
		q := httptest.NewRequest("POST", path, bytes.NewReader(body))
		q.Header.Set("Authorization", "Bearer "+token)
		for k, v := range header {
			q.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		started := time.Now()
		r.Config.Handler.ServeHTTP(w, q)
		if mediaType := w.Header().Get("Content-Type"); !strings.Contains(mediaType, map[bool]string{true: "xml", false: "json"}[soap]) {
			t.Errorf("%d %s %s", w.Code, mediaType, w.Body)
		}
		if took := time.Since(started); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

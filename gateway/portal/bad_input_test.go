package portal

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"sluice/contracts/canonical"
	"sluice/gateway/problem"
)

// TestBadInput has the rows that the door answers. Each is refused with a problem that says where, nothing is stored, and
// the next good request is taken.
func TestBadInput(t *testing.T) {
	r := newRig(t, nil)
	good := sample(t, "family-composition")
	for _, c := range []struct {
		name    string
		body    []byte
		status  int
		code    problem.Code
		places  string // "pointer code" of each violation
		headers []string
	}{
		{"nothing", []byte{}, 400, problem.BadJSON, " end", nil},
		{"broken JSON", []byte("{\n \"id\": 1,\n}"), 400, problem.BadJSON, " key", nil},
		{"cut off", []byte(`{"id": "1", "routing": {"agency": "za`), 400, problem.BadJSON, "/routing/agency unclosed-string", nil},
		{"duplicate key", []byte(`{"routing":{"agency":"zags","agency":"tax"}}`), 400, problem.BadJSON, "/routing/agency duplicate-key", nil},
		{"bad UTF-8", []byte("{\"id\":\"\xd0\"}"), 400, problem.BadJSON, "/id bad-utf8", nil},
		{"unpaired surrogate", []byte(`{"id":"\ud83d"}`), 400, problem.BadJSON, "/id unpaired-surrogate", nil},
		{"NUL", []byte(`{"id":"\u0000"}`), 400, problem.BadJSON, "/id no-xml-character", nil},
		{"too deep", bytes.Repeat([]byte(`{"a":`), 100), 400, problem.BadJSON, strings.Repeat("/a", 32) + " too-deep", nil},
		{"too many values", []byte("[" + strings.Repeat("0,", 300_000) + "0]"), 400, problem.BadJSON, "/199999 too-many-values", nil},
		{"two values", append(append([]byte{}, good...), good...), 400, problem.BadJSON, " trailing-data", nil},
		{"a list", []byte("[]"), 400, problem.BadJSON, " no-object", nil},

		{"text", good, 415, problem.UnsupportedMediaType, "", []string{"Content-Type", "text/plain"}},
		{"no media type", good, 415, problem.UnsupportedMediaType, "", []string{"Content-Type", ""}},
		{"XML", []byte("<a/>"), 415, problem.UnsupportedMediaType, "", []string{"Content-Type", "application/xml"}},
		{"windows-1251", good, 415, problem.UnsupportedMediaType, "", []string{"Content-Type", "application/json; charset=windows-1251"}},
		{"gzip", good, 415, problem.UnsupportedMediaType, "", []string{"Content-Encoding", "gzip"}},
		{"over the limit", bytes.Repeat([]byte(" "), maxBody+1), 413, problem.TooLarge, "", nil},

		{"empty object", []byte("{}"), 422, problem.InvalidRequest, "/id required;/service required;/routing required;/applicant required;/payload required;/submittedAt required", nil},
		{"unknown service", changed(t, "service", "family-compositon"), 422, problem.InvalidRequest, "/service unknown-service", nil},
		{"unknown agency", changed(t, "routing/agency", "zagz"), 422, problem.Unroutable, "/routing/agency unknown-agency", nil},
		{"another agency's service", changed(t, "routing/agency", "tax"), 422, problem.Unroutable, "/service unknown-service", nil},
		{"payload", changed(t, "payload/members/birthDate", "30.11.1985"), 422, problem.InvalidRequest, "/payload/members/0/birthDate date", nil},
		{"unknown member", changed(t, "payload/purposse", "x"), 422, problem.InvalidRequest, "/payload/purposse additionalProperties", nil},
		{"check digit of SNILS", changed(t, "applicant/snils", "156-842-739 02"), 422, problem.InvalidRequest, "/applicant/snils snils", nil},
		{"check digit of INN", changed(t, "applicant/inn", "770123456700"), 422, problem.InvalidRequest, "/applicant/inn inn", nil},
		{"lying SHA-256", changed(t, "attachments/sha256", strings.Repeat("ab", 32)), 422, problem.InvalidRequest, "/attachments/0/sha256 sha256", nil},
		{"missing attachment", without(t, sample(t, "tax-deduction"), "attachments"), 422, problem.InvalidRequest, "/attachments missing-attachment", nil},
		{"unknown inspectorate", []byte(strings.Replace(string(sample(t, "tax-deduction")), `"inspectorate": "7701"`, `"inspectorate": "9999"`, 1)), 422, problem.Unroutable, "/routing/inspectorate unknown-inspectorate", nil},
		{"unknown region", []byte(strings.Replace(string(sample(t, "housing-subsidy")), `"region": "77"`, `"region": "99"`, 1)), 422, problem.Unroutable, "/routing/region unknown-region", nil},

		{"empty key", good, 400, problem.BadParameter, "", []string{"Idempotency-Key", ""}},
		{"two keys", good, 400, problem.BadParameter, "", []string{"Idempotency-Key", "a", "Idempotency-Key", "b"}},
		{"long key", good, 400, problem.BadParameter, "", []string{"Idempotency-Key", strings.Repeat("k", 256)}},
		{"key with a blank", good, 400, problem.BadParameter, "", []string{"Idempotency-Key", "a b"}},
		{"wait of words", good, 400, problem.BadParameter, "", []string{"Prefer", "wait=long"}},

		{"no token", good, 401, problem.Unauthenticated, "", []string{"Authorization", ""}},
		{"wrong token", good, 401, problem.Unauthenticated, "", []string{"Authorization", "Bearer wrong-token-0123456789"}},
		{"an agency's token", good, 401, problem.Unauthenticated, "", []string{"Authorization", "Bearer " + agencyToken}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := r.call("POST", "/v1/requests", c.body, c.headers...)
			var p problem.Body
			if err := json.Unmarshal(got.body, &p); err != nil {
				t.Fatalf("%d %s: %v", got.status, got.body, err)
			}
			if got.status != c.status || p.Status != c.status || p.Code != c.code || got.header.Get("Content-Type") != problem.MediaType {
				t.Errorf("got %d %s\n%s", got.status, p.Code, got.body)
			}
			var places []string
			for _, v := range p.Violations {
				places = append(places, v.Pointer+" "+v.Code)
			}
			if s := strings.Join(places, ";"); s != c.places {
				t.Errorf("violations %q, want %q", s, c.places)
			}
			if got.header.Get("Location") != "" {
				t.Error("a refused request has a Location")
			}
		})
	}
	var page canonical.RequestPage
	if err := json.Unmarshal(r.call("GET", "/v1/requests", nil).body, &page); err != nil || len(page.Items) != 0 {
		t.Errorf("%v: %d requests were stored", err, len(page.Items))
	}
	if got := r.call("POST", "/v1/requests", good); got.status != 202 {
		t.Errorf("after all that a good request is answered with %d %s", got.status, got.body)
	}
}

func without(t *testing.T, body []byte, key string) []byte {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	delete(m, key)
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestChunkedBodyOverTheLimit: without a Content-Length the limit holds too, and the connection is closed.
func TestChunkedBodyOverTheLimit(t *testing.T) {
	r := newRig(t, nil)
	req, err := http.NewRequest("POST", r.url+"/v1/requests", io.MultiReader(strings.NewReader(`{"id":"`), bytes.NewReader(make([]byte, maxBody+1))))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+portalToken)
	req.Header.Set("Content-Type", "application/json")
	res, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 413 || !res.Close {
		t.Errorf("got %d, connection closed %v", res.StatusCode, res.Close)
	}
}

// TestBadCalls has what is wrong with the other calls.
func TestBadCalls(t *testing.T) {
	r := newRig(t, nil)
	mine := r.call("POST", "/v1/requests", sample(t, "family-composition")).view(t)
	theirs := []string{"Authorization", "Bearer " + otherToken}
	for _, c := range []struct {
		method, path, body string
		status             int
		code               problem.Code
		detail             string // a part of it
		headers            []string
	}{
		{"GET", "/v1/requests/" + mine.ID, "", 404, problem.NotFound, "", theirs},
		{"POST", "/v1/requests/" + mine.ID + "/cancel", "", 404, problem.NotFound, "", theirs},
		{"GET", "/v1/requests/01890a5d-ac96-774b-bcce-b302099a8057", "", 404, problem.NotFound, "", nil},
		{"GET", "/v1/requests/%2e%2e%2f", "", 404, problem.NotFound, "", nil},
		{"GET", "/v1/nothing", "", 404, problem.NotFound, "", nil},
		{"DELETE", "/v1/requests/" + mine.ID, "", 405, problem.MethodNotAllowed, "", nil},
		{"PUT", "/v1/requests", "{}", 405, problem.MethodNotAllowed, "", nil},
		{"GET", "/v1/requests?stat=open", "", 400, problem.BadParameter, `did you mean "state"?`, nil},
		{"GET", "/v1/requests?state=new", "", 400, problem.BadParameter, "open or closed", nil},
		{"GET", "/v1/requests?status=done", "", 400, problem.BadParameter, "status", nil},
		{"GET", "/v1/requests?state=open&state=closed", "", 400, problem.BadParameter, "twice", nil},
		{"GET", "/v1/requests?limit=0", "", 400, problem.BadParameter, "1 to 200", nil},
		{"GET", "/v1/requests?limit=201", "", 400, problem.BadParameter, "1 to 200", nil},
		{"GET", "/v1/requests?since=yesterday", "", 400, problem.BadParameter, "RFC 3339", nil},
		{"GET", "/v1/requests?cursor=abc", "", 400, problem.BadParameter, "cursor", nil},
		{"GET", "/v1/requests?limit=%zz", "", 400, problem.BadParameter, "query", nil},
		{"POST", "/v1/requests/" + mine.ID + "/cancel", `{"reason":1}`, 422, problem.InvalidRequest, "", nil},
		{"POST", "/v1/requests/" + mine.ID + "/cancel", `{"because":"x"}`, 422, problem.InvalidRequest, "", nil},
		{"POST", "/v1/requests/" + mine.ID + "/cancel", `{"reason":"` + strings.Repeat("я", 1001) + `"}`, 422, problem.InvalidRequest, "", nil},
		{"POST", "/v1/requests/" + mine.ID + "/cancel", `{`, 400, problem.BadJSON, "line 1", nil},
		{"POST", "/v1/requests/" + mine.ID + "/cancel", `reason=x`, 415, problem.UnsupportedMediaType, "", []string{"Content-Type", "application/x-www-form-urlencoded"}},
		{"GET", "/v1/services", "", 401, problem.Unauthenticated, "", []string{"Authorization", "Basic eA=="}},
		{"GET", "/openapi.json", "", 401, problem.Unauthenticated, "", []string{"Authorization", ""}},
	} {
		var body []byte
		if c.body != "" {
			body = []byte(c.body)
		}
		got := r.call(c.method, c.path, body, c.headers...)
		var p problem.Body
		if err := json.Unmarshal(got.body, &p); err != nil {
			t.Errorf("%s %s: %d %s: %v", c.method, c.path, got.status, got.body, err)
			continue
		}
		if got.status != c.status || p.Code != c.code || !strings.Contains(p.Detail, c.detail) {
			t.Errorf("%s %s: got %d %s", c.method, c.path, got.status, got.body)
		}
		if c.status == 405 && got.header.Get("Allow") == "" {
			t.Errorf("%s %s: no Allow", c.method, c.path)
		}
	}
	if v := r.call("GET", "/v1/requests/"+mine.ID, nil).view(t); v.Version != mine.Version || v.State != "open" {
		t.Errorf("bad calls changed the request: %+v", v)
	}
}

// TestProblemsInRussian: the same fault, told to whoever reads Russian.
func TestProblemsInRussian(t *testing.T) {
	r := newRig(t, nil)
	got := r.call("POST", "/v1/requests", changed(t, "applicant/snils", "1"), "Accept-Language", "ru-RU, ru;q=0.9, en;q=0.5")
	var p problem.Body
	if err := json.Unmarshal(got.body, &p); err != nil {
		t.Fatal(err)
	}
	if p.Title != "Запрос не соответствует контракту" || len(p.Violations) != 1 || p.Violations[0].Detail != "неверный СНИЛС: нужны 11 цифр с верным контрольным числом" || got.header.Get("Content-Language") != "ru" {
		t.Errorf("got %s", got.body)
	}
}

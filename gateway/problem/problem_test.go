package problem

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/contracts/jsonschema"
)

func TestWrite(t *testing.T) {
	r := httptest.NewRequest("POST", "/v1/requests", nil)
	r.Header.Set("Accept-Language", "ru-RU,ru;q=0.9,en;q=0.8")
	w := httptest.NewRecorder()
	err := fmt.Errorf("accepting: %w", New(InvalidRequest).At(jsonschema.Violation{Pointer: "/a", Code: "type", RU: "строка", EN: "a string"}).After(1500*time.Millisecond).Because(errors.New("secret")))
	Write(w, r, err)
	var got Body
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	h := w.Result().Header
	if w.Code != 422 || h.Get("Content-Type") != "application/problem+json" || h.Get("Content-Language") != "ru" || h.Get("Retry-After") != "2" {
		t.Errorf("status %d, headers %v", w.Code, h)
	}
	if got.Title != "Запрос не соответствует контракту" || got.Type != "urn:sluice:problem:invalid-request" || len(got.Violations) != 1 || got.Violations[0].Detail != "строка" {
		t.Errorf("body %+v", got)
	}
	if strings.Contains(w.Body.String(), "secret") {
		t.Error("the cause went out")
	}
	w = httptest.NewRecorder()
	Write(w, r, New(Unauthenticated))
	if !strings.Contains(w.Body.String(), "Bearer <токен>") {
		t.Errorf("people can't read %s", w.Body)
	}
}

func TestOf(t *testing.T) {
	if e := Of(errors.New("disk on fire")); e.Code != Internal || e.Cause == nil || e.Text("en") != "" {
		t.Errorf("a plain error became %+v", e)
	}
	_, err := jsonschema.ParseJSON([]byte("{\n\"a\":1,\"a\":1}"), jsonschema.Limits{})
	e := Of(fmt.Errorf("reading: %w", err))
	if e.Code != BadJSON || e.EN != `line 2, column 7: the key "a" is there twice` || e.Violations[0].Pointer != "/a" {
		t.Errorf("a syntax error became %+v", e)
	}
	if got := e.Error(); got != `bad-json: line 2, column 7: the key "a" is there twice; /a the key "a" is there twice` {
		t.Errorf("in the log: %s", got)
	}
}

func TestLanguage(t *testing.T) {
	for accept, want := range map[string]string{"": "en", "ru": "ru", "en-GB": "en", "de": "en", "uk, ru;q=0.5": "ru", "*": "en", ";;;": "en", "en;q=0.1, ru": "ru", strings.Repeat("a,", 200): "en"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Accept-Language", accept)
		if got := Language(r); got != want {
			t.Errorf("%.20q: %s, want %s", accept, got, want)
		}
	}
}

func TestNewRefusesUnknownCodes(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a code without a row was taken")
		}
	}()
	New("no-such-code")
}

package auth

import (
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

const (
	portalToken = "portal-token-0123456789"
	zagsToken   = "zags-token-0123456789-x"
	dutyToken   = "duty-token-0123456789-x"
	nextToken   = "portal-next-token-98765"
)

func must(t *testing.T, token string) Token {
	t.Helper()
	h, err := NewToken(token)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func directory(t *testing.T) *Directory {
	t.Helper()
	d, err := New(
		Entry{Client, "portal", []Token{must(t, portalToken), must(t, nextToken)}},
		Entry{Agency, "zags", []Token{must(t, zagsToken)}},
		Entry{Operator, "duty", []Token{must(t, dutyToken)}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestRequire(t *testing.T) {
	d := directory(t)
	basic := func(user, password string) string {
		r := httptest.NewRequest("GET", "/", nil)
		r.SetBasicAuth(user, password)
		return r.Header.Get("Authorization")
	}
	for _, row := range []struct {
		name   string
		kind   Kind
		header []string
		want   string // the caller's name; "" is 401
	}{
		{"a client", Client, []string{"Bearer " + portalToken}, "portal"},
		{"the client's next token", Client, []string{"bearer  " + nextToken}, "portal"},
		{"an agency by basic", Agency, []string{basic("whoever", zagsToken)}, "zags"},
		{"an operator", Operator, []string{"Bearer " + dutyToken}, "duty"},
		{"nothing", Client, nil, ""},
		{"an empty token", Client, []string{"Bearer "}, ""},
		{"no scheme", Client, []string{portalToken}, ""},
		{"another scheme", Client, []string{"Digest " + portalToken}, ""},
		{"a wrong token", Client, []string{"Bearer " + portalToken + "x"}, ""},
		{"a prefix of the token", Client, []string{"Bearer " + portalToken[:20]}, ""},
		{"an agency's token at the portal's door", Client, []string{"Bearer " + zagsToken}, ""},
		{"a client's token at the operators' door", Operator, []string{"Bearer " + portalToken}, ""},
		{"the hash instead of the token", Client, []string{"Bearer " + hashOf(portalToken)}, ""},
		{"two headers", Client, []string{"Bearer " + portalToken, "Bearer " + portalToken}, ""},
		{"broken basic", Agency, []string{"Basic !!!"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			var seen string
			next := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = Name(r.Context()) })
			refuse := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
			r := httptest.NewRequest("GET", "/?access_token="+portalToken, nil)
			for _, h := range row.header {
				r.Header.Add("Authorization", h)
			}
			w := httptest.NewRecorder()
			d.Require(row.kind, next, refuse).ServeHTTP(w, r)
			if seen != row.want {
				t.Errorf("the caller is %q, want %q", seen, row.want)
			}
			refused := w.Code == http.StatusUnauthorized && w.Header().Get("WWW-Authenticate") != ""
			if refused != (row.want == "") {
				t.Errorf("status %d, WWW-Authenticate %q", w.Code, w.Header().Get("WWW-Authenticate"))
			}
		})
	}
}

func hashOf(token string) string {
	h, _ := NewToken(token)
	return hex.EncodeToString(h[:])
}

func TestZeroDirectoryLetsNobodyIn(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Authorization", "Bearer ")
	if _, ok := new(Directory).Identify(Client, r); ok {
		t.Error("a directory without entries let somebody in")
	}
}

func TestSharedTokenIsRefused(t *testing.T) {
	token := must(t, portalToken)
	_, err := New(Entry{Client, "a", []Token{token}}, Entry{Agency, "b", []Token{token}})
	if err == nil || !strings.Contains(err.Error(), "client a and agency b have the same token") {
		t.Errorf("got %v", err)
	}
	if strings.Contains(err.Error(), portalToken) {
		t.Error("the error shows the token")
	}
}

func TestTokens(t *testing.T) {
	for token, want := range map[string]string{
		"short":                  "at least 16 characters",
		"with a space 123456789": "which no header can carry",
		"кириллица-кириллица":    "which no header can carry",
	} {
		if _, err := NewToken(token); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewToken(%q): %v, want %q", token, err, want)
		}
	}
	h := must(t, portalToken)
	if got, err := ParseHash(hex.EncodeToString(h[:])); err != nil || got != h {
		t.Errorf("ParseHash of a hash: %v", err)
	}
	if _, err := ParseHash("abc"); err == nil {
		t.Error("ParseHash takes half a hash")
	}
}

package exchange

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/adapters"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 7, 6, 10, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		value, date string
		want        time.Duration
	}{
		{"", "", 0},
		{"0", "", 0},
		{" 120 ", "", 2 * time.Minute},
		{"-5", "", 0},
		{"1.5", "", 0},
		{"99999999999999999999999", "", 0},
		{"999999999", "", maxRetryAfter},
		{"Mon, 06 Jul 2026 10:05:00 GMT", "", 5 * time.Minute},
		{"Mon, 06 Jul 2026 09:05:00 GMT", "", 0},
		{"Mon, 06 Jul 2026 11:05:00 GMT", "Mon, 06 Jul 2026 11:00:00 GMT", 5 * time.Minute}, // the agency's clock is an hour ahead
		{"Mon, 06 Jul 2126 10:05:00 GMT", "", maxRetryAfter},
		{"tomorrow", "", 0},
	} {
		h := http.Header{"Retry-After": {row.value}, "Date": {row.date}}
		if got := RetryAfter(h, now); got != row.want {
			t.Errorf("%q at %q: got %s, want %s", row.value, row.date, got, row.want)
		}
	}
}

func TestSafe(t *testing.T) {
	for in, want := range map[string]string{
		"СНИЛС 11223344595 не найден": "СНИЛС *** не найден",
		"line\n\tand   line":          "line and line",
		"bytes \xff\xfe":              "bytes \ufffd",
		"code 12345":                  "code 12345",
		strings.Repeat("я", 400):      strings.Repeat("я", 299) + "…",
	} {
		if got := Safe(in); got != want {
			t.Errorf("%q became %q", in, got)
		}
	}
}

// tokens is an OAuth server and an API behind it, which takes the last token only.
type tokens struct {
	*httptest.Server
	fetched atomic.Int32
	current atomic.Pointer[string]
	expires int
	refuse  atomic.Int32 // HTTP status of the token endpoint, 0: it works
	calls   atomic.Int32
}

func newTokens(t *testing.T, expires int) *tokens {
	s := &tokens{expires: expires}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/base/oauth/token" {
			id, secret, _ := r.BasicAuth()
			if status := int(s.refuse.Load()); status != 0 || id != "id" || secret != "s%2Fcret" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("scope") != "a b" {
				w.WriteHeader(max(status, 400))
				fmt.Fprint(w, `{"error":"invalid_client"}`)
				return
			}
			value := fmt.Sprintf("token-%d", s.fetched.Add(1))
			s.current.Store(&value)
			fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":%d}`, value, s.expires)
			return
		}
		s.calls.Add(1)
		if now := s.current.Load(); now == nil || r.Header.Get("Authorization") != "Bearer "+*now {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func oauthPort(now func() time.Time) *Port {
	k := adapters.Credentials{Kind: "oauth2", TokenURL: "/oauth/token", Scope: "a b"}
	login := adapters.NewLogin(k, "id:s/cret")
	return &Port{Limit: 1 << 20, Auth: &Auth{login: func(string) *adapters.Login { return login }, now: now, tokens: map[string]token{}}}
}

func TestTokens(t *testing.T) {
	s := newTokens(t, 300)
	now := time.Date(2026, 7, 6, 10, 0, 0, 0, time.UTC)
	p := oauthPort(func() time.Time { return now })
	call := adapters.Call{Client: s.Client(), Endpoint: adapters.Endpoint{Name: "77", URL: s.URL + "/base"}}
	ask := func() int {
		t.Helper()
		reply, failed := p.Do(t.Context(), call, Request{Method: "GET", URL: s.URL + "/base/x"})
		if failed != nil {
			t.Fatal(failed)
		}
		return reply.Status
	}
	if status := ask(); status != 200 || s.fetched.Load() != 1 {
		t.Errorf("HTTP %d with %d tokens", status, s.fetched.Load())
	}
	now = now.Add(239 * time.Second)
	if ask(); s.fetched.Load() != 1 {
		t.Error("a good token was thrown away")
	}
	now = now.Add(2 * time.Second)
	if ask(); s.fetched.Load() != 2 {
		t.Error("a token is not renewed before it runs out")
	}
	// The agency forgets our token: it is renewed once, and the question asked again.
	forgotten := "another"
	s.current.Store(&forgotten)
	now = now.Add(10 * time.Second)
	calls := s.calls.Load()
	if status := ask(); status != 200 || s.fetched.Load() != 3 || s.calls.Load() != calls+2 {
		t.Errorf("after a 401: HTTP %d, %d tokens, %d calls", status, s.fetched.Load(), s.calls.Load()-calls)
	}
	// It forgets the new one too: that is for an operator, not for a loop.
	s.current.Store(&forgotten)
	calls = s.calls.Load()
	if status := ask(); status != 401 || s.calls.Load() != calls+1 {
		t.Errorf("a fresh token refused: HTTP %d after %d calls", status, s.calls.Load()-calls)
	}
}

// TestTokenIsShared: callers at a time get one token between them, at first and after the agency has forgotten it, in
// whatever order they find out. The agency takes the last token only, so one fetched too many would fail the others.
func TestTokenIsShared(t *testing.T) {
	s := newTokens(t, 300)
	now := time.Date(2026, 7, 6, 10, 0, 0, 0, time.UTC)
	p := oauthPort(func() time.Time { return now })
	call := adapters.Call{Client: s.Client(), Endpoint: adapters.Endpoint{Name: "77", URL: s.URL + "/base"}}
	for round := range int32(20) {
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				if reply, failed := p.Do(t.Context(), call, Request{Method: "GET", URL: s.URL + "/base/x"}); failed != nil || reply.Status != 200 {
					t.Errorf("got %v %v", reply, failed)
				}
			})
		}
		wg.Wait()
		if n := s.fetched.Load(); n != round+1 {
			t.Fatalf("ten callers fetched %d tokens in %d rounds", n, round+1)
		}
		forgotten := "another"
		s.current.Store(&forgotten)
		now = now.Add(10 * time.Second)
	}
}

// TestTokenEndpointFails: nothing has been sent, so nothing is in doubt.
func TestTokenEndpointFails(t *testing.T) {
	for status, want := range map[int]adapters.Class{400: adapters.Permanent, 401: adapters.Permanent, 403: adapters.Permanent, 500: adapters.Transient, 503: adapters.Transient, 502: adapters.Transient, 404: adapters.Permanent} {
		s := newTokens(t, 300)
		s.refuse.Store(int32(status))
		p := oauthPort(time.Now)
		call := adapters.Call{Client: s.Client(), Endpoint: adapters.Endpoint{Name: "77", URL: s.URL + "/base"}}
		_, failed := p.Do(context.Background(), call, Request{Method: "POST", URL: s.URL + "/base/x", Body: []byte("{}")})
		if failed == nil || failed.Class != want || s.calls.Load() != 0 {
			t.Errorf("HTTP %d: got %v, want %s, after %d calls", status, failed, want, s.calls.Load())
		}
		if failed != nil && strings.Contains(failed.Error(), "cret") {
			t.Errorf("the secret stands in %s", failed)
		}
	}
}

// TestLostTokenAnswer: a token endpoint that hangs leaves the request unsent.
func TestLostTokenAnswer(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	release := make(chan struct{})
	hung := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		cancel(context.DeadlineExceeded)
		<-release
	}))
	defer hung.Close()
	defer close(release)
	p := oauthPort(time.Now)
	call := adapters.Call{Client: hung.Client(), Endpoint: adapters.Endpoint{Name: "77", URL: hung.URL}}
	_, failed := p.Do(ctx, call, Request{Method: "POST", URL: hung.URL, Body: []byte("{}")})
	if failed == nil || failed.Class != adapters.Transient || failed.Code != CodeTimeout {
		t.Errorf("got %v", failed)
	}
}

func TestLoginsPrintWithoutSecrets(t *testing.T) {
	l := adapters.NewLogin(adapters.Credentials{Kind: "basic", From: "env:X"}, "u:hunter2")
	for _, text := range []string{fmt.Sprint(l), fmt.Sprintf("%v %+v %#v %s", l, l, l, l)} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("a login prints as %s", text)
		}
	}
}

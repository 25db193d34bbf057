package exchange

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"sluice/adapters"
)

// Auth proves to an agency's endpoints who the hub is.
type Auth struct {
	login  func(endpoint string) *adapters.Login
	now    func() time.Time
	flight singleflight.Group
	mu     sync.Mutex
	tokens map[string]token // by endpoint
}

type token struct {
	value string
	until time.Time // when another one is fetched: well before it runs out
	got   time.Time
}

// NewAuth makes the authentication of an agency.
func NewAuth(b *adapters.Build) *Auth {
	return &Auth{login: b.Login, now: time.Now, tokens: map[string]token{}}
}

// Login is the endpoint's credentials, or nil.
func (a *Auth) Login(endpoint string) *adapters.Login { return a.login(endpoint) }

// Apply puts credentials on a request. mtls is the transport's, usernameToken the envelope's.
func (a *Auth) Apply(ctx context.Context, call adapters.Call, req *http.Request) *adapters.Error {
	l := a.login(call.Endpoint.Name)
	if l == nil {
		return nil
	}
	switch l.Kind {
	case "basic":
		req.SetBasicAuth(l.Pair())
	case "apiKey":
		req.Header.Set(l.Header, l.Token())
	case "bearer":
		req.Header.Set("Authorization", bearer(l.Token()))
	case "oauth2":
		t, err := a.token(ctx, call, l)
		if err != nil {
			return err
		}
		req.Header.Set("Authorization", bearer(t))
	}
	return nil
}

func bearer(token string) string { return "Bearer " + token }

// renew forgets the token of a request that was refused and tells whether another try makes sense: not when that token
// had only just been fetched.
func (a *Auth) renew(endpoint string, refused *http.Request) bool {
	if l := a.login(endpoint); l == nil || l.Kind != "oauth2" {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	t, ok := a.tokens[endpoint]
	switch {
	case !ok, refused != nil && refused.Header.Get("Authorization") != bearer(t.value):
		return true // another exchange has renewed it already
	case a.now().Sub(t.got) < time.Second:
		return false
	}
	delete(a.tokens, endpoint)
	return true
}

// token returns a token that is still good, fetching one for all who wait.
func (a *Auth) token(ctx context.Context, call adapters.Call, l *adapters.Login) (string, *adapters.Error) {
	endpoint := call.Endpoint.Name
	if t, ok := a.good(endpoint); ok {
		return t, nil
	}
	done := a.flight.DoChan(endpoint, func() (any, error) {
		// A flight may have landed since: some agencies take the last token only, so that another would void it.
		if t, ok := a.good(endpoint); ok {
			return t, nil
		}
		// Not the caller's context: one caller who gives up must not fail the others, and what is recorded of the
		// caller's exchange must not hold the token.
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
		defer cancel()
		t, err := a.fetch(ctx, call, l)
		if err != nil {
			return nil, err
		}
		a.mu.Lock()
		a.tokens[endpoint] = t
		a.mu.Unlock()
		return t.value, nil
	})
	select {
	case r := <-done:
		if r.Err != nil {
			e := *asError(r.Err) // each caller its own
			return "", &e
		}
		return r.Val.(string), nil
	case <-ctx.Done():
		return "", Transport(ctx, context.Cause(ctx), false)
	}
}

func (a *Auth) good(endpoint string) (string, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, ok := a.tokens[endpoint]
	return t.value, ok && a.now().Before(t.until)
}

// fetch asks the token endpoint (RFC 6749 section 4.4). Whatever fails, the request itself has not been sent.
func (a *Auth) fetch(ctx context.Context, call adapters.Call, l *adapters.Login) (token, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	if l.Scope != "" {
		form.Set("scope", l.Scope)
	}
	address, err := tokenURL(call.Endpoint.URL, l.TokenURL)
	if err != nil {
		return token{}, New(adapters.Permanent, CodeRequest, "tokenUrl: "+err.Error(), err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return token{}, New(adapters.Permanent, CodeRequest, "tokenUrl: "+err.Error(), err)
	}
	req.GetBody = nil
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	id, secret := l.Pair()
	req.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret)) // RFC 6749 section 2.3.1
	resp, err := call.Client.Do(req)
	if err != nil {
		return token{}, Harmless(Transport(ctx, err, false))
	}
	reply, failed := Read(ctx, resp, 64<<10)
	if failed != nil {
		return token{}, Harmless(failed)
	}
	var got struct {
		Token     string  `json:"access_token"`
		ExpiresIn float64 `json:"expires_in"`
		Error     string  `json:"error"`
	}
	parse := json.Unmarshal(reply.Body, &got)
	switch {
	case reply.Status == http.StatusBadRequest || reply.Status == http.StatusUnauthorized || reply.Status == http.StatusForbidden:
		return token{}, New(adapters.Permanent, CodeUnauthorized, fmt.Sprintf("the token endpoint refused us: HTTP %d %s", reply.Status, Safe(got.Error)), nil)
	case reply.Status != http.StatusOK:
		e := Harmless(Status(reply, a.now()))
		if e == nil {
			e = New(adapters.Transient, CodeBadReply, fmt.Sprintf("the token endpoint answered HTTP %d", reply.Status), nil)
		}
		return token{}, e
	case parse != nil || got.Token == "":
		return token{}, New(adapters.Transient, CodeBadReply, "the token endpoint's answer holds no access_token", parse)
	}
	life := time.Duration(min(max(got.ExpiresIn, 0), 30*24*3600) * float64(time.Second))
	if life == 0 {
		life = 5 * time.Minute // RFC 6749 leaves it open
	}
	now := a.now()
	return token{value: got.Token, got: now, until: now.Add(life - min(life/5, time.Minute))}, nil
}

// tokenURL is the token endpoint: absolute, or a path under the endpoint's URL.
func tokenURL(endpoint, address string) (string, error) {
	if !strings.HasPrefix(address, "/") {
		return address, nil
	}
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	u.RawQuery = ""
	return u.JoinPath(address).String(), nil
}

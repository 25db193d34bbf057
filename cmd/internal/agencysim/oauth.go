package agencysim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// tokens issues access tokens that carry their own expiry and need no memory.
type tokens struct {
	key  []byte
	life time.Duration
}

func newTokens(seed uint64, life time.Duration) tokens {
	return tokens{binary.LittleEndian.AppendUint64([]byte("agencysim"), seed), life}
}

func (t tokens) sign(expiry []byte) []byte {
	m := hmac.New(sha256.New, t.key)
	m.Write(expiry)
	return m.Sum(nil)
}

func (t tokens) issue(now time.Time) string {
	expiry := binary.BigEndian.AppendUint64(nil, uint64(now.Add(t.life).UnixNano()))
	return base64.RawURLEncoding.EncodeToString(append(expiry, t.sign(expiry)...))
}

func (t tokens) holds(token string, now time.Time) bool {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(raw) < 8 {
		return false
	}
	return hmac.Equal(raw[8:], t.sign(raw[:8])) && now.Before(time.Unix(0, int64(binary.BigEndian.Uint64(raw))))
}

// token answers the token endpoint (RFC 6749 §4.4): client credentials by Basic or in the form.
func (s *social) token(r *http.Request, body []byte) call {
	fail := func(status int, code, text string) call {
		rep := s.answer(status, map[string]string{"error": code, "error_description": text})
		if status == http.StatusUnauthorized {
			rep.header = http.Header{"Www-Authenticate": {`Basic realm="social"`}}
		}
		return refuse(opToken, messageID{}, rep)
	}
	if r.Method != http.MethodPost {
		return fail(http.StatusBadRequest, "invalid_request", "POST it")
	}
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	form, formErr := url.ParseQuery(string(body))
	if err != nil || kind != "application/x-www-form-urlencoded" || formErr != nil {
		return fail(http.StatusBadRequest, "invalid_request", "the body must be a form")
	}
	if g := form.Get("grant_type"); g != "client_credentials" {
		return fail(http.StatusBadRequest, "unsupported_grant_type", "only client_credentials, not "+g)
	}
	id, secret, ok := r.BasicAuth()
	if ok { // RFC 6749 §2.3.1: both are form-encoded before Basic
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = form.Get("client_id"), form.Get("client_secret")
	}
	if id+":"+secret != s.login {
		return fail(http.StatusUnauthorized, "invalid_client", "unknown client or wrong secret")
	}
	now := s.now()
	rep := s.answer(http.StatusOK, map[string]any{"access_token": s.tokens.issue(now), "token_type": "Bearer",
		"expires_in": max(1, int(s.tokens.life/time.Second)), "scope": "applications"})
	rep.header = http.Header{"Cache-Control": {"no-store"}}
	return refuse(opToken, messageID{}, rep)
}

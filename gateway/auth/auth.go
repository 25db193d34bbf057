// Package auth says who is calling. Every door asks for a bearer token that belongs to one portal client,
// one agency or one operator; a token of one kind opens no door of another.
//
// Tokens are kept as SHA-256 hashes only. They are long random strings, so a slow password hash would add
// nothing but load.
package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Kind is which sort of caller a token belongs to, and so which door it opens.
type Kind string

// The kinds of caller.
const (
	Client   Kind = "client"   // a portal: the portal door
	Agency   Kind = "agency"   // an agency's system: the push door, its own paths only
	Operator Kind = "operator" // a person or script that runs the hub: the operators' door
)

// MinToken is the shortest token that is taken, in bytes: what is shorter can be guessed.
const MinToken = 16

// Token is the hash of a bearer token.
type Token [sha256.Size]byte

// NewToken hashes a bearer token; it refuses one that is short or could never arrive in a header.
func NewToken(token string) (Token, error) {
	if len(token) < MinToken {
		return Token{}, fmt.Errorf("a token needs at least %d characters; `openssl rand -hex 32` makes a good one", MinToken)
	}
	for _, c := range []byte(token) {
		if c <= ' ' || c > '~' {
			return Token{}, errors.New("a token holds a space, a control character or a letter outside ASCII, which no header can carry")
		}
	}
	return sha256.Sum256([]byte(token)), nil
}

// ParseHash reads a token's SHA-256 in hexadecimal, as `printf %s TOKEN | sha256sum` prints it.
func ParseHash(s string) (Token, error) {
	var t Token
	if b, err := hex.DecodeString(s); err != nil || len(b) != len(t) {
		return t, errors.New("want 64 hexadecimal digits, as `printf %s TOKEN | sha256sum` prints them")
	} else {
		copy(t[:], b)
	}
	return t, nil
}

// Entry is one caller and the tokens it may show; several, so that one can be replaced without a gap.
type Entry struct {
	Kind   Kind
	Name   string
	Tokens []Token
}

// Directory knows all callers. It is immutable; the zero value lets nobody in.
type Directory struct {
	entries []Entry
}

// New makes a directory. A token that would mean two callers is refused: nobody could say who calls.
func New(entries ...Entry) (*Directory, error) {
	owners := map[Token]Entry{}
	for _, e := range entries {
		for _, t := range e.Tokens {
			if o, ok := owners[t]; ok && (o.Kind != e.Kind || o.Name != e.Name) {
				return nil, fmt.Errorf("%s %s and %s %s have the same token; give each its own", o.Kind, o.Name, e.Kind, e.Name)
			}
			owners[t] = e
		}
	}
	return &Directory{entries: entries}, nil
}

// Identify returns the caller of that kind whose token the request shows. All tokens are compared, each in
// constant time, so that the time taken tells nothing about them.
func (d *Directory) Identify(kind Kind, r *http.Request) (name string, ok bool) {
	token, shown := bearer(r)
	if !shown || len(token) < MinToken {
		return "", false
	}
	sum := sha256.Sum256([]byte(token))
	for i := range d.entries {
		e := &d.entries[i]
		for j := range e.Tokens {
			if subtle.ConstantTimeCompare(sum[:], e.Tokens[j][:]) == 1 && e.Kind == kind {
				name, ok = e.Name, true
			}
		}
	}
	return name, ok
}

// bearer takes the token out of `Authorization: Bearer` (RFC 6750), or the password out of `Authorization: Basic`
// (RFC 7617), which is all that many agencies' SOAP stacks can send. A token in the URL is never taken: URLs are logged.
func bearer(r *http.Request) (string, bool) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return "", false // none, or two that may contradict each other
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	switch {
	case !ok:
		return "", false
	case strings.EqualFold(scheme, "Bearer"):
		return strings.TrimLeft(token, " "), true
	case strings.EqualFold(scheme, "Basic"):
		_, password, ok := r.BasicAuth()
		return password, ok
	}
	return "", false
}

// Require lets only callers of that kind through to next, which finds the name by Name. The others get
// `WWW-Authenticate` and what refuse writes: each door answers in its own protocol.
func (d *Directory) Require(kind Kind, next http.Handler, refuse http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := d.Identify(kind, r)
		if !ok {
			w.Header().Set("WWW-Authenticate", `Bearer realm="sluice"`)
			refuse.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r.WithContext(WithName(r.Context(), name)))
	})
}

type nameKey struct{}

// Name is the caller's name: the client, agency or operator whose token was shown; "" for an unauthenticated one.
func Name(ctx context.Context) string {
	name, _ := ctx.Value(nameKey{}).(string)
	return name
}

// WithName marks a context with the caller's name.
func WithName(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, nameKey{}, name)
}

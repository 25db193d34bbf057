package adapters

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
)

// Login is what Credentials name, looked up. It prints without its secret.
type Login struct {
	Credentials
	secret string
	tls    *tls.Config
}

// NewLogin makes credentials whose secret is at hand, for tests of what uses them.
func NewLogin(k Credentials, secret string) *Login { return &Login{Credentials: k, secret: secret} }

// lookUp resolves credentials; env finds environment variables.
func (k *Credentials) lookUp(env func(string) (string, bool)) (*Login, error) {
	l := &Login{Credentials: *k}
	if k.CA != "" {
		pem, err := k.CA.read(env)
		if err != nil {
			return nil, err
		}
		l.tls = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
		if !l.tls.RootCAs.AppendCertsFromPEM([]byte(pem)) {
			return nil, fmt.Errorf("%s holds no PEM certificate", k.CA)
		}
	}
	secret, err := k.From.read(env)
	if err != nil {
		return nil, err
	}
	switch k.Kind {
	case "mtls":
		pair, err := tls.X509KeyPair([]byte(secret), []byte(secret))
		if err != nil {
			return nil, fmt.Errorf("%s must hold a certificate and its key, in PEM: %w", k.From, err)
		}
		if l.tls == nil {
			l.tls = &tls.Config{MinVersion: tls.VersionTLS12}
		}
		l.tls.Certificates = []tls.Certificate{pair}
		return l, nil
	case "basic", "oauth2", "usernameToken":
		if name, _, ok := strings.Cut(secret, ":"); !ok || name == "" {
			return nil, fmt.Errorf("%s must read name:secret", k.From)
		}
	}
	if secret == "" {
		return nil, fmt.Errorf("%s is empty", k.From)
	}
	l.secret = secret
	return l, nil
}

// read fetches what a reference names, without white space around it.
func (r Reference) read(env func(string) (string, bool)) (string, error) {
	scheme, name, _ := strings.Cut(string(r), ":")
	if scheme == "env" {
		value, ok := env(name)
		if !ok {
			return "", fmt.Errorf("the environment variable %s is not set", name)
		}
		return strings.TrimSpace(value), nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("reading a secret: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// Pair splits "name:secret".
func (l *Login) Pair() (name, secret string) {
	name, secret, _ = strings.Cut(l.secret, ":")
	return name, secret
}

// Token is the bare secret of an API key or a bearer token.
func (l *Login) Token() string { return l.secret }

func (l *Login) String() string { return l.Kind + " from " + string(l.From) }

// GoString keeps the secret out of %#v too.
func (l *Login) GoString() string { return l.String() }

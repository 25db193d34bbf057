package config

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"sluice/gateway/auth"
)

// maxSecret bounds a secret's file, in bytes: a wrong path may lead anywhere.
const maxSecret = 64 << 10

// Secret refers to a secret that stands elsewhere: env:NAME or file:PATH; for a token also sha256:HASH, which tells
// nobody the token. It never holds the secret itself, so printing it is harmless.
type Secret struct {
	kind, value string
}

// UnmarshalText takes the reference and refuses what looks like the secret itself.
func (s *Secret) UnmarshalText(text []byte) error {
	kind, value, ok := strings.Cut(string(text), ":")
	switch {
	case !ok || value == "" || kind != "env" && kind != "file" && kind != "sha256":
		return errors.New("a secret stands in no file of the configuration; write env:NAME, file:PATH or, for a token, sha256:HASH")
	case kind == "sha256":
		if _, err := auth.ParseHash(value); err != nil {
			return fmt.Errorf("sha256: %w", err)
		}
	}
	*s = Secret{kind, value}
	return nil
}

// DescribeYAML names the type.
func (Secret) DescribeYAML() string { return "a reference to a secret: env:NAME, file:PATH" }

// IsZero says that none was given.
func (s Secret) IsZero() bool { return s.kind == "" }

func (s Secret) String() string { return s.kind + ":" + s.value }

// LogValue is the reference.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Resolve fetches the secret. The error names the reference, never the secret.
func (s Secret) Resolve(env func(string) (string, bool)) (string, error) {
	switch s.kind {
	case "env":
		v, ok := env(s.value)
		if !ok || v == "" {
			return "", fmt.Errorf("the environment variable %s is not set", s.value)
		}
		return v, nil
	case "file":
		info, err := os.Stat(s.value)
		if err != nil {
			return "", fmt.Errorf("reading a secret: %w", err)
		}
		if info.Size() > maxSecret {
			return "", fmt.Errorf("reading a secret: %s has %d bytes, which no secret has", s.value, info.Size())
		}
		b, err := os.ReadFile(s.value)
		if err != nil {
			return "", fmt.Errorf("reading a secret: %w", err)
		}
		v := strings.TrimRight(string(b), "\r\n")
		if v == "" {
			return "", fmt.Errorf("reading a secret: %s is empty", s.value)
		}
		return v, nil
	case "":
		return "", errors.New("no secret is given")
	}
	return "", errors.New("only the hash of this secret is known, and here the secret itself is needed")
}

// Token fetches a token's hash.
func (s Secret) Token(env func(string) (string, bool)) (auth.Token, error) {
	if s.kind == "sha256" {
		return auth.ParseHash(s.value)
	}
	v, err := s.Resolve(env)
	if err != nil {
		return auth.Token{}, err
	}
	return auth.NewToken(v)
}

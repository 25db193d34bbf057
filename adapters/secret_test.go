package adapters

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// identity makes a certificate with its key, in PEM.
func identity(t *testing.T) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hub"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})
}

func TestLookUp(t *testing.T) {
	dir := t.TempDir()
	file := func(name string, data []byte) Reference {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return Reference("file:" + path)
	}
	certificate, key := identity(t)
	whole, half := file("whole.pem", append(append([]byte{}, certificate...), key...)), file("half.pem", certificate)
	env := func(name string) (string, bool) {
		v, ok := map[string]string{"PAIR": " hub:s:cret\n", "BARE": "hunter2", "EMPTY": " "}[name]
		return v, ok
	}
	for _, row := range []struct {
		k    Credentials
		want string // of the error; "" is none
	}{
		{Credentials{Kind: "basic", From: "env:PAIR"}, ""},
		{Credentials{Kind: "bearer", From: "env:BARE"}, ""},
		{Credentials{Kind: "apiKey", From: file("key", []byte("hunter2\n"))}, ""},
		{Credentials{Kind: "mtls", From: whole, CA: half}, ""},
		{Credentials{Kind: "basic", From: "env:BARE"}, "env:BARE must read name:secret"},
		{Credentials{Kind: "bearer", From: "env:EMPTY"}, "env:EMPTY is empty"},
		{Credentials{Kind: "bearer", From: "env:ABSENT"}, "the environment variable ABSENT is not set"},
		{Credentials{Kind: "bearer", From: Reference("file:" + dir + "/absent")}, "no such file"},
		{Credentials{Kind: "mtls", From: half}, "must hold a certificate and its key"},
		{Credentials{Kind: "bearer", From: "env:BARE", CA: "env:PAIR"}, "env:PAIR holds no PEM certificate"},
	} {
		l, err := row.k.lookUp(env)
		switch {
		case row.want == "" && err != nil, row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s from %s: got %v, want %q", row.k.Kind, row.k.From, err, row.want)
		case err != nil && (strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "cret\n")):
			t.Errorf("the secret stands in %v", err)
		case row.want == "" && row.k.Kind == "basic":
			if name, secret := l.Pair(); name != "hub" || secret != "s:cret" {
				t.Errorf("the pair is %q and %q", name, secret)
			}
		case row.want == "" && row.k.Kind == "mtls":
			if a := (&Agency{logins: map[string]*Login{"main": l}}); len(a.TLS("main").Certificates) != 1 || a.TLS("main").RootCAs == nil || a.TLS("other") != nil {
				t.Error("the transport gets no certificate")
			}
		case row.want == "":
			if l.Token() != "hunter2" {
				t.Errorf("the token is %q", l.Token())
			}
		}
	}
}

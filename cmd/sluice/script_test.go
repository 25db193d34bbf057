package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"sluice": main})
}

// TestScripts runs the command line as a user does: every command, failures included.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: setup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"ready":  ready,
			"submit": submit,
		},
	})
}

// setup gives each script three free ports, and agencies that nobody answers for.
func setup(e *testscript.Env) error {
	samples, err := filepath.Abs("../../contracts/services/samples")
	if err != nil {
		return err
	}
	e.Setenv("SAMPLES", samples)
	for _, name := range []string{"PORTAL", "AGENCIES", "OPERATORS", "NOBODY"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close() // free again when the script begins
		e.Setenv(name, l.Addr().String())
	}
	for _, v := range []string{"ZAGS_CREDENTIALS=a:b", "TAX_API_KEY=k", "SOCIAL_CLIENT=a:b", "PENSION_CREDENTIALS=a:b",
		"PORTAL_TOKEN=portal-token-0123456789", "DUTY_TOKEN=duty-operator-token-0123"} {
		name, value, _ := strings.Cut(v, "=")
		e.Setenv(name, value)
	}
	e.Setenv("SLUICE_ENDPOINT_ZAGS_MOSCOW", "http://"+e.Getenv("NOBODY")+"/ws")
	return nil
}

// ready waits until the hub of the script serves: `ready`.
func ready(ts *testscript.TestScript, _ bool, _ []string) {
	deadline := time.Now().Add(20 * time.Second)
	for wait := 5 * time.Millisecond; ; wait *= 2 {
		resp, err := http.Get("http://" + ts.Getenv("OPERATORS") + "/readyz")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
			err = errors.New(resp.Status)
		}
		if time.Now().After(deadline) {
			ts.Fatalf("the hub is not ready: %v", err)
		}
		time.Sleep(wait) // the hub is another process: there is no signal to wait for
	}
}

// submit sends a sample request to the portals' door and keeps its id in $REQUEST: `submit family-composition`.
func submit(ts *testscript.TestScript, _ bool, args []string) {
	body, err := os.Open(filepath.Join(ts.Getenv("SAMPLES"), args[0]+".json"))
	ts.Check(err)
	defer body.Close()
	q, err := http.NewRequest("POST", "http://"+ts.Getenv("PORTAL")+"/v1/requests", body)
	ts.Check(err)
	q.Header.Set("Authorization", "Bearer "+ts.Getenv("PORTAL_TOKEN"))
	q.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(q)
	ts.Check(err)
	resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		ts.Fatalf("the hub answered %s", resp.Status)
	}
	ts.Setenv("REQUEST", resp.Header.Get("Location")[len("/v1/requests/"):])
}

// writeCertificate puts a certificate for loopback and its key into dir.
func writeCertificate(t *testing.T, dir string) (certificate, key string) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	der, err := x509.MarshalPKCS8PrivateKey(s.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	for file, block := range map[string]*pem.Block{
		certificate: {Type: "CERTIFICATE", Bytes: s.Certificate().Raw},
		key:         {Type: "PRIVATE KEY", Bytes: der},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}

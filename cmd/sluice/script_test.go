package main

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
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
			"ready":   ready,
			"submit":  submit,
			"push":    push,
			"gas":     gasNetwork,
			"replace": replace,
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
	folder, err := filepath.Abs("../../testdata/gas")
	if err != nil {
		return err
	}
	e.Setenv("GAS", folder)
	e.Values["gas"] = &gas{}
	for _, name := range []string{"PORTAL", "AGENCIES", "OPERATORS", "NOBODY"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close() // free again when the script begins
		e.Setenv(name, l.Addr().String())
	}
	for _, v := range []string{"ZAGS_CREDENTIALS=a:b", "TAX_API_KEY=k", "SOCIAL_CLIENT=a:b", "PENSION_CREDENTIALS=a:b",
		"PORTAL_TOKEN=portal-token-0123456789", "DUTY_TOKEN=duty-operator-token-0123",
		"GAS_TOKEN=gas-secret-0123456789", "GAS_PUSH_TOKEN=gas-push-token-0123456789"} {
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

// submit sends a request to the portals' door and keeps its id in $REQUEST: `submit FILE STATUS [PREFER]`. STATUS is what
// the hub answers; PREFER says how long to wait for the receipt, such as wait=10.
func submit(ts *testscript.TestScript, _ bool, args []string) {
	resp, body := post(ts, "http://"+ts.Getenv("PORTAL")+"/v1/requests", args[0], http.Header{
		"Authorization": {"Bearer " + ts.Getenv("PORTAL_TOKEN")}, "Content-Type": {"application/json"}, "Prefer": args[2:]})
	if !strings.HasPrefix(resp.Status, args[1]) {
		ts.Fatalf("the hub answered %s\n%s", resp.Status, body)
	}
	ts.Setenv("REQUEST", resp.Header.Get("Location")[len("/v1/requests/"):])
}

// push sends what an agency says by itself to the agencies' door: `[!] push AGENCY FILE CONTENT-TYPE`. The answer is kept
// in the file answer.
func push(ts *testscript.TestScript, neg bool, args []string) {
	token := ts.Getenv(strings.ToUpper(args[0]) + "_PUSH_TOKEN")
	resp, body := post(ts, "http://"+ts.Getenv("AGENCIES")+"/agencies/"+args[0], args[1], http.Header{
		"Authorization": {"Bearer " + token}, "Content-Type": {args[2]}})
	if ok := resp.StatusCode == http.StatusOK; ok == neg {
		ts.Fatalf("the hub answered %s\n%s", resp.Status, body)
	}
	ts.Check(os.WriteFile(ts.MkAbs("answer"), body, 0o644))
}

// replace changes a file: `replace OLD NEW FILE`. OLD must be there.
func replace(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[2])
	if !strings.Contains(text, args[0]) {
		ts.Fatalf("%s has no %q", args[2], args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(strings.ReplaceAll(text, args[0], args[1])), 0o644))
}

func post(ts *testscript.TestScript, url, file string, header http.Header) (*http.Response, []byte) {
	q, err := http.NewRequest("POST", url, strings.NewReader(ts.ReadFile(file)))
	ts.Check(err)
	q.Header = header
	resp, err := http.DefaultClient.Do(q)
	ts.Check(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	return resp, body
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

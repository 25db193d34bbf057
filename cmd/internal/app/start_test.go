package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/cmd/internal/config"
	"sluice/gateway/console"
	"sluice/gateway/store"
)

const loopback = "listen: { portal: { address: \"127.0.0.1:0\" }, agencies: { address: \"127.0.0.1:0\" }, operators: { address: \"127.0.0.1:0\" } }\n"

// workspace writes files into a new workspace.
func workspace(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestRefusesToStart holds each start that can't be to one error that says what and what to do.
func TestRefusesToStart(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, row := range []struct{ name, config, want string }{
		{"no such folder", "database: " + dir + "/none/sluice.db\n" + loopback, "none/sluice.db"},
		{"no database of ours", "database: " + file("text.db", strings.Repeat("this is no database, but it is long enough to be one.\n", 40), 0o600) + "\n" + loopback, "not a database of Sluice"},
		{"a folder", "database: " + dir + "\n" + loopback, dir},
		{"no server", "database: postgres://sluice@127.0.0.1:1/sluice\n" + loopback, "opening the database sluice on 127.0.0.1:1: the store is unavailable: the server can't be reached"},
		{"a port in use", fmt.Sprintf("database: %s\nlisten: { portal: { address: %q } }\n", filepath.Join(dir, "a.db"), taken.Addr()), "listen.portal.address"},
		{"a workspace that is not there", "database: " + filepath.Join(dir, "b.db") + "\nworkspaces: [" + dir + "/none]\n" + loopback, "opening a workspace"},
		{"a file as a workspace", "database: " + filepath.Join(dir, "b.db") + "\nworkspaces: [" + file("ws", "", 0o600) + "]\n" + loopback, "is not a folder"},
		{"nothing to serve", "database: " + filepath.Join(dir, "c.db") + "\nbuiltIn: false\n" + loopback, "no agency can be served"},
		{"a token that is not set", "database: " + filepath.Join(dir, "d.db") + "\nclients: { portal: { token: env:NOT_SET } }\n" + loopback, "clients.portal.token: the environment variable NOT_SET is not set"},
		{"one token for two", "database: " + filepath.Join(dir, "e.db") + "\nclients: { a: { token: env:PORTAL }, b: { token: env:PORTAL } }\n" + loopback, "client a and client b have the same token"},
		{"a webhook's secret", "database: " + filepath.Join(dir, "f.db") + "\nclients: { a: { token: env:PORTAL, webhook: { url: \"http://127.0.0.1/\", secret: env:OTHER } } }\n" + loopback, "clients.a.webhook.secret"},
		{"a certificate that is not there", "database: " + filepath.Join(dir, "g.db") + "\nlisten: { portal: { address: \"127.0.0.1:0\", certificate: none.pem, key: none.pem } }\n", "certificate of the portal door"},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, err := tryApp(row.config, io.Discard)
			if err == nil {
				a.Close() //nolint:errcheck // the test has failed
				t.Fatal("it started")
			}
			if !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			for _, secret := range secrets {
				if strings.Contains(err.Error(), secret) {
					t.Errorf("the error shows a secret: %v", err)
				}
			}
		})
	}
}

func TestReadOnlyDatabase(t *testing.T) {
	if !asUserWhomModesBind(t) {
		return
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "sluice.db")
	a := openApp(t, "database: "+path+"\n"+loopback, io.Discard)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := tryApp("database: "+path+"\n"+loopback, io.Discard); err == nil || !strings.Contains(err.Error(), "read-only") {
		t.Errorf("got %v", err)
	}
}

// TestBrokenAgencyLeavesTheOthers starts with one corrupt agency: it is told loudly, the others are served.
func TestBrokenAgencyLeavesTheOthers(t *testing.T) {
	t.Parallel()
	for name, files := range map[string]map[string]string{
		"a manifest":  {"adapters/harbour/adapter.yaml": "agency: harbour\nprotcol: soap\n"},
		"no YAML":     {"adapters/harbour/adapter.yaml": "\x00\x01: ["},
		"a contract":  {"adapters/harbour/adapter.yaml": "agency: harbour\ntitle: { ru: Порт, en: Harbour }\nprotocol: soap\ncontract: harbour/none.wsdl\nendpoints: { a: { url: \"http://127.0.0.1:1/\" } }\nservices: { snils-check: { operation: X, mapping: harbour/x.yaml, resend: safe } }\n"},
		"credentials": {"adapters/harbour/adapter.yaml": "agency: harbour\ntitle: { ru: Порт, en: Harbour }\nprotocol: soap\ncontract: harbour/none.wsdl\ncredentials: { kind: basic, from: env:NOT_SET }\nendpoints: { a: { url: \"http://127.0.0.1:1/\" } }\nservices: { snils-check: { operation: X, mapping: harbour/x.yaml, resend: safe } }\n"},
		"a service":   {"contracts/services/berth.schema.json": "{"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log := &syncBuffer{}
			text := "database: " + filepath.Join(t.TempDir(), "sluice.db") + "\nworkspaces: [" + workspace(t, files) + "]\n" + loopback
			a := openApp(t, text, log)
			defer a.Close() //nolint:errcheck // its errors are other tests' affair
			if n := len(a.parts.registry.Agencies()); n != 4 {
				t.Errorf("%d agencies are served", n)
			}
			if !strings.Contains(log.String(), "level=ERROR") {
				t.Errorf("the log says nothing: %s", log)
			}
			var agencies console.Check
			for _, c := range a.Checks(context.Background()) {
				if c.Name == "agencies" {
					agencies = c
				}
			}
			if agencies.OK || !agencies.Degraded || agencies.Detail == "" {
				t.Errorf("readiness says %+v", agencies)
			}
			user, problems := config.Load("sluice.yaml", []byte(text), nil)
			if problems.Err() != nil {
				t.Fatal(problems)
			}
			if found := Check(context.Background(), Config{User: user, Env: env}); found.Err() == nil {
				t.Error("--check finds nothing wrong")
			}
		})
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "sluice.db")
	text := "database: " + path + "\nclients: { portal: { token: env:PORTAL } }\n" + loopback
	user, _ := config.Load("sluice.yaml", []byte(text), nil)
	if problems := Check(context.Background(), Config{User: user, Env: env}); len(problems) > 0 {
		t.Errorf("all is well, and it says %v", problems)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("looking left %v behind", left)
	}
	a := openApp(t, text, io.Discard)
	if problems := Check(context.Background(), Config{User: user, Env: env}); len(problems) > 0 {
		t.Errorf("beside a hub that runs: %v", problems)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if problems := Check(context.Background(), Config{User: user, Env: env}); len(problems) > 0 {
		t.Errorf("a database that is there: %v", problems)
	}
	user, _ = config.Load("sluice.yaml", []byte("database: "+dir+"/none/x.db\nagencies: { zgas: { token: env:ZAGS } }\nlisten: { portal: { certificate: none.pem, key: none.pem } }\n"), nil)
	problems := Check(context.Background(), Config{User: user, Env: env}).Error()
	for _, want := range []string{"none/x.db", `did you mean "zags"?`, "listen.portal: open none.pem"} {
		if !strings.Contains(problems, want) {
			t.Errorf("no %q in\n%s", want, problems)
		}
	}
}

// TestStop ends the hub while a caller waits for a receipt that does not come: the answer comes at once, not when the
// time for stopping is over, and the database can be opened again.
func TestStop(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sluice.db")
	text := "database: " + path + "\nclients: { portal: { token: env:PORTAL } }\nstop: 60s\n" + loopback
	a := openApp(t, text, io.Discard, "SLUICE_ENDPOINT_ZAGS_MOSCOW=http://127.0.0.1:1")
	stored := make(chan struct{}, 1)
	a.store.OnCommit(func(c store.Commit) {
		if len(c.Lanes) > 0 {
			select {
			case stored <- struct{}{}:
			default:
			}
		}
	})
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()

	q, err := http.NewRequest("POST", a.PortalURL()+"/v1/requests", strings.NewReader(sample(t, "family-composition")))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range map[string]string{"Authorization": "Bearer " + secrets["PORTAL"], "Content-Type": "application/json", "Prefer": "wait=50"} {
		q.Header.Set(k, v)
	}
	answered := make(chan string, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		resp, err := client.Do(q)
		if err != nil {
			answered <- err.Error()
			return
		}
		resp.Body.Close()
		answered <- resp.Status
	}()
	select {
	case <-stored:
	case <-time.After(10 * time.Second):
		t.Fatal("the request was never stored")
	}
	stop()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(15 * time.Second):
		t.Fatal("it does not end")
	}
	if got := <-answered; got != "202 Accepted" {
		t.Errorf("the caller who waited got %s", got)
	}
	again := openApp(t, text, io.Discard)
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// TestBadHTTP sends to each real door what package listen refuses, and sees that the others are served.
func TestBadHTTP(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, door := range r.doors {
		c, err := net.Dial("tcp", door.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(10 * time.Second)) //nolint:errcheck // a TCP connection takes deadlines
		fmt.Fprintf(c, "POST /v1/requests HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
		all := bufio.NewReader(c)
		line, err := all.ReadString('\n')
		if err != nil || !strings.HasPrefix(line, "HTTP/1.1 400") {
			t.Errorf("%s: %q %v", door.name, line, err)
		}
		if _, err := io.Copy(io.Discard, all); err != nil {
			t.Errorf("%s: the connection was not closed: %v", door.name, err)
		}
	}
	if a := r.call("GET", r.PortalURL()+"/v1/services", "PORTAL", ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := r.call("POST", r.PortalURL()+"/v1/requests", "PORTAL", `{"x":"`+strings.Repeat("x", 17<<20)+`"}`); a.status != 413 {
		t.Errorf("an oversized body: %d %.300s", a.status, a.body)
	}
}

// TestNotReady takes the database away under an App that is not run, and sees readiness say both.
func TestNotReady(t *testing.T) {
	a := openApp(t, "database: "+filepath.Join(t.TempDir(), "sluice.db")+"\n"+loopback, io.Discard)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	wrong := map[string]bool{}
	for _, c := range a.Checks(context.Background()) {
		wrong[c.Name] = !c.OK
	}
	for _, name := range []string{"database", "delivery", "events", "door portal", "door agencies", "door operators"} {
		if !wrong[name] {
			t.Errorf("%s is said to be well", name)
		}
	}
	if wrong["agencies"] {
		t.Error("the agencies are whole")
	}
}

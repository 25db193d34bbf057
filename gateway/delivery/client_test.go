package delivery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"sluice/adapters"
)

// clientOf makes the client of one endpoint at address, with small bounds.
func clientOf(t *testing.T, address string) *http.Client {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	client, closeIdle := newClient(clientConfig{Concurrency: 2, MaxReply: 1000, Hosts: map[string]bool{u.Host: true}})
	t.Cleanup(closeIdle)
	return client
}

func post(ctx context.Context, client *http.Client, url, body string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Idempotency-Key", "the transport must not read it as leave to send again")
	req.Header.Set("Authorization", "Basic c2VjcmV0")
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// hijack takes over the connection of a request whose body has been read.
func hijack(w http.ResponseWriter, r *http.Request) *net.TCPConn {
	io.Copy(io.Discard, r.Body)
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	return conn.(*net.TCPConn)
}

// reset breaks the connection with a RST after some bytes.
func reset(w http.ResponseWriter, r *http.Request, bytes string) {
	conn := hijack(w, r)
	io.WriteString(conn, bytes)
	conn.SetLinger(0)
	conn.Close()
}

func TestClientClassifiesWhatBreaks(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hang":
			io.Copy(io.Discard, r.Body)
			arrived <- struct{}{}
			<-release
		case "/reset":
			reset(w, r, "")
		case "/truncated":
			reset(w, r, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\npartial")
		case "/declared":
			w.Header().Set("Content-Length", "1001")
			w.Write(make([]byte, 1001))
		case "/endless":
			for {
				if _, err := w.Write(make([]byte, 4096)); err != nil {
					return
				}
			}
		case "/exact":
			w.Write(make([]byte, 1000))
		case "/redirect":
			http.Redirect(w, r, "/exact", http.StatusTemporaryRedirect)
		}
	}))
	defer server.Close()
	defer close(release)
	client := clientOf(t, server.URL)

	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + closed.Addr().String()
	closed.Close()

	for _, c := range []struct {
		name, url, code string
		class           adapters.Class
		server          bool
		length          int
	}{
		{name: "an address that the manifest lacks", url: nobody, code: "egress_refused", class: adapters.Permanent},
		{name: "no answer", url: server.URL + "/hang", code: "timeout", class: adapters.Ambiguous, server: true},
		{name: "reset", url: server.URL + "/reset", code: "reset", class: adapters.Ambiguous, server: true},
		{name: "reset in the body", url: server.URL + "/truncated", code: "reset", class: adapters.Ambiguous, server: true, length: 7},
		{name: "too large, declared", url: server.URL + "/declared", code: "reply_too_large", class: adapters.Ambiguous, server: true},
		{name: "too large, endless", url: server.URL + "/endless", code: "reply_too_large", class: adapters.Ambiguous, server: true, length: 1000},
		{name: "just as large as allowed", url: server.URL + "/exact", length: 1000},
		{name: "redirect is an answer", url: server.URL + "/redirect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			go func() {
				select {
				case <-arrived:
					cancel(context.DeadlineExceeded)
				case <-ctx.Done():
				}
			}()
			body, err := post(ctx, client, c.url, "<a/>")
			if len(body) != c.length && c.length > 0 {
				t.Errorf("read %d bytes, want %d", len(body), c.length)
			}
			if c.code == "" {
				if err != nil {
					t.Errorf("failed: %v", err)
				}
				return
			}
			var got *adapters.Error
			if !errors.As(err, &got) {
				t.Fatalf("not classified: %v", err)
			}
			if got.Class != c.class || got.Code != c.code || got.Server != c.server {
				t.Errorf("got %v, server %v; want %v %s, server %v", got, got.Server, c.class, c.code, c.server)
			}
		})
	}
}

func TestClientCannotConnect(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + closed.Addr().String()
	closed.Close()
	_, err = post(t.Context(), clientOf(t, address), address, "<a/>")
	var got *adapters.Error
	if !errors.As(err, &got) || got.Class != adapters.Transient || got.Code != "connect" || !got.Server {
		t.Errorf("a refused connection is %v", err)
	}
}

func TestClientTellsItsOwnInterruption(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		close(arrived)
		<-release
	}))
	defer server.Close()
	defer close(release)
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-arrived
		cancel(errInterrupted)
	}()
	_, err := post(ctx, clientOf(t, server.URL), server.URL, "<a/>")
	var got *adapters.Error
	if !errors.As(err, &got) || got.Class != adapters.Ambiguous || got.Code != "interrupted" || got.Server {
		t.Errorf("an interrupted attempt is %v", err)
	}
}

// A connection that the agency closes without an answer must not lead to a second request in silence.
func TestClientNeverSendsTwice(t *testing.T) {
	var served atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if served.Add(1) == 1 {
			fmt.Fprint(w, "warm") // the connection is reused from here on
			return
		}
		hijack(w, r).Close()
	}))
	defer server.Close()
	client := clientOf(t, server.URL)
	if _, err := post(t.Context(), client, server.URL, "<a/>"); err != nil {
		t.Fatal(err)
	}
	if _, err := post(t.Context(), client, server.URL, "<a/>"); err == nil {
		t.Error("a connection closed without an answer is no error")
	}
	if n := served.Load(); n != 2 {
		t.Errorf("the agency saw %d requests, 2 were made", n)
	}
}

func TestRecorderKeepsTheWireWithoutCredentials(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/token" {
			fmt.Fprint(w, `{"access_token": "abc.def", "expires_in": 60}`)
			return
		}
		w.Header().Set("Set-Cookie", "session=abc.def")
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, "<Принято/>")
	}))
	defer server.Close()
	client := clientOf(t, server.URL)
	rec := &recorder{limit: 600}
	ctx := withRecorder(t.Context(), rec)

	if _, err := post(ctx, client, server.URL+"/token", "client_id=hub&client_secret=abc.def"); err != nil {
		t.Fatal(err)
	}
	sent, received, _ := rec.wire()
	for _, wire := range [][]byte{sent, received} {
		if strings.Contains(string(wire), "abc.def") || strings.Contains(string(wire), "c2VjcmV0") {
			t.Errorf("a credential is kept: %s", wire)
		}
	}

	body := `<wsse:Password Type="#PasswordText">abc.def</wsse:Password><Имя>Анна</Имя>` + strings.Repeat("x", 1000)
	if _, err := post(ctx, client, server.URL, body); err != nil {
		t.Fatal(err)
	}
	sent, received, status := rec.wire()
	if status != http.StatusAccepted {
		t.Errorf("status %d", status)
	}
	for what, found := range map[string]bool{
		"the password is masked":      !strings.Contains(string(sent), "abc.def") && strings.Contains(string(sent), "***</wsse:Password>"),
		"the body is kept":            strings.Contains(string(sent), "<Имя>Анна</Имя>"),
		"the authorization is masked": strings.Contains(string(sent), "Authorization: ***"),
		"the record is bounded":       len(sent) <= 600,
		"the answer is kept":          strings.Contains(string(received), "<Принято/>"),
		"the cookie is masked":        !strings.Contains(string(received), "session"),
	} {
		if !found {
			t.Errorf("not so: %s\nsent: %s\nreceived: %s", what, sent, received)
		}
	}
	if !rec.watch.Sent() {
		t.Error("the recorder does not know that bytes went out")
	}
}

// Package adaptertest is the conformance kit that every adapter passes: it plays an agency that misbehaves, as a real
// HTTP server on loopback, and holds the adapter to the class that each misbehaviour has. What the engine does about a
// delivery rests on these classes alone.
package adaptertest

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/contracts/tree"
)

// Kit is one service of an agency, as the kit tests it.
type Kit struct {
	Agency  *adapters.Agency
	Service string
	Request []byte // a canonical request
	Reply   Reply  // a valid answer to it
	Fault   Reply  // a server-side error in the agency's own form, which the kit sends in HTTP 200; empty when it has none
}

// Reply is an HTTP answer.
type Reply struct {
	Status      int // 0 is 200
	ContentType string
	Body        []byte
}

// Run holds the adapter to everything that the hub relies on.
func Run(t *testing.T, k Kit) {
	t.Run("answered", k.answered)
	t.Run("concurrent", k.concurrent)
	t.Run("ended before it began", k.cancelled)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { k.misbehave(t, c) })
	}
	t.Run("connection refused", k.refused)
	t.Run("certificate not trusted", k.untrusted)
	if k.Fault.Body != nil {
		t.Run("fault in HTTP 200", func(t *testing.T) {
			k.misbehave(t, behaviour{class: adapters.Transient, server: true, play: func(w http.ResponseWriter, _ *http.Request, k Kit) {
				k.Fault.Status = http.StatusOK
				k.Fault.send(w)
			}})
		})
	}
}

func (r Reply) send(w http.ResponseWriter) {
	w.Header().Set("Content-Type", r.ContentType)
	if r.Status != 0 {
		w.WriteHeader(r.Status)
	}
	w.Write(r.Body) //nolint:errcheck // the adapter may have gone
}

// agency is the scripted server. It gives out OAuth tokens, counts what it was sent and answers by play.
type agency struct {
	*httptest.Server
	mu     sync.Mutex
	bodies []string
}

func (k Kit) serve(t *testing.T, play func(http.ResponseWriter, *http.Request)) *agency {
	a := &agency{}
	a.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/oauth/token") {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"access_token":"t","token_type":"Bearer","expires_in":300}`) //nolint:errcheck
			return
		}
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		a.bodies = append(a.bodies, string(body))
		a.mu.Unlock()
		play(w, r)
	}))
	a.Config.ErrorLog = log.New(io.Discard, "", 0)
	a.Start()
	t.Cleanup(a.Close)
	return a
}

func (a *agency) seen() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.bodies
}

const messageID = "6b1d6c0e-5a3f-5d53-9d0e-3f2b8a1c4d77"

// client is like the hub's, without its bounds: an adapter has bounds of its own.
func client(t *testing.T) *http.Client {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (k Kit) submission(t *testing.T, url string) adapters.Submission {
	t.Helper()
	request, err := canonical.Parse(k.Request)
	if err != nil {
		t.Fatal(err)
	}
	name := ""
	for _, n := range k.Agency.EndpointNames() {
		if k.Agency.Manifest.Endpoints[n].Environment == "live" {
			name = n
			break
		}
	}
	return adapters.Submission{Request: request, Call: adapters.Call{Service: k.Service, MessageID: messageID,
		Endpoint: adapters.Endpoint{Name: name, URL: url}, Client: client(t)}}
}

func (k Kit) answered(t *testing.T) {
	a := k.serve(t, func(w http.ResponseWriter, _ *http.Request) { k.Reply.send(w) })
	receipt, err := k.Agency.Adapter.Submit(context.Background(), k.submission(t, a.URL))
	if err != nil {
		t.Fatal(err)
	}
	if receipt.ExternalID == "" {
		t.Error("the receipt has no number")
	}
	if len(receipt.Statuses) == 0 {
		t.Error("the receipt has no status")
	}
	seen := a.seen()
	if len(seen) != 1 {
		t.Fatalf("the agency was sent %d messages", len(seen))
	}
	if !strings.Contains(seen[0], messageID) && k.Agency.Services[k.Service].Resend != adapters.ResendOperator {
		t.Errorf("resend is %s, and the message does not hold its id:\n%s", k.Agency.Services[k.Service].Resend, seen[0])
	}
}

func (k Kit) concurrent(t *testing.T) {
	a := k.serve(t, func(w http.ResponseWriter, _ *http.Request) { k.Reply.send(w) })
	s := k.submission(t, a.URL)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, err := k.Agency.Adapter.Submit(context.Background(), s); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(a.seen()); n != 8 {
		t.Errorf("8 submissions made %d messages", n)
	}
}

func (k Kit) cancelled(t *testing.T) {
	a := k.serve(t, func(w http.ResponseWriter, _ *http.Request) { k.Reply.send(w) })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := k.Agency.Adapter.Submit(ctx, k.submission(t, a.URL))
	k.hold(t, err, behaviour{class: adapters.Transient, code: "interrupted"})
}

func (k Kit) refused(t *testing.T) {
	a := k.serve(t, func(http.ResponseWriter, *http.Request) {})
	url := a.URL
	a.Close()
	_, err := k.Agency.Adapter.Submit(context.Background(), k.submission(t, url))
	k.hold(t, err, behaviour{class: adapters.Transient, code: "connect", server: true})
}

func (k Kit) untrusted(t *testing.T) {
	a := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the agency was reached") }))
	a.Config.ErrorLog = log.New(io.Discard, "", 0)
	a.StartTLS()
	defer a.Close()
	_, err := k.Agency.Adapter.Submit(context.Background(), k.submission(t, a.URL))
	k.hold(t, err, behaviour{class: adapters.Transient, code: "tls", server: true})
}

func (k Kit) misbehave(t *testing.T, c behaviour) {
	bounded, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	ctx, timeIsOver := context.WithCancelCause(bounded)
	defer timeIsOver(nil)
	ended := make(chan struct{})
	a := k.serve(t, func(w http.ResponseWriter, r *http.Request) {
		if c.hangs {
			timeIsOver(context.DeadlineExceeded)
			<-ended
			return
		}
		c.play(w, r, k)
	})
	defer close(ended)
	s := k.submission(t, a.URL)
	before := allocated()
	_, err := k.Agency.Adapter.Submit(ctx, s)
	k.hold(t, err, c)
	limit := uint64(k.Agency.Manifest.Limits.Message)
	if took := allocated() - before; c.huge && took > 8*limit+1<<20 {
		t.Errorf("it allocated %d bytes, with limits.message of %d", took, limit)
	}
	most := 1
	if login := k.Agency.Manifest.Credentials; c.code == "unauthorized" && login != nil && login.Kind == "oauth2" {
		most = 2 // the token may have run out: once more, with another one
	}
	if n := len(a.seen()); n < 1 || n > most {
		t.Errorf("the agency was sent %d messages: an adapter never sends by itself again", n)
	}
}

// allocated is how many bytes the process has allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// hold compares an error with what it must be.
func (k Kit) hold(t *testing.T, err error, want behaviour) {
	t.Helper()
	var e *adapters.Error
	if !errors.As(err, &e) {
		t.Fatalf("got %v (%T), want an *adapters.Error of class %s", err, err, want.class)
	}
	if e.Class != want.class || want.code != "" && e.Code != want.code {
		t.Errorf("got %s %s (%s), want %s %s", e.Class, e.Code, e.Text, want.class, want.code)
	}
	if e.Server != want.server {
		t.Errorf("%s: counts against the breaker: %v, want %v", e.Text, e.Server, want.server)
	}
	if e.RetryAfter != want.retryAfter {
		t.Errorf("RetryAfter is %s, want %s", e.RetryAfter, want.retryAfter)
	}
	if e.Text == "" || e.Class == adapters.Permanent && (e.Remedy.RU == "" || e.Remedy.EN == "") {
		t.Errorf("an operator learns too little: %+v", e)
	}
	request, _ := canonical.Parse(k.Request)
	applicant, _ := request.Tree().Get("applicant").(*tree.Object)
	for _, key := range []string{"lastName", "snils", "inn"} {
		if secret, _ := applicant.Get(key).(string); secret != "" && strings.Contains(e.Error(), secret) {
			t.Errorf("the error names the citizen (%s): %s", key, e)
		}
	}
}

package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.uber.org/goleak"

	"sluice"
	"sluice/cmd/internal/agencysim"
	"sluice/cmd/internal/config"
	"sluice/cmd/internal/simulated"
	"sluice/contracts/canonical"
	"sluice/gateway/delivery"
	"sluice/gateway/store/postgres/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(pgtest.Main(m)) }

// The secrets of the tests; each must show up in no log.
var secrets = map[string]string{
	"PORTAL":   "portal-token-0123456789",
	"OTHER":    "other-portal-token-01234",
	"ZAGS":     "zags-push-token-01234567",
	"SOCIAL":   "social-push-token-012345",
	"DUTY":     "duty-operator-token-0123",
	"WEBHOOK":  "whsec_c2x1aWNlIHRlc3Qgd2ViaG9vayBzZWNyZXQgMDEyMzQ1",
	"WEBHOOK2": "whsec_b3RoZXIgdGVzdCB3ZWJob29rIHNlY3JldCAwMTIzNDU2",
	"DATABASE": pgtest.Password,
}

// rig is the whole hub in the test's process, with simulated agencies and a portal's webhook around it.
type rig struct {
	*App
	t      *testing.T
	sim    *agencysim.Sim
	client *http.Client
	log    *syncBuffer

	mu     sync.Mutex
	events map[string][]canonical.Event // by request id, in order of arrival
	heard  chan struct{}
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// newRig starts everything and stops it with the test; overrides replace variables of the environment. Personal data,
// secrets and times that are none in the log fail the test.
func newRig(t *testing.T, overrides ...string) *rig {
	t.Helper()
	r := &rig{t: t, log: &syncBuffer{}, events: map[string][]canonical.Event{}, heard: make(chan struct{}, 1),
		client: &http.Client{Transport: &http.Transport{}, Timeout: 20 * time.Second}}
	hook := httptest.NewServer(http.HandlerFunc(r.receive))
	var agencies atomic.Pointer[url.URL] // of the door, known once it is open
	front := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) { p.SetURL(agencies.Load()) }})
	var err error
	r.sim, err = agencysim.Start(context.Background(), agencysim.Config{
		StepDelay: 50 * time.Millisecond,
		Push: map[string]agencysim.Target{
			agencysim.ZAGS:   {URL: front.URL + "/agencies/zags", Token: secrets["ZAGS"]},
			agencysim.Social: {URL: front.URL + "/agencies/social/status", Token: secrets["SOCIAL"]},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	workspace := filepath.Join(dir, "workspace")
	pace := simulated.Pace{Attempt: 2 * time.Second, Open: time.Second, Settle: time.Second,
		First: time.Second, Every: time.Second, Quiet: 5 * time.Second}
	if err := simulated.Workspace(workspace, sluice.Workspace, r.sim.AgencyURL, pace); err != nil {
		t.Fatal(err)
	}
	r.App = openApp(t, fmt.Sprintf(`
database: %q
workspaces: [%q]
listen: { portal: { address: "127.0.0.1:0" }, agencies: { address: "127.0.0.1:0" }, operators: { address: "127.0.0.1:0" } }
clients:
  portal: { token: env:PORTAL, webhook: { url: %q, secret: env:WEBHOOK } }
  other: { token: env:OTHER }
agencies: { zags: { token: env:ZAGS }, social: { token: env:SOCIAL } }
operators: { duty: { token: env:DUTY } }
stop: 5s
`, filepath.Join(dir, "sluice.db"), workspace, hook.URL), r.log, overrides...)
	door, err := url.Parse(r.AgenciesURL())
	if err != nil {
		t.Fatal(err)
	}
	agencies.Store(door)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the hub ended with %v", err)
		}
		if err := r.sim.Close(); err != nil {
			t.Error(err)
		}
		hook.Close()
		front.Close()
		r.client.CloseIdleConnections()
		for _, word := range append([]string{"Пример", "156-842-739", "15684273901", "0001-01-01"}, values(secrets)...) {
			if strings.Contains(r.log.String(), word) {
				t.Errorf("the log holds %q:\n%.4000s", word, r.log.String())
			}
		}
		if t.Failed() {
			t.Logf("the log:\n%.8000s", r.log.String())
		}
	})
	return r
}

func values(m map[string]string) (list []string) {
	for _, v := range m {
		list = append(list, v)
	}
	return list
}

// openApp makes an App from a configuration's text, with the simulated agencies' credentials.
func openApp(t *testing.T, text string, log io.Writer, overrides ...string) *App {
	t.Helper()
	a, err := tryApp(text, log, overrides...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func tryApp(text string, log io.Writer, overrides ...string) (*App, error) {
	user, problems := config.Load("sluice.yaml", []byte(text), overrides)
	if err := problems.Err(); err != nil {
		return nil, err
	}
	look := func(name string) (string, bool) {
		for _, o := range overrides {
			if v, ok := strings.CutPrefix(o, name+"="); ok {
				return v, true
			}
		}
		return env(name)
	}
	return New(context.Background(), Config{User: user, Env: look, Log: slog.New(slog.NewTextHandler(log, nil)),
		Tune: func(c *delivery.Config) {
			c.Retry = delivery.Retry{First: 50 * time.Millisecond, Max: 200 * time.Millisecond}
		}})
}

func env(name string) (string, bool) {
	if v, ok := secrets[name]; ok {
		return v, true
	}
	v, ok := simulated.Credentials()[name]
	return v, ok
}

// receive is the portal's webhook.
func (r *rig) receive(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return
	}
	verify, err := standard.NewWebhook(secrets["WEBHOOK"])
	if err == nil {
		err = verify.Verify(body, q.Header)
	}
	var e canonical.Event
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	if err != nil {
		r.t.Errorf("an event that is none: %v: %s", err, body)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.events[e.Data.RequestID] = append(r.events[e.Data.RequestID], e)
	r.mu.Unlock()
	select {
	case r.heard <- struct{}{}:
	default:
	}
}

// told waits until an event of that type has come for the request, and returns all of the request's by then.
func (r *rig) told(requestID, kind string) []canonical.Event { return r.toldTimes(requestID, kind, 1) }

// toldTimes waits for so many events of that type.
func (r *rig) toldTimes(requestID, kind string, times int) []canonical.Event {
	r.t.Helper()
	deadline := time.NewTimer(20 * time.Second)
	defer deadline.Stop()
	for {
		r.mu.Lock()
		events := append([]canonical.Event(nil), r.events[requestID]...)
		r.mu.Unlock()
		n := 0
		for _, e := range events {
			if e.Type == kind {
				n++
			}
		}
		if n >= times {
			return events
		}
		select {
		case <-r.heard:
		case <-deadline.C:
			r.t.Fatalf("no %s of request %q; had %+v", kind, requestID, events)
		}
	}
}

// answer is an HTTP answer, read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) into(t *testing.T, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
}

// call sends one HTTP request; token names a secret, "" for none.
func (r *rig) call(method, url, token, body string, header ...string) answer {
	r.t.Helper()
	q, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+secrets[token])
	}
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		q.Header.Set(header[i], header[i+1])
	}
	resp, err := r.client.Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(b)}
}

// sample is a sound request for a service.
func sample(t *testing.T, service string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../../contracts/services/samples", service+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

package requests_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/delivery"
	"sluice/gateway/queue"
	"sluice/gateway/requests"
	"sluice/gateway/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

const manifest = `
agency: NAME
title: { ru: Пенсионный фонд, en: Pension fund }
protocol: scripted
contract: none.wsdl
endpoints:
  moscow: { url: "http://127.0.0.1:1", for: { region: ["77"] } }
  rest: { url: "http://127.0.0.1:2", for: { region: ["50", "78"] } }
  test: { url: "http://127.0.0.1:3", environment: test }
services:
  snils-check: { operation: check, resend: safe, cancel: { operation: withdraw }, status: { push: tell, poll: { operation: ask, quiet: 72h } } }
`

// scripted is an agency inside the test: what it answers is the test's to say.
type scripted struct {
	mu     sync.Mutex
	answer func(adapters.Submission) (adapters.Receipt, error)
}

func (s *scripted) Submit(_ context.Context, x adapters.Submission) (adapters.Receipt, error) {
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	return answer(x)
}

func (s *scripted) does(answer func(adapters.Submission) (adapters.Receipt, error)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *scripted) Poll(context.Context, adapters.Registered) (adapters.Receipt, error) {
	return adapters.Receipt{}, nil
}

func (s *scripted) Cancel(context.Context, adapters.Registered, string) (adapters.Receipt, error) {
	return adapters.Receipt{Statuses: []canonical.Status{{Code: canonical.Cancelled}}}, nil
}

// takes registers under a number made of the message id.
func takes(x adapters.Submission) (adapters.Receipt, error) {
	return adapters.Receipt{ExternalID: "N-" + x.MessageID}, nil
}

// hub is the service over a real store and a real engine.
type hub struct {
	*requests.Service
	t        *testing.T
	store    *sqlite.Store
	engine   *delivery.Engine
	agencies map[string]*scripted
	start    func()
}

func newHub(t *testing.T, names ...string) *hub {
	t.Helper()
	services, err := canonical.LoadServices(os.DirFS("../../contracts"))
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{t: t, agencies: map[string]*scripted{}}
	files := fstest.MapFS{}
	for _, name := range names {
		files["adapters/"+name+"/adapter.yaml"] = &fstest.MapFile{Data: []byte(strings.ReplaceAll(manifest, "NAME", name))}
		h.agencies[name] = &scripted{answer: takes}
	}
	drivers := map[string]adapters.Driver{"scripted": func(b *adapters.Build) (adapters.Adapter, error) { return h.agencies[b.Manifest.Agency], nil }}
	registry, err := adapters.Load(drivers, services, func(string) (string, bool) { return "", false }, adapters.Workspace{FS: files, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if h.store, err = sqlite.Open(t.Context(), sqlite.Config{Path: filepath.Join(t.TempDir(), "sluice.db")}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	quiet := slog.New(slog.DiscardHandler)
	h.engine, err = delivery.New(delivery.Config{Store: h.store, Queue: queue.NewMemory(0), Registry: registry, Log: quiet,
		Retry: delivery.Retry{First: 5 * time.Millisecond, Max: 20 * time.Millisecond}, Tick: 10 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	h.Service = requests.New(requests.Config{Store: h.store, Registry: registry, Services: services, Engine: h.engine, Log: quiet})
	h.start = sync.OnceFunc(func() {
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- h.engine.Run(ctx) }()
		t.Cleanup(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("the engine ended with %v", err)
			}
		})
	})
	return h
}

// body is the sample request, changed.
func body(t *testing.T, change func(tree map[string]any)) []byte {
	t.Helper()
	data, err := os.ReadFile("../../contracts/services/samples/snils-check.json")
	if err != nil {
		t.Fatal(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		t.Fatal(err)
	}
	tree["routing"] = map[string]any{"agency": "pension", "region": "77"}
	if change != nil {
		change(tree)
	}
	if data, err = json.Marshal(tree); err != nil {
		t.Fatal(err)
	}
	return data
}

func (h *hub) accept(change func(map[string]any)) canonical.RequestView {
	h.t.Helper()
	view, _, err := h.Accept(h.t.Context(), "portal", "", body(h.t, change))
	if err != nil {
		h.t.Fatal(err)
	}
	return view
}

// answered waits until the request's submission has been answered for good.
func (h *hub) answered(id string) canonical.RequestView {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	view, err := h.Wait(ctx, "portal", id)
	if err != nil || ctx.Err() != nil {
		h.t.Fatalf("waiting for request %s: %v, %v", id, err, ctx.Err())
	}
	return view
}

func (h *hub) stored(id string) *gateway.Request {
	h.t.Helper()
	r, err := h.store.Request(h.t.Context(), id)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

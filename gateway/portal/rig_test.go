package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"sluice/adapters"
	"sluice/adapters/builtin"
	"sluice/contracts/canonical"
	"sluice/contracts/jsonschema"
	"sluice/contracts/openapi"
	"sluice/gateway"
	"sluice/gateway/auth"
	"sluice/gateway/delivery"
	"sluice/gateway/problem"
	"sluice/gateway/queue"
	"sluice/gateway/requests"
	"sluice/gateway/store/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	portalToken = "portal-token-0123456789"
	otherToken  = "other-token-01234567890"
	agencyToken = "agency-token-0123456789"

	maxBody = 1 << 20
)

// rig is the door on a real server, over the real service, store and built-in agencies; nothing is sent, because the
// engine does not run. Every answer is held against openapi.yaml.
type rig struct {
	t       testing.TB
	url     string
	client  *http.Client
	handler http.Handler // what the server serves
	stop    func()       // begins to stop the hub
	store   *sqlite.Store
	api     *openapi.API
	steps   []step // the operations by method and path
}

type step struct {
	method string
	path   []string
	id     string
}

// newRig starts it; wrap, where given, puts something between the service and the store.
func newRig(t testing.TB, wrap func(requests.Store) requests.Store) *rig {
	t.Helper()
	ctx := context.Background()
	log := slog.New(slog.DiscardHandler)
	world, err := builtIn()
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(t.TempDir(), "sluice.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() }) //nolint:errcheck // a test may have closed it
	engine, err := delivery.New(delivery.Config{Store: store, Queue: queue.NewMemory(16), Registry: world.registry, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	var between requests.Store = store
	if wrap != nil {
		between = wrap(store)
	}
	directory, err := auth.New(entry(t, auth.Client, "portal", portalToken), entry(t, auth.Client, "other", otherToken), entry(t, auth.Agency, "zags", agencyToken))
	if err != nil {
		t.Fatal(err)
	}
	service := requests.New(requests.Config{Store: between, Registry: world.registry, Services: world.services, Engine: engine, Log: log})
	stopping, stop := context.WithCancel(ctx)
	t.Cleanup(stop)
	door := New(Config{Requests: service, Client: auth.Name, OpenAPI: canonical.OpenAPI(), MaxBody: maxBody, Stopping: stopping, Log: log})
	handler := directory.Require(auth.Client, door, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, problem.New(problem.Unauthenticated))
	}))
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)

	api, err := openapi.Load(fstest.MapFS{"door.json": {Data: canonical.OpenAPI()}}, "door.json")
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, url: server.URL, client: server.Client(), handler: handler, stop: stop, store: store, api: api}
	for _, id := range api.IDs() {
		op := r.operation(id)
		r.steps = append(r.steps, step{op.Method, strings.Split(op.Path, "/"), id})
	}
	return r
}

// builtIn loads the services and agencies of the repository, once for all tests.
var builtIn = sync.OnceValues(func() (w world, err error) {
	if w.services, err = canonical.LoadServices(os.DirFS("../../contracts")); err != nil {
		return w, err
	}
	credentials := func(name string) (string, bool) { return "user:password", !strings.HasPrefix(name, "SLUICE_") }
	w.registry, err = adapters.Load(builtin.Drivers(), w.services, credentials, adapters.Workspace{FS: os.DirFS("../.."), Name: "built-in"})
	return w, err
})

type world struct {
	services *canonical.Services
	registry *adapters.Registry
}

func entry(t testing.TB, kind auth.Kind, name, token string) auth.Entry {
	t.Helper()
	hash, err := auth.NewToken(token)
	if err != nil {
		t.Fatal(err)
	}
	return auth.Entry{Kind: kind, Name: name, Tokens: []auth.Token{hash}}
}

func (r *rig) operation(id string) *openapi.Operation {
	r.t.Helper()
	op, err := r.api.Operation(id)
	if err != nil {
		r.t.Fatal(err)
	}
	return op
}

// answer is what the door said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) view(t testing.TB) (v canonical.RequestView) {
	t.Helper()
	if err := json.Unmarshal(a.body, &v); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return v
}

// call asks the door. Headers are pairs; a later one of a name is added to the earlier. Without Authorization among
// them the portal's token goes along, and a body is JSON; either is left out where it is given as "".
func (r *rig) call(method, path string, body []byte, headers ...string) answer {
	r.t.Helper()
	var in io.Reader
	if body != nil {
		in = bytes.NewReader(body)
	}
	req, err := http.NewRequest(method, r.url+path, in)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	if _, ok := req.Header["Authorization"]; !ok {
		req.Header.Set("Authorization", "Bearer "+portalToken)
	}
	if _, ok := req.Header["Content-Type"]; !ok && body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, name := range []string{"Authorization", "Content-Type"} {
		if req.Header.Get(name) == "" {
			req.Header.Del(name)
		}
	}
	res, err := r.client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		r.t.Fatal(err)
	}
	r.hold(method, path, a)
	return a
}

// hold holds an answer against the description: its status, and its body against the schema.
func (r *rig) hold(method, path string, a answer) {
	r.t.Helper()
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(path, "/")
	for _, s := range r.steps {
		if s.method != method || len(s.path) != len(parts) {
			continue
		}
		same := true
		for i, p := range s.path {
			same = same && (strings.HasPrefix(p, "{") || p == parts[i])
		}
		if !same {
			continue
		}
		schema, known := r.operation(s.id).Replies[a.status]
		if !known {
			r.t.Errorf("%s %s: openapi.yaml does not know that %s answers %d", method, path, s.id, a.status)
			return
		}
		if schema == nil {
			return
		}
		tree, err := jsonschema.ParseJSON(a.body, jsonschema.Limits{})
		if err != nil {
			r.t.Errorf("%s %s: %v in %s", method, path, err, a.body)
			return
		}
		for _, v := range schema.Validate(tree) {
			r.t.Errorf("%s %s %d breaks openapi.yaml: %s %s\n%s", method, path, a.status, v.Pointer, v.EN, a.body)
		}
		return
	}
}

// sample is the sample request of a service.
func sample(t testing.TB, service string) []byte {
	t.Helper()
	data, err := os.ReadFile("../../contracts/services/samples/" + service + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// changed is the family's sample with the member at the slash-separated path set, or with nil left out.
func changed(t testing.TB, path string, value any) []byte {
	t.Helper()
	var root map[string]any
	if err := json.Unmarshal(sample(t, "family-composition"), &root); err != nil {
		t.Fatal(err)
	}
	at := root
	keys := strings.Split(path, "/")
	for _, key := range keys[:len(keys)-1] {
		switch next := at[key].(type) {
		case map[string]any:
			at = next
		case []any:
			at = next[0].(map[string]any)
		}
	}
	if last := keys[len(keys)-1]; value == nil {
		delete(at, last)
	} else {
		at[last] = value
	}
	out, err := json.Marshal(root)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// register records what the engine would once the agency has the request.
func (r *rig) register(id, number string, statuses ...canonical.Status) {
	r.t.Helper()
	now := time.Now()
	_, err := r.store.Update(context.Background(), id, func(q *gateway.Request) error {
		d := q.Deliveries[0]
		claim := gateway.Claim{DeliveryID: d.ID, Epoch: d.Epoch, Owner: "test"}
		if _, err := q.Begin(claim, now); err != nil {
			return err
		}
		return q.Register(claim, gateway.Exchange{StartedAt: now}, adapters.Receipt{ExternalID: number, Statuses: statuses}, now)
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

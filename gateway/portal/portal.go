// Package portal is the door for the portal core: submit a routed request, follow it, withdraw it, see what can be asked
// for. contracts/canonical/openapi.yaml describes it.
package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"sluice/contracts/canonical"
	"sluice/gateway/problem"
)

// Requests is what the door asks of package requests. Errors are *problem.Error.
type Requests interface {
	Accept(ctx context.Context, client, key string, body []byte) (view canonical.RequestView, created bool, err error)
	Get(ctx context.Context, client, id string) (canonical.RequestView, error)
	List(ctx context.Context, client string, f canonical.RequestFilter) (canonical.RequestPage, error)
	Cancel(ctx context.Context, client, id, reason string) (canonical.RequestView, error)
	Wait(ctx context.Context, client, id string) (canonical.RequestView, error)
	Services(ctx context.Context) []canonical.ServiceView
}

// Config is what the door works with.
type Config struct {
	Requests Requests
	Client   func(ctx context.Context) string // who calls; the door is behind authentication
	OpenAPI  []byte                           // the description, as JSON
	MaxBody  int64                            // bytes of a request; 16 MiB
	Stopping context.Context                  // ends when the hub begins to stop: nobody is kept waiting then
	Log      *slog.Logger                     // slog.Default()
}

// The bounds of what a caller may ask.
const (
	maxKey  = 255              // characters of an Idempotency-Key
	maxWait = 60 * time.Second // of Prefer: wait

	maxTrusted = 64 << 10 // bytes that are set aside because the caller says that so many will come
)

type door struct{ Config }

// New makes the door. It answers authenticated calls: the caller's name comes from Config.Client.
func New(c Config) http.Handler {
	if c.MaxBody <= 0 {
		c.MaxBody = 16 << 20
	}
	if c.Stopping == nil {
		c.Stopping = context.Background()
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	d := &door{c}
	mux := http.NewServeMux()
	for path, methods := range map[string]map[string]http.HandlerFunc{
		"/v1/requests":             {http.MethodPost: d.submit, http.MethodGet: d.list},
		"/v1/requests/{id}":        {http.MethodGet: d.show},
		"/v1/requests/{id}/cancel": {http.MethodPost: d.cancel},
		"/v1/services":             {http.MethodGet: d.services},
		"/openapi.json":            {http.MethodGet: d.openapi},
	} {
		mux.HandleFunc(path, d.choose(methods))
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { d.fail(w, r, problem.New(problem.NotFound)) })
	return mux
}

// choose picks the handler of a method; HEAD is GET without the body, which net/http leaves out.
func (d *door) choose(methods map[string]http.HandlerFunc) http.HandlerFunc {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost} {
		if methods[m] != nil {
			allowed = append(allowed, m)
		}
	}
	allow := strings.Join(allowed, ", ")
	return func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if h := methods[method]; h != nil {
			h(w, r)
			return
		}
		w.Header().Set("Allow", allow)
		d.fail(w, r, problem.New(problem.MethodNotAllowed))
	}
}

// fail answers with the problem in err; what is our own fault goes to the log too.
func (d *door) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problem.Of(err)
	if p.Code == problem.Internal || p.Code == problem.Unavailable {
		d.Log.ErrorContext(r.Context(), "a portal's call failed", "method", r.Method, "client", d.Client(r.Context()), "err", err)
	}
	problem.Write(w, r, p)
}

// submit takes a request: 202 once it is stored durably, 201 when the caller waited and the receipt is there.
func (d *door) submit(w http.ResponseWriter, r *http.Request) {
	key, err := idempotencyKey(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	wait, err := preferWait(r.Header)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	body, err := d.body(w, r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	view, _, err := d.Requests.Accept(r.Context(), d.Client(r.Context()), key, body)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	status := http.StatusAccepted
	if wait > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), wait)
		defer cancel()
		defer context.AfterFunc(d.Stopping, cancel)()
		// The request is stored: when its state can't be read now, the caller still gets what was accepted.
		if later, err := d.Requests.Wait(ctx, d.Client(r.Context()), view.ID); err == nil {
			view = later
		}
		w.Header().Set("Preference-Applied", "wait="+strconv.Itoa(int(wait.Seconds())))
		if registered(view) {
			status = http.StatusCreated
		}
	}
	w.Header().Set("Location", "/v1/requests/"+view.ID)
	d.request(w, r, status, view)
}

// registered tells whether every submission has its receipt.
func registered(v canonical.RequestView) bool {
	found := false
	for _, x := range v.Deliveries {
		if x.Kind == "submit" {
			found = true
			if x.State != "registered" {
				return false
			}
		}
	}
	return found
}

// body reads a JSON body within the bound.
func (d *door) body(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, problem.New(problem.UnsupportedMediaType)
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, problem.New(problem.UnsupportedMediaType)
	}
	var body bytes.Buffer
	body.Grow(int(min(max(r.ContentLength, 0), maxTrusted)) + bytes.MinRead)
	_, err = body.ReadFrom(http.MaxBytesReader(w, r.Body, d.MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, problem.New(problem.TooLarge).With(
			fmt.Sprintf("принимается не больше %d байт", d.MaxBody), fmt.Sprintf("at most %d bytes are taken", d.MaxBody))
	case err != nil:
		return nil, problem.New(problem.BadJSON).With("тело запроса оборвалось", "the body broke off").Because(err)
	}
	return body.Bytes(), nil
}

// request answers with a request's view; 304 where the caller has it already.
func (d *door) request(w http.ResponseWriter, r *http.Request, status int, view canonical.RequestView) {
	body, err := json.Marshal(view)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	tag := etag(view.Version, body)
	w.Header().Set("ETag", tag)
	if r.Method != http.MethodPost && matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	send(w, status, body)
}

// etag changes with everything that the portal sees of a request: what a delivery waits for changes with its endpoint,
// while the request and its version stay.
func etag(version int64, body []byte) string {
	h := fnv.New64a()
	h.Write(body)
	return fmt.Sprintf(`"%d-%x"`, version, h.Sum64())
}

// show answers how a request is.
func (d *door) show(w http.ResponseWriter, r *http.Request) {
	view, err := d.Requests.Get(r.Context(), d.Client(r.Context()), r.PathValue("id"))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.request(w, r, http.StatusOK, view)
}

// matches compares weakly, as If-None-Match does (RFC 9110 section 13.1.2).
func matches(header, tag string) bool {
	for _, t := range strings.Split(header, ",") {
		t = strings.TrimPrefix(strings.TrimSpace(t), "W/")
		if t == tag || t == "*" {
			return true
		}
	}
	return false
}

// cancel withdraws a request.
func (d *door) cancel(w http.ResponseWriter, r *http.Request) {
	reason, err := d.reason(w, r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	view, err := d.Requests.Cancel(r.Context(), d.Client(r.Context()), r.PathValue("id"), reason)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	status := http.StatusOK
	if view.State != "closed" {
		status = http.StatusAccepted // the agency is being told
	}
	d.request(w, r, status, view)
}

// services lists what can be asked for.
func (d *door) services(w http.ResponseWriter, r *http.Request) {
	d.answer(w, r, map[string]any{"items": d.Requests.Services(r.Context())})
}

func (d *door) openapi(w http.ResponseWriter, _ *http.Request) { send(w, http.StatusOK, d.OpenAPI) }

// answer answers 200 with v as JSON.
func (d *door) answer(w http.ResponseWriter, r *http.Request, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	send(w, http.StatusOK, body)
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store") // officers' names are in it
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // the reader is gone
}

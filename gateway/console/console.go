// Package console is the operators' door: health, readiness, metrics, and the API that the command line speaks.
// Only health and readiness answer without a token, and then without details.
package console

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/auth"
	"sluice/gateway/delivery"
	"sluice/gateway/problem"
	"sluice/gateway/store"
)

// Config is what the door works with.
type Config struct {
	Requests Requests
	Store    Store
	Engine   Engine
	Auth     *auth.Directory
	Checks   func(ctx context.Context) []Check // what serving needs, looked at anew
	Metrics  http.Handler
	Log      *slog.Logger // slog.Default()
}

// Requests is what the door asks of package requests; client "" is an operator.
type Requests interface {
	Get(ctx context.Context, client, id string) (canonical.RequestView, error)
	List(ctx context.Context, client string, f canonical.RequestFilter) (canonical.RequestPage, error)
	Cancel(ctx context.Context, client, id, reason string) (canonical.RequestView, error)
	DeliveryView(d *gateway.Delivery, open bool) canonical.DeliveryView
}

// Store is what the door reads by itself; see store.Store for what each method promises.
type Store interface {
	Attempts(ctx context.Context, deliveryID string) ([]gateway.Attempt, error)
	Deliveries(ctx context.Context, f store.DeliveryFilter) (store.Page[store.DeliveryItem], error)
	Causes(ctx context.Context) ([]store.Cause, error)
}

// Engine is what operators tell the delivery engine.
type Engine interface {
	Endpoints(ctx context.Context) ([]delivery.EndpointHealth, error)
	Hold(ctx context.Context, agency, endpoint, reason, by string) error
	Release(ctx context.Context, agency, endpoint, by string) error
	Replay(ctx context.Context, deliveryID, by string) (*gateway.Request, error)
}

// Check is one thing that serving needs, and how it is.
type Check struct {
	Name     string `json:"name"`
	OK       bool   `json:"ok"`
	Degraded bool   `json:"degraded,omitempty"` // not OK, and the rest can be served without it
	Detail   string `json:"detail,omitempty"`   // what is wrong and what to do; shown to operators only
}

type door struct {
	Config
}

// New makes the door.
func New(c Config) http.Handler {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	d := &door{c}
	admin := http.NewServeMux()
	admin.Handle("GET /metrics", c.Metrics)
	admin.HandleFunc("GET /v1/requests", d.listRequests)
	admin.HandleFunc("GET /v1/requests/{id}", d.showRequest)
	admin.HandleFunc("POST /v1/requests/{id}/cancel", d.cancelRequest)
	admin.HandleFunc("GET /v1/deliveries", d.listDeliveries)
	admin.HandleFunc("POST /v1/deliveries/{id}/replay", d.replayDelivery)
	admin.HandleFunc("GET /v1/causes", d.listCauses)
	admin.HandleFunc("GET /v1/endpoints", d.listEndpoints)
	admin.HandleFunc("POST /v1/endpoints/{agency}/{name}/hold", d.holdEndpoint)
	admin.HandleFunc("POST /v1/endpoints/{agency}/{name}/release", d.releaseEndpoint)
	admin.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { d.fail(w, r, unknown(admin, w, r)) })
	refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { d.fail(w, r, problem.New(problem.Unauthenticated)) })

	root := http.NewServeMux()
	root.HandleFunc("GET /healthz", func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, map[string]string{"status": "alive"})
	})
	root.HandleFunc("GET /readyz", d.ready)
	root.Handle("/", c.Auth.Require(auth.Operator, admin, refuse))
	return root
}

// unknown tells a wrong method from a wrong path: another method of the same path would have been found.
func unknown(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) error {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		other := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := mux.Handler(other); method != r.Method && pattern != "/" {
			w.Header().Set("Allow", method)
			return problem.New(problem.MethodNotAllowed)
		}
	}
	return problem.New(problem.NotFound)
}

// ready answers whether this node can serve: 200, also when something is degraded, or 503.
func (d *door) ready(w http.ResponseWriter, r *http.Request) {
	checks := d.Checks(r.Context())
	_, operator := d.Auth.Identify(auth.Operator, r)
	body := struct {
		Status string  `json:"status"` // ready, degraded or not ready
		Checks []Check `json:"checks"`
	}{"ready", checks}
	status := http.StatusOK
	for i := range checks {
		c := &checks[i]
		switch {
		case c.OK:
		case c.Degraded && body.Status == "ready":
			body.Status = "degraded"
		case !c.Degraded:
			body.Status, status = "not ready", http.StatusServiceUnavailable
		}
		if !operator {
			c.Detail = ""
		}
	}
	answer(w, status, body)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body) //nolint:errcheck // the reader is gone
}

// fail answers with the problem in err. What is nobody's fault but ours goes to the log, under no client's eyes.
func (d *door) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	if p.Code == problem.Internal || p.Code == problem.Unavailable {
		d.Log.ErrorContext(r.Context(), "an operator's call failed", "path", r.URL.Path, "operator", auth.Name(r.Context()), "error", err)
	}
	problem.Write(w, r, p)
}

// problemOf puts the errors of store, domain and engine into the error table's words.
func problemOf(err error) *problem.Error {
	var (
		known      *problem.Error
		transition *gateway.TransitionError
		endpoint   *delivery.UnknownEndpointError
	)
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &transition):
		return problem.New(problem.Conflict).With(transition.Error(), transition.Error())
	case errors.As(err, &endpoint):
		return problem.New(problem.NotFound).With("Такого адреса нет ни в одном манифесте.", "No manifest has this endpoint.")
	case errors.Is(err, store.ErrNotFound):
		return problem.New(problem.NotFound)
	case errors.Is(err, store.ErrBadCursor):
		return problem.New(problem.BadParameter).With("cursor: взят не из прошлой страницы.", "cursor: it is none of a former page's.")
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrClosed):
		return problem.New(problem.Unavailable).Because(err)
	}
	return problem.Of(err)
}

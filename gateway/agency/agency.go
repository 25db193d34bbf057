// Package agency is the door for what agencies send by themselves: POST /agencies/<agency>[/<push>], and
// GET /agencies/<agency>?wsdl for the contract. An agency's token opens its own paths only, and every answer, a
// refusal too, is in the protocol that the agency spoke.
package agency

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/gateway/auth"
	"sluice/gateway/problem"
)

// Config is what the door works with.
type Config struct {
	Agencies Agencies
	Apply    Apply
	Auth     *auth.Directory
	URL      string           // the door's address as agencies see it, for the contract's soap:address
	MaxBody  int64            // bytes of a push; 4 MiB
	Now      func() time.Time // time.Now
	Log      *slog.Logger     // slog.Default()
	Metrics  Metrics          // none
}

// Agencies finds an agency by its name; *adapters.Registry does.
type Agencies interface {
	Agency(name string) (*adapters.Agency, bool)
}

// Apply does what a push says; (*requests.Service).ApplyPush does.
type Apply func(ctx context.Context, agency string, p adapters.Push) (adapters.PushResult, error)

// Metrics is told of each push: outcome applied, duplicate, kept, or refused.
type Metrics interface {
	Push(agency, outcome string, took time.Duration)
}

type noMetrics struct{}

func (noMetrics) Push(string, string, time.Duration) {}

// door is the handler.
type door struct {
	Config
}

// New makes the door.
func New(c Config) http.Handler {
	if c.MaxBody <= 0 {
		c.MaxBody = 4 << 20
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Metrics == nil {
		c.Metrics = noMetrics{}
	}
	d := &door{c}
	mux := http.NewServeMux()
	mux.HandleFunc("/agencies/{agency}", d.serve)
	mux.HandleFunc("/agencies/{agency}/{push...}", d.serve)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { d.refuse(w, r, problem.New(problem.NotFound)) })
	refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.refuse(w, r, problem.New(problem.Unauthenticated).With("Нужен токен ведомства: Authorization: Bearer или пароль HTTP Basic.",
			"Send the agency's token: Authorization: Bearer, or as the password of HTTP Basic."))
	})
	return c.Auth.Require(auth.Agency, mux, refuse)
}

// serve takes what an authenticated agency sends or asks for.
func (d *door) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("agency")
	if name != auth.Name(r.Context()) {
		d.refuse(w, r, problem.New(problem.Forbidden).With("Токен выдан другому ведомству.", "The token is another agency's."))
		return
	}
	a, ok := d.Agencies.Agency(name)
	if !ok {
		d.refuse(w, r, problem.New(problem.NotFound).With("Такого ведомства здесь нет.", "No such agency is served here."))
		return
	}
	switch r.Method {
	case http.MethodPost:
		d.push(w, r, a)
	case http.MethodGet, http.MethodHead:
		d.contract(w, r, a)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		d.refuse(w, r, problem.New(problem.MethodNotAllowed))
	}
}

func (d *door) contract(w http.ResponseWriter, r *http.Request, a *adapters.Agency) {
	s, ok := a.Adapter.(adapters.ContractServer)
	if !ok || r.PathValue("push") != "" {
		d.refuse(w, r, problem.New(problem.NotFound).With("Контракта для чтения здесь нет.", "There is no contract to read here."))
		return
	}
	s.ServeContract(w, r, strings.TrimSuffix(d.URL, "/")+"/agencies/"+url.PathEscape(a.Name))
}

func (d *door) push(w http.ResponseWriter, r *http.Request, a *adapters.Agency) {
	receiver, ok := a.Adapter.(adapters.PushReceiver)
	if !ok {
		d.refuse(w, r, problem.New(problem.NotFound).With("От этого ведомства ничего не принимается.", "Nothing is taken from this agency."))
		return
	}
	body, err := d.read(w, r, a)
	if err != nil {
		d.refuse(w, r, err)
		return
	}
	started := d.Now()
	answer, result := d.receive(r.Context(), a, receiver, adapters.Incoming{Name: r.PathValue("push"), Header: r.Header, Body: body})
	took := d.Now().Sub(started)
	outcome := result.Outcome
	if answer.Err != nil {
		outcome = "refused"
		d.Log.WarnContext(r.Context(), "push refused", "agency", a.Name, "push", r.PathValue("push"), "bytes", len(body), "status", answer.Status, "reason", exchange.Describe(answer.Err))
	}
	d.Metrics.Push(a.Name, outcome, took)
	if answer.Status == 0 { // the adapter could make no answer at all
		d.refuse(w, r, problem.New(problem.Internal))
		return
	}
	if answer.ContentType != "" {
		w.Header().Set("Content-Type", answer.ContentType)
	}
	w.WriteHeader(answer.Status)
	w.Write(answer.Body) //nolint:errcheck // the agency is gone and will push again
}

// receive has the adapter take the push. A panic in it is that one push's failure.
func (d *door) receive(ctx context.Context, a *adapters.Agency, receiver adapters.PushReceiver, in adapters.Incoming) (answer adapters.Answer, result adapters.PushResult) {
	defer func() {
		if p := recover(); p != nil {
			d.Log.ErrorContext(ctx, "an adapter panicked over a push", "agency", a.Name, "panic", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			answer = adapters.Answer{Err: errors.New("the adapter panicked")}
		}
	}()
	answer = receiver.ReceivePush(ctx, in, func(ctx context.Context, p adapters.Push) (adapters.PushResult, error) {
		var err error
		result, err = d.Apply(ctx, a.Name, p)
		return result, err
	})
	return answer, result
}

// read takes the body, to the smaller of the door's and the manifest's bound.
func (d *door) read(w http.ResponseWriter, r *http.Request, a *adapters.Agency) ([]byte, error) {
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return nil, problem.New(problem.UnsupportedMediaType).With("Сжатие не поддерживается: уберите Content-Encoding.", "Compression is not supported: leave Content-Encoding out.")
	}
	limit := d.MaxBody
	if m := int64(a.Manifest.Limits.Message); m > 0 && m < limit {
		limit = m
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, problem.New(problem.TooLarge).With(fmt.Sprintf("Больше %d байт не принимается.", limit), fmt.Sprintf("More than %d bytes are not taken.", limit))
	case err != nil:
		return nil, problem.New(problem.BadParameter).With("Тело пришло не целиком.", "The body did not arrive whole.").Because(err)
	}
	return body, nil
}

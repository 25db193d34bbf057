// Package requests is what the hub does with a citizen's request: accept it, route it, show it, withdraw it,
// and take what agencies push about it.
package requests

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
)

// Config is what a Service works with.
type Config struct {
	Services *canonical.Services
	Now      func() time.Time // time.Now
	Log      *slog.Logger     // slog.Default()
}

// Service takes and shows requests. Its errors are *problem.Error. It is safe for concurrent use.
type Service struct{}

// New makes a service.
func New(c Config) *Service { return &Service{} }

var errNotBuilt = errors.New("not built yet")

// Accept takes a canonical request of a portal client: when it returns without an error the request is stored
// durably. created is false when the idempotency key brought back the request of an earlier call. key may be "".
func (s *Service) Accept(ctx context.Context, client, key string, body []byte) (view canonical.RequestView, created bool, err error) {
	return view, false, errNotBuilt
}

// Get shows a client's request; client "" is an operator, who sees every client's.
func (s *Service) Get(ctx context.Context, client, id string) (canonical.RequestView, error) {
	return canonical.RequestView{}, errNotBuilt
}

// List shows a page of a client's requests, newest first; client "" is an operator.
func (s *Service) List(ctx context.Context, client string, f canonical.RequestFilter) (canonical.RequestPage, error) {
	return canonical.RequestPage{}, errNotBuilt
}

// Cancel withdraws a request; client "" is an operator.
func (s *Service) Cancel(ctx context.Context, client, id, reason string) (canonical.RequestView, error) {
	return canonical.RequestView{}, errNotBuilt
}

// Wait waits until every delivery of the request has been answered for good — its receipt is there, or it is
// refused or dead — or ctx ends, and shows the request then. The end of ctx is no error.
func (s *Service) Wait(ctx context.Context, client, id string) (canonical.RequestView, error) {
	return canonical.RequestView{}, errNotBuilt
}

// ApplyPush applies what an agency said by itself to the agency's own request of that number.
func (s *Service) ApplyPush(ctx context.Context, agency string, p adapters.Push) (adapters.PushResult, error) {
	return adapters.PushResult{}, errNotBuilt
}

// Services lists what can be asked for, with the health of each endpoint that serves it.
func (s *Service) Services(ctx context.Context) []canonical.ServiceView { return nil }

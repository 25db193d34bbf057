// Package requests is what the hub does with a citizen's request: accept it, route it, show it, withdraw it,
// and take what agencies push about it. It stores and decides; sending is package delivery's.
package requests

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/delivery"
	"sluice/gateway/problem"
	"sluice/gateway/store"
)

// Config is what a Service works with.
type Config struct {
	Store    Store
	Registry Registry
	Services *canonical.Services
	Engine   Engine
	Now      func() time.Time // time.Now
	Log      *slog.Logger     // slog.Default()
}

// Store is what the service asks of its store; see store.Requests for what each method promises.
type Store interface {
	Create(ctx context.Context, r *gateway.Request, body []byte, idem store.Idempotency) (stored *gateway.Request, created bool, err error)
	Update(ctx context.Context, requestID string, change func(*gateway.Request) error) (*gateway.Request, error)
	Request(ctx context.Context, id string) (*gateway.Request, error)
	List(ctx context.Context, f store.Filter) (store.Page[*gateway.Request], error)
	FindNumber(ctx context.Context, agency, number string) (requestID string, err error)
	KeepPush(ctx context.Context, agency, number string, push []byte, now time.Time) (requestID string, err error)
}

// Registry is what the service asks of the agencies.
type Registry interface {
	Route(service string, to canonical.Routing, test bool) (adapters.Route, error)
	Agency(name string) (*adapters.Agency, bool)
	Agencies() []*adapters.Agency
}

// Engine is what the service asks of the delivery engine.
type Engine interface {
	Remember(requestID string, m canonical.Message)
	Forget(requestID string)
	ApplyKept(requestID, agency, number string)
	Watch(requestID string) (changed <-chan struct{}, stop func())
	Health(agency, endpoint string) (delivery.EndpointHealth, bool)
}

// Service takes and shows requests. Its errors are *problem.Error. It is safe for concurrent use.
type Service struct {
	c Config

	mu       sync.Mutex
	inFlight map[flight]bool // submissions under way, by client and idempotency key
}

type flight struct{ client, key string }

// New makes a service.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Service{c: c, inFlight: map[flight]bool{}}
}

// storeRetryAfter is when a client may try again while the store can't be used.
const storeRetryAfter = 5 * time.Second

// failed makes a problem of what the store or the domain answered.
func failed(err error) *problem.Error {
	var known *problem.Error
	switch {
	case errors.As(err, &known):
		return known
	case errors.Is(err, store.ErrNotFound):
		return problem.New(problem.NotFound).Because(err)
	case errors.Is(err, store.ErrKeyReused):
		return problem.New(problem.KeyReused)
	case errors.Is(err, store.ErrBadCursor):
		return problem.New(problem.BadParameter).With("cursor выдан не этой службой", "the cursor was not made here")
	case errors.Is(err, gateway.ErrClosed):
		return problem.New(problem.Conflict).With("запрос уже закрыт", "the request is closed already")
	case errors.Is(err, gateway.ErrCannotWithdraw):
		return problem.New(problem.Conflict).With("ведомство уже приняло запрос и не принимает отзывов",
			"the agency has the request and takes no withdrawals")
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, store.ErrClosed),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return problem.New(problem.Unavailable).After(storeRetryAfter).Because(err)
	}
	return problem.New(problem.Internal).Because(err)
}

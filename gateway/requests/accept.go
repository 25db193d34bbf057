package requests

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/contracts/diag"
	"sluice/contracts/jsonschema"
	"sluice/gateway"
	"sluice/gateway/problem"
	"sluice/gateway/store"
)

// Accept takes a canonical request of a portal client: when it returns without an error the request is stored
// durably. created is false when the idempotency key brought back the request of an earlier call; key may be "".
// The body is kept, so the caller must not change it.
func (s *Service) Accept(ctx context.Context, client, key string, body []byte) (view canonical.RequestView, created bool, err error) {
	leave, err := s.enter(client, key)
	if err != nil {
		return canonical.RequestView{}, false, err
	}
	defer leave()

	m, err := canonical.Parse(body)
	if err != nil {
		return canonical.RequestView{}, false, problem.Of(err)
	}
	if vs := s.c.Services.Validate(m.Tree()); len(vs) > 0 {
		return canonical.RequestView{}, false, problem.New(problem.InvalidRequest).At(vs...)
	}
	r, err := s.route(client, m)
	if err != nil {
		return canonical.RequestView{}, false, err
	}

	id := r.ID
	s.c.Engine.Remember(id, m) // before the commit, which wakes the engine
	stored, created, err := s.c.Store.Create(ctx, r, body, store.Idempotency{Key: key, BodyHash: sha256.Sum256(body)})
	if err != nil || !created {
		s.c.Engine.Forget(id)
	}
	if err != nil {
		return canonical.RequestView{}, false, failed(err)
	}
	s.c.Log.Info("accept", "request", stored.ID, "client", client, "service", stored.Service, "agency", stored.Agency,
		"priority", stored.Priority, "test", stored.Test, "created", created)
	return s.view(stored), created, nil
}

// enter refuses a submission while another of the same client and key is under way.
func (s *Service) enter(client, key string) (leave func(), err error) {
	if key == "" {
		return func() {}, nil
	}
	f := flight{client, key}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.inFlight[f] {
		return nil, problem.New(problem.KeyInFlight).After(time.Second)
	}
	s.inFlight[f] = true
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.inFlight, f)
	}, nil
}

// route makes the request and its deliveries.
func (s *Service) route(client string, m canonical.Message) (*gateway.Request, error) {
	name := m.Text("service")
	route, err := s.c.Registry.Route(name, m.Routing(), m.Test())
	if err != nil {
		return nil, misrouted(err)
	}
	version := m.Text("serviceVersion")
	if service, ok := s.c.Services.Version(name, version); ok {
		version = service.Version
	}
	now := s.c.Now()
	r, err := gateway.NewRequest(gateway.NewRequestParams{
		ID: gateway.NewID(now), Client: client, PortalID: m.Text("id"), Service: name, ServiceVersion: version,
		Priority: canonical.Priority(m.Text("priority")), Test: m.Test(), Now: now,
		Targets: []gateway.Target{{Agency: route.Agency.Name, Endpoint: route.Endpoint.Name, Cancelable: cancelable(route)}},
	})
	if err != nil {
		return nil, failed(err)
	}
	return r, nil
}

// cancelable tells whether the agency takes withdrawals of the service.
func cancelable(r adapters.Route) bool {
	_, can := r.Agency.Adapter.(adapters.Canceller)
	return can && r.Service.Spec.Cancel != nil
}

// misrouted says where the routing goes wrong, and what it could say.
func misrouted(err error) error {
	var wrong *adapters.RouteError
	if !errors.As(err, &wrong) {
		return failed(err)
	}
	v := jsonschema.Violation{Pointer: "/routing/" + wrong.Key, Code: strings.ReplaceAll(wrong.Kind, "_", "-")}
	known := strings.Join(wrong.Known, ", ")
	hint := diag.Suggest(wrong.Value, wrong.Known)
	if hint == "" && known != "" {
		hint = "it may be: " + known
	}
	switch wrong.Kind {
	case adapters.UnknownAgency:
		v.RU, v.EN = "такого ведомства нет; есть: "+known, "there is no such agency; "+hint
	case adapters.UnknownService:
		v.Pointer = "/service"
		v.RU, v.EN = "ведомство не оказывает эту услугу; оказывает: "+known, "the agency does not offer this service; "+hint
	case adapters.NoTestEndpoint:
		v.Pointer = "/test"
		v.RU, v.EN = "у ведомства нет тестового адреса", "the agency has no test endpoint"
	default:
		v.Code = "unknown-" + wrong.Key
		v.RU, v.EN = "ведомство не принимает запросы с таким значением", "the agency takes no requests with this value"
		if known != "" {
			v.RU, v.EN = v.RU+"; принимает: "+known, v.EN+"; "+hint
		}
	}
	return problem.New(problem.Unroutable).At(v).Because(err)
}

package requests

import (
	"context"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/delivery"
)

// Services lists what can be asked for: every version of every service, with the endpoints that serve it and how they
// are at the moment.
func (s *Service) Services(context.Context) []canonical.ServiceView {
	all := s.c.Services.All()
	views := make([]canonical.ServiceView, 0, len(all))
	for _, service := range all {
		views = append(views, canonical.ServiceView{
			Name: service.Name, Version: service.Version, Title: service.Title, ApplicantTypes: service.ApplicantTypes,
			Schema: service.Source, Attachments: service.Attachments, Endpoints: s.endpoints(service.Name),
		})
	}
	return views
}

func (s *Service) endpoints(service string) []canonical.EndpointView {
	views := []canonical.EndpointView{}
	for _, a := range s.c.Registry.Agencies() {
		if _, offers := a.Services[service]; !offers {
			continue
		}
		for _, name := range a.EndpointNames() {
			views = append(views, s.endpoint(a, name))
		}
	}
	return views
}

func (s *Service) endpoint(a *adapters.Agency, name string) canonical.EndpointView {
	spec := a.Manifest.Endpoints[name]
	v := canonical.EndpointView{
		Agency: a.Name, Endpoint: name, Title: canonical.Text{RU: a.Title.RU, EN: a.Title.EN},
		Regions: spec.For.Region, Offices: spec.For.Office, Inspectorates: spec.For.Inspectorate, Test: spec.Environment == "test",
	}
	h := s.health(a.Name, name)
	v.Health, v.Reason, v.Since, v.Until = h.Health, h.Reason, h.Since, h.Until
	return v
}

// health tells how an endpoint is, as clients see it: that this node may not send for a moment is not the agency's doing.
func (s *Service) health(agency, endpoint string) delivery.EndpointHealth {
	h, ok := s.c.Engine.Health(agency, endpoint)
	if !ok || h.Reason == delivery.HeldByLease {
		return delivery.EndpointHealth{Health: string(gateway.Up)}
	}
	return h
}

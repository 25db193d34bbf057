package adapters

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"

	"sluice/contracts/canonical"
	"sluice/contracts/diag"
)

// Registry holds every agency that could be loaded. It is immutable and safe for concurrent use.
type Registry struct {
	agencies map[string]*Agency
	broken   map[string]diag.List
}

// Agency is one agency, ready to be talked to.
type Agency struct {
	Name      string
	Title     Text
	Workspace string // the name of the workspace that it came from
	Manifest  *Manifest
	Adapter   Adapter
	Services  map[string]*Service
	Pushes    []*Use    // what it may send by itself; nil of an adapter written in Go
	Warnings  diag.List // what deserves a look and does not stop it

	logins map[string]*Login
}

// Agency finds an agency by name.
func (r *Registry) Agency(name string) (*Agency, bool) {
	a, ok := r.agencies[name]
	return a, ok
}

// Agencies lists the agencies by name.
func (r *Registry) Agencies() []*Agency {
	list := make([]*Agency, 0, len(r.agencies))
	for _, name := range sortedKeys(r.agencies) {
		list = append(list, r.agencies[name])
	}
	return list
}

// Broken lists the agencies that were left out, with everything that is wrong with each.
func (r *Registry) Broken() map[string]diag.List { return r.broken }

// Endpoint is the agency's endpoint called name.
func (a *Agency) Endpoint(name string) (Endpoint, bool) {
	e, ok := a.Manifest.Endpoints[name]
	if !ok {
		return Endpoint{}, false
	}
	return Endpoint{Name: name, URL: e.URL}, true
}

// EndpointNames lists the agency's endpoints.
func (a *Agency) EndpointNames() []string { return sortedKeys(a.Manifest.Endpoints) }

// TLS is what the transport to the endpoint needs beyond the default: a client certificate (mtls), authorities that
// the system does not know; nil when nothing.
func (a *Agency) TLS(endpoint string) *tls.Config {
	if l := a.logins[endpoint]; l != nil && l.tls != nil {
		return l.tls.Clone()
	}
	return nil
}

// Hosts lists what the hub may connect to for the agency: the hosts of endpoints and token endpoints.
func (a *Agency) Hosts() []string {
	var hosts []string
	add := func(raw string) {
		if h := hostOf(raw); h != "" && !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	for _, name := range a.EndpointNames() {
		e := a.Manifest.Endpoints[name]
		add(e.URL)
		for _, k := range []*Credentials{e.Credentials, a.Manifest.Credentials} {
			if k != nil {
				add(k.TokenURL)
			}
		}
	}
	return hosts
}

// Route is where a request goes.
type Route struct {
	Agency   *Agency
	Service  *Service
	Endpoint Endpoint
}

// What a request's routing may get wrong.
const (
	UnknownAgency  = "unknown_agency"
	UnknownService = "unknown_service" // the agency does not offer it
	UnknownRegion  = "unknown_region"  // no endpoint for the region, office or inspectorate
	NoTestEndpoint = "no_test_endpoint"
)

// RouteError says why a request can go nowhere.
type RouteError struct {
	Kind  string   // UnknownAgency, UnknownService, UnknownRegion or NoTestEndpoint
	Key   string   // the member of routing (or "service", "test") that is at fault
	Value string   // what it says
	Known []string // what it could say
}

func (e *RouteError) Error() string {
	return fmt.Sprintf("%s: %s %q; %s", e.Kind, e.Key, e.Value, suggestOr(e.Value, e.Known))
}

// Route finds the agency and the endpoint that a request goes to. The error is a *RouteError.
func (r *Registry) Route(service string, to canonical.Routing, test bool) (Route, error) {
	a, ok := r.agencies[to.Agency]
	if !ok {
		return Route{}, &RouteError{Kind: UnknownAgency, Key: "agency", Value: to.Agency, Known: sortedKeys(r.agencies)}
	}
	s, ok := a.Services[service]
	if !ok {
		return Route{}, &RouteError{Kind: UnknownService, Key: "service", Value: service, Known: sortedKeys(a.Services)}
	}
	name, err := a.choose(to, test)
	if err != nil {
		return Route{}, err
	}
	e, _ := a.Endpoint(name)
	return Route{Agency: a, Service: s, Endpoint: e}, nil
}

// choose takes the most specific endpoint that serves the routing.
func (a *Agency) choose(to canonical.Routing, test bool) (string, error) {
	environment := "live"
	if test {
		environment = "test"
	}
	best, bestScore, any := "", -1, false
	var miss *RouteError
	for _, name := range a.EndpointNames() {
		e := a.Manifest.Endpoints[name]
		if e.Environment != environment {
			continue
		}
		any = true
		score := 0
		for _, part := range []struct {
			key, value string
			allowed    []string
		}{{"region", to.Region, e.For.Region}, {"office", to.Office, e.For.Office}, {"inspectorate", to.Inspectorate, e.For.Inspectorate}} {
			switch {
			case len(part.allowed) == 0:
			case slices.Contains(part.allowed, part.value):
				score++
			default:
				if miss == nil {
					miss = &RouteError{Kind: UnknownRegion, Key: part.key, Value: part.value}
				}
				if part.key == miss.Key {
					miss.Known = append(miss.Known, part.allowed...)
				}
				score = -1
			}
			if score < 0 {
				break
			}
		}
		if score > bestScore {
			best, bestScore = name, score
		}
	}
	switch {
	case best != "":
		return best, nil
	case !any && test:
		return "", &RouteError{Kind: NoTestEndpoint, Key: "test", Value: "true"}
	case miss != nil:
		return "", miss
	}
	return "", &RouteError{Kind: UnknownRegion, Key: "agency", Value: to.Agency}
}

// endpointVariable is the environment variable that overrides an endpoint's URL.
func endpointVariable(agency, endpoint string) string {
	return "SLUICE_ENDPOINT_" + strings.NewReplacer("-", "_").Replace(strings.ToUpper(agency+"_"+endpoint))
}

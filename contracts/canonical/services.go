package canonical

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"sluice/contracts/diag"
	"sluice/contracts/jsonschema"
	"sluice/contracts/shape"
)

// Service is one version of what the portal can ask for: a payload schema and what must come with it.
type Service struct {
	Name           string
	Version        string // major.minor
	Title          Text
	ApplicantTypes []ApplicantType
	Attachments    []AttachmentRule
	Schema         *jsonschema.Schema   // of the payload
	Source         json.RawMessage      // the payload's schema as one self-contained text
	Applicants     []*jsonschema.Schema // of ApplicantTypes

	request *shape.Type
}

// Shape is the shape of a request for the service: the envelope, its payload, and the applicants that it allows.
func (s *Service) Shape() *shape.Type { return s.request }

// Services holds every service of the workspaces; safe for concurrent use.
type Services struct {
	envelope *jsonschema.Schema
	byName   map[string][]*Service // newest first
	names    []string
}

// Envelope is the schema of every request; the payload in it is any object.
func (s *Services) Envelope() *jsonschema.Schema { return s.envelope }

// serviceKeywords are what a payload's schema says about its service; the rest of the file is the payload.
type serviceKeywords struct {
	Version     string           `json:"x-version"`
	Title       Text             `json:"x-title"`
	Applicants  []ApplicantType  `json:"x-applicants"`
	Attachments []AttachmentRule `json:"x-attachments"`
}

// LoadServices reads services/*.schema.json of each contracts root. A file's name up to its first dot is the service's;
// several versions of one service lie in several files (tax-deduction.2.schema.json). Errors are diag.List, every fault of
// every file; what loads is returned beside them.
func LoadServices(roots ...fs.FS) (*Services, error) {
	core := newCore(nil)
	envelope, err := core.Schema("canonical/schemas/request.schema.json")
	if err != nil {
		return nil, fmt.Errorf("the canonical model: %w", err)
	}
	all := &Services{envelope: envelope, byName: map[string][]*Service{}}
	var problems diag.List
	for _, root := range roots {
		files, err := fs.Glob(root, "services/*.schema.json")
		if err != nil {
			return nil, fmt.Errorf("listing the services: %w", err)
		}
		from := newCore(root)
		for _, file := range files {
			s, err := from.service(file, envelope.Shape())
			if err == nil {
				err = all.add(s, file)
			}
			problems = append(problems, diag.Of(err)...)
		}
	}
	for name := range all.byName {
		all.names = append(all.names, name)
	}
	slices.Sort(all.names)
	return all, problems.Err()
}

func (s *Services) add(service *Service, file string) error {
	versions := s.byName[service.Name]
	for _, other := range versions {
		if other.Version == service.Version {
			return diag.Problem{Pos: diag.Pos{File: file}, Code: "service-twice", Message: fmt.Sprintf("service %s %s is there twice", service.Name, service.Version),
				Hint: "give one of them another name, or another x-version"}
		}
	}
	versions = append(versions, service)
	slices.SortFunc(versions, func(a, b *Service) int { return compareVersions(b.Version, a.Version) })
	s.byName[service.Name] = versions
	return nil
}

func compareVersions(a, b string) int {
	var am, an, bm, bn int
	fmt.Sscanf(a, "%d.%d", &am, &an)
	fmt.Sscanf(b, "%d.%d", &bm, &bn)
	return cmp.Or(cmp.Compare(am, bm), cmp.Compare(an, bn))
}

// Service finds the newest version of a service.
func (s *Services) Service(name string) (*Service, bool) { return s.Version(name, "") }

// Version finds one version of a service; "" is the newest.
func (s *Services) Version(name, version string) (*Service, bool) {
	for _, service := range s.byName[name] {
		if version == "" || service.Version == version {
			return service, true
		}
	}
	return nil, false
}

// All lists every version of every service, by name, newest first.
func (s *Services) All() []*Service {
	var out []*Service
	for _, name := range s.names {
		out = append(out, s.byName[name]...)
	}
	return out
}

// core compiles schemas of one contracts root, over the canonical ones.
type core struct{ *jsonschema.Set }

func newCore(root fs.FS) core {
	layers := []fs.FS{under{"canonical", Files}}
	if root != nil {
		layers = append(layers, root)
	}
	return core{jsonschema.NewSet(layers...)}
}

var versionPattern = regexp.MustCompile(`^[0-9]+\.[0-9]+$`)

func (c core) service(file string, envelope *shape.Type) (*Service, error) {
	fail := func(format string, args ...any) error {
		return diag.Problem{Pos: diag.Pos{File: file}, Code: "bad-service", Message: fmt.Sprintf(format, args...)}
	}
	schema, err := c.Schema(file)
	if err != nil {
		return nil, err
	}
	source, err := c.Bundle(file, "/$defs")
	if err != nil {
		return nil, fail("making it self-contained: %v", err)
	}
	var k serviceKeywords
	if err := json.Unmarshal(source, &k); err != nil {
		return nil, fail("the x- keywords: %v", err)
	}
	name, _, _ := strings.Cut(path.Base(file), ".")
	s := &Service{Name: name, Version: k.Version, Title: k.Title, ApplicantTypes: k.Applicants, Attachments: k.Attachments, Schema: schema, Source: source}
	if s.Attachments == nil {
		s.Attachments = []AttachmentRule{}
	}
	switch {
	case !versionPattern.MatchString(k.Version):
		return nil, fail("x-version is %q; it must be major.minor, such as 1.0", k.Version)
	case k.Title.RU == "" || k.Title.EN == "":
		return nil, fail("x-title needs ru and en")
	case len(k.Applicants) == 0:
		return nil, fail("x-applicants lists nobody; it must list person, soleTrader or organization")
	}
	seen := map[string]bool{}
	for _, a := range k.Attachments {
		switch {
		case a.Kind == "" || seen[a.Kind]:
			return nil, fail("x-attachments: each needs a kind of its own, %q has none or is there twice", a.Kind)
		case a.Title.RU == "" || a.Title.EN == "":
			return nil, fail("x-attachments: %s needs a title in ru and en", a.Kind)
		}
		seen[a.Kind] = true
	}
	if s.Applicants, err = c.applicants(k.Applicants); err != nil {
		return nil, fail("x-applicants: %v", err)
	}
	var shapes []*shape.Type
	for _, a := range s.Applicants {
		shapes = append(shapes, a.Shape())
	}
	s.request = requestShape(envelope, jsonschema.Union(shapes...), schema.Shape(), name)
	return s, nil
}

// applicants are the schemas of the applicants that a service allows.
func (c core) applicants(types []ApplicantType) ([]*jsonschema.Schema, error) {
	var schemas []*jsonschema.Schema
	for _, t := range types {
		s, err := c.Schema("canonical/schemas/applicant.schema.json#/$defs/" + string(t))
		if err != nil {
			return nil, fmt.Errorf("%q is none of person, soleTrader, organization", t)
		}
		schemas = append(schemas, s)
	}
	return schemas, nil
}

// requestShape is the envelope with the service's own applicant and payload in it.
func requestShape(envelope, applicant, payload *shape.Type, service string) *shape.Type {
	request := *envelope
	request.Name = "request for " + service
	request.Fields = slices.Clone(envelope.Fields)
	request.Field("applicant").Type = applicant
	request.Field("payload").Type = payload
	return &request
}

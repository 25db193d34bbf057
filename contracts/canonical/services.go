package canonical

import (
	"errors"
	"io/fs"

	"sluice/contracts/jsonschema"
	"sluice/contracts/shape"
)

// Service is what the portal can ask for: a payload schema and what must come with it.
type Service struct {
	Name           string
	Version        string // major.minor
	Title          Text
	ApplicantTypes []ApplicantType
	Attachments    []AttachmentRule
	Schema         *jsonschema.Schema // of the payload
	Source         []byte             // the schema as one self-contained file, for ServiceView
}

// Services holds every service of the workspaces.
type Services struct{}

// LoadServices reads services/*.schema.json of each contracts root.
func LoadServices(roots ...fs.FS) (*Services, error) { return nil, errors.New("not built yet") }

// Service finds a service by name.
func (s *Services) Service(name string) (*Service, bool) { return nil, false }

// All lists the services by name.
func (s *Services) All() []*Service { return nil }

// Shape is the shape of a request for the service: the envelope, its payload, and the applicants that it allows.
func (s *Service) Shape() *shape.Type { return nil }

// Validate holds a request's tree against the envelope, its service's payload, check digits and attachments.
func (s *Services) Validate(tree map[string]any) []jsonschema.Violation { return nil }

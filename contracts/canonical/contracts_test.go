package canonical

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"

	"sluice/contracts/jsonschema"
	"sluice/contracts/openapi"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

// members lists the JSON members of a struct, embedded ones included, and which of them are always there.
func members(t reflect.Type) (all, required []string) {
	for f := range t.Fields() {
		tag := f.Tag.Get("json")
		if f.Anonymous && tag == "" {
			a, r := members(f.Type)
			all, required = append(all, a...), append(required, r...)
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		all = append(all, name)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	slices.Sort(all)
	slices.Sort(required)
	return all, required
}

func schemasOf(t *testing.T, file string) map[string]struct {
	Properties map[string]any `yaml:"properties"`
	Required   []string       `yaml:"required"`
} {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any `yaml:"properties"`
				Required   []string       `yaml:"required"`
			}
		}
	}
	if err := yaml.Unmarshal(src, &doc); err != nil {
		t.Fatal(err)
	}
	return doc.Components.Schemas
}

// TestViewsMatchTheirContracts holds the Go types of what portals read against openapi.yaml and asyncapi.yaml, both ways.
func TestViewsMatchTheirContracts(t *testing.T) {
	for file, types := range map[string]map[string]any{
		"openapi.yaml": {
			"RequestView": RequestView{}, "DeliveryView": DeliveryView{}, "AnswerView": AnswerView{}, "StatusView": StatusView{},
			"RequestPage": RequestPage{}, "ServiceView": ServiceView{}, "AttachmentRule": AttachmentRule{}, "EndpointView": EndpointView{},
		},
		"asyncapi.yaml": {"Event": Event{}, "EventData": EventData{}},
	} {
		schemas := schemasOf(t, file)
		for name, v := range types {
			s, ok := schemas[name]
			if !ok {
				t.Errorf("%s has no schema %s", file, name)
				continue
			}
			var described []string
			for p := range s.Properties {
				described = append(described, p)
			}
			slices.Sort(described)
			all, required := members(reflect.TypeOf(v))
			if !slices.Equal(all, described) {
				t.Errorf("%s %s\n  has       %v\n  Go writes %v", file, name, described, all)
			}
			slices.Sort(s.Required)
			if !slices.Equal(required, s.Required) {
				t.Errorf("%s %s\n  requires         %v\n  Go always writes %v", file, name, s.Required, required)
			}
		}
	}
}

// TestEventsAreDescribed holds the event types against asyncapi.yaml.
func TestEventsAreDescribed(t *testing.T) {
	src, err := os.ReadFile("asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Channels map[string]struct{ Messages map[string]any }
	}
	if err := yaml.Unmarshal(src, &doc); err != nil {
		t.Fatal(err)
	}
	var described []string
	for name := range doc.Channels["webhook"].Messages {
		described = append(described, name)
	}
	known := EventTypes()
	slices.Sort(described)
	slices.Sort(known)
	if !slices.Equal(described, known) {
		t.Errorf("asyncapi.yaml has %v, the hub sends %v", described, known)
	}
}

// TestOpenAPIIsSelfContained: what the door serves can be read by whoever has nothing but it.
func TestOpenAPIIsSelfContained(t *testing.T) {
	api, err := openapi.Load(fstest.MapFS{"door.json": {Data: OpenAPI()}}, "door.json")
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(api.IDs(), " "); got != "getDescription listRequests submitRequest getRequest cancelRequest listServices" {
		t.Errorf("operations %s", got)
	}
	for _, id := range api.IDs() {
		if _, err := api.Operation(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	submit, err := api.Operation("submitRequest")
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range services(t).All() {
		if vs := submit.Request.Validate(sample(t, service.Name)); len(vs) > 0 {
			t.Errorf("%s: %v", service.Name, vs)
		}
	}
	if submit.Request.Valid(new(tree.Object)) {
		t.Error("the description lets everything through")
	}
}

// TestEnvelopeMatchesItsSchema holds the Go types of a request against the schemas, both ways: a member that either lacks
// would be lost on the way to an adapter written in Go.
func TestEnvelopeMatchesItsSchema(t *testing.T) {
	set := jsonschema.NewSet(under{"canonical", Files})
	shapeOf := func(ref string) *shape.Type {
		s, err := set.Schema("canonical/schemas/" + ref)
		if err != nil {
			t.Fatal(err)
		}
		return s.Shape()
	}
	for ref, v := range map[string]any{
		"request.schema.json":                        Request{},
		"request.schema.json#/$defs/routing":         Routing{},
		"request.schema.json#/$defs/representative":  Representative{},
		"request.schema.json#/$defs/authority":       Authority{},
		"request.schema.json#/$defs/attachment":      Attachment{},
		"applicant.schema.json":                      Applicant{}, // every member of any type of applicant
		"common.schema.json#/$defs/identityDocument": IdentityDocument{},
		"common.schema.json#/$defs/address":          Address{},
		"common.schema.json#/$defs/money":            Money{},
	} {
		described := shapeOf(ref)
		all, required := members(reflect.TypeOf(v))
		names := slices.Sorted(slices.Values(described.Names()))
		if !slices.Equal(all, names) {
			t.Errorf("%s\n  has     %v\n  Go has  %v", ref, names, all)
		}
		var must []string
		for _, f := range described.Fields {
			if f.Required {
				must = append(must, f.Name)
			}
		}
		if ref == "request.schema.json#/$defs/representative" { // of a person, which other types leave out
			continue
		}
		slices.Sort(must)
		if !slices.Equal(must, required) {
			t.Errorf("%s\n  requires         %v\n  Go always writes %v", ref, must, required)
		}
	}
	kinds := map[ApplicantType]bool{}
	for _, k := range shapeOf("applicant.schema.json").Field("type").Type.Enum {
		kinds[ApplicantType(k)] = true
	}
	if len(kinds) != 3 || !kinds[Person] || !kinds[SoleTrader] || !kinds[Organization] {
		t.Errorf("the types of applicants are %v", kinds)
	}
	if got := shapeOf("request.schema.json").Field("priority").Type.Enum; !slices.Equal(got, []string{string(Normal), string(Urgent)}) {
		t.Errorf("the priorities are %v", got)
	}
}

// TestStatusesMatchTheirContract holds status codes and what mappings may say of a status against openapi.yaml.
func TestStatusesMatchTheirContract(t *testing.T) {
	set := jsonschema.NewSet(Files)
	s, err := set.Schema("openapi.yaml#/components/schemas/StatusView")
	if err != nil {
		t.Fatal(err)
	}
	view := s.Shape()
	var codes []string
	for _, c := range StatusCodes() {
		codes = append(codes, string(c))
	}
	if !slices.Equal(view.Field("status").Type.Enum, codes) {
		t.Errorf("openapi.yaml has the statuses %v", view.Field("status").Type.Enum)
	}
	for _, f := range StatusShape().Fields {
		theirs := view.Field(f.Name)
		if theirs == nil || theirs.Type.Kind != f.Type.Kind {
			t.Errorf("a mapping may say %s, the portal is never told", f.Name)
		}
	}
}

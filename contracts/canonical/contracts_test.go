package canonical

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
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

func TestOpenAPIIsJSON(t *testing.T) {
	var doc struct {
		OpenAPI string
		Paths   map[string]any
	}
	if err := json.Unmarshal(OpenAPI(), &doc); err != nil || doc.OpenAPI != "3.1.0" || len(doc.Paths) != 5 {
		t.Errorf("%v: %s with %d paths", err, doc.OpenAPI, len(doc.Paths))
	}
}

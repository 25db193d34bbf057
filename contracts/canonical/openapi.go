package canonical

import (
	_ "embed"
	"encoding/json"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed openapi.yaml
var openapiYAML []byte

// OpenAPI is the description of the portals' door (openapi.yaml) as JSON.
var OpenAPI = sync.OnceValue(func() []byte {
	var doc any
	if err := yaml.Unmarshal(openapiYAML, &doc); err != nil {
		panic("canonical: openapi.yaml: " + err.Error()) // a test holds the file
	}
	out, err := json.Marshal(doc)
	if err != nil {
		panic("canonical: openapi.yaml: " + err.Error())
	}
	return out
})

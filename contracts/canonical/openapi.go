package canonical

import (
	"sync"

	"sluice/contracts/jsonschema"
)

// OpenAPI is the description of the portals' door (openapi.yaml) as self-contained JSON.
var OpenAPI = sync.OnceValue(func() []byte {
	doc, err := jsonschema.NewSet(Files).Bundle("openapi.yaml", "/components/schemas")
	if err != nil {
		panic("canonical: openapi.yaml: " + err.Error()) // a test holds the file
	}
	return doc
})

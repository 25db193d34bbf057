package canonical

import (
	"encoding/json"
	"fmt"

	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
)

// Message is one canonical request as the portal sent it: its bytes and the tree they hold. Nobody changes either.
type Message struct {
	data []byte
	tree *tree.Object
}

// Limits are those of the portal door: 10 MB of attachments are 13.4 MB of base64.
var Limits = jsonschema.Limits{Bytes: 16 << 20, Depth: 32, Values: 200_000, XMLSafe: true}

// Parse reads a canonical request. It checks JSON alone: Services.Validate holds the tree against the schemas.
// The message keeps data, so the caller must not change it. Errors are *jsonschema.SyntaxError.
func Parse(data []byte) (Message, error) {
	v, err := jsonschema.ParseJSON(data, Limits)
	if err != nil {
		return Message{}, err
	}
	root, ok := v.(*tree.Object)
	if !ok {
		return Message{}, &jsonschema.SyntaxError{Code: "no-object", Line: 1, Column: 1, RU: "запрос должен быть объектом JSON", EN: "a request must be a JSON object"}
	}
	return Message{data: data, tree: root}, nil
}

// Bytes is the request as it came.
func (m Message) Bytes() []byte { return m.data }

// Tree is the request parsed.
func (m Message) Tree() *tree.Object { return m.tree }

// Request is the request typed, for adapters that are written in Go.
func (m Message) Request() (*Request, error) {
	var r Request
	if err := json.Unmarshal(m.data, &r); err != nil {
		return nil, fmt.Errorf("reading the canonical request: %w", err)
	}
	return &r, nil
}

// Text is the member called key when it is a string, else "".
func (m Message) Text(key string) string {
	s, _ := m.tree.Get(key).(string)
	return s
}

// Routing is where the portal sends the request.
func (m Message) Routing() Routing {
	r, _ := m.tree.Get("routing").(*tree.Object)
	text := func(key string) string { s, _ := r.Get(key).(string); return s }
	return Routing{Agency: text("agency"), Region: text("region"), Office: text("office"), Inspectorate: text("inspectorate")}
}

// Test tells whether the request may go to agencies' test endpoints only.
func (m Message) Test() bool {
	t, _ := m.tree.Get("test").(bool)
	return t
}

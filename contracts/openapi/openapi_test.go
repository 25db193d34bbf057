package openapi

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

func TestSocial(t *testing.T) {
	api, err := Load(os.DirFS("../agencies"), "social/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range api.IDs() {
		if _, err := api.Operation(id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	op, err := api.Operation("createApplication")
	if err != nil {
		t.Fatal(err)
	}
	if op.Method != "POST" || op.Path != "/applications" || !op.RequestRequired || op.RequestMediaType != "application/json" || op.Replies[201] == nil || op.Replies[429] == nil {
		t.Errorf("got %+v", op)
	}
	body := op.RequestShape().Field("body").Type
	if got := strings.Join(body.Names()[:3], " "); got != "clientReference portalNumber submittedOn" {
		t.Errorf("fields out of the file's order: %s", got)
	}
	member := body.Field("household").Type.Elem
	if f := member.Field("surname"); f == nil || !f.Required || member.Field("incomes") == nil || member.Open {
		t.Errorf("a member is %+v", member)
	}
	if data := body.Field("documents").Type.Elem.Field("data").Type; data.Format != shape.Base64 {
		t.Errorf("data is %+v", data)
	}
	if vs := op.Request.Validate(new(tree.Object)); len(vs) != 7 {
		t.Errorf("%d violations of an empty body", len(vs))
	}
	get, err := api.Operation("getApplication")
	if err != nil || !get.RequestShape().Field("path").Type.Field("id").Required || get.RequestShape().Field("body") != nil {
		t.Errorf("getApplication: %+v, %v", get, err)
	}
}

const old = `{"openapi":"3.0.3","paths":{"/a/{id}":{
  "parameters":[{"name":"id","in":"path","required":true,"schema":{"type":"string"}},{"name":"q","in":"query","schema":{"type":"string"}}],
  "put":{"operationId":"putA","parameters":[{"name":"q","in":"query","required":true,"schema":{"type":"integer"}},{"name":"Accept","in":"header","schema":{"type":"string"}},{"name":"c","in":"cookie","schema":{"type":"string"}}],
   "requestBody":{"$ref":"parts.yaml#/bodies/a~1b"},
   "responses":{"2XX":{"description":"","content":{"text/plain":{"schema":{"type":"string"}},"application/problem+json":{"schema":{"type":"object","properties":{"n":{"type":"number","minimum":0,"exclusiveMinimum":true,"nullable":true}}}}}},"204":{"description":""},"default":{"$ref":"parts.yaml#/replies/0"}}}}}}`

const parts = `bodies:
  a/b:
    content:
      application/json; charset=utf-8:
        schema: { $ref: "#/schemas/S", nullable: true }
replies:
  - description: failed
    content: { application/json: { schema: { type: string, nullable: true, enum: [a] } } }
schemas:
  S: { type: object, properties: { on: { type: string, default: 2024-01-01 }, x: { type: string, format: byte } }, required: [on] }
`

func TestOldVersionAndFiles(t *testing.T) {
	api, err := Load(fstest.MapFS{"x/api.json": {Data: []byte(old)}, "x/parts.yaml": {Data: []byte(parts)}}, "x/api.json")
	if err != nil {
		t.Fatal(err)
	}
	op, err := api.Operation("putA")
	if err != nil {
		t.Fatal(err)
	}
	if len(op.Parameters) != 2 || !op.Parameters[1].Required || op.Parameters[1].Schema.Shape().Kind != shape.Int {
		t.Errorf("parameters %+v", op.Parameters)
	}
	if op.RequestMediaType != "application/json; charset=utf-8" || !slices.Equal(op.Request.Shape().Names(), []string{"on", "x"}) {
		t.Errorf("request %s %v", op.RequestMediaType, op.Request.Shape().Names())
	}
	if s, ok := op.Replies[204]; s != nil || !ok {
		t.Error("204 should have no body")
	}
	reply := op.Replies[2]
	for value, want := range map[any]bool{0.0: false, 0.5: true, nil: true, "x": false} {
		if got := reply.Valid(tree.Of("n", value)); got != want {
			t.Errorf("n %v is %v", value, got)
		}
	}
	if !op.Replies[0].Valid(nil) || !op.Replies[0].Valid("a") || op.Replies[0].Valid("b") {
		t.Error("nullable with enum went wrong")
	}
	if s := op.RequestShape(); !s.Field("query").Required || s.Field("header") != nil || s.Field("body").Required {
		t.Errorf("shape %+v", s)
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		"swagger: '2.0'":                 `a.yaml:1:1: it says openapi: ""; 3.0 and 3.1 are read`,
		"openapi: 3.1.0\nopenapi: 3.1.0": `a.yaml:2:1: the key "openapi" is there twice`,
		"openapi: 3.1.0\npaths:\n  /x:\n    get: { operationId: a }\n    put: { operationId: a }":                                                                      `a.yaml:5:10: operationId a is there twice`,
		"openapi: 3.1.0\npaths:\n  /x:\n    get: { operationId: findA }":                                                                                               `the contract has no operation "op"; it has findA`,
		"openapi: 3.1.0\npaths:\n  /x:\n    get: { operationId: opp }":                                                                                                 `the contract has no operation "op"; did you mean "opp"?`,
		"openapi: 3.1.0\npaths:\n  /{id}:\n    get: { operationId: op }":                                                                                               `a.yaml:4:10: the path's {id} is no parameter`,
		"openapi: 3.1.0\npaths:\n  /x:\n    get: { operationId: op, responses: { 700: {} } }":                                                                          `a.yaml:4:40: "700" is no status`,
		"openapi: 3.1.0\npaths:\n  /x:\n    get: { operationId: op, requestBody: { $ref: '#/components/requestBodies/no' } }":                                          `a.yaml:4:42: #/components/requestBodies/no leads nowhere`,
		"openapi: 3.1.0\npaths:\n  /x:\n    get: { operationId: op, requestBody: { $ref: 'https://example.org/x.yaml' } }":                                             `a.yaml:4:42: https://example.org/x.yaml is not a file beside the contract; nothing is fetched`,
		"openapi: 3.1.0\npaths:\n  /x:\n    get: { operationId: op, requestBody: { content: { application/json: { schema: { $ref: '#/components/schemas/No' } } } } }": `a.yaml: a.yaml has nothing at /components/schemas/No`,
		"openapi: 3.1.0\npaths:\n  /x:\n    get: { operationId: op, requestBody: { content: { application/json: { schema: { type: strin } } } } }":                     `a.yaml:4:83: /paths/~1x/get/requestBody/content/application~1json/schema/type is no valid JSON Schema`,
		"openapi: 3.1.0\npaths:\n  /x:\n    get: { operationId: op, requestBody: { $ref: '#/a' } }\na: { $ref: '#/b' }\nb: { $ref: '#/a' }":                            `a.yaml:6:4: the references go round in a circle`,
		"openapi: 3.1.0\npaths:\n  /x:\n    get: { operationId: op, parameters: [ { name: c, in: cookie, required: true } ] }":                                         `a.yaml:4:43: the cookie parameter c is required; cookies are not supported`,
		"openapi: 3.1.0\nx: [":          "a.yaml: line 2: did not find expected node content",
		"openapi: 3.1.0\nx: { <<: {} }": "a.yaml:2:6: merge keys are not JSON; write the keys out",
		"":                              "a.yaml: the file is empty",
	} {
		api, err := Load(fstest.MapFS{"a.yaml": {Data: []byte(text)}}, "a.yaml")
		if err == nil {
			_, err = api.Operation("op")
		}
		var list diag.List
		if !errors.As(err, &list) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q\ngot  %v\nwant %s", text, err, want)
		}
	}
}

// FuzzLoad: whatever the file, an answer comes, and it is an error with words or an API.
func FuzzLoad(f *testing.F) {
	f.Add([]byte(old))
	f.Add([]byte("openapi: 3.1.0\npaths:\n  /x:\n    get: { operationId: op, responses: { 200: {} } }"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		api, err := Load(fstest.MapFS{"a.yaml": {Data: data}, "parts.yaml": {Data: []byte(parts)}}, "a.yaml")
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without words")
			}
			return
		}
		for _, id := range api.IDs() {
			if op, err := api.Operation(id); err == nil {
				op.RequestShape()
			}
		}
	})
}

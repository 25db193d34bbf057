package jsonschema

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

func load(t testing.TB, files ...string) *Schema {
	t.Helper()
	fsys := fstest.MapFS{}
	for i, text := range files {
		fsys[[]string{"s.json", "lib/c.json", "lib/d.json"}[i]] = &fstest.MapFile{Data: []byte(text)}
	}
	s, err := Load(fsys, "s.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func value(t testing.TB, text string) any {
	t.Helper()
	v, err := ParseJSON([]byte(text), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestValidate has rows of schema, value and the violations, each as "pointer code"; none means that the value holds.
func TestValidate(t *testing.T) {
	for _, c := range []struct{ schema, value, want string }{
		{`true`, `1`, ``},
		{`false`, `1`, ` false`},
		{`{"type":"integer"}`, `1.0`, ``},
		{`{"type":"integer"}`, `1.5`, ` type`},
		{`{"type":"number"}`, `18446744073709551616`, ``},
		{`{"type":["string","null"]}`, `null`, ``},
		{`{"type":["string","null"]}`, `1`, ` type`},
		{`{"enum":["a","b",1,null]}`, `1`, ``},
		{`{"enum":["a","b"]}`, `"c"`, ` enum`},
		{`{"const":{"a":[1]}}`, `{"a":[1.0]}`, ``},
		{`{"const":{"a":[1]}}`, `{"a":[2]}`, ` enum`},
		{`{"const":"a","enum":["a","b"]}`, `"b"`, ` enum`},
		{`{"properties":{"b":{"type":"string"},"a":{"type":"string"}},"required":["a","c"],"additionalProperties":false}`, `{"b":1,"d":2}`, `/b type;/a required;/c required;/d additionalProperties`},
		{`{"properties":{"a/b":{"required":["x~"]}}}`, `{"a/b":{}}`, `/a~1b/x~0 required`},
		{`{"additionalProperties":{"type":"integer"}}`, `{"a":1,"b":"x"}`, `/b type`},
		{`{"patternProperties":{"^x":{"type":"integer"}},"additionalProperties":false}`, `{"x1":1,"x2":"","y":0}`, `/x2 type;/y additionalProperties`},
		{`{"propertyNames":{"maxLength":2}}`, `{"abc":1}`, `/abc propertyNames`},
		{`{"minProperties":1,"maxProperties":2}`, `{}`, ` minProperties`},
		{`{"minProperties":1,"maxProperties":2}`, `{"a":1,"b":1,"c":1}`, ` maxProperties`},
		{`{"dependentRequired":{"a":["b"]}}`, `{"a":1}`, `/b dependentRequired`},
		{`{"items":{"type":"string"},"minItems":1,"maxItems":3}`, `["a",1,2]`, `/1 type;/2 type`},
		{`{"items":{"type":"string"},"minItems":1,"maxItems":3}`, `[]`, ` minItems`},
		{`{"maxItems":1}`, `[1,2]`, ` maxItems`},
		{`{"prefixItems":[{"type":"string"}],"items":false}`, `["a",1]`, `/1 false`},
		{`{"uniqueItems":true}`, `[1,{"a":1},1.0]`, `/2 uniqueItems`},
		{`{"uniqueItems":true}`, `[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,"a","a"]`, `/18 uniqueItems`},
		{`{"contains":{"const":1}}`, `[2,3]`, ` contains`},
		{`{"contains":{"const":1},"maxContains":1}`, `[1,1]`, ` contains`},
		{`{"contains":{"const":1},"minContains":0}`, `[]`, ``},
		{`{"minLength":2,"maxLength":3}`, `"яя"`, ``},
		{`{"minLength":2,"maxLength":3}`, `"я"`, ` minLength`},
		{`{"minLength":2,"maxLength":3}`, `"яяяя"`, ` maxLength`},
		{`{"pattern":"^\\u0410\\/\\d$"}`, `"А/1"`, ``},
		{`{"pattern":"^a$"}`, `"b"`, ` pattern`},
		{`{"format":"email"}`, `"a@b.ru"`, ``},
		{`{"format":"email"}`, `"a"`, ` email`},
		{`{"format":"snils"}`, `5`, ``},
		{`{"minimum":1,"maximum":3}`, `0`, ` minimum`},
		{`{"minimum":1.5}`, `1`, ` minimum`},
		{`{"maximum":3}`, `3.5`, ` maximum`},
		{`{"exclusiveMinimum":1,"exclusiveMaximum":2}`, `1`, ` exclusiveMinimum`},
		{`{"exclusiveMinimum":1,"exclusiveMaximum":2}`, `2`, ` exclusiveMaximum`},
		{`{"multipleOf":0.1}`, `0.3`, ``},
		{`{"multipleOf":2}`, `18446744073709551617`, ` multipleOf`},
		{`{"allOf":[{"type":"string"},{"minLength":2}]}`, `"a"`, ` minLength`},
		{`{"not":{"type":"string"}}`, `"a"`, ` not`},
		{`{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}`, `{"a":1}`, `/b required`},
		{`{"if":{"required":["a"]},"then":{"required":["b"]},"else":{"required":["c"]}}`, `{}`, `/c required`},
		{`{"anyOf":[{"type":"string"},{"type":"integer"}]}`, `1.5`, ` anyOf`},
		{`{"anyOf":[{"type":"string"},{"type":"object","required":["a"]}]}`, `{}`, `/a required`},
		{`{"oneOf":[{"minimum":1},{"minimum":2}]}`, `3`, ` oneOf`},
		{`{"oneOf":[{"type":"object","properties":{"t":{"const":"a"},"x":{"type":"string"}},"required":["t"]},{"type":"object","properties":{"t":{"const":"b"}},"required":["t","y"]}]}`, `{"t":"a","x":1}`, `/x type`},
		{`{"oneOf":[{"type":"object","properties":{"t":{"const":"a"}},"required":["t"]},{"type":"object","properties":{"t":{"const":"b"}},"required":["t"]}]}`, `{"t":"c"}`, `/t enum`},
		{`{"oneOf":[{"type":"object","properties":{"t":{"const":"a"}},"required":["t"]},{"type":"object","properties":{"t":{"const":"b"}},"required":["t"]}]}`, `{}`, `/t required`},
		{`{"oneOf":[{"type":"object","properties":{"t":{"const":"a"}},"required":["t"]},{"type":"object","properties":{"t":{"const":"b"}},"required":["t"]}]}`, `1`, ` type`},
		{`{"$defs":{"n":{"properties":{"next":{"$ref":"#/$defs/n"},"v":{"type":"string"}}}},"$ref":"#/$defs/n"}`, `{"next":{"next":{"v":1}}}`, `/next/next/v type`},
		{`{"properties":{"a":true},"unevaluatedProperties":false}`, `{"a":1,"b":2}`, `/b additionalProperties`},
		{`{"allOf":[{"$ref":"#/$defs/p"}],"properties":{"b":{"type":"string"}},"$defs":{"p":{"properties":{"a":{"type":"string"}},"required":["a"]}},"unevaluatedProperties":false}`, `{"a":"","b":"","c":2}`, `/c additionalProperties`},
		{`{"anyOf":[{"properties":{"a":true},"required":["a"]},{"properties":{"b":true}}],"unevaluatedProperties":false}`, `{"a":1,"c":2}`, `/c schema`},
		{`{"unevaluatedProperties":{"type":"string"}}`, `{"a":1}`, `/a type`},
		{`{"$ref":"#"}`, `1`, ` schema`},
	} {
		var got []string
		for _, v := range load(t, c.schema).Validate(value(t, c.value)) {
			got = append(got, v.Pointer+" "+v.Code)
			if v.RU == "" || v.EN == "" || strings.Contains(v.RU+v.EN, "%!") {
				t.Errorf("%s: bad wording %+v", c.schema, v)
			}
		}
		if s := strings.Join(got, ";"); s != c.want {
			t.Errorf("%s with %s: got %q, want %q", c.schema, c.value, s, c.want)
		}
	}
}

func TestValidateWords(t *testing.T) {
	s := load(t, `{"properties":{"lastName":{"enum":["male","female"]}},"additionalProperties":false}`)
	vs := s.Validate(value(t, `{"lastNane":1}`))
	if len(vs) != 1 || vs[0].Text("ru") != "такого поля в схеме нет; возможно, имелось в виду «lastName»" || vs[0].Text("en") != `the schema has no such member; did you mean "lastName"?` {
		t.Errorf("%+v", vs)
	}
	many := make([]any, 500)
	if got := load(t, `{"items":{"type":"string"}}`).Validate(many); len(got) != maxViolations {
		t.Errorf("%d violations, want %d", len(got), maxViolations)
	}
}

func TestFormats(t *testing.T) {
	for format, words := range map[string][2]string{
		"snils":     {"112-233-445 95;11223344595;001-001-998 00", "112-233-445 96;112 233 445 95;1122334459;000-000-000 00;112-233-445-95;"},
		"inn":       {"7707083893;500100732259", "7707083894;500100732258;500100732269;770708389;0000000000;77070838932"},
		"ogrn":      {"1027700132195", "1027700132196;304500116000157;0027700132195;"},
		"ogrnip":    {"304500116000157", "304500116000158;1027700132195"},
		"decimal":   {"0;-1.50;54.375", "01;1.;.5;1,5;1e3;+1;;-"},
		"money":     {"1520.50;0.1;-5", "1520.505;1 520"},
		"date":      {"2024-02-29;1990-12-31", "2023-02-29;2024-13-01;2024-00-10;2024-04-31;24-1-1;2024-1-01"},
		"date-time": {"2025-03-01T10:00:00Z;2025-03-01t10:00:00.123+03:00;2016-12-31T23:59:60Z;2017-01-01T02:59:60+03:00", "2025-03-01T10:00:00;2025-03-01 10:00:00Z;2025-03-01T24:00:00Z;2025-03-01T10:00:60Z;2025-03-01T10:00:00.Z;2025-03-01T10:00:00+0300;2025-02-30T10:00:00Z"},
		"uuid":      {"123e4567-e89b-12d3-a456-426614174000", "123e4567e89b12d3a456426614174000;123e4567-e89b-12d3-a456-42661417400g"},
		"base64":    {"AAAA;AAA=;AA==;", "AAA;A===;====;A_AA;AA\n=="},
	} {
		for i, list := range words {
			for _, s := range strings.Split(list, ";") {
				if got := formats[format](s); got != (i == 0) {
					t.Errorf("%s of %q is %v", format, s, got)
				}
			}
		}
	}
}

func TestReferences(t *testing.T) {
	s := load(t, `{"properties":{"a":{"$ref":"lib/c.json#/$defs/x y"}}}`, `{"$defs":{"x y":{"$ref":"d.json"}}}`, `{"type":"string"}`)
	if got := s.Validate(value(t, `{"a":1}`)); len(got) != 1 || got[0].Pointer != "/a" {
		t.Errorf("got %v", got)
	}
}

func TestLoadErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{\n  \"type\": \"strin\"\n}":                                     `s.json:1:1: /type is no valid JSON Schema: value must be one of 'array', 'boolean', 'integer', 'null', 'number', 'object', 'string'`,
		`{"$ref":"no.json"}`:                                              `s.json: can't read no.json: there is no file no.json`,
		`{"$ref":"https://example.org/x.json"}`:                           `s.json: can't read https://example.org/x.json: it is not a file of this workspace; references must be relative paths, nothing is fetched`,
		`{"$ref":"#/$defs/nothing"}`:                                      `s.json: s.json has nothing at /$defs/nothing`,
		"{\"$defs\":{},\n\"properties\":{\"a\":{\"pattern\":\"(?=x)\"}}}": `s.json:2:19: /properties/a/pattern is no valid JSON Schema: '(?=x)' is not valid regex: error parsing regexp: invalid or unsupported Perl syntax: ` + "`(?=`",
		`{"a":1,"a":2}`:                                                   `s.json:1:8: the key "a" is there twice`,
	} {
		_, err := Load(fstest.MapFS{"s.json": {Data: []byte(text)}}, "s.json")
		var list diag.List
		if !errors.As(err, &list) || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestShape(t *testing.T) {
	s := load(t, `{"title":"T","type":"object","properties":{
	  "zebra":{"type":"string","format":"date"},
	  "apple":{"type":["integer","null"]},
	  "list":{"type":"array","minItems":1,"maxItems":5,"items":{"$ref":"#"}},
	  "either":{"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"string"}},"required":["kind","x"]},
	                     {"type":"object","properties":{"kind":{"const":"b"},"y":{"type":"boolean"}},"required":["kind"]}]},
	  "maybe":{"anyOf":[{"type":"string","format":"money"},{"type":"null"}]},
	  "money":{"allOf":[{"properties":{"a":{"type":"number"}}},{"required":["a"]}]}
	 },"required":["zebra"],"additionalProperties":false}`).Shape()
	if got := strings.Join(s.Names(), " "); got != "zebra apple list either maybe money" {
		t.Errorf("fields out of the file's order: %s", got)
	}
	if s.Open || !s.Field("zebra").Required || s.Field("zebra").Type.Format != shape.Date || s.Field("apple").Required || s.Pos.Line != 1 || s.Name != "T" {
		t.Errorf("got %+v", s)
	}
	if apple := s.Field("apple").Type; apple.Kind != shape.Int || !apple.Nillable || apple.Pos.Line != 3 {
		t.Errorf("apple %+v", apple)
	}
	if list := s.Field("list").Type; list.Elem != s || list.MinItems != 1 || list.MaxItems != 5 {
		t.Errorf("list %+v", list)
	}
	either := s.Field("either").Type
	if !either.Field("kind").Required || either.Field("x").Required || either.Field("y").Type.Kind != shape.Bool || !slices.Equal(either.Field("kind").Type.Enum, []string{"a", "b"}) {
		t.Errorf("either %+v", either)
	}
	if maybe := s.Field("maybe").Type; !maybe.Nillable || maybe.Format != shape.Decimal {
		t.Errorf("maybe %+v", maybe)
	}
	if a := s.Field("money").Type.Field("a"); a == nil || !a.Required || a.Type.Kind != shape.Number {
		t.Errorf("money %+v", s.Field("money").Type)
	}
}

// FuzzValidate holds the checker against the library: both must agree on every value.
func FuzzValidate(f *testing.F) {
	var schemas []*Schema
	for _, text := range []string{
		`{"type":"object","properties":{"a":{"type":"integer","minimum":2},"b":{"enum":["x",1,null]}},"required":["a"],"additionalProperties":false}`,
		`{"items":{"anyOf":[{"type":"string","maxLength":2},{"type":"number","multipleOf":0.5}]},"uniqueItems":true,"contains":{"const":1}}`,
		`{"oneOf":[{"type":"object","properties":{"t":{"const":"a"}},"required":["t"]},{"type":"object","properties":{"t":{"const":"b"}},"required":["t","u"]}]}`,
		`{"patternProperties":{"^x":{"type":"integer"}},"propertyNames":{"maxLength":3},"minProperties":1,"dependentRequired":{"x":["y"]}}`,
		`{"if":{"type":"string"},"then":{"format":"date"},"else":{"not":{"type":"boolean"}}}`,
		`{"allOf":[{"$ref":"#/$defs/p"},{"properties":{"x":{"minimum":2}}}],"$defs":{"p":{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]}},"unevaluatedProperties":false}`,
		`{"$defs":{"n":{"type":["object","null"],"properties":{"n":{"$ref":"#/$defs/n"}},"additionalProperties":{"prefixItems":[{"const":1}],"items":false}}},"$ref":"#/$defs/n"}`,
	} {
		schemas = append(schemas, load(f, text))
	}
	for _, seed := range []string{`{"a":2,"b":1}`, `["ab",1,1.5]`, `{"t":"b","u":0}`, `{"x":1,"y":2}`, `"2024-02-29"`, `{"n":{"n":null,"k":[1]}}`} {
		for i := range schemas {
			f.Add(uint8(i), []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		v, err := ParseJSON(text, Limits{})
		if err != nil {
			return
		}
		s := schemas[int(which)%len(schemas)]
		valid, found := s.Valid(v), s.Validate(v)
		if oracle := s.compiled.Validate(tree.Plain(v)); (oracle == nil) != valid || valid != (len(found) == 0) {
			t.Fatalf("%s: Valid %v, Validate %v, the library says %v", text, valid, found, oracle)
		}
	})
}

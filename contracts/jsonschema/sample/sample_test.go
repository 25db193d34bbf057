package sample_test

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/jsonschema"
	"sluice/contracts/jsonschema/sample"
)

func compile(t *testing.T, text string) *jsonschema.Schema {
	t.Helper()
	s, err := jsonschema.Load(fstest.MapFS{"s.json": {Data: []byte(text)}}, "s.json")
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return s
}

// texts are the instances as JSON.
func texts(t *testing.T, instances []sample.Instance) (out []string) {
	t.Helper()
	for _, i := range instances {
		b, err := jsonschema.AppendJSON(nil, i.Tree)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, string(b))
	}
	return out
}

// TestInstances holds what is made of each keyword: every instance is valid, and those that matter are among them.
func TestInstances(t *testing.T) {
	for _, c := range []struct{ name, schema, want string }{
		{"members in turn", `{"type":"object","properties":{"a":{"const":1},"b":{"const":2},"c":{"const":3}},"required":["b"]}`,
			`{"b":2} {"a":1,"b":2,"c":3} {"b":2,"c":3} {"a":1,"b":2}`},
		{"values in turn", `{"enum":["a","b",3,null]}`, `"a" "b" 3 null`},
		{"a boolean", `{"type":"boolean"}`, `false true`},
		{"branches in turn", `{"oneOf":[{"type":"object","properties":{"k":{"const":"x"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"y"},"n":{"const":1}},"required":["k"]}]}`,
			`{"k":"x"} {"k":"y"} {"k":"y","n":1}`},
		{"anyOf", `{"anyOf":[{"const":1},{"const":2}]}`, `1 2`},
		{"allOf", `{"allOf":[{"minLength":3},{"maxLength":4}],"type":"string"}`, `"яяя" "ЩЩЩЩ"`},
		{"a condition", `{"type":"object","properties":{"k":{"enum":["x","y"]},"n":{"const":1}},"required":["k"],"if":{"properties":{"k":{"const":"y"}}},"then":{"required":["n"]}}`,
			`{"k":"x"} {"k":"y","n":1}`},
		{"otherwise", `{"type":"object","properties":{"k":{"const":1},"n":{"const":2}},"if":{"required":["k"]},"else":{"required":["n"]}}`, `{"n":2} {"k":1} {"k":1,"n":2}`},
		{"one needs another", `{"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"dependentRequired":{"a":["b"]}}`, `{} {"a":1,"b":2} {"b":2}`},
		{"one changes another", `{"type":"object","properties":{"a":{"const":1},"b":{"type":"integer","minimum":5}},"dependentSchemas":{"a":{"required":["b"],"properties":{"b":{"maximum":6}}}}}`,
			`{} {"a":1,"b":5} {"a":1,"b":6}`},
		{"at least so many members", `{"type":"object","properties":{"a":{"const":1},"b":{"const":2}},"minProperties":1,"maxProperties":1}`, `{"a":1} {"b":2}`},
		{"closed by another part", `{"allOf":[{"properties":{"a":{"const":1},"b":{"const":2}}},{"properties":{"a":{}},"additionalProperties":false}],"type":"object"}`, `{} {"a":1}`},
		{"a list's bounds", `{"type":"array","items":{"const":1},"minItems":1,"maxItems":4}`, `[1] [1,1] [1,1,1,1]`},
		{"a list that may be empty", `{"type":"array","items":{"const":1}}`, `[] [1] [1,1]`},
		{"a tuple", `{"type":"array","prefixItems":[{"const":"a"},{"const":"b"}],"items":{"const":"c"},"minItems":3,"maxItems":3}`, `["a","b","c"]`},
		{"contained", `{"type":"array","items":{"type":"integer"},"contains":{"minimum":7},"minItems":1,"maxItems":1}`, `[7]`},
		{"different items", `{"type":"array","items":{"enum":["a","b","c"]},"uniqueItems":true,"minItems":3}`, ``},
		{"a text's bounds", `{"type":"string","minLength":2,"maxLength":6}`, `"Текст" "яя" "ЩЩЩЩЩЩ" "A&B <\""`},
		{"a pattern's bounds", `{"type":"string","pattern":"^a{2,4}(b|cc)?$"}`, `"aa" "aaaacc"`},
		{"an open pattern", `{"type":"string","pattern":"^x+$","minLength":3,"maxLength":5}`, `"xxx" "xxxxx"`},
		{"days", `{"type":"string","format":"date","pattern":"^(19|20)"}`, `"1900-01-01" "2000-02-29" "2099-12-31"`},
		{"moments", `{"type":"string","format":"date-time"}`, `"2025-03-14T10:15:30Z" "2024-02-29T23:59:59.999+03:00"`},
		{"sums", `{"type":"string","format":"money","pattern":"^[0-9]{1,3}(\\.[0-9]{2})?$"}`, `"0" "0.01"`},
		{"whole numbers", `{"type":"integer","minimum":2018,"maximum":2099}`, `2018 2099`},
		{"numbers without bounds", `{"type":"integer"}`, `0 -1 2147483648`},
		{"numbers between", `{"type":"number","exclusiveMinimum":0,"maximum":2.5}`, `0.01 2.5`},
		{"multiples", `{"type":"integer","multipleOf":5,"minimum":5,"maximum":20}`, `5 20`},
		{"several types", `{"type":["string","null"],"const":null}`, `null`},
		{"a type or nothing", `{"type":["boolean","null"]}`, `false true null`},
		{"a tree", `{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":{"const":1},"l":{"$ref":"#/$defs/n"}},"required":["v"]}}}`, `{"v":1} {"l":{"v":1},"v":1}`},
		{"a tree by branches", `{"$ref":"#/$defs/n","$defs":{"n":{"oneOf":[{"type":"array","items":{"$ref":"#/$defs/n"},"minItems":1,"maxItems":1},{"const":1}]}}}`, `[1] 1`},
	} {
		s := compile(t, c.schema)
		instances, gaps := sample.Instances(s, sample.Options{Seed: 1, Random: 5})
		if len(gaps) > 0 {
			t.Errorf("%s: gaps %v", c.name, gaps)
		}
		got := texts(t, instances)
		for i, instance := range instances {
			if v := s.Validate(instance.Tree); len(v) > 0 {
				t.Errorf("%s: %s (%s) breaks the schema: %v", c.name, got[i], instance.About, v)
			}
		}
		for _, want := range strings.Split(strings.ReplaceAll(c.want, `B <`, `B_<`), " ") {
			if want = strings.ReplaceAll(want, "_", " "); want != "" && !slices.Contains(got, want) {
				t.Errorf("%s: %s is not among %s", c.name, want, strings.Join(got, " "))
			}
		}
	}
}

// TestCheckDigits makes numbers of registers, in each of the ways to write them.
func TestCheckDigits(t *testing.T) {
	for format, lengths := range map[string][]int{"snils": {11, 14}, "inn": {10, 12}, "ogrn": {13}, "ogrnip": {15}} {
		s := compile(t, `{"type":"string","format":"`+format+`"}`)
		instances, gaps := sample.Instances(s, sample.Options{Seed: 3, Random: 20})
		var got []int
		for _, i := range instances {
			if n := len(i.Tree.(string)); !slices.Contains(got, n) {
				got = append(got, n)
			}
		}
		if slices.Sort(got); !reflect.DeepEqual(got, lengths) || len(gaps) > 0 {
			t.Errorf("%s: lengths %v, gaps %v", format, got, gaps)
		}
	}
}

// TestGaps names what can't be made, and never counts it.
func TestGaps(t *testing.T) {
	for _, c := range []struct {
		name, schema, want string
		instances          int
	}{
		{"no text fits", `{"type":"object","properties":{"a":{"type":"string","pattern":"^x$","minLength":2}}}`, "/a: no text could be made that keeps to the schema's pattern, format and length", 2},
		{"nothing may stand there", `{"type":"object","properties":{"a":false},"required":["a"]}`, "/a: nothing may stand here", 0},
		{"no common value", `{"enum":["a"],"const":"b"}`, "no value is in all the lists of values", 0},
		{"no number", `{"type":"integer","minimum":5,"maximum":4}`, "no number keeps to all the bounds", 0},
		{"a negation", `{"type":"object","properties":{"l":{"type":"array","items":{"type":"object","properties":{"a":{"not":{"type":"string"}}},"required":["a"]},"minItems":1}}}`,
			"/l/*/a: what was made breaks the schema (not)", 2},
		{"too few different", `{"type":"array","items":{"enum":[1,2]},"uniqueItems":true,"minItems":3}`, "there are not 3 different items", 0},
		{"without end", `{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"n":{"$ref":"#/$defs/n"}},"required":["n"]}}}`, "the schema asks for values nested deeper than 64", 0},
	} {
		instances, gaps := sample.Instances(compile(t, c.schema), sample.Options{})
		found := slices.ContainsFunc(gaps, func(g sample.Gap) bool { return strings.HasSuffix(g.String(), c.want) })
		if !found || len(instances) != c.instances {
			t.Errorf("%s: %d instances, gaps %v; want %d and %q", c.name, len(instances), gaps, c.instances, c.want)
		}
	}
}

// TestPlaces narrows what may stand at a pointer.
func TestPlaces(t *testing.T) {
	s := compile(t, `{"type":"object","properties":{"kind":{"type":"string"},"body":{"type":"object"},"rest":{"type":"integer"}},"required":["kind"]}`)
	body := compile(t, `{"type":"object","properties":{"x":{"enum":[1,2]}},"required":["x"]}`)
	instances, gaps := sample.Instances(s, sample.Options{Places: map[string]sample.Place{
		"/kind": {Values: []any{"k"}},
		"/body": {Schemas: []*jsonschema.Schema{body}, Required: true},
		"/rest": {Values: []any{int64(7)}},
	}})
	got := texts(t, instances)
	slices.Sort(got)
	if want := []string{`{"body":{"x":1},"kind":"k","rest":7}`, `{"body":{"x":1},"kind":"k","rest":7}`, `{"body":{"x":1},"kind":"k"}`, `{"body":{"x":1},"kind":"k"}`, `{"body":{"x":2},"kind":"k","rest":7}`}; !slices.Equal(got, want) || gaps != nil {
		t.Errorf("got %v, gaps %v", got, gaps)
	}
}

// TestDeterminism: one seed always makes the same, another makes others.
func TestDeterminism(t *testing.T) {
	made := func(seed uint64) []string {
		s, err := jsonschema.Load(os.DirFS("../.."), "services/housing-subsidy.schema.json")
		if err != nil {
			t.Fatal(err)
		}
		instances, gaps := sample.Instances(s, sample.Options{Seed: seed, Random: 3})
		if len(gaps) > 0 || len(instances) < 200 {
			t.Errorf("%d instances, gaps %v", len(instances), gaps)
		}
		return texts(t, instances)
	}
	first := made(1)
	if !slices.Equal(first, made(1)) {
		t.Error("the same seed made something else")
	}
	if slices.Equal(first, made(2)) {
		t.Error("another seed made the same")
	}
}

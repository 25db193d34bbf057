package jsonschema_test

import (
	"encoding/json"
	"os"
	"testing"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
)

// The sample request is a real-sized text; its service's payload schema a real-sized schema.
func sampleRequest(b *testing.B) []byte {
	b.Helper()
	data, err := os.ReadFile("../services/samples/housing-subsidy.json")
	if err != nil {
		b.Fatal(err)
	}
	return data
}

func BenchmarkParseJSON(b *testing.B) {
	data := sampleRequest(b)
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if _, err := jsonschema.ParseJSON(data, jsonschema.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			var v any
			if err := json.Unmarshal(data, &v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	v, err := jsonschema.ParseJSON(sampleRequest(b), jsonschema.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		var out []byte
		for b.Loop() {
			if out, err = jsonschema.AppendJSON(out[:0], v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkValidate(b *testing.B) {
	v, err := jsonschema.ParseJSON(sampleRequest(b), jsonschema.Limits{})
	if err != nil {
		b.Fatal(err)
	}
	payload := v.(*tree.Object).Get("payload")
	schema, err := jsonschema.Load(os.DirFS(".."), "services/housing-subsidy.schema.json")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("ours", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if vs := schema.Validate(payload); vs != nil {
				b.Fatal(vs)
			}
		}
	})
	b.Run("library", func(b *testing.B) {
		c := santhosh.NewCompiler()
		c.AssertFormat()
		library, err := c.Compile("../services/housing-subsidy.schema.json")
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if err := library.Validate(payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}

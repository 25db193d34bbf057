package sample_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"sluice/contracts/shape"
	"sluice/contracts/xsd/sample"
)

// TestVary changes one thing at a time, and the tree itself never.
func TestVary(t *testing.T) {
	text := func(t shape.Type) *shape.Type { t.Kind = shape.String; return &t }
	object := &shape.Type{Kind: shape.Object, Fields: []shape.Field{
		{Name: "must", Required: true, Type: text(shape.Type{Enum: []string{"a", "b"}})},
		{Name: "may", Type: text(shape.Type{MinLen: 1, MaxLen: 3})},
		{Name: "fixed", Required: true, Fixed: "1", Type: text(shape.Type{})},
		{Name: "list", Required: true, Type: &shape.Type{Kind: shape.List, MinItems: 1, Elem: &shape.Type{Kind: shape.Bool}}},
		{Name: "number", Required: true, Type: &shape.Type{Kind: shape.Int}},
		{Name: "pattern", Required: true, Type: text(shape.Type{Pattern: "x+"})},
	}}
	tree := map[string]any{"must": "a", "may": "xx", "fixed": "1", "list": []any{true, true}, "number": int64(1), "pattern": "x"}
	with := func(key string, value any) map[string]any {
		m := map[string]any{"must": "a", "may": "xx", "fixed": "1", "list": []any{true, true}, "number": int64(1), "pattern": "x"}
		if m[key] = value; value == nil {
			delete(m, key)
		}
		return m
	}
	want := []map[string]any{
		with("list", []any{true}), with("list", []any{false, true}),
		with("may", nil), with("may", "я"), with("may", "ЩЩЩ"), with("must", "b"),
		with("number", int64(0)), with("number", int64(-1)), with("number", int64(1<<31-1)), with("number", int64(1<<63-1)),
	}
	if got := sample.Vary(tree, object); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if !reflect.DeepEqual(tree, with("may", "xx")) {
		t.Errorf("the tree became %v", tree)
	}
	for format, some := range map[shape.Format]string{shape.Date: "2024-12-31+03:00", shape.DateTime: "2024-12-31T24:00:00Z", shape.Decimal: "0.01"} {
		got := sample.Vary(map[string]any{"f": "x"}, &shape.Type{Kind: shape.Object, Fields: []shape.Field{{Name: "f", Required: true, Type: text(shape.Type{Format: format})}}})
		if !slices.ContainsFunc(got, func(m map[string]any) bool { return m["f"] == some }) {
			t.Errorf("%s: %v has no %s", format, got, some)
		}
	}
}

// TestTrees leaves out what is invalid: a variation silently, a sample as a gap.
func TestTrees(t *testing.T) {
	object := &shape.Type{Kind: shape.Object, Fields: []shape.Field{{Name: "v", Required: true, Type: &shape.Type{Kind: shape.String, Enum: []string{"a", "b", "c"}}}}}
	trees, gaps := sample.Trees(0, object, func(o sample.Options) (map[string]any, []sample.Gap) {
		switch {
		case o.Seed == 3:
			return map[string]any{"v": "d"}, nil
		case o.Seed == 4:
			return nil, []sample.Gap{{Path: "v", Reason: "none"}}
		}
		return map[string]any{"v": "a"}, nil
	}, func(tree map[string]any) error {
		if v := tree["v"].(string); strings.Contains("cd", v) {
			return errors.New("no " + v)
		}
		return nil
	})
	if want := []string{"no d", "v: none"}; !slices.Equal(gaps, want) {
		t.Errorf("gaps %v, want %v", gaps, want)
	}
	if n := len(sample.Bases(0)) - 4 + 1; len(trees) != n || trees[n-1]["v"] != "b" {
		t.Errorf("%d trees, want %d, the last with b: %v", len(trees), n, trees)
	}
}

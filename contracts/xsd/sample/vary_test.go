package sample_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"sluice/contracts/shape"
	"sluice/contracts/tree"
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
	message := tree.Of("must", "a", "may", "xx", "fixed", "1", "list", []any{true, true}, "number", int64(1), "pattern", "x")
	with := func(key string, value any) *tree.Object {
		m := tree.Of("must", "a", "may", "xx", "fixed", "1", "list", []any{true, true}, "number", int64(1), "pattern", "x")
		if m.Set(key, value); value == nil {
			m.Delete(key)
		}
		return m
	}
	want := []*tree.Object{
		with("list", []any{true}), with("list", []any{false, true}),
		with("may", nil), with("may", "я"), with("may", "ЩЩЩ"), with("must", "b"),
		with("number", int64(0)), with("number", int64(-1)), with("number", int64(1<<31-1)), with("number", int64(1<<63-1)),
	}
	if got := sample.Vary(message, object); !slices.EqualFunc(got, want, func(a, b *tree.Object) bool { return tree.Equal(a, b) }) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if !tree.Equal(message, with("may", "xx")) {
		t.Errorf("the tree became %v", message)
	}
	for format, some := range map[shape.Format]string{shape.Date: "2024-12-31+03:00", shape.DateTime: "2024-12-31T24:00:00Z", shape.Decimal: "0.01"} {
		got := sample.Vary(tree.Of("f", "x"), &shape.Type{Kind: shape.Object, Fields: []shape.Field{{Name: "f", Required: true, Type: text(shape.Type{Format: format})}}})
		if !slices.ContainsFunc(got, func(m *tree.Object) bool { return m.Get("f") == some }) {
			t.Errorf("%s: %v has no %s", format, got, some)
		}
	}
}

// TestTrees leaves out what is invalid: a variation silently, a sample as a gap.
func TestTrees(t *testing.T) {
	object := &shape.Type{Kind: shape.Object, Fields: []shape.Field{{Name: "v", Required: true, Type: &shape.Type{Kind: shape.String, Enum: []string{"a", "b", "c"}}}}}
	trees, gaps := sample.Trees(0, object, func(o sample.Options) (*tree.Object, []sample.Gap) {
		switch {
		case o.Seed == 3:
			return tree.Of("v", "d"), nil
		case o.Seed == 4:
			return nil, []sample.Gap{{Path: "v", Reason: "none"}}
		}
		return tree.Of("v", "a"), nil
	}, func(message *tree.Object) error {
		if v := message.Get("v").(string); strings.Contains("cd", v) {
			return errors.New("no " + v)
		}
		return nil
	})
	if want := []string{"no d", "v: none"}; !slices.Equal(gaps, want) {
		t.Errorf("gaps %v, want %v", gaps, want)
	}
	if n := len(sample.Bases(0)) - 4 + 1; len(trees) != n || trees[n-1].Get("v") != "b" {
		t.Errorf("%d trees, want %d, the last with b: %v", len(trees), n, trees)
	}
}

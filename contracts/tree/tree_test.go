package tree_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"sluice/contracts/tree"
)

// TestObject goes through an object's life, small and with an index.
func TestObject(t *testing.T) {
	for _, size := range []int{0, 1, 5, 23, 24, 100} {
		o := tree.Sized(size)
		for i := range size {
			o.Set(strconv.Itoa(i), i)
		}
		o.Set("null", nil)
		o.Set("twice", 1)
		o.Set("twice", 2)
		if o.Len() != size+2 || o.Get("twice") != 2 {
			t.Fatalf("%d: %d fields, twice is %v", size, o.Len(), o.Get("twice"))
		}
		if v, found := o.Lookup("null"); v != nil || !found || !o.Has("null") {
			t.Errorf("%d: null is %v, %v", size, v, found)
		}
		if v, found := o.Lookup("none"); v != nil || found || o.Has("none") || o.Get("none") != nil {
			t.Errorf("%d: none is %v, %v", size, v, found)
		}
		near := 0
		for i := range size {
			if v, found := o.Next(strconv.Itoa(i), &near); v != i || !found || near != i+1 {
				t.Fatalf("%d: the next %d is %v, %v, at %d", size, i, v, found, near)
			}
		}
		if _, found := o.Next("none", &near); found || near != size {
			t.Errorf("%d: none was found, or moved the cursor to %d", size, near)
		}
		copied := o.Clone()
		o.Delete("null")
		o.Delete("none")
		if o.Has("null") || o.Get("twice") != 2 || o.Len() != size+1 {
			t.Errorf("%d: %v after deletion", size, o)
		}
		if !copied.Has("null") || copied.Len() != size+2 || !tree.Equal(copied.Get("twice"), 2) {
			t.Errorf("%d: the copy changed: %v", size, copied)
		}
		if f := copied.At(size); f.Key != "null" {
			t.Errorf("%d: the field is %v", size, f)
		}
	}
	var none *tree.Object
	near := 0
	if _, found := none.Next("a", &near); none.Len() != 0 || none.Get("a") != nil || none.Has("a") || found || none.Clone() != nil || len(none.Keys()) != 0 {
		t.Error("the nil object is not empty")
	}
	for range none.All() {
		t.Error("the nil object has a field")
	}
}

// TestBuilder makes objects of every size in one builder, and changes one without changing its neighbours.
func TestBuilder(t *testing.T) {
	var b tree.Builder
	var made []*tree.Object
	for size := range 80 {
		fields := make([]tree.Field, size)
		for i := range fields {
			fields[i] = tree.Field{Key: strconv.Itoa(i), Value: size}
		}
		made = append(made, b.Object(fields))
		clear(fields)
	}
	for size, o := range made {
		o.Set("more", true)
		o.Delete("0")
		if want := max(size, 1); o.Len() != want {
			t.Errorf("%d: %d fields", size, o.Len())
		}
		for i := 1; i < size; i++ {
			if o.Get(strconv.Itoa(i)) != size {
				t.Fatalf("%d: field %d is %v", size, i, o.Get(strconv.Itoa(i)))
			}
		}
	}
}

// TestPlain turns maps into trees and back.
func TestPlain(t *testing.T) {
	plain := map[string]any{"b": []any{map[string]any{"z": "<я>"}, nil, int64(1)}, "a": map[string]any{}}
	v := tree.From(plain)
	if keys := v.(*tree.Object).Keys(); !slices.Equal(keys, []string{"a", "b"}) {
		t.Errorf("keys %v", keys)
	}
	if got := tree.Plain(v); !reflect.DeepEqual(got, any(plain)) {
		t.Errorf("got %v, want %v", got, plain)
	}
	if text, err := json.Marshal(v); err != nil || string(text) != `{"a":{},"b":[{"z":"\u003cя\u003e"},null,1]}` {
		t.Errorf("JSON %s, %v", text, err)
	}
	if text := fmt.Sprintf("%v", v); text != fmt.Sprintf("%v", plain) {
		t.Errorf("printed as %s", text)
	}
}

// TestEqual has pairs and whether they are equal.
func TestEqual(t *testing.T) {
	for _, c := range []struct {
		a, b any
		want bool
	}{
		{tree.Of("a", 1, "b", nil), tree.Of("b", nil, "a", 1), true},
		{tree.Of("a", 1), tree.Of("a", 1, "b", nil), false},
		{tree.Of("a", nil), tree.Of("b", nil), false},
		{[]any{tree.Of("a", "x")}, []any{tree.Of("a", "x")}, true},
		{[]any{"x"}, []any{"x", "y"}, false},
		{[]any{"x"}, "x", false},
		{"x", tree.Of(), false},
		{tree.Of(), nil, false},
		{int64(1), 1.0, false},
		{"x", "x", true},
	} {
		if got := tree.Equal(c.a, c.b); got != c.want {
			t.Errorf("%v and %v: %v", c.a, c.b, got)
		}
		if got := tree.Equal(c.b, c.a); got != c.want {
			t.Errorf("%v and %v: %v", c.b, c.a, got)
		}
	}
}

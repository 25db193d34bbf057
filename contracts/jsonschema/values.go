package jsonschema

import (
	"encoding/json"
	"maps"
	"math"
	"slices"

	"sluice/contracts/tree"
)

// typeSet is a set of JSON types.
type typeSet uint8

const (
	isNull typeSet = 1 << iota
	isBool
	isInteger
	isFraction // a number that is not whole
	isString
	isArray
	isObject
)

var typeBits = map[string]typeSet{
	"null": isNull, "boolean": isBool, "integer": isInteger, "number": isInteger | isFraction,
	"string": isString, "array": isArray, "object": isObject,
}

func (t typeSet) holds(v any) bool { return t&typeOf(v) != 0 }

// typeOf is the type of a tree's value, or 0 for what no tree holds.
func typeOf(v any) typeSet {
	switch v := v.(type) {
	case nil:
		return isNull
	case bool:
		return isBool
	case string:
		return isString
	case int64, int:
		return isInteger
	case float64:
		switch {
		case math.IsNaN(v) || math.IsInf(v, 0):
			return 0
		case v == math.Trunc(v):
			return isInteger
		}
		return isFraction
	case json.Number:
		if rational(v).IsInt() {
			return isInteger
		}
		return isFraction
	case []any:
		return isArray
	case *tree.Object:
		return isObject
	}
	return 0
}

// equal compares by JSON Schema's rules: numbers by value, objects without order.
func equal(a, b any) bool {
	switch a := a.(type) {
	case *tree.Object:
		m, ok := b.(*tree.Object)
		if !ok || a.Len() != m.Len() {
			return false
		}
		for k, v := range a.All() {
			if w, ok := m.Lookup(k); !ok || !equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		l, ok := b.([]any)
		return ok && slices.EqualFunc(a, l, equal)
	}
	const number = isInteger | isFraction
	if typeOf(a)&number != 0 {
		return typeOf(b)&number != 0 && (a == b || rational(a).Cmp(rational(b)) == 0)
	}
	switch b.(type) {
	case *tree.Object, []any:
		return false
	}
	return a == b
}

// repeated is the index of the first item that an earlier one equals, or -1.
func repeated(items []any) int {
	if len(items) <= 16 {
		for i := range items {
			for j := range i {
				if equal(items[i], items[j]) {
					return i
				}
			}
		}
		return -1
	}
	seen := make(map[string]bool, len(items))
	for i, v := range items {
		b, err := AppendJSON(nil, v)
		if err != nil {
			continue
		}
		if seen[string(b)] {
			return i
		}
		seen[string(b)] = true
	}
	return -1
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

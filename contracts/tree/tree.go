// Package tree is what a message is between its bytes and a mapping: objects, lists and scalars, whatever the wire.
//
// A value is nil, a bool, an int64, a float64, a json.Number (a number that neither of these holds), a string, a list
// ([]any) or an *Object. Trees are read by many at once and changed only by who makes them.
package tree

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
)

// Object has its fields in the order in which they came; no order means anything. The nil *Object and the zero value are
// empty. It is a list that is searched and not a map: a message's objects are small, and made and thrown away by the
// thousand.
type Object struct {
	fields []Field
	index  map[string]int // of an object with many fields
}

// Field is a key with its value.
type Field struct {
	Key   string
	Value any
}

// many is from how many fields on an object has an index.
const many = 24

// Of makes an object of keys and values in turn. It panics where they are no pairs.
func Of(pairs ...any) *Object {
	o := &Object{fields: make([]Field, 0, len(pairs)/2)}
	for i := 0; i < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// Sized is an empty object with room for n fields.
func Sized(n int) *Object { return &Object{fields: make([]Field, 0, n)} }

// Len is the number of fields.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.fields)
}

// Get is the value of a field, or nil where there is none.
func (o *Object) Get(key string) any {
	if i := o.find(key); i >= 0 {
		return o.fields[i].Value
	}
	return nil
}

// Lookup is Get that tells a null from a field that is not there.
func (o *Object) Lookup(key string) (value any, found bool) {
	if i := o.find(key); i >= 0 {
		return o.fields[i].Value, true
	}
	return nil, false
}

// Next is Lookup for a caller who asks for many keys in about the order of the fields: cursor, from 0, is where it is
// looked first, and moves on.
func (o *Object) Next(key string, cursor *int) (value any, found bool) {
	if o == nil {
		return nil, false
	}
	i := *cursor
	if i >= len(o.fields) || o.fields[i].Key != key {
		if i = o.find(key); i < 0 {
			return nil, false
		}
	}
	*cursor = i + 1
	return o.fields[i].Value, true
}

// Has tells whether there is a field, were it null.
func (o *Object) Has(key string) bool { return o.find(key) >= 0 }

// At is a field by its place, from 0.
func (o *Object) At(i int) Field { return o.fields[i] }

func (o *Object) find(key string) int {
	if o == nil {
		return -1
	}
	if o.index != nil {
		if i, found := o.index[key]; found {
			return i
		}
		return -1
	}
	for i := range o.fields {
		if o.fields[i].Key == key {
			return i
		}
	}
	return -1
}

// Set gives a field its value; a new one stands behind the others.
func (o *Object) Set(key string, value any) {
	if i := o.find(key); i >= 0 {
		o.fields[i].Value = value
		return
	}
	o.fields = append(o.fields, Field{key, value})
	if o.index != nil {
		o.index[key] = len(o.fields) - 1
	} else {
		o.indexed()
	}
}

// Delete takes a field away, if it is there.
func (o *Object) Delete(key string) {
	i := o.find(key)
	if i < 0 {
		return
	}
	o.fields = slices.Delete(o.fields, i, i+1)
	o.index = nil
	o.indexed()
}

// indexed makes the index, where the object is large enough.
func (o *Object) indexed() {
	if len(o.fields) < many {
		return
	}
	o.index = make(map[string]int, 2*len(o.fields))
	for i := range o.fields {
		o.index[o.fields[i].Key] = i
	}
}

// All yields the fields in their order.
func (o *Object) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		if o == nil {
			return
		}
		for i := range o.fields {
			if !yield(o.fields[i].Key, o.fields[i].Value) {
				return
			}
		}
	}
}

// Keys are the fields' names, sorted.
func (o *Object) Keys() []string {
	keys := make([]string, 0, o.Len())
	for key := range o.All() {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Clone copies the object, not what is in it.
func (o *Object) Clone() *Object {
	if o == nil {
		return nil
	}
	return &Object{slices.Clone(o.fields), maps.Clone(o.index)}
}

// MarshalJSON writes the fields sorted by their names. What HTML needs escaped is for the encoder around it.
func (o *Object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(Plain(o))
	return b.Bytes(), err
}

// Format prints what is in the object, for a test's message.
func (o *Object) Format(s fmt.State, verb rune) {
	fmt.Fprintf(s, fmt.FormatString(s, verb), Plain(o))
}

// Equal compares values of trees, objects without their order. Numbers are equal when they are of one type.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case *Object:
		b, ok := b.(*Object)
		if !ok || a.Len() != b.Len() {
			return false
		}
		for key, v := range a.All() {
			if w, found := b.Lookup(key); !found || !Equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, Equal)
	}
	switch b.(type) {
	case *Object, []any:
		return false
	}
	return a == b
}

// From makes a tree of maps and lists, as libraries give them: map[string]any becomes an *Object, with sorted keys.
func From(v any) any {
	switch v := v.(type) {
	case map[string]any:
		o := Sized(len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			o.fields = append(o.fields, Field{key, From(v[key])})
		}
		o.indexed()
		return o
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = From(v[i])
		}
		return list
	}
	return v
}

// Plain makes maps and lists of a tree, as libraries want them.
func Plain(v any) any {
	switch v := v.(type) {
	case *Object:
		if v == nil {
			return map[string]any(nil)
		}
		m := make(map[string]any, v.Len())
		for key, value := range v.All() {
			m[key] = Plain(value)
		}
		return m
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = Plain(v[i])
		}
		return list
	}
	return v
}

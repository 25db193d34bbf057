package proof

import (
	"slices"

	"sluice/contracts/tree"
)

// mostTries bounds how long one message is reduced.
const mostTries = 3000

// shrink leaves out members and items, the outer before the inner, and takes values from the plain message, as long as the
// message fails the same way.
func shrink(message, plain *tree.Object, fails func(*tree.Object) bool) *tree.Object {
	tries := 0
	for changed := true; changed && plain != nil; {
		changed = false
		swapped(message, plain, func(v any) bool {
			if tries++; tries > mostTries {
				return true
			}
			if m := v.(*tree.Object); fails(m) {
				message, changed = m, true
			}
			return changed
		})
		changed = changed && tries <= mostTries
	}
	for smaller := true; smaller; {
		smaller = false
		without(message, func(v any) bool {
			if tries++; tries > mostTries {
				return true
			}
			if m := v.(*tree.Object); fails(m) {
				message, smaller = m, true
			}
			return smaller
		})
		smaller = smaller && tries <= mostTries
	}
	return message
}

// without gives try the value with one member or item less, once for each, until it says that this will do.
func without(value any, try func(any) bool) bool {
	switch value := value.(type) {
	case *tree.Object:
		keys := value.Keys()
		for _, key := range keys {
			less := value.Clone()
			less.Delete(key)
			if try(less) {
				return true
			}
		}
		for _, key := range keys {
			if without(value.Get(key), func(v any) bool {
				less := value.Clone()
				less.Set(key, v)
				return try(less)
			}) {
				return true
			}
		}
	case []any:
		if n := len(value) / 2; n > 1 { // halves first: lists at their bound are long
			if try(value[:n:n]) || try(value[n:]) {
				return true
			}
		}
		for i := range value {
			if try(slices.Delete(slices.Clone(value), i, i+1)) {
				return true
			}
		}
		for i := range value {
			if without(value[i], func(v any) bool {
				less := slices.Clone(value)
				less[i] = v
				return try(less)
			}) {
				return true
			}
		}
	}
	return false
}

// swapped gives try the value with one text or number as plain has it, once for each that differs.
func swapped(value, plain any, try func(any) bool) bool {
	switch value := value.(type) {
	case *tree.Object:
		plain, ok := plain.(*tree.Object)
		if !ok {
			return false
		}
		for _, key := range value.Keys() {
			if other, there := plain.Lookup(key); there && swapped(value.Get(key), other, func(v any) bool {
				changed := value.Clone()
				changed.Set(key, v)
				return try(changed)
			}) {
				return true
			}
		}
	case []any:
		plain, ok := plain.([]any)
		for i := range value {
			if ok && len(plain) > 0 && swapped(value[i], plain[min(i, len(plain)-1)], func(v any) bool {
				changed := slices.Clone(value)
				changed[i] = v
				return try(changed)
			}) {
				return true
			}
		}
	default:
		switch plain.(type) {
		case *tree.Object, []any:
			return false
		}
		return value != plain && try(plain)
	}
	return false
}

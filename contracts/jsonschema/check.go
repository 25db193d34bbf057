package jsonschema

import (
	"encoding/json"
	"fmt"
	"strconv"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/contracts/tree"
)

// Validate lists every way in which tree breaks the schema, in the schema's order; nil when it holds.
func (s *Schema) Validate(tree any) []Violation {
	if s.root.check(tree, nil) {
		return nil
	}
	r := &report{}
	s.root.check(tree, r)
	return r.out
}

// Valid tells whether tree holds, without saying why not.
func (s *Schema) Valid(tree any) bool { return s.root.check(tree, nil) }

// report collects violations. Checking without one stops at the first, keeps no path and allocates nothing.
type report struct {
	at  []byte // pointer of the value being checked
	out []Violation
}

// maxViolations bounds an answer: nobody mends a thousand at once.
const maxViolations = 100

func (r *report) full() bool { return len(r.out) >= maxViolations }

// fail adds a violation; it always returns false.
func (r *report) fail(code, ru, en string) bool {
	return r.failAt("", code, ru, en)
}

// failAt adds one at the member below the current value.
func (r *report) failAt(name, code, ru, en string) bool {
	if r == nil || r.full() {
		return false
	}
	at := r.at
	if name != "" {
		at = appendToken(append(at[:len(at):len(at)], '/'), name)
	}
	r.out = append(r.out, Violation{Pointer: string(at), Code: code, RU: ru, EN: en})
	return false
}

// member checks a value below the current one.
func (r *report) member(n *node, name string, v any) bool {
	if r == nil {
		return n.check(v, nil)
	}
	outer := len(r.at)
	r.at = appendToken(append(r.at, '/'), name)
	ok := n.check(v, r)
	r.at = r.at[:outer]
	return ok
}

func (r *report) item(n *node, i int, v any) bool {
	if r == nil {
		return n.check(v, nil)
	}
	return r.member(n, strconv.Itoa(i), v)
}

// check tells whether v holds. With a report it goes on after a failure, to find them all.
func (n *node) check(v any, r *report) bool {
	if n.library != nil {
		return checkByLibrary(n.library, v, r)
	}
	if n.never {
		return r.fail("false", "этого здесь быть не должно", "this must not be here")
	}
	if n.types != 0 && !n.types.holds(v) {
		if r == nil {
			return false
		}
		ru, en := typeTexts(n.names)
		return r.fail("type", ru, en)
	}
	ok := n.ref == nil || n.ref.check(v, r)
	if n.fixed != nil && (ok || r != nil) {
		ok = n.fixed.check(v, r) && ok
	}
	if ok || r != nil {
		ok = n.own(v, r) && ok
	}
	if ok || r != nil {
		ok = n.combined(v, r) && ok
	}
	return ok
}

// own checks what the value's own kind asks for.
func (n *node) own(v any, r *report) bool {
	switch v := v.(type) {
	case *tree.Object:
		return n.object == nil || n.object.check(v, r)
	case []any:
		return n.list == nil || n.list.check(v, r)
	case string:
		return n.text == nil || n.text.check(v, r)
	case int64, float64, json.Number, int:
		return n.number == nil || n.number.check(v, r)
	}
	return true
}

// combined checks allOf, anyOf, oneOf, not and if.
func (n *node) combined(v any, r *report) bool {
	ok := true
	for _, sub := range n.all {
		if !sub.check(v, r) {
			if ok = false; r == nil {
				return false
			}
		}
	}
	switch {
	case n.discriminator != "":
		ok = n.branch(v, r) && ok
	default:
		if len(n.any) > 0 {
			ok = n.variants(n.any, false, v, r) && ok
		}
		if len(n.one) > 0 && (ok || r != nil) {
			ok = n.variants(n.one, true, v, r) && ok
		}
	}
	if n.not != nil && n.not.check(v, nil) {
		ok = r.fail("not", "такое значение не допускается", "such a value is not allowed")
	}
	if n.cond != nil && (ok || r != nil) {
		then := n.no
		if n.cond.check(v, nil) {
			then = n.yes
		}
		ok = (then == nil || then.check(v, r)) && ok
	}
	return ok
}

// branch checks the one branch that the discriminator names.
func (n *node) branch(v any, r *report) bool {
	m, isObject := v.(*tree.Object)
	if !isObject {
		ru, en := typeTexts([]string{"object"})
		return r.fail("type", ru, en)
	}
	name, isText := m.Get(n.discriminator).(string)
	sub := n.branches[name]
	switch {
	case sub != nil:
		return sub.check(v, r)
	case r == nil:
		return false
	case !isText && m.Get(n.discriminator) == nil:
		ru, en := missingTexts(n.discriminator)
		return r.failAt(n.discriminator, "required", ru, en)
	}
	ru, en := enumTexts(n.branchNames, name)
	return r.failAt(n.discriminator, "enum", ru, en)
}

// variants checks anyOf, or oneOf where exactly one must hold.
func (n *node) variants(subs []*node, exactly bool, v any, r *report) bool {
	held := 0
	for _, sub := range subs {
		if sub.check(v, nil) {
			held++
			if !exactly {
				return true
			}
		}
	}
	switch {
	case held == 1:
		return true
	case r == nil:
		return false
	case held > 1:
		return r.fail("oneOf", fmt.Sprintf("подходит сразу %d варианта, а должен ровно один", held), fmt.Sprintf("%d of the variants hold, exactly one must", held))
	}
	// Explain by the variant that is nearest: the fewest violations, and those not at this very value.
	var best *report
	for _, sub := range subs {
		try := &report{at: r.at[:len(r.at):len(r.at)]}
		sub.check(v, try)
		if best == nil || try.distance() < best.distance() {
			best = try
		}
	}
	if best.distance() >= maxViolations && len(subs) > 1 {
		return r.fail("anyOf", "не подходит ни один из допустимых вариантов", "none of the variants that are allowed holds")
	}
	r.out = append(r.out, best.out...)
	return false
}

// distance measures how far a value is from a variant; a wrong type or constant here makes it hopeless.
func (r *report) distance() int {
	for _, v := range r.out {
		if v.Pointer == string(r.at) && (v.Code == "type" || v.Code == "enum" || v.Code == "false") {
			return maxViolations
		}
	}
	return len(r.out)
}

// checkByLibrary leaves a subtree to santhosh-tekuri/jsonschema.
func checkByLibrary(sch *santhosh.Schema, v any, r *report) bool {
	err := sch.Validate(tree.Plain(v))
	if err == nil {
		return true
	}
	if r == nil {
		return false
	}
	e, ok := err.(*santhosh.ValidationError)
	if !ok {
		return r.fail("schema", "не соответствует схеме", err.Error())
	}
	for _, leaf := range leaves(e) {
		outer := len(r.at)
		for _, token := range leaf.InstanceLocation {
			r.at = appendToken(append(r.at, '/'), token)
		}
		code, text := "schema", leaf.ErrorKind.LocalizedString(english)
		if path := leaf.ErrorKind.KeywordPath(); len(path) > 0 {
			code = path[0]
		}
		r.fail(code, "не соответствует схеме ("+code+")", text)
		r.at = r.at[:outer]
	}
	return false
}

// leaves are the errors that have no cause of their own.
func leaves(e *santhosh.ValidationError) []*santhosh.ValidationError {
	if len(e.Causes) == 0 {
		return []*santhosh.ValidationError{e}
	}
	var out []*santhosh.ValidationError
	for _, cause := range e.Causes {
		out = append(out, leaves(cause)...)
	}
	return out
}

package jsonschema

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"
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
	case map[string]any:
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
	m, isObject := v.(map[string]any)
	if !isObject {
		ru, en := typeTexts([]string{"object"})
		return r.fail("type", ru, en)
	}
	name, isText := m[n.discriminator].(string)
	sub := n.branches[name]
	switch {
	case sub != nil:
		return sub.check(v, r)
	case r == nil:
		return false
	case !isText && m[n.discriminator] == nil:
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

func (f *fixed) check(v any, r *report) bool {
	if s, ok := v.(string); ok && f.strings != nil {
		for _, want := range f.strings {
			if s == want {
				return true
			}
		}
		if r == nil {
			return false
		}
		ru, en := enumTexts(f.strings, s)
		return r.fail("enum", ru, en)
	}
	for _, want := range f.values {
		if equal(v, want) {
			return true
		}
	}
	if r == nil {
		return false
	}
	ru, en := enumTexts(f.words(), "")
	return r.fail("enum", ru, en)
}

func (f *fixed) words() []string {
	var out []string
	for _, v := range f.values {
		b, err := AppendJSON(nil, v)
		if s, ok := v.(string); ok || err != nil {
			b = []byte(s)
		}
		out = append(out, string(b))
	}
	return out
}

func (o *objectRules) check(m map[string]any, r *report) bool {
	ok := true
	found := 0
	for i := range o.members {
		rule := &o.members[i]
		v, there := m[rule.name]
		switch {
		case there:
			if rule.node != nil {
				found++
				if !r.member(rule.node, rule.name, v) {
					ok = false
				}
			}
		case rule.required:
			ok = false
			if r != nil {
				ru, en := missingTexts(rule.name)
				r.failAt(rule.name, "required", ru, en)
			}
		}
		if !ok && r == nil {
			return false
		}
	}
	if found < len(m) && (o.closed || o.rest != nil || len(o.patterns) > 0) || o.names != nil {
		if !o.others(m, r) {
			if ok = false; r == nil {
				return false
			}
		}
	}
	if o.min >= 0 && len(m) < o.min {
		ok = r.fail("minProperties", fmt.Sprintf("нужно не меньше полей, чем %d", o.min), fmt.Sprintf("at least %d members are needed", o.min))
	}
	if o.max >= 0 && len(m) > o.max {
		ok = r.fail("maxProperties", fmt.Sprintf("полей больше, чем %d", o.max), fmt.Sprintf("there are more than %d members", o.max))
	}
	for _, d := range o.dependentRequired {
		if _, there := m[d.name]; !there {
			continue
		}
		for _, need := range d.needs {
			if _, there := m[need]; !there {
				ru, en := missingTexts(need)
				ok = r.failAt(need, "dependentRequired", ru, en)
			}
		}
	}
	return ok
}

// others checks the members that properties doesn't describe, and names.
func (o *objectRules) others(m map[string]any, r *report) bool {
	ok := true
	visit := func(name string, v any) bool {
		if o.names != nil && !o.names.check(name, nil) {
			ok = r.failAt(name, "propertyNames", "такое имя поля не допускается", "such a member name is not allowed")
		}
		i, described := o.index[name]
		described = described && o.members[i].node != nil
		for _, p := range o.patterns {
			if p.pattern.MatchString(name) {
				described = true
				ok = r.member(p.node, name, v) && ok
			}
		}
		switch {
		case described:
		case o.closed:
			ok = false
			if r != nil {
				ru, en := o.unknownTexts(name)
				r.failAt(name, "additionalProperties", ru, en)
			}
		case o.rest != nil:
			ok = r.member(o.rest, name, v) && ok
		}
		return ok || r != nil
	}
	if r == nil {
		for name, v := range m {
			if !visit(name, v) {
				return false
			}
		}
		return ok
	}
	for _, name := range sortedKeys(m) {
		visit(name, m[name])
	}
	return ok
}

func (l *listRules) check(items []any, r *report) bool {
	ok := true
	if l.min >= 0 && len(items) < l.min {
		ok = r.fail("minItems", fmt.Sprintf("элементов меньше, чем %d", l.min), fmt.Sprintf("there are fewer than %d items", l.min))
	}
	if l.max >= 0 && len(items) > l.max {
		return r.fail("maxItems", fmt.Sprintf("элементов больше, чем %d", l.max), fmt.Sprintf("there are more than %d items", l.max))
	}
	for i, v := range items {
		rule := l.items
		if i < len(l.prefix) {
			rule = l.prefix[i]
		}
		if rule == nil {
			continue
		}
		if !r.item(rule, i, v) {
			if ok = false; r == nil || r.full() {
				return false
			}
		}
	}
	if l.contains != nil {
		n := 0
		for _, v := range items {
			if l.contains.check(v, nil) {
				n++
			}
		}
		if n < l.minContains || l.maxContains >= 0 && n > l.maxContains {
			ok = r.fail("contains", "нужных элементов слишком мало или слишком много", "there are too few or too many items of the kind that is needed")
		}
	}
	if l.unique {
		if i := repeated(items); i >= 0 {
			ok = r.failAt(strconv.Itoa(i), "uniqueItems", "элемент повторяется", "the item is there twice")
		}
	}
	return ok
}

func (t *textRules) check(s string, r *report) bool {
	ok := true
	if t.min > 0 && len(s) < t.min*utf8.UTFMax && utf8.RuneCountInString(s) < t.min {
		if t.min == 1 {
			ok = r.fail("minLength", "строка пуста", "the string is empty")
		} else {
			ok = r.fail("minLength", fmt.Sprintf("символов меньше, чем %d", t.min), fmt.Sprintf("there are fewer than %d characters", t.min))
		}
	}
	if t.max >= 0 && len(s) > t.max && utf8.RuneCountInString(s) > t.max {
		return r.fail("maxLength", fmt.Sprintf("символов больше, чем %d", t.max), fmt.Sprintf("there are more than %d characters", t.max))
	}
	if t.valid != nil && ok && !t.valid(s) {
		ru, en := formatTexts(t.format)
		return r.fail(t.format, ru, en)
	}
	if t.pattern != nil && ok && !t.pattern.MatchString(s) {
		if r == nil {
			return false
		}
		return r.fail("pattern", "не соответствует образцу "+t.pattern.String(), "does not match the pattern "+t.pattern.String())
	}
	return ok
}

func (n *numberRules) check(v any, r *report) bool {
	ok := true
	if n.min != nil && n.min.compare(v) < 0 {
		ok = r.fail("minimum", "меньше, чем "+n.min.String(), "less than "+n.min.String())
	}
	if n.max != nil && n.max.compare(v) > 0 {
		ok = r.fail("maximum", "больше, чем "+n.max.String(), "more than "+n.max.String())
	}
	if n.above != nil && n.above.compare(v) <= 0 {
		ok = r.fail("exclusiveMinimum", "должно быть больше, чем "+n.above.String(), "must be more than "+n.above.String())
	}
	if n.below != nil && n.below.compare(v) >= 0 {
		ok = r.fail("exclusiveMaximum", "должно быть меньше, чем "+n.below.String(), "must be less than "+n.below.String())
	}
	if n.multiple != nil {
		if q := new(big.Rat).Quo(rational(v), n.multiple); !q.IsInt() {
			m := (&bound{exact: n.multiple}).String()
			ok = r.fail("multipleOf", "должно делиться на "+m, "must be a multiple of "+m)
		}
	}
	return ok
}

// compare tells on which side of the bound v is.
func (b *bound) compare(v any) int {
	if i, ok := v.(int64); ok && b.whole {
		switch {
		case i < b.n:
			return -1
		case i > b.n:
			return 1
		}
		return 0
	}
	return rational(v).Cmp(b.exact)
}

func (b *bound) String() string {
	if b.exact.IsInt() {
		return b.exact.Num().String()
	}
	f, _ := b.exact.Float64()
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// rational is a tree's number, exactly as its shortest text says it.
func rational(v any) *big.Rat {
	if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return new(big.Rat)
	}
	r, ok := new(big.Rat).SetString(fmt.Sprint(v))
	if !ok {
		return new(big.Rat)
	}
	return r
}

// checkByLibrary leaves a subtree to santhosh-tekuri/jsonschema.
func checkByLibrary(sch *santhosh.Schema, v any, r *report) bool {
	err := sch.Validate(v)
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

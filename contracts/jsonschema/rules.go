package jsonschema

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"sluice/contracts/tree"
)

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

func (o *objectRules) check(m *tree.Object, r *report) bool {
	ok := true
	found, near := 0, 0
	for i := range o.members {
		rule := &o.members[i]
		v, there := m.Next(rule.name, &near)
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
	if found < m.Len() && (o.closed || o.rest != nil || len(o.patterns) > 0) || o.names != nil {
		if !o.others(m, r) {
			if ok = false; r == nil {
				return false
			}
		}
	}
	if o.min >= 0 && m.Len() < o.min {
		ok = r.fail("minProperties", fmt.Sprintf("нужно не меньше полей, чем %d", o.min), fmt.Sprintf("at least %d members are needed", o.min))
	}
	if o.max >= 0 && m.Len() > o.max {
		ok = r.fail("maxProperties", fmt.Sprintf("полей больше, чем %d", o.max), fmt.Sprintf("there are more than %d members", o.max))
	}
	for _, d := range o.dependentRequired {
		if !m.Has(d.name) {
			continue
		}
		for _, need := range d.needs {
			if !m.Has(need) {
				ru, en := missingTexts(need)
				ok = r.failAt(need, "dependentRequired", ru, en)
			}
		}
	}
	return ok
}

// others checks the members that properties doesn't describe, and names.
func (o *objectRules) others(m *tree.Object, r *report) bool {
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
		case described, o.elsewhere[name]:
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
		for name, v := range m.All() {
			if !visit(name, v) {
				return false
			}
		}
		return ok
	}
	for _, name := range m.Keys() {
		visit(name, m.Get(name))
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

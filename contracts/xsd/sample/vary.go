package sample

import (
	"slices"
	"strings"

	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

// Vary makes variations of a tree, each different in one place: without an optional field, with another of a list's
// values, with a text, a date or a number at a bound, with fewer items. A shape says less than its contract: some of them
// may be invalid, and the caller drops those. The variations share what they have in common with the tree.
func Vary(message *tree.Object, t *shape.Type) (variations []*tree.Object) {
	vary(message, t, 0, func(v any) { variations = append(variations, v.(*tree.Object)) })
	return variations
}

// vary gives put the value with one change in it, once for each.
func vary(value any, t *shape.Type, depth int, put func(any)) {
	if t == nil || depth > 40 {
		return
	}
	switch value := value.(type) {
	case *tree.Object:
		for _, key := range value.Keys() {
			f := t.Field(key)
			if f == nil {
				continue
			}
			with := func(v any) {
				changed := value.Clone()
				changed.Set(key, v)
				put(changed)
			}
			if !f.Required {
				changed := value.Clone()
				changed.Delete(key)
				put(changed)
			}
			if f.Fixed == "" {
				vary(value.Get(key), f.Type, depth+1, with)
			}
		}
	case []any:
		if len(value) == 0 {
			return
		}
		if n := max(t.MinItems, 1); len(value) > n {
			put(value[:n])
		}
		vary(value[0], t.Elem, depth+1, func(v any) {
			changed := slices.Clone(value)
			changed[0] = v
			put(changed)
		})
	default:
		for _, v := range edges(value, t) {
			if v != value {
				put(v)
			}
		}
	}
}

// edges lists other values of a leaf: all of a list of values, else what lies at the bounds of its type.
func edges(value any, t *shape.Type) (values []any) {
	texts := func(list ...string) {
		for _, text := range list {
			values = append(values, text)
		}
	}
	switch value.(type) {
	case bool:
		return []any{false, true}
	case int64:
		return []any{int64(0), int64(1), int64(-1), int64(1<<31 - 1), int64(1<<63 - 1)}
	case float64:
		return []any{0.0, -1.5, 1e15}
	case string:
	default:
		return nil
	}
	switch {
	case t.Enum != nil:
		texts(t.Enum...)
	case t.Format == shape.Date:
		texts("2000-02-29", "2024-12-31Z", "2024-12-31+03:00", "0001-01-01", "9999-12-31")
	case t.Format == shape.DateTime:
		texts("2024-02-29T23:59:59.999+03:00", "2024-12-31T23:30:00Z", "2024-12-31T23:30:00", "2024-12-31T24:00:00Z", "0001-01-02T00:00:00Z", "9999-12-30T00:00:00Z")
	case t.Format == shape.Decimal:
		texts("0", "-1", "0.01", "999999999999999.99")
	case t.Format == shape.Text && t.Pattern == "":
		texts(strings.Repeat("я", t.MinLen))
		if t.MaxLen > 0 && t.MaxLen <= 10_000 {
			texts(strings.Repeat("Щ", t.MaxLen))
		}
	}
	return values
}

// Bases are the options of the samples that Trees begins with: only the required, everything, and each by several seeds.
func Bases(seed uint64) []Options {
	all := []Options{{}, {Everything: true}}
	for n := range uint64(12) {
		all = append(all, Options{Seed: seed + n + 1}, Options{Seed: seed + n + 1, Everything: true})
	}
	return all
}

// Trees makes samples by Bases, and variations of the one that has everything. What validate refuses is left out: a
// variation silently, a sample as a gap.
func Trees(seed uint64, t *shape.Type, make func(Options) (*tree.Object, []Gap), validate func(*tree.Object) error) (trees []*tree.Object, gaps []string) {
	gap := func(text string) {
		if !slices.Contains(gaps, text) {
			gaps = append(gaps, text)
		}
	}
	var whole *tree.Object
	for _, o := range Bases(seed) {
		message, missing := make(o)
		for _, g := range missing {
			gap(g.String())
		}
		if len(missing) > 0 {
			continue
		}
		if err := validate(message); err != nil {
			gap(err.Error())
			continue
		}
		trees = append(trees, message)
		if o.Everything && whole == nil {
			whole = message
		}
	}
	for _, v := range Vary(whole, t) {
		if validate(v) == nil {
			trees = append(trees, v)
		}
	}
	return trees, gaps
}

package mappings

import (
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"

	"sluice/contracts/shape"
)

// misfit is why a value does not fit a target.
type misfit struct{ code, message, hint string }

// assign holds a leaf's value against its target and reports what does not fit.
func (c *compiler) assign(l *leaf, v value, t *shape.Type, fixed string, path []string) {
	if v.broken || v.shape == nilType {
		return
	}
	if m := fits(v, t, map[[2]*shape.Type]bool{}); m != nil {
		c.leafProblem(l, 0, m.code, where(path)+" "+m.message, m.hint)
		return
	}
	if s, ok := v.literal.(string); fixed != "" && (!ok || s != fixed) {
		c.leafProblem(l, 0, "wrong-value", where(path)+" is always "+quote(fixed)+" by contract", "write it so, or leave the field out: it is filled in")
		return
	}
	if n := longest(v.shape); v.literal == nil && t.Kind == shape.String && t.MaxLen > 0 && n > t.MaxLen {
		c.leafWarning(l, 0, "may-be-too-long", fmt.Sprintf("%s takes %d characters, and the value may have %d", where(path), t.MaxLen, n), fmt.Sprintf("cut it by truncate(%d), if that is right", t.MaxLen))
	}
}

// fits tells whether every value that v may be is one that t allows; nil is yes. seen holds the pairs under way.
func fits(v value, t *shape.Type, seen map[[2]*shape.Type]bool) *misfit {
	src := v.shape
	pair := [2]*shape.Type{src, t}
	if t == nil || t.Kind == shape.Any || src == t || seen[pair] {
		return nil
	}
	seen[pair] = true
	if src.Kind == shape.Any {
		return &misfit{"wrong-type", "wants " + describe(t) + ", and the source's contract leaves open what the value is", "make it certain by text(), int() or decimal()"}
	}
	switch {
	case t.Kind == shape.List && src.Kind != shape.List:
		return &misfit{"not-a-list", "is a list, and the value is " + describe(src), "write it as a list item, `- value`, or make a list by split() or list()"}
	case t.Kind != shape.List && src.Kind == shape.List:
		return &misfit{"is-a-list", "takes one value, and the source is a list", `take one item by first(), last() or at(n), or all by join(", ")`}
	case t.Kind == shape.Number && src.Kind == shape.Int:
		return nil
	case t.Kind != src.Kind:
		return &misfit{"wrong-type", "wants " + describe(t) + ", and the value is " + describe(src), conversion(src, t, v)}
	case t.Kind == shape.List:
		return fitsList(src, t, seen)
	case t.Kind == shape.Object:
		return fitsObject(src, t, seen)
	case t.Kind == shape.String:
		return fitsText(v, t)
	}
	return nil
}

func fitsList(src, t *shape.Type, seen map[[2]*shape.Type]bool) *misfit {
	if src.Elem == nil {
		return nil
	}
	if m := fits(value{shape: src.Elem}, t.Elem, seen); m != nil {
		m.message = "holds items that don't fit: each " + m.message
		return m
	}
	return nil
}

func fitsObject(src, t *shape.Type, seen map[[2]*shape.Type]bool) *misfit {
	for i := range t.Fields {
		f := &t.Fields[i]
		s := src.Field(f.Name)
		if s == nil && f.Required || s != nil && f.Required && !s.Required {
			return &misfit{"wrong-type", "wants an object that has " + quote(f.Name), "map its fields one by one"}
		}
		if s != nil {
			if m := fits(value{shape: s.Type}, f.Type, seen); m != nil {
				m.message = "has a field " + quote(f.Name) + " that " + m.message
				return m
			}
		}
	}
	if !t.Open {
		for i := range src.Fields {
			if t.Field(src.Fields[i].Name) == nil {
				return &misfit{"wrong-type", "has no field " + quote(src.Fields[i].Name) + ", which the value has", "map its fields one by one"}
			}
		}
	}
	return nil
}

func fitsText(v value, t *shape.Type) *misfit {
	src := v.shape
	if s, ok := v.literal.(string); ok {
		return constantFits(s, t)
	}
	if t.Enum != nil {
		if src.Enum == nil {
			return &misfit{"not-proved", "takes only " + list(t.Enum) + ", and the value may be any text", `translate it by code("table") or uncode("table"), or hold it to them by oneOf(…)`}
		}
		if extra := without(src.Enum, set(t.Enum)); len(extra) > 0 {
			return &misfit{"unknown-value", "does not take " + list(extra) + ", which the value may be", amongValues(extra[0], t.Enum)}
		}
		return nil
	}
	if t.Format != shape.Text && t.Format != shape.URI && src.Format != t.Format {
		if src.Enum != nil && src.Format == shape.Text && allHave(src.Enum, t.Format) {
			return nil
		}
		return &misfit{"wrong-type", "wants " + describe(t) + ", and the value is " + describe(src), conversion(src, t, v)}
	}
	return nil
}

func set(values []string) map[string]string {
	m := make(map[string]string, len(values))
	for _, v := range values {
		m[v] = v
	}
	return m
}

// constantFits holds a constant text against everything that the contract says of it.
func constantFits(s string, t *shape.Type) *misfit {
	n := utf8.RuneCountInString(s)
	switch {
	case t.Enum != nil && !slices.Contains(t.Enum, s):
		return &misfit{"unknown-value", "does not take " + quote(s), amongValues(s, t.Enum)}
	case !hasFormat(s, t.Format):
		return &misfit{"wrong-value", "wants " + describe(t) + ", and " + quote(s) + " is none", ""}
	case t.MaxLen > 0 && n > t.MaxLen:
		return &misfit{"wrong-value", fmt.Sprintf("takes %d characters, and the constant has %d", t.MaxLen, n), ""}
	case n < t.MinLen:
		return &misfit{"wrong-value", fmt.Sprintf("wants at least %d characters, and the constant has %d", t.MinLen, n), ""}
	}
	// XSD's patterns are anchored and nearly RE2; one that Go can't read is left to the validator.
	if re, err := regexp.Compile(`^(?:` + t.Pattern + `)$`); t.Pattern != "" && err == nil && !re.MatchString(s) {
		return &misfit{"wrong-value", "wants the pattern " + t.Pattern + ", and " + quote(s) + " does not match it", ""}
	}
	return nil
}

// conversion says how a value of src becomes one of t.
func conversion(src, t *shape.Type, v value) string {
	if v.literal != nil && src.Kind == shape.String && t.Kind != shape.String {
		return "write the constant without quotes"
	}
	switch {
	case t.Kind == shape.Bool && src.Kind == shape.String:
		return `compare it with the agency's word for true: value == "1"`
	case t.Kind == shape.Int && src.Kind != shape.Bool:
		return "make an integer of it by int()"
	case t.Kind == shape.Number && src.Kind == shape.String:
		return "make a number of it by number()"
	case t.Kind == shape.Object:
		return "give its fields as YAML keys: " + list(t.Names())
	case src.Kind == shape.Object:
		return "take one of its fields: " + list(src.Names())
	case t.Kind == shape.String && src.Kind == shape.Bool:
		return `make a text of it by flag("yes", "no")`
	}
	switch t.Format {
	case shape.Date:
		if src.Format == shape.DateTime {
			return "take its date by date()"
		}
		return `make a date of it by parseDate("dd.MM.yyyy")`
	case shape.DateTime:
		if src.Format == shape.Date {
			return `make a date and time of it by startOfDay("Europe/Moscow")`
		}
		return `make one of it by parseDateTime("dd.MM.yyyy HH:mm", "Europe/Moscow")`
	case shape.Decimal:
		return "make a decimal of it by decimal()"
	case shape.UUID:
		return "check it by uuid()"
	case shape.Base64:
		return "encode it by base64()"
	case shape.Text:
		return "make a text of it by text()"
	}
	return ""
}

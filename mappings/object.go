package mappings

import (
	"fmt"

	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

// maker makes the value of one place of the target; nil is absent. Its error is an *Error.
type maker func(fr *frame) (any, error)

// object makes an object of the target.
type object struct {
	when    evaluate // nil where the object is always made
	whenAt  *spot
	fields  []objectField
	choices [][]*object
	again   bool // it is a branch of a $choice: its fields may be set already
}

type objectField struct {
	key  string
	make maker
	null bool // an absent value is written as null: the contract requires the key and allows null
}

func (o *object) make(fr *frame) (*tree.Object, error) {
	if ok, err := o.holds(fr); !ok || err != nil {
		return nil, err
	}
	base := len(fr.made)
	if err := o.fill(fr, base); err != nil {
		return nil, err
	}
	out := fr.build.Object(fr.made[base:])
	clear(fr.made[base:])
	fr.made = fr.made[:base]
	return out, nil
}

func (o *object) holds(fr *frame) (bool, error) {
	if o.when == nil {
		return true, nil
	}
	v, err := fr.run(o.whenAt, o.when)
	return v == true, err
}

// fill adds what the object has to fr.made, where its fields are from base on.
func (o *object) fill(fr *frame, base int) error {
	for i := range o.fields {
		f := &o.fields[i]
		v, err := f.make(fr)
		if err != nil {
			return err
		}
		if v != nil || f.null {
			fr.put(base, o.again, f.key, v)
		}
	}
	for _, branches := range o.choices {
		for _, b := range branches {
			ok, err := b.holds(fr)
			if err != nil {
				return err
			}
			if ok {
				if err := b.fill(fr, base); err != nil {
					return err
				}
				break
			}
		}
	}
	return nil
}

// put adds a field to the object that is being made; again says that it may be there already.
func (fr *frame) put(base int, again bool, key string, v any) {
	if again {
		for i := base; i < len(fr.made); i++ {
			if fr.made[i].Key == key {
				fr.made[i].Value = v
				return
			}
		}
	}
	fr.made = append(fr.made, tree.Field{Key: key, Value: v})
}

// object compiles an object template against an object of the target.
func (c *compiler) object(t *template, target *shape.Type, s scope, path []string) *object {
	o, scenarios := c.part(t, target, s, path, t)
	c.complete(t, target, scenarios, path)
	for i := range target.Fields {
		f := &target.Fields[i]
		if f.Required && f.Fixed != "" && target.Kind == shape.Object && !sets(scenarios, f.Name) {
			fixed := f.Fixed
			o.fields = append(o.fields, objectField{key: f.Name, make: func(*frame) (any, error) { return fixed, nil }})
		}
	}
	return o
}

// part compiles the fields of an object or of one branch of its $choice, and tells which fields it sets.
func (c *compiler) part(t *template, target *shape.Type, s scope, path []string, whole *template) (*object, []scenario) {
	o := &object{}
	if t.when != nil {
		o.when, o.whenAt = c.when(t.when, s, path)
		s = s.with(c.assumed(t.when, true, s.facts))
	}
	own := scenario{}
	for _, f := range t.fields {
		c.objectField(o, f, t, target, s, path, own)
	}
	scenarios := []scenario{own}
	for _, choice := range t.choices {
		var branches []*object
		var alternatives []scenario
		facts := s.facts
		for _, b := range choice.branches {
			branch, inner := c.part(b, target, s.with(facts), path, whole)
			branch.again = true
			branches = append(branches, branch)
			alternatives = append(alternatives, inner...)
			if b.when != nil {
				facts = c.assumed(b.when, false, facts)
			}
		}
		if last := choice.branches[len(choice.branches)-1]; last.when != nil {
			alternatives = append(alternatives, scenario{})
		}
		o.choices = append(o.choices, branches)
		scenarios = product(scenarios, alternatives)
	}
	return o, scenarios
}

// objectField compiles one field of an object into o, and notes in own that it is set.
func (c *compiler) objectField(o *object, f templateField, t *template, target *shape.Type, s scope, path []string, own scenario) {
	path = append(path, f.name)
	field := &shape.Field{Name: f.name, Type: anyType}
	switch {
	case target.Kind == shape.Any:
	case target.Field(f.name) != nil:
		field = target.Field(f.name)
	case !target.Open:
		c.at(f.pos, "unknown-field", where(path[:len(path)-1])+" has no field "+quote(f.name)+" in the target's contract", among(f.name, target.Names()))
		return
	}
	inChoice := false
	for _, choice := range target.Choices {
		for _, b := range choice.Branches {
			for _, name := range b {
				inChoice = inChoice || name == f.name
			}
		}
	}
	null := field.Required && field.Type.Nillable
	produce, v := c.value(f.value, field, need{field.Required && !null, field.Required || inChoice}, s, path)
	own[f.name] = !v.absent
	o.fields = append(o.fields, objectField{f.name, produce, null})
	if raw := c.rawBeside(f, t, target); raw != "" {
		if keep := c.rawValue(f.value.leaf, s); keep != nil {
			o.fields = append(o.fields, objectField{key: raw, make: keep})
		}
	}
}

// need says what the contract demands of a place.
type need struct {
	present bool // an absent value is an error
	empty   bool // an object is made even when nothing is in it
}

// value compiles whatever stands at one place of the target.
func (c *compiler) value(t *template, f *shape.Field, n need, s scope, path []string) (maker, value) {
	target := f.Type
	switch {
	case t.leaf != nil:
		return c.leaf(t.leaf, f, n, s, path)
	case t.isList || t.each != nil:
		if target.Kind != shape.List && target.Kind != shape.Any {
			c.at(t.pos, "is-a-list", where(path)+" takes one value, and this makes a list", "")
			return nil, value{shape: anyType, broken: true}
		}
		return c.listOf(t, target, n, s, path)
	}
	return c.objectOf(t, target, n, s, path)
}

func (c *compiler) objectOf(t *template, target *shape.Type, n need, s scope, path []string) (maker, value) {
	out := value{shape: target, absent: t.when != nil}
	switch target.Kind {
	case shape.Object, shape.Any:
	case shape.List:
		c.at(t.pos, "not-a-list", where(path)+" is a list, and this makes one object", "write `$each: item in list` into it, or make it a list item: `- …`")
		return nil, value{shape: anyType, broken: true}
	default:
		c.at(t.pos, "wrong-type", where(path)+" is "+describe(target)+", and this makes an object", "")
		return nil, value{shape: anyType, broken: true}
	}
	if out.absent && n.present {
		c.leafProblem(t.when, 0, "may-be-absent", where(path)+" is required, and $when may leave it out", "")
	}
	o := c.object(t, target, s, path)
	return func(fr *frame) (any, error) {
		m, err := o.make(fr)
		if err != nil || m == nil || m.Len() == 0 && !n.empty && !t.keep {
			return nil, err
		}
		fr.nodes++
		return m, nil
	}, out
}

// leaf compiles a constant or an expression.
func (c *compiler) leaf(l *leaf, f *shape.Field, n need, s scope, path []string) (maker, value) {
	v, eval := c.expression(l, s, path)
	c.assign(l, v, f.Type, f.Fixed, path)
	if v.absent && n.present && !v.broken {
		c.leafProblem(l, 0, "may-be-absent", where(path)+" is required, and its value may be absent",
			`give another by ??, say what is missing by required("…"), or leave out the object around it by $when`)
	}
	if f.Type.Kind == shape.List && n.present && !v.broken && v.shape.MinItems < f.Type.MinItems && v.shape.Kind == shape.List {
		c.leafProblem(l, 0, "may-be-empty", fmt.Sprintf("%s needs at least %d items, and the list may have fewer", where(path), f.Type.MinItems), `say what is missing by required("…")`)
	}
	at := c.place(l, path)
	if l.constant {
		constant := any(l.text.value)
		return func(fr *frame) (any, error) { fr.nodes++; return constant, nil }, v
	}
	return func(fr *frame) (any, error) {
		out, err := fr.run(at, eval)
		if err != nil {
			return nil, err
		}
		switch x := out.(type) {
		case string:
			fr.bytes += len(x)
			fr.nodes++
			if fr.bytes > maxOutputBytes {
				return nil, fr.fail(at, 0, fr.account(nil).Error())
			}
			return out, nil
		case nil:
			if n.present {
				return nil, fr.fail(at, 0, "the field is required, and its value is missing from the message")
			}
			return nil, nil
		case int64:
			if f.Type.Kind == shape.Number {
				return float64(x), nil
			}
			return out, nil
		case []any:
			out, err = bounds(x, f.Type, n)
			if err != nil {
				return nil, fr.fail(at, 0, err.Error())
			}
		}
		if err := fr.account(out); err != nil {
			return nil, fr.fail(at, 0, err.Error())
		}
		return out, nil
	}, v
}

// bounds holds a list against the number of items that the contract allows; an empty one that it does not allow is absent.
func bounds(items []any, t *shape.Type, n need) (any, error) {
	switch {
	case len(items) == 0 && t.MinItems > 0 && !n.present:
		return nil, nil
	case len(items) < t.MinItems:
		return nil, fmt.Errorf("the list has %d items, and the contract wants at least %d", len(items), t.MinItems)
	case t.MaxItems > 0 && len(items) > t.MaxItems:
		return nil, fmt.Errorf("the list has %d items, and the contract allows %d", len(items), t.MaxItems)
	}
	return items, nil
}

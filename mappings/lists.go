package mappings

import (
	"fmt"
	"slices"

	"sluice/contracts/shape"
	"sluice/mappings/expression"
)

// adder appends what one entry of a list makes.
type adder func(fr *frame, out []any) ([]any, error)

// listOf compiles a list: one $each, or a YAML list of values and $each.
func (c *compiler) listOf(t *template, target *shape.Type, n need, s scope, path []string) (maker, value) {
	entries := t.items
	if !t.isList {
		entries = []*template{t}
	}
	elem := &shape.Field{Type: anyType}
	if target.Elem != nil {
		elem.Type = target.Elem
	}
	path = append(path, "[]")
	var adders []adder
	least := 0
	out := value{shape: target, absent: true}
	for _, e := range entries {
		add, items, present := c.entry(e, elem, s, path)
		adders = append(adders, add)
		least += items
		out.absent = out.absent && !present
	}
	if t.isList {
		out.absent = false
	}
	if n.present && least < target.MinItems {
		hint := `hold the source to it: $each: item in list | required("…")`
		if !slices.ContainsFunc(entries, func(e *template) bool { return e.each != nil }) {
			hint = `write as many items as it needs so that they are always there: without $when, and required("…") or ?? where a value may be absent`
		}
		c.at(t.pos, "may-be-empty", fmt.Sprintf("%s needs at least %d items, and may get fewer", where(path[:len(path)-1]), target.MinItems), hint)
	}
	if target.MinItems > 0 && least == 0 {
		out.absent = true
	}
	at := &spot{pos: (&leaf{text: text{start: t.pos}}).text.pos, path: path[: len(path)-1 : len(path)-1]}
	leaveOut := !n.empty && !t.isList
	return func(fr *frame) (any, error) {
		var items []any
		fr.indexes = append(fr.indexes, 0)
		for _, add := range adders {
			var err error
			if items, err = add(fr, items); err != nil {
				return nil, err
			}
		}
		fr.indexes = fr.indexes[:len(fr.indexes)-1]
		if items == nil {
			if leaveOut {
				return nil, nil
			}
			items = []any{}
		}
		out, err := bounds(items, target, n)
		if err != nil {
			return nil, fr.fail(at, 0, err.Error())
		}
		return out, nil
	}, out
}

// entry compiles one entry of a list; least is how many items it makes at least, present whether its source is.
func (c *compiler) entry(t *template, elem *shape.Field, s scope, path []string) (add adder, least int, present bool) {
	if t.each != nil {
		return c.each(t, elem, s, path)
	}
	if t.isList && elem.Type.Kind != shape.List {
		c.at(t.pos, "is-a-list", where(path)+" is "+describe(elem.Type)+", not a list", "")
		return nil, 0, false
	}
	produce, v := c.value(t, elem, need{empty: true}, s, path)
	if !v.absent {
		least = 1
	}
	return func(fr *frame, out []any) ([]any, error) {
		fr.indexes[len(fr.indexes)-1] = len(out)
		item, err := produce(fr)
		if err != nil || item == nil {
			return out, err
		}
		return append(out, item), nil
	}, least, true
}

// each compiles a $each.
func (c *compiler) each(t *template, elem *shape.Field, s scope, path []string) (add adder, least int, present bool) {
	source, eval := c.expression(t.each.list, s, path)
	item := loopVar{name: t.each.name, shape: anyType}
	switch {
	case source.broken:
	case source.shape.Kind != shape.List:
		source.broken = true
		c.leafProblem(t.each.list, 0, "wrong-type", "$each wants a list, and this is "+describe(source.shape), "leave $each out for a single object, or write $when: value != nil")
	case source.shape.Elem != nil:
		item.shape = source.shape.Elem
	}
	if !source.broken {
		c.current = t.each.list
		c.check.walks(&expression.Name{Name: "of this $each"}, source, s)
	}
	slot := c.variable(t.each.name, t.each.nameAt, s)
	inner := s.inside(item)
	inner.facts = source.items.renamed(itemPath, item.name, s.facts)
	ordinal := -1
	if t.each.ordinal != "" {
		ordinal = c.variable(t.each.ordinal, t.each.ordinAt, inner)
		inner = inner.inside(loopVar{name: t.each.ordinal, shape: intType, ordinal: true})
	}
	var when evaluate
	var whenAt *spot
	if t.when != nil {
		when, whenAt = c.when(t.when, inner, path)
		inner = inner.with(c.assumed(t.when, true, inner.facts))
	}
	body := &template{pos: t.pos, isObject: true, fields: t.fields, choices: t.choices}
	if t.value != nil {
		body = t.value
	}
	produce, v := c.value(body, elem, need{empty: true}, inner, path)
	if when == nil && !v.absent && !source.broken {
		least = source.shape.MinItems
	}
	at := c.place(t.each.list, path[:len(path)-1])
	return func(fr *frame, out []any) ([]any, error) {
		v, err := fr.run(at, eval)
		if err != nil || v == nil {
			return out, err
		}
		items, ok := v.([]any)
		if !ok || len(items) > maxItems {
			return out, fr.fail(at, 0, fmt.Sprintf("the message has no list of at most %d items here", maxItems))
		}
		if out == nil {
			out = make([]any, 0, len(items))
		}
		for i, item := range items {
			fr.indexes[len(fr.indexes)-1] = len(out)
			fr.slots[slot] = item
			if ordinal >= 0 {
				fr.slots[ordinal] = int64(i + 1)
			}
			if when != nil {
				ok, err := fr.run(whenAt, when)
				if err != nil {
					return out, err
				}
				if ok != true {
					continue
				}
			}
			made, err := produce(fr)
			if err != nil {
				return out, err
			}
			if made != nil {
				out = append(out, made)
			}
		}
		if fr.nodes > maxOutputNodes {
			return out, fr.fail(at, 0, fr.account(nil).Error())
		}
		return out, nil
	}, least, !source.absent
}

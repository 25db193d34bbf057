package xsd

import (
	"strings"
	"sync"

	"sluice/contracts/shape"
)

// shaper makes the shapes of types, each once. Shapes refer to one another in circles, as types do.
type shaper struct {
	mu   sync.Mutex
	made map[shapeKey]*shape.Type
}

type shapeKey struct {
	t        *Type
	nillable bool
}

// Shape describes the element's value as trees hold it.
func (e *Element) Shape() *shape.Type {
	s := &e.schema.shapes
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of(e)
}

func (s *shaper) of(e *Element) *shape.Type {
	if s.made == nil {
		s.made = map[shapeKey]*shape.Type{}
	}
	key := shapeKey{e.Type, e.Nillable}
	if st := s.made[key]; st != nil {
		return st
	}
	st := &shape.Type{}
	s.made[key] = st
	s.fill(st, e.Type)
	st.Nillable = e.Nillable
	return st
}

// SimpleShape describes the value of a simple type.
func SimpleShape(s *Simple) *shape.Type {
	st := &shape.Type{Name: s.Name.Local}
	switch s.Holds {
	case HoldsBool:
		st.Kind = shape.Bool
		return st
	case HoldsInt:
		st.Kind = shape.Int
		return st
	case HoldsFloat:
		st.Kind = shape.Number
		return st
	case HoldsList:
		st.Kind, st.Elem, st.MinItems, st.MaxItems = shape.List, SimpleShape(s.Item), s.MinLen, max(s.MaxLen, 0)
		return st
	case HoldsBase64:
		st.Kind, st.Format = shape.String, shape.Base64
		return st
	case HoldsDecimal:
		st.Kind, st.Format = shape.String, shape.Decimal
	default:
		st.Kind, st.Format = shape.String, formats[s.Builtin]
		st.MinLen, st.MaxLen = s.MinLen, max(s.MaxLen, 0)
	}
	st.Enum = enumOf(s)
	if len(s.Patterns) > 0 {
		st.Pattern = strings.Join(s.Patterns[len(s.Patterns)-1], "|")
	}
	return st
}

// enumOf is what a string may be: its own enumeration, or those of all a union's members.
func enumOf(s *Simple) []string {
	if s.Enum != nil || len(s.Members) == 0 {
		return s.Enum
	}
	var all []string
	for _, m := range s.Members {
		e := enumOf(m)
		if e == nil {
			return nil
		}
		all = append(all, e...)
	}
	return all
}

var formats = map[Builtin]shape.Format{
	Date: shape.Date, DateTime: shape.DateTime, Time: shape.Time, AnyURI: shape.URI,
}

func (s *shaper) fill(st *shape.Type, t *Type) {
	st.Name, st.Pos = t.Name.Local, t.Pos
	if t.Bare {
		simple := SimpleShape(t.Value)
		simple.Name, simple.Pos = st.Name, st.Pos
		*st = *simple
		return
	}
	st.Kind = shape.Object
	st.Open = t.AnyAttribute != nil || len(t.Derived) > 0
	for _, a := range t.Attributes {
		st.Fields = append(st.Fields, shape.Field{Name: a.Key, Type: SimpleShape(a.Type), Required: a.Required, Fixed: fixedValue(a.Default, a.Fixed), Doc: a.Doc})
	}
	if t.Value != nil {
		st.Fields = append(st.Fields, shape.Field{Name: KeyText, Type: SimpleShape(t.Value), Required: true})
	}
	if len(t.Derived) > 0 {
		st.Fields = append(st.Fields, s.typeField(t))
	}
	if t.Content != nil {
		s.particle(st, t.Content, true)
	}
	if t.anyType || t.Mixed || st.Field(KeyItems) != nil {
		s.items(st, t)
	}
}

func fixedValue(value *string, fixed bool) string {
	if fixed && value != nil {
		return *value
	}
	return ""
}

// typeField is _type: which of the derived types stands in this one's place.
func (s *shaper) typeField(t *Type) shape.Field {
	st := &shape.Type{Kind: shape.String}
	if !t.Abstract {
		st.Enum = append(st.Enum, t.Name.String())
	}
	for _, d := range t.Derived {
		if !d.Abstract && d.Name.Local != "" {
			st.Enum = append(st.Enum, d.Name.String())
		}
	}
	return shape.Field{Name: KeyType, Type: st, Required: t.Abstract}
}

// particle adds what p stands for to the fields of st. Required says that every valid tree has what p requires.
func (s *shaper) particle(st *shape.Type, p *Particle, required bool) {
	required = required && p.Min > 0
	if p.Region {
		if st.Field(KeyItems) == nil {
			st.Fields = append(st.Fields, shape.Field{Name: KeyItems})
		}
		f := st.Field(KeyItems)
		f.Required = f.Required || required && !p.Emptiable
		return
	}
	switch p.Kind {
	case AnyParticle:
		s.field(st, KeyAny, &shape.Type{Kind: shape.List, Elem: &shape.Type{Kind: shape.String, Format: shape.XML}, MinItems: p.Min, MaxItems: max(p.Max, 0)}, required, nil)
	case ElementParticle:
		for i, e := range p.Elements {
			value := s.of(e)
			if p.Mode == Many {
				value = &shape.Type{Kind: shape.List, Elem: value, MinItems: p.Min, MaxItems: max(p.Max, 0), Pos: e.Pos}
			}
			s.field(st, p.Keys[i], value, required && len(p.Elements) == 1, e)
		}
		if len(p.Elements) > 1 {
			c := shape.Choice{Required: required}
			for _, k := range p.Keys {
				c.Branches = append(c.Branches, []string{k})
			}
			st.Choices = append(st.Choices, c)
		}
	case Choice:
		c := shape.Choice{Required: required && !p.Emptiable}
		for _, child := range p.Children {
			s.particle(st, child, false)
			c.Branches = append(c.Branches, keysOf(child))
		}
		st.Choices = append(st.Choices, c)
	default:
		for _, child := range p.Children {
			s.particle(st, child, required)
		}
	}
}

// field adds a field, or widens the one of the same key in another branch of a choice.
func (s *shaper) field(st *shape.Type, key string, value *shape.Type, required bool, e *Element) {
	if f := st.Field(key); f != nil {
		f.Required = f.Required || required
		return
	}
	f := shape.Field{Name: key, Type: value, Required: required}
	if e != nil {
		f.Doc = e.Doc
		if e.Type.Bare {
			f.Fixed = fixedValue(e.Default, e.Fixed)
		}
	}
	st.Fields = append(st.Fields, f)
}

func keysOf(p *Particle) []string {
	var keys []string
	seen := map[string]bool{}
	eachLeaf(p, func(leaf *Particle) {
		for _, k := range leaf.Keys {
			if leaf.Mode == Item {
				k = KeyItems
			}
			if !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
	})
	return keys
}

// items fills the field _items: a list of objects with one key each.
func (s *shaper) items(st *shape.Type, t *Type) {
	entry := &shape.Type{Kind: shape.Object}
	eachLeaf(t.Content, func(p *Particle) {
		switch {
		case p.Mode != Item:
		case p.Kind == AnyParticle:
			s.field(entry, KeyAny, &shape.Type{Kind: shape.String, Format: shape.XML}, false, nil)
		default:
			for i, e := range p.Elements {
				s.field(entry, p.Keys[i], s.of(e), false, e)
			}
		}
	})
	if t.Mixed {
		s.field(entry, KeyText, &shape.Type{Kind: shape.String}, false, nil)
	}
	c := shape.Choice{Required: true}
	for _, f := range entry.Fields {
		c.Branches = append(c.Branches, []string{f.Name})
	}
	entry.Choices = []shape.Choice{c}
	if st.Field(KeyItems) == nil {
		st.Fields = append(st.Fields, shape.Field{Name: KeyItems})
	}
	st.Field(KeyItems).Type = &shape.Type{Kind: shape.List, Elem: entry}
}

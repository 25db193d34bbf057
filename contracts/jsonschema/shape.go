package jsonschema

import (
	"slices"

	santhosh "github.com/santhosh-tekuri/jsonschema/v6"

	"sluice/contracts/shape"
)

// shapes turns compiled schemas into shapes, each once, so that recursive schemas make recursive shapes.
type shapes struct {
	set      *Set
	known    map[*santhosh.Schema]*shape.Type
	building map[*shape.Type]bool // those whose fields are not all there yet
}

var shapeFormats = map[string]shape.Format{
	"date": shape.Date, "date-time": shape.DateTime, "time": shape.Time, "decimal": shape.Decimal, "money": shape.Decimal,
	"base64": shape.Base64, "byte": shape.Base64, "uri": shape.URI, "uuid": shape.UUID,
}

func (s *shapes) of(sch *santhosh.Schema) *shape.Type {
	if sch == nil {
		return &shape.Type{}
	}
	if t, ok := s.known[sch]; ok {
		return t
	}
	if sch.Ref != nil && bare(sch) && !circular(sch) {
		t := s.of(sch.Ref)
		s.known[sch] = t
		return t
	}
	t := &shape.Type{}
	s.known[sch] = t
	s.building[t] = true
	s.fill(t, sch)
	delete(s.building, t)
	return t
}

// bare tells whether nothing that shapes a tree stands beside the reference.
func bare(sch *santhosh.Schema) bool {
	return sch.Types == nil && sch.Enum == nil && sch.Const == nil && len(sch.AllOf)+len(sch.AnyOf)+len(sch.OneOf)+len(sch.Properties)+len(sch.Required) == 0 &&
		sch.MinLength == nil && sch.MaxLength == nil && sch.Pattern == nil && sch.Format == nil && sch.Items2020 == nil && sch.MinItems == nil && sch.MaxItems == nil
}

func (s *shapes) fill(t *shape.Type, sch *santhosh.Schema) {
	t.Name = sch.Title
	t.Pos, _ = s.set.pos(sch.Location)
	t.Kind, t.Nillable = kindOf(sch)
	switch t.Kind {
	case shape.Object:
		s.fillObject(t, sch)
	case shape.List:
		t.MinItems, t.MaxItems = max(or(sch.MinItems), 0), max(or(sch.MaxItems), 0)
		t.Elem = s.of(sch.Items2020)
		if len(sch.PrefixItems) > 0 {
			t.Elem = &shape.Type{} // a tuple: each place has its own type
		}
	case shape.String:
		fillText(t, sch)
	}
	parts := sch.AllOf
	if sch.Ref != nil {
		parts = append([]*santhosh.Schema{sch.Ref}, parts...)
	}
	for _, part := range parts {
		join(t, s.of(part))
	}
	if types := s.variants(t, sch); len(types) > 0 {
		join(t, Union(types...))
	}
	for _, conditional := range []*santhosh.Schema{sch.Then, sch.Else} {
		if conditional != nil && t.Kind == shape.Object {
			addOptional(t, s.of(conditional))
		}
	}
	if rest := sch.UnevaluatedProperties; rest != nil && rest.Bool != nil && !*rest.Bool {
		t.Open = false
	}
}

// variants are the shapes of anyOf and oneOf; none where one of them is still being made, which leaves t open.
func (s *shapes) variants(t *shape.Type, sch *santhosh.Schema) []*shape.Type {
	var types []*shape.Type
	for _, v := range slices.Concat(sch.AnyOf, sch.OneOf) {
		if only(v, "null") {
			t.Nillable = true
			continue
		}
		of := s.of(v)
		if s.building[of] {
			return nil
		}
		types = append(types, of)
	}
	return types
}

func kindOf(sch *santhosh.Schema) (kind shape.Kind, nillable bool) {
	var names []string
	if sch.Types != nil {
		names = sch.Types.ToStrings()
	}
	if i := slices.Index(names, "null"); i >= 0 {
		nillable, names = true, slices.Delete(names, i, i+1)
	}
	switch {
	case len(names) == 1:
		return map[string]shape.Kind{"object": shape.Object, "array": shape.List, "string": shape.String,
			"boolean": shape.Bool, "integer": shape.Int, "number": shape.Number}[names[0]], nillable
	case len(names) == 2 && slices.Contains(names, "integer") && slices.Contains(names, "number"):
		return shape.Number, nillable
	case len(names) > 1:
		return shape.Any, nillable
	case len(sch.Properties) > 0 || len(sch.Required) > 0:
		return shape.Object, nillable
	}
	if f := newFixed(sch); f != nil {
		var all typeSet
		for _, v := range f.values {
			all |= typeOf(v)
		}
		nillable = nillable || all&isNull != 0
		switch all &^ isNull {
		case isString:
			return shape.String, nillable
		case isBool:
			return shape.Bool, nillable
		case isInteger:
			return shape.Int, nillable
		}
	}
	if sch.Format != nil && formats[sch.Format.Name] != nil {
		return shape.String, nillable
	}
	return shape.Any, nillable
}

func (s *shapes) fillObject(t *shape.Type, sch *santhosh.Schema) {
	t.Open = true
	switch rest := sch.AdditionalProperties.(type) {
	case bool:
		t.Open = rest
	case *santhosh.Schema:
		t.Open = rest.Bool == nil || *rest.Bool
	}
	t.Open = t.Open || len(sch.PatternProperties) > 0
	for _, name := range s.set.order(sch) {
		property := sch.Properties[name]
		if property.Bool != nil && !*property.Bool {
			continue
		}
		f := shape.Field{Name: name, Type: s.of(property), Required: slices.Contains(sch.Required, name), Doc: describe(property)}
		if property.Const != nil {
			f.Fixed, _ = (*property.Const).(string)
		}
		t.Fields = append(t.Fields, f)
	}
	for _, name := range sch.Required {
		if t.Field(name) == nil {
			t.Fields = append(t.Fields, shape.Field{Name: name, Type: &shape.Type{}, Required: true})
		}
	}
}

func describe(sch *santhosh.Schema) string {
	for range 16 {
		switch {
		case sch.Description != "":
			return sch.Description
		case sch.Title != "":
			return sch.Title
		case sch.Ref == nil:
			return ""
		}
		sch = sch.Ref
	}
	return ""
}

func fillText(t *shape.Type, sch *santhosh.Schema) {
	t.MinLen, t.MaxLen = max(or(sch.MinLength), 0), max(or(sch.MaxLength), 0)
	if sch.Pattern != nil {
		t.Pattern = sch.Pattern.String()
	}
	if sch.Format != nil {
		t.Format = shapeFormats[sch.Format.Name]
	}
	if f := newFixed(sch); f != nil {
		t.Enum = f.strings
	}
}

// join narrows t by what part says as well (allOf, a reference with siblings).
func join(t, part *shape.Type) {
	if part.Kind == shape.Any {
		return
	}
	if t.Kind == shape.Any {
		name, pos, nillable := t.Name, t.Pos, t.Nillable
		*t = *part
		t.Fields = slices.Clone(part.Fields)
		t.Nillable = t.Nillable || nillable
		if name != "" {
			t.Name = name
		}
		if pos.Line > 0 {
			t.Pos = pos
		}
		return
	}
	if t.Kind != part.Kind {
		return // no tree holds such a schema: its author's affair
	}
	switch t.Kind {
	case shape.Object:
		t.Open = t.Open && part.Open
		for _, f := range part.Fields {
			if own := t.Field(f.Name); own != nil {
				own.Required = own.Required || f.Required
				if own.Type.Kind == shape.Any {
					own.Type = f.Type
				}
				continue
			}
			t.Fields = append(t.Fields, f)
		}
	case shape.List:
		if t.Elem == nil || t.Elem.Kind == shape.Any {
			t.Elem = part.Elem
		}
		t.MinItems = max(t.MinItems, part.MinItems)
		t.MaxItems = tighter(t.MaxItems, part.MaxItems)
	case shape.String:
		t.MinLen, t.MaxLen = max(t.MinLen, part.MinLen), tighter(t.MaxLen, part.MaxLen)
		if t.Format == "" {
			t.Format = part.Format
		}
		if t.Enum == nil {
			t.Enum = part.Enum
		}
		if t.Pattern == "" {
			t.Pattern = part.Pattern
		}
	}
}

// tighter is the smaller of two maxima, of which 0 means none.
func tighter(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// addOptional adds the fields that only sometimes are there.
func addOptional(t, part *shape.Type) {
	for _, f := range part.Fields {
		if t.Field(f.Name) == nil && f.Type.Kind != shape.Any {
			f.Required = false
			t.Fields = append(t.Fields, f)
		}
	}
}

// Union is what a tree may hold that is of any of the types. Of objects it has every field, required where all require it.
func Union(types ...*shape.Type) *shape.Type {
	u := types[0]
	known := map[[2]*shape.Type]*shape.Type{}
	for _, t := range types[1:] {
		u = unite(u, t, known)
	}
	return u
}

// unite makes the union of two types; known holds those that are being made, for recursive types.
func unite(a, b *shape.Type, known map[[2]*shape.Type]*shape.Type) *shape.Type {
	if a == b {
		return a
	}
	if u, ok := known[[2]*shape.Type{a, b}]; ok {
		return u
	}
	u := new(shape.Type)
	known[[2]*shape.Type{a, b}] = u
	if a.Kind != b.Kind {
		u.Nillable = a.Nillable || b.Nillable
		return u
	}
	*u = *a
	u.Name, u.Nillable = "", a.Nillable || b.Nillable
	switch a.Kind {
	case shape.Object:
		u.Open = a.Open || b.Open
		u.Fields = uniteFields(a, b, known)
	case shape.List:
		u.Elem = unite(a.Elem, b.Elem, known)
		u.MinItems, u.MaxItems = min(a.MinItems, b.MinItems), looser(a.MaxItems, b.MaxItems)
	case shape.String:
		uniteText(u, b)
	}
	return u
}

func uniteFields(a, b *shape.Type, known map[[2]*shape.Type]*shape.Type) []shape.Field {
	fields := slices.Clone(a.Fields)
	for i := range fields {
		f := &fields[i]
		other := b.Field(f.Name)
		if other == nil {
			f.Required = false
			continue
		}
		f.Required = f.Required && other.Required
		if f.Fixed != other.Fixed {
			f.Fixed = ""
		}
		f.Type = unite(f.Type, other.Type, known)
	}
	for _, f := range b.Fields {
		if a.Field(f.Name) == nil {
			f.Required = false
			fields = append(fields, f)
		}
	}
	return fields
}

func uniteText(u, t *shape.Type) {
	if u.Enum == nil || t.Enum == nil {
		u.Enum = nil
	} else {
		u.Enum = slices.Clone(u.Enum)
		for _, v := range t.Enum {
			if !slices.Contains(u.Enum, v) {
				u.Enum = append(u.Enum, v)
			}
		}
	}
	if u.Format != t.Format {
		u.Format = ""
	}
	if u.Pattern != t.Pattern {
		u.Pattern = ""
	}
	u.MinLen, u.MaxLen = min(u.MinLen, t.MinLen), looser(u.MaxLen, t.MaxLen)
}

// looser is the larger of two maxima, of which 0 means none.
func looser(a, b int) int {
	if a == 0 || b == 0 {
		return 0
	}
	return max(a, b)
}

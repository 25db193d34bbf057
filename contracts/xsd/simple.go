package xsd

import "sync"

// Simple is a simple type: what a text or an attribute value may be.
type Simple struct {
	Name    Name // zero of an anonymous type
	Base    *Simple
	Builtin Builtin   // the built-in type that it is or derives from; AnySimple of lists and unions
	Item    *Simple   // of a list: the type of its items
	Members []*Simple // of a union
	White   WhiteSpace
	Holds   Holds

	Enum           []string
	Patterns       [][]string // in XML Schema's own language; one of each group must match
	MinLen         int        // in characters, bytes of a binary, items of a list; Length sets both
	MaxLen         int        // Unbounded where there is none
	MinInclusive   *string
	MaxInclusive   *string
	MinExclusive   *string
	MaxExclusive   *string
	TotalDigits    int // 0 means without bound
	FractionDigits int // Unbounded where there is none
}

// WhiteSpace is the facet that says what a reader does to a text first.
type WhiteSpace uint8

// What a reader does: nothing, make each white space character a space, join and trim them.
const (
	Preserve WhiteSpace = iota
	Replace
	Collapse
)

// Holds says what a tree holds for a simple type.
type Holds uint8

// What trees hold. A list is a []any of its items' values.
const (
	HoldsString Holds = iota
	HoldsBool
	HoldsInt
	HoldsFloat
	HoldsDecimal // a string that keeps every digit
	HoldsQName   // a string, {namespace}name
	HoldsBase64  // a string without white space
	HoldsList
)

// Builtin is a built-in simple type of XML Schema.
type Builtin uint8

// The built-in types that differ in what they hold or how they are checked.
const (
	AnySimple Builtin = iota
	String
	NormalizedString
	Token
	Language
	NMToken
	XMLName
	NCName
	ID
	IDREF
	Entity
	Boolean
	Decimal
	Integer
	NonPositiveInteger
	NegativeInteger
	NonNegativeInteger
	PositiveInteger
	UnsignedLong
	Long
	Int
	Short
	Byte
	UnsignedInt
	UnsignedShort
	UnsignedByte
	Float
	Double
	Duration
	DateTime
	Time
	Date
	GYearMonth
	GYear
	GMonthDay
	GDay
	GMonth
	HexBinary
	Base64Binary
	AnyURI
	QName
	Notation
	builtins
)

// builtinTable says what each built-in type is called, derives from and holds. Bounds of integers are checked by
// the codec for those that hold an int, by the validator for the rest.
var builtinTable = [builtins]struct {
	name  string
	base  Builtin
	white WhiteSpace
	holds Holds
}{
	AnySimple:          {"anySimpleType", AnySimple, Preserve, HoldsString},
	String:             {"string", AnySimple, Preserve, HoldsString},
	NormalizedString:   {"normalizedString", String, Replace, HoldsString},
	Token:              {"token", NormalizedString, Collapse, HoldsString},
	Language:           {"language", Token, Collapse, HoldsString},
	NMToken:            {"NMTOKEN", Token, Collapse, HoldsString},
	XMLName:            {"Name", Token, Collapse, HoldsString},
	NCName:             {"NCName", XMLName, Collapse, HoldsString},
	ID:                 {"ID", NCName, Collapse, HoldsString},
	IDREF:              {"IDREF", NCName, Collapse, HoldsString},
	Entity:             {"ENTITY", NCName, Collapse, HoldsString},
	Boolean:            {"boolean", AnySimple, Collapse, HoldsBool},
	Decimal:            {"decimal", AnySimple, Collapse, HoldsDecimal},
	Integer:            {"integer", Decimal, Collapse, HoldsDecimal},
	NonPositiveInteger: {"nonPositiveInteger", Integer, Collapse, HoldsDecimal},
	NegativeInteger:    {"negativeInteger", NonPositiveInteger, Collapse, HoldsDecimal},
	NonNegativeInteger: {"nonNegativeInteger", Integer, Collapse, HoldsDecimal},
	PositiveInteger:    {"positiveInteger", NonNegativeInteger, Collapse, HoldsDecimal},
	UnsignedLong:       {"unsignedLong", NonNegativeInteger, Collapse, HoldsDecimal},
	Long:               {"long", Integer, Collapse, HoldsInt},
	Int:                {"int", Long, Collapse, HoldsInt},
	Short:              {"short", Int, Collapse, HoldsInt},
	Byte:               {"byte", Short, Collapse, HoldsInt},
	UnsignedInt:        {"unsignedInt", UnsignedLong, Collapse, HoldsInt},
	UnsignedShort:      {"unsignedShort", UnsignedInt, Collapse, HoldsInt},
	UnsignedByte:       {"unsignedByte", UnsignedShort, Collapse, HoldsInt},
	Float:              {"float", AnySimple, Collapse, HoldsFloat},
	Double:             {"double", AnySimple, Collapse, HoldsFloat},
	Duration:           {"duration", AnySimple, Collapse, HoldsString},
	DateTime:           {"dateTime", AnySimple, Collapse, HoldsString},
	Time:               {"time", AnySimple, Collapse, HoldsString},
	Date:               {"date", AnySimple, Collapse, HoldsString},
	GYearMonth:         {"gYearMonth", AnySimple, Collapse, HoldsString},
	GYear:              {"gYear", AnySimple, Collapse, HoldsString},
	GMonthDay:          {"gMonthDay", AnySimple, Collapse, HoldsString},
	GDay:               {"gDay", AnySimple, Collapse, HoldsString},
	GMonth:             {"gMonth", AnySimple, Collapse, HoldsString},
	HexBinary:          {"hexBinary", AnySimple, Collapse, HoldsString},
	Base64Binary:       {"base64Binary", AnySimple, Collapse, HoldsBase64},
	AnyURI:             {"anyURI", AnySimple, Collapse, HoldsString},
	QName:              {"QName", AnySimple, Collapse, HoldsQName},
	Notation:           {"NOTATION", AnySimple, Collapse, HoldsQName},
}

func (b Builtin) String() string { return "xs:" + builtinTable[b].name }

// IntRange is what a built-in type that HoldsInt may hold.
func (b Builtin) IntRange() (low, high int64) {
	switch b {
	case Int:
		return -1 << 31, 1<<31 - 1
	case Short:
		return -1 << 15, 1<<15 - 1
	case Byte:
		return -1 << 7, 1<<7 - 1
	case UnsignedInt:
		return 0, 1<<32 - 1
	case UnsignedShort:
		return 0, 1<<16 - 1
	case UnsignedByte:
		return 0, 1<<8 - 1
	}
	return -1 << 63, 1<<63 - 1
}

// String names the type for messages.
func (s *Simple) String() string {
	for t := s; t != nil; t = t.Base {
		if t.Name.Space == XSDURI {
			if t.Name.Local != "anySimpleType" {
				return "xs:" + t.Name.Local
			}
			break
		}
		if t.Name.Local != "" {
			return t.Name.Local
		}
	}
	switch {
	case s.Item != nil:
		return "a list of " + s.Item.String()
	case len(s.Members) > 0:
		return "one of several types"
	}
	return s.Builtin.String()
}

// derive makes a type that begins with everything that s says.
func (s *Simple) derive() *Simple {
	d := *s
	d.Name, d.Base = Name{}, s
	return &d
}

// builtinTypes holds the built-in types, anyType included. They belong to every schema.
var builtinTypes = sync.OnceValue(func() map[Name]*Type {
	all := map[Name]*Type{}
	anyType := newAnyType()
	all[anyType.Name] = anyType
	var types [builtins]*Type
	for b, row := range builtinTable {
		s := &Simple{
			Name: Name{XSDURI, row.name}, Builtin: Builtin(b), White: row.white, Holds: row.holds,
			MaxLen: Unbounded, FractionDigits: Unbounded,
		}
		t := simpleType(s)
		t.Base = anyType
		if b > 0 {
			s.Base, t.Base = types[row.base].Value, types[row.base]
		}
		types[b], all[s.Name] = t, t
	}
	for name, item := range map[string]Builtin{"NMTOKENS": NMToken, "IDREFS": IDREF, "ENTITIES": Entity} {
		s := listOf(types[item].Value)
		s.Name, s.MinLen, s.Base = Name{XSDURI, name}, 1, types[AnySimple].Value
		all[s.Name] = simpleType(s)
		all[s.Name].Base = types[AnySimple]
	}
	return all
})

// builtin is the built-in simple type b.
func builtin(b Builtin) *Simple {
	return builtinTypes()[Name{XSDURI, builtinTable[b].name}].Value
}

func simpleType(s *Simple) *Type {
	return &Type{Name: s.Name, Value: s, Bare: true, state: built}
}

func listOf(item *Simple) *Simple {
	return &Simple{Item: item, White: Collapse, Holds: HoldsList, MaxLen: Unbounded, FractionDigits: Unbounded}
}

// unionOf holds what all of its members hold, and a string where they differ.
func unionOf(members []*Simple) *Simple {
	u := &Simple{Members: members, White: Preserve, MaxLen: Unbounded, FractionDigits: Unbounded}
	for i, m := range members {
		switch {
		case i == 0:
			u.Holds, u.White, u.Builtin = m.Holds, m.White, m.Builtin
		case u.Holds != m.Holds || u.Holds == HoldsInt && u.Builtin != m.Builtin:
			u.Holds = HoldsString
		}
		if i > 0 {
			u.White = min(u.White, m.White)
			if u.Builtin != m.Builtin {
				u.Builtin = AnySimple
			}
		}
	}
	if u.Holds == HoldsList {
		u.Holds = HoldsString
	}
	return u
}

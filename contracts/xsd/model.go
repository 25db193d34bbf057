package xsd

import (
	"maps"
	"slices"

	"github.com/beevik/etree"

	"sluice/contracts/diag"
	"sluice/contracts/xsd/scan"
)

// Schema is a compiled set of schema documents. It is immutable and safe for concurrent use; whoever holds a piece of
// it reads it only.
type Schema struct {
	Warnings diag.List // what loading met and could do without, such as an import that nobody needs

	spaces     *scan.Spaces
	prefixes   []string // the writer's prefix of each namespace
	elements   map[Name]*Element
	types      map[Name]*Type
	attributes map[Name]*Attribute
	documents  []*document
	keyrefs    map[string]*Constraint // by name
	defined    []*Type                // anonymous ones included
	validator  func() (*Validator, error)
	shapes     shaper
}

// Element is an element declaration, global or local.
type Element struct {
	Name     Name
	Space    int // the number of Name.Space
	Type     *Type
	Nillable bool
	Abstract bool
	Global   bool
	Default  *string // the value of an empty element, or nil
	Fixed    bool    // Default is the only value allowed
	Doc      string
	Pos      diag.Pos
	// Constraints are the keys that it is the scope of.
	Constraints []*Constraint

	// Open and Close are the tags as the writer writes them, Open without its ">".
	Open, Close string

	schema  *Schema
	apart   bool       // the contract declares another element of this name
	head    *Element   // of the substitution group that it belongs to
	members []*Element // of the substitution group that it heads, transitively
	block   derivation
}

// Attribute is an attribute as one type uses it.
type Attribute struct {
	Name     Name
	Space    int
	Type     *Simple
	Required bool
	Default  *string // what an absent attribute means, or nil
	Fixed    bool    // Default is the only value allowed
	Doc      string
	Pos      diag.Pos
	Key      string // in trees
	Open     string // ` p:name="`, as the writer writes it

	prohibited bool
}

// Type is a type definition, simple or complex.
type Type struct {
	Name     Name // zero of an anonymous type
	Base     *Type
	Abstract bool
	Doc      string
	Pos      diag.Pos

	// Value is what the text is: of a simple type, and of a complex one with simple content. Else nil.
	Value *Simple
	// Content is what the children are, laid out for trees; nil where there must be none.
	Content *Particle
	Mixed   bool
	// Bare says that a tree holds the text's value itself, not an object.
	Bare         bool
	Attributes   []*Attribute
	AnyAttribute *Wildcard
	// Derived are all types that derive from this one, at any depth.
	Derived []*Type

	complex   bool
	anyType   bool
	extension bool // how it derives from Base
	block     derivation
	model     *Particle // Content before it was laid out: what extensions build on
	state     buildState
	el        *etree.Element
	ambiguous bool // unique particle attribution does not hold in its content
	fields    map[string]bool
	items     map[string]*Element // what the keys of entries of _items stand for
	required  int                 // of Attributes, how many are
	attrIndex map[nameKey]int
}

// Kind tells the particles apart.
type Kind uint8

// The kinds of particles.
const (
	ElementParticle Kind = iota
	AnyParticle
	Sequence
	Choice
	All
)

// Mode says how a tree holds what a particle stands for.
type Mode uint8

// The modes.
const (
	One  Mode = iota // the key has the value
	Many             // the key has a list
	Item             // an entry {key: value} of the list _items
)

// The keys of a tree that are no names of the contract.
const (
	KeyText  = "_text"
	KeyItems = "_items"
	KeyAny   = "_any"
	KeyType  = "_type"
	KeyNil   = "_nil"
)

// Unbounded is Particle.Max without a bound.
const Unbounded = -1

// Particle is a piece of a content model.
type Particle struct {
	Kind     Kind
	Min, Max int         // occurrences; Max may be Unbounded
	Children []*Particle // of a group
	Elements []*Element  // of an element particle: itself and what may stand for it, abstract ones left out
	Keys     []string    // in trees, of each of Elements
	Any      *Wildcard   // of a wildcard
	Mode     Mode        // of an element or a wildcard
	// Region marks what is written from, and read into, the list _items: in the order of the document.
	Region bool
	// Emptiable says that no element at all is allowed here.
	Emptiable bool
	Pos       diag.Pos

	element *Element          // as declared: the head of a substitution group
	first   map[nameKey]int   // of a wide group: the first child that may begin with a name
	symbols map[Name]struct{} // what may stand here, while it is laid out
}

type nameKey struct {
	space int
	local string
}

// Wildcard is xs:any or xs:anyAttribute.
type Wildcard struct {
	Not    bool  // any namespace but Spaces; otherwise only Spaces
	Spaces []int // numbers of namespaces
	Strict bool  // what it lets in must be declared somewhere: processContents="strict"
	Skip   bool  // processContents="skip"
}

// Allows says whether a name of the namespace with this number may stand in the wildcard's place.
func (w *Wildcard) Allows(space int) bool {
	for _, s := range w.Spaces {
		if s == space {
			return !w.Not
		}
	}
	return w.Not
}

type derivation uint8

const (
	byExtension derivation = 1 << iota
	byRestriction
	bySubstitution
	byList
	byUnion
)

type buildState uint8

const (
	declared buildState = iota
	building
	built
)

// Spaces numbers the namespaces of the schema.
func (s *Schema) Spaces() *scan.Spaces { return s.spaces }

// Prefix is the prefix that the writer gives to a namespace by its number.
func (s *Schema) Prefix(space int) string { return s.prefixes[space] }

// Type finds a type definition, the built-in ones included, or returns nil.
func (s *Schema) Type(n Name) *Type {
	if t := s.types[n]; t != nil {
		return t
	}
	return builtinTypes()[n]
}

// Attribute finds the type's attribute by the number of its namespace and its local name, or returns -1.
func (t *Type) Attribute(space int, local []byte) int {
	if t.attrIndex != nil {
		if i, ok := t.attrIndex[nameKey{space, string(local)}]; ok {
			return i
		}
		return -1
	}
	for i, a := range t.Attributes {
		if a.Space == space && a.Name.Local == string(local) {
			return i
		}
	}
	return -1
}

// RequiredAttributes counts the attributes that must be there.
func (t *Type) RequiredAttributes() int { return t.required }

// Has says whether an object of this type may have the key.
func (t *Type) Has(key string) bool { return t.fields[key] }

// Keys lists the keys that an object of this type may have, for suggestions.
func (t *Type) Keys() []string { return slices.Sorted(maps.Keys(t.fields)) }

// ItemName is the element that a key of an entry of _items stands for.
func (t *Type) ItemName(key string) (*Element, bool) {
	e, ok := t.items[key]
	return e, ok
}

// ItemKeys lists the keys that an entry of _items may have, for suggestions.
func (t *Type) ItemKeys() []string { return slices.Sorted(maps.Keys(t.items)) }

// DerivesFrom says whether t is base or derives from it.
func (t *Type) DerivesFrom(base *Type) bool {
	for ; t != nil; t = t.Base {
		if t == base {
			return true
		}
	}
	return false
}

// Matches says which of the particle's elements has this name, or returns -1. A wildcard that allows it gives 0.
func (p *Particle) Matches(space int, local []byte) int {
	if p.Kind == AnyParticle {
		if p.Any.Allows(space) {
			return 0
		}
		return -1
	}
	for i, e := range p.Elements {
		if e.Space == space && e.Name.Local == string(local) {
			return i
		}
	}
	return -1
}

// Next finds the first of the group's children, from index on, that may begin with this name. In a sequence the
// children passed over must be emptiable; otherwise there is none, and it returns -1.
func (p *Particle) Next(from, space int, local []byte) int {
	if p.first != nil && from == 0 {
		i, ok := p.first[nameKey{space, string(local)}]
		if ok {
			return i
		}
	}
	for i := from; i < len(p.Children); i++ {
		c := p.Children[i]
		if c.Begins(space, local) {
			return i
		}
		if p.Kind == Sequence && !c.Emptiable {
			return -1
		}
	}
	return -1
}

// Begins says whether an element of this name may be the first in the place of p.
func (p *Particle) Begins(space int, local []byte) bool {
	if len(p.Children) == 0 {
		return p.Matches(space, local) >= 0
	}
	return p.Next(0, space, local) >= 0
}

package tree

import "slices"

// Builder makes the objects of one tree in blocks, so that a message with a hundred objects costs a few allocations. The
// zero value works. A block lives for as long as one of its objects does: make a builder's objects for one message only.
type Builder struct {
	objects []Object
	fields  []Field
	used    Size
}

// Size is how much a tree's objects take.
type Size struct{ Objects, Fields int }

// The size of blocks where nothing is expected: in fields, and how many of them an object has in the usual case.
const (
	leastBlock = 32
	mostBlock  = 512
	usual      = 8
)

// Expect makes the first blocks of a size: as large as the last tree of the sort was, say.
func (b *Builder) Expect(s Size) {
	b.objects = make([]Object, min(s.Objects, mostBlock))
	b.fields = make([]Field, min(s.Fields, mostBlock))
}

// Used is how much the objects took so far.
func (b *Builder) Used() Size { return b.used }

// Object makes an object of a copy of fields, whose keys must differ.
func (b *Builder) Object(fields []Field) *Object {
	n := len(fields)
	if len(b.objects) == 0 {
		b.objects = make([]Object, min(max(b.used.Objects, leastBlock/usual), mostBlock/usual))
	}
	o := &b.objects[0]
	b.objects = b.objects[1:]
	b.used.Objects++
	b.used.Fields += n
	if n == 0 {
		return o
	}
	if n > len(b.fields) {
		size := min(max(b.used.Fields, leastBlock), mostBlock) // as much again as there is
		if n > size/2 {
			o.fields = slices.Clone(fields)
			o.indexed()
			return o
		}
		b.fields = make([]Field, size)
	}
	o.fields = b.fields[:n:n]
	b.fields = b.fields[n:]
	copy(o.fields, fields)
	o.indexed()
	return o
}

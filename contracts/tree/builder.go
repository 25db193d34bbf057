package tree

// Builder makes the objects of one tree in blocks, so that a message with a hundred objects costs a few allocations. The
// zero value works. A block lives for as long as one of its objects does: make a builder's objects for one message only,
// and call Done behind it.
type Builder struct {
	objects []Object
	fields  []Field
	size    int // of the next block of fields
}

// The size of blocks, in fields: the first is small, since most messages are.
const (
	firstBlock = 32
	lastBlock  = 512
)

// Object makes an object of a copy of fields, whose keys must differ.
func (b *Builder) Object(fields []Field) *Object {
	if len(b.objects) == 0 {
		b.objects = make([]Object, min(max(b.size/8, 4), 64))
	}
	o := &b.objects[0]
	b.objects = b.objects[1:]
	n := len(fields)
	if n == 0 {
		return o
	}
	if n > len(b.fields) {
		b.size = min(max(2*b.size, firstBlock), lastBlock)
		if n >= b.size/2 {
			o.fields = append([]Field(nil), fields...)
			o.indexed()
			return o
		}
		b.fields = make([]Field, b.size)
	}
	o.fields = b.fields[:n:n]
	b.fields = b.fields[n:]
	copy(o.fields, fields)
	o.indexed()
	return o
}

// Done lets go of the last blocks.
func (b *Builder) Done() { *b = Builder{} }

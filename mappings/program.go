package mappings

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

// The bounds of one run. A message is bounded by the door it came through; these hold what a mapping makes of it.
const (
	maxOutputBytes = 64 << 20  // of all texts in the tree that comes out
	maxOutputNodes = 1_000_000 // of its values
	maxWorkBytes   = 512 << 20 // of all texts that functions read
	maxUnknown     = 100       // codes that are reported
)

// Program is a compiled section, safe for concurrent use.
type Program struct {
	root *object
	// The size of the last tree that came out.
	objects, fields atomic.Int32
	slots           int // of roots and loop variables
}

// frame is the state of one run.
type frame struct {
	slots   []any
	items   []any // at which the loops inside an expression are, outer first
	indexes []int // of the loops that are running, outer first
	leaf    *spot
	unknown []Unknown
	bytes   int
	nodes   int
	work    int
	one     [1]any       // the argument of the operation that is running
	args    []any        // of the operations that are being called, outer first
	made    []tree.Field // of the objects that are being made, outer first
	build   tree.Builder
}

// spot is where a leaf stands, for messages: the target's keys, "[]" where a loop's index belongs.
type spot struct {
	pos  func(offset int) diag.Pos
	path []string
}

// evaluate gives the value of an expression; nil is absent.
type evaluate func(fr *frame) (any, error)

// failure is an error at an offset of the expression.
type failure struct {
	offset  int
	message string
	refused bool // by required(…)
}

func (f *failure) Error() string { return f.message }

var frames = sync.Pool{New: func() any { return new(frame) }}

func newFrame(slots int, in Input) *frame {
	fr := frames.Get().(*frame)
	if cap(fr.slots) < slots {
		fr.slots = make([]any, slots)
	}
	fr.slots = fr.slots[:slots]
	roots := [...]any{in.Request, in.Message, in.Reply, in.Fault, in.Push, in.Receipt, in.Supplement, in.Result} // as Roots
	copy(fr.slots, roots[:])
	return fr
}

func (fr *frame) release() {
	clear(fr.slots)
	clear(fr.made)                // not empty after an error
	clear(fr.args[:cap(fr.args)]) // a few
	*fr = frame{slots: fr.slots, items: fr.items[:0], indexes: fr.indexes[:0], args: fr.args[:0], made: fr.made[:0]}
	frames.Put(fr)
}

// Run maps one input. The error is an *Error.
func (p *Program) Run(in Input) (Output, error) {
	fr := newFrame(p.slots, in)
	defer fr.release()
	fr.build.Expect(tree.Size{Objects: int(p.objects.Load()), Fields: int(p.fields.Load())})
	made, err := p.root.make(fr)
	if err != nil {
		return Output{}, err
	}
	used := fr.build.Used()
	p.objects.Store(int32(used.Objects))
	p.fields.Store(int32(used.Fields))
	if made == nil {
		made = new(tree.Object)
	}
	return Output{Tree: made, Unknown: fr.unknown}, nil
}

func (fr *frame) reportUnknown(table, value string) {
	u := Unknown{Table: table, Value: value, Path: fr.path()}
	if len(fr.unknown) < maxUnknown && !slices.Contains(fr.unknown, u) {
		fr.unknown = append(fr.unknown, u)
	}
}

// path is the target path of the leaf that is being made.
func (fr *frame) path() string {
	if fr.leaf == nil {
		return ""
	}
	var b strings.Builder
	loop := 0
	for _, step := range fr.leaf.path {
		if step == "[]" {
			n := 0
			if loop < len(fr.indexes) {
				n = fr.indexes[loop]
				loop++
			}
			b.WriteString("[" + strconv.Itoa(n) + "]")
			continue
		}
		if b.Len() > 0 && !strings.HasPrefix(step, "[") {
			b.WriteByte('.')
		}
		b.WriteString(step)
	}
	return b.String()
}

func (fr *frame) fail(at *spot, offset int, message string) *Error {
	fr.leaf = at
	return &Error{Pos: at.pos(offset), Path: fr.path(), Message: message}
}

// run evaluates an expression for the leaf at a place.
func (fr *frame) run(at *spot, eval evaluate) (any, error) {
	fr.leaf = at
	v, err := eval(fr)
	if err == nil {
		return v, nil
	}
	offset, refused := 0, false
	if f, ok := err.(*failure); ok {
		offset, refused = f.offset, f.refused
	}
	failed := fr.fail(at, offset, err.Error())
	failed.Refused = refused
	return nil, failed
}

// account adds what comes out to the bounds of the run.
func (fr *frame) account(v any) error {
	fr.nodes++
	switch v := v.(type) {
	case string:
		fr.bytes += len(v)
	case []any:
		for _, item := range v {
			if err := fr.account(item); err != nil {
				return err
			}
		}
	case *tree.Object:
		for _, item := range v.All() {
			if err := fr.account(item); err != nil {
				return err
			}
		}
	}
	if fr.bytes > maxOutputBytes || fr.nodes > maxOutputNodes {
		return fmt.Errorf("the message that comes out is larger than %d MiB or %d values", maxOutputBytes>>20, maxOutputNodes)
	}
	return nil
}

// Condition is a compiled `when:`, safe for concurrent use.
type Condition struct {
	at    *spot
	eval  evaluate
	slots int
}

// CompileCondition proves an expression that must come out true or false; at is where src starts in its file.
// The condition is nil when the list holds an error.
func CompileCondition(src string, at diag.Pos, sources Sources) (*Condition, diag.List) {
	c := newCompiler(&source{name: at.File}, nil, sources)
	l := &leaf{text: text{value: src, start: at}}
	v, eval := c.expression(l, scope{}, nil)
	if c.problems.Err() == nil && (v.shape.Kind != shape.Bool || v.absent) {
		c.leafProblem(l, 0, "wrong-type", "a condition must come out true or false, and this is "+describe(v.shape), "compare it: value != nil, or with a constant")
	}
	c.problems.Sort()
	if c.problems.Err() != nil {
		return nil, c.problems
	}
	return &Condition{at: c.place(l, nil), eval: eval, slots: len(c.slots)}, c.problems
}

// Holds tells whether the condition is true of the input. The error is an *Error: a message that breaks its contract.
func (c *Condition) Holds(in Input) (bool, error) {
	fr := newFrame(c.slots, in)
	defer fr.release()
	v, err := fr.run(c.at, c.eval)
	if err != nil {
		return false, err
	}
	return v == true, nil
}

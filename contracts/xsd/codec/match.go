package codec

import (
	"fmt"
	"strings"

	"sluice/contracts/xsd"
)

// matcher follows a content model element by element. It holds one frame for each group that is open, innermost last,
// and one for the element particle met last; occurrences are counted, never unrolled, so that a step costs the same
// whatever maxOccurs says. XML Schema's rule of unique particle attribution makes the first particle that fits the one.
type matcher struct {
	frames []frame
}

type frame struct {
	p    *xsd.Particle
	at   int      // of a group: the child that is open
	n    int      // occurrences, the open one included
	seen []uint64 // of xs:all: which children have occurred
}

func (f *frame) mark(child int) {
	for len(f.seen) <= child/64 {
		f.seen = append(f.seen, 0)
	}
	f.seen[child/64] |= 1 << (child % 64)
}

func (f *frame) has(child int) bool {
	return child/64 < len(f.seen) && f.seen[child/64]&(1<<(child%64)) != 0
}

// more says whether another occurrence is allowed.
func (f *frame) more() bool { return f.p.Max == xsd.Unbounded || f.n < f.p.Max }

// advance takes one element: frames from base on belong to root. It returns the particle that the element stands for
// and which of its elements it is. A nil particle changes nothing; stuck then is the particle that must come first,
// or nil where the element just has no place.
func (m *matcher) advance(base int, root *xsd.Particle, space int, local []byte) (p *xsd.Particle, alt int, stuck *xsd.Particle) {
	if len(m.frames) == base {
		if p, alt = m.open(root, space, local); p == nil && !root.Emptiable {
			stuck = root
		}
		return p, alt, stuck
	}
	for top := len(m.frames) - 1; top >= base; top-- {
		f := &m.frames[top]
		switch f.p.Kind {
		case xsd.ElementParticle, xsd.AnyParticle:
			if f.more() {
				if alt = f.p.Matches(space, local); alt >= 0 {
					f.n++
					return f.p, alt, nil
				}
			}
			if f.n < f.p.Min {
				return nil, 0, f.p
			}
			continue
		case xsd.Sequence:
			if at := f.p.Next(f.at+1, space, local); at >= 0 {
				return m.enter(top, at, false, space, local)
			}
			if missing := required(f.p.Children[f.at+1:]); missing != nil {
				return nil, 0, missing
			}
		case xsd.All:
			for at, c := range f.p.Children {
				if !f.has(at) && c.Begins(space, local) {
					return m.enter(top, at, false, space, local)
				}
			}
			if missing := f.unseen(); missing != nil {
				return nil, 0, missing
			}
		}
		if f.more() {
			if at := f.p.Next(0, space, local); at >= 0 {
				return m.enter(top, at, true, space, local)
			}
		}
		if f.n < f.p.Min && !f.p.Emptiable {
			return nil, 0, f.p
		}
	}
	return nil, 0, nil
}

// enter moves the frame at top to its child at, in a new occurrence or the open one, and opens the child.
func (m *matcher) enter(top, at int, again bool, space int, local []byte) (*xsd.Particle, int, *xsd.Particle) {
	f := &m.frames[top]
	f.at = at
	if again {
		f.n++
		f.seen = f.seen[:0]
	}
	if f.p.Kind == xsd.All {
		f.mark(at)
	}
	child := f.p.Children[at]
	m.frames = m.frames[:top+1]
	p, alt := m.open(child, space, local)
	return p, alt, nil
}

// open pushes frames from p down to the particle that the element stands for; nil, with nothing pushed, where p can't
// begin with it.
func (m *matcher) open(p *xsd.Particle, space int, local []byte) (*xsd.Particle, int) {
	base := len(m.frames)
	for {
		if len(p.Children) == 0 {
			alt := p.Matches(space, local)
			if alt < 0 {
				m.frames = m.frames[:base]
				return nil, 0
			}
			m.push(p, 0)
			return p, alt
		}
		at := p.Next(0, space, local)
		if at < 0 {
			m.frames = m.frames[:base]
			return nil, 0
		}
		f := m.push(p, at)
		if p.Kind == xsd.All {
			f.mark(at)
		}
		p = p.Children[at]
	}
}

// push adds a frame, and keeps the memory that an earlier one left there.
func (m *matcher) push(p *xsd.Particle, at int) *frame {
	n := len(m.frames)
	if n < cap(m.frames) {
		m.frames = m.frames[:n+1]
		f := &m.frames[n]
		f.p, f.at, f.n, f.seen = p, at, 1, f.seen[:0]
		return f
	}
	m.frames = append(m.frames, frame{p: p, at: at, n: 1})
	return &m.frames[n]
}

// end says what is still missing when no more elements come, or nil.
func (m *matcher) end(base int, root *xsd.Particle) *xsd.Particle {
	if len(m.frames) == base {
		if root.Emptiable {
			return nil
		}
		return root
	}
	for top := len(m.frames) - 1; top >= base; top-- {
		f := &m.frames[top]
		switch f.p.Kind {
		case xsd.Sequence:
			if missing := required(f.p.Children[f.at+1:]); missing != nil {
				return missing
			}
		case xsd.All:
			if missing := f.unseen(); missing != nil {
				return missing
			}
		}
		if f.n < f.p.Min && !(f.p.Emptiable && len(f.p.Children) > 0) {
			return f.p
		}
	}
	return nil
}

// expected lists what may come next, in the words of an error.
func (m *matcher) expected(base int, root *xsd.Particle) string {
	var names []string
	add := func(p *xsd.Particle) { names = append(names, beginnings(p)...) }
	if len(m.frames) == base {
		add(root)
		return listed(names)
	}
	for top := len(m.frames) - 1; top >= base; top-- {
		f := &m.frames[top]
		done := true
		switch f.p.Kind {
		case xsd.ElementParticle, xsd.AnyParticle:
			if f.more() {
				add(f.p)
			}
			done = f.n >= f.p.Min
		case xsd.Sequence:
			for _, c := range f.p.Children[f.at+1:] {
				add(c)
				if !c.Emptiable {
					return listed(names)
				}
			}
		case xsd.All:
			for at, c := range f.p.Children {
				if !f.has(at) {
					add(c)
					done = done && c.Emptiable
				}
			}
		}
		if !done {
			return listed(names)
		}
		if len(f.p.Children) > 0 {
			if f.more() {
				add(f.p)
			}
			if f.n < f.p.Min && !f.p.Emptiable {
				return listed(names)
			}
		}
	}
	return listed(names)
}

// required is the first of the particles that must occur, or nil.
func required(rest []*xsd.Particle) *xsd.Particle {
	for _, c := range rest {
		if !c.Emptiable {
			return c
		}
	}
	return nil
}

func (f *frame) unseen() *xsd.Particle {
	for at, c := range f.p.Children {
		if !f.has(at) && !c.Emptiable {
			return c
		}
	}
	return nil
}

// beginnings names what p may begin with.
func beginnings(p *xsd.Particle) []string {
	switch {
	case p.Kind == xsd.AnyParticle:
		return []string{"any element"}
	case p.Kind == xsd.ElementParticle:
		names := make([]string, len(p.Elements))
		for i, e := range p.Elements {
			names[i] = e.Name.Local
		}
		return names
	}
	var names []string
	for _, c := range p.Children {
		names = append(names, beginnings(c)...)
		if p.Kind == xsd.Sequence && !c.Emptiable {
			break
		}
	}
	return names
}

// maxListed bounds how many names an error lists.
const maxListed = 8

// listed is for what may stand somewhere: this or that.
func listed(names []string) string { return joinedBy(" or ", names) }

// together is for what does stand somewhere.
func together(names []string) string { return joinedBy(", ", names) }

func joinedBy(separator string, names []string) string {
	var unique []string
	seen := map[string]bool{}
	for _, n := range names {
		if !seen[n] {
			seen[n] = true
			unique = append(unique, n)
		}
	}
	if len(unique) > maxListed {
		return fmt.Sprintf("%s%s%d others", strings.Join(unique[:maxListed], ", "), separator, len(unique)-maxListed)
	}
	return strings.Join(unique, separator)
}

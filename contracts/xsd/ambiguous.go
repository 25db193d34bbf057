package xsd

import (
	"fmt"
	"slices"

	"sluice/contracts/diag"
)

// contention finds the particles of one content model that compete for the same element: XML Schema's constraint of
// unique particle attribution (part 1, section 3.8.6 and appendix H) wants none. What competes is taken all the same,
// and the first place that fits is the one, as other stacks do; which one was meant, only the contract's author knows.
type contention struct {
	*builder
	of        *Type
	contested map[*Particle]bool // leaves that share a name, or a wildcard's namespace, with another leaf
	all       bool               // the others count too
}

// The bounds of looking: what is ambiguous in a hundred places is not worth a longer list.
const (
	maxCompared  = 2_000_000
	maxAmbiguous = 100
)

// checkAttribution warns of what competes in the content of t.
func (b *builder) checkAttribution(t *Type, content *Particle) {
	if b.compared > maxCompared {
		return
	}
	c := contention{builder: b, of: t, contested: map[*Particle]bool{}}
	byName, wildcards := map[Name]int{}, []*Particle(nil)
	eachLeaf(content, func(p *Particle) {
		if p.Kind == AnyParticle {
			wildcards = append(wildcards, p)
			return
		}
		for n := range p.names() {
			byName[n]++
		}
	})
	eachLeaf(content, func(p *Particle) {
		if b.contests(p, byName, wildcards) {
			c.contested[p] = true
		}
	})
	if len(c.contested) > 1 {
		c.all = exact(content)
		c.follow(content)
	}
	if b.compared > maxCompared {
		b.warnAt(t.Pos, "ambiguous", "there is too much to compare, or to say: from this type on no ambiguous content is looked for")
	}
}

// exact says whether a group must occur exactly so often, several times.
func exact(p *Particle) bool {
	return !p.leaf() && (p.Min > 1 && p.Min == p.Max || slices.ContainsFunc(p.Children, exact))
}

// contests says whether p may compete with any other leaf at all, wherever they stand.
func (b *builder) contests(p *Particle, byName map[Name]int, wildcards []*Particle) bool {
	for n := range p.names() {
		if byName[n] > 1 {
			return true
		}
	}
	for _, w := range wildcards {
		if b.compared++; b.compared > maxCompared {
			return false
		}
		if w != p && overlap(w, p) {
			return true
		}
	}
	// An element that the wildcard lets in has said so above; the wildcard itself is there for it to meet.
	return p.Kind == AnyParticle
}

// follow compares what may stand beside one another in the place of p. It returns the leaves that p may begin with,
// those that an element may still fall to when p could already be over, and whether p may be nothing at all: the sets
// of Glushkov's automaton, by the tree instead of by state. Occurrences are counted, so that what must occur exactly
// so often never competes with what comes next.
func (c *contention) follow(p *Particle) (first, next []*Particle, empty bool) {
	varies := p.Max == Unbounded || p.Min < p.Max
	if p.leaf() {
		if !c.contested[p] && !c.all {
			return nil, nil, p.Min == 0
		}
		if first = []*Particle{p}; varies {
			next = []*Particle{p}
		}
		return first, next, p.Min == 0
	}
	empty = p.Kind != Choice
	for _, child := range p.Children {
		begins, goesOn, skipped := c.follow(child)
		if p.Kind != Sequence {
			c.compare(first, begins)
			first, next = append(first, begins...), append(next, goesOn...)
			if p.Kind == Choice {
				empty = empty || skipped
			} else {
				empty = empty && skipped
			}
			continue
		}
		c.compare(next, begins)
		if empty {
			first = append(first, begins...)
		}
		if skipped {
			next = append(next, goesOn...)
		} else {
			next = goesOn
		}
		empty = empty && skipped
	}
	if p.Max != 1 {
		// Where a repetition may begin with what the last one could have gone on with, nobody can tell them apart to count.
		if c.compare(next, first) {
			varies = true
		}
	}
	// Of a sequence that may be nothing, each child has brought what it begins with.
	if (varies || empty) && !(empty && p.Kind == Sequence) {
		next = append(next, first...)
	}
	c.compared += len(first) + len(next)
	return first, next, empty || p.Min == 0
}

// compare warns of every two leaves, one of each list, that one element could fall to. It says whether both lists have
// one leaf.
func (c *contention) compare(earlier, later []*Particle) (same bool) {
	for _, a := range later {
		for _, b := range earlier {
			switch c.compared++; {
			case c.compared > maxCompared:
				return same
			case a == b:
				same = true
			case overlap(a, b):
				c.tell(a, b)
			}
		}
	}
	return same
}

// overlap says whether one element could fall to both leaves.
func overlap(a, b *Particle) bool {
	switch {
	case a.Kind == AnyParticle && b.Kind == AnyParticle:
		return a.Any.meets(b.Any)
	case a.Kind == AnyParticle:
		return a.lets(b)
	case b.Kind == AnyParticle:
		return b.lets(a)
	}
	_, found := shared(a, b)
	return found
}

// lets says whether the wildcard w lets in one of the elements of p.
func (w *Particle) lets(p *Particle) bool {
	for _, e := range p.Elements {
		if w.Any.Allows(e.Space) {
			return true
		}
	}
	return false
}

// meets says whether a namespace is let in by both wildcards.
func (w *Wildcard) meets(other *Wildcard) bool {
	if w.Not && other.Not {
		return true
	}
	if w.Not {
		w, other = other, w
	}
	for _, s := range w.Spaces {
		if other.Allows(s) {
			return true
		}
	}
	return false
}

// shared is a name that both leaves have: their own, or that of a member of their substitution groups.
func shared(a, b *Particle) (n Name, found bool) {
	few, many := a.names(), b.names()
	if len(few) > len(many) {
		few, many = many, few
	}
	for name := range few {
		if _, both := many[name]; both && (!found || compareNames(name, n) < 0) {
			n, found = name, true
		}
	}
	return n, found
}

// tell warns of two leaves that compete, once: types share their groups and their bases' content.
func (c *contention) tell(p, earlier *Particle) {
	c.of.ambiguous = true
	if c.rivals[rivals{p.Pos, earlier.Pos}] || c.rivals[rivals{earlier.Pos, p.Pos}] {
		return
	}
	c.rivals[rivals{p.Pos, earlier.Pos}] = true
	if len(c.rivals) == maxAmbiguous {
		c.compared = maxCompared + 1
	}
	what := "an element"
	switch n, found := shared(p, earlier); {
	case found && p.Kind == ElementParticle:
		what = "the element " + n.String()
	case p.Kind == ElementParticle:
		what = "the element " + p.element.Name.String()
	case earlier.Kind == ElementParticle:
		what = "the element " + earlier.element.Name.String()
	}
	other := fmt.Sprintf("to the %s at %s", earlier.stands(), earlier.Pos)
	if p.Pos == earlier.Pos {
		other = "to it in another place"
	}
	c.warnAt(p.Pos, "ambiguous", "%s may fall to the %s here or %s (unique particle attribution): the first place that fits is taken", what, p.stands(), other)
}

// rivals are where two leaves that compete are declared.
type rivals [2]diag.Pos

// stands says in words what stands where p does.
func (p *Particle) stands() string {
	if p.Kind == AnyParticle {
		return "wildcard"
	}
	return "declaration"
}

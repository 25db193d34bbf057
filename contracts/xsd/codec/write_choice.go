package codec

import (
	"slices"

	"sluice/contracts/xsd"
)

// choice writes the branch that obj has keys of.
func (w *Writer) choice(c *content, p *xsd.Particle) error {
	var branch *xsd.Particle
	for _, child := range p.Children {
		switch {
		case !c.has(child):
		case branch != nil:
			return w.ambiguous(c, p)
		default:
			branch = child
		}
	}
	switch {
	case branch != nil:
		return w.particle(c, branch)
	case p.Emptiable:
		return nil
	}
	return w.absent(p)
}

// ambiguous writes a choice several branches of which share elements that are given: the one is meant that all the keys
// belong to and that lacks none.
func (w *Writer) ambiguous(c *content, p *xsd.Particle) error {
	var branch *xsd.Particle
	for _, child := range p.Children {
		if c.has(child) && c.covers(child, p) && (branch == nil || c.lacks(branch) && !c.lacks(child)) {
			branch = child
		}
	}
	if branch == nil {
		return wrong("only one branch of a choice may be present", "", together(keysPresent(c, p)))
	}
	return w.particle(c, branch)
}

// lacks says whether p, which occurs, misses something that obj does not have.
func (c *content) lacks(p *xsd.Particle) bool {
	switch {
	case p.Kind == xsd.ElementParticle:
		return !c.has(p) && !filledIn(p) // a fixed value is written without being given
	case p.Region || p.Kind == xsd.AnyParticle:
		return !c.has(p)
	case p.Kind == xsd.Choice:
		return !slices.ContainsFunc(p.Children, func(b *xsd.Particle) bool { return b.Emptiable || !c.lacks(b) })
	}
	return slices.ContainsFunc(p.Children, func(child *xsd.Particle) bool {
		return (!child.Emptiable || c.has(child)) && c.lacks(child)
	})
}

// has says whether obj has anything for p.
func (c *content) has(p *xsd.Particle) bool {
	if p.Region {
		return c.next < len(c.items)
	}
	for i, key := range p.Keys {
		if v, ok := c.obj.Lookup(key); ok && (v != nil || p.Kind == xsd.ElementParticle && p.Elements[i].Nillable) {
			return true
		}
	}
	for _, child := range p.Children {
		if c.has(child) {
			return true
		}
	}
	return false
}

// covers says whether every key that obj has for all is one of p's.
func (c *content) covers(p, all *xsd.Particle) bool {
	own := keysPresent(c, p)
	for _, key := range keysPresent(c, all) {
		if !slices.Contains(own, key) {
			return false
		}
	}
	return true
}

func keysPresent(c *content, p *xsd.Particle) []string {
	var keys []string
	if p.Region {
		if c.next < len(c.items) {
			keys = append(keys, xsd.KeyItems)
		}
		return keys
	}
	for _, key := range p.Keys {
		if c.obj.Get(key) != nil {
			keys = append(keys, key)
		}
	}
	for _, child := range p.Children {
		keys = append(keys, keysPresent(c, child)...)
	}
	return keys
}

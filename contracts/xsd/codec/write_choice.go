package codec

import (
	"slices"

	"sluice/contracts/xsd"
)

// choice writes the branch that obj has keys of. Several branches may share elements: the one is meant that all the
// keys belong to and that lacks none.
func (w *Writer) choice(c *content, p *xsd.Particle) error {
	var branches []*xsd.Particle
	for _, child := range p.Children {
		if c.has(child) {
			branches = append(branches, child)
		}
	}
	switch {
	case len(branches) == 1:
		return w.particle(c, branches[0])
	case len(branches) == 0 && p.Emptiable:
		return nil
	case len(branches) == 0:
		return w.absent(p)
	}
	branches = slices.DeleteFunc(branches, func(b *xsd.Particle) bool { return !c.covers(b, p) })
	if len(branches) == 0 {
		return w.fail("only one branch of a choice may be present", "", together(keysPresent(c, p)))
	}
	if whole := slices.IndexFunc(branches, func(b *xsd.Particle) bool { return !c.lacks(b) }); whole >= 0 {
		return w.particle(c, branches[whole])
	}
	return w.particle(c, branches[0])
}

// lacks says whether p, which occurs, misses something that obj does not have.
func (c *content) lacks(p *xsd.Particle) bool {
	switch {
	case p.Kind == xsd.ElementParticle:
		return !c.has(p) && !filledIn(p)
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
		if v, ok := c.obj[key]; ok && (v != nil || p.Kind == xsd.ElementParticle && p.Elements[i].Nillable) {
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
		if c.obj[key] != nil {
			keys = append(keys, key)
		}
	}
	for _, child := range p.Children {
		keys = append(keys, keysPresent(c, child)...)
	}
	return keys
}

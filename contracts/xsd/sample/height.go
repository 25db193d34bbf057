package sample

import "sluice/contracts/xsd"

// tooHigh is the height of what can't be made without end.
const tooHigh = 1 << 20

// height is how deep the least instance of p is.
func (g *generator) height(p *xsd.Particle) int {
	if p.Emptiable {
		return 0
	}
	return g.remember(p, func() int {
		switch p.Kind {
		case xsd.AnyParticle:
			if _, ok := g.foreign(p.Any); ok {
				return 1
			}
			if e := g.least(p.Any); e != nil {
				return g.elementHeight(e)
			}
			return tooHigh
		case xsd.ElementParticle:
			least := tooHigh
			for _, e := range p.Elements {
				least = min(least, g.elementHeight(e))
			}
			return least
		case xsd.Choice:
			least := tooHigh
			for _, c := range p.Children {
				least = min(least, g.height(c))
			}
			return least
		}
		most := 0
		for _, c := range p.Children {
			most = max(most, g.height(c))
		}
		return most
	})
}

func (g *generator) elementHeight(e *xsd.Element) int {
	if e.Type.Abstract {
		least := tooHigh
		for _, d := range e.Type.Derived {
			if !d.Abstract && d.Name.Local != "" {
				least = min(least, g.typeHeight(d))
			}
		}
		return least
	}
	return g.typeHeight(e.Type)
}

func (g *generator) typeHeight(t *xsd.Type) int {
	if t.Content == nil {
		return 1
	}
	return g.remember(t, func() int { return min(tooHigh, 1+g.height(t.Content)) })
}

// remember computes the height of a particle or type once. One that is asked for while it is computed contains itself.
func (g *generator) remember(of any, compute func() int) int {
	if h, ok := g.heights[of]; ok {
		return h
	}
	g.heights[of] = tooHigh
	h := compute()
	if h >= tooHigh {
		delete(g.heights, of) // it may only be so because something around it is still being computed
		return tooHigh
	}
	g.heights[of] = h
	return h
}

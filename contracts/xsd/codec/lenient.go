package codec

import (
	"errors"
	"slices"
	"unicode/utf8"

	"sluice/contracts/xsd"
	"sluice/contracts/xsd/scan"
)

// transcode makes UTF-8 of a document. Lenient reading takes UTF-8 for what it is, whatever it claims to be: that the
// bytes are UTF-8 is certain, as no other guess about them would be.
func transcode(doc []byte, o Options) (text []byte, lie *scan.CharsetError, err error) {
	text, err = scan.Transcode(doc, o.Charset)
	if o.Lenient && errors.As(err, &lie) && lie.Actual != "" && utf8.Valid(doc) {
		return doc, lie, nil
	}
	return text, nil, err
}

// place is an element and what it stands for.
type place struct {
	p     *xsd.Particle
	space int
	local []byte
}

// occurrence counts how often p has been met, in lenient reading; otherwise it is 0.
func (r *Reader) occurrence(p *xsd.Particle, first int) (n int) {
	if r.loose {
		for _, s := range r.placed[first:] {
			if s.p == p {
				n++
			}
		}
	}
	return n
}

// anywhere finds what an element out of order stands for, if only one thing of the type's content can be meant. The
// first time it notes what strict reading would have said.
func (r *Reader) anywhere(t *xsd.Type, root *xsd.Particle, frames int, stuck *xsd.Particle, disorder *error) (p *xsd.Particle, alt int) {
	for _, leaf := range t.Leaves() {
		if leaf.Mode == xsd.Item {
			return nil, 0 // the order is part of what the document says
		}
		if i := leaf.Matches(r.scan.Space(), r.scan.Local()); i >= 0 {
			if p != nil {
				return nil, 0
			}
			p, alt = leaf, i
		}
	}
	if p == nil || *disorder != nil {
		return p, alt
	}
	*disorder = r.noPlace(t, root, frames, stuck)
	if len(r.drift) < maxDrift {
		line, column := r.scan.Position(r.scan.Offset())
		r.drift = append(r.drift, Drift{
			Path: r.where() + "/" + string(r.scan.Local()), Space: r.scan.URI(r.scan.Space()), Text: outOfOrder, Line: line, Column: column,
		})
	}
	return p, alt
}

// inOrder says whether the elements placed from first on would be valid in the contract's order.
func (r *Reader) inOrder(t *xsd.Type, root *xsd.Particle, frames, first int) bool {
	r.frames = r.frames[:frames]
	leaves := t.Leaves()
	sorted := slices.Clone(r.placed[first:])
	slices.SortStableFunc(sorted, func(a, b place) int { return slices.Index(leaves, a.p) - slices.Index(leaves, b.p) })
	for _, s := range sorted {
		if p, _, _ := r.advance(frames, root, s.space, s.local); p != s.p {
			return false
		}
	}
	return r.end(frames, root) == nil
}

package xmlhttp

import (
	"sluice/adapters"
	"sluice/contracts/tree"
	"sluice/contracts/xsd/sample"
)

// The compiler holds us to the interface.
var _ adapters.Sampler = (*document)(nil)

// Samples makes documents of the element.
func (d *document) Samples(seed uint64) ([]*tree.Object, []string) {
	return sample.Trees(seed, d.Shape(), func(o sample.Options) (*tree.Object, []sample.Gap) {
		return sample.Element(d.schema, d.Element(), o)
	}, d.Validate)
}

// failures makes each of the error elements.
func (op *operation) failures(seed uint64) (trees []*tree.Object, gaps []string) {
	for _, d := range op.errors {
		more, missing := d.Samples(seed)
		trees, gaps = append(trees, more...), append(gaps, missing...)
	}
	return trees, gaps
}

package soap

import (
	"sluice/adapters"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd/sample"
)

// The compiler holds us to the interface.
var _, _ adapters.Sampler = request{}, reply{}

func (c request) Samples(seed uint64) ([]*tree.Object, []string) {
	return samples(c.Operation.Request, seed)
}

func (c request) Validate(message *tree.Object) error { return c.Operation.Request.Validate(message) }

func (c reply) Samples(seed uint64) ([]*tree.Object, []string) {
	return samples(c.Operation.Reply, seed)
}

func (c reply) Validate(message *tree.Object) error { return c.Operation.Reply.Validate(message) }

func samples(m *wsdl.Message, seed uint64) (trees []*tree.Object, gaps []string) {
	return sample.Trees(seed, m.Shape(), m.Sample, m.Validate)
}

// faults makes faults as DecodeReply reads them.
func faults(op *wsdl.Operation, seed uint64) (trees []*tree.Object, gaps []string) {
	for _, o := range sample.Bases(seed) {
		f, missing := op.SampleFault(o)
		for _, g := range missing {
			gaps = append(gaps, g.String())
		}
		envelope, err := op.AppendFault(nil, f)
		if err != nil {
			gaps = append(gaps, err.Error())
			continue
		}
		r, err := op.DecodeReply(envelope)
		if err != nil {
			gaps = append(gaps, err.Error())
			continue
		}
		trees = append(trees, r.Fault)
	}
	return trees, gaps
}

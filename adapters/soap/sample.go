package soap

import (
	"sluice/adapters"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd/sample"
)

// The compiler holds us to the interface.
var _, _ adapters.Sampler = request{}, reply{}

func (c request) Samples(seed uint64) ([]map[string]any, []string) {
	return samples(c.Operation.Request, seed)
}

func (c request) Validate(tree map[string]any) error { return c.Operation.Request.Validate(tree) }

func (c reply) Samples(seed uint64) ([]map[string]any, []string) {
	return samples(c.Operation.Reply, seed)
}

func (c reply) Validate(tree map[string]any) error { return c.Operation.Reply.Validate(tree) }

func samples(m *wsdl.Message, seed uint64) (trees []map[string]any, gaps []string) {
	return sample.Trees(seed, m.Shape(), m.Sample, m.Validate)
}

// faults makes faults as DecodeReply reads them.
func faults(op *wsdl.Operation, seed uint64) (trees []map[string]any, gaps []string) {
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

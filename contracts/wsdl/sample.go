package wsdl

import (
	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/sample"
)

// Sample makes a tree that Append writes as a valid envelope, unless gaps say where it may not be.
func (m *Message) Sample(o sample.Options) (message *tree.Object, gaps []sample.Gap) {
	message = tree.Sized(len(m.body) + 1)
	add := func(to *tree.Object, e *xsd.Element) {
		value, missing := sample.Value(m.schema, e, o)
		to.Set(e.Name.Local, value)
		gaps = append(gaps, missing...)
	}
	for _, e := range m.body {
		add(message, e)
	}
	if len(m.headers) > 0 {
		headers := tree.Sized(len(m.headers))
		for _, e := range m.headers {
			add(headers, e)
		}
		message.Set(headerKey, headers)
	}
	return message, gaps
}

// SampleFault makes a fault with the detail of one of those that the operation declares, chosen by the seed; with
// Everything it has the details of all.
func (o *Operation) SampleFault(opt sample.Options) (f Fault, gaps []sample.Gap) {
	f = Fault{Code: codeServer, Reason: "Отказано"}
	declared := o.Faults
	if n := uint64(len(declared)); n > 0 && !opt.Everything {
		at := opt.Seed % n
		declared = declared[at : at+1]
	}
	for _, d := range declared {
		value, missing := sample.Value(o.schema, d.Element, opt)
		if f.Detail == nil {
			f.Detail = new(tree.Object)
		}
		f.Detail.Set(d.Element.Name.Local, value)
		gaps = append(gaps, missing...)
	}
	if opt.Everything {
		f.Actor = "urn:example:actor"
	}
	return f, gaps
}

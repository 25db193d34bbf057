package cli

import (
	"fmt"

	"sluice/contracts/diag"
	"sluice/contracts/tree"
	"sluice/contracts/xsd/codec"
	xsdsample "sluice/contracts/xsd/sample"
)

// ContractSampleCmd makes a message.
type ContractSampleCmd struct {
	message
	Everything bool   `help:"All that is optional too, and two of what repeats; otherwise only what is required."`
	Seed       uint64 `help:"Another number varies what is free: texts, codes, branches of choices." placeholder:"N"`
	JSON       bool   `name:"json" help:"The tree that mappings see, instead of XML."`
}

// Help stands below the flags.
func (c *ContractSampleCmd) Help() string {
	return `Values are made up but keep to the contract: its types, lengths, patterns and codes. What can't be made, and what
the validator finds wrong with the message, goes to standard error, and the exit code is 1.

Examples:

    sluice contract sample registry.wsdl --operation ЗарегистрироватьЗапрос --envelope
    sluice contract sample registry.wsdl --operation ЗарегистрироватьЗапрос --message reply --everything
    sluice contract sample registry.wsdl --operation ЗарегистрироватьЗапрос --message fault --seed 2
    sluice contract sample registry.wsdl --operation ЗарегистрироватьЗапрос --envelope --json
    sluice contract sample deduction.xsd --element ЗапросСост | sluice contract validate deduction.xsd

A fault is always a whole envelope, with the detail that the seed chooses. --json is where to start a mapping from; with
--envelope it has the headers, under _header.`
}

// Run prints the sample.
func (c *ContractSampleCmd) Run(ctx *Context) error {
	l, _, err := load(c.File)
	if err != nil {
		return err
	}
	o := xsdsample.Options{Everything: c.Everything, Seed: c.Seed}
	var made *sampled
	switch {
	case c.Operation != "" && c.Message == "fault":
		made, err = c.fault(l, o)
	case c.Operation != "" && c.Envelope:
		made, err = c.whole(l, o)
	default:
		made, err = c.body(l, o)
	}
	if err != nil {
		return err
	}
	for _, g := range made.gaps {
		fmt.Fprintf(ctx.Err, "gap at %s\n", g)
	}
	if c.JSON {
		err = printJSON(ctx.Out, made.message)
	} else if made.encoding == nil {
		_, err = fmt.Fprintf(ctx.Out, "%s\n", made.xml)
	}
	switch {
	case err != nil:
		return err
	case made.encoding != nil:
		return made.encoding
	case made.invalid != nil:
		ctx.PrintProblems(diag.Of(made.invalid))
		return ErrFindings
	case len(made.gaps) > 0:
		return ErrFindings
	}
	return nil
}

// sampled is a message in both of its forms, with all that is wrong with it.
type sampled struct {
	message  *tree.Object
	xml      []byte
	gaps     []xsdsample.Gap
	encoding error // of the writer, or nil
	invalid  error // of the validator, or nil
}

// body makes a document of one element.
func (c *ContractSampleCmd) body(l *loaded, o xsdsample.Options) (*sampled, error) {
	m, err := c.element(l)
	if err != nil {
		return nil, err
	}
	s := &sampled{}
	s.message, s.gaps = xsdsample.Element(l.schema, m.Element(), o)
	s.xml, s.encoding = m.Append(nil, s.message)
	s.validate(l, m, s.message)
	return s, nil
}

// whole makes an envelope. The validator knows no envelopes: it is given the parts.
func (c *ContractSampleCmd) whole(l *loaded, o xsdsample.Options) (*sampled, error) {
	m, err := c.envelope(l)
	if err != nil {
		return nil, err
	}
	s := &sampled{}
	s.message, s.gaps = m.Sample(o)
	s.xml, s.encoding = m.Append(nil, s.message)
	for _, e := range m.Elements() {
		s.validate(l, codec.ForElement(l.schema, e), s.message)
	}
	return s, nil
}

func (c *ContractSampleCmd) fault(l *loaded, o xsdsample.Options) (*sampled, error) {
	operation, err := c.operation(l)
	if err != nil {
		return nil, err
	}
	f, gaps := operation.SampleFault(o)
	s := &sampled{gaps: gaps}
	if s.xml, s.encoding = operation.AppendFault(nil, f); s.encoding != nil {
		return s, nil
	}
	r, err := operation.DecodeReply(s.xml)
	if err != nil {
		return nil, err
	}
	s.message = tree.Of("fault", r.Fault)
	for _, d := range operation.Faults {
		s.validate(l, codec.ForElement(l.schema, d.Element), f.Detail)
	}
	return s, nil
}

// validate checks the part of tree that m writes, if it is there.
func (s *sampled) validate(l *loaded, m *codec.Message, message *tree.Object) {
	name := m.Element().Name.Local
	value, there := message.Lookup(name)
	if !there || s.encoding != nil || s.invalid != nil {
		return
	}
	v, err := l.schema.Validator()
	if err != nil {
		s.invalid = err
		return
	}
	if !v.Knows(m.Element()) {
		return
	}
	xml, err := m.Append(nil, tree.Of(name, value))
	if err != nil {
		s.invalid = err
		return
	}
	s.invalid = v.Validate(xml)
}

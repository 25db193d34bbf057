package proof

import (
	"strings"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/contracts/diag"
	"sluice/contracts/tree"
	"sluice/mappings"
)

// inward runs the operation's replies, and what may come instead of them, through the fault rules and the mapping.
func (s *service) inward(use *adapters.Use) {
	s.failed(use)
	if use.In == nil {
		return
	}
	c, trees := s.samples(use.In.Read, "replies of "+use.Operation.Name)
	if len(trees) == 0 {
		return
	}
	i := 0
	t := trial{section: use.In.Name, plain: trees[min(1, len(trees)-1)], valid: func(m *tree.Object) bool { return c.Validate(m) == nil }}
	t.run = func(message *tree.Object) []failure {
		message, failed := reread(c, message)
		if failed != nil {
			return failed
		}
		for _, rules := range []*adapters.Rules{use.Rules, use.NotFound} {
			if holds, err := rules.Decides(mappings.Input{Reply: message}, false); err != nil {
				return []failure{ruleFailure(err)}
			} else if holds {
				return nil // the rule says what the reply means
			}
		}
		return s.received(use.In, mappings.Input{
			Request: s.requests[i%min(2, len(s.requests))], Message: tree.Of("id", messageID),
			Receipt: tree.Of("externalId", "1"), Reply: message,
		}, func(message *tree.Object) error {
			r, err := canonical.ReceiptFromTree(message)
			if err == nil && r.ExternalID != "" {
				s.number(r.ExternalID)
			}
			return err
		})
	}
	for i = range trees {
		s.try(t, trees[i])
	}
}

// pushed runs what the agency sends by itself, and the answers to it.
func (s *service) pushed(use *adapters.Use) {
	c, trees := s.samples(use.In.Read, "pushes "+use.Operation.Name)
	if len(trees) == 0 {
		return
	}
	valid := func(m *tree.Object) bool { return c.Validate(m) == nil }
	in := trial{section: use.In.Name, plain: trees[min(1, len(trees)-1)], valid: valid, run: func(message *tree.Object) []failure {
		message, failed := reread(c, message)
		if failed != nil {
			return failed
		}
		return s.received(use.In, mappings.Input{Push: message}, func(message *tree.Object) error {
			_, err := canonical.PushFromTree(message)
			return err
		})
	}}
	for _, message := range trees {
		s.try(in, message)
	}
	if use.Out == nil {
		return
	}
	for _, outcome := range canonical.PushResultShape().Field("outcome").Type.Enum {
		result := tree.Of("outcome", outcome, "requestId", messageID)
		out := trial{section: use.Out.Name, plain: trees[min(1, len(trees)-1)], valid: valid, run: func(message *tree.Object) []failure {
			message, failed := reread(c, message)
			if failed != nil {
				return failed
			}
			made, err := use.Out.Program.Run(mappings.Input{Push: message, Result: result})
			if err != nil {
				return []failure{mappingFailure(err)}
			}
			return written(use.Out.Write, made.Tree)
		}}
		for _, message := range trees {
			s.try(out, message)
		}
	}
}

// failed runs what comes instead of a reply through the fault rules.
func (s *service) failed(use *adapters.Use) {
	f := use.Operation.Failure
	if f.Samples == nil {
		return
	}
	trees, gaps := f.Samples(s.Seed)
	for _, g := range gaps {
		s.gap("failures of "+use.Operation.Name, g)
	}
	input := func(message *tree.Object) mappings.Input {
		if f.Root == "fault" {
			return mappings.Input{Fault: message}
		}
		return mappings.Input{Reply: message}
	}
	t := trial{section: "faults", valid: func(*tree.Object) bool { return false }} // rules are short: nothing is gained by reducing
	t.run = func(message *tree.Object) []failure {
		for _, rules := range []*adapters.Rules{use.NotFound, use.Rules} {
			if holds, err := rules.Decides(input(message), true); err != nil {
				return []failure{ruleFailure(err)}
			} else if holds {
				break
			}
		}
		return nil
	}
	for _, message := range trees {
		s.try(t, message)
	}
}

// samples makes the messages of a codec.
func (s *service) samples(c adapters.Codec, what string) (adapters.Sampler, []*tree.Object) {
	sampler, ok := c.(adapters.Sampler)
	if !ok {
		s.gap(what, "the protocol makes no samples")
		return nil, nil
	}
	trees, gaps := sampler.Samples(s.Seed)
	for _, g := range gaps {
		s.gap(what, g)
	}
	return sampler, trees
}

// reread writes a message and reads it again, as it will come.
func reread(c adapters.Sampler, message *tree.Object) (*tree.Object, []failure) {
	doc, err := c.Append(nil, message)
	if err != nil {
		return nil, []failure{{code: CodeUnread, detail: "written", message: err.Error()}}
	}
	message, drift, err := c.Decode(doc)
	if err != nil {
		return nil, []failure{{code: CodeUnread, detail: "read", message: err.Error()}}
	}
	if len(drift) > 0 {
		return nil, []failure{{code: CodeUnread, detail: "drift", message: "it does not know " + strings.Join(drift, ", ")}}
	}
	return message, nil
}

// received maps what came in, and holds what comes out against the canonical model.
func (s *service) received(section *adapters.Section, in mappings.Input, accept func(message *tree.Object) error) (failures []failure) {
	out, err := section.Program.Run(in)
	if err != nil {
		return []failure{mappingFailure(err)}
	}
	for _, u := range out.Unknown {
		if s.rules.lists(section, u) {
			failures = append(failures, failure{code: CodeTable, path: u.Path, detail: u.Table + " " + u.Value,
				message: "the table " + u.Table + " lacks the code \"" + u.Value + "\", which the agency's contract lists"})
		}
	}
	if err := accept(out.Tree); err != nil {
		f := failure{code: CodeReceipt, message: err.Error()}
		f.path, f.message = splitPath(err.Error())
		failures = append(failures, f)
	}
	return failures
}

// number keeps a registration number, each once.
func (s *service) number(n string) {
	for _, known := range s.numbers {
		if known == n {
			return
		}
	}
	s.numbers = append(s.numbers, n)
}

func ruleFailure(err error) failure {
	f := mappingFailure(err)
	f.code, f.refused = CodeRule, false
	return f
}

func severity(code string) diag.Severity {
	if code == CodeTable {
		return diag.Warning
	}
	return diag.Error
}

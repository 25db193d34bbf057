package adapters

import (
	"fmt"
	"strconv"
	"strings"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/mappings"
)

// Rules are the manifest's fault rules as they fit one operation, in order.
type Rules struct {
	rules []rule
}

type rule struct {
	spec      *FaultRule
	onFailure *mappings.Condition // over what comes instead of the reply; nil when it does not fit that
	onReply   *mappings.Condition // over the reply; nil when it does not fit that
	number    [2]*mappings.Program
}

// Verdict is what a rule says of a message.
type Verdict struct {
	Rule       *FaultRule
	ExternalID string
}

// Failure judges what came instead of a reply: a fault, or a reply that refuses. nil when no rule holds.
func (r *Rules) Failure(in mappings.Input) *Verdict { return r.judge(in, true) }

// Reply judges a reply that looks like success. nil when no rule holds.
func (r *Rules) Reply(in mappings.Input) *Verdict { return r.judge(in, false) }

// Decides tells whether a rule holds for a message, as judging does; what can't be worked out is an error here. It is
// for lint: a hub that judges takes such a rule for one that does not hold.
func (r *Rules) Decides(in mappings.Input, failure bool) (bool, error) {
	if r == nil {
		return false, nil
	}
	for i := range r.rules {
		condition, number := r.rules[i].onReply, r.rules[i].number[1]
		if failure {
			condition, number = r.rules[i].onFailure, r.rules[i].number[0]
		}
		if condition == nil {
			continue
		}
		holds, err := condition.Holds(in)
		if err != nil {
			return false, err
		}
		if holds && number != nil {
			_, err = number.Run(in)
		}
		if holds {
			return true, err
		}
	}
	return false, nil
}

func (r *Rules) judge(in mappings.Input, failure bool) *Verdict {
	if r == nil {
		return nil
	}
	for i := range r.rules {
		x := &r.rules[i]
		condition, number := x.onReply, x.number[1]
		if failure {
			condition, number = x.onFailure, x.number[0]
		}
		if condition == nil {
			continue
		}
		// A condition that can't be worked out on this message does not hold; the defaults are careful.
		if holds, err := condition.Holds(in); err != nil || !holds {
			continue
		}
		v := &Verdict{Rule: x.spec}
		if number != nil {
			if out, err := number.Run(in); err == nil {
				v.ExternalID, _ = out.Tree.Get("externalId").(string)
			}
		}
		return v
	}
	return nil
}

// rulesOf compiles the manifest's fault rules for an operation, leaving out those whose paths it does not have.
func (c *compiler) rulesOf(op *Operation) *Rules {
	if r, ok := c.rules[op.Name]; ok {
		return r
	}
	r := &Rules{}
	c.rules[op.Name] = r
	for i, spec := range c.build.Manifest.Faults {
		x, problems := c.rule(op, spec.When, spec.ExternalID, "faults", strconv.Itoa(i))
		if problems == nil {
			x.spec = spec
			r.rules = append(r.rules, x)
			c.fit[i].typed = c.fit[i].typed || !op.Failure.Untyped || x.onReply != nil
			c.fit[i].untyped = true
		} else if c.fit[i].misfit == nil {
			c.fit[i].misfit = problems
		}
	}
	return r
}

// fit tells which operations a rule could be proved for: by contracts that say what a refusal holds, by such as leave
// it open, and why not by the first that it did not fit.
type fit struct {
	typed, untyped bool
	misfit         diag.List
}

// problems are errors when the rule fits nothing, and warnings when only a contract that says nothing lets it pass.
func (f fit) problems() diag.List {
	switch {
	case f.typed || f.untyped && f.misfit == nil:
		return nil
	case f.untyped:
		for i := range f.misfit {
			f.misfit[i].Severity = diag.Warning
		}
	}
	return f.misfit
}

func (c *compiler) notFound(op *Operation, when string, at ...string) *Rules {
	x, problems := c.condition(op, when, at...)
	if problems != nil {
		c.problems = append(c.problems, problems...)
		return nil
	}
	x.spec = &FaultRule{Code: "not_found"}
	return &Rules{rules: []rule{x}}
}

func (c *compiler) rule(op *Operation, when, externalID string, at ...string) (rule, diag.List) {
	x, problems := c.condition(op, when, append(at, "when")...)
	if problems != nil || externalID == "" {
		return x, problems
	}
	var why diag.List
	for i, sources := range c.sides(op) {
		program, problems := c.expression(externalID, sources, append(at, "externalId")...)
		if problems.Err() == nil {
			x.number[i] = program
		} else {
			why = problems
		}
	}
	if x.number[0] == nil && x.number[1] == nil {
		return x, why
	}
	return x, nil
}

// sides gives the sources of a rule over a failure and over a reply; nil where the operation has none.
func (c *compiler) sides(op *Operation) [2]mappings.Sources {
	var sides [2]mappings.Sources
	if op.Failure.Shape != nil {
		sides[0] = mappings.Sources{op.Failure.Root: op.Failure.Shape}
	}
	if op.Reply != nil {
		sides[1] = mappings.Sources{"reply": op.Reply.Shape()}
	}
	return sides
}

// condition compiles an expression for either side of an operation. The problems are those of the side that the
// expression speaks of, and nil when it fits at least one.
func (c *compiler) condition(op *Operation, when string, at ...string) (rule, diag.List) {
	var x rule
	pos := c.build.Manifest.Problem("", "", "", at...).Pos
	sides := c.sides(op)
	var why diag.List
	for i, sources := range sides {
		if sources == nil {
			continue
		}
		condition, problems := mappings.CompileCondition(when, pos, sources)
		if problems.Err() != nil {
			if why == nil || strings.Contains(when, rootOf(sources)+".") && !strings.Contains(when, rootOf(sides[0])+".") {
				why = problems
			}
			continue
		}
		if i == 0 {
			x.onFailure = condition
		} else {
			x.onReply = condition
		}
	}
	if x.onFailure == nil && x.onReply == nil {
		if why == nil {
			why = diag.List{c.build.Manifest.Problem("fault-rule", "operation "+op.Name+" has neither a reply nor a fault to judge", "", at...)}
		}
		return x, why
	}
	return x, nil
}

func rootOf(s mappings.Sources) string {
	for root := range s {
		return root
	}
	return ""
}

// expression compiles one expression that yields a text, as a mapping of one field.
func (c *compiler) expression(src string, sources mappings.Sources, at ...string) (*mappings.Program, diag.List) {
	if sources == nil {
		return nil, diag.List{c.build.Manifest.Problem("fault-rule", "there is nothing to read it from", "", at...)}
	}
	name := c.build.Manifest.file.Name()
	f, err := mappings.Parse(name, fmt.Appendf(nil, "receipt:\n  externalId: >-\n    %s\n", strings.ReplaceAll(src, "\n", " ")))
	if err != nil {
		return nil, c.replace(diag.Of(err), at...)
	}
	target := &shape.Type{Kind: shape.Object, Fields: []shape.Field{{Name: "externalId", Type: &shape.Type{Kind: shape.String}}}}
	program, problems := f.Compile(SectionReceipt, sources, target)
	return program, c.replace(problems, at...)
}

// replace moves problems of a made-up file to where the expression stands in the manifest.
func (c *compiler) replace(problems diag.List, at ...string) diag.List {
	for i, p := range problems {
		moved := c.build.Manifest.Problem(p.Code, p.Message, p.Hint, at...)
		moved.Severity = p.Severity
		problems[i] = moved
	}
	return problems
}

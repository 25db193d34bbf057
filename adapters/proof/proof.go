// Package proof runs mappings over generated messages, and finds what types can't show: values that no function takes,
// lengths, digits and patterns that the other side does not allow, members whose absence nobody thought of.
//
// Requests are made from the service's schema and go through the mapping, the codec and an independent validator of the
// agency's contract. Replies, pushes and failures are made from the contract, go through the codec, the fault rules and
// the mapping, and must come out as canonical receipts. What fails is reduced to the smallest message that fails so.
package proof

import (
	"cmp"
	"context"
	"io/fs"
	"maps"
	"slices"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/contracts/diag"
	"sluice/contracts/tree"
)

// Prover proves the agencies of one workspace.
type Prover struct {
	FS       fs.FS // the workspace
	Services *canonical.Services
	Seed     uint64 // varies texts, numbers and what is made at random
}

// random is how many requests are made at random for a service, beside the systematic ones.
const random = 10

// The codes of findings.
const (
	CodeFails    = "mapping-fails"   // a mapping has no answer to a valid message
	CodeContract = "breaks-contract" // what comes out is not what the agency's contract allows
	CodeReceipt  = "no-receipt"      // what comes out is no canonical receipt, status or push
	CodeTable    = "table-gap"       // a table lacks a code that the contract lists
	CodeRule     = "rule-fails"      // a condition of the manifest can't be worked out
	CodeUnread   = "unread-sample"   // the codec does not read what it wrote
	CodeGap      = "not-tried"       // no valid message could be made
)

// Finding is one way in which messages fail.
type Finding struct {
	diag.Problem
	Sources  []string // what the rule reads, such as request.payload.members[].lastName
	Instance any      // the smallest message that fails so; nil of what was not tried
	Times    int      // how many of the messages that were made fail so
}

// Report is what became of an agency.
type Report struct {
	Findings []Finding
	Messages int // made, and run through a mapping
	Refused  int // of these, by required(…): in the mapping's own words
}

// Agency proves every service of an agency. The error is that of ctx.
func (p *Prover) Agency(ctx context.Context, a *adapters.Agency) (Report, error) {
	var r Report
	for _, name := range slices.Sorted(maps.Keys(a.Services)) {
		s := &service{Prover: p, Service: a.Services[name], ctx: ctx, agency: a, known: map[string]*Finding{}, rules: rulesOf(a.Services[name])}
		s.prove()
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		r.Messages += s.messages
		r.Refused += s.refused
		for _, f := range s.findings {
			r.Findings = append(r.Findings, *f)
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return r, nil
}

// service is one service under proof.
type service struct {
	*Prover
	*adapters.Service
	ctx    context.Context
	agency *adapters.Agency
	rules  rules

	requests []*tree.Object
	numbers  []string // registration numbers that receipts gave

	findings []*Finding
	known    map[string]*Finding
	messages int
	refused  int
}

func (s *service) prove() {
	if s.Canonical == nil {
		return
	}
	s.makeRequests()
	if len(s.requests) == 0 {
		return
	}
	if s.Mapping == nil {
		s.coded()
		return
	}
	s.outward(s.Submit, s.byRequest(s.requests))
	s.inward(s.Submit)
	if s.Section(adapters.SectionPushStatus) != nil {
		s.pushed(s.Push)
	}
	if s.Probe != nil {
		s.outward(s.Probe, s.byRequest(s.requests[:min(2, len(s.requests))]))
		s.inward(s.Probe)
	}
	if s.Poll != nil {
		s.outward(s.Poll, s.byNumber([]string{""}))
		s.inward(s.Poll)
	}
	if s.Cancel != nil {
		s.outward(s.Cancel, s.byNumber(reasons))
		s.inward(s.Cancel)
	}
}

// trial is one way through a section, for any message of one kind.
type trial struct {
	section string
	plain   *tree.Object // a valid message with usual values, for reducing; may be nil
	valid   func(message *tree.Object) bool
	run     func(message *tree.Object) []failure
}

// failure is what went wrong with one message.
type failure struct {
	code    string
	pos     diag.Pos // where it is known
	path    string   // of the target, as whoever found it writes it
	detail  string   // tells two failures at one path apart; holds no value of the message
	message string
	refused bool
}

// try runs a message and keeps what fails in a new way, reduced.
func (s *service) try(t trial, message *tree.Object) {
	if s.ctx.Err() != nil {
		return
	}
	s.messages++
	for _, f := range t.run(message) {
		if f.refused {
			s.refused++
			continue
		}
		key := f.key(t.section)
		if known := s.known[key]; known != nil {
			known.Times++
			continue
		}
		fails := func(smaller *tree.Object) bool {
			return s.ctx.Err() == nil && t.valid(smaller) && slices.ContainsFunc(t.run(smaller), func(g failure) bool { return g.key(t.section) == key })
		}
		smallest := shrink(message, t.plain, fails)
		for _, g := range t.run(smallest) {
			if g.key(t.section) == key {
				f = g // in the words for the smallest
			}
		}
		s.record(key, s.explain(t.section, f, smallest))
	}
}

func (s *service) record(key string, f *Finding) {
	f.Times = 1
	s.known[key] = f
	s.findings = append(s.findings, f)
}

// gap reports what could not be made or tried.
func (s *service) gap(what, reason string) {
	key := CodeGap + what + reason
	if s.known[key] != nil {
		return
	}
	p := s.agency.Manifest.Problem(CodeGap, "not tried with "+what+": "+reason,
		"nothing is proved there: hold it by an example, or say in the contract what is meant", "services", s.Name)
	p.Severity = diag.Warning
	s.record(key, &Finding{Problem: p})
}

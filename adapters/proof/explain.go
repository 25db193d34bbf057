package proof

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"sluice/adapters"
	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
	"sluice/mappings"
)

// key tells ways of failing apart. It holds no index and no value.
func (f *failure) key(section string) string {
	detail := f.detail
	if f.code == CodeFails || f.code == CodeRule {
		detail = f.pos.String()
	}
	return strings.Join(append(targetKeys(f.path), section, f.code, detail), "\x00")
}

// rules are the mapping's rules by section.
type rules map[string][]mappings.Rule

func rulesOf(s *adapters.Service) rules {
	r := rules{}
	for _, section := range s.Sections {
		r[section.Name] = s.Mapping.Rules(section.Name)
	}
	return r
}

// explain makes a finding of a failure.
func (s *service) explain(section string, f failure, message *tree.Object) *Finding {
	finding := &Finding{Instance: message}
	rule, known := s.rules.nearest(section, f)
	switch {
	case f.pos.Line > 0:
		finding.Problem = diag.Problem{Pos: f.pos, Excerpt: s.line(f.pos)}
	case known:
		finding.Problem = rule.Problem
	case len(s.rules[section]) > 0:
		finding.Problem = s.rules[section][0].Problem
	default:
		finding.Problem = s.agency.Manifest.Problem("", "", "", "services", s.Name)
	}
	if known {
		finding.Sources = rule.Sources
	}
	finding.Code, finding.Severity = f.code, severity(f.code)
	finding.Message, finding.Hint = s.words(section, f)
	return finding
}

// words say what is wrong, and what to do.
func (s *service) words(section string, f failure) (message, hint string) {
	at := f.path
	if at != "" {
		at += ": "
	}
	fromPortal := slices.Contains([]string{adapters.SectionRequest, adapters.SectionProbe, adapters.SectionPoll, adapters.SectionCancel}, section)
	switch f.code {
	case CodeFails:
		message, hint = "a valid message can't be mapped: "+at+f.message, "map whatever the agency's contract lets come"
		if fromPortal {
			message = "a valid request can't be mapped: " + at + f.message
			hint = "map what the schema of " + s.Name + " allows, tighten the schema so that the portal can't send it, or refuse it by required(\"…\")"
		}
	case CodeContract:
		message = "what comes out breaks the agency's contract: " + at + f.message + s.wanted(section, f.path)
		hint = "mend the mapping (truncate, mask, code, $when)"
		if fromPortal {
			hint += ", or tighten the schema of " + s.Name + " to what the agency takes"
		}
	case CodeReceipt:
		message, hint = "what comes out says nothing to the portal: "+at+f.message, "docs/integrators.md says what each field may be"
	case CodeTable:
		message, hint = f.message, "add it; until then the status is \"unknown\", with the raw code beside it"
	case CodeRule:
		message, hint = "the rule can't be worked out on a valid message: "+f.message, "ask first whether the value is there and of the kind that the rule wants; such a rule does not hold"
	case CodeUnread:
		message, hint = "the codec can't read back a message that it made: "+f.message, "the contract is ambiguous here, or the codec is wrong: report it with the message"
	}
	return message, hint
}

// wanted says what the contract wants of a text at the target's path, which the validator does not.
func (s *service) wanted(section, path string) string {
	x := s.Section(section)
	if x == nil {
		return ""
	}
	t := x.Target
	for _, key := range targetKeys(path) {
		if t != nil && t.Kind == shape.List {
			t = t.Elem
		}
		t = below(t, key)
	}
	if t != nil && t.Kind == shape.List {
		t = t.Elem
	}
	switch {
	case t == nil || t.Kind != shape.String:
	case t.Pattern != "":
		return "; the contract wants the pattern " + t.Pattern
	case t.MaxLen > 0:
		return fmt.Sprintf("; the contract wants from %d to %d characters", t.MinLen, t.MaxLen)
	}
	return ""
}

// nearest finds the rule that made the place of a failure: the one whose target has most in common with it.
func (r rules) nearest(section string, f failure) (best mappings.Rule, found bool) {
	path := targetKeys(f.path)
	most := -1
	for _, rule := range r[section] {
		target := targetKeys(strings.Join(rule.Target, "/"))
		common := 0
		for common < len(path) && common < len(target) && path[common] == target[common] {
			common++
		}
		score := 4 * common
		if common == len(path) && common == len(target) {
			score += 2
		}
		if rule.Value {
			score++
		}
		if f.pos.Line > 0 && rule.Problem.Line > f.pos.Line {
			continue
		}
		// Of several rules of one field the last before a known place is meant, otherwise the first.
		if score > most || score == most && f.pos.Line > 0 {
			best, most = rule, score
		}
	}
	return best, most >= 4 || most >= 0 && f.pos.Line > 0
}

var notKeys = regexp.MustCompile(`\[[0-9]*\]|\{[^}]*\}|@`)

// targetKeys splits a path of a tree, a document or a pointer into the names that all of them have.
func targetKeys(path string) []string {
	path = notKeys.ReplaceAllString(path, "")
	keys := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '.' })
	return slices.DeleteFunc(keys, func(k string) bool {
		return k == "_header" || k == "_items" || k == "_text" || strings.Trim(k, "0123456789") == ""
	})
}

// lists tells whether the contract lists a code among the values of what the rule reads.
func (r rules) lists(section *adapters.Section, u mappings.Unknown) bool {
	rule, found := r.nearest(section.Name, failure{path: u.Path})
	return found && slices.ContainsFunc(rule.Sources, func(source string) bool {
		keys := strings.Split(strings.ReplaceAll(source, "[]", ".[]"), ".")
		t := section.Sources[keys[0]]
		for _, key := range keys[1:] {
			t = below(t, key)
		}
		return t != nil && slices.Contains(t.Enum, u.Value)
	})
}

func below(t *shape.Type, key string) *shape.Type {
	if t == nil {
		return nil
	}
	if key == "[]" {
		return t.Elem
	}
	if f := t.Field(key); f != nil {
		return f.Type
	}
	return nil
}

// line is the line of a workspace's file.
func (s *service) line(at diag.Pos) string {
	src, err := fs.ReadFile(s.FS, at.File)
	if err != nil {
		return ""
	}
	lines := strings.Split(string(src), "\n")
	if at.Line > len(lines) {
		return ""
	}
	return strings.TrimSuffix(lines[at.Line-1], "\r")
}

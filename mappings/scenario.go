package mappings

import (
	"maps"
	"strings"

	"sluice/contracts/shape"
)

// scenario is which fields of an object are set when the $choices have gone one way: for sure (true), or maybe.
type scenario map[string]bool

// maxScenarios bounds the ways that the $choices of one object can go.
const maxScenarios = 256

// product joins every scenario of a with every one of b.
func product(a, b []scenario) []scenario {
	var out []scenario
	for _, x := range a {
		for _, y := range b {
			if len(out) == maxScenarios {
				return out
			}
			z := maps.Clone(x)
			maps.Copy(z, y)
			out = append(out, z)
		}
	}
	return out
}

func sets(scenarios []scenario, name string) bool {
	for _, s := range scenarios {
		if _, ok := s[name]; !ok {
			return false
		}
	}
	return true
}

// complete reports what the contract requires of an object and the template does not give in every scenario,
// and fields that exclude each other.
func (c *compiler) complete(t *template, target *shape.Type, scenarios []scenario, path []string) {
	if target.Kind != shape.Object {
		return
	}
	var missing []string
	for i := range target.Fields {
		f := &target.Fields[i]
		if f.Required && f.Fixed == "" && !sets(scenarios, f.Name) {
			missing = append(missing, f.Name)
		}
	}
	if len(missing) > 0 {
		hint := ""
		if len(t.choices) > 0 {
			hint = "each way through $choice must set them"
		}
		c.at(t.pos, "missing-field", where(path)+" lacks what its contract requires: "+list(missing), hint)
	}
	for _, choice := range target.Choices {
		for _, s := range scenarios {
			if !c.choose(t, choice, s, path) {
				break
			}
		}
	}
}

// choose holds one scenario against one choice of the contract; it reports at most one fault and then gives false.
func (c *compiler) choose(t *template, choice shape.Choice, s scenario, path []string) bool {
	var hit []string // a field that is set, one a branch
	sure := false
	for _, b := range choice.Branches {
		found := ""
		for _, name := range b {
			if always, ok := s[name]; ok {
				found = name
				sure = sure || always
			}
		}
		if found != "" && !sharedBranch(choice, hit, found) {
			hit = append(hit, found)
		}
	}
	var all []string
	for _, b := range choice.Branches {
		all = append(all, strings.Join(b, " with "))
	}
	switch {
	case len(hit) > 1:
		c.at(t.pos, "exclusive", where(path)+" may have only one of "+list(hit), "put them into the branches of one $choice, each with a $when")
	case len(hit) == 0 && choice.Required:
		hint := "set one of them"
		if len(t.choices) > 0 {
			hint = "let the last branch of $choice do without $when, and say there what is missing by required(\"…\")"
		}
		c.at(t.pos, "missing-field", where(path)+" needs one of "+list(all)+", and may be left without", hint)
	case len(hit) == 1 && choice.Required && !sure:
		c.at(t.pos, "may-be-absent", where(path)+" needs one of "+list(all)+", and "+quote(hit[0])+" may be absent",
			`say what is missing by required("…"), or add another branch of $choice`)
	default:
		return true
	}
	return false
}

// sharedBranch tells whether some branch of the choice has found and one of the fields already hit: then they go together.
func sharedBranch(choice shape.Choice, hit []string, found string) bool {
	for _, b := range choice.Branches {
		has := func(name string) bool {
			for _, x := range b {
				if x == name {
					return true
				}
			}
			return false
		}
		if has(found) {
			for _, h := range hit {
				if has(h) {
					return true
				}
			}
		}
	}
	return false
}

// Package sample makes valid instances of a JSON Schema, one thing varied at a time: with only what is required, with
// everything, with each optional member there and missing, with each branch and each value of a list of values, with texts,
// numbers, dates and lists at their bounds, and at random by a seed.
package sample

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"strings"

	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
)

// Options say which instances to make; the zero value makes the systematic ones.
type Options struct {
	Seed   uint64 // varies what is free: texts, numbers, the random instances
	Random int    // how many instances are made at random beside the systematic ones
	Most   int    // instances in all; default 20,000

	// Places say more of a place than the schema does, by JSON pointer.
	Places map[string]Place
	// Check is what an instance must hold against; the schema itself when nil. It knows what Places have added.
	Check func(tree any) []jsonschema.Violation
}

// Place narrows what may stand at one pointer.
type Place struct {
	Values   []any                // one of these, as they are; where everything is made, the last
	Schemas  []*jsonschema.Schema // of one of these, in place of what the schema says
	Required bool                 // always there
}

// Instance is one valid tree.
type Instance struct {
	Tree  any
	About string // what it shows: "only the required", "everything", or the place that varies
}

// Gap is a place or a variation for which no valid instance could be made.
type Gap struct {
	Path   string
	Reason string
}

func (g Gap) String() string { return strings.TrimPrefix(g.Path+": "+g.Reason, ": ") }

// plan says which instance to make: a basis, and where it goes another way.
type plan struct {
	most   bool
	forced map[string]int // decision -> alternative
	about  string
}

const (
	aboutLeast = "only the required"
	aboutMost  = "everything"
)

// Instances makes valid trees of s, the same for the same options. What could not be made is in gaps, each once. The trees
// share what they have in common: nobody may change them.
func Instances(s *jsonschema.Schema, o Options) (instances []Instance, gaps []Gap) {
	m := &maker{schema: s, options: o, known: map[Gap]bool{}, patterns: map[string]*pattern{}, texts: map[string][]string{}, values: map[string]any{}}
	if m.options.Check == nil {
		m.options.Check = func(tree any) []jsonschema.Violation { return s.Validate(tree) }
	}
	if m.options.Most == 0 {
		m.options.Most = 20_000
	}
	m.systematic()
	for i := range o.Random {
		m.make(plan{most: i%2 == 0, about: fmt.Sprintf("random %d", i+1)}, rand.New(rand.NewPCG(o.Seed, uint64(i)+1)))
	}
	return m.instances, m.gaps
}

type maker struct {
	schema    *jsonschema.Schema
	options   Options
	instances []Instance
	gaps      []Gap
	known     map[Gap]bool
	patterns  map[string]*pattern
	texts     map[string][]string // by place
	values    map[string]any      // by place
}

// systematic makes the two bases and, from each decision that they meet, one instance for each other way to go. What such
// an instance meets for the first time is varied in its turn.
func (m *maker) systematic() {
	queue := []plan{{about: aboutLeast}, {most: true, about: aboutMost}}
	seen := map[string]bool{}
	for i := 0; i < len(queue); i++ {
		if i >= m.options.Most {
			m.gap(Gap{"", fmt.Sprintf("there are more than %d variations; the rest were not tried", m.options.Most)})
			return
		}
		p := queue[i]
		for _, d := range m.make(p, nil) {
			key := fmt.Sprint(p.most, d.key)
			if seen[key] || !p.most && !d.structure {
				continue // texts and numbers are varied where everything is there
			}
			seen[key] = true
			for alternative := range d.ways {
				if alternative == d.taken {
					continue
				}
				forced := maps.Clone(p.forced)
				if forced == nil {
					forced = map[string]int{}
				}
				forced[d.key] = alternative
				queue = append(queue, plan{p.most, forced, d.describe(alternative)})
			}
		}
		queue[i].forced = nil
	}
}

// make makes one instance and returns the decisions on its way. One that does not hold is a gap.
func (m *maker) make(p plan, random *rand.Rand) []decision {
	g := &generator{maker: m, plan: p, most: p.most, random: random, open: map[string]int{}, taken: map[string]int{}}
	made := tree.From(g.value(m.schema.Compiled()))
	for _, gap := range g.gaps {
		m.gap(gap)
	}
	if len(g.gaps) > 0 {
		return g.decisions
	}
	violations := m.options.Check(made)
	for _, v := range violations {
		m.gap(Gap{indexes.ReplaceAllString(v.Pointer, "/*$1"), "what was made breaks the schema (" + v.Code + ")"})
	}
	if len(violations) == 0 {
		m.instances = append(m.instances, Instance{made, p.about})
	}
	return g.decisions
}

var indexes = regexp.MustCompile(`/[0-9]+(/|$)`)

func (m *maker) gap(g Gap) {
	if !m.known[g] {
		m.known[g] = true
		m.gaps = append(m.gaps, g)
	}
}

package rest

import (
	"fmt"
	"maps"
	"slices"

	"sluice/adapters"
	"sluice/contracts/jsonschema"
	"sluice/contracts/jsonschema/sample"
)

// The compiler holds us to the interface.
var _, _ adapters.Sampler = request{}, reply{}

// Samples makes requests: every parameter, and the bodies of the contract.
func (c request) Samples(seed uint64) (trees []map[string]any, gaps []string) {
	base := map[string]any{}
	for _, p := range c.Parameters {
		var value any = "x"
		if p.Schema != nil {
			made, missing := sample.Instances(p.Schema, sample.Options{Seed: seed})
			gaps = appendGaps(gaps, p.In+"."+p.Name, missing)
			if len(made) == 0 {
				continue
			}
			value = made[0].Tree
		}
		part := section(base, p.In)
		if part == nil {
			part = map[string]any{}
			base[p.In] = part
		}
		part[p.Name] = value
	}
	if c.native.Request == nil {
		return []map[string]any{base}, gaps
	}
	return bodies(base, c.native.Request, seed, gaps)
}

// Validate asks the library: the codec has asked the checker of our own.
func (c request) Validate(tree map[string]any) error {
	if err := c.valid(tree); err != nil {
		return err
	}
	return byLibrary(c.native.Request, tree)
}

// Samples makes the replies of each status that means success.
func (c reply) Samples(seed uint64) ([]map[string]any, []string) {
	return c.replies(seed, func(status int) bool { return status >= 200 && status < 300 || status == 2 })
}

// Validate asks the library: the codec has asked the checker of our own.
func (c reply) Validate(tree map[string]any) error {
	if err := c.validReply(tree); err != nil {
		return err
	}
	schema, _ := c.schema(c.statusOf(tree))
	return byLibrary(schema, tree)
}

// failures makes the replies of each status that means a refusal.
func (n *native) failures(seed uint64) ([]map[string]any, []string) {
	return n.replies(seed, func(status int) bool { return status >= 300 || status >= 3 && status <= 5 })
}

func (n *native) replies(seed uint64, wanted func(status int) bool) (trees []map[string]any, gaps []string) {
	for _, status := range slices.Sorted(maps.Keys(n.Replies)) {
		if !wanted(status) {
			continue
		}
		exact := status
		if status < 10 {
			exact = status * 100
		}
		base := map[string]any{"status": int64(exact), "header": map[string]any{}}
		if n.Replies[status] == nil {
			trees = append(trees, base)
			continue
		}
		var more []map[string]any
		more, gaps = bodies(base, n.Replies[status], seed, gaps)
		trees = append(trees, more...)
	}
	return trees, gaps
}

// bodies puts each body that the schema allows beside what base has.
func bodies(base map[string]any, schema *jsonschema.Schema, seed uint64, gaps []string) ([]map[string]any, []string) {
	made, missing := sample.Instances(schema, sample.Options{Seed: seed, Random: 10})
	var trees []map[string]any
	for _, m := range made {
		tree := maps.Clone(base)
		tree["body"] = m.Tree
		trees = append(trees, tree)
	}
	return trees, appendGaps(gaps, "body", missing)
}

func appendGaps(gaps []string, at string, more []sample.Gap) []string {
	for _, g := range more {
		gaps = append(gaps, at+g.String())
	}
	return gaps
}

func byLibrary(schema *jsonschema.Schema, tree map[string]any) error {
	body, there := tree["body"]
	if schema == nil || !there {
		return nil
	}
	if err := schema.Compiled().Validate(body); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

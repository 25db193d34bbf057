package rest

import (
	"fmt"
	"maps"
	"slices"

	"sluice/adapters"
	"sluice/contracts/jsonschema"
	"sluice/contracts/jsonschema/sample"
	"sluice/contracts/tree"
)

// The compiler holds us to the interface.
var _, _ adapters.Sampler = request{}, reply{}

// Samples makes requests: every parameter, and the bodies of the contract.
func (c request) Samples(seed uint64) (trees []*tree.Object, gaps []string) {
	base := new(tree.Object)
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
			part = new(tree.Object)
			base.Set(p.In, part)
		}
		part.Set(p.Name, value)
	}
	if c.native.Request == nil {
		return []*tree.Object{base}, gaps
	}
	return bodies(base, c.native.Request, seed, gaps)
}

// Validate asks the library: the codec has asked the checker of our own.
func (c request) Validate(message *tree.Object) error {
	if err := c.valid(message); err != nil {
		return err
	}
	return byLibrary(c.native.Request, message)
}

// Samples makes the replies of each status that means success.
func (c reply) Samples(seed uint64) ([]*tree.Object, []string) {
	return c.replies(seed, func(status int) bool { return status >= 200 && status < 300 || status == 2 })
}

// Validate asks the library: the codec has asked the checker of our own.
func (c reply) Validate(message *tree.Object) error {
	if err := c.validReply(message); err != nil {
		return err
	}
	schema, _ := c.schema(c.statusOf(message))
	return byLibrary(schema, message)
}

// failures makes the replies of each status that means a refusal.
func (n *native) failures(seed uint64) ([]*tree.Object, []string) {
	return n.replies(seed, func(status int) bool { return status >= 300 || status >= 3 && status <= 5 })
}

func (n *native) replies(seed uint64, wanted func(status int) bool) (trees []*tree.Object, gaps []string) {
	for _, status := range slices.Sorted(maps.Keys(n.Replies)) {
		if !wanted(status) {
			continue
		}
		exact := status
		if status < 10 {
			exact = status * 100
		}
		base := tree.Of("status", int64(exact), "header", new(tree.Object))
		if n.Replies[status] == nil {
			trees = append(trees, base)
			continue
		}
		var more []*tree.Object
		more, gaps = bodies(base, n.Replies[status], seed, gaps)
		trees = append(trees, more...)
	}
	return trees, gaps
}

// bodies puts each body that the schema allows beside what base has.
func bodies(base *tree.Object, schema *jsonschema.Schema, seed uint64, gaps []string) ([]*tree.Object, []string) {
	made, missing := sample.Instances(schema, sample.Options{Seed: seed, Random: 10})
	var trees []*tree.Object
	for _, m := range made {
		message := base.Clone()
		message.Set("body", m.Tree)
		trees = append(trees, message)
	}
	return trees, appendGaps(gaps, "body", missing)
}

func appendGaps(gaps []string, at string, more []sample.Gap) []string {
	for _, g := range more {
		gaps = append(gaps, at+g.String())
	}
	return gaps
}

func byLibrary(schema *jsonschema.Schema, message *tree.Object) error {
	body, there := message.Lookup("body")
	if schema == nil || !there {
		return nil
	}
	if err := schema.Compiled().Validate(tree.Plain(body)); err != nil {
		return fmt.Errorf("body: %w", err)
	}
	return nil
}

package proof

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"sluice/contracts/canonical"
	"sluice/contracts/jsonschema"
	"sluice/contracts/jsonschema/sample"
	"sluice/contracts/tree"
)

// makeRequests makes canonical requests that the portal's door would take: the first has only what is required, the
// second everything.
func (s *service) makeRequests() {
	files := attachments(s.Canonical)
	made, gaps := sample.Instances(s.Services.Envelope(), sample.Options{
		Seed: s.Seed, Random: random,
		Places: map[string]sample.Place{
			"/service":        {Values: []any{s.Name}},
			"/serviceVersion": {Values: []any{s.Canonical.Version}},
			"/routing/agency": {Values: []any{s.agency.Name}},
			"/applicant":      {Schemas: s.Canonical.Applicants},
			"/payload":        {Schemas: []*jsonschema.Schema{s.Canonical.Schema}},
			"/attachments":    {Values: files, Required: len(files[0].([]any)) > 0},
		},
		Check: func(message any) []jsonschema.Violation { return s.Services.Validate(message.(*tree.Object)) },
	})
	for _, g := range gaps {
		s.gap("requests", g.String())
	}
	for _, m := range made {
		s.requests = append(s.requests, m.Tree.(*tree.Object))
	}
}

func (s *service) validRequest(message *tree.Object) bool {
	return len(s.Services.Validate(message)) == 0
}

// attachments lists what may be attached: the required first, every kind last.
func attachments(c *canonical.Service) []any {
	var required, all []any
	lists := []any{nil}
	for _, rule := range c.Attachments {
		types := rule.MediaTypes
		if len(types) == 0 {
			types = []string{"application/pdf"}
		}
		first := file(rule.Kind, "Справка.pdf", types[0], "Текст")
		all = append(all, first)
		if rule.Required {
			required = append(required, first)
		}
		for _, mediaType := range types[1:] {
			lists = append(lists, []any{file(rule.Kind, "Справка", mediaType, "Т")})
		}
	}
	with := func(more ...any) []any { return append(append([]any{}, required...), more...) }
	for i := 1; i < len(lists); i++ {
		lists[i] = with(lists[i].([]any)...)
	}
	const most, longest = 50, 255
	many := with()
	for len(many) < most {
		many = append(many, file("", "Справка.pdf", "application/pdf", "Те"))
	}
	lists = append(lists,
		with(file("", strings.Repeat("Щ", longest), "application/"+strings.Repeat("x", 127-len("application/")), "Тек")),
		with(file("", `A&B <"Ё"> 'z'.pdf`, "application/pdf", "Текс")), many, all)
	lists[0] = with()
	return lists
}

func file(kind, name, mediaType, content string) map[string]any {
	sum := sha256.Sum256([]byte(content))
	f := map[string]any{"name": name, "mediaType": mediaType, "sha256": hex.EncodeToString(sum[:]),
		"content": base64.StdEncoding.EncodeToString([]byte(content))}
	if kind != "" {
		f["kind"] = kind
	}
	return f
}

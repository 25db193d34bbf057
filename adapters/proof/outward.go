package proof

import (
	"errors"
	"strings"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/contracts/diag"
	"sluice/contracts/tree"
	"sluice/contracts/xsd/codec"
	"sluice/mappings"
)

// messageID is message.id in every message.
const messageID = "6ba7b810-9dad-41d1-80b4-00c04fd430c8"

// source gives the messages that a section is run over, and how each becomes its input.
type source struct {
	messages []*tree.Object
	valid    func(message *tree.Object) bool
	input    func(message *tree.Object) mappings.Input
}

// byRequest runs a section over requests.
func (s *service) byRequest(requests []*tree.Object) source {
	return source{requests, s.validRequest, func(m *tree.Object) mappings.Input {
		return mappings.Input{Request: m, Message: tree.Of("id", messageID)}
	}}
}

// reasons are those that a portal may give for withdrawing: none, the shortest and the longest.
var reasons = []string{"", "я", "Передумал: \"A&B\" <не нужно>", strings.Repeat("Щ", canonical.MaxReason)}

// mostNumbers is how many registration numbers are tried.
const mostNumbers = 20

// byNumber runs a section over what the agency's own answers gave: registration numbers, each with the first reason, and
// the first with each.
func (s *service) byNumber(reasons []string) source {
	var messages []*tree.Object
	receipt := func(number, reason string) {
		m := tree.Of("externalId", number)
		if reason != "" {
			m.Set("reason", reason)
		}
		messages = append(messages, m)
	}
	if len(s.numbers) == 0 {
		s.gap("registration numbers", "no reply that was made gives one")
		return source{}
	}
	for _, n := range s.numbers[:min(len(s.numbers), mostNumbers)] {
		receipt(n, reasons[0])
	}
	for _, r := range reasons[1:] {
		receipt(s.numbers[0], r)
	}
	request := s.requests[0]
	return source{messages,
		func(m *tree.Object) bool { n, ok := m.Get("externalId").(string); return ok && n != "" },
		func(m *tree.Object) mappings.Input {
			return mappings.Input{Request: request, Message: tree.Of("id", messageID), Receipt: m}
		}}
}

// outward runs messages through the section that writes to the agency.
func (s *service) outward(use *adapters.Use, from source) {
	if len(from.messages) == 0 {
		return
	}
	t := trial{section: use.Out.Name, plain: from.messages[0], valid: from.valid}
	if len(from.messages) > 1 {
		t.plain = from.messages[1]
	}
	t.run = func(message *tree.Object) []failure {
		out, err := use.Out.Program.Run(from.input(message))
		if err != nil {
			return []failure{mappingFailure(err)}
		}
		return written(use.Out.Write, out.Tree)
	}
	for _, m := range from.messages {
		s.try(t, m)
	}
}

// written holds what a mapping made against the contract.
func written(c adapters.Codec, message *tree.Object) []failure {
	if _, err := c.Append(nil, message); err != nil {
		return []failure{contractFailure(err)}
	}
	if c, ok := c.(adapters.Sampler); ok {
		if err := c.Validate(message); err != nil {
			return []failure{contractFailure(err)}
		}
	}
	return nil
}

// mappingFailure is an error of a mapping or a condition, which knows its place.
func mappingFailure(err error) failure {
	var m *mappings.Error
	if !errors.As(err, &m) {
		return failure{code: CodeFails, message: err.Error()}
	}
	return failure{code: CodeFails, pos: m.Pos, path: m.Path, message: m.Message, refused: m.Refused}
}

// contractFailure is an error of a codec or a validator, which knows the path.
func contractFailure(err error) failure {
	f := failure{code: CodeContract, message: err.Error()}
	var c *codec.Error
	var list diag.List
	switch {
	case errors.As(err, &c):
		f.path, f.detail, f.message = c.Path, c.Text, strings.TrimPrefix(err.Error(), c.Path+": ")
	case errors.As(err, &list) && len(list) > 0:
		f.detail = list[0].Code
		f.path, f.message = splitPath(list[0].Message)
	default:
		f.path, f.message = splitPath(err.Error())
	}
	return f
}

// splitPath takes the path off the front of a message.
func splitPath(text string) (path, message string) {
	path, message, found := strings.Cut(text, ": ")
	if !found || strings.Contains(path, " ") {
		return "", text
	}
	return path, message
}

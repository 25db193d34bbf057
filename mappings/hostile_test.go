package mappings

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHostileFiles is about mapping files that ask for trouble, beyond what TestYAML has. Each row is what the first
// finding says, and how many there are; none takes long.
func TestHostileFiles(t *testing.T) {
	late := time.AfterFunc(time.Minute, func() { panic("a mapping file compiles for ever") })
	defer late.Stop()
	leaf := func(expression string) string { return "request:\n  a: " + expression + "\n" }
	folded := func(expression string) string { return "request:\n  a: >-\n    " + expression + "\n" }
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for _, c := range []struct{ name, src, want string }{
		{"NUL", leaf("request.id\x00"), `1: m.yaml: not valid YAML: control characters are not allowed`},
		{"a control character", leaf("\"a\x01\""), `1: m.yaml: not valid YAML: control characters are not allowed`},
		{"no UTF-8", leaf("\"\xcf\xf0\""), `1: m.yaml: not valid YAML: invalid trailing UTF-8 octet`},
		{"a byte order mark", "\ufeff" + leaf("request.id"), `nothing`},
		{"tabs", "request:\n\ta: request.id\n", `1: m.yaml:2: not valid YAML: found character that cannot start any token`},
		{"a null", leaf("null"), `1: m.yaml:2:6: unknown name "null"; nothing is written nil`},
		{"a YAML directive", "%YAML 1.1\n---\n" + leaf("request.id"), `nothing`},
		{"a binary tag", leaf("!!binary YQ=="), "1: m.yaml:2:6: `!!binary` is a YAML tag here; for a negation write `not x`, or put the expression into a block: `>-`"},
		{"a key that is an alias", "request:\n  *x : request.id\n", `1: m.yaml: not valid YAML: unknown anchor 'x' referenced`},
		{"a flow that never ends", "request: {a: [", "1: m.yaml:1:10: not valid YAML: did not find expected node content; a value that starts with { has a meaning of its own to YAML; write the expression in a block: `Key: >-` and the expression, indented, on the next line"},
		{"a quote that never ends", leaf(`"a`), `1: m.yaml:2: not valid YAML: found unexpected end of stream`},
		{"a text in the expression that never ends", leaf(`words("a`), `1: m.yaml:2:14: literal not terminated`},
		{"a homoglyph in a function", leaf("uрper(request.id)"), `1: m.yaml:2:6: unknown function "uрper"; did you mean "upper"? a Latin letter stands among Cyrillic ones, or the other way round`},
		{"a homoglyph in a root", leaf("rеquest.id"), `1: m.yaml:2:6: unknown name "rеquest"; did you mean "request"? a Latin letter stands among Cyrillic ones, or the other way round`},
		{"a homoglyph in a path", leaf("request.аpplicant"), `1: m.yaml:2:14: request has no field "аpplicant"; did you mean "applicant"? a Latin letter stands among Cyrillic ones, or the other way round`},
		{"an unknown function", leaf("shell(request.id)"), `1: m.yaml:2:6: unknown function "shell"; docs/mappings.md lists the functions`},
		{"a function of expr's own that mappings lack", leaf("now()"), `1: m.yaml:2:6: unknown function "now"; a mapping has no clock: take a time from the message, such as request.submittedAt`},
		{"the environment", leaf("$env"), `1: m.yaml:2:6: unknown name "$env"; known here: request; a constant stands in quotes`},
		{"a method", leaf("request.id.String()"), `1: m.yaml:2:17: a value has no methods; functions take the value first: x | upper()`},
		{"a closure alone", leaf("{# > 1}"), "1: m.yaml:2:6: not valid YAML: did not find expected node content; a value that starts with { has a meaning of its own to YAML; write the expression in a block: `Key: >-` and the expression, indented, on the next line"},
		{"an invisible character", leaf("request.\u200bid"), `1: m.yaml:2:14: unrecognized character: U+200B`},
		{"a text that runs the other way", leaf("\"\u202eabc\""), `nothing`},
		{"an assignment", leaf("let x = request.id; x"), `1: m.yaml:2:10: let and ; are not part of the mapping language; write one expression a field`},
		{"brackets inside one another", folded(strings.Repeat("(", 2000) + "request.id" + strings.Repeat(")", 2000)), `1: m.yaml:3:69: brackets are nested deeper than 64`},
		{"negations inside one another", folded(strings.Repeat("not ", 1000) + "request.test"), `nothing`},
		{"functions inside one another", folded(strings.Repeat("upper(", 500) + "request.id" + strings.Repeat(")", 500)), `1: m.yaml:3:394: brackets are nested deeper than 64`},
		{"a long pipe", folded("request.id" + strings.Repeat(" | upper()", 400)), `nothing`},
		{"a long sum", folded("1" + strings.Repeat(" + 1", 1000)), `1: m.yaml:3:263: brackets are nested deeper than 64`},
		{"a number beyond all", leaf("1e999999999"), `1: m.yaml:2:16: invalid float literal: strconv.ParseFloat: parsing "1e999999999": value out of range`},
		{"a number of 40 digits", folded(strings.Repeat("9", 40)), `1: m.yaml:3:44: invalid integer literal: strconv.ParseInt: parsing "9999999999999999999999999999999999999999": value out of range`},
		{"a leaf as long as the file may be", leaf(`"` + strings.Repeat("a", 1<<20-100) + `"`), `nothing`},
		{"an expression beyond its bound", leaf(strings.Repeat("a", 5000)), `1: m.yaml:2:6: the expression is longer than 4096 bytes; split it over several fields, or move what is constant into a table`},
		{"20,000 unknown keys", "request:\n" + many(20_000, "  k%d: request.no\n"), `500: m.yaml:2:15: request has no field "no"; it has "id", "applicant", "representative", "payload", "test", "submittedAt"`},
		{"20,000 unknown sections", many(20_000, "k%d: request.no\n"), `500: m.yaml:1:1: unknown section "k0"; known sections: request, receipt, poll, status, probe, found, cancel, cancelled, supplement, document, answer, push.NAME, ack.NAME, tables`},
		{"a table of 10,000 codes", "tables:\n  t: {" + many(10_000, "k%[1]d: c%[1]d, ") + "}\n" + leaf(`request.id | code("t")`), `nothing`},
		{"a key of a megabyte", "request:\n  ? " + strings.Repeat("k", 1_000_000) + "\n  : request.id\n", `nothing`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := compile(c.src, "request", Sources{"request": familyRequest()}, anyType)
			got := "nothing"
			if len(problems) > 0 {
				got = fmt.Sprintf("%d: %s", len(problems), problems[0].Error())
			}
			if got != c.want {
				t.Errorf("\ngot  %.500s\nwant %s", got, c.want)
			}
		})
	}
}

package mappings

import (
	"strings"
	"testing"
)

// TestYAML holds what YAML makes of an author's text: position, excerpt with caret, and what to do.
func TestYAML(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"duplicate key", "request:\n  а: request.id\n  а: request.id\n", `m.yaml:3:3: the key "а" stands twice; the first is in line 2`},
		{"duplicate section", "request:\n  a: request.id\nrequest:\n  a: request.id\n", `m.yaml:3:1: the key "request" stands twice`},
		{"alias", "request:\n  a: &x request.id\n  b: *x\n", `m.yaml:2:6: an anchor (&x) is not allowed`},
		{"alias cycle", "request: &x\n  a: *x\n", `m.yaml:1:10: an anchor (&x) is not allowed`},
		{"merge key", "request:\n  <<: {a: request.id}\n", `merge keys (<<) are not allowed`},
		{"tag", "request:\n  a: !request.test\n", "m.yaml:2:6: `!request.test` is a YAML tag here; for a negation write `not x`"},
		{"colon", "request:\n  Имя: request.test ? \"a\" : \"b\"\n", "m.yaml:2:27: not valid YAML: mapping values are not allowed in this context; ` : ` means a key to YAML"},
		{"leading quote", "request:\n  Имя: \"a\" + request.id\n", "m.yaml:2:8: not valid YAML"},
		{"leading bracket", "request:\n  Имя: [\"a\"] | first()\n", "has a meaning of its own to YAML"},
		{"cut by a comment", "request:\n  a: request.id + \" # \" + request.id\n", "to YAML, ` #` starts a comment and ends the expression"},
		{"no value", "request:\n  a:\n", "m.yaml:2:5: there is no value"},
		{"empty file", "", "the mapping file is empty"},
		{"two documents", "request:\n  a: request.id\n---\nx: 1\n", "holds one YAML document"},
		{"a list", "- a\n", "a mapping file is a mapping of sections"},
		{"odd key", "request:\n  [a]: request.id\n", "a key must be a plain name"},
		{"a table of tables", "tables:\n  x: { a: { b: c } }\n", "a code must be a text"},
		{"a code twice", "tables:\n  x: { a: [\"1\", \"1\"] }\n", `the code "1" stands twice`},
		{"deep", "request:\n" + deep(80), "nested deeper than 64"},
		{"large", "request:\n  a: \"" + strings.Repeat("а", 600_000) + "\"\n", "larger than 1 MiB"},
		{"a megabyte of brackets", "request:\n  a: >-\n    " + strings.Repeat("(", 1_000_000) + "\n", "longer than 4096 bytes"},
		// Places inside expressions, aligned with the raw text.
		{"plain", "request:\n  Имя: request.applicant.lastNam\n", `m.yaml:2:26: request.applicant has no field "lastNam"`},
		{"after Cyrillic", "request:\n  Имя: words(\"Ёжик\", request.applicant.lastNam)\n", `m.yaml:2:40: `},
		{"folded block", "request:\n  Имя: >-\n    words(request.applicant.lastName,\n          request.applicant.lastNam)\n", `m.yaml:4:29: request.applicant has no field "lastNam"`},
		{"literal block", "request:\n  Имя: |\n    words(\n      request.applicant.lastNam)\n", `m.yaml:4:25: `},
		{"plain over lines", "request:\n  Имя: words(request.applicant.lastName,\n       request.applicant.lastNam)\n", `m.yaml:3:26: `},
		{"block with an empty line", "request:\n  Имя: >-\n\n    request.applicant\n\n    .lastNam\n", `m.yaml:6:6: `},
		{"each", "request:\n  a:\n    $each: m in request.payload.membrs\n    Имя: m.lastName\n", `m.yaml:3:33: `},
		{"each in a block", "request:\n  a:\n    $each: >-\n      m in request.payload.members\n           | filter(.nam == \"\")\n    Имя: m.lastName\n", `m.yaml:5:22: `},
		{"windows line ends", "request:\r\n  Имя: request.applicant.lastNam\r\n", `m.yaml:2:26: `},
	} {
		_, problems := compile(c.src, "request", Sources{"request": familyRequest()}, anyType)
		if !strings.Contains(problems.Error(), c.want) {
			t.Errorf("%s:\ngot  %.300v\nwant %s", c.name, problems, c.want)
		}
	}
}

func deep(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat("  ", i+1) + "a:\n")
	}
	b.WriteString(strings.Repeat("  ", n+1) + "b: request.id\n")
	return b.String()
}

func TestCaret(t *testing.T) {
	_, problems := compile("request:\n  Имя: words(\"Ёжик\", request.applicant.lastNam)\n", "request", Sources{"request": familyRequest()}, anyType)
	const want = `m.yaml:2:40: error: request.applicant has no field "lastNam" [unknown-path]
      Имя: words("Ёжик", request.applicant.lastNam)
                                           ^
    did you mean "lastName"?`
	if got := problems[0].Text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSections(t *testing.T) {
	src := []byte("push.status:\n  a: push.id\ntables:\n  x: { a: b }\nack.status:\n  a: push.id\n")
	f, err := Parse("m.yaml", src)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(f.Sections(), " "); got != "push.status ack.status" {
		t.Errorf("sections %q", got)
	}
	if len(f.Hash()) != 64 || f.Name() != "m.yaml" {
		t.Errorf("hash %q, name %q", f.Hash(), f.Name())
	}
	other, err := Parse("m.yaml", append(src, '\n'))
	if err != nil || other.Hash() == f.Hash() {
		t.Errorf("another file has the same hash (%v)", err)
	}
	if _, problems := f.Compile("push.statuz", Sources{}, anyType); !strings.Contains(problems.Error(), `did you mean "push.status"?`) {
		t.Errorf("got %v", problems)
	}
}

package mappings

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sluice/contracts/tree"
)

// TestRules finds what each rule reads and makes, through loops, choices, functions and directives.
func TestRules(t *testing.T) {
	f, err := Parse("m.yaml", []byte(`request:
  A:
    $when: request.a != nil
    Id: message.id
    Const: "x"
    Name: words(request.a.last, request.a.first) | upper()
    Or: request.a?.b ?? request.c
    $choice:
      - $when: request.kind == "1"
        B: request.one
      - C: >-
          request.test ? request.two : request.three
    Last: last(request.items)?.name
    Sum: request.items | map(decimal(.flow)) | sum()
    M:
      $each: m, n in request.items
      No: n
      Name: m.name
      In:
        $each: k in m.kinds
        $value: k
    L:
      - request.first
      - V: request.second
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"3 A reads request.a",
		"4 A/Id = message.id",
		"5 A/Const =",
		"6 A/Name = request.a.last, request.a.first",
		"7 A/Or = request.a.b, request.c",
		"13 A/Last = request.items[].name",
		"14 A/Sum = request.items[].flow",
		"16 A/M reads request.items",
		"17 A/M/[]/No =",
		"18 A/M/[]/Name = request.items[].name",
		"20 A/M/[]/In reads request.items[].kinds",
		"21 A/M/[]/In/[] = request.items[].kinds[]",
		"23 A/L/[] = request.first",
		"24 A/L/[]/V = request.second",
		"9 A reads request.kind",
		"10 A/B = request.one",
		"12 A/C = request.two, request.three, request.test",
	}
	var got []string
	for _, r := range f.Rules("request") {
		sign := "reads"
		if r.Value {
			sign = "="
		}
		got = append(got, strings.TrimSpace(fmt.Sprintf("%d %s %s %s", r.Problem.Line, strings.Join(r.Target, "/"), sign, strings.Join(r.Sources, ", "))))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if f.Rules("receipt") != nil {
		t.Error("a section that is not there has rules")
	}
}

// TestRefused tells what required() says from what a mapping can't do, by closures and by the VM.
func TestRefused(t *testing.T) {
	for src, refused := range map[string]bool{
		`request.a | required("no a")`:                      true,
		`(request.b == "x" ? nil : nil) | required("no a")`: true,
		`"1" | mask("##")`:                                  false,
	} {
		p, problems := compile("request:\n  out: >-\n    "+src+"\n", "request", Sources{"request": obj(opt("a", str()), req("b", str()))}, anyType)
		if p == nil {
			t.Fatal(problems)
		}
		_, err := p.Run(Input{Request: new(tree.Object)})
		var e *Error
		if !errors.As(err, &e) || e.Refused != refused {
			t.Errorf("%s: %v", src, err)
		}
	}
}

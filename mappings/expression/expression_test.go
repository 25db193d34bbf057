package expression

import (
	"errors"
	"strings"
	"testing"
)

func none(string) bool { return false }

func TestParseOffsetsCountCharacters(t *testing.T) {
	tree, err := Parse(`words("Ёжик", a?.б.в) + "x"`, none)
	if err != nil {
		t.Fatal(err)
	}
	sum := tree.Root.(*Binary)
	call := sum.X.(*Call)
	member := call.Args[1].(*Chain).X.(*Member)
	if sum.At() != 22 || call.At() != 0 || member.Name != "в" || member.At() != 19 || !member.X.(*Member).Optional {
		t.Errorf("sum at %d, call at %d, member %q at %d", sum.At(), call.At(), member.Name, member.At())
	}
}

func TestParseRefuses(t *testing.T) {
	for src, want := range map[string]string{
		"":                                  "the expression ends too early",
		"a b":                               `did not expect "b" here`,
		"a.b(1)":                            "a value has no methods",
		"#":                                 `did not expect "#" here`,
		"map(a, #index)":                    "#index is not part",
		"9999999999999999999999":            "invalid integer literal",
		"1e999":                             "invalid float literal",
		strings.Repeat("[", 65):             "nested deeper than 64",
		strings.Repeat(" ", MaxBytes) + "a": "longer than 4096 bytes",
	} {
		_, err := Parse(src, none)
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Message, want) {
			t.Errorf("%.40q: got %v, want %q", src, err, want)
		}
	}
	// Brackets inside a text are no nesting.
	if _, err := Parse(`"`+strings.Repeat("(", 100)+`" + '\'['`, none); err != nil {
		t.Error(err)
	}
}

func TestFunctionsShadowLoops(t *testing.T) {
	tree, err := Parse("sum(a)", func(name string) bool { return name == "sum" })
	if err != nil {
		t.Fatal(err)
	}
	if call, ok := tree.Root.(*Call); !ok || call.Name != "sum" {
		t.Errorf("got %T", tree.Root)
	}
}

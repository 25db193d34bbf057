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

func TestCompileBindsEachCall(t *testing.T) {
	tree, err := Parse(`f(a) == f("b") ? count(list, f(#) == "x") : -1`, none)
	if err != nil {
		t.Fatal(err)
	}
	bound := 0
	p, err := Compile(tree, func(c *Call) Func {
		bound++
		return func(params ...any) (any, error) {
			if params[0] != "the context" {
				t.Errorf("context %v", params[0])
			}
			if params[1] == "bad" {
				return nil, errors.New("refused")
			}
			return params[1], nil
		}
	})
	if err != nil || bound != 3 {
		t.Fatalf("bound %d calls, %v", bound, err)
	}
	env := map[string]any{"a": "b", "list": []any{"x", "y", "x"}, ContextKey: "the context"}
	if v, err := p.Run(env); v != int64(2) || err != nil {
		t.Errorf("got %v, %v", v, err)
	}
	env["list"] = []any{"bad"}
	if _, err := p.Run(env); err == nil || err.Error() != "refused" {
		t.Errorf("got %v", err)
	}
	env["list"] = 1
	var e *Error
	if _, err := p.Run(env); !errors.As(err, &e) {
		t.Errorf("got %v, want an error with its place", err)
	}
}

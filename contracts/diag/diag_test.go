package diag

import (
	"errors"
	"fmt"
	"testing"
)

func TestSuggest(t *testing.T) {
	candidates := []string{"Фамилия", "Имя", "Отчество", "lastName", "СНИЛС"}
	for name, want := range map[string]string{
		"Фамлия":      `did you mean "Фамилия"?`,
		"Фaмилия":     `did you mean "Фамилия"? a Latin letter stands among Cyrillic ones, or the other way round`,
		"CНИЛС":       `did you mean "СНИЛС"? a Latin letter stands among Cyrillic ones, or the other way round`,
		"lastname":    `did you mean "lastName"?`,
		"lsatName":    `did you mean "lastName"?`,
		"совсем иное": "",
	} {
		if got := Suggest(name, candidates); got != want {
			t.Errorf("Suggest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestProblemText(t *testing.T) {
	p := Problem{Pos: Pos{"a.yaml", 3, 5}, Code: "unknown-key", Message: `unknown key "urll"`, Hint: `did you mean "url"?`, Excerpt: "    urll: x"}
	want := "a.yaml:3:5: error: unknown key \"urll\" [unknown-key]\n        urll: x\n        ^\n    did you mean \"url\"?"
	if got := p.Text(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOf(t *testing.T) {
	l := List{{Message: "one"}, {Message: "two", Severity: Warning}}
	if got := Of(fmt.Errorf("loading: %w", l)); len(got) != 2 {
		t.Errorf("a wrapped list gave %d problems", len(got))
	}
	if got := Of(errors.New("plain")); len(got) != 1 || got[0].Message != "plain" {
		t.Errorf("a plain error gave %v", got)
	}
	if (List{{Severity: Warning}}).Err() != nil {
		t.Error("warnings alone are no error")
	}
}

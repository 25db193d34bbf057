package mappings

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/mappings.md")

// findings explains every code that problems have.
var findings = map[string]struct{ means, remedy string }{
	"compares-text":    {"decimals are compared as texts (warning)", "`compare(a, b) == 0`"},
	"duplicate-key":    {"a key, or a code of a table, stands twice", "keep one"},
	"empty-file":       {"the file holds nothing", "write a section"},
	"empty-value":      {"a key has no value", "leave it out, or write `\"\"`"},
	"exclusive":        {"fields that exclude each other by contract may both be set", "the branches of one `$choice`"},
	"is-a-list":        {"the source is a list, or a list is made, where one value belongs", "`first()`, `last()`, `at(n)`, `join(\", \")`, `map`, `$each`"},
	"may-be-absent":    {"a value may be absent where there must be one", "see Expressions"},
	"may-be-empty":     {"a list may have fewer items than the contract wants", "`list | required(\"why\")`; of items that are written out, one without `$when`"},
	"may-be-too-long":  {"a text may be longer than the contract takes (warning)", "`truncate(n)`, if cutting is right"},
	"missing-field":    {"the target requires a field that is not mapped, or not in every branch", "map it"},
	"missing-section":  {"the manifest uses a section that the file does not have", "write it"},
	"nested-loop":      {"a list of the message would be walked again for each item of another", "walk only lists of the item itself"},
	"never-absent":     {"`?.`, `??` or `!= nil` on what is always present (warning)", "leave it out"},
	"not-a-list":       {"one value where the target is a list", "`- value`, `split()`, `list()`, `$each`"},
	"not-proved":       {"any text goes to a field that takes certain values only", "`code(\"table\")`, `uncode(\"table\")`, `oneOf(…)`"},
	"shadows":          {"a loop variable has the name of a root, a function or an outer variable", "choose another"},
	"syntax":           {"the expression does not parse, or uses what is not part of the language", "as the hint says"},
	"too-deep":         {"the file is nested deeper than 64", "flatten it"},
	"too-large":        {"the file is larger than 1 MiB", "split it"},
	"unknown-field":    {"the target's contract has no such field", "the name that it suggests; look for a Latin letter among Cyrillic ones"},
	"unknown-function": {"there is no such function", "the one that it suggests"},
	"unknown-name":     {"neither a root of this section nor a loop variable", "a root; constants stand in quotes"},
	"unknown-path":     {"the source's contract has no such field", "the name that it suggests"},
	"unknown-section":  {"no section has this name", "see Sections"},
	"unknown-value":    {"a value that the contract's list of values does not have", "one of those it names"},
	"wrong-argument":   {"a function's arguments are not what it wants", "as the signature says"},
	"wrong-directive":  {"a `$` key is misspelt or misused", "see Values"},
	"wrong-pattern":    {"the pattern after `matches` does not compile", "RE2 syntax"},
	"wrong-type":       {"a value's type is not what the function, operator or target wants", "the conversion that it names"},
	"wrong-value":      {"a constant breaks the contract", "mend it"},
	"yaml-alias":       {"an anchor, alias or merge key", "write the value out"},
	"yaml-key":         {"a key is no plain name", "a plain name"},
	"yaml-syntax":      {"not valid YAML", "often: put the expression into a block, `>-`"},
	"yaml-tag":         {"`!x` is a tag to YAML", "`not x`, or a block"},
}

// TestReference holds docs/mappings.md against the tables; with -update it writes it.
func TestReference(t *testing.T) {
	template, err := os.ReadFile("reference.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.NewReplacer("<!-- functions -->\n", functionTable(), "<!-- loops -->\n", loopRows(), "<!-- findings -->\n", findingRows()).Replace(string(template))
	doc = strings.Replace(doc, "# The mapping language\n", "# The mapping language\n\n<!-- Made by `go generate ./mappings` from mappings/reference.md and the table of functions. Don't edit it here. -->\n", 1)
	file := filepath.Join("..", "docs", "mappings.md")
	if *update {
		if err := os.WriteFile(file, []byte(doc), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have, err := os.ReadFile(file); err != nil || string(have) != doc {
		t.Errorf("%s is out of date (%v): run go generate ./mappings", file, err)
	}
}

func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }

func functionTable() string {
	var b strings.Builder
	group := ""
	for _, f := range Functions() {
		if f.Group != group {
			if group != "" {
				b.WriteString("\n")
			}
			group = f.Group
			fmt.Fprintf(&b, "### %s\n\n| function | gives | example |\n|---|---|---|\n", group)
		}
		var examples []string
		for _, e := range f.Examples {
			result := "`" + e.Result + "`"
			if e.Result == "absent" {
				result = "nothing"
			}
			examples = append(examples, "`"+cell(e.Expression)+"` = "+result)
		}
		fmt.Fprintf(&b, "| `%s` | %s. Takes %s | %s |\n", cell(f.Signature()), cell(f.Doc), f.Takes(), strings.Join(examples, "<br>"))
	}
	return b.String()
}

func loopRows() string {
	var b strings.Builder
	b.WriteString("| loop | gives | example |\n|---|---|---|\n")
	for _, l := range loopTable {
		fmt.Fprintf(&b, "| `list \\| %s(%s)` | %s | `%s` = `%s` |\n", l.name, l.args, l.doc, cell(l.example.Expression), l.example.Result)
	}
	return b.String()
}

func findingRows() string {
	var b strings.Builder
	b.WriteString("| code | means | what to do |\n|---|---|---|\n")
	for _, code := range slices.Sorted(maps.Keys(findings)) {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", code, cell(findings[code].means), cell(findings[code].remedy))
	}
	return b.String()
}

var reported = regexp.MustCompile(`(?:\b(?:fail|report|warn|at|leafProblem|leafWarning|misfit)[({][^"\n]*|Code: )"([a-z]+(?:-[a-z]+)*)"`)

// TestFindings holds the list of findings against the code.
func TestFindings(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "functions") { // the tables report nothing by themselves
			continue
		}
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range reported.FindAllStringSubmatch(string(src), -1) {
			seen[m[1]] = true
			if _, ok := findings[m[1]]; !ok {
				t.Errorf("%s reports %q, which the reference does not explain", file, m[1])
			}
		}
	}
	for code := range findings {
		if !seen[code] {
			t.Errorf("the reference explains %q, which nothing reports", code)
		}
	}
}

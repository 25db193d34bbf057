package problem

import (
	"bytes"
	"flag"
	"fmt"
	"go/format"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the generated files")

// entry is one row of problems.yaml.
type entry struct {
	Code   string
	Status int
	Title  struct{ RU, EN string }
	Remedy struct{ RU, EN string }
}

func entries(t *testing.T) []entry {
	t.Helper()
	data, err := os.ReadFile("problems.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var list []entry
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(&list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTableIsSound(t *testing.T) {
	seen := map[string]bool{}
	status := 0
	for _, e := range entries(t) {
		switch {
		case !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(e.Code):
			t.Errorf("%q is no code", e.Code)
		case seen[e.Code]:
			t.Errorf("%s is there twice", e.Code)
		case e.Status < status || e.Status < 400 || e.Status > 599:
			t.Errorf("%s: status %d is out of order", e.Code, e.Status)
		case e.Title.RU == "" || e.Title.EN == "" || e.Remedy.RU == "" || e.Remedy.EN == "":
			t.Errorf("%s lacks words", e.Code)
		}
		seen[e.Code], status = true, e.Status
	}
}

// TestGenerated holds table.go and docs/errors.md against problems.yaml; `go generate` runs it with -update.
func TestGenerated(t *testing.T) {
	list := entries(t)
	for file, want := range map[string][]byte{"table.go": table(t, list), "../../docs/errors.md": page(list)} {
		if *update {
			if err := os.MkdirAll("../../docs", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what problems.yaml says; run go generate ./gateway/problem", file)
		}
	}
}

func table(t *testing.T, list []entry) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("// Code generated from problems.yaml by go generate; DO NOT EDIT.\n\npackage problem\n\n// The problems that clients are told; docs/errors.md describes them.\nconst (\n")
	for _, e := range list {
		fmt.Fprintf(&b, "%s Code = %q // %d: %s\n", identifier(e.Code), e.Code, e.Status, e.Title.EN)
	}
	b.WriteString(")\n\nvar rows = map[Code]row{\n")
	for _, e := range list {
		fmt.Fprintf(&b, "%s: {%d, words{%q, %q}, words{%q, %q}},\n", identifier(e.Code), e.Status, e.Title.RU, e.Title.EN, e.Remedy.RU, e.Remedy.EN)
	}
	b.WriteString("}\n")
	out, err := format.Source(b.Bytes())
	if err != nil {
		t.Fatalf("%v\n%s", err, b.Bytes())
	}
	return out
}

func identifier(code string) string {
	parts := strings.Split(code, "-")
	for i, p := range parts {
		parts[i] = strings.ToUpper(p[:1]) + p[1:]
		if p == "json" {
			parts[i] = "JSON"
		}
	}
	return strings.Join(parts, "")
}

func page(list []entry) []byte {
	var b bytes.Buffer
	b.WriteString("# Errors\n\n<!-- Generated from gateway/problem/problems.yaml by go generate; do not edit. -->\n\n" +
		"Every error is an [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457) problem, `application/problem+json`, in Russian or English by\n" +
		"`Accept-Language` (English by default):\n\n" +
		"```json\n" +
		"{\n  \"type\": \"urn:sluice:problem:invalid-request\",\n  \"code\": \"invalid-request\",\n  \"title\": \"The request breaks its contract\",\n  \"status\": 422,\n" +
		"  \"remedy\": \"Mend each place in violations. …\",\n  \"violations\": [\n    {\"pointer\": \"/applicant/snils\", \"code\": \"snils\", \"detail\": \"not a SNILS: 11 digits whose check number holds\"}\n  ]\n}\n```\n\n" +
		"`code` is stable, the words are not. `pointer` is a JSON pointer (RFC 6901) into the body that was sent; for a missing member, to where it\n" +
		"should be. `Retry-After` says when to try again, where that is known.\n\n" +
		"| status | code | what it means | what to do |\n|---|---|---|---|\n")
	for _, e := range list {
		fmt.Fprintf(&b, "| %d | `%s` | %s<br>%s | %s<br>%s |\n", e.Status, e.Code, cell(e.Title.EN), cell(e.Title.RU), cell(e.Remedy.EN), cell(e.Remedy.RU))
	}
	return b.Bytes()
}

func cell(s string) string { return strings.NewReplacer("|", "\\|", "<", "&lt;").Replace(s) }

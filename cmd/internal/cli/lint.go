package cli

import (
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"sluice/adapters"
	"sluice/adapters/proof"
	"sluice/contracts/diag"
	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
)

// LintCmd proves the manifests and mappings of a workspace against its contracts.
type LintCmd struct {
	Dir    string `arg:"" optional:"" help:"A workspace: a folder with adapters/, mappings/ and contracts/. The built-in one when left out."`
	Format string `enum:"text,json,sarif" default:"text" help:"How findings are printed: ${enum}. SARIF 2.1.0 is what code hosts read."`
	Seed   uint64 `help:"Another number varies the texts and numbers of the messages that are tried." placeholder:"N"`
}

// Help stands below the flags.
func (l *LintCmd) Help() string {
	return `First manifests and mappings are checked by the types of both contracts. Then each mapping is run over generated
messages: requests that the service's schema allows go through mapping, codec and an independent validator of the agency's
contract; replies, pushes and failures that the contract allows come back as receipts. A finding names the rule, what it
reads, and the smallest message that shows it.

The exit code is 0 without errors (warnings are none), 1 with errors, 2 when the command line is wrong.`
}

// Run prints every finding. Errors among them make the exit code 1; warnings alone don't.
func (l *LintCmd) Run(c *Context) error {
	w, err := openWorkspace(l.Dir)
	if err != nil {
		return err
	}
	findings, tried, err := l.findings(c, w)
	if err != nil {
		return err
	}
	switch l.Format {
	case "json":
		err = printAny(c.Out, plainFindings(findings))
	case "sarif":
		err = printAny(c.Out, sarif(findings))
	default:
		printFindings(c.Out, findings)
		fmt.Fprintf(c.Out, "%d agencies are whole, with %d mappings; %d left out; %d messages tried, %d refused by required(); %d findings\n",
			len(w.registry.Agencies()), countMappings(w.registry), len(w.registry.Broken()), tried.Messages, tried.Refused, len(findings))
	}
	if err == nil && slices.ContainsFunc(findings, func(f proof.Finding) bool { return f.Severity == diag.Error }) {
		err = ErrFindings
	}
	return err
}

// findings are what types and what messages show, by file and line.
func (l *LintCmd) findings(c *Context, w *workspace) (findings []proof.Finding, tried proof.Report, err error) {
	for _, p := range w.problems {
		findings = append(findings, proof.Finding{Problem: p})
	}
	agencies := w.registry.Agencies()
	reports := make([]proof.Report, len(agencies))
	group, ctx := errgroup.WithContext(c.Ctx)
	for i, a := range agencies {
		group.Go(func() (err error) {
			p := &proof.Prover{FS: w.fsys, Services: w.services, Seed: l.Seed}
			reports[i], err = p.Agency(ctx, a)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, tried, err
	}
	for _, r := range reports {
		tried.Messages += r.Messages
		tried.Refused += r.Refused
		for _, f := range r.Findings {
			f.Problem = w.located(diag.List{f.Problem})[0]
			findings = append(findings, f)
		}
	}
	return findings, tried, nil
}

func countMappings(r *adapters.Registry) int {
	mappings := map[string]bool{}
	for _, a := range r.Agencies() {
		for _, s := range a.Services {
			if s.MappingFile != "" {
				mappings[s.MappingFile] = true
			}
		}
	}
	return len(mappings)
}

// printFindings writes findings for people.
func printFindings(out io.Writer, findings []proof.Finding) {
	for _, f := range findings {
		fmt.Fprintln(out, f.Text())
		if len(f.Sources) > 0 {
			fmt.Fprintf(out, "    it reads %s\n", strings.Join(f.Sources, ", "))
		}
		if f.Instance == nil {
			continue
		}
		if text, err := jsonschema.AppendJSON(nil, abridged(f.Instance)); err == nil {
			fmt.Fprintf(out, "    %d messages fail so, the smallest is %s\n", f.Times, text)
		}
	}
}

// abridged cuts long texts in the middle: one at its bound may be a thousand times the same letter.
func abridged(v any) any {
	const long, end = 80, 10
	switch v := v.(type) {
	case *tree.Object:
		out := tree.Sized(v.Len())
		for key, value := range v.All() {
			out.Set(key, abridged(value))
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = abridged(value)
		}
		return out
	case string:
		if n := utf8.RuneCountInString(v); n > long {
			runes := []rune(v)
			return fmt.Sprintf("%s… (%d characters) …%s", string(runes[:end]), n, string(runes[n-end:]))
		}
	}
	return v
}

// finding is a finding as other tools read it.
type finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line,omitempty"`
	Column   int      `json:"column,omitempty"`
	Severity string   `json:"severity"`
	Code     string   `json:"code,omitempty"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"`
	Sources  []string `json:"sources,omitempty"`  // what the rule reads
	Instance any      `json:"instance,omitempty"` // the smallest message that shows it
	Times    int      `json:"times,omitempty"`    // how many of the messages that were tried show it
}

func plainFindings(findings []proof.Finding) []finding {
	out := make([]finding, len(findings))
	for i, f := range findings {
		out[i] = finding{f.File, f.Line, f.Column, f.Severity.String(), f.Code, f.Message, f.Hint, f.Sources, f.Instance, f.Times}
	}
	return out
}

// object is a piece of a SARIF log.
type object = map[string]any

// sarif makes a log of the Static Analysis Results Interchange Format, version 2.1.0 (OASIS).
func sarif(findings []proof.Finding) object {
	results, rules, known := []object{}, []object{}, map[string]bool{}
	for _, f := range findings {
		if !known[f.Code] {
			known[f.Code] = true
			rules = append(rules, object{"id": f.Code})
		}
		text := f.Message
		if f.Hint != "" {
			text += "; " + f.Hint
		}
		place := object{"artifactLocation": object{"uri": (&url.URL{Path: filepath.ToSlash(f.File)}).EscapedPath()}}
		if f.Line > 0 {
			region := object{"startLine": f.Line}
			if f.Column > 0 {
				region["startColumn"] = f.Column
			}
			place["region"] = region
		}
		result := object{"ruleId": f.Code, "level": f.Severity.String(), "message": object{"text": text},
			"locations": []object{{"physicalLocation": place}}}
		if f.Instance != nil {
			result["properties"] = object{"sources": f.Sources, "instance": f.Instance, "times": f.Times}
		}
		results = append(results, result)
	}
	return object{
		"$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		"version": "2.1.0",
		"runs": []object{{
			"tool":       object{"driver": object{"name": "sluice lint", "rules": rules}},
			"columnKind": "unicodeCodePoints",
			"results":    results,
		}},
	}
}

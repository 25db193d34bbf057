package cli

import (
	"encoding/json"
	"fmt"

	"sluice/contracts/diag"
)

// LintCmd proves the manifests and mappings of a workspace against its contracts.
type LintCmd struct {
	Dir  string `arg:"" optional:"" help:"A workspace: a folder with adapters/, mappings/ and contracts/. The built-in one when left out."`
	JSON bool   `help:"Print the findings as JSON, for other tools." name:"json"`
}

// Run prints every finding. Errors among them make the exit code 1; warnings alone don't.
func (l *LintCmd) Run(c *Context) error {
	w, err := openWorkspace(l.Dir)
	if err != nil {
		return err
	}
	if l.JSON {
		if err := printFindings(c, w.problems); err != nil {
			return err
		}
	} else {
		for _, p := range w.problems {
			fmt.Fprintln(c.Out, p.Text())
		}
		mappings := map[string]bool{}
		for _, a := range w.registry.Agencies() {
			for _, s := range a.Services {
				if s.MappingFile != "" {
					mappings[s.MappingFile] = true
				}
			}
		}
		fmt.Fprintf(c.Out, "%d agencies are whole, with %d mappings; %d left out; %d findings\n",
			len(w.registry.Agencies()), len(mappings), len(w.registry.Broken()), len(w.problems))
	}
	if w.problems.Err() != nil {
		return ErrFindings
	}
	return nil
}

// finding is a problem as other tools read it.
type finding struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Column   int    `json:"column,omitempty"`
	Severity string `json:"severity"`
	Code     string `json:"code,omitempty"`
	Message  string `json:"message"`
	Hint     string `json:"hint,omitempty"`
}

func printFindings(c *Context, problems diag.List) error {
	findings := make([]finding, len(problems))
	for i, p := range problems {
		findings[i] = finding{p.File, p.Line, p.Column, p.Severity.String(), p.Code, p.Message, p.Hint}
	}
	enc := json.NewEncoder(c.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(findings)
}

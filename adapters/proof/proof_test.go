package proof_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"sluice"
	"sluice/adapters"
	"sluice/adapters/builtin"
	"sluice/adapters/proof"
	"sluice/contracts/canonical"
	"sluice/contracts/jsonschema"
)

var update = flag.Bool("update", false, "write the findings into testdata")

// load opens a workspace; its agencies must pass the static checks.
func load(t *testing.T, workspace fs.FS) (*canonical.Services, *adapters.Registry) {
	t.Helper()
	contracts, err := fs.Sub(workspace, "contracts")
	if err != nil {
		t.Fatal(err)
	}
	services, err := canonical.LoadServices(contracts)
	if err != nil {
		t.Fatal(err)
	}
	registry, err := adapters.Load(builtin.Drivers(), services, nil, adapters.Workspace{FS: workspace, Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return services, registry
}

// TestFindings proves small workspaces, each of which has one fault that types don't see.
func TestFindings(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) < 9 {
		t.Fatalf("%d archives, %v", len(files), err)
	}
	clean, err := txtar.ParseFile("testdata/clean.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			own, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			workspace := fstest.MapFS{}
			for _, f := range append(clean.Files, own.Files...) {
				workspace[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			services, registry := load(t, workspace)
			p := &proof.Prover{FS: workspace, Services: services}
			report, err := p.Agency(context.Background(), registry.Agencies()[0])
			if err != nil {
				t.Fatal(err)
			}
			got := written(t, report)
			if *update {
				last := &own.Files[len(own.Files)-1]
				last.Data = []byte(got)
				if err := os.WriteFile(file, txtar.Format(own), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(workspace["findings.txt"].Data); got != want && !*update {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestReference holds the list of codes that docs/mappings.md explains against the source, and wants an archive of each.
func TestReference(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	codes := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\tCode\w+ += "([a-z-]+)"`).FindAllStringSubmatch(read("proof.go"), -1) {
		codes[m[1]] = true
	}
	archives := ""
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		archives += read(file)
	}
	_, table, found := strings.Cut(read("../../docs/mappings.md"), "\nThese come of messages that `sluice lint` makes")
	rows := regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| [^|]+ \\| [^|]+ \\|$").FindAllStringSubmatch(table, -1)
	if !found || len(rows) != len(codes) || strings.Count(table, "\n| `") != len(rows) {
		t.Errorf("the page explains %d codes of %d", len(rows), len(codes))
	}
	for _, row := range rows {
		if !codes[row[1]] {
			t.Errorf("the page explains %q, which nothing reports", row[1])
		}
		if !strings.Contains(archives, "["+row[1]+"]") {
			t.Errorf("no archive has a finding %q", row[1])
		}
	}
}

// written is a report as testdata has it.
func written(t *testing.T, r proof.Report) string {
	t.Helper()
	var b strings.Builder
	for _, f := range r.Findings {
		fmt.Fprintln(&b, f.Text())
		if f.Sources != nil {
			fmt.Fprintf(&b, "reads %s\n", strings.Join(f.Sources, ", "))
		}
		if f.Instance != nil {
			text, err := jsonschema.AppendJSON(nil, f.Instance)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "%s\n", text)
		}
	}
	if r.Refused > 0 {
		fmt.Fprintf(&b, "%d refused\n", r.Refused)
	}
	return b.String()
}

// TestBuiltIn: the agencies of the binary have no findings, and each is really tried.
func TestBuiltIn(t *testing.T) {
	services, registry := load(t, sluice.Workspace)
	for _, a := range registry.Agencies() {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			p := &proof.Prover{FS: sluice.Workspace, Services: services, Seed: 7}
			report, err := p.Agency(context.Background(), a)
			if err != nil {
				t.Fatal(err)
			}
			if text := written(t, proof.Report{Findings: report.Findings}); text != "" {
				t.Error(text)
			}
			if report.Messages < 500 || report.Refused*10 > report.Messages {
				t.Errorf("%d messages were tried, %d refused", report.Messages, report.Refused)
			}
		})
	}
}

// TestDeterminism: one seed always finds the same.
func TestDeterminism(t *testing.T) {
	services, registry := load(t, os.DirFS("../../testdata/gas"))
	var reports [2]proof.Report
	for i := range reports {
		p := &proof.Prover{FS: os.DirFS("../../testdata/gas"), Services: services, Seed: 3}
		var err error
		if reports[i], err = p.Agency(context.Background(), registry.Agencies()[0]); err != nil {
			t.Fatal(err)
		}
	}
	if !reflect.DeepEqual(reports[0], reports[1]) {
		t.Errorf("%+v\nand\n%+v", reports[0], reports[1])
	}
}

// TestCancelled stops when it is told to.
func TestCancelled(t *testing.T) {
	services, registry := load(t, sluice.Workspace)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	p := &proof.Prover{FS: sluice.Workspace, Services: services}
	if _, err := p.Agency(ctx, registry.Agencies()[0]); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}

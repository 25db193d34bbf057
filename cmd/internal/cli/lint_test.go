package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/contracts/tree"
)

// TestLintTypes prints what types show.
func TestLintTypes(t *testing.T) {
	dir := copyGas(t)
	mapping := filepath.Join(dir, "mappings", "gas", "connection.yaml")
	edit(t, mapping, "request.applicant.lastName", "request.applicant.lastNam")
	code, out, _ := runCommand(t, "", "lint", dir)
	for _, want := range []string{mapping + ":", `request.applicant has no field "lastNam" [unknown-path]`, `did you mean "lastName"?`, "^", "0 agencies are whole", "1 left out"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if code != 1 {
		t.Errorf("code %d", code)
	}
}

// copyGas gives a copy of the gas network to break.
func copyGas(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../../testdata/gas")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestLintMessages prints what only messages show, in each of the formats.
func TestLintMessages(t *testing.T) {
	dir := copyGas(t)
	mapping := filepath.Join(dir, "mappings", "gas", "connection.yaml")
	edit(t, mapping, "CadastralNumber: request.payload.site.cadastralNumber", "CadastralNumber: request.payload.site.address.addressStr")
	const message = "what comes out breaks the agency's contract: Apply/Site/CadastralNumber: pattern violation; the contract wants the pattern [0-9]{2}:[0-9]{2}:[0-9]{6,7}:[0-9]{1,10}"

	code, out, errs := runCommand(t, "", "lint", dir)
	for _, want := range []string{mapping + ":29:28: error: " + message + " [breaks-contract]\n", "    it reads request.payload.site.address.addressStr\n",
		"tighten the schema of gas-connection", " messages fail so, the smallest is {\"applicant\":{", " 1 findings\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if code != 1 || errs != "" {
		t.Errorf("code %d, %s", code, errs)
	}

	code, out, _ = runCommand(t, "", "lint", dir, "--format", "json", "--seed", "5")
	var found []finding
	if err := json.Unmarshal([]byte(out), &found); err != nil || code != 1 || len(found) != 1 {
		t.Fatalf("code %d, %v\n%s", code, err, out)
	}
	f := found[0]
	instance, _ := f.Instance.(map[string]any)
	if f.File != mapping || f.Line != 29 || f.Column != 28 || f.Severity != "error" || f.Code != "breaks-contract" || f.Message != message ||
		len(f.Sources) != 1 || f.Times == 0 || instance["service"] != "gas-connection" {
		t.Errorf("got %+v", f)
	}

	code, out, _ = runCommand(t, "", "lint", dir, "--format", "sarif")
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct{ ID string }
				}
			}
			Results []struct {
				RuleID, Level string
				Message       struct{ Text string }
				Locations     []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, StartColumn int }
					}
				}
				Properties struct {
					Sources  []string
					Instance map[string]any
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(out), &log); err != nil || code != 1 || log.Version != "2.1.0" || len(log.Runs) != 1 || len(log.Runs[0].Results) != 1 {
		t.Fatalf("code %d, %v\n%s", code, err, out)
	}
	run := log.Runs[0]
	r := run.Results[0]
	place := r.Locations[0].PhysicalLocation
	if run.Tool.Driver.Name != "sluice lint" || len(run.Tool.Driver.Rules) != 1 || run.Tool.Driver.Rules[0].ID != "breaks-contract" || r.RuleID != "breaks-contract" ||
		r.Level != "error" || !strings.HasPrefix(r.Message.Text, message+"; ") || place.ArtifactLocation.URI != filepath.ToSlash(mapping) ||
		place.Region.StartLine != 29 || place.Region.StartColumn != 28 || len(r.Properties.Sources) != 1 || r.Properties.Instance == nil {
		t.Errorf("got %+v", run)
	}
}

// TestLintWarnings: a warning alone leaves the exit code 0; nothing found is an empty list.
func TestLintWarnings(t *testing.T) {
	dir := copyGas(t)
	if code, out, _ := runCommand(t, "", "lint", dir, "--format", "json"); code != 0 || out != "[]\n" {
		t.Errorf("code %d, %s", code, out)
	}
	if code, out, _ := runCommand(t, "", "lint", dir, "--format", "sarif"); code != 0 || !strings.Contains(out, `"results": []`) {
		t.Errorf("code %d, %s", code, out)
	}
	edit(t, filepath.Join(dir, "contracts", "services", "gas-connection.schema.json"), `"wanted": {`, `"never": { "type": "string", "pattern": "^a$", "minLength": 2 }, "wanted": {`)
	code, out, _ := runCommand(t, "", "lint", dir)
	if code != 0 || !strings.Contains(out, "warning: not tried with requests: /payload/never: no text could be made") {
		t.Errorf("code %d, %s", code, out)
	}
}

func TestLintUsage(t *testing.T) {
	if code, _, errs := runCommand(t, "", "lint", "--format", "xml"); code != 2 || !strings.Contains(errs, `must be one of "text","json","sarif"`) {
		t.Errorf("code %d, %s", code, errs)
	}
}

// TestLintStops when the process is asked to.
func TestLintStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, errs strings.Builder
	if code := Main(&Context{Ctx: ctx, Out: &out, Err: &errs}, []string{"lint"}); code != 1 || out.Len() > 0 || !strings.Contains(errs.String(), "context canceled") {
		t.Errorf("code %d, %s%s", code, out.String(), errs.String())
	}
}

func TestAbridged(t *testing.T) {
	long := strings.Repeat("Щ", 1000)
	got := abridged(tree.Of("a", []any{long, int64(1)}, "b", "short"))
	text, err := json.Marshal(got)
	if want := `{"a":["ЩЩЩЩЩЩЩЩЩЩ… (1000 characters) …ЩЩЩЩЩЩЩЩЩЩ",1],"b":"short"}`; err != nil || string(text) != want {
		t.Errorf("got %s, %v", text, err)
	}
}

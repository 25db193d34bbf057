package cli

import (
	"strings"
	"testing"
)

// TestHelp: each command says what it is for and how it is called.
func TestHelp(t *testing.T) {
	for command, want := range map[string]string{
		"":                  "For integrators:",
		"serve":             "docs/configuration.md lists every key",
		"demo":              "tell the story and exit: 0 when all was well",
		"requests":          "requests cancel",
		"requests list":     "--cursor",
		"requests show":     "The request's id",
		"requests cancel":   "Why; the agency may read it",
		"deliveries list":   "sluice deliveries list --waiting",
		"deliveries causes": "Count what is dead or unconfirmed by its cause",
		"deliveries replay": "ask the agency first",
		"endpoints list":    "--server",
		"endpoints hold":    "--reason",
		"endpoints release": "agency/endpoint, as endpoints list names it",
		"health":            "Exit code 0 when the hub can serve",
		"contract":          "contract validate",
		"contract decode":   "--reading=\"tolerant\"",
		"contract validate": "--reading=\"strict\"",
		"lint":              "A workspace: a folder with adapters/, mappings/ and contracts/",
		"test":              "--update",
		"translate":         "Show what would be sent to an agency, without sending it",
		"version":           "Print the version",
	} {
		code, out, errs := runCommand(t, "", append(strings.Fields(command), "--help")...)
		if code != 0 || errs != "" || !strings.Contains(out, want) || !strings.HasPrefix(out, "Usage: sluice "+command) {
			t.Errorf("%s: code %d, no %q in\n%s%s", command, code, want, out, errs)
		}
	}
}

// TestUsage: a call that can't be meant ends with 2 and says how it is called.
func TestUsage(t *testing.T) {
	for call, want := range map[string]string{
		"endpoints hold zags/moscow":         "missing flags: --reason",
		"endpoints hold zags --reason x":     "write agency/endpoint",
		"requests show":                      `expected "<id>"`,
		"deliveries list --limt 3":           "unknown flag --limt, did you mean",
		"health --server ftp://x":            "is no http(s) URL",
		"lint nowhere":                       "nowhere is no workspace: it has no folder adapters/",
		"translate zags --workspace nowhere": "no such file or directory",
	} {
		code, _, errs := runCommand(t, "", strings.Fields(call)...)
		if code != exitUsage || !strings.Contains(errs, want) || !strings.Contains(errs, "sluice --help lists the commands") {
			t.Errorf("%s: code %d, no %q in\n%s", call, code, want, errs)
		}
	}
}

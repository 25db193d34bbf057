package builtin

import (
	"io/fs"
	"testing"

	"sluice"
	"sluice/adapters"
	"sluice/contracts/canonical"
)

// TestBuiltInWorkspace loads the agencies that come with the binary: manifests, contracts and mappings without a problem.
func TestBuiltInWorkspace(t *testing.T) {
	contracts, err := fs.Sub(sluice.Workspace, "contracts")
	if err != nil {
		t.Fatal(err)
	}
	services, err := canonical.LoadServices(contracts)
	if err != nil {
		t.Fatal(err)
	}
	r, err := adapters.Load(Drivers(), services, nil, adapters.Workspace{FS: sluice.Workspace, Name: "built-in"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, a := range r.Agencies() {
		names = append(names, a.Name)
	}
	if len(names) != 4 {
		t.Errorf("agencies %v, want four", names)
	}
}

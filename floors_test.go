package sluice

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// floors lists the packages' floors from the ground up; a prefix covers what lies below it unless a longer one does.
// A package imports only from its own floor and those below.
var floors = map[string]int{
	"contracts":         0,
	"mappings":          1,
	"adapters":          2,
	"gateway":           3, // the domain
	"gateway/problem":   3,
	"gateway/store":     4,
	"gateway/queue":     4,
	"gateway/auth":      4,
	"gateway/audit":     4,
	"gateway/vault":     4,
	"gateway/telemetry": 4,
	"gateway/requests":  5,
	"gateway/delivery":  5,
	"gateway/documents": 5,
	"gateway/events":    5,
	"gateway/portal":    6,
	"gateway/agency":    6,
	"gateway/console":   6,
	"deploy":            7,
	"cmd":               7,
}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func goList(t *testing.T, args ...string) []listed {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, args...)...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// floorOf returns the floor of one of our packages by its path below the module, and the prefix that decided.
func floorOf(path string) (int, string) {
	for p := path; ; {
		if f, ok := floors[p]; ok {
			return f, p
		}
		i := strings.LastIndexByte(p, '/')
		if i < 0 {
			return -1, ""
		}
		p = p[:i]
	}
}

// TestFloors holds the house together: nobody reaches upstairs, and contracts and mappings know nothing of what uses them.
func TestFloors(t *testing.T) {
	checked := 0
	for _, p := range goList(t, "./...") {
		path, ours := strings.CutPrefix(p.ImportPath, "sluice/")
		if !ours {
			continue // the root: embedded files only
		}
		floor, _ := floorOf(path)
		if floor < 0 {
			t.Errorf("%s stands on no floor: add it to the table in this test, or move it", path)
			continue
		}
		for _, i := range p.Imports {
			target, ours := strings.CutPrefix(i, "sluice/")
			if !ours {
				if i == "sluice" && floor < 7 {
					t.Errorf("%s imports the embedded workspace: only cmd hands it down", path)
				}
				continue
			}
			checked++
			if f, _ := floorOf(target); f > floor {
				t.Errorf("%s (floor %d) imports %s (floor %d): imports go down only", path, floor, target, f)
			}
		}
	}
	if checked < 20 {
		t.Fatalf("only %d imports of our own were seen: the test looks at the wrong place", checked)
	}
}

// TestSimulatorIsIndependent keeps the simulated agencies free of the hub's translation code (contracts/agencies is files alone):
// a fault shared by both sides would cancel itself out unseen.
func TestSimulatorIsIndependent(t *testing.T) {
	for _, p := range goList(t, "./cmd/agencysim", "./cmd/internal/agencysim") {
		for _, d := range p.Deps {
			if ours, ok := strings.CutPrefix(d, "sluice/"); ok && ours != "cmd/internal/agencysim" && ours != "contracts/agencies" {
				t.Errorf("%s depends on %s", p.ImportPath, d)
			}
		}
	}
}

// TestHubLinksNoTools keeps out of the binary what is only for building and for tests. The root package of
// gowsdl ends the process in an init function when it can't make a cache folder.
func TestHubLinksNoTools(t *testing.T) {
	for _, p := range goList(t, "./cmd/sluice") {
		for _, d := range p.Deps {
			switch d {
			case "github.com/hooklift/gowsdl", "testing", "pgregory.net/rapid", "honnef.co/go/tools/staticcheck":
				t.Errorf("cmd/sluice links %s", d)
			}
		}
	}
}

package sample_test

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
)

// TestLaw holds other people's contracts to the law of TestRoundTrip: those below the folder that SLUICE_CONTRACTS names.
// A contract that can't be loaded, and a value that can't be made, are counted by name and never as passed.
func TestLaw(t *testing.T) {
	root := os.Getenv("SLUICE_CONTRACTS")
	if root == "" {
		t.Skip("SLUICE_CONTRACTS names no folder of contracts")
	}
	var n struct {
		files, refused, samples, passed, gaps, unvalidated int
		total, worst                                       time.Duration
	}
	fsys := os.DirFS(root)
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".wsdl" && path.Ext(name) != ".xsd" {
			return err
		}
		n.files++
		start := time.Now()
		s, operations, err := tryLoad(fsys, name)
		if spent := time.Since(start); true {
			n.total, n.worst = n.total+spent, max(n.worst, spent)
		}
		if err != nil {
			n.refused++
			first, _, _ := strings.Cut(err.Error(), "\n")
			t.Logf("%s is refused: %s", name, first)
			return nil
		}
		v, err := s.Validator()
		switch {
		case err != nil:
			n.unvalidated++
			t.Logf("%s can't be validated: %v", name, err)
		case len(v.Unchecked) > 0:
			t.Logf("%s: unchecked are %s", name, strings.Join(v.Unchecked, ", "))
		}
		judge := func(what string, err error) {
			n.samples++
			switch {
			case err == nil:
				n.passed++
			case strings.HasPrefix(err.Error(), "gap at "):
				n.gaps++
				t.Logf("%s %s: %v", name, what, err)
			default:
				t.Errorf("%s %s: %.2000s", name, what, err)
			}
		}
		for _, o := range everyOption(3) {
			for _, e := range s.Elements() {
				judge(e.Name.String(), roundTrip(s, v, e, o))
			}
			for _, op := range operations {
				judge(op.Port+"."+op.Name, envelopes(op, o))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d contracts, %d refused, %d without validator; %d samples, %d passed, %d gaps; compiled in %s, the slowest in %s",
		n.files, n.refused, n.unvalidated, n.samples, n.passed, n.gaps, n.total.Round(time.Millisecond), n.worst.Round(time.Millisecond))
}

func tryLoad(fsys fs.FS, name string) (*xsd.Schema, []*wsdl.Operation, error) {
	if path.Ext(name) == ".wsdl" {
		d, err := wsdl.Load(fsys, name)
		if err != nil {
			return nil, nil, err
		}
		return d.Schema(), d.Operations(), nil
	}
	s, err := xsd.Load(fsys, name)
	return s, nil, err
}

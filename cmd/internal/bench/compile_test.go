package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCompileRows loads a copy of every built-in agency, and compiles three contracts of a folder, of which one is broken.
func TestCompileRows(t *testing.T) {
	compile := func(_ context.Context, s *session) error { return s.compile(4) }
	t.Setenv(contractsVariable, "")
	rows(t, compile, "4 agencies loaded, heap", "4 agencies loaded, time")

	dir := t.TempDir()
	for name, text := range map[string]string{"a/tree.xsd": treeContract, "b.xsd": treeContract, "broken.wsdl": "<wsdl", "notes.txt": "none"} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv(contractsVariable, dir)
	rows(t, compile, "4 agencies loaded, heap", "4 agencies loaded, time", "the slowest contract compiled", "all contracts compiled")
	c, err := compileAll(os.DirFS(dir))
	if err != nil || c.files != 3 || c.refused != 1 || c.total < c.most {
		t.Errorf("%+v, %v", c, err)
	}

	t.Setenv(contractsVariable, t.TempDir())
	var out bytes.Buffer
	if err := compile(t.Context(), &session{out: &out, dir: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "holds no .wsdl") {
		t.Errorf("a folder without contracts: %v", err)
	}
}

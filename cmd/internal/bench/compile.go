package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"time"

	"sluice"
	"sluice/adapters"
	"sluice/adapters/builtin"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
)

// contractsVariable names a folder of other people's contracts, each of which is compiled.
const contractsVariable = "SLUICE_CONTRACTS"

func benchCompile(_ context.Context, s *session) error { return s.compile(200) }

// compile loads as many agencies, the built-in ones again and again, and whatever contracts there are.
func (s *session) compile(agencies int) error {
	dir := filepath.Join(s.dir, "agencies")
	if err := copyAgencies(dir, sluice.Workspace, agencies); err != nil {
		return err
	}
	heap, spent, err := loadAgencies(dir, agencies)
	if err != nil {
		return err
	}
	s.note("%d agencies: the built-in ones under other names, each with contract and mapping of its own; in processor time, the collector's included, and what of the heap is live then", agencies)
	s.add(absolute(fmt.Sprintf("%d agencies loaded, heap", agencies), float64(heap)/1e6, "MB", atMost(300)))
	s.add(row{name: fmt.Sprintf("%d agencies loaded, time", agencies), ours: quantity(spent.Seconds(), "s"), floor: "-", shown: "-", target: noTarget})
	root := os.Getenv(contractsVariable)
	if root == "" {
		s.note("%s names no folder of contracts: none is compiled", contractsVariable)
		return nil
	}
	c, err := compileAll(os.DirFS(root))
	if err != nil {
		return err
	}
	if c.files == 0 {
		return fmt.Errorf("%s=%s holds no .wsdl and no .xsd", contractsVariable, root)
	}
	s.note("%d contracts of %s, of which %d are refused; in processor time, the slowest is %s", c.files, contractsVariable, c.refused, c.slowest)
	s.add(absolute("the slowest contract compiled", c.most.Seconds(), "s", atMost(1)))
	s.add(absolute("all contracts compiled", c.total.Seconds(), "s", atMost(10)))
	return nil
}

// copyAgencies writes a workspace of n agencies, which have the manifests, mappings and contracts of those of a workspace.
func copyAgencies(dir string, from fs.FS, n int) error {
	manifests, err := fs.Glob(from, "adapters/*/adapter.yaml")
	if err != nil {
		return err
	}
	for i := range n {
		name := path.Base(path.Dir(manifests[i%len(manifests)]))
		copied := fmt.Sprintf("%s-%d", name, i/len(manifests)+1)
		for _, folder := range []string{"adapters", "mappings", "contracts/agencies"} {
			sub, err := fs.Sub(from, path.Join(folder, name))
			if err != nil {
				return err
			}
			if _, err := fs.Stat(sub, "."); err != nil {
				continue // an agency that is written in Go has no mappings
			}
			if err := os.CopyFS(filepath.Join(dir, filepath.FromSlash(folder), copied), sub); err != nil {
				return err
			}
		}
		file := filepath.Join(dir, "adapters", copied, "adapter.yaml")
		manifest, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		manifest = bytes.Replace(manifest, []byte("agency: "+name), []byte("agency: "+copied), 1)
		manifest = bytes.ReplaceAll(manifest, []byte(" "+name+"/"), []byte(" "+copied+"/"))
		if err := os.WriteFile(file, manifest, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// loadAgencies loads a workspace and says what is live on the heap for it.
func loadAgencies(dir string, want int) (heap uint64, spent time.Duration, err error) {
	_, services, err := loadRegistry()
	if err != nil {
		return 0, 0, err
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := processorTime()
	registry, err := adapters.Load(builtin.Drivers(), services, nil, adapters.Workspace{FS: os.DirFS(dir), Name: "copies"})
	spent = processorTime() - start
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err == nil && len(registry.Agencies()) != want {
		err = fmt.Errorf("%d agencies are loaded, not %d", len(registry.Agencies()), want)
	}
	return after.HeapAlloc - before.HeapAlloc, spent, err
}

// compiled is what compiling contracts took.
type compiled struct {
	files, refused int
	total, most    time.Duration
	slowest        string
}

func compileAll(fsys fs.FS) (c compiled, err error) {
	err = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		start := processorTime()
		switch path.Ext(name) {
		case ".wsdl":
			_, err = wsdl.Load(fsys, name)
		case ".xsd":
			_, err = xsd.Load(fsys, name)
		default:
			return nil
		}
		spent := processorTime() - start
		c.files++
		if err != nil {
			c.refused++
		}
		c.total += spent
		if spent > c.most {
			c.most, c.slowest = spent, name
		}
		return nil
	})
	return c, err
}

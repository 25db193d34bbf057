package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"sluice"
	"sluice/adapters"
	"sluice/adapters/builtin"
	"sluice/contracts/canonical"
	"sluice/contracts/diag"
)

// workspace is a folder of agencies, loaded offline: without credentials, for what sends nothing.
type workspace struct {
	dir      string // "" is the built-in one
	fsys     fs.FS
	services *canonical.Services
	registry *adapters.Registry
	problems diag.List // what was left out and why, then warnings
}

// openWorkspace loads the agencies of a folder, or those of the binary where dir is "". The error says that there is
// no workspace; what is wrong inside it is in problems.
func openWorkspace(dir string) (*workspace, error) {
	w := &workspace{dir: dir, fsys: sluice.Workspace}
	name := "built-in"
	if dir != "" {
		if err := isWorkspace(dir); err != nil {
			return nil, err
		}
		w.fsys, name = os.DirFS(dir), dir
	}
	roots, err := contractRoots(w.fsys, dir)
	if err != nil {
		return nil, err
	}
	if w.services, err = canonical.LoadServices(roots...); w.services == nil {
		return nil, fmt.Errorf("loading the services' schemas: %w", err)
	}
	w.problems = diag.Of(err)
	w.registry, err = adapters.Load(builtin.Drivers(), w.services, nil, adapters.Workspace{FS: w.fsys, Name: name})
	for _, p := range diag.Of(err) {
		if p.Code != "nothing-to-replace" { // the built-in agencies are not loaded beside these
			w.problems = append(w.problems, p)
		}
	}
	for _, a := range w.registry.Agencies() {
		w.problems = append(w.problems, a.Warnings...)
	}
	w.problems = w.located(w.problems)
	w.problems.Sort()
	return w, nil
}

// located copies problems with their files named from where the user is.
func (w *workspace) located(problems diag.List) diag.List {
	problems = slices.Clone(problems)
	for i := range problems {
		if f := problems[i].File; f != "" && w.dir != "" {
			problems[i].File = filepath.Join(w.dir, filepath.FromSlash(f))
		}
	}
	return problems
}

func isWorkspace(dir string) error {
	info, err := os.Stat(filepath.Join(dir, "adapters"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Usagef("%s is no workspace: it has no folder adapters/ (beside it stand mappings/ and contracts/)", dir)
	case err != nil:
		return err
	case !info.IsDir():
		return Usagef("%s is no workspace: adapters is no folder", dir)
	}
	return nil
}

// contractRoots lists where services' schemas are: those of the binary, and the workspace's own. A workspace that has
// the canonical model too is a copy of the built-in one, and stands alone.
func contractRoots(fsys fs.FS, dir string) ([]fs.FS, error) {
	own, err := fs.Sub(fsys, "contracts")
	if err != nil {
		return nil, err
	}
	if _, err := fs.Stat(own, path.Join("canonical", "schemas")); err == nil || dir == "" {
		return []fs.FS{own}, nil
	}
	base, err := fs.Sub(sluice.Workspace, "contracts")
	if err != nil {
		return nil, err
	}
	return []fs.FS{base, own}, nil
}

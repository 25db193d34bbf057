package cli

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"sluice/adapters/examples"
)

// TestCmd runs the examples that stand beside the mappings of a workspace.
type TestCmd struct {
	Dir    string `arg:"" optional:"" help:"A workspace: a folder with adapters/, mappings/ and contracts/. The built-in one when left out."`
	Update bool   `help:"Write what comes out into the examples instead of comparing it. Look at the difference before you commit it."`
}

// Run prints what fails, and what was written.
func (t *TestCmd) Run(c *Context) error {
	if t.Update && t.Dir == "" {
		return Usagef("--update needs the folder to write to, such as sluice test --update .")
	}
	w, err := openWorkspace(t.Dir)
	if err != nil {
		return err
	}
	if w.problems.Err() != nil {
		c.PrintProblems(w.problems)
		fmt.Fprintln(c.Err, "the agencies above are left out; sluice lint checks them alone")
	}
	r := &examples.Runner{FS: w.fsys, Services: w.services}
	if t.Update {
		r.Write = func(file string, data []byte) error {
			return os.WriteFile(filepath.Join(t.Dir, filepath.FromSlash(file)), data, 0o644)
		}
	}
	passed, failed, bare := 0, 0, []string{}
	for _, a := range w.registry.Agencies() {
		for _, name := range slices.Sorted(maps.Keys(a.Services)) {
			results, err := r.Service(c.Ctx, a, a.Services[name])
			if err != nil {
				return err
			}
			if len(results) == 0 && a.Services[name].Mapping != nil {
				bare = append(bare, a.Services[name].MappingFile)
			}
			for _, x := range results {
				file := filepath.Join(t.Dir, filepath.FromSlash(x.File))
				switch {
				case x.Failure != "":
					failed++
					fmt.Fprintf(c.Out, "FAIL %s\n     %s\n", file, x.Failure)
				case x.Written:
					fmt.Fprintf(c.Out, "wrote %s\n", file)
				default:
					passed++
				}
			}
		}
	}
	for _, file := range bare {
		fmt.Fprintf(c.Out, "mappings/%s has no examples: put them into %s/NN-what-it-shows/\n", file, examples.Folder(file))
	}
	fmt.Fprintf(c.Out, "%d files hold, %d fail\n", passed, failed)
	if failed > 0 || w.problems.Err() != nil {
		return ErrFindings
	}
	return nil
}

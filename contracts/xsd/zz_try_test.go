package xsd

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
	"time"
)

func TestZZ(t *testing.T) {
	root := os.DirFS("/work/shared/contracts")
	n, ok, vok := 0, 0, 0
	only := os.Getenv("ONLY")
	shown := 0
	fs.WalkDir(root, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(p) != ".xsd" || !strings.Contains(p, only) {
			return nil
		}
		n++
		t0 := time.Now()
		s, err := Load(root, p)
		el := time.Since(t0)
		if err != nil {
			t.Logf("LOAD %s: %s", p, strings.SplitN(err.Error(), "\n", 2)[0])
			return nil
		}
		ok++
		t0 = time.Now()
		_, err = s.Validator()
		if err != nil {
			if shown++; shown < 10 {
				t.Logf("VALIDATOR %s: %.700s", p, err.Error())
			}
		} else {
			vok++
		}
		if d := time.Since(t0); d > 3*time.Second || el > time.Second {
			t.Logf("slow %s: load %v validator %v", p, el, d)
		}
		return nil
	})
	t.Logf("%d files, %d load, %d validators", n, ok, vok)
}

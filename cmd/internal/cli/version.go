package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// VersionCmd prints what this binary was built from.
type VersionCmd struct{}

// Run prints the module's version, the commit where it is known, and Go's version.
func (*VersionCmd) Run(c *Context) error {
	fmt.Fprintf(c.Out, "sluice %s (%s %s/%s)\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 && (v == "" || v == "(devel)") {
			v = s.Value[:12]
		}
	}
	if v == "" {
		return "devel"
	}
	return v
}

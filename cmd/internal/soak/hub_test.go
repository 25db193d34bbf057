package soak

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"sluice/cmd/internal/process"
)

// hub is the hub as a process of its own, so that it can be killed as one.
type hub struct {
	*process.Hub
	t          *testing.T
	kills      int
	restartMax time.Duration // the longest time from a start to readiness
}

// newHub builds the binary under test and makes a hub that keeps everything in dir.
func newHub(t *testing.T, dir string) *hub {
	t.Helper()
	binary := filepath.Join(dir, "sluice")
	cmd := exec.Command("go", "build", "-o", binary, "sluice/cmd/sluice")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the hub: %v\n%s", err, out)
	}
	h, err := process.NewHub(dir, binary)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return &hub{Hub: h, t: t}
}

func (h *hub) start(ctx context.Context) {
	h.t.Helper()
	took, err := h.Start(ctx)
	if err != nil {
		h.t.Fatal(err)
	}
	h.restartMax = max(h.restartMax, took)
}

func (h *hub) kill() {
	h.Kill()
	h.kills++
}

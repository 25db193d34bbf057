package soak

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The secrets of the run; they guard loopback only.
const (
	portalToken   = "soak-portal-token-0123456789"
	agencyToken   = "soak-agency-token-0123456789" // of ZAGS
	socialToken   = "soak-social-token-0123456789"
	operatorToken = "soak-operator-token-0123456789"
	webhookSecret = "whsec_c29hayB3ZWJob29rIHNlY3JldCAwMTIzNDU2Nzg5"
)

// hub is the hub as a process of its own, so that it can be killed as one.
type hub struct {
	t          *testing.T
	binary     string
	config     string
	env        []string
	log        *os.File
	portal     string
	agencies   string
	operators  string
	cmd        *exec.Cmd
	ended      chan struct{} // closed when the process has ended
	kills      int
	restartMax time.Duration // the longest time from a start to readiness
}

// buildHub builds the binary under test.
func buildHub(t *testing.T, dir string) string {
	t.Helper()
	binary := filepath.Join(dir, "sluice")
	cmd := exec.Command("go", "build", "-o", binary, "sluice/cmd/sluice")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building the hub: %v\n%s", err, out)
	}
	return binary
}

// freeAddress finds a port on loopback that nobody uses now.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// writeConfig writes sluice.yaml for a workspace and a webhook.
func (h *hub) writeConfig(dir, workspace, webhook string) {
	h.t.Helper()
	h.config = filepath.Join(dir, "sluice.yaml")
	text := fmt.Sprintf(`database: %q
workspaces: [%q]
listen:
  portal: { address: %q }
  agencies: { address: %q }
  operators: { address: %q }
clients:
  portal:
    token: env:SOAK_PORTAL
    webhook: { url: %q, secret: env:SOAK_WEBHOOK }
agencies:
  zags: { token: env:SOAK_AGENCY }
  social: { token: env:SOAK_SOCIAL }
operators:
  night: { token: env:SOAK_OPERATOR }
retry: { first: 500ms, max: 4s }
`, filepath.Join(dir, "sluice.db"), workspace, h.portal, h.agencies, h.operators, webhook)
	if err := os.WriteFile(h.config, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	h.env = append(os.Environ(),
		"SOAK_PORTAL="+portalToken, "SOAK_AGENCY="+agencyToken, "SOAK_SOCIAL="+socialToken, "SOAK_OPERATOR="+operatorToken, "SOAK_WEBHOOK="+webhookSecret)
}

// start starts the hub and waits until it is ready.
func (h *hub) start(ctx context.Context) {
	h.t.Helper()
	began := time.Now()
	h.cmd = exec.Command(h.binary, "serve", "--config", h.config)
	h.cmd.Env, h.cmd.Stdout, h.cmd.Stderr = h.env, h.log, h.log
	if err := h.cmd.Start(); err != nil {
		h.t.Fatal(err)
	}
	ended := make(chan struct{})
	h.ended = ended
	go func(c *exec.Cmd) {
		_ = c.Wait() // killed: the state of the process says no more than that
		close(ended)
	}(h.cmd)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if h.ready(ctx) {
			h.restartMax = max(h.restartMax, time.Since(began))
			return
		}
		select {
		case <-tick.C:
		case <-ended:
			h.t.Fatalf("the hub ended before it was ready:\n%s", h.tail())
		case <-ctx.Done():
			h.t.Fatalf("the hub was not ready in time:\n%s", h.tail())
		}
	}
}

func (h *hub) ready(ctx context.Context) bool {
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.operators+"/readyz", nil)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode == http.StatusOK
}

// kill ends the hub as a power cut would: no handler of its own runs.
func (h *hub) kill() {
	_ = h.cmd.Process.Kill() // SIGKILL; an error means that it has ended
	<-h.ended
	h.kills++
}

// tail returns the end of the hub's log.
func (h *hub) tail() string {
	b, err := os.ReadFile(h.log.Name())
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-30):], "\n")
}

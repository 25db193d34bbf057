package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"sluice/cmd/internal/simulated"
)

// The secrets that a Hub is configured with; they guard loopback only.
const (
	PortalToken   = "process-portal-token-0123456789"
	ZAGSToken     = "process-agency-token-0123456789"
	SocialToken   = "process-social-token-0123456789"
	OperatorToken = "process-operator-token-0123456789"
	WebhookSecret = "whsec_cHJvY2VzcyB3ZWJob29rIHNlY3JldCAwMTIzNDU2"
)

// Hub is `sluice serve`. Make it by NewHub, tell it about the world by Configure, then Start it as often as you like.
type Hub struct {
	process
	Portal, Agencies, Operators string // the doors' addresses, host:port

	dir, config string
	env         []string
}

// NewHub chooses the doors of a hub that keeps everything in dir.
func NewHub(dir, binary string) (*Hub, error) {
	h := &Hub{process: process{binary: binary}, dir: dir}
	var errs [4]error
	h.Portal, errs[0] = freeAddress()
	h.Agencies, errs[1] = freeAddress()
	h.Operators, errs[2] = freeAddress()
	h.log, errs[3] = os.Create(filepath.Join(dir, "hub.log"))
	return h, errors.Join(errs[:]...)
}

// Settings are what Configure writes.
type Settings struct {
	Workspace string        // "" leaves the built-in agencies as they are
	Webhook   string        // where the portal's events go; "" tells none
	First     time.Duration // retry.first; 0 leaves both as they are
	Max       time.Duration // retry.max
}

// Configure writes sluice.yaml.
func (h *Hub) Configure(s Settings) error {
	h.config = filepath.Join(h.dir, "sluice.yaml")
	workspaces, webhook, retry := "", "", ""
	if s.Workspace != "" {
		workspaces = fmt.Sprintf("%q", s.Workspace)
	}
	if s.Webhook != "" {
		webhook = fmt.Sprintf("\n    webhook: { url: %q, secret: env:HUB_WEBHOOK }", s.Webhook)
	}
	if s.First > 0 {
		retry = fmt.Sprintf("retry: { first: %s, max: %s }\n", s.First, s.Max)
	}
	text := fmt.Sprintf(`database: %q
workspaces: [%s]
listen:
  portal: { address: %q }
  agencies: { address: %q }
  operators: { address: %q }
clients:
  portal:
    token: env:HUB_PORTAL%s
agencies:
  zags: { token: env:HUB_ZAGS }
  social: { token: env:HUB_SOCIAL }
operators:
  night: { token: env:HUB_OPERATOR }
%s`, filepath.Join(h.dir, "sluice.db"), workspaces, h.Portal, h.Agencies, h.Operators, webhook, retry)
	h.env = append(os.Environ(), "HUB_PORTAL="+PortalToken, "HUB_ZAGS="+ZAGSToken, "HUB_SOCIAL="+SocialToken,
		"HUB_OPERATOR="+OperatorToken, "HUB_WEBHOOK="+WebhookSecret)
	for name, value := range simulated.Credentials() {
		h.env = append(h.env, name+"="+value)
	}
	return os.WriteFile(h.config, []byte(text), 0o600)
}

// pause is how often a starting hub is asked whether it is ready.
const pause = 5 * time.Millisecond

// Start starts the hub and waits until it is ready; it returns how long that took.
func (h *Hub) Start(ctx context.Context) (time.Duration, error) {
	began := time.Now()
	if err := h.start(h.env, h.log, "serve", "--config", h.config); err != nil {
		return 0, err
	}
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if h.ready(ctx) {
			return time.Since(began), nil
		}
		select {
		case <-tick.C:
		case <-h.ended:
			return 0, h.failed("was not ready", errEnded)
		case <-ctx.Done():
			h.Kill()
			return 0, h.failed("was not ready", ctx.Err())
		}
	}
}

func (h *Hub) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+h.Operators+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode == http.StatusOK
}

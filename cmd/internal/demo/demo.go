// Package demo shows the hub at work with nothing installed: hub, simulated agencies and a portal's webhook in one
// process, four sample requests from canonical JSON to their final status, an outage and the recovery.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice"
	"sluice/cmd/internal/agencysim"
	"sluice/cmd/internal/app"
	"sluice/cmd/internal/config"
	"sluice/cmd/internal/simulated"
)

// The demo's secrets. They guard loopback only, and everybody knows them.
const (
	PortalToken   = "demo-portal-token-0001"
	AgencyToken   = "demo-agency-token-0001" // of ZAGS
	SocialToken   = "demo-social-token-0001"
	OperatorToken = "demo-operator-token-0001"
	webhookSecret = "whsec_ZGVtbyB3ZWJob29rIHNlY3JldCAwMTIzNDU2Nzg5"
)

// Options say how the demo runs.
type Options struct {
	Once bool      // end when the story is told, instead of staying up
	Free bool      // take free ports instead of 8080, 8081 and 8082
	Out  io.Writer // the story
	Log  io.Writer // the hub's own log; nil discards it
}

// limit is the longest that the story may take.
const limit = 30 * time.Second

// demo is everything, running.
type demo struct {
	printer
	sim    *agencysim.Sim
	hub    *app.App
	events *receiver
	portal portal
}

// Run tells the story. The error is nil when every request ended as it should; without Once it then serves until
// ctx ends.
func Run(ctx context.Context, o Options) error {
	dir, err := os.MkdirTemp("", "sluice-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log := slog.New(slog.DiscardHandler)
	if o.Log != nil {
		log = slog.New(slog.NewTextHandler(o.Log, nil))
	}
	d := &demo{printer: printer{o.Out}}
	if d.events, err = startReceiver(webhookSecret); err != nil {
		return err
	}
	defer d.events.close()

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	doors := doors{"127.0.0.1:8080", "127.0.0.1:8081", "127.0.0.1:8082"}
	if o.Free {
		if doors, err = freeDoors(); err != nil {
			return err
		}
	}
	d.sim, err = agencysim.Start(ctx, agencysim.Config{
		StepDelay: 700 * time.Millisecond,
		Push: map[string]agencysim.Target{
			agencysim.ZAGS:   {URL: "http://" + doors.agencies + "/agencies/zags", Token: AgencyToken},
			agencysim.Social: {URL: "http://" + doors.agencies + "/agencies/social/status", Token: SocialToken},
		},
	})
	if err != nil {
		return err
	}
	defer d.sim.Close() //nolint:errcheck // the demo is over
	if err := d.openHub(ctx, dir, doors, log); err != nil {
		return err
	}
	g, running := errgroup.WithContext(ctx)
	g.Go(func() error { return d.hub.Run(running) })
	g.Go(func() error {
		told, done := context.WithTimeoutCause(running, limit, fmt.Errorf("the story was not over after %v", limit))
		defer done()
		if err := d.tell(told); err != nil {
			return err
		}
		if o.Once {
			cancel()
			return nil
		}
		d.next(doors)
		return nil
	})
	if err := g.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// openHub makes the hub as a user would: from a sluice.yaml and a workspace.
func (d *demo) openHub(ctx context.Context, dir string, at doors, log *slog.Logger) error {
	workspace := filepath.Join(dir, "workspace")
	pace := simulated.Pace{Attempt: 3 * time.Second, Open: time.Second, Of: 4, Settle: time.Second,
		First: time.Second, Every: time.Second, Quiet: 5 * time.Second}
	if err := simulated.Workspace(workspace, sluice.Workspace, d.sim.AgencyURL, pace); err != nil {
		return err
	}
	text := fmt.Sprintf(`database: %q
workspaces: [%q]
listen:
  portal: { address: %q }
  agencies: { address: %q }
  operators: { address: %q }
clients:
  demo:
    token: env:DEMO_PORTAL
    webhook: { url: %q, secret: env:DEMO_WEBHOOK }
agencies:
  zags: { token: env:DEMO_AGENCY }
  social: { token: env:DEMO_SOCIAL }
operators:
  demo: { token: env:DEMO_OPERATOR }
stop: 2s
retry: { first: 300ms, max: 1s }
`, filepath.Join(dir, "sluice.db"), workspace, at.portal, at.agencies, at.operators, d.events.url)
	user, problems := config.Load("demo", []byte(text), nil)
	if err := problems.Err(); err != nil {
		return err
	}
	secrets := simulated.Credentials()
	secrets["DEMO_PORTAL"], secrets["DEMO_AGENCY"], secrets["DEMO_OPERATOR"] = PortalToken, AgencyToken, OperatorToken
	secrets["DEMO_WEBHOOK"], secrets["DEMO_SOCIAL"] = webhookSecret, SocialToken
	var err error
	d.hub, err = app.New(ctx, app.Config{
		User: user, Log: log,
		Env: func(name string) (string, bool) { v, ok := secrets[name]; return v, ok },
	})
	if err != nil {
		return err
	}
	d.portal.url = d.hub.PortalURL()
	return nil
}

// next tells a newcomer what to try.
func (d *demo) next(at doors) {
	d.title("It stays up. Try, from the repository's folder")
	fmt.Fprintf(d.out, `
  # what became of the requests above
  curl -s http://%[1]s/v1/requests -H 'Authorization: Bearer %[4]s'

  # one of your own; it answers when the agency's number is there
  curl -si http://%[1]s/v1/requests -H 'Authorization: Bearer %[4]s' -H 'Content-Type: application/json' \
    -H 'Idempotency-Key: my-own' -H 'Prefer: wait=5' --data @contracts/services/samples/family-composition.json

  # how the agencies are, as an operator sees them
  curl -s http://%[3]s/v1/endpoints -H 'Authorization: Bearer %[5]s'

  The doors: portals http://%[1]s, agencies http://%[2]s, operators http://%[3]s (docs/ has a page for each).
  The simulated agencies: %[6]s (GET /admin/effects, POST /admin/faults). Ctrl-C ends it all.
`, at.portal, at.agencies, at.operators, PortalToken, OperatorToken, d.sim.URL())
}

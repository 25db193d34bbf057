package cli

import (
	"fmt"
	"os"
	"strings"

	"sluice/cmd/internal/app"
	"sluice/cmd/internal/config"
	"sluice/contracts/diag"
	"sluice/gateway/telemetry"
)

// ServeCmd runs the hub.
type ServeCmd struct {
	Config    string   `help:"The configuration (${env}). Without it the environment and the defaults are all there is." env:"SLUICE_CONFIG" placeholder:"FILE"`
	Check     bool     `help:"Check everything that serving needs, say what is wrong, and exit."`
	Workspace []string `help:"A folder with agencies of your own, beside those that the configuration names. Repeatable." placeholder:"DIR"`
}

// Help explains the command.
func (*ServeCmd) Help() string {
	return `Opens three doors on loopback: portals 8080, agencies 8081, operators 8082. docs/configuration.md lists every key;
each can be given by the environment, too.

Examples:

    sluice serve --config sluice.yaml --check
    sluice serve --config sluice.yaml
    SLUICE_CLIENTS_PORTAL_TOKEN=$(openssl rand -hex 32) sluice serve --workspace ./my-agencies`
}

// Run serves until it is asked to stop.
func (s *ServeCmd) Run(c *Context) error {
	user, err := s.load(c)
	if err != nil {
		return err
	}
	settings := app.Config{User: user, Env: c.Env}
	if s.Check {
		problems := app.Check(c.Ctx, settings)
		if err := c.findings(problems); err != nil {
			return err
		}
		fmt.Fprintln(c.Out, "ready to serve")
		return nil
	}
	if settings.Log, err = telemetry.NewLog(c.Err, user.Log.Level, user.Log.Format); err != nil {
		return err
	}
	a, err := app.New(c.Ctx, settings)
	if err != nil {
		return err
	}
	return a.Run(c.Ctx)
}

// load reads the configuration; warnings are printed, errors returned.
func (s *ServeCmd) load(c *Context) (*config.Config, error) {
	var src []byte
	name := "the environment"
	if s.Config != "" {
		var err error
		if src, err = os.ReadFile(s.Config); err != nil {
			return nil, fmt.Errorf("reading the configuration: %w", err)
		}
		name = s.Config
	}
	user, problems := config.Load(name, src, c.environ())
	user.Workspaces = append(user.Workspaces, s.Workspace...)
	return user, c.findings(problems)
}

// findings prints problems and returns ErrFindings when one of them is an error.
func (c *Context) findings(problems diag.List) error {
	c.PrintProblems(problems)
	if problems.Err() != nil {
		return ErrFindings
	}
	return nil
}

// environ is the environment's variables of ours.
func (c *Context) environ() (ours []string) {
	if c.Environ == nil {
		return nil
	}
	for _, e := range c.Environ() {
		if strings.HasPrefix(e, "SLUICE_") {
			ours = append(ours, e)
		}
	}
	return ours
}

package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sluice/cmd/internal/config"
	"sluice/contracts/diag"
	"sluice/gateway/store"
	"sluice/gateway/store/sqlite"
)

// Check looks at everything that New needs, without taking ports or serving: secrets, certificates, workspaces,
// manifests, mappings, contracts, the database and the broker. Of an agency, what New only logs is an error here.
func Check(ctx context.Context, c Config) diag.List {
	c = c.withDefaults()
	p, problems := assemble(c)
	problems = append(problems, p.left...)
	problems = append(problems, p.warnings...)
	problems = append(problems, certificates(c.User)...)
	if err := database(ctx, c.User.Database); err != nil {
		problems = append(problems, c.User.Problem(diag.Error, "database", err.Error(), "", "database"))
	}
	return append(problems, checkBroker(ctx, c)...)
}

func certificates(c *config.Config) (problems diag.List) {
	for name, d := range map[string]config.Door{"portal": c.Listen.Portal, "agencies": c.Listen.Agencies, "operators": c.Listen.Operators} {
		if d.Certificate == "" || d.Key == "" {
			continue
		}
		if _, err := tls.LoadX509KeyPair(d.Certificate, d.Key); err != nil {
			problems = append(problems, c.Problem(diag.Error, "certificate", "listen."+name+": "+err.Error(), "", "listen", name, "certificate"))
		}
	}
	return problems
}

// database opens the database if it is there, which also brings its schema up to date, and writes to it. One that a
// running hub has is fine; one that is not there must be possible.
func database(ctx context.Context, path string) error {
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		probe, err := os.CreateTemp(filepath.Dir(path), ".sluice-check-*")
		if err != nil {
			return fmt.Errorf("making the database %s: %w", path, err)
		}
		return errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	s, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if errors.Is(err, store.ErrInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(s.Ready(ctx), s.Close())
}

package app

import (
	"context"
	"crypto/tls"

	"sluice/cmd/internal/config"
	"sluice/contracts/diag"
)

// Check looks at everything that New needs, without taking ports or serving: secrets, certificates, workspaces,
// manifests, mappings, contracts, the database and the broker. Of an agency, what New only logs is an error here.
func Check(ctx context.Context, c Config) diag.List {
	c = c.withDefaults()
	p, problems := assemble(c)
	problems = append(problems, p.left...)
	problems = append(problems, p.warnings...)
	problems = append(problems, certificates(c.User)...)
	if err := checkDatabase(ctx, c.User); err != nil {
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

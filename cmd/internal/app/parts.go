package app

import (
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"

	"sluice"
	"sluice/adapters"
	"sluice/adapters/builtin"
	"sluice/cmd/internal/config"
	"sluice/contracts/canonical"
	"sluice/contracts/diag"
	"sluice/gateway/auth"
	"sluice/gateway/events"
)

// parts is what the hub reads at start and never changes.
type parts struct {
	directory *auth.Directory
	services  *canonical.Services
	registry  *adapters.Registry
	webhooks  map[string]*events.Webhook // by client
	left      diag.List                  // what is wrong with single agencies and services: those are left out
	warnings  diag.List
}

// assemble reads them. Problems are those that nothing can be served with; what concerns one agency is in left.
func assemble(c Config) (p *parts, problems diag.List) {
	p = &parts{}
	p.directory, problems = directory(c)
	spaces, bad := workspaces(c.User)
	problems = append(problems, bad...)
	p.webhooks, bad = webhooks(c)
	problems = append(problems, bad...)

	roots := make([]fs.FS, len(spaces))
	for i, ws := range spaces {
		root, err := fs.Sub(ws.FS, "contracts")
		if err != nil {
			return p, append(problems, diag.Of(err)...)
		}
		roots[i] = root
	}
	var err error
	if p.services, err = canonical.LoadServices(roots...); p.services == nil {
		return p, append(problems, diag.Of(err)...)
	}
	p.left = append(p.left, diag.Of(err)...)
	p.registry, err = adapters.Load(builtin.Drivers(), p.services, c.Env, spaces...)
	p.left = append(p.left, diag.Of(err)...)
	for _, a := range p.registry.Agencies() {
		p.warnings = append(p.warnings, a.Warnings...)
	}
	if len(p.registry.Agencies()) == 0 && problems.Err() == nil {
		problems = append(problems, diag.Problem{Code: "no-agency", Message: "no agency can be served", Hint: "mend what is named above, or add a workspace"})
	}
	p.warnings = append(p.warnings, strangers(c.User, p.registry)...)
	return p, problems
}

// workspaces opens the built-in workspace and the user's folders.
func workspaces(c *config.Config) (spaces []adapters.Workspace, problems diag.List) {
	if c.BuiltIn {
		spaces = append(spaces, adapters.Workspace{FS: sluice.Workspace, Name: "built-in"})
	}
	for _, dir := range c.Workspaces {
		info, err := os.Stat(dir)
		switch {
		case err != nil:
			problems = append(problems, c.Problem(diag.Error, "workspace", "opening a workspace: "+err.Error(), "", "workspaces"))
		case !info.IsDir():
			problems = append(problems, c.Problem(diag.Error, "workspace", "opening a workspace: "+dir+" is not a folder", "", "workspaces"))
		default:
			spaces = append(spaces, adapters.Workspace{FS: os.DirFS(dir), Name: dir})
		}
	}
	return spaces, problems
}

// directory resolves the tokens of all callers.
func directory(c Config) (*auth.Directory, diag.List) {
	var entries []auth.Entry
	var problems diag.List
	add := func(kind auth.Kind, section, name string, tokens ...config.Secret) {
		e := auth.Entry{Kind: kind, Name: name}
		for i, s := range tokens {
			if s.IsZero() && i > 0 {
				continue
			}
			t, err := s.Token(c.Env)
			if err != nil {
				key := []string{"token", "nextToken"}[i]
				problems = append(problems, c.User.Problem(diag.Error, "secret", section+"."+name+"."+key+": "+err.Error(), "", section, name, key))
				continue
			}
			e.Tokens = append(e.Tokens, t)
		}
		entries = append(entries, e)
	}
	for _, name := range slices.Sorted(maps.Keys(c.User.Clients)) {
		add(auth.Client, "clients", name, c.User.Clients[name].Token, c.User.Clients[name].NextToken)
	}
	for _, name := range slices.Sorted(maps.Keys(c.User.Agencies)) {
		add(auth.Agency, "agencies", name, c.User.Agencies[name].Token, c.User.Agencies[name].NextToken)
	}
	for _, name := range slices.Sorted(maps.Keys(c.User.Operators)) {
		add(auth.Operator, "operators", name, c.User.Operators[name].Token, c.User.Operators[name].NextToken)
	}
	d, err := auth.New(entries...)
	if err != nil {
		problems = append(problems, c.User.Problem(diag.Error, "secret", err.Error(), ""))
	}
	return d, problems
}

// webhooks resolves the clients' webhooks.
func webhooks(c Config) (hooks map[string]*events.Webhook, problems diag.List) {
	hooks = map[string]*events.Webhook{}
	for _, name := range slices.Sorted(maps.Keys(c.User.Clients)) {
		w := c.User.Clients[name].Webhook
		if w == nil {
			continue
		}
		secret, err := w.Secret.Resolve(c.Env)
		if err == nil {
			hooks[name], err = events.NewWebhook(w.URL, secret)
		}
		if err != nil {
			problems = append(problems, c.User.Problem(diag.Error, "secret", "clients."+name+".webhook.secret: "+err.Error(),
				"`echo whsec_$(openssl rand -base64 32)` makes a good one", "clients", name, "webhook", "secret"))
		}
	}
	return hooks, problems
}

// strangers warns of push tokens for agencies that are not there, as a misspelt name would be.
func strangers(c *config.Config, r *adapters.Registry) (warnings diag.List) {
	var known []string
	for _, a := range r.Agencies() {
		known = append(known, a.Name)
	}
	known = append(known, slices.Sorted(maps.Keys(r.Broken()))...)
	for _, name := range slices.Sorted(maps.Keys(c.Agencies)) {
		if slices.Contains(known, name) {
			continue
		}
		hint := diag.Suggest(name, known)
		if hint == "" {
			hint = "known: " + strings.Join(known, ", ")
		}
		warnings = append(warnings, c.Problem(diag.Warning, "unknown-agency", fmt.Sprintf("agencies.%s: no workspace has this agency", name), hint, "agencies", name))
	}
	return warnings
}

// report logs what was left out and what deserves a look, one line each.
func (p *parts) report(log *slog.Logger) {
	for name, list := range p.registry.Broken() {
		log.Error("an agency is not served: its files are broken", "agency", name, "problems", len(list), "first", list[0].Error())
	}
	for _, problem := range p.left {
		log.Error("left out", "problem", problem.Error())
	}
	for _, w := range p.warnings {
		log.Warn("deserves a look", "problem", w.Error())
	}
}

package adapters

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"

	"sluice/contracts/canonical"
	"sluice/contracts/diag"
)

// Workspace is a folder with adapters/, mappings/ and contracts/.
type Workspace struct {
	FS   fs.FS
	Name string // for messages: "built-in", or the folder's path
}

// Driver makes the adapters of one protocol, or of one agency that is written in Go.
// Problems with what the user wrote are a diag.List.
type Driver func(b *Build) (Adapter, error)

// Load reads the agencies of the workspaces, the built-in one first: manifests, contracts and mappings are compiled
// once, here. env looks up environment variables for credentials and endpoint URLs; nil leaves credentials out, for
// checks and translations that send nothing.
//
// The registry is never nil: it serves the agencies that are whole. The error, a diag.List, says what was left out.
func Load(drivers map[string]Driver, services *canonical.Services, env func(string) (string, bool), workspaces ...Workspace) (*Registry, error) {
	l := &loader{drivers: drivers, services: services, env: env,
		registry: &Registry{agencies: map[string]*Agency{}, broken: map[string]diag.List{}}}
	for _, ws := range workspaces {
		l.workspace(ws)
	}
	return l.registry, l.problems.Err()
}

type loader struct {
	drivers  map[string]Driver
	services *canonical.Services
	env      func(string) (string, bool)
	registry *Registry
	problems diag.List
}

func (l *loader) workspace(ws Workspace) {
	files, err := fs.Glob(ws.FS, "adapters/*/adapter.yaml")
	if err != nil {
		l.problems = append(l.problems, diag.Problem{Pos: diag.Pos{File: ws.Name}, Code: "workspace", Message: err.Error()})
		return
	}
	for _, file := range files {
		folder := path.Base(path.Dir(file))
		a, err := l.agency(ws, file, folder)
		if err == nil {
			l.registry.agencies[folder] = a
			delete(l.registry.broken, folder)
			continue
		}
		problems := diag.Of(err)
		for i := range problems {
			if problems[i].File == "" {
				problems[i].File = path.Join(path.Dir(file), "adapter.yaml")
			}
		}
		l.problems = append(l.problems, problems...)
		// What replaces an agency and is broken leaves the replaced one out too: half of the old and half of the new
		// would be neither.
		if _, ok := l.registry.agencies[folder]; !ok || a != nil && a.Manifest.Replaces {
			delete(l.registry.agencies, folder)
			l.registry.broken[folder] = append(l.registry.broken[folder], problems...)
		}
	}
}

// agency loads one agency. With an error the agency, when there is one, has only its manifest.
func (l *loader) agency(ws Workspace, file, folder string) (*Agency, error) {
	src, err := fs.ReadFile(ws.FS, file)
	if err != nil {
		return nil, fmt.Errorf("reading the manifest: %w", err)
	}
	m, err := ParseManifest(file, src)
	a := &Agency{Name: folder, Title: m.Title, Workspace: ws.Name, Manifest: m}
	if err != nil {
		return a, err
	}
	if err := l.fits(m, folder); err != nil {
		return a, err
	}
	b := &Build{Manifest: m, services: l.services}
	if b.Contracts, err = fs.Sub(ws.FS, "contracts/agencies"); err != nil {
		return a, err
	}
	if b.mappings, err = fs.Sub(ws.FS, "mappings"); err != nil {
		return a, err
	}
	if err := l.environment(b); err != nil {
		return a, err
	}
	if a.Adapter, err = l.drivers[m.Protocol](b); err != nil {
		return a, err
	}
	if err := b.finish(); err != nil {
		return a, err
	}
	a.Services, a.Pushes, a.Warnings, a.logins = b.plan.Services, b.plan.Pushes, b.warnings, b.logins
	return a, nil
}

// fits checks the manifest against its folder, the drivers and the agencies that are there already.
func (l *loader) fits(m *Manifest, folder string) error {
	var problems diag.List
	if m.Agency != folder {
		problems = append(problems, m.Problem("name", fmt.Sprintf("agency is %q and its folder %q", m.Agency, folder), "give both one name", "agency"))
	}
	if _, ok := l.drivers[m.Protocol]; !ok {
		problems = append(problems, m.Problem("unknown-protocol", fmt.Sprintf("no adapter speaks %q", m.Protocol), suggestOr(m.Protocol, sortedKeys(l.drivers)), "protocol"))
	}
	other, taken := l.registry.agencies[folder]
	switch {
	case taken && !m.Replaces:
		problems = append(problems, m.Problem("name-taken", fmt.Sprintf("the workspace %q has an agency %q already", other.Workspace, folder),
			"choose another name, or write replaces: true", "agency"))
	case !taken && m.Replaces && l.registry.broken[folder] == nil:
		problems = append(problems, m.Problem("nothing-to-replace", fmt.Sprintf("replaces: true, and no earlier workspace has an agency %q", folder),
			"leave replaces out", "replaces"))
	}
	return problems.Err()
}

// environment takes what the environment says of the agency: URLs and secrets.
func (l *loader) environment(b *Build) error {
	if l.env == nil {
		return nil
	}
	m := b.Manifest
	b.logins = map[string]*Login{}
	var problems diag.List
	for _, name := range sortedKeys(m.Endpoints) {
		e := m.Endpoints[name]
		variable := endpointVariable(m.Agency, name)
		if v, ok := l.env(variable); ok && v != "" {
			if err := checkURL(v); err != nil {
				problems = append(problems, m.Problem("url", variable+": "+err.Error(), "", "endpoints", name, "url"))
			}
			e.URL = v
		}
		credentials, at := e.Credentials, []string{"endpoints", name, "credentials", "from"}
		if credentials == nil {
			credentials, at = m.Credentials, []string{"credentials", "from"}
		}
		if credentials == nil {
			continue
		}
		login, err := credentials.lookUp(l.env)
		if err != nil {
			p := m.Problem("credentials", err.Error(), "set it where the hub runs; the manifest only names it", at...)
			if !slices.Contains(problems, p) {
				problems = append(problems, p)
			}
			continue
		}
		b.logins[name] = login
	}
	return problems.Err()
}

// finish gives an adapter written in Go its services, as the manifest says them.
func (b *Build) finish() error {
	if b.plan != nil {
		return nil
	}
	c := &compiler{build: b}
	b.plan = &Plan{Services: map[string]*Service{}}
	for _, name := range sortedKeys(b.Manifest.Services) {
		s := b.service(name, b.Manifest.Services[name])
		b.plan.Services[name] = s
		c.canonicalKnown(s)
	}
	return c.problems.Err()
}

func hostOf(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return ""
	}
	return u.Host
}

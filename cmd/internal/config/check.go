package config

import (
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"sluice/contracts/diag"
)

var names = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// check finds what the spec of single keys can't: what contradicts, what is dangerous, what is missing.
func (c *Config) check() (problems diag.List) {
	fail := func(message, hint string, path ...string) {
		problems = append(problems, c.Problem(diag.Error, "config", message, hint, path...))
	}
	warn := func(message, hint string, path ...string) {
		problems = append(problems, c.Problem(diag.Warning, "config", message, hint, path...))
	}
	if c.Database == "" {
		fail("database is empty", "name a file, such as /var/lib/sluice/sluice.db", "database")
	}
	taken := map[string]string{}
	for _, d := range c.doors() {
		host, port, err := net.SplitHostPort(d.Address)
		if n, e := strconv.Atoi(port); err != nil || e != nil || n < 0 || n > 65535 {
			fail("listen."+d.name+".address: "+strconv.Quote(d.Address)+" is not host:port", "such as 127.0.0.1:8080", "listen", d.name, "address")
			continue
		}
		if other := taken[d.Address]; other != "" && port != "0" {
			fail("listen."+d.name+" and listen."+other+" have the same address", "give each door a port of its own", "listen", d.name, "address")
		}
		taken[d.Address] = d.name
		if (d.Certificate == "") != (d.Key == "") {
			fail("listen."+d.name+" needs both certificate and key, or neither", "", "listen", d.name)
		}
		if ip := net.ParseIP(host); d.Certificate == "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			warn("listen."+d.name+" is open to the network without TLS", "give certificate and key, or let only a proxy with TLS reach it", "listen", d.name)
		}
		if d.URL != "" && !isHTTP(d.URL) {
			fail("listen."+d.name+".url is no http(s) URL", "", "listen", d.name, "url")
		}
	}
	section := func(section string, entries []string) {
		for _, name := range entries {
			if !names.MatchString(name) {
				fail(strconv.Quote(name)+" is no name for one of the "+section, "use lower-case letters, digits and single hyphens", section, name)
			}
		}
	}
	section("clients", sorted(c.Clients))
	section("agencies", sorted(c.Agencies))
	section("operators", sorted(c.Operators))
	if len(c.Clients) == 0 {
		warn("no clients: nobody can use the portal door", "add one under clients")
	}
	for _, name := range sorted(c.Clients) {
		client := c.Clients[name]
		if client.Token.IsZero() && client.Webhook != nil { // made by an environment variable alone
			fail("client "+name+" has no token", "", "clients", name)
		}
		switch w := client.Webhook; {
		case w == nil:
		case !isHTTP(w.URL):
			fail("clients."+name+".webhook.url is no http(s) URL", "", "clients", name, "webhook", "url")
		case w.Secret.IsZero() || w.Secret.kind == "sha256":
			fail("clients."+name+".webhook.secret must be env:NAME or file:PATH: signing needs the secret itself", "", "clients", name, "webhook", "secret")
		}
	}
	for _, l := range []struct {
		name string
		ok   bool
	}{
		{"body", c.Limits.Body > 0}, {"push", c.Limits.Push > 0}, {"headers", c.Limits.Headers >= 4096}, {"connections", c.Limits.Connections > 0},
		{"headerTime", c.Limits.HeaderTime > 0}, {"bodyTime", c.Limits.BodyTime > 0}, {"idleTime", c.Limits.IdleTime > 0},
	} {
		if !l.ok {
			fail("limits."+l.name+" is too small to serve anybody", "leave it out for the default", "limits", l.name)
		}
	}
	return problems
}

// OnPostgreSQL tells whether the database is PostgreSQL's, and not a SQLite file.
func (c *Config) OnPostgreSQL() bool {
	return strings.HasPrefix(c.Database, "postgres://") || strings.HasPrefix(c.Database, "postgresql://")
}

// checkPassword refuses a password in the file's database address. The line is not shown.
func (c *Config) checkPassword() diag.List {
	if !c.OnPostgreSQL() {
		return nil
	}
	u, err := url.Parse(c.Database)
	if err == nil && !u.Query().Has("password") {
		if _, inside := u.User.Password(); !inside {
			return nil
		}
	}
	p := c.Problem(diag.Error, "config", "database holds a password, or is no address", "write postgres://user@host:5432/name, and give the password by SLUICE_DATABASE (the whole address), PGPASSWORD or ~/.pgpass", "database")
	p.Excerpt = ""
	return diag.List{p}
}

type namedDoor struct {
	name string
	*Door
}

func (c *Config) doors() []namedDoor {
	return []namedDoor{{"portal", &c.Listen.Portal}, {"agencies", &c.Listen.Agencies}, {"operators", &c.Listen.Operators}}
}

func isHTTP(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/contracts/diag"
	"sluice/contracts/strictyaml"
)

var update = flag.Bool("update", false, "write docs/configuration.md anew")

const whole = `
database: /var/lib/sluice/sluice.db
workspaces: [/etc/sluice/agencies]
listen:
  portal: { address: "127.0.0.1:9080", url: "https://gateway.example" }
clients:
  portal:
    token: env:PORTAL_TOKEN
    webhook: { url: "https://portal.example/events", secret: env:WEBHOOK }
agencies:
  zags: { token: "file:/run/zags" }
limits: { body: 1MiB, headerTime: 2s }
retention: 30d
`

func TestLoad(t *testing.T) {
	c, problems := Load("sluice.yaml", []byte(whole), []string{"PATH=/bin", "SLUICE_DATABASE=other.db", "SLUICE_CONFIG=x"})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if c.Database != "other.db" || c.Listen.Portal.Address != "127.0.0.1:9080" || c.Listen.Agencies.Address != "127.0.0.1:8081" ||
		c.Limits.Body != 1<<20 || c.Limits.HeaderTime != 2*time.Second || c.Retention != 30*24*time.Hour || c.Stop != 20*time.Second ||
		c.OnPostgreSQL() || c.Clients["portal"].Webhook.URL != "https://portal.example/events" || !c.BuiltIn {
		t.Errorf("got %+v", c)
	}
}

// TestEnvironment gives keys of every shape by their variables, and leaves what Kubernetes sets alone.
func TestEnvironment(t *testing.T) {
	c, problems := Load("sluice.yaml", nil, []string{
		"SLUICE_LISTEN_PORTAL_ADDRESS=127.0.0.1:1",
		"SLUICE_WORKSPACES=a, b",
		"SLUICE_LIMITS_HEADER_TIME=3s",
		"SLUICE_CLIENTS_MY_PORTAL_TOKEN=the-token-itself-in-place",
		"SLUICE_CLIENTS_MY_PORTAL_NEXT_TOKEN=env:NEXT",
		"SLUICE_CLIENTS_MY_PORTAL_WEBHOOK_URL=http://127.0.0.1/x",
		"SLUICE_CLIENTS_MY_PORTAL_WEBHOOK_SECRET=whsec_abc",
		"SLUICE_PORT_8080_TCP=tcp://10.0.0.1:8080", // Kubernetes puts these beside a service
		"SLUICE_SERVICE_HOST=10.0.0.1",
		"SLUICE_ENDPOINT_ZAGS_MOSCOW=http://127.0.0.1:9000/ws", // a manifest's, see docs/manifest.md
	})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	client := c.Clients["my-portal"]
	if c.Listen.Portal.Address != "127.0.0.1:1" || strings.Join(c.Workspaces, "+") != "a+b" || c.Limits.HeaderTime != 3*time.Second || client == nil {
		t.Fatalf("got %+v", c)
	}
	if got := client.Token.String(); got != "env:SLUICE_CLIENTS_MY_PORTAL_TOKEN" {
		t.Errorf("the token's reference is %s", got)
	}
	if client.NextToken.String() != "env:NEXT" || client.Webhook.URL != "http://127.0.0.1/x" {
		t.Errorf("got %+v", client)
	}
	for _, k := range strictyaml.Keys(c) {
		if v := variable(k.Path); v != strings.ToUpper(v) || !strings.HasPrefix(v, prefix) {
			t.Errorf("%s has the variable %s", k.Path, v)
		}
	}
}

func TestProblems(t *testing.T) {
	for name, row := range map[string]struct {
		yaml    string
		environ string
		want    string
	}{
		"unknown key":            {"databse: x\n", "", `sluice.yaml:1:1: unknown key "databse" in the file; did you mean "database"?`},
		"unknown key inside":     {"listen: { portal: { adress: x } }\n", "", `did you mean "address"?`},
		"unknown variable":       {"", "SLUICE_DATABSE=x", `SLUICE_DATABSE: no key has this environment variable; did you mean "SLUICE_DATABASE"?`},
		"wrong value, variable":  {"", "SLUICE_STOP=soon", `SLUICE_STOP: stop: "soon" is not a duration`},
		"a secret in the file":   {"clients: { portal: { token: 0123456789abcdef0123 } }\n", "", "a secret stands in no file of the configuration"},
		"a password in the file": {"database: postgres://u:0123456789abcdef0123@h/d\n", "", "sluice.yaml:1:11: database holds a password, or is no address; write postgres://"},
		"as a parameter":         {"database: postgres://h/d?password=0123456789abcdef0123\n", "", "database holds a password"},
		"a broken address":       {"database: \"postgres://u:0123456789abcdef0123#@h/d\"\n", "", "database holds a password, or is no address"},
		"half a hash":            {"clients: { portal: { token: \"sha256:abc\" } }\n", "", "want 64 hexadecimal digits"},
		"no token":               {"clients: { portal: {} }\n", "", `clients.portal lacks the key "token"`},
		"nothing under a name":   {"clients: { portal: }\n", "", "clients.portal has no value"},
		"a name":                 {"clients: { \"Мой\": { token: \"env:X\" } }\n", "", "is no name for one of the clients"},
		"a hash cannot sign":     {"clients: { portal: { token: \"env:X\", webhook: { url: \"http://h/\", secret: \"sha256:" + strings.Repeat("ab", 32) + "\" } } }\n", "", "signing needs the secret itself"},
		"webhook's URL":          {"clients: { portal: { token: \"env:X\", webhook: { url: \"ftp://h/\", secret: \"env:Y\" } } }\n", "", "clients.portal.webhook.url is no http(s) URL"},
		"certificate alone":      {"listen: { portal: { certificate: a.pem } }\n", "", "needs both certificate and key"},
		"one address twice":      {"listen: { portal: { address: \"127.0.0.1:8081\" } }\n", "", "have the same address"},
		"no address":             {"listen: { portal: { address: localhost } }\n", "", `"localhost" is not host:port`},
		"open without TLS":       {"listen: { portal: { address: \"0.0.0.0:80\" } }\n", "", "warning: listen.portal is open to the network without TLS"},
		"nobody":                 {"", "", "warning: no clients"},
		"limits":                 {"limits: { connections: 0 }\n", "", "limits.connections is too small"},
		"client by webhook only": {"", "SLUICE_CLIENTS_P_WEBHOOK_URL=http://h/", "client p has no token"},
	} {
		t.Run(name, func(t *testing.T) {
			var environ []string
			if row.environ != "" {
				environ = []string{row.environ}
			}
			_, problems := Load("sluice.yaml", []byte(row.yaml), environ)
			if !strings.Contains(problems.Error(), row.want) {
				t.Errorf("got\n%s\nwant\n%s", problems.Error(), row.want)
			}
			for _, p := range problems {
				if strings.Contains(p.Text(), "0123456789abcdef0123") {
					t.Errorf("the problem shows the secret: %s", p.Text())
				}
			}
		})
	}
}

func TestSecret(t *testing.T) {
	dir := t.TempDir()
	full, empty := filepath.Join(dir, "full"), filepath.Join(dir, "empty")
	if err := os.WriteFile(full, []byte("from-a-file-0123456789\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	env := func(name string) (string, bool) { return "from-the-environment", name == "SET" }
	for ref, want := range map[string]string{
		"env:SET":                            "from-the-environment",
		"env:UNSET":                          "error: the environment variable UNSET is not set",
		"file:" + full:                       "from-a-file-0123456789",
		"file:" + empty:                      "error: reading a secret: " + empty + " is empty",
		"file:" + dir + "/none":              "error: reading a secret: stat " + dir + "/none: no such file or directory",
		"sha256:" + strings.Repeat("00", 32): "error: only the hash of this secret is known, and here the secret itself is needed",
	} {
		var s Secret
		if err := s.UnmarshalText([]byte(ref)); err != nil {
			t.Fatal(err)
		}
		got, err := s.Resolve(env)
		if err != nil {
			got = "error: " + err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", ref, got, want)
		}
	}
}

// TestReference holds docs/configuration.md against the spec, and the page's example against Load.
func TestReference(t *testing.T) {
	const page = "../../../docs/configuration.md"
	if *update {
		if err := os.MkdirAll(filepath.Dir(page), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(page, []byte(Reference()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != Reference() {
		t.Error("docs/configuration.md is out of date: run make generate")
	}
	_, example, _ := strings.Cut(string(have), "```yaml\n")
	example, _, _ = strings.Cut(example, "```")
	if _, problems := Load("example", []byte(example), nil); problems.Err() != nil {
		t.Errorf("the page's example: %v", problems)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(whole), "SLUICE_STOP=1s")
	f.Add([]byte("clients: { a: }"), "SLUICE_CLIENTS_A_NEXT_TOKEN=x")
	f.Fuzz(func(t *testing.T, src []byte, environ string) {
		c, problems := Load("sluice.yaml", src, []string{environ})
		if c == nil {
			t.Fatal("no configuration")
		}
		for _, p := range problems {
			if p.Severity == diag.Error && p.Message == "" {
				t.Fatal("an error without a word")
			}
		}
	})
}

// The environment may give the whole address of a database, with its password.
func TestDatabaseAddress(t *testing.T) {
	c, problems := Load("sluice.yaml", []byte("database: x.db\nclients: { portal: { token: \"env:X\" } }\n"), []string{"SLUICE_DATABASE=postgres://u:secret@h/d"})
	if len(problems) > 0 || !c.OnPostgreSQL() || c.Database != "postgres://u:secret@h/d" {
		t.Errorf("got %q, %v", c.Database, problems)
	}
}

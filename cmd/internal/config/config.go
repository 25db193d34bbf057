// Package config is sluice.yaml: one spec, the structs' tags, that reads the file and the environment,
// checks both and writes docs/configuration.md.
package config

//go:generate go test -run ^TestReference$ -update .

import (
	"maps"
	"regexp"
	"strings"
	"time"

	"sluice/contracts/diag"
	"sluice/contracts/strictyaml"
)

// Config is what the user says; the program's own settings are made from it in package app.
type Config struct {
	Database   string               `yaml:"database" default:"sluice.db" doc:"a SQLite file, whose folder must exist and to which the files beside it belong; or, for several nodes, the address of a PostgreSQL database: postgres://user@host:5432/name. Its password stands in the environment, as part of SLUICE_DATABASE or in PGPASSWORD, or in ~/.pgpass"`
	Broker     Secret               `yaml:"broker" doc:"the RabbitMQ that the nodes on one database share, in a virtual host of their own: amqp://user:password@host:5672/vhost, amqps:// for TLS, the nodes of a cluster with commas between. Without it the queue is in the process"`
	Workspaces []string             `yaml:"workspaces" doc:"folders with adapters/, mappings/ and contracts/ of your own, beside the built-in agencies"`
	BuiltIn    bool                 `yaml:"builtIn" default:"true" doc:"whether the built-in agencies are loaded"`
	Listen     Listen               `yaml:"listen"`
	Clients    map[string]*Client   `yaml:"clients" doc:"the portals, by a name of your choice"`
	Agencies   map[string]*Agency   `yaml:"agencies" doc:"what agencies need to push, by the agency's name"`
	Operators  map[string]*Operator `yaml:"operators" doc:"who may use the operators' door, by a name of your choice; it stands in the audit trail"`
	Limits     Limits               `yaml:"limits"`
	Retry      Retry                `yaml:"retry"`
	Retention  time.Duration        `yaml:"retention" default:"90d" doc:"how long closed requests are kept with all that belongs to them, twice as long when no webhook takes their events; 0s keeps them for ever"`
	Stop       time.Duration        `yaml:"stop" default:"20s" doc:"how long a stopping hub waits for what is under way"`
	Log        Log                  `yaml:"log"`

	file *strictyaml.File // nil of a configuration that no file made
}

// Listen says where the three doors are.
type Listen struct {
	Portal    Door `yaml:"portal" doc:"for portals"`
	Agencies  Door `yaml:"agencies" doc:"for agencies' pushes"`
	Operators Door `yaml:"operators" doc:"for operators: health, metrics, the API of the command line"`
}

// Door is one listener.
type Door struct {
	Address     string `yaml:"address" doc:"host:port; port 0 takes a free one. Unset: 127.0.0.1 and 8080 (portal), 8081 (agencies), 8082 (operators)"`
	Certificate string `yaml:"certificate" doc:"PEM file with the certificate and its chain; the door then speaks TLS 1.3 only"`
	Key         string `yaml:"key" doc:"PEM file with the certificate's private key"`
	URL         string `yaml:"url" doc:"the door's address as others see it, for links and the agencies' ?wsdl; by default the listener's own"`
}

// Client is one portal.
type Client struct {
	Token     Secret   `yaml:"token" required:"true" doc:"its bearer token"`
	NextToken Secret   `yaml:"nextToken" doc:"a second token that is taken too, while one replaces the other"`
	Webhook   *Webhook `yaml:"webhook" doc:"where this portal's events go; without it they wait in the database"`
}

// Webhook is where events go.
type Webhook struct {
	URL    string `yaml:"url" required:"true" doc:"receives POSTs of CloudEvents"`
	Secret Secret `yaml:"secret" required:"true" doc:"the signing secret of Standard Webhooks (whsec_ and base64 of 24 to 64 bytes)"`
}

// Agency is what an agency needs to push.
type Agency struct {
	Token     Secret `yaml:"token" required:"true" doc:"its bearer token, also taken as the password of HTTP Basic; it opens this agency's paths only"`
	NextToken Secret `yaml:"nextToken" doc:"a second token that is taken too, while one replaces the other"`
}

// Operator is who may use the operators' door.
type Operator struct {
	Token     Secret `yaml:"token" required:"true" doc:"the bearer token"`
	NextToken Secret `yaml:"nextToken" doc:"a second token that is taken too, while one replaces the other"`
}

// Limits bound what one caller can take from the others.
type Limits struct {
	Body        strictyaml.Size `yaml:"body" default:"16MiB" doc:"the largest request from a portal; 10 MB of attachments take 13.4 MB in base64"`
	Push        strictyaml.Size `yaml:"push" default:"4MiB" doc:"the largest push from an agency"`
	Headers     strictyaml.Size `yaml:"headers" default:"16KiB" doc:"the largest header of an HTTP request"`
	Connections int             `yaml:"connections" default:"1024" doc:"connections open at once, each door"`
	HeaderTime  time.Duration   `yaml:"headerTime" default:"5s" doc:"how long a caller may take to send the header"`
	BodyTime    time.Duration   `yaml:"bodyTime" default:"60s" doc:"how long a caller may take to send a request in all"`
	IdleTime    time.Duration   `yaml:"idleTime" default:"120s" doc:"how long an idle connection is kept"`
}

// Retry is how soon a delivery that failed for a reason that passes is tried again; the waits double from first to max.
type Retry struct {
	First time.Duration `yaml:"first" default:"2s" doc:"the wait after the first failure"`
	Max   time.Duration `yaml:"max" default:"10m" doc:"the longest wait between two attempts; the manifest's limits.maxAge ends them"`
}

// Log is how the hub logs, to standard error.
type Log struct {
	Level  string `yaml:"level" default:"info" enum:"debug,info,warn,error" doc:"the least that is logged"`
	Format string `yaml:"format" default:"text" enum:"text,json" doc:"for people or for machines"`
}

// Load reads a configuration: the file's text, then what environ (as os.Environ) overrides. The list holds all that
// is wrong or doubtful; the configuration can be used when the list's Err is nil.
func Load(name string, src []byte, environ []string) (*Config, diag.List) {
	c := &Config{file: strictyaml.Parse(name, src)}
	problems := c.file.Decode(c)
	problems = append(problems, c.checkPassword()...)
	dropNil(c.Clients) // reported: a name without a value
	dropNil(c.Agencies)
	dropNil(c.Operators)
	problems = append(problems, c.override(environ)...)
	for _, d := range []struct {
		door    *Door
		address string
	}{{&c.Listen.Portal, "127.0.0.1:8080"}, {&c.Listen.Agencies, "127.0.0.1:8081"}, {&c.Listen.Operators, "127.0.0.1:8082"}} {
		if d.door.Address == "" {
			d.door.Address = d.address
		}
	}
	problems = append(problems, c.check()...)
	for i := range problems {
		problems[i].Excerpt = veil(problems[i].Excerpt)
	}
	return c, problems
}

var longWord = regexp.MustCompile(`[A-Za-z0-9+/=_-]{16,}`)

// veil covers what may be a secret in a line that is shown: somebody wrote one where only a reference belongs.
func veil(line string) string {
	return longWord.ReplaceAllStringFunc(line, func(word string) string {
		if !strings.ContainsAny(word, "0123456789") {
			return word
		}
		return strings.Repeat("*", len(word))
	})
}

// Problem describes what is wrong with the value at path, where the file has it.
func (c *Config) Problem(severity diag.Severity, code, message, hint string, path ...string) diag.Problem {
	p := diag.Problem{Code: code, Message: message, Hint: hint}
	if c.file != nil {
		p = c.file.Problem(code, message, hint, path...)
	}
	p.Severity = severity
	return p
}

func dropNil[T any](m map[string]*T) {
	maps.DeleteFunc(m, func(_ string, v *T) bool { return v == nil })
}

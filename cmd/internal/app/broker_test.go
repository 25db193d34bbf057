package app

import (
	"context"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"sluice/cmd/internal/config"
	"sluice/contracts/canonical"
	"sluice/contracts/diag"
	"sluice/gateway/console"
	"sluice/gateway/queue/rabbit/rabbittest"
)

// TestBrokerComesLater starts the hub while its broker is not there: requests are taken and wait, readiness says why,
// and when the broker comes they go their way, and so do those that follow.
func TestBrokerComesLater(t *testing.T) {
	t.Parallel()
	broker := rabbittest.Prepare(t)
	r := newRig(t, "SLUICE_BROKER="+broker.URL(broker.Address))
	a := r.call("POST", r.PortalURL()+"/v1/requests", "PORTAL", sample(t, "family-composition"))
	if a.status != http.StatusAccepted {
		t.Fatalf("%d %s", a.status, a.body)
	}
	var early canonical.RequestView
	a.into(t, &early)
	if k := brokerCheck(t, r.App); k.OK || !k.Degraded || !strings.Contains(k.Detail, broker.Address) {
		t.Errorf("readiness says %+v", k)
	}
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	r.told(early.ID, canonical.EventClosed)
	if k := brokerCheck(t, r.App); !k.OK || k.Degraded {
		t.Errorf("readiness says %+v", k)
	}
	a = r.call("POST", r.PortalURL()+"/v1/requests", "PORTAL", sample(t, "tax-deduction"), "Prefer", "wait=10")
	if a.status != http.StatusCreated {
		t.Errorf("%d %s", a.status, a.body)
	}
	for _, agency := range []string{"zags", "tax"} {
		if n := len(r.sim.Effects(agency)); n != 1 {
			t.Errorf("%d effects at %s", n, agency)
		}
	}
	for _, form := range []string{rabbittest.Password, url.UserPassword("", rabbittest.Password).String()[1:]} {
		if strings.Contains(r.log.String(), form) {
			t.Error("the log shows the broker's password")
		}
	}
}

func brokerCheck(t *testing.T, a *App) console.Check {
	t.Helper()
	for _, k := range a.Checks(context.Background()) {
		if k.Name == "broker" {
			return k
		}
	}
	t.Fatal("readiness does not look at the broker")
	return console.Check{}
}

// TestCheckBroker: what --check says of a broker that is not set, not to be read, and not there.
func TestCheckBroker(t *testing.T) {
	for name, row := range map[string]struct{ broker, want string }{
		"not set":     {"env:NOT_SET", "broker: the environment variable NOT_SET is not set"},
		"unreadable":  {"env:BAD_BROKER", "broker URL number 1 can't be read: write"},
		"not there":   {"env:AWAY_BROKER", "connection refused"},
		"in the file": {"amqp://sluice:s3cret-0123456789@localhost", "a secret stands in no file"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "database: " + filepath.Join(t.TempDir(), "sluice.db") + "\nclients: { portal: { token: env:PORTAL } }\nbroker: " + row.broker + "\n" + loopback
			user, problems := config.Load("sluice.yaml", []byte(text), nil)
			if problems.Err() == nil {
				problems = Check(context.Background(), Config{User: user, Env: func(name string) (string, bool) {
					switch name {
					case "BAD_BROKER":
						return "amqp://sluice:s3cret-0123456789/@localhost", true
					case "AWAY_BROKER":
						return "amqp://sluice:s3cret-0123456789@127.0.0.1:1", true
					}
					return env(name)
				}})
			}
			if problems.Err() == nil || !strings.Contains(problems.Error(), row.want) {
				t.Errorf("got %v, want %q", problems, row.want)
			}
			if text := show(problems); strings.Contains(text, "s3cret") {
				t.Errorf("the password is shown: %s", text)
			}
			if name == "not there" && !strings.Contains(problems.Error(), "start RabbitMQ there") {
				t.Errorf("no remedy in %v", problems)
			}
		})
	}
}

func show(problems diag.List) string {
	var b strings.Builder
	for _, p := range problems {
		b.WriteString(p.Text())
	}
	return b.String()
}

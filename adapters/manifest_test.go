package adapters

import (
	"os"
	"strings"
	"testing"
	"time"

	"sluice/contracts/diag"
	"sluice/contracts/strictyaml"
)

// good is a manifest in which nothing is wrong; tests change a line of it.
const good = `agency: registry
title: { ru: Реестр, en: Registry }
protocol: soap
contract: registry/main.wsdl
credentials: { kind: basic, from: env:REGISTRY }
endpoints:
  main: { url: "https://registry.example/ws", concurrency: 8, rate: 50/s, hours: "Mon-Fri 08:00-20:00 Europe/Moscow" }
  north: { url: "https://north.example/ws", for: { region: ["29", "51"] } }
  test: { url: "https://test.example/ws", environment: test }
limits: { attempt: 20s, maxAge: 5d, message: 4MiB }
services:
  extract:
    operation: Order
    mapping: registry/extract.yaml
    resend: ask
    probe: { operation: Find, notFound: reply.Found == false }
    status: { push: Notice, poll: { operation: State, quiet: 3d } }
faults:
  - { when: fault.code == "Server", class: transient, retryAfter: 30s }
  - { when: fault.code == "Client", class: rejected, reason: wrong_addressee, remedy: { ru: Другой отдел, en: Another office } }
`

func TestParseManifest(t *testing.T) {
	m, err := ParseManifest("adapter.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	s := m.Services["extract"]
	switch {
	case m.Limits.Attempt != 20*time.Second, m.Limits.MaxAge != 120*time.Hour, m.Limits.Message != 4<<20:
		t.Errorf("limits: %+v", m.Limits)
	case m.Breaker.Of != 20 || m.Breaker.Failures != 0.5 || m.Breaker.Open != 30*time.Second:
		t.Errorf("the breaker's defaults: %+v", m.Breaker)
	case m.Endpoints["main"].Rate != 50 || m.Endpoints["test"].Concurrency != 8 || m.Endpoints["test"].Environment != "test":
		t.Errorf("endpoints: %+v", m.Endpoints["main"])
	case s.Resend != ResendAsk || s.Probe.Settle != 30*time.Second || s.Status.Poll.Quiet != 72*time.Hour:
		t.Errorf("service: %+v", s)
	case m.Faults[0].Class != Transient || m.Faults[1].Remedy.RU != "Другой отдел":
		t.Errorf("faults: %+v", m.Faults[0])
	}
}

// TestManifestProblems changes one place of a good manifest; each row is what is said about it.
func TestManifestProblems(t *testing.T) {
	for _, row := range []struct{ name, from, to, want string }{
		{"blind resend", "    probe: { operation: Find, notFound: reply.Found == false }\n", "",
			`adapter.yaml:15:13: resend: ask, and no probe to ask by: after a time-out nobody could tell whether the request arrived; add probe with the operation that finds a message by its id; or write resend: operator`},
		{"no resend", "    resend: ask\n", "",
			`adapter.yaml:13:5: services.extract lacks the key "resend": what may follow an attempt whose reply was lost: safe, the agency recognises our message id, so it is sent again; ask, the agency is asked by probe first; operator, somebody finds out and decides`},
		{"wrong resend", "resend: ask", "resend: sure", `adapter.yaml:15:13: services.extract.resend: "sure" is not one of safe, ask, operator; did you mean "safe"?`},
		{"misspelt key", "concurrency: 8", "concurency: 8", `adapter.yaml:7:47: unknown key "concurency" in endpoints.main; did you mean "concurrency"?`},
		{"secret in the file", "from: env:REGISTRY", "from: hunter2", `adapter.yaml:5:35: credentials.from: a secret never stands in a manifest; name its place: env:NAME or file:PATH`},
		{"password in the URL", `"https://registry.example/ws"`, `"https://u:p@registry.example/ws"`, `adapter.yaml:7:16: a URL must not hold a name or a password; use credentials`},
		{"no URL", `"https://registry.example/ws"`, `registry.example`, `adapter.yaml:7:16: "registry.example" is no URL such as https://agency.example/ws`},
		{"two defaults", `for: { region: ["29", "51"] }`, `concurrency: 1`, `adapter.yaml:8:10: endpoints main and north serve the same requests (live region any, office any, inspectorate any); tell them apart by for, or by environment`},
		{"number of a region", `["29", "51"]`, `[29]`, `adapter.yaml:8:61: endpoints.north.for.region[0] must be a text, not the number 29; put it in quotes`},
		{"odd hours", `"Mon-Fri 08:00-20:00 Europe/Moscow"`, `"8-20"`, `adapter.yaml:7:82: endpoints.main.hours: "8-20" is not hours such as "Mon-Fri 08:00-20:00 Europe/Moscow", or "2026-08-01 20:00 - 2026-08-02 06:00 Europe/Moscow"`},
		{"unknown zone", "20:00 Europe/Moscow", "20:00 Europe/Moskau", `adapter.yaml:7:82: endpoints.main.hours: "Europe/Moskau" is no time zone; write one such as Europe/Moscow or UTC`},
		{"name of an agency", "agency: registry", "agency: Реестр", `adapter.yaml:1:9: "Реестр" is no name of an agency; a name is lower-case Latin letters, digits and -, at most 40, a letter first`},
		{"class", "class: transient", "class: temporary", `adapter.yaml:19:44: faults[0].class: "temporary" is not one of transient, permanent, rejected, ambiguous, alreadyDone`},
		{"rejection without reason", "reason: wrong_addressee, ", "", `adapter.yaml:20:5: a rejection lacks its reason; say why in canonical words, such as wrong_addressee`},
		{"retryAfter of a rejection", "reason: wrong_addressee", "reason: wrong_addressee, retryAfter: 5s", `adapter.yaml:20:91: retryAfter belongs to class transient only`},
		{"remedy in one language", "{ ru: Другой отдел, en: Another office }", "{ ru: Другой отдел }", `adapter.yaml:20:87: faults[1].remedy lacks the key "en": in English`},
		{"a comma in a text", "ru: Другой отдел,", "ru: Другой отдел, не наш,", `adapter.yaml:20:107: unknown key "не наш" in faults[1].remedy; known here: ru, en; if it is part of a text, put the text in quotes: within { } it ends at a comma`},
		{"a question mark within braces", `when: fault.code == "Server"`, `when: fault.detail?.Code == "Server"`, `adapter.yaml:19: not readable as YAML: did not find expected ',' or '}'; look at indentation, by spaces and not tabs, and quotes; a text with ": " or " #" needs quotes, within { } also one with , ? [ or ]`},
		{"a tab", "    operation: Order", "\toperation: Order", `adapter.yaml:13: not readable as YAML: found character that cannot start any token; look at indentation, by spaces and not tabs, and quotes; a text with ": " or " #" needs quotes, within { } also one with , ? [ or ]`},
		{"a colon in a text", "ru: Реестр", "ru: Реестр: главный", `adapter.yaml:2: not readable as YAML: did not find expected ',' or '}'; look at indentation, by spaces and not tabs, and quotes; a text with ": " or " #" needs quotes, within { } also one with , ? [ or ]`},
		{"misspelt protocol", "protocol: soap", "protocol: sope", `adapter.yaml:14:14: protocol "sope" would be an adapter written in Go, which reads no mapping; did you mean "soap"?`},
		{"unknown environment", "environment: test", "environment: prod", `adapter.yaml:9:56: endpoints.test.environment: "prod" is not one of live, test`},
		{"a number for a duration", "attempt: 20s", "attempt: 20", `adapter.yaml:10:20: limits.attempt: "20" is not a duration such as 20s, 1h30m or 5d`},
		{"a unit that is none", "message: 4MiB", "message: 4M", `adapter.yaml:10:46: limits.message: "4M" is not a size such as 512KiB or 4MiB`},
		{"quiet without push", "push: Notice, ", "", `adapter.yaml:17:48: quiet counts from the last push, and this service has none; use every`},
		{"attempt", "attempt: 20s", "attempt: 20m", `adapter.yaml:10:20: limits.attempt is 20m0s; it must be from 100ms to 10m`},
		{"operations of soap", "faults:", "operations: { a: { request: b, reply: c } }\nfaults:", `adapter.yaml:18:13: operations belong to protocol xmlhttp only; this contract names its own`},
		{"attachments of what is not soap", "protocol: soap", "protocol: rest\nattachments: mtom", `adapter.yaml:4:14: attachments belong to protocol soap only`},
		{"addressing of what is not soap", "protocol: soap", "protocol: rest\naddressing: 2005-08", `adapter.yaml:4:13: addressing belongs to protocol soap only`},
		{"reading of what is no XML", "protocol: soap", "protocol: rest\nreading: lenient", `adapter.yaml:4:10: reading belongs to protocols soap and xmlhttp only`},
		{"unknown addressing", "protocol: soap", "protocol: soap\naddressing: 2004-08", `adapter.yaml:4:13: addressing: "2004-08" is not one of none, 2005-08; did you mean "2005-08"?`},
		{"no mapping", "    mapping: registry/extract.yaml\n", "", `adapter.yaml:13:5: services.extract lacks the key "mapping": protocol soap translates by mappings; name the file under mappings`},
		{"oauth2 without a token endpoint", "kind: basic", "kind: oauth2", `adapter.yaml:5:14: oauth2 lacks tokenUrl; name the token endpoint, such as /oauth/token`},
		{"duplicate key", "title:", "protocol: soap\ntitle:", `adapter.yaml:4:1: key "protocol" stands twice, first in line 2; keep one of them`},
	} {
		t.Run(row.name, func(t *testing.T) {
			if !strings.Contains(good, row.from) {
				t.Fatalf("the good manifest has no %q", row.from)
			}
			_, err := ParseManifest("adapter.yaml", []byte(strings.Replace(good, row.from, row.to, 1)))
			if err == nil {
				t.Fatal("it was taken")
			}
			if got := diag.Of(err)[0].Error(); got != row.want {
				t.Errorf("\ngot  %s\nwant %s", got, row.want)
			}
		})
	}
}

func TestXMLHTTPOperationsAreChecked(t *testing.T) {
	src := strings.Replace(good, "protocol: soap", "protocol: xmlhttp\noperations: { Order: { request: a, reply: b }, State: { request: a, reply: b }, Notice: { request: a, reply: b } }", 1)
	_, err := ParseManifest("adapter.yaml", []byte(src))
	problems := diag.Of(err)
	if len(problems) != 1 || problems[0].Error() != `adapter.yaml:17:25: operation "Find" is not among operations; known: Notice, Order, State` {
		t.Errorf("got %v", err)
	}
}

func TestWindows(t *testing.T) {
	moscow, _ := time.LoadLocation("Europe/Moscow")
	endpoint := func(hours string, maintenance ...string) *EndpointSpec {
		e := &EndpointSpec{}
		if hours != "" {
			e.Hours = &Window{}
			if err := e.Hours.UnmarshalText([]byte(hours)); err != nil {
				t.Fatal(err)
			}
		}
		for _, m := range maintenance {
			var w Window
			if err := w.UnmarshalText([]byte(m)); err != nil {
				t.Fatal(err)
			}
			e.Maintenance = append(e.Maintenance, w)
		}
		return e
	}
	workdays := endpoint("Mon-Fri 08:00-20:00 Europe/Moscow")
	night := endpoint("22:00-06:00 Europe/Moscow")
	upkeep := endpoint("", "Sun 02:00-04:00 Europe/Moscow", "2026-08-01 20:00 - 2026-08-02 06:00 Europe/Moscow")
	both := endpoint("08:00-20:00 Europe/Moscow", "Mon 07:00-09:00 Europe/Moscow")
	never := endpoint("08:00-20:00 Europe/Moscow", "00:00-24:00 Europe/Moscow")
	for _, row := range []struct {
		e        *EndpointSpec
		at, next string // "" is open
		why      string
	}{
		{workdays, "2026-07-29 08:00", "", ""}, // a Wednesday
		{workdays, "2026-07-29 19:59", "", ""},
		{workdays, "2026-07-29 20:00", "2026-07-30 08:00", "outside hours Mon-Fri 08:00-20:00 Europe/Moscow"},
		{workdays, "2026-07-31 21:00", "2026-08-03 08:00", "outside hours Mon-Fri 08:00-20:00 Europe/Moscow"},
		{night, "2026-07-29 23:00", "", ""},
		{night, "2026-07-30 05:59", "", ""},
		{night, "2026-07-30 06:00", "2026-07-30 22:00", "outside hours 22:00-06:00 Europe/Moscow"},
		{upkeep, "2026-07-29 03:00", "", ""},
		{upkeep, "2026-07-26 03:00", "2026-07-26 04:00", "maintenance Sun 02:00-04:00 Europe/Moscow"},
		{upkeep, "2026-08-01 21:00", "2026-08-02 06:00", "maintenance 2026-08-01 20:00 - 2026-08-02 06:00 Europe/Moscow"},
		{both, "2026-08-03 06:00", "2026-08-03 09:00", "outside hours 08:00-20:00 Europe/Moscow"},
		{endpoint(""), "2026-08-03 06:00", "", ""},
	} {
		at, _ := time.ParseInLocation("2006-01-02 15:04", row.at, moscow)
		open, next, why := row.e.OpenAt(at)
		if open != (row.next == "") || why != row.why {
			t.Errorf("%s: open %v, %q", row.at, open, why)
		}
		if got := next.In(moscow).Format("2006-01-02 15:04"); !open && got != row.next {
			t.Errorf("%s: next %s, want %s", row.at, got, row.next)
		}
	}
	if open, next, _ := never.OpenAt(time.Now()); open || !next.After(time.Now()) {
		t.Error("an endpoint that is never open said it was")
	}
}

func TestPollGrowsWithAge(t *testing.T) {
	p := &PollSpec{First: 5 * time.Second, Every: 15 * time.Minute}
	for age, want := range map[time.Duration]time.Duration{0: 5 * time.Second, time.Minute: time.Minute, time.Hour: 15 * time.Minute} {
		if got := p.After(age); got != want {
			t.Errorf("at the age of %s it waits %s, want %s", age, got, want)
		}
	}
}

const page = "../docs/manifest.md"

// TestManifestPage holds the reference against the spec; UPDATE=1 writes it.
func TestManifestPage(t *testing.T) {
	want := "# The manifest: adapter.yaml\n\n" +
		"An agency is a folder `adapters/NAME` with this file. What stands here is made from the spec in `adapters/manifest.go`\n" +
		"(`UPDATE=1 go test ./adapters -run TestManifestPage`).\n\n" +
		strictyaml.Document(Manifest{})
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the spec says; run UPDATE=1 go test ./adapters -run TestManifestPage", page)
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add(good)
	f.Add(strings.ReplaceAll(good, "soap", "xmlhttp"))
	f.Add("agency: a\nendpoints: {}\nservices: {}\n")
	f.Fuzz(func(t *testing.T, src string) {
		m, err := ParseManifest("adapter.yaml", []byte(src))
		if m == nil {
			t.Fatal("no manifest")
		}
		for _, p := range diag.Of(err) {
			_ = p.Text()
		}
		if err != nil {
			return
		}
		for name, s := range m.Services {
			if s.Resend == "" || s.Resend == ResendAsk && s.Probe == nil {
				t.Errorf("service %s could resend blind", name)
			}
		}
		for _, e := range m.Endpoints {
			e.OpenAt(time.Unix(1_780_000_000, 0))
		}
	})
}

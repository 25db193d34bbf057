package adapters

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"sluice/contracts/diag"
)

var (
	nameForm     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	endpointForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`) // often a code: 7701
)

// check holds a manifest against what no single key can say.
func (m *Manifest) check() diag.List {
	c := &checker{m: m}
	c.names()
	c.endpoints()
	c.limits()
	c.wire()
	for _, name := range sortedKeys(m.Services) {
		c.service(name, m.Services[name])
	}
	for i, rule := range m.Faults {
		c.rule(rule, "faults", fmt.Sprint(i))
	}
	c.operations()
	return c.problems
}

type checker struct {
	m        *Manifest
	problems diag.List
}

func (c *checker) fail(code, message, hint string, path ...string) {
	c.problems = append(c.problems, c.m.Problem(code, message, hint, path...))
}

func (c *checker) names() {
	const form = "a name is lower-case Latin letters, digits and -, at most 40, a letter first"
	if !nameForm.MatchString(c.m.Agency) {
		c.fail("name", fmt.Sprintf("%q is no name of an agency", c.m.Agency), form, "agency")
	}
	for _, section := range []struct {
		key   string
		names []string
		form  *regexp.Regexp
	}{{"endpoints", sortedKeys(c.m.Endpoints), endpointForm}, {"services", sortedKeys(c.m.Services), nameForm}} {
		if len(section.names) == 0 {
			c.fail("missing-key", section.key+" is empty", "an agency needs at least one of them", section.key)
		}
		for _, name := range section.names {
			if !section.form.MatchString(name) {
				c.fail("name", fmt.Sprintf("%q is no name in %s", name, section.key), form, section.key, name)
			}
		}
	}
}

func (c *checker) endpoints() {
	c.credentials(c.m.Credentials, "credentials")
	taken := map[string]string{} // environment and scope -> endpoint
	for _, name := range sortedKeys(c.m.Endpoints) {
		e := c.m.Endpoints[name]
		if err := checkURL(e.URL); err != nil {
			c.fail("url", err.Error(), "", "endpoints", name, "url")
		}
		if e.Concurrency < 1 || e.Concurrency > 1000 {
			c.fail("wrong-value", fmt.Sprintf("concurrency is %d; it must be from 1 to 1000", e.Concurrency), "", "endpoints", name, "concurrency")
		}
		if e.Hours != nil && !e.Hours.Repeats() {
			c.fail("wrong-value", "hours must repeat", "write them such as \"Mon-Fri 08:00-20:00 Europe/Moscow\"; what comes once belongs to maintenance", "endpoints", name, "hours")
		}
		c.credentials(e.Credentials, "endpoints", name, "credentials")
		for _, key := range e.For.keys() {
			key = e.Environment + " " + key
			if other, ok := taken[key]; ok {
				c.fail("ambiguous-endpoint", fmt.Sprintf("endpoints %s and %s serve the same requests (%s)", other, name, key),
					"tell them apart by for, or by environment", "endpoints", name)
			}
			taken[key] = name
		}
	}
}

// keys names each part of routing that the scope claims, for finding two that claim one.
func (s Scope) keys() []string {
	var keys []string
	for _, r := range orAny(s.Region) {
		for _, o := range orAny(s.Office) {
			for _, i := range orAny(s.Inspectorate) {
				keys = append(keys, fmt.Sprintf("region %s, office %s, inspectorate %s", r, o, i))
			}
		}
	}
	return keys
}

func orAny(list []string) []string {
	if len(list) == 0 {
		return []string{"any"}
	}
	return list
}

func checkURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%q is no URL such as https://agency.example/ws", raw)
	case u.User != nil:
		return fmt.Errorf("a URL must not hold a name or a password; use credentials")
	case u.Fragment != "":
		return fmt.Errorf("a URL of an endpoint has no #fragment")
	}
	return nil
}

func (c *checker) credentials(k *Credentials, path ...string) {
	if k == nil {
		return
	}
	in := func(key string) []string { return append(slices.Clone(path), key) }
	switch {
	case k.Kind == "oauth2" && k.TokenURL == "":
		c.fail("missing-key", "oauth2 lacks tokenUrl", "name the token endpoint, such as /oauth/token", path...)
	case k.Kind != "oauth2" && k.TokenURL != "":
		c.fail("misplaced-key", "tokenUrl belongs to kind oauth2 only", "", in("tokenUrl")...)
	case k.Kind == "usernameToken" && c.m.Protocol != "soap":
		c.fail("wrong-value", "usernameToken is a SOAP header; protocol is "+c.m.Protocol, "use basic, apiKey, bearer, oauth2 or mtls", in("kind")...)
	case k.Kind == "mtls" && !strings.HasPrefix(string(k.From), "file:"):
		c.fail("wrong-value", "mtls reads a PEM file", "write from: file:PATH", in("from")...)
	}
	if k.TokenURL != "" && !strings.HasPrefix(k.TokenURL, "/") {
		if err := checkURL(k.TokenURL); err != nil {
			c.fail("url", err.Error(), "", in("tokenUrl")...)
		}
	}
}

// wire is about keys that mean something to one protocol only.
func (c *checker) wire() {
	if p := c.m.Protocol; isProtocol(p) {
		if p != "soap" && c.m.Attachments != "inline" {
			c.fail("misplaced-key", "attachments belong to protocol soap only", "", "attachments")
		}
		if p != "soap" && c.m.Addressing != "none" {
			c.fail("misplaced-key", "addressing belongs to protocol soap only", "", "addressing")
		}
		if p == "rest" && c.m.Reading != "tolerant" {
			c.fail("misplaced-key", "reading belongs to protocols soap and xmlhttp only", "", "reading")
		}
	}
}

func (c *checker) limits() {
	l, b := c.m.Limits, c.m.Breaker
	switch {
	case l.Attempt < 100*time.Millisecond || l.Attempt > 10*time.Minute:
		c.fail("wrong-value", fmt.Sprintf("limits.attempt is %s; it must be from 100ms to 10m", l.Attempt), "", "limits", "attempt")
	case l.MaxAge < l.Attempt:
		c.fail("wrong-value", fmt.Sprintf("limits.maxAge is %s, shorter than one attempt", l.MaxAge), "a delivery should be tried for days", "limits", "maxAge")
	}
	if l.Message < 1<<10 || l.Message > 256<<20 {
		c.fail("wrong-value", "limits.message must be from 1KiB to 256MiB", "", "limits", "message")
	}
	if b.Failures <= 0 {
		c.fail("wrong-value", "breaker.failures must be above 0%", "a breaker that opens without a failure never lets anything through", "breaker", "failures")
	}
	if b.Of < 1 || b.Of > 10_000 {
		c.fail("wrong-value", "breaker.of must be from 1 to 10000", "", "breaker", "of")
	}
	if b.Open < time.Second {
		c.fail("wrong-value", "breaker.open must be at least 1s", "", "breaker", "open")
	}
}

func (c *checker) service(name string, s *ServiceSpec) {
	at := func(keys ...string) []string { return append([]string{"services", name}, keys...) }
	if s.Resend == ResendAsk && s.Probe == nil {
		c.fail("blind-resend", "resend: ask, and no probe to ask by: after a time-out nobody could tell whether the request arrived",
			"add probe with the operation that finds a message by its id; or write resend: operator", at("resend")...)
	}
	driven := isProtocol(c.m.Protocol)
	switch {
	case driven && s.Mapping == "":
		c.fail("missing-key", "services."+name+" lacks the key \"mapping\": protocol "+c.m.Protocol+" translates by mappings", "name the file under mappings", at()...)
	case !driven && s.Mapping != "":
		hint := diag.Suggest(c.m.Protocol, protocols)
		if hint == "" {
			hint = "leave mapping out"
		}
		c.fail("misplaced-key", fmt.Sprintf("protocol %q would be an adapter written in Go, which reads no mapping", c.m.Protocol), hint, at("mapping")...)
	}
	if p := s.Status.Poll; p != nil {
		if p.Quiet > 0 && s.Status.Push == "" {
			c.fail("misplaced-key", "quiet counts from the last push, and this service has none", "use every", at("status", "poll", "quiet")...)
		}
		if p.First < time.Second || p.Every < p.First {
			c.fail("wrong-value", "status.poll.first must be at least 1s, and every no less than first", "", at("status", "poll")...)
		}
	}
}

func (c *checker) rule(r *FaultRule, path ...string) {
	in := func(key string) []string { return append(slices.Clone(path), key) }
	switch {
	case r.Class != Rejected && r.Reason != "":
		c.fail("misplaced-key", "reason belongs to class rejected only", "", in("reason")...)
	case r.Class == Rejected && r.Reason == "":
		c.fail("missing-key", "a rejection lacks its reason", "say why in canonical words, such as wrong_addressee", path...)
	case r.Class != Transient && r.RetryAfter != 0:
		c.fail("misplaced-key", "retryAfter belongs to class transient only", "", in("retryAfter")...)
	case r.Class != AlreadyDone && r.ExternalID != "":
		c.fail("misplaced-key", "externalId belongs to class alreadyDone only", "", in("externalId")...)
	}
}

func (c *checker) operations() {
	if c.m.Protocol != "xmlhttp" {
		if len(c.m.Operations) > 0 {
			c.fail("misplaced-key", "operations belong to protocol xmlhttp only; this contract names its own", "", "operations")
		}
		return
	}
	known := sortedKeys(c.m.Operations)
	want := func(op string, path ...string) {
		if _, ok := c.m.Operations[op]; !ok {
			c.fail("unknown-operation", fmt.Sprintf("operation %q is not among operations", op), suggestOr(op, known), path...)
		}
	}
	for _, name := range sortedKeys(c.m.Services) {
		s := c.m.Services[name]
		want(s.Operation, "services", name, "operation")
		if s.Status.Push != "" {
			want(s.Status.Push, "services", name, "status", "push")
		}
		if s.Status.Poll != nil {
			want(s.Status.Poll.Operation, "services", name, "status", "poll", "operation")
		}
		if s.Probe != nil {
			want(s.Probe.Operation, "services", name, "probe", "operation")
		}
		if s.Cancel != nil {
			want(s.Cancel.Operation, "services", name, "cancel", "operation")
		}
	}
}

func suggestOr(name string, known []string) string {
	if hint := diag.Suggest(name, known); hint != "" {
		return hint
	}
	return "known: " + strings.Join(known, ", ")
}

// protocols are those whose adapters manifests and mappings describe.
var protocols = []string{"rest", "soap", "xmlhttp"}

func isProtocol(name string) bool { return slices.Contains(protocols, name) }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

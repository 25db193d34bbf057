package config

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"sluice/contracts/diag"
	"sluice/contracts/strictyaml"
)

// prefix begins the name of every environment variable of ours.
const prefix = "SLUICE_"

// others are our variables that are no key of the configuration: the command line's, the tests'.
var others = []string{"SLUICE_CONFIG", "SLUICE_SERVER", "SLUICE_TOKEN", "SLUICE_REQUIRE"}

// endpoints begins the variables that override the URL of a manifest's endpoint (docs/manifest.md).
const endpoints = prefix + "ENDPOINT_"

// kubernetes matches what it puts into the environment of every pod beside a service that is called sluice.
var kubernetes = regexp.MustCompile(`^SLUICE_([A-Z0-9]+_)*?(SERVICE_(HOST|PORT)|PORT)(_[A-Z0-9_]+)?$`)

// variable is the environment variable of a key: listen.portal.address is SLUICE_LISTEN_PORTAL_ADDRESS,
// limits.headerTime is SLUICE_LIMITS_HEADER_TIME, clients.<name>.token is SLUICE_CLIENTS_<NAME>_TOKEN.
func variable(path string) string {
	var b strings.Builder
	b.WriteString(prefix)
	for _, r := range path {
		switch {
		case r == '.' || r == '-':
			r = '_'
		case unicode.IsUpper(r):
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// override sets the keys that the environment gives; an empty variable gives none.
func (c *Config) override(environ []string) (problems diag.List) {
	environ = slices.Clone(environ)
	slices.Sort(environ) // problems come in one order
	keys := strictyaml.Keys(c)
	for _, e := range environ {
		name, text, _ := strings.Cut(e, "=")
		if text == "" || !strings.HasPrefix(name, prefix) || slices.Contains(others, name) || strings.HasPrefix(name, endpoints) {
			continue
		}
		fail := func(severity diag.Severity, code, message, hint string) {
			problems = append(problems, diag.Problem{Pos: diag.Pos{File: name}, Severity: severity, Code: code, Message: message, Hint: hint})
		}
		known, err := c.set(keys, name, text)
		switch {
		case err != nil:
			fail(diag.Error, "wrong-value", err.Error(), "")
		case known || kubernetes.MatchString(name):
		default:
			if hint := diag.Suggest(name, variables(keys)); hint != "" {
				fail(diag.Error, "unknown-key", "no key has this environment variable", hint)
			} else {
				fail(diag.Warning, "unknown-key", "no key has this environment variable", "docs/configuration.md lists them")
			}
		}
	}
	return problems
}

func variables(keys []strictyaml.Key) []string {
	names := slices.Clone(others)
	for _, k := range keys {
		names = append(names, variable(k.Path))
	}
	return names
}

// set puts text into the key that has the environment variable name.
func (c *Config) set(keys []strictyaml.Key, name, text string) (known bool, err error) {
	for _, k := range keys {
		head, rest, inMap := strings.Cut(k.Path, ".<name>.")
		if !inMap {
			if variable(k.Path) == name {
				return true, strictyaml.Set(c, k.Path, reference(k, name, text))
			}
			continue
		}
		entry, ok := strings.CutPrefix(name, variable(head)+"_")
		if !ok {
			continue
		}
		entry, ok = strings.CutSuffix(entry, "_"+strings.TrimPrefix(variable(rest), prefix))
		if ok && entry != "" && !longer(keys, k.Path, name) {
			return true, strictyaml.Set(c.entry(head, entry), rest, reference(k, name, text))
		}
	}
	return false, nil
}

// longer says that another key of the same map fits the variable's end better: ..._NEXT_TOKEN is no token of "..._NEXT".
func longer(keys []strictyaml.Key, path, name string) bool {
	head, rest, _ := strings.Cut(path, ".<name>.")
	for _, k := range keys {
		h, r, inMap := strings.Cut(k.Path, ".<name>.")
		suffix := "_" + strings.TrimPrefix(variable(r), prefix)
		if inMap && h == head && len(r) > len(rest) && strings.HasSuffix(name, suffix) && len(name) > len(variable(head))+len(suffix) {
			return true
		}
	}
	return false
}

// reference lets a secret stand in the environment itself: the key then refers to its own variable.
func reference(k strictyaml.Key, name, text string) string {
	if k.Type != (Secret{}).DescribeYAML() || new(Secret).UnmarshalText([]byte(text)) == nil {
		return text
	}
	return "env:" + name
}

// entry finds or makes the entry of a map (clients, agencies, operators) that a variable names.
func (c *Config) entry(section, name string) any {
	switch section {
	case "clients":
		return entryOf(&c.Clients, name)
	case "agencies":
		return entryOf(&c.Agencies, name)
	default:
		return entryOf(&c.Operators, name)
	}
}

func entryOf[T any](m *map[string]*T, name string) *T {
	for key, entry := range *m {
		if strings.TrimPrefix(variable(key), prefix) == name && entry != nil {
			return entry
		}
	}
	if *m == nil {
		*m = map[string]*T{}
	}
	entry := new(T)
	(*m)[strings.ReplaceAll(strings.ToLower(name), "_", "-")] = entry
	return entry
}

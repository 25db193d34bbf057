// Package simulated turns the built-in workspace into one whose agencies are the simulated ones:
// the same contracts, mappings and manifests, with other addresses and a quicker pace.
package simulated

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"

	"sluice/cmd/internal/agencysim"
)

// Pace replaces the waiting times of the manifests, so that minutes of an agency's life pass in seconds.
type Pace struct {
	Attempt time.Duration // limits.attempt
	Open    time.Duration // breaker.open
	Slow    time.Duration // breaker.slow
	Of      int           // breaker.of
	Settle  time.Duration // probe.settle
	First   time.Duration // status.poll.first
	Every   time.Duration // status.poll.every
	Quiet   time.Duration // status.poll.quiet
	// Concurrency of each endpoint; 0 keeps the manifest's. Rates are lifted: the simulated agencies have none.
	Concurrency int
}

// Workspace writes a workspace into dir whose agencies replace the built-in ones of the same names.
// url gives the address of an agency's endpoint.
func Workspace(dir string, builtIn fs.FS, url func(agency, endpoint string) string, pace Pace) error {
	for _, folder := range []string{"adapters", "mappings", "contracts/agencies"} { // services are the same: not again
		sub, err := fs.Sub(builtIn, folder)
		if err == nil {
			err = os.CopyFS(filepath.Join(dir, filepath.FromSlash(folder)), sub)
		}
		if err != nil {
			return fmt.Errorf("copying the built-in workspace: %w", err)
		}
	}
	manifests, err := fs.Glob(builtIn, "adapters/*/adapter.yaml")
	if err != nil {
		return err
	}
	for _, m := range manifests {
		src, err := fs.ReadFile(builtIn, m)
		if err != nil {
			return err
		}
		agency := path.Base(path.Dir(m))
		out, err := rewrite(src, func(endpoint string) string { return url(agency, endpoint) }, pace)
		if err != nil {
			return fmt.Errorf("%s: %w", m, err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(m)), out, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// rewrite edits one manifest.
func rewrite(src []byte, url func(endpoint string) string, pace Pace) ([]byte, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(src, &doc); err != nil {
		return nil, err
	}
	root := doc.Content[0]
	set(root, "true", "replaces")
	for endpoint, spec := range pairs(child(root, "endpoints")) {
		set(spec, url(endpoint), "url")
		drop(spec, "rate")
		if pace.Concurrency > 0 {
			set(spec, fmt.Sprint(pace.Concurrency), "concurrency")
		}
	}
	duration(root, pace.Attempt, "limits", "attempt")
	duration(root, pace.Open, "breaker", "open")
	duration(root, pace.Slow, "breaker", "slow")
	if pace.Of > 0 {
		set(root, fmt.Sprint(pace.Of), "breaker", "of")
	}
	for _, service := range pairs(child(root, "services")) {
		duration(child(service, "probe"), pace.Settle, "settle")
		poll := child(child(service, "status"), "poll")
		duration(poll, pace.First, "first")
		duration(poll, pace.Every, "every")
		if child(poll, "quiet") != nil {
			duration(poll, pace.Quiet, "quiet")
		}
	}
	return yaml.Marshal(&doc)
}

// child returns the value of a key of a mapping, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// pairs iterates over the keys and values of a mapping.
func pairs(n *yaml.Node) func(func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		for i := 0; n != nil && i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}

func duration(n *yaml.Node, d time.Duration, keys ...string) {
	if n != nil && d > 0 {
		set(n, d.String(), keys...)
	}
}

// set gives the key at the path a plain value and makes mappings on the way.
func set(n *yaml.Node, value string, keys ...string) {
	for len(keys) > 1 {
		next := child(n, keys[0])
		if next == nil {
			next = &yaml.Node{Kind: yaml.MappingNode}
			n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: keys[0]}, next)
		}
		n, keys = next, keys[1:]
	}
	if v := child(n, keys[0]); v != nil {
		*v = yaml.Node{Kind: yaml.ScalarNode, Value: value}
		return
	}
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: keys[0]}, &yaml.Node{Kind: yaml.ScalarNode, Value: value})
}

func drop(n *yaml.Node, key string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content = append(n.Content[:i], n.Content[i+2:]...)
			return
		}
	}
}

// Credentials are the environment variables that the built-in manifests take their secrets from, with those of
// the simulated agencies.
func Credentials() map[string]string {
	c := agencysim.DefaultCredentials
	return map[string]string{
		"ZAGS_CREDENTIALS": c.ZAGS, "TAX_API_KEY": c.Tax, "SOCIAL_CLIENT": c.Social, "PENSION_CREDENTIALS": c.Pension,
	}
}

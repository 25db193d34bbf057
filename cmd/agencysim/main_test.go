package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestRunServesUntilTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	env := map[string]string{"ZAGS_PUSH_TOKEN": "t"}
	go func() {
		ended <- run(ctx, []string{"-addr", "127.0.0.1:0", "-push", "zags=http://127.0.0.1:1/agencies/zags"}, func(k string) string { return env[k] }, in, io.Discard)
		in.Close()
	}()
	lines := bufio.NewScanner(out)
	var text []string
	for len(text) < 5 && lines.Scan() {
		text = append(text, lines.Text())
	}
	if len(text) != 5 || !strings.HasPrefix(text[4], "pension") {
		t.Fatalf("what it says at start: %q", text)
	}
	res, err := http.Get(strings.Fields(text[0])[1])
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("summary: %d", res.StatusCode)
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestConfigure(t *testing.T) {
	env := func(k string) string { return "env " + k }
	cfg, err := configure([]string{"-push", "social=http://hub/agencies/social/status", "-chaos", "0.1", "-seed", "7"}, env, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if p := cfg.Push["social"]; p.URL != "http://hub/agencies/social/status" || p.Token != "env SOCIAL_PUSH_TOKEN" {
		t.Errorf("push %+v", p)
	}
	if cfg.Credentials.Tax != "env TAX_API_KEY" || cfg.Chaos.Rate != 0.1 || cfg.Seed != 7 {
		t.Errorf("%+v", cfg)
	}
}

func TestBadArguments(t *testing.T) {
	for args, want := range map[string]string{
		"-push zags":            "must look like",
		"-nonsense":             "not defined",
		"extra":                 `unexpected argument "extra"`,
		"-push tax=http://x":    "sends no pushes",
		"-addr nowhere":         "missing port",
		"-journal /nowhere/at/": "journal",
	} {
		var errOut bytes.Buffer
		err := run(t.Context(), strings.Fields(args), func(string) string { return "" }, io.Discard, &errOut)
		if err == nil || !strings.Contains(err.Error()+errOut.String(), want) {
			t.Errorf("%s: %v, want %q", args, err, want)
		}
	}
}

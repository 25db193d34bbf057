// Command agencysim runs the simulated agencies on their own: see package sluice/cmd/internal/agencysim.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"sluice/cmd/internal/agencysim"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "agencysim:", err)
		os.Exit(1)
	}
}

const usage = `agencysim plays four agencies over HTTP: ZAGS, the tax service, social protection and the pension fund.

  ZAGS_PUSH_TOKEN=secret agencysim -push zags=http://127.0.0.1:8081/agencies/zags

Everything is at one address; with its port p, each agency also has a door of its own at p+1 to p+4, which refuses
connections during its outages. Make things go wrong, and count what came of it:

  curl -X POST http://127.0.0.1:9000/admin/faults -d '{"agency":"zags","kind":"outage","for":"10s"}'
  curl http://127.0.0.1:9000/admin/summary

Environment: ZAGS_CREDENTIALS (user:password), TAX_API_KEY, SOCIAL_CLIENT (id:secret) and PENSION_CREDENTIALS
(user:password) are what the agencies ask for; ZAGS_PUSH_TOKEN and SOCIAL_PUSH_TOKEN are what the hub asks of pushes.

Flags:
`

// run serves until ctx ends.
func run(ctx context.Context, args []string, env func(string) string, out, errOut io.Writer) error {
	cfg, err := configure(args, env, errOut)
	if err != nil {
		return err
	}
	s, err := agencysim.Start(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "admin    %s/admin/summary\n", s.URL())
	for _, a := range agencysim.Agencies() {
		fmt.Fprintf(out, "%-8s %s\n", a, s.AgencyURL(a, "ENDPOINT"))
	}
	return s.Wait()
}

func configure(args []string, env func(string) string, errOut io.Writer) (agencysim.Config, error) {
	cfg := agencysim.Config{
		Push: map[string]agencysim.Target{},
		Log:  slog.New(slog.NewTextHandler(errOut, nil)),
		Credentials: agencysim.Credentials{ZAGS: env("ZAGS_CREDENTIALS"), Tax: env("TAX_API_KEY"),
			Social: env("SOCIAL_CLIENT"), Pension: env("PENSION_CREDENTIALS")},
	}
	fs := flag.NewFlagSet("agencysim", flag.ContinueOnError)
	fs.SetOutput(errOut)
	fs.Usage = func() {
		fmt.Fprint(errOut, usage)
		fs.PrintDefaults()
	}
	fs.StringVar(&cfg.Addr, "addr", "127.0.0.1:9000", "where to listen, host:port")
	fs.Func("push", "AGENCY=URL: where zags or social sends its pushes; may be repeated", func(s string) error {
		agency, url, ok := strings.Cut(s, "=")
		if !ok || url == "" {
			return errors.New("must look like zags=http://127.0.0.1:8081/agencies/zags")
		}
		cfg.Push[agency] = agencysim.Target{URL: url, Token: env(strings.ToUpper(agency) + "_PUSH_TOKEN")}
		return nil
	})
	fs.DurationVar(&cfg.StepDelay, "step", 2*time.Second, "from one status of a request to the next")
	fs.Uint64Var(&cfg.Seed, "seed", 1, "decides what chance brings")
	fs.Float64Var(&cfg.Chaos.Rate, "chaos", 0, "share of exchanges that go wrong, 0 to 1")
	fs.Float64Var(&cfg.Chaos.PushRate, "push-chaos", 0, "share of requests whose pushes go wrong, 0 to 1")
	fs.DurationVar(&cfg.Chaos.OutageEvery, "outage-every", 0, "an agency fails this often on average; 0 is never")
	fs.DurationVar(&cfg.Chaos.OutageFor, "outage-for", 0, "how long it fails at most (default 2s)")
	fs.BoolVar(&cfg.Lenient, "lenient", false, "leave out validation against the contracts")
	fs.StringVar(&cfg.Journal, "journal", "", "file that keeps the effects over restarts")
	fs.BoolVar(&cfg.JournalSync, "journal-sync", false, "fsync the journal after each effect")
	if err := fs.Parse(args); err != nil {
		return cfg, err
	}
	if fs.NArg() > 0 {
		return cfg, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	return cfg, nil
}

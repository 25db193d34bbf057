// Command sluice is the interagency gateway: the hub, its tools and its demonstration in one binary.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"sluice/cmd/internal/cli"
)

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	defer stop()
	return cli.Main(&cli.Context{Ctx: ctx, In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Env: os.LookupEnv, Environ: os.Environ}, os.Args[1:])
}

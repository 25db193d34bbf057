package cli

import (
	"io"

	"sluice/cmd/internal/demo"
)

// DemoCmd shows the hub at work.
type DemoCmd struct {
	Once bool `help:"End when the story is told; exit code 0 when every request ended as it should."`
	Free bool `help:"Take free ports instead of 8080, 8081 and 8082."`
	Log  bool `help:"Show the hub's own log on standard error."`
}

// Help is the text below the usage line.
func (*DemoCmd) Help() string {
	return `Starts the hub, simulated agencies and a portal's webhook in one process on loopback, with a throw-away database.
Sends a request to each of four agencies and shows what goes over the wire, then takes an agency away for some
seconds. It needs nothing: no file, no database, no broker.

    sluice demo             tell the story and stay up
    sluice demo --once      tell the story and exit: 0 when all was well`
}

// Run tells the story.
func (c *DemoCmd) Run(ctx *Context) error {
	var log io.Writer
	if c.Log {
		log = ctx.Err
	}
	return demo.Run(ctx.Ctx, demo.Options{Once: c.Once, Free: c.Free || c.Once, Out: ctx.Out, Log: log})
}

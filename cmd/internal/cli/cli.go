// Package cli is the command line of sluice: one struct a command, each in a file of its own.
//
// A command parses its flags, calls the package that does the work and prints what came out. Its Run returns
// nil for exit code 0; ErrFindings after it has printed what it found, or any other error, for 1; a *UsageError for 2.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"sluice/contracts/diag"
)

// The exit codes.
const (
	exitOK      = 0
	exitFailure = 1 // something failed or was found wanting
	exitUsage   = 2 // the command line itself is wrong
)

// Context is what a command sees of the world.
type Context struct {
	Ctx      context.Context // ends when the process is asked to stop
	In       io.Reader
	Out, Err io.Writer
	Env      func(string) (string, bool) // as os.LookupEnv
	Environ  func() []string             // as os.Environ; nil for none
}

// ErrFindings says that the command has printed what is wrong and only the exit code is left to set.
var ErrFindings = errors.New("findings were printed")

// UsageError says that the command line can't be what its author meant.
type UsageError struct{ Text string }

func (e *UsageError) Error() string { return e.Text }

// Usagef makes a UsageError.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}

// commands is the root of the command line.
type commands struct {
	Serve      ServeCmd      `cmd:"" group:"hub" help:"Run the hub."`
	Demo       DemoCmd       `cmd:"" group:"hub" help:"Run the hub with simulated agencies and show what it does."`
	Requests   RequestsCmd   `cmd:"" group:"operate" help:"See and cancel requests on a running hub."`
	Deliveries DeliveriesCmd `cmd:"" group:"operate" help:"See what waits or died and why; send it again."`
	Endpoints  EndpointsCmd  `cmd:"" group:"operate" help:"See agencies' health; hold and release them."`
	Health     HealthCmd     `cmd:"" group:"operate" help:"Ask a hub whether it can serve."`
	Contract   ContractCmd   `cmd:"" group:"integrate" help:"Check, show and try out an agency's WSDL or XSD."`
	Lint       LintCmd       `cmd:"" group:"integrate" help:"Prove manifests and mappings against the contracts."`
	Test       TestCmd       `cmd:"" group:"integrate" help:"Run the examples that stand beside the mappings."`
	Translate  TranslateCmd  `cmd:"" group:"integrate" help:"Show what would be sent to an agency, without sending it."`
	Version    VersionCmd    `cmd:"" help:"Print the version."`
}

const about = `Sluice delivers citizens' requests to government agencies, each in its own language, and brings the answers back.

Examples:

    sluice demo                                   see it work, with nothing installed
    sluice serve --config sluice.yaml --check     is the configuration right?
    sluice serve --config sluice.yaml             run the hub
    sluice deliveries list --waiting              what waits, for what, since when, next try
    sluice endpoints hold zags/moscow --reason "their database moves"`

// Main runs the command line and returns the exit code.
func Main(c *Context, args []string) (code int) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exit:
			code = int(p)
		default:
			panic(p)
		}
	}()
	parser := kong.Must(&commands{},
		kong.Name("sluice"),
		kong.Description(about),
		kong.Writers(c.Out, c.Err),
		kong.Exit(func(code int) { panic(exit(code)) }), // kong goes on after --help otherwise
		kong.ExplicitGroups([]kong.Group{
			{Key: "hub", Title: "The hub:"},
			{Key: "operate", Title: "For operators:"},
			{Key: "integrate", Title: "For integrators:"},
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return c.fail(Usagef("%v", err))
	}
	return c.fail(parsed.Run(c))
}

// exit carries kong's wish to end the process up to Main, which returns instead.
type exit int

// fail prints the error, what is to be done about it where it says so, and returns the exit code.
func (c *Context) fail(err error) int {
	var usage *UsageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, ErrFindings):
		return exitFailure
	case errors.As(err, &usage):
		fmt.Fprintf(c.Err, "sluice: %s\n", usage.Text)
		fmt.Fprintln(c.Err, "        sluice --help lists the commands, sluice COMMAND --help explains one")
		return exitUsage
	}
	var list diag.List
	var problem diag.Problem
	if errors.As(err, &list) || errors.As(err, &problem) {
		c.PrintProblems(diag.Of(err))
		return exitFailure
	}
	fmt.Fprintf(c.Err, "sluice: %v\n", err)
	var r interface{ Remedy() string }
	if errors.As(err, &r) && r.Remedy() != "" {
		fmt.Fprintf(c.Err, "        %s\n", r.Remedy())
	}
	return exitFailure
}

// PrintProblems writes problems with their excerpts to Err, and how many there were when there were several.
func (c *Context) PrintProblems(list diag.List) {
	list.Sort()
	for _, p := range list {
		fmt.Fprintln(c.Err, strings.TrimPrefix(p.Text(), ": "))
	}
	if len(list) > 1 {
		fmt.Fprintf(c.Err, "%d problems\n", len(list))
	}
}

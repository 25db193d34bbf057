// Command bench measures the product against floors: what the same work costs without it, measured in the same run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

const usage = `bench measures the product against floors: what the same work costs without it, in the same run. Ours and the floor are
measured in turn, and the figure is the median of the pairs' ratios, with the range of the pairs beside it. A ratio
compares well from machine to machine; the absolute figures beside it don't.

  make bench                                      everything; about three minutes
  go run ./cmd/internal/bench -only translate     one of the measurements, or several: -only translate,accept
  go run ./cmd/internal/bench -strict             exit code 1 when a target is missed
  go run ./cmd/internal/bench -only accept -dir /mnt/disk     with the databases on another disk

Leave the machine alone meanwhile. The measurements:

%s
Flags:
`

// measurement is one of the things that can be measured.
type measurement struct {
	name  string
	about string
	run   func(context.Context, *session) error
}

var measurements = []measurement{
	{"translate", "mapping and codec of the ZAGS message, both ways, against structs and encoding/xml", benchTranslate},
	{"whole", "the whole way from JSON to XML and back, validated, against structs, encoding/json and encoding/xml", benchWhole},
	{"codec", "reading and writing of messages, against structs and encoding/xml", benchCodec},
	{"leaves", "a mapping of 29 leaves, against hand-written Go on the same trees", benchLeaves},
	{"memory", "the heap that reading a message takes, by its size and form", benchMemory},
	{"linear", "reading of messages of 1 to 100 MB and of any depth, a byte against a byte", benchLinear},
	{"compile", "200 agencies loaded, and every contract of the folder that SLUICE_CONTRACTS names", benchCompile},
	{"accept", "durable accepts on SQLite, against the same rows written in groups as fast as the driver can", benchAccept},
	{"deliver", "deliveries that wait in the store, and from accept to receipt, against a bare loop of the same calls with ready bodies", benchDeliver},
	{"isolate", "the healthy agencies' 99th percentile while one agency hangs, against all being well", benchIsolate},
	{"start", "from the start of the hub to its being ready", benchStart},
}

var errUsage = errors.New("the command line is wrong") // flag has printed how

// session is one run.
type session struct {
	out    io.Writer
	pairs  int
	worth  time.Duration
	dir    string // for databases
	bin    string
	strict bool
	rows   []row
}

func (s *session) add(r row) { s.rows = append(s.rows, r) }

func (s *session) note(format string, args ...any) { fmt.Fprintf(s.out, "  "+format+"\n", args...) }

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	s := &session{out: out, worth: worth}
	chosen, err := s.configure(args, errOut)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(s.dir, "sluice-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	s.dir = dir
	if err := s.conditions(); err != nil {
		return err
	}
	for _, m := range chosen {
		began := time.Now()
		fmt.Fprintf(out, "%s: %s.\n", m.name, m.about)
		if err := m.run(ctx, s); err != nil {
			s.table() // what was measured until now took minutes
			return fmt.Errorf("%s: %w", m.name, err)
		}
		s.note("took %v", time.Since(began).Round(100*time.Millisecond))
	}
	missed := s.table()
	if missed > 0 && s.strict {
		return fmt.Errorf("%d of %d targets are missed", missed, len(s.rows))
	}
	return nil
}

func (s *session) configure(args []string, errOut io.Writer) ([]measurement, error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.Usage = func() {
		var list strings.Builder
		for _, m := range measurements {
			fmt.Fprintf(&list, "  %-10s %s\n", m.name, m.about)
		}
		fmt.Fprintf(errOut, usage, list.String())
		flags.PrintDefaults()
	}
	only := flags.String("only", "", "what to measure, separated by commas; everything when empty")
	flags.IntVar(&s.pairs, "pairs", 7, "pairs to measure, of which the median counts")
	flags.BoolVar(&s.strict, "strict", false, "exit code 1 when a target is missed")
	flags.StringVar(&s.dir, "dir", "", "where databases are put; the folder for temporary files when empty")
	flags.StringVar(&s.bin, "bin", "bin", "where make build has put sluice and agencysim")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, errUsage
	}
	wrong := func(format string, args ...any) ([]measurement, error) {
		fmt.Fprintf(errOut, format+"; -help explains\n", args...)
		return nil, errUsage
	}
	if flags.NArg() > 0 {
		return wrong("unexpected argument %q", flags.Arg(0))
	}
	if s.pairs < 1 {
		return wrong("-pairs must be at least 1")
	}
	if *only == "" {
		return measurements, nil
	}
	var chosen []measurement
	for name := range strings.SplitSeq(*only, ",") {
		i := slices.IndexFunc(measurements, func(m measurement) bool { return m.name == strings.TrimSpace(name) })
		if i < 0 {
			return wrong("there is no measurement %q", name)
		}
		chosen = append(chosen, measurements[i])
	}
	return chosen, nil
}

// table prints the rows and returns how many missed their target.
func (s *session) table() (missed int) {
	fmt.Fprintln(s.out)
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "name\tours\tfloor\tratio\ttarget\t")
	for _, r := range s.rows {
		verdict := "met"
		switch {
		case r.target == noTarget:
			verdict = ""
		case !r.target.met(r.figure):
			verdict = "MISSED"
			missed++
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.name, r.ours, r.floor, r.shown, r.target, verdict)
	}
	w.Flush() //nolint:errcheck // nobody is left to tell
	return missed
}

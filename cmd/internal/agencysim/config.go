package agencysim

import (
	"io/fs"
	"log/slog"
	"time"

	"sluice/contracts/agencies"
)

// Config says how the simulated agencies behave. The zero value works: loopback, free ports, no pushes, no faults.
type Config struct {
	Addr        string            // where everything listens, host:port; "" is 127.0.0.1:0. With a port p, each agency also has a door of its own at p+1 …
	Contracts   fs.FS             // the agencies' contracts, as contracts/agencies holds them; nil is the built-in ones
	Push        map[string]Target // where an agency sends its pushes; an agency without a target sends none
	Credentials Credentials
	StepDelay   time.Duration     // from one status to the next; 0 is 300 ms, below 0 is none
	PushRetry   time.Duration     // first wait after a push that nobody took, doubled to a hundred times of it; 0 is 100 ms
	PushWorkers int               // pushes under way at once; 0 is 16
	TokenLife   time.Duration     // of social protection's access tokens; 0 is 5 min
	Plans       map[string][]Step // what happens to an agency's requests after registration; an agency without one has the built-in plan
	Chaos       Chaos             // faults by chance, decided by Seed
	Seed        uint64            // decides chance: with the same seed the same messages meet the same faults
	Lenient     bool              // leaves out validation against the contracts: for measuring the hub, not the simulator
	WireKeep    int               // how many exchanges GET /admin/wire remembers; 0 is 256, below 0 is none
	Journal     string            // a file that effects are appended to and read from at start; "" keeps them in memory alone
	JournalSync bool              // fsync after each line of the journal
	Clock       Clock             // nil is the machine's
	Log         *slog.Logger      // nil discards
}

// Target is where an agency's pushes go.
type Target struct {
	URL   string // the push door for this agency
	Token string // bearer token that the hub gave to the agency
}

// Credentials are what the agencies ask of those who call them. An empty field takes the one of DefaultCredentials.
type Credentials struct {
	ZAGS    string // basic: user:password
	Tax     string // API key
	Social  string // OAuth 2.0 client: id:secret
	Pension string // basic: user:password
}

// DefaultCredentials are made up, and known to everybody: they guard nothing but the simulator.
var DefaultCredentials = Credentials{
	ZAGS:    "sluice:zags-demo",
	Tax:     "tax-demo-key",
	Social:  "sluice:social-demo",
	Pension: "sluice:pension-demo",
}

func (c Config) withDefaults() Config {
	orString := func(s *string, d string) {
		if *s == "" {
			*s = d
		}
	}
	orDuration := func(d *time.Duration, def time.Duration) {
		if *d == 0 {
			*d = def
		}
	}
	orInt := func(n *int, def int) {
		if *n == 0 {
			*n = def
		}
	}
	orString(&c.Addr, "127.0.0.1:0")
	orString(&c.Credentials.ZAGS, DefaultCredentials.ZAGS)
	orString(&c.Credentials.Tax, DefaultCredentials.Tax)
	orString(&c.Credentials.Social, DefaultCredentials.Social)
	orString(&c.Credentials.Pension, DefaultCredentials.Pension)
	orDuration(&c.StepDelay, 300*time.Millisecond)
	orDuration(&c.PushRetry, 100*time.Millisecond)
	orDuration(&c.TokenLife, 5*time.Minute)
	orInt(&c.PushWorkers, 16)
	orInt(&c.WireKeep, 256)
	if c.Contracts == nil {
		c.Contracts = agencies.Files
	}
	if c.Clock == nil {
		c.Clock = systemClock{}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Clock is the time the agencies live by; tests put their own in its place.
type Clock interface {
	Now() time.Time
	// AfterFunc runs f in its own goroutine after d; stop prevents it if it has not begun.
	AfterFunc(d time.Duration, f func()) (stop func() bool)
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) AfterFunc(d time.Duration, f func()) func() bool {
	return time.AfterFunc(d, f).Stop
}

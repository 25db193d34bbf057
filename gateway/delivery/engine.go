// Package delivery brings each delivery to its agency: at least once, with one effect, or somebody is told.
//
// A delivery passes a row of stages, one file each. The feeder (window.go) hands due deliveries to the queue,
// a worker takes one through the gates of its endpoint (lane.go, breaker.go, limiter.go, schedule.go), records
// the attempt (begin.go), sends it (send.go) and records what came of it (decide.go). Beside them run the
// prober of unconfirmed outcomes (probe.go), the poller of statuses (poll.go), the heartbeat of the leases
// (heartbeat.go) and the sweep that finds what fell between (sweep.go).
package delivery

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"sluice/gateway/queue"
)

// Config is what an Engine works with. Zero values stand for the defaults named.
type Config struct {
	Queue   queue.Queue
	Now     func() time.Time // time.Now
	Log     *slog.Logger     // slog.Default()
	Metrics Metrics          // none
	Owner   string           // names this process in leases and must differ at every start; a random UUID

	Lease        time.Duration // how long an attempt is this process's without a heartbeat; 8 s
	StopTimeout  time.Duration // how long attempts may end after a stop; 10 s
	DelayedAfter time.Duration // a delivery that waits longer is told to the portal once; 15 min
	SweepEvery   time.Duration // 5 s
	SettleTime   time.Duration // after a lost reply, before the agency is asked; 15 s
	WireLimit    int           // bytes kept of each direction of an attempt; 64 KiB
	CacheBytes   int           // canonical requests kept in memory between accept and sending; 16 MiB
}

// Engine delivers. It is safe for concurrent use.
type Engine struct{}

// New makes an engine; Run starts it.
func New(c Config) (*Engine, error) { return nil, errNotBuilt }

// errInterrupted is why the hub itself breaks an attempt off: it stops, or it lost the lease.
var errInterrupted = errors.New("the hub broke the attempt off")

var errNotBuilt = errors.New("not built yet")

// Run delivers until ctx ends, then lets attempts under way finish for Config.StopTimeout, and returns when
// every goroutine has ended.
func (e *Engine) Run(ctx context.Context) error { return errNotBuilt }

// Wake says that deliveries may have become due at an endpoint.
func (e *Engine) Wake(agency, endpoint string) {}

// Watch returns a channel that is closed at the next change of a request that this process makes.
// stop must be called.
func (e *Engine) Watch(requestID string) (changed <-chan struct{}, stop func()) {
	return nil, func() {}
}

// Endpoints tells how every endpoint is.
func (e *Engine) Endpoints(ctx context.Context) ([]EndpointHealth, error) { return nil, errNotBuilt }

// Hold stops sending to an endpoint on every node until Release.
func (e *Engine) Hold(ctx context.Context, agency, endpoint, reason, by string) error {
	return errNotBuilt
}

// Release ends a hold, and closes the breaker if it is open: the operator knows that the agency is back.
func (e *Engine) Release(ctx context.Context, agency, endpoint, by string) error { return errNotBuilt }

// Replay sends a dead delivery again, mapped anew from the stored canonical request. The attempts stay.
// Of an unconfirmed delivery it is the operator's decision that the agency does not have it.
func (e *Engine) Replay(ctx context.Context, deliveryID, by string) error { return errNotBuilt }

// EndpointHealth is how one address of an agency is.
type EndpointHealth struct {
	Agency      string     `json:"agency"`
	Endpoint    string     `json:"endpoint"`
	URL         string     `json:"url"`
	Health      string     `json:"health"`           // up, held, probing
	Reason      string     `json:"reason,omitempty"` // of held: breaker, operator, hours, maintenance
	Text        string     `json:"text,omitempty"`   // what the operator wrote, or the last error
	By          string     `json:"by,omitempty"`     // the operator
	Since       *time.Time `json:"since,omitempty"`
	Until       *time.Time `json:"until,omitempty"` // the next try, where it is known
	Waiting     int        `json:"waiting"`         // deliveries that wait
	InFlight    int        `json:"inFlight"`        // attempts of this node under way
	Concurrency int        `json:"concurrency"`     // allowed now; less than the manifest's in the ramp after an outage
}

// Metrics is told what the engine does, for counters and histograms. Labels never hold personal data.
type Metrics interface {
	// Attempt is one exchange with an agency: kind submit, cancel, poll or probe; class registered or an error's.
	Attempt(agency, endpoint, kind, class string, took time.Duration)
	// FirstByte is the time from accepting a request to the first byte towards its agency.
	FirstByte(agency, endpoint string, took time.Duration)
	// Delivery is a state that a delivery has come to.
	Delivery(agency, endpoint, state string)
	// Breaker is a change of an endpoint's state: up, held or probing.
	Breaker(agency, endpoint, health string)
	// Swept is what the sweep mended: expired leases, unwoken deliveries.
	Swept(what string, n int)
	// UnknownCode is an agency's code that its mapping's table lacks.
	UnknownCode(agency, table string)
}

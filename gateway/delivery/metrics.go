package delivery

import "time"

// Metrics is told what the engine does, for counters and histograms. Labels never hold personal data.
type Metrics interface {
	// Attempt is one exchange with an agency: kind submit, cancel, poll or probe; class registered or an error's.
	Attempt(agency, endpoint, kind, class string, took time.Duration)
	// FirstByte is the time from accepting a request to the first byte towards its agency.
	FirstByte(agency, endpoint string, took time.Duration)
	// Delivery is a state that a delivery has come to.
	Delivery(agency, endpoint, state string)
	// Endpoint is a change of an endpoint's health: up, held or probing.
	Endpoint(agency, endpoint, health string)
	// Swept counts what the sweep mended or found: "expired" leases, "delayed" deliveries told, "pushes" left behind,
	// and "unwoken" ones that nothing will ever wake: a gauge, and an alarm when it is not 0.
	Swept(what string, n int)
	// UnknownCode is an agency's code that its mapping's table lacks.
	UnknownCode(agency, table string)
}

type noMetrics struct{}

func (noMetrics) Attempt(string, string, string, string, time.Duration) {}
func (noMetrics) FirstByte(string, string, time.Duration)               {}
func (noMetrics) Delivery(string, string, string)                       {}
func (noMetrics) Endpoint(string, string, string)                       {}
func (noMetrics) Swept(string, int)                                     {}
func (noMetrics) UnknownCode(string, string)                            {}

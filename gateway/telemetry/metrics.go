package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// exchangeBuckets cover what agencies take, in seconds; doorBuckets what the hub itself takes.
var (
	exchangeBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 60}
	doorBuckets     = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10}
)

// Metrics counts and times what the hub does. It implements the Metrics interfaces that the packages declare for
// themselves. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	attempts   *prometheus.HistogramVec
	firstByte  *prometheus.HistogramVec
	deliveries *prometheus.CounterVec
	endpoints  *prometheus.GaugeVec
	incidents  *prometheus.CounterVec
	swept      *prometheus.CounterVec
	unwoken    prometheus.Gauge
	dead       prometheus.Gauge
	unknown    *prometheus.CounterVec
	pushes     *prometheus.HistogramVec
	doors      *prometheus.HistogramVec
}

// NewMetrics makes metrics in a registry of their own, with those of Go and of the process.
func NewMetrics() *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		attempts: histogram("attempt_seconds", "Exchanges with agencies by kind (submit, cancel, poll, probe) and class (registered, or the error's).",
			exchangeBuckets, "agency", "endpoint", "kind", "class"),
		firstByte: histogram("first_byte_seconds", "From accepting a request to the first byte towards its agency.", doorBuckets, "agency", "endpoint"),
		deliveries: counter("deliveries_total", "Deliveries by the state that they came to.",
			"agency", "endpoint", "state"),
		endpoints: prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: "endpoint_up", Help: "1 when the endpoint is sent to, 0.5 while it is probed, 0 when it is held."},
			[]string{"agency", "endpoint"}),
		incidents: counter("endpoint_changes_total", "Changes of an endpoint's health by the health that it came to (up, held, probing).", "agency", "endpoint", "health"),
		swept:     counter("swept_total", "What the sweep mended or found: expired leases, delayed deliveries, pushes left behind; and events dropped untold after twice the retention.", "what"),
		unwoken:   prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "unwoken", Help: "Open deliveries that nothing will ever wake, at the last sweep; anything but 0 is an alarm."}),
		dead:      prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Name: "dead_messages", Help: "Messages in the broker's queue dead, of all nodes: unreadable ones, and those given back too often; anything but 0 is an alarm."}),
		unknown:   counter("unknown_codes_total", "Agencies' codes that their mappings' tables lack.", "agency", "table"),
		pushes:    histogram("push_seconds", "Pushes from agencies by what became of them (applied, duplicate, kept, refused).", doorBuckets, "agency", "outcome"),
		doors:     histogram("http_seconds", "HTTP requests by door, method and status.", doorBuckets, "door", "method", "status"),
	}
	m.registry.MustRegister(m.attempts, m.firstByte, m.deliveries, m.endpoints, m.incidents, m.swept, m.unwoken, m.dead, m.unknown, m.pushes,
		m.doors, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

const namespace = "sluice"

func histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
}

// Handler serves /metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Attempt is delivery.Metrics.
func (m *Metrics) Attempt(agency, endpoint, kind, class string, took time.Duration) {
	m.attempts.WithLabelValues(agency, endpoint, kind, class).Observe(took.Seconds())
}

// FirstByte is delivery.Metrics.
func (m *Metrics) FirstByte(agency, endpoint string, took time.Duration) {
	m.firstByte.WithLabelValues(agency, endpoint).Observe(took.Seconds())
}

// Delivery is delivery.Metrics.
func (m *Metrics) Delivery(agency, endpoint, state string) {
	m.deliveries.WithLabelValues(agency, endpoint, state).Inc()
}

// Endpoint is delivery.Metrics.
func (m *Metrics) Endpoint(agency, endpoint, health string) {
	up := map[string]float64{"up": 1, "probing": 0.5}[health]
	m.endpoints.WithLabelValues(agency, endpoint).Set(up)
	m.incidents.WithLabelValues(agency, endpoint, health).Inc()
}

// Swept is delivery.Metrics.
func (m *Metrics) Swept(what string, n int) {
	if what == "unwoken" {
		m.unwoken.Set(float64(n))
		return
	}
	m.swept.WithLabelValues(what).Add(float64(n))
}

// DeadMessages is rabbit.Metrics.
func (m *Metrics) DeadMessages(n int) { m.dead.Set(float64(n)) }

// UnknownCode is delivery.Metrics.
func (m *Metrics) UnknownCode(agency, table string) { m.unknown.WithLabelValues(agency, table).Inc() }

// Push is agency.Metrics.
func (m *Metrics) Push(agency, outcome string, took time.Duration) {
	m.pushes.WithLabelValues(agency, outcome).Observe(took.Seconds())
}

// Door times the requests of one door.
func (m *Metrics) Door(name string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		s := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(s, r)
		m.doors.WithLabelValues(name, methodLabel(r.Method), strconv.Itoa(s.status)).Observe(time.Since(started).Seconds())
	})
}

// methodLabel keeps callers from making labels.
func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodHead, http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

// statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
	wrote  bool
}

func (s *statusWriter) WriteHeader(status int) {
	if !s.wrote && status >= 200 {
		s.status, s.wrote = status, true
	}
	s.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }

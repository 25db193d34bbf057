package telemetry

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"sluice/gateway/agency"
	"sluice/gateway/delivery"
)

var (
	_ delivery.Metrics = (*Metrics)(nil)
	_ agency.Metrics   = (*Metrics)(nil)
)

func TestMetrics(t *testing.T) {
	m := NewMetrics()
	m.Attempt("zags", "moscow", "submit", "registered", 30*time.Millisecond)
	m.FirstByte("zags", "moscow", 2*time.Millisecond)
	m.Delivery("zags", "moscow", "registered")
	m.Endpoint("zags", "moscow", "held")
	m.Swept("expired", 2)
	m.Swept("unwoken", 3)
	m.Swept("unwoken", 0)
	m.UnknownCode("zags", "status")
	m.Push("zags", "applied", time.Millisecond)
	door := m.Door("portal", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == "TEAPOT" {
			w.WriteHeader(http.StatusTeapot)
			w.WriteHeader(http.StatusOK) // too late: the first counts
		}
	}))
	door.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	door.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("TEAPOT", "/", nil))

	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`sluice_attempt_seconds_bucket{agency="zags",class="registered",endpoint="moscow",kind="submit",le="0.05"} 1`,
		`sluice_first_byte_seconds_count{agency="zags",endpoint="moscow"} 1`,
		`sluice_deliveries_total{agency="zags",endpoint="moscow",state="registered"} 1`,
		`sluice_endpoint_up{agency="zags",endpoint="moscow"} 0`,
		`sluice_endpoint_changes_total{agency="zags",endpoint="moscow",health="held"} 1`,
		`sluice_swept_total{what="expired"} 2`,
		`sluice_unwoken 0`,
		`sluice_unknown_codes_total{agency="zags",table="status"} 1`,
		`sluice_push_seconds_count{agency="zags",outcome="applied"} 1`,
		`sluice_http_seconds_count{door="portal",method="GET",status="200"} 1`,
		`sluice_http_seconds_count{door="portal",method="other",status="418"} 1`,
		`go_goroutines`,
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestLog(t *testing.T) {
	var b bytes.Buffer
	log, err := NewLog(&b, "warn", "json")
	if err != nil {
		t.Fatal(err)
	}
	log.Info("not this")
	log.Warn("this", "request", "r-1")
	var line struct{ Msg, Request string }
	if err := json.Unmarshal(b.Bytes(), &line); err != nil || line.Msg != "this" || line.Request != "r-1" {
		t.Errorf("%v in %s", err, b.String())
	}
	b.Reset()
	if log, err = NewLog(&b, "debug", "text"); err != nil {
		t.Fatal(err)
	}
	log.Debug("that")
	if !strings.Contains(b.String(), "level=DEBUG msg=that") {
		t.Errorf("got %s", b.String())
	}
	for _, wrong := range [][2]string{{"loud", "text"}, {"info", "xml"}} {
		if _, err := NewLog(&b, wrong[0], wrong[1]); err == nil {
			t.Errorf("%v is taken", wrong)
		}
	}
}

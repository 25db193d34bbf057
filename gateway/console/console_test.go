package console

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"sluice/gateway/auth"
)

// TestReady holds the answer to what it is made of. What the rest of the door does is tested with the whole hub, in
// cmd/internal/app.
func TestReady(t *testing.T) {
	token, err := auth.NewToken("duty-operator-token-0123")
	if err != nil {
		t.Fatal(err)
	}
	directory, err := auth.New(auth.Entry{Kind: auth.Operator, Name: "duty", Tokens: []auth.Token{token}})
	if err != nil {
		t.Fatal(err)
	}
	good, bad, less := Check{Name: "a", OK: true}, Check{Name: "b", Detail: "the disk is full"}, Check{Name: "c", Degraded: true, Detail: "zags"}
	for _, row := range []struct {
		checks []Check
		code   int
		status string
	}{
		{nil, 200, "ready"},
		{[]Check{good, good}, 200, "ready"},
		{[]Check{good, less}, 200, "degraded"},
		{[]Check{bad, less}, 503, "not ready"},
		{[]Check{less, bad, good}, 503, "not ready"},
	} {
		h := New(Config{Auth: directory, Metrics: http.NotFoundHandler(), Checks: func(context.Context) []Check { return append([]Check(nil), row.checks...) }})
		for _, operator := range []bool{false, true} {
			r := httptest.NewRequest("GET", "/readyz", nil)
			if operator {
				r.Header.Set("Authorization", "Bearer duty-operator-token-0123")
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			var body struct {
				Status string
				Checks []Check
			}
			if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
				t.Fatal(err)
			}
			if w.Code != row.code || body.Status != row.status || len(body.Checks) != len(row.checks) {
				t.Errorf("%+v: %d %+v", row.checks, w.Code, body)
			}
			for i, c := range body.Checks {
				if shown := c.Detail != ""; shown && !operator || operator && c.Detail != row.checks[i].Detail {
					t.Errorf("operator %v sees %+v", operator, c)
				}
			}
		}
	}
}

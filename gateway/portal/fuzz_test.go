package portal

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"sluice/gateway"
	"sluice/gateway/problem"
	"sluice/gateway/requests"
	"sluice/gateway/store"
)

// FuzzSubmit posts anything: it is taken and stored, or refused with a problem and not stored.
func FuzzSubmit(f *testing.F) {
	samples, err := filepath.Glob("../../contracts/services/samples/*.json")
	if err != nil || len(samples) == 0 {
		f.Fatalf("no samples: %v", err)
	}
	for _, name := range samples {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	for _, path := range []string{"service", "routing/agency", "applicant/snils", "attachments/sha256", "attachments/content", "payload/members/birthDate", "submittedAt"} {
		f.Add(changed(f, path, nil))
		f.Add(changed(f, path, []any{"\u0000", false, map[string]any{}}))
	}
	taken := &ledger{}
	r := newRig(f, func(requests.Store) requests.Store { return taken })
	f.Fuzz(func(t *testing.T, body []byte) {
		r.t, taken.ids = t, nil
		req := httptest.NewRequest("POST", "/v1/requests", bytes.NewReader(body))
		req.Header.Set("Authorization", "Bearer "+portalToken)
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		r.handler.ServeHTTP(w, req)
		got := answer{w.Code, w.Header(), w.Body.Bytes()}
		r.hold("POST", "/v1/requests", got)
		switch {
		case got.status == 202:
			if len(taken.ids) != 1 || got.header.Get("Location") != "/v1/requests/"+taken.ids[0] {
				t.Errorf("taken as %s, stored as %v", got.header.Get("Location"), taken.ids)
			}
		case got.status >= 400 && got.status < 500:
			var p problem.Body
			if err := json.Unmarshal(got.body, &p); err != nil || p.Code == "" || p.Status != got.status {
				t.Errorf("%d is no problem: %s", got.status, got.body)
			}
			if len(taken.ids) > 0 {
				t.Errorf("refused with %d, but stored as %v", got.status, taken.ids)
			}
		default:
			t.Errorf("answered %d %s", got.status, got.body)
		}
	})
}

// ledger notes what would be stored: a database's own goroutines would hide from the fuzzer what an input reaches.
type ledger struct {
	requests.Store
	ids []string
}

func (l *ledger) Create(_ context.Context, r *gateway.Request, _ []byte, _ store.Idempotency) (*gateway.Request, bool, error) {
	l.ids = append(l.ids, r.ID)
	return r, true, nil
}

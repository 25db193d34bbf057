package soak

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/cmd/internal/agencysim"
	"sluice/cmd/internal/process"
)

// portal is the citizen-services portal: it submits until it has an answer, and takes events.
type portal struct {
	t       *testing.T
	seed    uint64
	address string // the hub's portal door
	samples map[string]map[string]any
	client  *http.Client
	webhook *httptest.Server
	verify  *webhooks.Webhook

	mu       sync.Mutex
	accepted []Accepted
	fate     map[string]string // by request id: the final status that the agency will give
	events   []Event
	closed   map[string]bool
	refused  []string // answers that a portal should never get for a sound request
	changed  chan struct{}
	workers  sync.WaitGroup
}

func newPortal(t *testing.T, address string, samples map[string]map[string]any, seed uint64) *portal {
	verify, err := webhooks.NewWebhook(process.WebhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	p := &portal{t: t, seed: seed, address: address, samples: samples, verify: verify, client: &http.Client{Timeout: 10 * time.Second},
		fate: map[string]string{}, closed: map[string]bool{}, changed: make(chan struct{}, 1)}
	p.webhook = httptest.NewServer(http.HandlerFunc(p.receive))
	t.Cleanup(p.webhook.Close)
	return p
}

// services lists what is asked for, and the surname's place that decides the fate.
var services = []struct{ name, agency, final string }{
	{"family-composition", agencysim.ZAGS, "completed"},
	{"tax-deduction", agencysim.Tax, "approved"},
	{"housing-subsidy", agencysim.Social, "approved"},
	{"snils-check", agencysim.Pension, "completed"},
}

// submit sends the n-th request until the hub has said yes. It returns early only when ctx ends.
func (p *portal) submit(ctx context.Context, n int) {
	r := rand.New(rand.NewPCG(p.seed, uint64(n)))
	s := services[r.IntN(len(services))]
	doc := clone(p.samples[s.name])
	id := fmt.Sprintf("soak-%d-%d", p.seed, n)
	doc["id"] = id
	final := s.final
	if s.agency != agencysim.Pension && r.IntN(5) == 0 {
		doc["applicant"].(map[string]any)["lastName"] = agencysim.SurnameRefused
		final = "refused"
	}
	body, err := json.Marshal(doc)
	if err != nil {
		p.t.Error(err)
		return
	}
	retry := time.NewTicker(100 * time.Millisecond)
	defer retry.Stop()
	for {
		if requestID, done := p.post(ctx, id, body); done {
			if requestID != "" {
				p.mu.Lock()
				p.accepted = append(p.accepted, Accepted{RequestID: requestID, Agency: s.agency})
				p.fate[requestID] = final
				p.mu.Unlock()
			}
			return
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
			return
		}
	}
}

// post sends once. done is false when the portal must send again: no answer, or one that says so.
func (p *portal) post(ctx context.Context, key string, body []byte) (requestID string, done bool) {
	req, _ := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.address+"/v1/requests", bytes.NewReader(body))
	req.Header.Set("Authorization", "Bearer "+process.PortalToken)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	resp, err := p.client.Do(req)
	if err != nil {
		return "", false
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return "", false
	}
	switch resp.StatusCode {
	case http.StatusOK, http.StatusCreated, http.StatusAccepted:
		var view struct{ ID string }
		if err := json.Unmarshal(answer, &view); err == nil && view.ID != "" {
			return view.ID, true
		}
	case http.StatusConflict, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "", false
	}
	p.mu.Lock()
	p.refused = append(p.refused, fmt.Sprintf("%s: %d %s", key, resp.StatusCode, answer))
	p.mu.Unlock()
	return "", true
}

// receive is the webhook. Now and then it fails, or takes the event and its answer is lost.
func (p *portal) receive(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	if err := p.verify.Verify(body, r.Header); err != nil {
		p.t.Errorf("an event with a wrong signature: %v", err)
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var e struct {
		ID, Type string
		Data     struct {
			RequestID, Outcome string
			Status             *struct {
				Status string
				At     time.Time
			}
		}
	}
	if err := json.Unmarshal(body, &e); err != nil {
		p.t.Errorf("an event that is no JSON: %v", err)
		return
	}
	chance := rand.IntN(100)
	if chance < 3 {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	event := Event{ID: e.ID, RequestID: e.Data.RequestID, Type: e.Type, Outcome: e.Data.Outcome, Sequence: sequence(e.ID)}
	if s := e.Data.Status; s != nil {
		event.Status, event.At = s.Status, s.At
	}
	p.mu.Lock()
	p.events = append(p.events, event)
	if e.Type == "request.closed" {
		p.closed[event.RequestID] = true
	}
	p.mu.Unlock()
	select {
	case p.changed <- struct{}{}:
	default:
	}
	if chance < 6 {
		panic(http.ErrAbortHandler) // taken, but the hub will not know
	}
	w.WriteHeader(http.StatusNoContent)
}

// sequence reads the number at the end of an event's id: its place among the events of its request.
func sequence(id string) int64 {
	n, err := strconv.ParseInt(id[strings.LastIndexByte(id, '-')+1:], 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// open counts accepted requests of which the portal has not heard the end.
func (p *portal) open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, a := range p.accepted {
		if !p.closed[a.RequestID] {
			n++
		}
	}
	return n
}

// clone copies a JSON document, so that each request may change its own.
func clone(doc map[string]any) map[string]any {
	out := make(map[string]any, len(doc))
	for k, v := range doc {
		if m, ok := v.(map[string]any); ok {
			v = clone(m)
		}
		out[k] = v
	}
	return out
}

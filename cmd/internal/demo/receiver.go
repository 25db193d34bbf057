package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/contracts/canonical"
)

// receiver is the portal's webhook: it checks signatures and keeps the events.
type receiver struct {
	url    string
	server *http.Server
	verify *webhooks.Webhook

	mu      sync.Mutex
	events  []canonical.Event
	seen    map[string]bool
	changed chan struct{} // closed and made anew with every event
}

func startReceiver(secret string) (*receiver, error) {
	verify, err := webhooks.NewWebhook(secret)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{url: "http://" + l.Addr().String() + "/events", verify: verify, seen: map[string]bool{}, changed: make(chan struct{})}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: 5 * time.Second}
	go r.server.Serve(l) //nolint:errcheck // ends with Close
	return r, nil
}

func (r *receiver) close() { r.server.Close() } //nolint:errcheck // the demo is over

// ServeHTTP takes one event. A repeated one is known by its id.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, 1<<20))
	if err != nil {
		return
	}
	var e canonical.Event
	if err := r.verify.Verify(body, req.Header); err != nil || json.Unmarshal(body, &e) != nil {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	r.mu.Lock()
	if !r.seen[e.ID] {
		r.seen[e.ID] = true
		r.events = append(r.events, e)
		close(r.changed)
		r.changed = make(chan struct{})
	}
	r.mu.Unlock()
	w.WriteHeader(http.StatusNoContent)
}

// follow hands each event that passes filter to show, in order, until show returns true.
func (r *receiver) follow(ctx context.Context, filter func(canonical.Event) bool, show func(canonical.Event) (done bool)) error {
	for next := 0; ; {
		r.mu.Lock()
		events, changed := r.events[next:], r.changed
		next = len(r.events)
		r.mu.Unlock()
		for _, e := range events {
			if filter(e) && show(e) {
				return nil
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting for an event: %w", context.Cause(ctx))
		}
	}
}

package events_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/events"
)

// Each client is told what is its own, once, in order and signed with its own secret; of an endpoint all are told.
func TestTells(t *testing.T) {
	r := newRig(t, "portal", "other")
	p := r.start()
	mine, theirs := r.happens("portal"), r.happens("other")
	for _, change := range []func(*gateway.EndpointState) error{
		func(e *gateway.EndpointState) error { e.Trip("down", "node", r.clock.now(), r.clock.now()); return nil },
		func(e *gateway.EndpointState) error { e.Release("node", r.clock.now()); return nil },
	} {
		if _, err := r.store.UpdateEndpoint(t.Context(), "zags", "moscow", change); err != nil {
			t.Fatal(err)
		}
	}
	p.Wake()
	for name, own := range map[string]string{"portal": mine, "other": theirs} {
		c := r.clients[name]
		if got := c.takes(own, canonical.EventClosed); !slices.Equal(got, kinds) {
			t.Errorf("%s is told %v, want %v", name, got, kinds)
		}
		if got := c.takes("zags/moscow", canonical.EventAgencyRecovered); !slices.Equal(got, []string{canonical.EventAgencyDown, canonical.EventAgencyRecovered}) {
			t.Errorf("%s is told %v of the endpoint", name, got)
		}
		if all := c.called(""); len(all) != 5 {
			t.Errorf("%s is told %v in all", name, all)
		}
	}
}

// The official library takes what we sign, and nothing that was changed on the way.
func TestSignature(t *testing.T) {
	r := newRig(t, "portal")
	c := r.clients["portal"]
	id := r.happens("portal")
	r.start()
	c.takes(id, canonical.EventClosed)
	m := c.last
	verify, err := standard.NewWebhook(c.secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify.Verify(m.body, m.header); err != nil {
		t.Errorf("the signature is not taken: %v", err)
	}
	for _, name := range []string{"Webhook-Id", "Webhook-Timestamp"} {
		changed := m.header.Clone()
		changed.Set(name, strings.Replace(changed.Get(name), changed.Get(name)[:1], "9", 1))
		if verify.VerifyIgnoringTimestamp(m.body, changed) == nil {
			t.Errorf("the signature does not cover %s", name)
		}
	}
	m.body[len(m.body)-2] ^= 1
	if verify.Verify(m.body, m.header) == nil {
		t.Error("the signature does not cover the body")
	}
}

func TestSecrets(t *testing.T) {
	for secret, good := range map[string]bool{
		"whsec_c2x1aWNlIHRlc3Qgd2ViaG9vayBzZWNyZXQgMDEyMzQ1": true,
		"c2x1aWNlIHRlc3Qgd2ViaG9vayBzZWNyZXQgMDEyMzQ1":       true,
		"whsec_c2hvcnQ=":                      false,
		"whsec_" + strings.Repeat("AAAA", 22): false,
		"whsec_no base64":                     false,
		"":                                    false,
	} {
		if _, err := events.NewWebhook("http://127.0.0.1:1", secret); (err == nil) != good {
			t.Errorf("%q: %v", secret, err)
		}
	}
}

// What is not taken is tried again, later each time, with the same id; whatever the reason, also one that says "never".
func TestRetries(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for name, c := range map[string]struct {
		fail   func(w http.ResponseWriter, r *http.Request)
		reason string
	}{
		"500": {status(500), "500"},
		"503": {status(503), "503"},
		"400": {status(400), "400"},
		"410": {status(410), "410"},
		"429": {status(429), "429"},
		"moved": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, "307"},
		"time-out": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "deadline"},
		"reset":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "portal")
			hook := r.clients["portal"]
			hook.does(func(w http.ResponseWriter, q *http.Request, _ canonical.Event) bool {
				c.fail(w, q)
				return true
			})
			id := r.happens("portal")
			p := r.start()
			for wait := first; ; wait = min(2*wait, longest) {
				f := r.putOff()
				if wait == longest {
					hook.does(nil)
				}
				if got := f.next.Sub(r.clock.now()); got < wait*7/10-time.Microsecond || got > wait*13/10+time.Microsecond {
					t.Errorf("the next try is in %s, want about %s", got, wait)
				}
				if !strings.Contains(f.reason, c.reason) {
					t.Errorf("put off because %q, want %q", f.reason, c.reason)
				}
				r.clock.set(f.next)
				p.Wake()
				if wait == longest {
					break
				}
			}
			if got := hook.takes(id, canonical.EventClosed); !slices.Equal(got, kinds) {
				t.Errorf("in the end it takes %v", got)
			}
			hook.mu.Lock()
			defer hook.mu.Unlock()
			for _, e := range hook.calls[:len(hook.calls)-2] {
				if e.ID != hook.calls[0].ID {
					t.Errorf("event %s is tried before %s is taken", e.ID, hook.calls[0].ID)
				}
			}
		})
	}
}

// A receiver that says when it wants to be asked again is asked then, within the bounds of the schedule.
func TestRetryAfter(t *testing.T) {
	says := func(text string) func() string { return func() string { return text } }
	date := func(d time.Duration) func() string {
		return func() string { return time.Now().Add(d).UTC().Format(http.TimeFormat) }
	}
	for name, c := range map[string]struct {
		status      int
		after       func() string
		least, most time.Duration
	}{
		"in seconds":          {503, says("5"), 5 * time.Second, 5 * time.Second},
		"too many":            {429, says("6"), 6 * time.Second, 6 * time.Second},
		"a date":              {503, date(7 * time.Second), 5 * time.Second, 7 * time.Second},
		"longer than we do":   {503, says("86400"), longest, longest},
		"sooner than we do":   {429, says("1"), first, first},
		"of another status":   {500, says("7"), first * 7 / 10, first * 13 / 10},
		"what is no time":     {503, says("soon"), first * 7 / 10, first * 13 / 10},
		"a date that is past": {503, date(-time.Hour), first * 7 / 10, first * 13 / 10},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, "portal")
			r.clients["portal"].does(func(w http.ResponseWriter, _ *http.Request, _ canonical.Event) bool {
				w.Header().Set("Retry-After", c.after())
				w.WriteHeader(c.status)
				return true
			})
			r.happens("portal")
			r.start()
			if got := r.putOff().next.Sub(r.clock.now()); got < c.least-time.Microsecond || got > c.most+time.Microsecond {
				t.Errorf("the next try is in %s, want %s to %s", got, c.least, c.most)
			}
		})
	}
}

// An event waits for its time, and those after it wait with it; another request's do not.
func TestOrder(t *testing.T) {
	r := newRig(t, "portal")
	hook := r.clients["portal"]
	stuck := r.happens("portal")
	var refused int
	hook.does(func(w http.ResponseWriter, _ *http.Request, e canonical.Event) bool {
		if e.Subject != stuck || e.Type != canonical.EventStatusChanged || refused == 2 {
			return false
		}
		refused++
		w.WriteHeader(http.StatusInternalServerError)
		return true
	})
	p := r.start()
	for range 2 {
		f := r.putOff()
		r.clock.set(f.next.Add(-time.Millisecond))
		other := r.happens("portal")
		p.Wake()
		if got := hook.takes(other, canonical.EventClosed); !slices.Equal(got, kinds) {
			t.Errorf("another request's: %v", got)
		}
		r.clock.set(f.next)
		p.Wake()
	}
	hook.takes(stuck, canonical.EventClosed)
	want := []string{kinds[0], kinds[1], kinds[1], kinds[1], kinds[2]}
	if got := hook.called(stuck); !slices.Equal(got, want) {
		t.Errorf("tried in the order %v, want %v", got, want)
	}
}

// One that hangs, with more to be told than fits a round, holds up no other client, also not what that one is told of
// endpoints.
func TestHangingReceiver(t *testing.T) {
	r := newRig(t, "portal", "other")
	var making sync.WaitGroup
	for range 300 {
		making.Go(func() { r.happens("other") })
	}
	making.Wait()
	if _, err := r.store.UpdateEndpoint(t.Context(), "zags", "moscow", func(e *gateway.EndpointState) error {
		e.Trip("down", "node", r.clock.now(), r.clock.now())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	hanging := r.clients["other"]
	hanging.does(func(_ http.ResponseWriter, q *http.Request, _ canonical.Event) bool {
		<-q.Context().Done()
		return true
	})
	p := r.start()
	hanging.await("hanging", func(calls, _ []canonical.Event) bool { return len(calls) >= 4 })
	began := time.Now()
	mine := r.happens("portal")
	p.Wake()
	if got := r.clients["portal"].takes(mine, canonical.EventClosed); !slices.Equal(got, kinds) {
		t.Errorf("told %v", got)
	}
	r.clients["portal"].takes("zags/moscow", canonical.EventAgencyDown)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

// A request whose events hang holds up no other of the same client.
func TestHangingRequest(t *testing.T) {
	r := newRig(t, "portal")
	hook := r.clients["portal"]
	stuck := r.happens("portal")
	hook.does(func(_ http.ResponseWriter, q *http.Request, e canonical.Event) bool {
		if e.Subject == stuck {
			<-q.Context().Done()
		}
		return e.Subject == stuck
	})
	p := r.start()
	hook.await("hanging", func(calls, _ []canonical.Event) bool { return len(calls) == 1 })
	for range 10 {
		id := r.happens("portal")
		p.Wake()
		hook.takes(id, canonical.EventClosed)
	}
}

// A publisher that ends in the middle loses nothing: what was taken is recorded, the rest is told by the next one, over the
// same file.
func TestRestart(t *testing.T) {
	r := newRig(t, "portal")
	hook := r.clients["portal"]
	id := r.happens("portal")
	hook.does(func(_ http.ResponseWriter, q *http.Request, e canonical.Event) bool {
		if e.Type == canonical.EventRegistered {
			return false
		}
		<-q.Context().Done()
		return true
	})
	r.start()
	hook.await("the second", func(calls, _ []canonical.Event) bool { return len(calls) == 2 })
	r.stop()
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	hook.does(nil)
	r.open()
	r.clock.set(r.clock.now().Add(longest)) // it may have been put off before the end
	r.start()
	hook.takes(id, canonical.EventClosed)
	want := []string{kinds[0], kinds[1], kinds[1], kinds[2]}
	if got := hook.called(id); !slices.Equal(got, want) {
		t.Errorf("called with %v, want %v", got, want)
	}
}

// What could not be recorded as told is told again once its claim has ended, with the same id.
func TestRecordLost(t *testing.T) {
	r := newRig(t, "portal")
	hook := r.clients["portal"]
	r.refuse = 1
	id := r.happens("portal")
	p := r.start()
	hook.takes(id, canonical.EventClosed)
	r.clock.set(r.clock.now().Add(time.Minute))
	p.Wake()
	hook.await("the repetition", func(_, taken []canonical.Event) bool { return len(taken) == 6 })
	hook.mu.Lock()
	defer hook.mu.Unlock()
	for i := range 3 {
		if hook.taken[i].ID != hook.taken[i+3].ID {
			t.Errorf("event %s came again as %s", hook.taken[i].ID, hook.taken[i+3].ID)
		}
	}
}

// The events of a client without a webhook wait until it has one.
func TestWithoutWebhook(t *testing.T) {
	r := newRig(t, "portal", "other")
	theirs := r.happens("other")
	mine := r.happens("portal")
	r.start("portal")
	r.clients["portal"].takes(mine, canonical.EventClosed)
	r.stop()
	r.start()
	if got := r.clients["other"].takes(theirs, canonical.EventClosed); !slices.Equal(got, kinds) {
		t.Errorf("told %v", got)
	}
}

// Without any webhook there is nothing to do but to end when told to.
func TestNobodyToTell(t *testing.T) {
	r := newRig(t)
	r.happens("portal")
	r.start().Wake()
	r.stop()
	if !strings.Contains(r.log.String(), "no client has a webhook") {
		t.Errorf("the log does not say so: %s", r.log)
	}
}

package delivery

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
)

// polled is a test agency whose requests are asked about.
func polled(name string, at *site, push string, first, every, quiet time.Duration) *adapters.Agency {
	a := agency(name, at, adapters.ResendSafe)
	a.Services["help"].Spec.Status = adapters.StatusSpec{Push: push, Poll: &adapters.PollSpec{First: first, Every: every, Quiet: quiet}}
	return a
}

func TestPollingBringsTheStatuses(t *testing.T) {
	at := newSite(t)
	h := startHub(t, []*adapters.Agency{polled("tax", at, "", 10*time.Millisecond, time.Hour, 0)})
	r := h.accept("A-1", "tax")
	h.await("the first status", func() bool { return h.request(r.ID).Status == canonical.InProgress })
	h.await("more polls", func() bool { return at.called("poll") >= 3 })
	at.mu.Lock()
	at.status = "approved"
	at.mu.Unlock()
	h.await("the request to close", func() bool { return h.request(r.ID).State == gateway.Closed })
	if got := h.request(r.ID); len(got.Statuses) != 2 || got.Outcome != "approved" || got.Statuses[1].Source != gateway.FromPoll {
		t.Errorf("closed as %q with %d statuses", got.Outcome, len(got.Statuses))
	}
	if d := h.request(r.ID).Deliveries[0]; !d.PollAt.IsZero() {
		t.Error("a closed request is still asked about")
	}
}

func TestAgencyThatPushesIsAskedWhenItFallsSilent(t *testing.T) {
	at := newSite(t)
	h := startHub(t, []*adapters.Agency{polled("zags", at, "Извещение", time.Millisecond, time.Millisecond, 72*time.Hour)})
	r := h.accept("A-1", "zags")
	d := h.awaitState(r.ID, gateway.Registered)
	if wait := d.PollAt.Sub(h.clock.now()); wait < 71*time.Hour || wait > 80*time.Hour {
		t.Errorf("it is asked in %v", wait)
	}
	h.clock.ahead.Add(int64(80 * time.Hour))
	h.await("the question", func() bool { return h.request(r.ID).Status == canonical.InProgress })
	if at.called("poll") != 1 {
		t.Errorf("%d questions", at.called("poll"))
	}
}

// A poll that fails, or comes while the endpoint is held, is repeated soon, not after another silence of days.
func TestPollIsRepeatedSoonAfterTrouble(t *testing.T) {
	at := newSite(t)
	a := polled("zags", at, "Извещение", time.Millisecond, time.Millisecond, 72*time.Hour)
	var broken atomic.Bool
	broken.Store(true)
	a.Adapter = pollBreaks{speaker{}, &broken}
	h := startHub(t, []*adapters.Agency{a})
	r := h.accept("A-1", "zags")
	h.awaitState(r.ID, gateway.Registered)
	if err := h.engine.Hold(t.Context(), "zags", "main", "", "ops"); err != nil {
		t.Fatal(err)
	}
	h.clock.ahead.Add(int64(80 * time.Hour))
	r = h.request(r.ID)
	h.await("the poll to be put off", func() bool { return h.request(r.ID).Deliveries[0].PollAt.After(h.clock.now()) })
	if wait := h.request(r.ID).Deliveries[0].PollAt.Sub(h.clock.now()); wait > time.Minute {
		t.Errorf("while held it is put off by %v", wait)
	}
	if err := h.engine.Release(t.Context(), "zags", "main", "ops"); err != nil {
		t.Fatal(err)
	}
	h.clock.ahead.Add(int64(time.Minute))
	h.await("some failed polls", func() bool { return h.count("poll transient") >= 3 })
	broken.Store(false)
	h.await("the status", func() bool { return h.request(r.ID).Status == canonical.InProgress })
}

type pollBreaks struct {
	speaker
	broken *atomic.Bool
}

func (p pollBreaks) Poll(ctx context.Context, r adapters.Registered) (adapters.Receipt, error) {
	if p.broken.Load() {
		return adapters.Receipt{}, &adapters.Error{Class: adapters.Transient, Code: "503", Text: "not now"}
	}
	return p.speaker.Poll(ctx, r)
}

// Polls of an agency that hangs keep neither its own submissions nor other agencies' polls waiting.
func TestHangingPollsHoldNothingUp(t *testing.T) {
	hangs, works := newSite(t), newSite(t)
	slow := polled("tax", hangs, "", 10*time.Millisecond, time.Hour, 0)
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	slow.Adapter = pollHangs{speaker{}, release}
	h := startHub(t, []*adapters.Agency{slow, polled("zags", works, "", 10*time.Millisecond, time.Hour, 0)}, func(c *Config) { c.StopTimeout = 50 * time.Millisecond })
	var slowOnes []string
	for i := range 10 {
		slowOnes = append(slowOnes, h.accept(fmt.Sprint("T-", i), "tax").ID)
	}
	for _, id := range slowOnes {
		h.awaitState(id, gateway.Registered)
	}
	r := h.accept("Z-1", "zags")
	h.await("the other agency's status", func() bool { return h.request(r.ID).Status == canonical.InProgress })
	late := h.accept("T-late", "tax")
	h.awaitState(late.ID, gateway.Registered)
}

type pollHangs struct {
	speaker
	release chan struct{}
}

func (p pollHangs) Poll(ctx context.Context, r adapters.Registered) (adapters.Receipt, error) {
	select {
	case <-p.release:
	case <-ctx.Done():
	}
	return adapters.Receipt{}, ctx.Err()
}

// Of one request and agency, a delivery waits for the one before it: a withdrawal never overtakes the submission.
func TestOrderWithinARequest(t *testing.T) {
	at := newSite(t)
	arrived, release := make(chan struct{}), make(chan struct{})
	at.does(func(n int, id string, w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		takes(n, id, w, r)
	})
	h := startHub(t, []*adapters.Agency{agency("zags", at, adapters.ResendSafe)})
	r := h.accept("A-1", "zags")
	<-arrived
	var became gateway.Withdrawal
	if _, err := h.store.Update(t.Context(), r.ID, func(r *gateway.Request) (err error) {
		became, err = r.Withdraw("a mistake", h.clock.now())
		return err
	}); err != nil || became != gateway.WithdrawnNoted {
		t.Fatalf("withdrawn: %s, %v", became, err)
	}
	if at.called("cancel") != 0 {
		t.Error("the withdrawal overtook the submission")
	}
	close(release)
	h.await("the request to close", func() bool { return h.request(r.ID).State == gateway.Closed })
	got := h.request(r.ID)
	if got.Outcome != "cancelled" || len(got.Deliveries) != 2 || got.Deliveries[1].Kind != gateway.Cancel || got.Deliveries[1].State != gateway.Registered {
		t.Errorf("closed as %q with deliveries %+v", got.Outcome, got.Deliveries)
	}
	if want := []string{"request.registered", "request.status_changed", "request.closed"}; !slices.Equal(h.events(r.ID), want) {
		t.Errorf("events %v, want %v", h.events(r.ID), want)
	}
}

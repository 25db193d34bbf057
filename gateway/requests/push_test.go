package requests_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/problem"
)

var noon = time.Date(2025, 3, 6, 12, 0, 0, 0, time.UTC)

func says(code canonical.StatusCode, minutes int) canonical.Status {
	return canonical.Status{Code: code, At: noon.Add(time.Duration(minutes) * time.Minute)}
}

func (h *hub) push(agency string, p adapters.Push) adapters.PushResult {
	h.t.Helper()
	result, err := h.ApplyPush(h.t.Context(), agency, p)
	if err != nil {
		h.t.Fatal(err)
	}
	return result
}

func TestPushes(t *testing.T) {
	h := newHub(t, "pension", "zags")
	h.start()
	v := h.answered(h.accept(nil).ID)
	number := v.Deliveries[0].ExternalID
	for _, step := range []struct {
		name    string
		agency  string
		push    adapters.Push
		outcome string
		status  canonical.StatusCode
		history int
	}{
		{"by the agency's number", "pension", adapters.Push{ExternalID: number, Statuses: []canonical.Status{says(canonical.InProgress, 10)}}, "applied", canonical.InProgress, 1},
		{"the same again", "pension", adapters.Push{ExternalID: number, Statuses: []canonical.Status{says(canonical.InProgress, 10)}}, "duplicate", canonical.InProgress, 1},
		{"an older one, late", "pension", adapters.Push{ExternalID: number, Statuses: []canonical.Status{says(canonical.Accepted, 5)}}, "applied", canonical.InProgress, 2},
		{"by our message id", "pension", adapters.Push{MessageID: gateway.MessageID(v.Deliveries[0].ID), Statuses: []canonical.Status{says(canonical.OnApproval, 20)}}, "applied", canonical.OnApproval, 3},
		{"another agency's number", "zags", adapters.Push{ExternalID: number, Statuses: []canonical.Status{says(canonical.Refused, 30)}}, "kept", canonical.OnApproval, 3},
		{"another agency's message id", "zags", adapters.Push{MessageID: gateway.MessageID(v.Deliveries[0].ID), Statuses: []canonical.Status{says(canonical.Refused, 30)}}, "kept", canonical.OnApproval, 3},
		{"an unknown code", "pension", adapters.Push{ExternalID: number, Statuses: []canonical.Status{{Code: canonical.Unknown, Raw: "77", At: noon.Add(time.Hour)}}}, "applied", canonical.OnApproval, 4},
		{"the final one", "pension", adapters.Push{ExternalID: number, Statuses: []canonical.Status{says(canonical.Completed, 120)}}, "applied", canonical.Completed, 5},
		{"one before it, late", "pension", adapters.Push{ExternalID: number, Statuses: []canonical.Status{says(canonical.Ready, 110)}}, "applied", canonical.Completed, 6},
	} {
		result := h.push(step.agency, step.push)
		got, err := h.Get(t.Context(), "portal", v.ID)
		if err != nil {
			t.Fatal(err)
		}
		if result.Outcome != step.outcome || got.Status != step.status || len(got.Statuses) != step.history {
			t.Errorf("%s: %s, the request is %s with %d statuses; want %s, %s, %d", step.name, result.Outcome, got.Status, len(got.Statuses), step.outcome, step.status, step.history)
		}
		if (result.RequestID == v.ID) != (step.outcome != "kept") {
			t.Errorf("%s: it names the request %q", step.name, result.RequestID)
		}
	}
	got, err := h.Get(t.Context(), "portal", v.ID)
	if err != nil || got.State != "closed" || got.Outcome != "completed" {
		t.Errorf("closed as %q, %v", got.Outcome, err)
	}
	for i := 1; i < len(got.Statuses); i++ {
		if got.Statuses[i].At.Before(got.Statuses[i-1].At) {
			t.Errorf("the history is not in the agency's order: %v", got.Statuses)
		}
	}
	if _, err := h.ApplyPush(t.Context(), "pension", adapters.Push{Statuses: []canonical.Status{says(canonical.Ready, 1)}}); code(err) != problem.InvalidRequest {
		t.Errorf("a push without a number: %v", err)
	}
}

// Statuses may come before the receipt: by the agency's number, which waits for it, and even the final one.
func TestPushBeforeTheReceipt(t *testing.T) {
	h := newHub(t, "pension")
	h.agencies["pension"].does(func(x adapters.Submission) (adapters.Receipt, error) {
		for _, s := range []canonical.Status{says(canonical.InProgress, 1), says(canonical.Completed, 2), says(canonical.InProgress, 1)} {
			if result := h.push("pension", adapters.Push{ExternalID: "N-1", Statuses: []canonical.Status{s}}); result.Outcome != "kept" {
				t.Errorf("before the receipt a push is %s", result.Outcome)
			}
		}
		return adapters.Receipt{ExternalID: "N-1"}, nil
	})
	h.start()
	v := h.accept(nil)
	h.awaitClosed(v.ID)
	got := h.stored(v.ID)
	if got.Outcome != "completed" || len(got.Statuses) != 2 {
		t.Errorf("closed as %q with %d statuses", got.Outcome, len(got.Statuses))
	}
	// They are forgotten right after the last of them has closed the request.
	for deadline := time.After(patience); ; {
		kept, err := h.store.Pushes(t.Context(), "pension", "N-1")
		if err == nil && len(kept) == 0 {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("%d pushes are still kept, %v", len(kept), err)
		case <-time.After(time.Millisecond):
		}
	}
}

// awaitClosed waits for the engine to close a request.
func (h *hub) awaitClosed(id string) {
	h.t.Helper()
	deadline := time.After(patience)
	for {
		changed, stop := h.engine.Watch(id)
		if h.stored(id).State == gateway.Closed {
			stop()
			return
		}
		select {
		case <-changed:
			stop()
		case <-deadline:
			h.t.Fatalf("request %s is still open", id)
		}
	}
}

// A push that names our message id and the agency's number is the receipt that was lost.
func TestPushProvesTheReceipt(t *testing.T) {
	h := newHub(t, "pension")
	lost := make(chan struct{})
	h.agencies["pension"].does(func(adapters.Submission) (adapters.Receipt, error) {
		defer close(lost)
		return adapters.Receipt{}, &adapters.Error{Class: adapters.Permanent, Code: "unauthorized", Text: "the answer says no"}
	})
	h.start()
	v := h.answered(h.accept(nil).ID)
	<-lost
	if v.Deliveries[0].State != "dead" || v.Deliveries[0].WaitingFor != "operator" {
		t.Fatalf("the delivery is %+v", v.Deliveries[0])
	}
	h.push("pension", adapters.Push{ExternalID: "N-2", Statuses: []canonical.Status{says(canonical.Accepted, 1)}}) // its number is not known yet
	result := h.push("pension", adapters.Push{ExternalID: "N-2", MessageID: gateway.MessageID(v.Deliveries[0].ID), Statuses: []canonical.Status{says(canonical.InProgress, 2)}})
	got := h.stored(v.ID)
	if result.Outcome != "applied" || got.Deliveries[0].State != gateway.Registered || got.Deliveries[0].ExternalID != "N-2" || len(got.Statuses) != 2 {
		t.Errorf("%s: the delivery is %s as %q with %d statuses", result.Outcome, got.Deliveries[0].State, got.Deliveries[0].ExternalID, len(got.Statuses))
	}
	if wait := time.Until(got.Deliveries[0].PollAt); wait < 71*time.Hour {
		t.Errorf("an agency that has just spoken is asked in %v", wait)
	}
}

// The agency may repeat itself from several threads at once: it is heard once.
func TestPushesAtOnce(t *testing.T) {
	h := newHub(t, "pension")
	h.start()
	v := h.answered(h.accept(nil).ID)
	outcomes := make(chan string, 20)
	var wg sync.WaitGroup
	for range cap(outcomes) {
		wg.Go(func() {
			result, err := h.ApplyPush(t.Context(), "pension", adapters.Push{ExternalID: v.Deliveries[0].ExternalID, Statuses: []canonical.Status{says(canonical.InProgress, 1)}})
			if err != nil {
				t.Error(err)
			}
			outcomes <- result.Outcome
		})
	}
	wg.Wait()
	close(outcomes)
	count := map[string]int{}
	for o := range outcomes {
		count[o]++
	}
	if count["applied"] != 1 || count["duplicate"] != 19 || len(h.stored(v.ID).Statuses) != 1 {
		t.Errorf("%v, and %d statuses", count, len(h.stored(v.ID).Statuses))
	}
}

// While a request is being sent, a push by our message id is heard, and the receipt is left to the reply that is coming.
func TestPushWhileSending(t *testing.T) {
	h := newHub(t, "pension")
	h.agencies["pension"].does(func(x adapters.Submission) (adapters.Receipt, error) {
		if result := h.push("pension", adapters.Push{MessageID: x.MessageID, Statuses: []canonical.Status{says(canonical.InProgress, 1)}}); result.Outcome != "applied" {
			t.Errorf("the push is %s", result.Outcome)
		}
		return adapters.Receipt{ExternalID: "N-1"}, nil
	})
	h.start()
	v := h.answered(h.accept(nil).ID)
	if d := v.Deliveries[0]; d.State != "registered" || d.ExternalID != "N-1" || d.Attempts != 1 || v.Status != canonical.InProgress {
		t.Errorf("the delivery is %+v, the request %s", d, v.Status)
	}
}

// An agency may reopen what it has closed; the request goes on, and can close again.
func TestReopened(t *testing.T) {
	h := newHub(t, "pension")
	h.start()
	v := h.answered(h.accept(nil).ID)
	for _, step := range []struct {
		status canonical.Status
		state  gateway.RequestState
	}{
		{says(canonical.Refused, 1), gateway.Closed}, {says(canonical.InProgress, 2), gateway.Open}, {says(canonical.Completed, 3), gateway.Closed},
	} {
		h.push("pension", adapters.Push{ExternalID: v.Deliveries[0].ExternalID, Statuses: []canonical.Status{step.status}})
		r := h.stored(v.ID)
		if r.State != step.state || r.Status != step.status.Code || (step.state == gateway.Open) == r.Deliveries[0].PollAt.IsZero() {
			t.Errorf("after %s it is %s as %s, the agency is asked at %v", step.status.Code, r.State, r.Status, r.Deliveries[0].PollAt)
		}
	}
}

// What is being sent when it is withdrawn is not cancelled, since it may arrive: the agency is told once it has it.
func TestCancelWhileSending(t *testing.T) {
	h := newHub(t, "pension")
	arrived, release := make(chan struct{}), make(chan struct{})
	h.agencies["pension"].does(func(x adapters.Submission) (adapters.Receipt, error) {
		close(arrived)
		<-release
		return takes(x)
	})
	h.start()
	id := h.accept(nil).ID
	<-arrived
	v, err := h.Cancel(t.Context(), "portal", id, "a mistake")
	if err != nil || v.State != "open" || v.Deliveries[0].State != "sending" {
		t.Errorf("while it is sent: %+v, %v", v, err)
	}
	close(release)
	h.awaitClosed(id)
	r := h.stored(id)
	if r.Outcome != "cancelled" || len(r.Deliveries) != 2 || r.Deliveries[0].State != gateway.Registered || r.Deliveries[1].Kind != gateway.Cancel {
		t.Errorf("closed as %q with %d deliveries, the first %s", r.Outcome, len(r.Deliveries), r.Deliveries[0].State)
	}
}

// What a process left behind that ended between the record of the receipt and the look for its pushes is found.
func TestPushesLeftBehindAreSwept(t *testing.T) {
	h := newHub(t, "pension")
	push, err := json.Marshal(adapters.Push{ExternalID: "N-3", Statuses: []canonical.Status{says(canonical.Completed, 1)}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.KeepPush(t.Context(), "pension", "N-3", push, noon); err != nil {
		t.Fatal(err)
	}
	v := h.accept(nil)
	if _, err := h.store.Update(t.Context(), v.ID, func(r *gateway.Request) error {
		return r.Register(gateway.Claim{DeliveryID: r.Deliveries[0].ID}, gateway.Exchange{StartedAt: noon}, adapters.Receipt{ExternalID: "N-3"}, time.Now())
	}); err != nil {
		t.Fatal(err)
	}
	h.start()
	h.awaitClosed(v.ID)
}

func TestCancel(t *testing.T) {
	refuse := func(class adapters.Class) func(adapters.Submission) (adapters.Receipt, error) {
		return func(adapters.Submission) (adapters.Receipt, error) {
			return adapters.Receipt{}, &adapters.Error{Class: class, Code: "no", Text: "no"}
		}
	}
	for _, c := range []struct {
		name    string
		prepare func(h *hub) string // makes a request and returns its id
		code    problem.Code
		outcome string
		kinds   int // deliveries in the end
	}{
		{"queued", func(h *hub) string { return h.accept(nil).ID }, "", "cancelled", 1},
		{"dead", func(h *hub) string {
			h.agencies["pension"].does(refuse(adapters.Permanent))
			h.start()
			return h.answered(h.accept(nil).ID).ID
		}, "", "cancelled", 1},
		{"rejected", func(h *hub) string {
			h.agencies["pension"].does(refuse(adapters.Rejected))
			h.start()
			return h.answered(h.accept(nil).ID).ID
		}, problem.Conflict, "rejected", 1},
		{"registered", func(h *hub) string {
			h.start()
			return h.answered(h.accept(nil).ID).ID
		}, "", "cancelled", 2},
		{"cancelled", func(h *hub) string {
			id := h.accept(nil).ID
			if _, err := h.Cancel(context.Background(), "portal", id, "a mistake"); err != nil {
				h.t.Fatal(err)
			}
			return id
		}, "", "cancelled", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHub(t, "pension")
			id := c.prepare(h)
			_, err := h.Cancel(t.Context(), "portal", id, "a mistake")
			if code(err) != c.code {
				t.Fatalf("answered %v, want %q", err, c.code)
			}
			h.awaitClosed(id)
			r := h.stored(id)
			if r.Outcome != c.outcome || len(r.Deliveries) != c.kinds {
				t.Errorf("closed as %q with %d deliveries", r.Outcome, len(r.Deliveries))
			}
		})
	}
	if _, err := newHub(t, "pension").Cancel(t.Context(), "portal", "01a20d12-feed-7b0c-a627-e15edd457337", ""); code(err) != problem.NotFound {
		t.Errorf("an unknown request: %v", err)
	}
}

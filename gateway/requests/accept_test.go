package requests_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway/problem"
)

func TestAcceptRefuses(t *testing.T) {
	h := newHub(t, "pension")
	set := func(key string, value any) func(map[string]any) {
		return func(tree map[string]any) { tree[key] = value }
	}
	to := func(routing map[string]any) func(map[string]any) { return set("routing", routing) }
	for _, c := range []struct {
		name    string
		body    []byte
		code    problem.Code
		pointer string
		why     string // the violation's code
	}{
		{"broken JSON", []byte(`{"id": `), problem.BadJSON, "/id", "end"},
		{"duplicate key", []byte(`{"id": "1", "id": "2"}`), problem.BadJSON, "/id", "duplicate-key"},
		{"no object", []byte(`[]`), problem.BadJSON, "", "no-object"},
		{"unknown service", body(t, set("service", "snils-chek")), problem.InvalidRequest, "/service", "unknown-service"},
		{"unknown version", body(t, set("serviceVersion", "7.0")), problem.InvalidRequest, "/serviceVersion", "unknown-version"},
		{"payload against its schema", body(t, set("payload", map[string]any{"snils": "156-842-739 01", "basis": "law"})), problem.InvalidRequest, "/payload/person", "required"},
		{"check digit", body(t, func(tree map[string]any) { tree["payload"].(map[string]any)["snils"] = "156-842-739 02" }), problem.InvalidRequest, "/payload/snils", "snils"},
		{"unknown agency", body(t, to(map[string]any{"agency": "pensoin", "region": "77"})), problem.Unroutable, "/routing/agency", "unknown-agency"},
		{"unknown region", body(t, to(map[string]any{"agency": "pension", "region": "99"})), problem.Unroutable, "/routing/region", "unknown-region"},
		{"service of another agency", body(t, func(tree map[string]any) {
			tree["routing"] = map[string]any{"agency": "pension", "region": "77"}
			tree["service"] = "tax-deduction"
		}), problem.InvalidRequest, "/payload", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := h.Accept(t.Context(), "portal", "key", c.body)
			var p *problem.Error
			if !errors.As(err, &p) || p.Code != c.code {
				t.Fatalf("answered %v, want %s", err, c.code)
			}
			found := c.why == ""
			for _, v := range p.Violations {
				if v.RU == "" || v.EN == "" {
					t.Errorf("a violation without words: %+v", v)
				}
				found = found || v.Pointer == c.pointer && v.Code == c.why
			}
			if !found {
				t.Errorf("violations %+v, want %s at %s", p.Violations, c.why, c.pointer)
			}
		})
	}
	page, err := h.List(t.Context(), "", canonical.RequestFilter{})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("refused requests are stored: %v, %v", page.Items, err)
	}
}

func TestAcceptRoutes(t *testing.T) {
	h := newHub(t, "pension")
	for name, c := range map[string]struct {
		change   func(map[string]any)
		endpoint string
	}{
		"by region":      {nil, "moscow"},
		"another region": {func(tree map[string]any) { tree["routing"].(map[string]any)["region"] = "78" }, "rest"},
		"test":           {func(tree map[string]any) { tree["test"] = true }, "test"},
	} {
		t.Run(name, func(t *testing.T) {
			v := h.accept(c.change)
			if len(v.Deliveries) != 1 || v.Deliveries[0].Endpoint != c.endpoint {
				t.Errorf("it goes to %+v, want %s", v.Deliveries, c.endpoint)
			}
			if v.PortalID != "epgu-2025-000104" || v.Agency != "pension" || v.State != "open" || v.Priority != canonical.Urgent {
				t.Errorf("shown as %+v", v)
			}
		})
	}
}

func TestIdempotencyKey(t *testing.T) {
	h := newHub(t, "pension")
	first, created, err := h.Accept(t.Context(), "portal", "key-1", body(t, nil))
	if err != nil || !created {
		t.Fatalf("the first: created %v, %v", created, err)
	}
	again, created, err := h.Accept(t.Context(), "portal", "key-1", body(t, nil))
	if err != nil || created || again.ID != first.ID {
		t.Errorf("the same again: created %v as %s, %v; want %s", created, again.ID, err, first.ID)
	}
	_, _, err = h.Accept(t.Context(), "portal", "key-1", body(t, func(tree map[string]any) { tree["id"] = "another" }))
	if code(err) != problem.KeyReused {
		t.Errorf("another body: %v", err)
	}
	other, created, err := h.Accept(t.Context(), "another portal", "key-1", body(t, nil))
	if err != nil || !created || other.ID == first.ID {
		t.Errorf("another client: created %v as %s, %v", created, other.ID, err)
	}
}

func code(err error) problem.Code {
	var p *problem.Error
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

// Submissions with one key at the same time: one is taken, those that overlap it are told to wait, none makes another.
func TestIdempotencyKeyInFlight(t *testing.T) {
	h := newHub(t, "pension")
	b := body(t, nil)
	var mu sync.Mutex
	ids := map[string]bool{}
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			v, _, err := h.Accept(t.Context(), "portal", "key", b)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				ids[v.ID] = true
			case code(err) != problem.KeyInFlight:
				t.Errorf("answered %v", err)
			}
		})
	}
	wg.Wait()
	if len(ids) != 1 {
		t.Errorf("%d requests were made", len(ids))
	}
}

func TestOthersRequestsAreNotThere(t *testing.T) {
	h := newHub(t, "pension")
	v := h.accept(nil)
	if _, err := h.Get(t.Context(), "another portal", v.ID); code(err) != problem.NotFound {
		t.Errorf("Get: %v", err)
	}
	if _, err := h.Cancel(t.Context(), "another portal", v.ID, ""); code(err) != problem.NotFound {
		t.Errorf("Cancel: %v", err)
	}
	if _, err := h.Wait(t.Context(), "another portal", v.ID); code(err) != problem.NotFound {
		t.Errorf("Wait: %v", err)
	}
	if page, err := h.List(t.Context(), "another portal", canonical.RequestFilter{}); err != nil || len(page.Items) != 0 {
		t.Errorf("List: %v, %v", page.Items, err)
	}
	if _, err := h.Get(t.Context(), "", v.ID); err != nil {
		t.Errorf("an operator's Get: %v", err)
	}
	if _, err := h.List(t.Context(), "portal", canonical.RequestFilter{Cursor: "nonsense"}); code(err) != problem.BadParameter {
		t.Errorf("a cursor that is none: %v", err)
	}
}

func TestClosedStoreIsUnavailable(t *testing.T) {
	h := newHub(t, "pension")
	h.store.Close()
	_, _, err := h.Accept(t.Context(), "portal", "", body(t, nil))
	if p := problem.Of(err); p.Code != problem.Unavailable || p.RetryAfter == 0 {
		t.Errorf("answered %v", err)
	}
	_, err = h.ApplyPush(t.Context(), "pension", adapters.Push{ExternalID: "N-1", Statuses: []canonical.Status{{Code: canonical.Ready}}})
	if p := problem.Of(err); p.Code != problem.Unavailable || p.RetryAfter == 0 {
		t.Errorf("a push is answered with %v", err)
	}
}

// What a delivery waits for says who holds it up; an operator's hold has no end that anybody knows.
func TestWaitingFor(t *testing.T) {
	h := newHub(t, "pension")
	h.start()
	if err := h.engine.Hold(t.Context(), "pension", "moscow", "they move house", "ops"); err != nil {
		t.Fatal(err)
	}
	id := h.accept(nil).ID
	v, err := h.Get(t.Context(), "portal", id)
	if d := v.Deliveries[0]; err != nil || d.State != "queued" || d.WaitingFor != "agency" || d.Since == nil || d.NextTry != nil || d.Attempts != 0 {
		t.Errorf("while the agency is held: %+v, %v", d, err)
	}
	h.agencies["pension"].does(func(adapters.Submission) (adapters.Receipt, error) {
		return adapters.Receipt{}, &adapters.Error{Class: adapters.Rejected, Code: "no", Text: "not here", Reason: "wrong_addressee", Remedy: adapters.Text{EN: "send it elsewhere"}}
	})
	if err := h.engine.Release(t.Context(), "pension", "moscow", "ops"); err != nil {
		t.Fatal(err)
	}
	d := h.answered(id).Deliveries[0]
	if d.State != "rejected" || d.WaitingFor != "" || d.NextTry != nil || d.LastAnswer == nil || d.LastAnswer.Reason != "wrong_addressee" || d.LastAnswer.Remedy.EN != "send it elsewhere" {
		t.Errorf("after the refusal: %+v", d)
	}
}

func TestWait(t *testing.T) {
	h := newHub(t, "pension")
	arrived, release := make(chan struct{}), make(chan struct{})
	h.agencies["pension"].does(func(x adapters.Submission) (adapters.Receipt, error) {
		close(arrived)
		<-release
		return takes(x)
	})
	h.start()
	v := h.accept(nil)
	<-arrived
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if v, err := h.Wait(ended, "portal", v.ID); err != nil || v.Deliveries[0].State != "sending" || v.Deliveries[0].WaitingFor != "reply" {
		t.Errorf("while it is sent: %+v, %v", v.Deliveries, err)
	}
	close(release)
	if v := h.answered(v.ID); v.Deliveries[0].State != "registered" || v.Deliveries[0].WaitingFor != "status" {
		t.Errorf("after the receipt: %+v", v.Deliveries[0])
	}
}

func TestServices(t *testing.T) {
	h := newHub(t, "pension")
	h.start()
	if err := h.engine.Hold(t.Context(), "pension", "rest", "they move house", "ops"); err != nil {
		t.Fatal(err)
	}
	all := h.Services(t.Context())
	for _, s := range all {
		if s.Name != "snils-check" {
			if len(s.Endpoints) != 0 {
				t.Errorf("%s is served at %v", s.Name, s.Endpoints)
			}
			continue
		}
		if len(s.Endpoints) != 3 || s.Endpoints[1].Endpoint != "rest" || s.Endpoints[1].Health != "held" || s.Endpoints[1].Reason != "operator" {
			t.Errorf("endpoints %+v", s.Endpoints)
		}
		if !s.Endpoints[2].Test || s.Endpoints[0].Regions[0] != "77" || s.Endpoints[0].Health != "up" {
			t.Errorf("endpoints %+v", s.Endpoints)
		}
	}
	if len(all) != 4 {
		t.Errorf("%d services", len(all))
	}
}

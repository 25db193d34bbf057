package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
)

func testCreate(t *testing.T, b *bench) {
	body := []byte(`{"id":"P-1"}`)
	r, created, err := b.Create(b.ctx, b.request(func(p *gateway.NewRequestParams) { p.Priority, p.Test = canonical.Urgent, true }), body, key("k"))
	b.must(err)
	if !created || r.Seq == 0 || r.Version() == 0 || r.Priority != canonical.Urgent || !r.Test {
		t.Errorf("stored %+v", r)
	}
	got, err := b.Body(b.ctx, r.ID)
	b.must(err)
	if !bytes.Equal(got, body) {
		t.Errorf("the body is %s", got)
	}
	if _, _, err := b.Create(b.ctx, b.request(func(p *gateway.NewRequestParams) { p.ID = r.ID }), body, key("other")); err == nil {
		t.Error("two requests have one id")
	}
}

func testIdempotency(t *testing.T, b *bench) {
	first, _, err := b.Create(b.ctx, b.request(), []byte(`{}`), key("k"))
	b.must(err)
	again, created, err := b.Create(b.ctx, b.request(), []byte(`{}`), key("k"))
	b.must(err)
	if created || again.ID != first.ID {
		t.Errorf("the repeat made request %s beside %s", again.ID, first.ID)
	}
	other := store.Idempotency{Key: "k", BodyHash: sha256.Sum256([]byte("other"))}
	if _, _, err := b.Create(b.ctx, b.request(), []byte(`{}`), other); !errors.Is(err, store.ErrKeyReused) {
		t.Errorf("got %v, want ErrKeyReused", err)
	}
	stranger, created, err := b.Create(b.ctx, b.request(func(p *gateway.NewRequestParams) { p.Client = "other" }), []byte(`{}`), key("k"))
	b.must(err)
	if !created || stranger.ID == first.ID {
		t.Error("clients share their keys")
	}

	// Repeats that come at once make one request.
	var wg sync.WaitGroup
	ids := make([]string, 20)
	for i := range ids {
		r := b.request()
		wg.Go(func() {
			r, _, err := b.Create(b.ctx, r, []byte(`{}`), key("at once"))
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = r.ID
		})
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("one key made %s and %s", ids[0], id)
		}
	}
}

func testUpdate(t *testing.T, b *bench) {
	r := b.create()
	v := r.Version()
	c := b.begin(r)
	begun := b.load(r.ID)
	if begun.Version() <= v || begun.Deliveries[0].State != gateway.Sending || begun.Deliveries[0].Epoch != c.Epoch {
		t.Errorf("begun as %+v in version %d", begun.Deliveries[0], begun.Version())
	}
	refused := errors.New("refused")
	if _, err := b.Update(b.ctx, r.ID, func(r *gateway.Request) error {
		r.State = gateway.Closed
		r.Deliveries[0].State = gateway.Dead
		return refused
	}); err != refused {
		t.Errorf("got %v, want the function's own error", err)
	}
	if now := b.load(r.ID); now.State != gateway.Open || now.Deliveries[0].State != gateway.Sending || now.Version() != begun.Version() {
		t.Error("a refused change was written")
	}
	if begun.State != gateway.Open {
		t.Error("what was loaded before has changed")
	}
	same := b.update(r.ID, func(*gateway.Request) error { return nil })
	if same.Version() != begun.Version() {
		t.Error("nothing was changed and the version grew")
	}
}

// Everything that a request holds comes back as it was, also when it is read anew.
func testRoundTrip(t *testing.T, b *bench) {
	r := b.create(func(p *gateway.NewRequestParams) {
		p.Targets = []gateway.Target{moscow, {Agency: "tax", Endpoint: "7701"}}
	})
	until := noon.Add(24 * time.Hour)
	c := b.begin(r)
	b.update(r.ID, func(r *gateway.Request) error {
		e := &adapters.Error{Class: adapters.Ambiguous, Code: "timeout", Text: "нет ответа", Reason: "x", Remedy: adapters.Text{RU: "ждать", EN: "wait"}}
		return r.Retry(c, gateway.Exchange{StartedAt: b.now, HTTPStatus: 504, Sent: []byte("sent"), Received: []byte{0, 255}, MappingHash: "h"}, e, b.now, b.now)
	})
	doubt := b.load(r.ID)
	if d := doubt.Deliveries[0]; !d.InDoubt || d.LastError.Remedy.RU != "ждать" || d.State != gateway.Retrying {
		t.Errorf("stored %+v", d)
	}
	b.register(r, "77-1", canonical.Status{
		Code: canonical.AwaitingDocuments, Raw: "40", At: noon, Officer: &canonical.Officer{Name: "Иванова", Position: "инспектор", Phone: "1"},
		Unit: &canonical.Unit{Code: "5", Name: "Отдел"}, Comment: "c", Missing: []canonical.MissingDocument{{Type: "passport", Title: "Паспорт"}}, Until: &until, Reason: "r",
	})
	b.update(r.ID, func(r *gateway.Request) error {
		if err := r.Delay(r.Deliveries[1].ID, "breaker", noon, b.now); err != nil {
			return err
		}
		if err := r.AskAt(r.Deliveries[0].ID, noon.Add(time.Hour)); err != nil {
			return err
		}
		_, err := r.Withdraw("передумал", b.now)
		return err
	})
	stored := b.load(r.ID)
	b.must(stored.Check())
	page, err := b.List(b.ctx, store.Filter{Client: r.Client})
	b.must(err)
	if len(page.Items) != 1 || !reflect.DeepEqual(page.Items[0], stored) {
		t.Errorf("read anew:\n%+v\nkept:\n%+v", page.Items, stored)
	}
	attempts, err := b.Attempts(b.ctx, r.Deliveries[0].ID)
	b.must(err)
	if len(attempts) != 2 || attempts[0].Class != "ambiguous" || attempts[0].HTTPStatus != 504 || string(attempts[0].Sent) != "sent" ||
		!bytes.Equal(attempts[0].Received, []byte{0, 255}) || attempts[0].MappingHash != "h" || attempts[0].What != gateway.AttemptSend || attempts[1].Class != "registered" {
		t.Errorf("the attempts are %+v", attempts)
	}
}

// Updates of one request at the same time follow each other.
func testConcurrency(t *testing.T, b *bench) {
	r := b.create()
	b.register(r, "1")
	var wg sync.WaitGroup
	const n = 50
	for i := range n {
		wg.Go(func() {
			_, err := b.Update(b.ctx, r.ID, func(r *gateway.Request) error {
				_, err := r.ApplyStatuses("zags", []canonical.Status{{Code: canonical.InProgress, Comment: fmt.Sprint(i)}}, gateway.FromPush, b.now)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := len(b.load(r.ID).Statuses); got != n {
		t.Errorf("%d of %d statuses are there", got, n)
	}
}

// A write that the schema refuses, in the middle of many that it takes at the same time, fails alone.
func testFailureIsAlone(t *testing.T, b *bench) {
	var wg sync.WaitGroup
	const n = 60
	good := make([]*gateway.Request, n)
	for i := range good {
		good[i] = b.request()
		bad := b.request(func(p *gateway.NewRequestParams) {
			p.Targets = append(p.Targets, gateway.Target{Agency: "zags", Endpoint: strings.Repeat("x", 300)})
		})
		wg.Go(func() {
			if _, _, err := b.Create(b.ctx, good[i], []byte(`{}`), key("")); err != nil {
				t.Errorf("a sound request: %v", err)
			}
		})
		wg.Go(func() {
			if _, _, err := b.Create(b.ctx, bad, []byte(`{}`), key("")); err == nil || errors.Is(err, store.ErrUnavailable) {
				t.Errorf("an unsound request: %v", err)
			}
		})
	}
	wg.Wait()
	page, err := b.List(b.ctx, store.Filter{Limit: store.MaxPage})
	b.must(err)
	if len(page.Items) != n {
		t.Errorf("%d requests are stored, want %d", len(page.Items), n)
	}
	for _, r := range good {
		if got := b.load(r.ID); len(got.Deliveries) != 1 {
			t.Errorf("request %s has %d deliveries", r.ID, len(got.Deliveries))
		}
	}
}

// A change that panics is an error of its caller.
func testPanic(t *testing.T, b *bench) {
	r := b.create()
	if _, err := b.Update(b.ctx, r.ID, func(*gateway.Request) error { panic("poison") }); err == nil || !strings.Contains(err.Error(), "poison") {
		t.Errorf("got %v", err)
	}
	b.begin(r)
}

func testNotFound(t *testing.T, b *bench) {
	id := gateway.NewID(noon)
	tests := map[string]func() error{
		"request": func() error { _, err := b.Request(b.ctx, id); return err },
		"body":    func() error { _, err := b.Body(b.ctx, id); return err },
		"update": func() error {
			_, err := b.Update(b.ctx, id, func(*gateway.Request) error { t.Error("changed nothing"); return nil })
			return err
		},
		"number":  func() error { _, err := b.FindNumber(b.ctx, "zags", "1"); return err },
		"no id":   func() error { _, err := b.Request(b.ctx, "nonsense"); return err },
		"no body": func() error { _, err := b.Body(b.ctx, "nonsense"); return err },
		"no change": func() error {
			_, err := b.Update(b.ctx, "nonsense", func(*gateway.Request) error { t.Error("changed nothing"); return nil })
			return err
		},
		"no text":  func() error { _, err := b.FindNumber(b.ctx, "zags", "a\x00\xff"); return err },
		"attempts": func() error { _, err := b.Attempts(b.ctx, "nonsense"); return err },
	}
	for name, do := range tests {
		if err := do(); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.List(b.ctx, store.Filter{Cursor: "nonsense"}); !errors.Is(err, store.ErrBadCursor) {
		t.Errorf("a foreign cursor: %v", err)
	}
	if _, err := b.Deliveries(b.ctx, store.DeliveryFilter{Cursor: "nonsense"}); !errors.Is(err, store.ErrBadCursor) {
		t.Errorf("a foreign cursor: %v", err)
	}
}

func testCancelled(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	cancel()
	if _, _, err := b.Create(ctx, b.request(), []byte(`{}`), key("")); !errors.Is(err, context.Canceled) {
		t.Errorf("writing: %v", err)
	}
	if _, err := b.List(ctx, store.Filter{}); !errors.Is(err, context.Canceled) {
		t.Errorf("reading: %v", err)
	}
}

func testClosed(t *testing.T, b *bench) {
	b.must(b.Close())
	if _, _, err := b.Create(b.ctx, b.request(), []byte(`{}`), key("")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("writing: %v", err)
	}
	if _, err := b.List(b.ctx, store.Filter{}); !errors.Is(err, store.ErrClosed) {
		t.Errorf("reading: %v", err)
	}
	b.must(b.Close())
}

// The schema refuses what the domain would never write.
func testNonsense(t *testing.T, b *bench) {
	for name, change := range map[string]func(*gateway.Request, *gateway.Delivery){
		"closed without an end":   func(r *gateway.Request, _ *gateway.Delivery) { r.State = gateway.Closed },
		"an outcome while open":   func(r *gateway.Request, _ *gateway.Delivery) { r.Outcome = "approved" },
		"no such state":           func(r *gateway.Request, _ *gateway.Delivery) { r.State = "lost" },
		"no such delivery state":  func(_ *gateway.Request, d *gateway.Delivery) { d.State = "lost" },
		"waits for nothing":       func(_ *gateway.Request, d *gateway.Delivery) { d.NextAt = time.Time{} },
		"an owner while it waits": func(_ *gateway.Request, d *gateway.Delivery) { d.Owner = "node" },
		"sent by nobody":          func(_ *gateway.Request, d *gateway.Delivery) { d.State, d.NextAt = gateway.Sending, time.Time{} },
		"dead without a reason": func(_ *gateway.Request, d *gateway.Delivery) {
			d.State, d.NextAt, d.Owner = gateway.Dead, time.Time{}, gateway.Operator
		},
		"registered without an end": func(_ *gateway.Request, d *gateway.Delivery) {
			d.State, d.NextAt, d.ExternalID = gateway.Registered, time.Time{}, "7"
		},
		"registered without a number": func(_ *gateway.Request, d *gateway.Delivery) {
			d.State, d.NextAt, d.EndedAt = gateway.Registered, time.Time{}, noon
		},
		"cancelled while in doubt": func(_ *gateway.Request, d *gateway.Delivery) {
			d.State, d.NextAt, d.EndedAt, d.InDoubt = gateway.Cancelled, time.Time{}, noon, true
		},
		"asked before it is registered": func(_ *gateway.Request, d *gateway.Delivery) { d.PollAt = noon },
		"a negative count":              func(_ *gateway.Request, d *gateway.Delivery) { d.Attempts = -1 },
	} {
		r := b.create()
		_, err := b.Update(b.ctx, r.ID, func(r *gateway.Request) error { change(r, r.Deliveries[0]); return nil })
		if err == nil || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
		b.must(b.load(r.ID).Check())
	}
}

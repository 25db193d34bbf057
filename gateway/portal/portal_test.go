package portal

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"sluice/contracts/canonical"
	"sluice/contracts/openapi"
	"sluice/gateway"
	"sluice/gateway/problem"
	"sluice/gateway/requests"
	"sluice/gateway/store"
)

func TestSubmitAndShow(t *testing.T) {
	r := newRig(t, nil)
	for _, service := range []string{"family-composition", "tax-deduction", "housing-subsidy", "snils-check"} {
		got := r.call("POST", "/v1/requests", sample(t, service), "Content-Type", "application/json; charset=UTF-8")
		v := got.view(t)
		if got.status != 202 || v.Service != service || v.ServiceVersion != "1.0" || v.State != "open" || len(v.Deliveries) != 1 || v.Deliveries[0].State != "queued" || v.Deliveries[0].WaitingFor != "turn" {
			t.Errorf("%s: %d %s", service, got.status, got.body)
		}
		if got.header.Get("Location") != "/v1/requests/"+v.ID {
			t.Errorf("%s: Location %q", service, got.header.Get("Location"))
		}
		shown := r.call("GET", got.header.Get("Location"), nil)
		if shown.status != 200 || string(shown.body) != string(got.body) || shown.header.Get("ETag") != got.header.Get("ETag") {
			t.Errorf("%s: shown as %d %s, submitted as %s", service, shown.status, shown.body, got.body)
		}
	}
}

func TestETag(t *testing.T) {
	r := newRig(t, nil)
	got := r.call("POST", "/v1/requests", sample(t, "family-composition"))
	path, tag := got.header.Get("Location"), got.header.Get("ETag")
	for _, header := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
		if again := r.call("GET", path, nil, "If-None-Match", header); again.status != 304 || len(again.body) != 0 || again.header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d %s", header, again.status, again.body)
		}
	}
	if head := r.call("HEAD", path, nil); head.status != 200 || head.header.Get("ETag") != tag || len(head.body) != 0 {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
	at := time.Date(2025, 3, 2, 9, 0, 0, 0, time.UTC)
	until := at.AddDate(0, 0, 10)
	r.register(got.view(t).ID, "77-1", canonical.Status{Code: canonical.AwaitingDocuments, Raw: "40", At: at, Until: &until, Comment: "c", Reason: "r",
		Officer: &canonical.Officer{Name: "Образцова Н. П.", Position: "p", Phone: "+74950000000"}, Unit: &canonical.Unit{Code: "1", Name: "u"},
		Missing: []canonical.MissingDocument{{Type: "consent", Title: "Согласие"}}})
	later := r.call("GET", path, nil, "If-None-Match", tag)
	v := later.view(t)
	if later.status != 200 || later.header.Get("ETag") == tag || v.Deliveries[0].ExternalID != "77-1" || v.Status != canonical.AwaitingDocuments || len(v.Statuses) != 1 || v.Statuses[0].Missing[0].Type != "consent" {
		t.Errorf("after a status: %d %s", later.status, later.body)
	}
}

// TestETagSeesWhatTheVersionDoesNot: while an endpoint is held the request itself does not change, only what it waits for.
func TestETagSeesWhatTheVersionDoesNot(t *testing.T) {
	v := canonical.RequestView{Version: 3, Deliveries: []canonical.DeliveryView{{WaitingFor: "turn"}}}
	one, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	v.Deliveries[0].WaitingFor = "agency"
	other, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if etag(3, one) == etag(3, other) || etag(3, one) == etag(4, one) {
		t.Error("two views have one ETag")
	}
}

func TestIdempotency(t *testing.T) {
	r := newRig(t, nil)
	body := sample(t, "family-composition")
	first := r.call("POST", "/v1/requests", body, "Idempotency-Key", "k1").view(t)
	again := r.call("POST", "/v1/requests", body, "Idempotency-Key", "k1")
	if again.status != 202 || again.view(t).ID != first.ID {
		t.Errorf("a repeat made %d %s", again.status, again.body)
	}
	if reused := r.call("POST", "/v1/requests", changed(t, "priority", "urgent"), "Idempotency-Key", "k1"); reused.status != 422 || !strings.Contains(string(reused.body), string(problem.KeyReused)) {
		t.Errorf("another body with the key: %d %s", reused.status, reused.body)
	}
	if theirs := r.call("POST", "/v1/requests", body, "Idempotency-Key", "k1", "Authorization", "Bearer "+otherToken); theirs.status != 202 || theirs.view(t).ID == first.ID {
		t.Errorf("another client's key: %d %s", theirs.status, theirs.body)
	}
	var page canonical.RequestPage
	if err := json.Unmarshal(r.call("GET", "/v1/requests", nil).body, &page); err != nil || len(page.Items) != 1 {
		t.Errorf("%v: %d requests", err, len(page.Items))
	}
}

// slowStore holds Create until it is let go.
type slowStore struct {
	requests.Store
	entered, release chan struct{}
	once             sync.Once
}

func (s *slowStore) Create(ctx context.Context, r *gateway.Request, body []byte, idem store.Idempotency) (*gateway.Request, bool, error) {
	s.once.Do(func() {
		close(s.entered)
		<-s.release
	})
	return s.Store.Create(ctx, r, body, idem)
}

func TestKeyInFlight(t *testing.T) {
	slow := &slowStore{entered: make(chan struct{}), release: make(chan struct{})}
	r := newRig(t, func(s requests.Store) requests.Store { slow.Store = s; return slow })
	body := sample(t, "family-composition")
	first := make(chan answer, 1)
	go func() { first <- r.call("POST", "/v1/requests", body, "Idempotency-Key", "k") }()
	<-slow.entered
	second := r.call("POST", "/v1/requests", body, "Idempotency-Key", "k")
	close(slow.release)
	if second.status != 409 || second.header.Get("Retry-After") != "1" || !strings.Contains(string(second.body), string(problem.KeyInFlight)) {
		t.Errorf("while the first is under way: %d %s", second.status, second.body)
	}
	if got := <-first; got.status != 202 {
		t.Errorf("the first: %d %s", got.status, got.body)
	}
}

// TestStoreGone: what can't be committed is not accepted, and the portal knows when to try again.
func TestStoreGone(t *testing.T) {
	r := newRig(t, nil)
	if err := r.store.Close(); err != nil {
		t.Fatal(err)
	}
	got := r.call("POST", "/v1/requests", sample(t, "family-composition"))
	seconds, err := strconv.Atoi(got.header.Get("Retry-After"))
	if got.status != 503 || err != nil || seconds < 1 || got.header.Get("Location") != "" {
		t.Errorf("got %d %v %s", got.status, got.header, got.body)
	}
	if bad := r.call("POST", "/v1/requests", []byte("{}")); bad.status != 422 {
		t.Errorf("a bad request meanwhile: %d", bad.status)
	}
	if services := r.call("GET", "/v1/services", nil); services.status != 200 {
		t.Errorf("the services meanwhile: %d", services.status)
	}
}

// watchedStore tells when a request is read, which Wait does once it has begun to watch.
type watchedStore struct {
	requests.Store
	read chan string
}

func (s *watchedStore) Request(ctx context.Context, id string) (*gateway.Request, error) {
	r, err := s.Store.Request(ctx, id)
	select {
	case s.read <- id:
	default:
	}
	return r, err
}

func TestPreferWait(t *testing.T) {
	watched := &watchedStore{read: make(chan string, 1)}
	r := newRig(t, func(s requests.Store) requests.Store { watched.Store = s; return watched })
	done := make(chan answer, 1)
	go func() {
		done <- r.call("POST", "/v1/requests", sample(t, "snils-check"), "Prefer", "respond-async, Wait = 600; x=1", "Prefer", "wait=30")
	}()
	select {
	case id := <-watched.read:
		r.register(id, "P-1", canonical.Status{Code: canonical.InProgress})
	case got := <-done:
		t.Fatalf("it does not wait: %d %s", got.status, got.body)
	}
	got := <-done
	if got.status != 201 || got.view(t).Deliveries[0].ExternalID != "P-1" || got.header.Get("Location") == "" || got.header.Get("Preference-Applied") != "wait=60" {
		t.Errorf("with its receipt: %d %v %s", got.status, got.header, got.body)
	}
	if got := r.call("POST", "/v1/requests", sample(t, "snils-check"), "Prefer", `wait="1"`); got.status != 202 || got.header.Get("Preference-Applied") != "wait=1" || got.view(t).State != "open" {
		t.Errorf("without one: %d %s", got.status, got.body)
	}
	if got := r.call("POST", "/v1/requests", sample(t, "snils-check"), "Prefer", "wait=0"); got.status != 202 || got.header.Get("Preference-Applied") != "" {
		t.Errorf("with no wait: %d %v", got.status, got.header)
	}
}

// TestStoppingEndsWaits: who waits for a receipt when the hub begins to stop is told what is known.
func TestStoppingEndsWaits(t *testing.T) {
	watched := &watchedStore{read: make(chan string, 1)}
	r := newRig(t, func(s requests.Store) requests.Store { watched.Store = s; return watched })
	done := make(chan answer, 1)
	go func() { done <- r.call("POST", "/v1/requests", sample(t, "snils-check"), "Prefer", "wait=60") }()
	<-watched.read
	began := time.Now()
	r.stop()
	if got := <-done; got.status != 202 || got.view(t).Deliveries[0].State != "queued" || got.header.Get("Location") == "" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it was kept waiting for %s more", took)
	}
}

func TestList(t *testing.T) {
	r := newRig(t, nil)
	var ids []string
	for _, service := range []string{"family-composition", "tax-deduction", "family-composition", "snils-check"} {
		ids = append(ids, r.call("POST", "/v1/requests", sample(t, service)).view(t).ID)
	}
	r.call("POST", "/v1/requests", sample(t, "snils-check"), "Authorization", "Bearer "+otherToken)
	r.register(ids[3], "P-1", canonical.Status{Code: canonical.Completed, At: time.Now()})
	list := func(query string) (found []string, next string) {
		t.Helper()
		got := r.call("GET", "/v1/requests?"+query, nil)
		var page canonical.RequestPage
		if err := json.Unmarshal(got.body, &page); err != nil || got.status != 200 {
			t.Fatalf("%s: %d %s", query, got.status, got.body)
		}
		for _, v := range page.Items {
			found = append(found, v.ID)
		}
		if link := got.header.Get("Link"); (page.Next != "") != strings.Contains(link, "cursor="+url.QueryEscape(page.Next)) {
			t.Errorf("%s: next %q, Link %s", query, page.Next, link)
		}
		return found, page.Next
	}
	for query, want := range map[string][]string{
		"":                                   {ids[3], ids[2], ids[1], ids[0]},
		"service=family-composition":         {ids[2], ids[0]},
		"agency=tax":                         {ids[1]},
		"state=closed":                       {ids[3]},
		"status=completed&outcome=completed": {ids[3]},
		"portalId=epgu-2025-000102":          {ids[1]},
		"since=2000-01-01T00:00:00Z&until=2001-01-01T00:00:00%2B03:00": nil,
	} {
		if got, _ := list(query); strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: %v, want %v", query, got, want)
		}
	}
	first, cursor := list("limit=3")
	rest, end := list("limit=3&cursor=" + url.QueryEscape(cursor))
	if len(first) != 3 || len(rest) != 1 || rest[0] != ids[0] || end != "" {
		t.Errorf("pages %v and %v, then %q", first, rest, end)
	}
}

func TestCancel(t *testing.T) {
	r := newRig(t, nil)
	id := r.call("POST", "/v1/requests", sample(t, "family-composition")).view(t).ID
	got := r.call("POST", "/v1/requests/"+id+"/cancel", []byte(`{"reason":"Заявитель передумал"}`))
	if v := got.view(t); got.status != 200 || v.State != "closed" || v.Outcome != "cancelled" || v.Deliveries[0].State != "cancelled" {
		t.Errorf("got %d %s", got.status, got.body)
	}
	if again := r.call("POST", "/v1/requests/"+id+"/cancel", nil); again.status != 200 {
		t.Errorf("again: %d %s", again.status, again.body)
	}
	id = r.call("POST", "/v1/requests", sample(t, "snils-check")).view(t).ID
	r.register(id, "P-1", canonical.Status{Code: canonical.Completed, At: time.Now()})
	if late := r.call("POST", "/v1/requests/"+id+"/cancel", []byte(`{}`)); late.status != 409 || !strings.Contains(string(late.body), string(problem.Conflict)) {
		t.Errorf("of a closed request: %d %s", late.status, late.body)
	}
}

func TestServices(t *testing.T) {
	r := newRig(t, nil)
	var list struct{ Items []canonical.ServiceView }
	if err := json.Unmarshal(r.call("GET", "/v1/services", nil).body, &list); err != nil {
		t.Fatal(err)
	}
	if len(list.Items) != 4 {
		t.Fatalf("%d services", len(list.Items))
	}
	for _, s := range list.Items {
		live := 0
		for _, e := range s.Endpoints {
			if !e.Test && e.Health != "" {
				live++
			}
		}
		if live == 0 || s.Title.RU == "" || !json.Valid(s.Schema) {
			t.Errorf("%s: %+v", s.Name, s)
		}
	}
}

func TestOpenAPIIsServed(t *testing.T) {
	r := newRig(t, nil)
	got := r.call("GET", "/openapi.json", nil)
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "application/json" {
		t.Fatalf("got %d %v", got.status, got.header)
	}
	if _, err := openapi.Load(fstest.MapFS{"x.json": {Data: got.body}}, "x.json"); err != nil {
		t.Error(err)
	}
}

package app

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/cmd/internal/agencysim"
	"sluice/contracts/canonical"
	"sluice/gateway/console"
	"sluice/gateway/store/postgres/pgtest"
)

// TestEndToEnd sends the four sample requests through the real doors to the simulated agencies and follows each to its
// end: number, statuses by push and by poll, events in order.
func TestEndToEnd(t *testing.T) {
	t.Parallel()
	endToEnd(t, newRig(t))
}

// TestEndToEndOnPostgreSQL does the same where SLUICE_DATABASE names a server.
func TestEndToEndOnPostgreSQL(t *testing.T) {
	t.Parallel()
	endToEnd(t, newRig(t, "SLUICE_DATABASE="+pgtest.Shared(t).Database(t)))
}

func endToEnd(t *testing.T, r *rig) {
	for _, service := range []string{"family-composition", "tax-deduction", "housing-subsidy", "snils-check"} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			a := r.call("POST", r.PortalURL()+"/v1/requests", "PORTAL", sample(t, service), "Idempotency-Key", service, "Prefer", "wait=10")
			if a.status != http.StatusCreated {
				t.Fatalf("%d %s", a.status, a.body)
			}
			var view canonical.RequestView
			a.into(t, &view)
			if d := view.Deliveries[0]; d.State != "registered" || d.ExternalID == "" {
				t.Errorf("delivery %+v", d)
			}
			events := r.told(view.ID, canonical.EventClosed)
			if events[0].Type != canonical.EventRegistered || events[len(events)-1].Type != canonical.EventClosed {
				t.Errorf("events in the wrong order: %+v", events)
			}
			seen := map[string]bool{}
			for _, e := range events {
				if seen[e.ID] {
					t.Errorf("event %s came twice", e.ID)
				}
				seen[e.ID] = true
			}
			r.call("GET", r.PortalURL()+"/v1/requests/"+view.ID, "PORTAL", "").into(t, &view)
			if view.State != "closed" || !canonical.StatusCode(view.Outcome).Final() || len(view.Statuses) == 0 {
				t.Errorf("request %+v", view)
			}
			again := r.call("POST", r.PortalURL()+"/v1/requests", "PORTAL", sample(t, service), "Idempotency-Key", service)
			var repeated canonical.RequestView
			again.into(t, &repeated)
			if repeated.ID != view.ID {
				t.Errorf("the same key made another request: %d %s", again.status, again.body)
			}
			if n := len(r.sim.Effects(view.Agency)); n != 1 {
				t.Errorf("%d effects at %s", n, view.Agency)
			}
		})
	}
}

// TestOutage holds an agency down: the delivery waits, the portal is told once, and all recovers by itself.
func TestOutage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	id, err := r.sim.Inject(agencysim.Fault{Agency: agencysim.ZAGS, Kind: agencysim.Outage, For: 1500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer r.sim.Clear(id)
	var views []canonical.RequestView
	for i := range 12 {
		a := r.call("POST", r.PortalURL()+"/v1/requests", "PORTAL", sample(t, "family-composition"), "Idempotency-Key", string(rune('a'+i)))
		if a.status != http.StatusAccepted {
			t.Fatalf("%d %s", a.status, a.body)
		}
		var v canonical.RequestView
		a.into(t, &v)
		views = append(views, v)
	}
	for _, v := range views {
		r.told(v.ID, canonical.EventClosed)
	}
	if n := len(r.sim.Effects(agencysim.ZAGS)); n != len(views) {
		t.Errorf("%d effects for %d requests", n, len(views))
	}
}

func TestWhoMayCome(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.call("POST", r.PortalURL()+"/v1/requests", "PORTAL", sample(t, "snils-check"))
	var view canonical.RequestView
	a.into(t, &view)
	for _, row := range []struct {
		name, method, url, token string
		status                   int
	}{
		{"nobody at the portals' door", "GET", r.PortalURL() + "/v1/services", "", 401},
		{"nobody for the description", "GET", r.PortalURL() + "/openapi.json", "", 401},
		{"an operator at the portals' door", "GET", r.PortalURL() + "/v1/services", "DUTY", 401},
		{"an agency at the portals' door", "GET", r.PortalURL() + "/v1/services", "ZAGS", 401},
		{"another client's request", "GET", r.PortalURL() + "/v1/requests/" + view.ID, "OTHER", 404},
		{"another client's request, to cancel", "POST", r.PortalURL() + "/v1/requests/" + view.ID + "/cancel", "OTHER", 404},
		{"its own request", "GET", r.PortalURL() + "/v1/requests/" + view.ID, "PORTAL", 200},
		{"a portal at the agencies' door", "POST", r.AgenciesURL() + "/agencies/zags", "PORTAL", 401},
		{"a portal at the operators' door", "GET", r.OperatorsURL() + "/v1/requests", "PORTAL", 401},
		{"nobody at the operators' door", "GET", r.OperatorsURL() + "/v1/endpoints", "", 401},
		{"nobody for metrics", "GET", r.OperatorsURL() + "/metrics", "", 401},
		{"health", "GET", r.OperatorsURL() + "/healthz", "", 200},
		{"readiness", "GET", r.OperatorsURL() + "/readyz", "", 200},
	} {
		if a := r.call(row.method, row.url, row.token, ""); a.status != row.status {
			t.Errorf("%s: %d %s, want %d", row.name, a.status, a.body, row.status)
		}
	}
	var page canonical.RequestPage
	r.call("GET", r.PortalURL()+"/v1/requests", "OTHER", "").into(t, &page)
	if len(page.Items) != 0 {
		t.Errorf("another client's list shows %+v", page.Items)
	}
}

func TestOperators(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	admin := r.OperatorsURL() + "/v1"
	a := r.call("POST", admin+"/endpoints/zags/moscow/hold", "DUTY", `{"reason":"their database moves"}`)
	if a.status != 200 {
		t.Fatalf("hold: %d %s", a.status, a.body)
	}
	var accepted canonical.RequestView
	r.call("POST", r.PortalURL()+"/v1/requests", "PORTAL", sample(t, "family-composition")).into(t, &accepted)

	var deliveries console.DeliveryPage
	r.call("GET", admin+"/deliveries?waiting=true", "DUTY", "").into(t, &deliveries)
	if len(deliveries.Items) != 1 || deliveries.Items[0].WaitingFor != "agency" || deliveries.Items[0].RequestID != accepted.ID || deliveries.Items[0].Attempts != 0 {
		t.Errorf("waiting: %+v", deliveries)
	}
	var endpoints console.EndpointList
	r.call("GET", admin+"/endpoints", "DUTY", "").into(t, &endpoints)
	held := false
	for _, e := range endpoints.Items {
		if e.Agency == "zags" && e.Endpoint == "moscow" {
			held = e.Health == "held" && e.By == "duty" && e.Text == "their database moves" && e.Waiting == 1
		}
	}
	if !held {
		t.Errorf("endpoints: %+v", endpoints)
	}
	if n := len(r.sim.Effects(agencysim.ZAGS)); n != 0 {
		t.Errorf("a held endpoint was sent to %d times", n)
	}
	if a := r.call("POST", admin+"/endpoints/zags/moscow/release", "DUTY", ""); a.status != 200 {
		t.Fatalf("release: %d %s", a.status, a.body)
	}
	r.told(accepted.ID, canonical.EventClosed)
	var detail console.RequestDetail
	r.call("GET", admin+"/requests/"+accepted.ID, "DUTY", "").into(t, &detail)
	attempts := detail.Attempts[accepted.ID+".1"]
	if detail.State != "closed" || len(attempts) != 1 || attempts[0].Class != "registered" || attempts[0].Sent == 0 || attempts[0].MappingHash == "" {
		t.Errorf("request: %+v", detail)
	}
	var page canonical.RequestPage
	r.call("GET", admin+"/requests?client=portal&state=closed", "DUTY", "").into(t, &page)
	if len(page.Items) != 1 {
		t.Errorf("requests: %+v", page)
	}
	for _, row := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/requests?stat=open", "", 400, `did you mean \"state\"`},
		{"GET", "/requests?limit=0", "", 400, "limit"},
		{"GET", "/requests?since=yesterday", "", 400, "RFC 3339"},
		{"GET", "/requests?state=open&state=closed", "", 400, "given twice"},
		{"GET", "/requests?cursor=nonsense", "", 400, "cursor"},
		{"GET", "/requests/none", "", 404, "not-found"},
		{"POST", "/requests/none/cancel", `{"reason":"x"}`, 404, "not-found"},
		{"POST", "/requests/" + accepted.ID + "/cancel", `{"reason":"x"}`, 409, "closed"},
		{"POST", "/requests/" + accepted.ID + "/cancel", `{"resaon":"x"}`, 400, "resaon"},
		{"GET", "/deliveries?state=lost", "", 400, "queued, sending"},
		{"POST", "/deliveries/none/replay", "", 404, "not-found"},
		{"POST", "/deliveries/" + accepted.ID + ".1/replay", "", 409, "conflict"},
		{"POST", "/endpoints/zags/nowhere/hold", `{"reason":"x"}`, 404, "No manifest"},
		{"POST", "/endpoints/zags/moscow/hold", "", 400, "say why"},
		{"DELETE", "/endpoints", "", 405, "method-not-allowed"},
		{"GET", "/endpoints/zags/moscow/hold", "", 405, "method-not-allowed"},
		{"GET", "/nothing", "", 404, "not-found"},
		{"POST", "/requests/x/cancel", `{"reason":"` + strings.Repeat("x", 70<<10) + `"}`, 413, "too-large"},
	} {
		if a := r.call(row.method, admin+row.path, "DUTY", row.body); a.status != row.status || !strings.Contains(a.body, row.want) {
			t.Errorf("%s %s: %d %s, want %d and %q", row.method, row.path, a.status, a.body, row.status, row.want)
		}
	}
	if a := r.call("GET", admin+"/causes", "DUTY", ""); a.status != 200 {
		t.Errorf("causes: %d %s", a.status, a.body)
	}
	metrics := r.call("GET", r.OperatorsURL()+"/metrics", "DUTY", "").body
	for _, want := range []string{`sluice_attempt_seconds_count{agency="zags",class="registered",endpoint="moscow",kind="submit"} 1`, `sluice_http_seconds_count{door="portal"`, `sluice_push_seconds_count{agency="zags",outcome="applied"}`, "sluice_unwoken 0"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
}

// TestReady reads readiness while the hub serves, and sees that details are for operators.
func TestReady(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var body struct {
		Status string
		Checks []console.Check
	}
	r.call("GET", r.OperatorsURL()+"/readyz", "", "").into(t, &body)
	if body.Status != "ready" || len(body.Checks) != 7 {
		t.Errorf("%+v", body)
	}
	if a := r.call("GET", r.OperatorsURL()+"/healthz", "", ""); !strings.Contains(a.body, "alive") {
		t.Errorf("%s", a.body)
	}
}

func TestStartIsQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("measures")
	}
	dir := t.TempDir()
	best := time.Hour
	for range 5 { // the machine is shared: the quickest counts
		began := time.Now()
		a := openApp(t, "database: "+filepath.Join(dir, "sluice.db")+"\nlisten: { portal: { address: \"127.0.0.1:0\" }, agencies: { address: \"127.0.0.1:0\" }, operators: { address: \"127.0.0.1:0\" } }\n", &syncBuffer{})
		best = min(best, time.Since(began))
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("opened in %s", best)
	if best > 500*time.Millisecond && !raceDetector {
		t.Errorf("the hub needs %s to start", best)
	}
}

package app

import (
	"fmt"
	"strings"
	"testing"

	"sluice/contracts/canonical"
	"sluice/gateway/console"
)

// notice is a status push of the civil registry.
func notice(number, code, at string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>` +
		`<н:ИзвещениеОСтатусе xmlns:н="urn://zags-ru/notices/2.1" xmlns:с="urn://zags-ru/types/status/2.1" Извещение="00000000-0000-4000-8000-000000000001">` +
		`<с:Состояние>` + code + `</с:Состояние><с:Время>` + at + `</с:Время><н:Номер>` + number + `</н:Номер></н:ИзвещениеОСтатусе></s:Body></s:Envelope>`
}

// TestPushes sends what an agency may get wrong to a hub that has the request.
func TestPushes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var view canonical.RequestView
	r.call("POST", r.PortalURL()+"/v1/requests", "PORTAL", sample(t, "family-composition")).into(t, &view)
	r.told(view.ID, canonical.EventClosed)
	get := func() canonical.RequestView {
		r.call("GET", r.PortalURL()+"/v1/requests/"+view.ID, "PORTAL", "").into(t, &view)
		return view
	}
	number := get().Deliveries[0].ExternalID
	push := func(token, agency, body string) string {
		a := r.call("POST", r.AgenciesURL()+"/agencies/"+agency, token, body, "Content-Type", "text/xml; charset=utf-8", "SOAPAction", `"urn:zags:notices:2.1:Status"`)
		return fmt.Sprint(a.status, " ", a.body)
	}

	before := get()
	if got := push("ZAGS", "zags", notice(number, "77", "2020-01-01T00:00:00+03:00")); !strings.Contains(got, "ПРИНЯТО") {
		t.Errorf("an unknown code: %s", got)
	}
	after := get()
	found := false
	for _, s := range after.Statuses {
		found = found || s.Code == canonical.Unknown && s.Raw == "77"
	}
	if !found || after.Outcome != before.Outcome || after.State != "closed" {
		t.Errorf("an unknown code must be kept raw and change nothing else: %+v", after)
	}
	if got := push("ZAGS", "zags", notice(number, "77", "2020-01-01T00:00:00+03:00")); !strings.Contains(got, "ПОВТОР") {
		t.Errorf("the same again: %s", got)
	}
	if got := push("ZAGS", "zags", notice("999-9999999/2026", "20", "2026-01-01T00:00:00+03:00")); !strings.Contains(got, "ОТЛОЖЕНО") {
		t.Errorf("a number that no request has: %s", got)
	}

	// Social protection says its number, which is none of the registry's: kept for its own requests, and nobody else's.
	version := get().Version
	a := r.call("POST", r.AgenciesURL()+"/agencies/social", "SOCIAL",
		`{"notificationId":"00000000-0000-4000-8000-000000000002","applicationId":"S77-99999999","status":"APPROVED","occurredAt":"2026-03-01T10:00:00Z"}`)
	if a.status != 200 || !strings.Contains(a.body, "DEFERRED") || get().Version != version {
		t.Errorf("%d %s", a.status, a.body)
	}
	if got := push("SOCIAL", "zags", notice(number, "50", "2026-01-01T00:00:00+03:00")); !strings.HasPrefix(got, "403") || get().Version != version {
		t.Errorf("another agency's token: %s", got)
	}
}

// TestDeadAndReplayed has the registry refuse our credentials: the delivery dies with a remedy, the portal is told, and a
// replay sends it once more.
func TestDeadAndReplayed(t *testing.T) {
	t.Parallel()
	r := newRig(t, "ZAGS_CREDENTIALS=sluice:wrong-password")
	admin := r.OperatorsURL() + "/v1"
	var view canonical.RequestView
	r.call("POST", r.PortalURL()+"/v1/requests", "PORTAL", sample(t, "family-composition")).into(t, &view)
	r.told(view.ID, canonical.EventDead)
	var dead console.DeliveryPage
	r.call("GET", admin+"/deliveries?state=dead&agency=zags", "DUTY", "").into(t, &dead)
	if len(dead.Items) != 1 || dead.Items[0].LastAnswer == nil || dead.Items[0].LastAnswer.Class != "permanent" || dead.Items[0].WaitingFor != "operator" {
		t.Fatalf("dead: %+v", dead)
	}
	var causes console.CauseList
	r.call("GET", admin+"/causes", "DUTY", "").into(t, &causes)
	if len(causes.Items) != 1 || causes.Items[0].Count != 1 || causes.Items[0].State != "dead" {
		t.Errorf("causes: %+v", causes)
	}
	a := r.call("POST", admin+"/deliveries/"+dead.Items[0].ID+"/replay", "DUTY", "")
	if a.status != 200 {
		t.Fatalf("replay: %d %s", a.status, a.body)
	}
	r.toldTimes(view.ID, canonical.EventDead, 2)
	var detail console.RequestDetail
	r.call("GET", admin+"/requests/"+view.ID, "DUTY", "").into(t, &detail)
	sends := 0
	for _, attempt := range detail.Attempts[dead.Items[0].ID] {
		if attempt.What == "send" {
			sends++
		}
	}
	if sends != 2 || detail.State != "open" {
		t.Errorf("after the replay: %+v", detail)
	}
}

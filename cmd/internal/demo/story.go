package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"sluice"
	"sluice/cmd/internal/agencysim"
	"sluice/contracts/canonical"
	"sluice/gateway"
)

// scenes are the sample requests, with what a newcomer should know of the agency.
var scenes = []struct{ title, service, agency, about string }{
	{"Certificate of family composition → ZAGS", "family-composition", agencysim.ZAGS, "SOAP 1.1, Cyrillic names; registers at once and pushes statuses by SOAP"},
	{"Tax deduction → the citizen's tax inspectorate", "tax-deduction", agencysim.Tax, "XML over HTTP in windows-1251; gives a receipt and is polled"},
	{"Subsidy for housing and utilities → regional social protection", "housing-subsidy", agencysim.Social, "REST with OAuth 2.0; pushes statuses as JSON"},
	{"SNILS check → the pension fund", "snils-check", agencysim.Pension, "SOAP 1.1 through an adapter written in Go; answered at once"},
}

// tell sends the four requests, then shows an outage. It fails when one does not end as it should.
func (d *demo) tell(ctx context.Context) error {
	for i, s := range scenes {
		d.title("%d. %s", i+1, s.title)
		d.line("agency", "%s", s.about)
		if err := d.scene(ctx, s.service, s.agency); err != nil {
			return fmt.Errorf("%s: %w", s.service, err)
		}
	}
	d.title("%d. An outage of ZAGS", len(scenes)+1)
	return d.outage(ctx)
}

// sample reads a sample request and gives it an id of its own.
func sample(service, id string) ([]byte, error) {
	b, err := fs.ReadFile(sluice.Workspace, "contracts/services/samples/"+service+".json")
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, err
	}
	doc["id"] = id
	return json.Marshal(doc)
}

// scene follows one request from the portal to its end.
func (d *demo) scene(ctx context.Context, service, agency string) error {
	body, err := sample(service, "demo-"+service)
	if err != nil {
		return err
	}
	d.block("portal → hub", readable(string(body)), 12)
	view, err := d.portal.submit(ctx, "demo-"+service, body)
	if err != nil {
		return err
	}
	d.line("hub → portal", "202 Accepted, request %s", view.ID)
	message := gateway.MessageID(gateway.DeliveryID(view.ID, 1))
	outcome := ""
	err = d.events.follow(ctx, func(e canonical.Event) bool { return e.Data.RequestID == view.ID }, func(e canonical.Event) bool {
		if e.Type == canonical.EventRegistered {
			d.wire(agency, message)
		}
		d.event(e)
		outcome = e.Data.Outcome
		return e.Type == canonical.EventClosed
	})
	if err == nil && outcome == "" {
		err = errors.New("the request closed without an outcome")
	}
	return err
}

// wire shows the exchange in which the agency took the message, as the agency saw it.
func (d *demo) wire(agency, message string) {
	for _, x := range d.sim.Wire(agency, message) {
		if x.Request == "" || x.Status >= 300 {
			continue
		}
		d.block("hub → agency", x.Method+" "+x.URL+"\n"+readable(x.Request), 26)
		d.block("agency → hub", fmt.Sprintf("HTTP %d\n%s", x.Status, readable(x.Reply)), 14)
		return
	}
}

// outage takes an agency away for a while and shows that nothing is lost and nothing hurried.
func (d *demo) outage(ctx context.Context) error {
	const requests = 6
	d.line("simulator", "ZAGS refuses connections for 3 seconds")
	if _, err := d.sim.Inject(agencysim.Fault{Agency: agencysim.ZAGS, Kind: agencysim.Outage, For: 3 * time.Second}); err != nil {
		return err
	}
	open := map[string]bool{}
	for n := range requests {
		id := fmt.Sprintf("demo-outage-%d", n+1)
		body, err := sample("family-composition", id)
		if err != nil {
			return err
		}
		view, err := d.portal.submit(ctx, id, body)
		if err != nil {
			return err
		}
		open[view.ID] = true
	}
	d.line("portal → hub", "%d requests, each answered 202: an outage is not the portal's affair", requests)
	shown := false
	err := d.events.follow(ctx, func(e canonical.Event) bool {
		return open[e.Data.RequestID] || strings.HasPrefix(e.Type, "agency.")
	}, func(e canonical.Event) bool {
		switch e.Type {
		case canonical.EventAgencyDown:
			d.event(e)
			for id := range open {
				d.waiting(ctx, id)
				break
			}
		case canonical.EventAgencyRecovered:
			d.event(e)
			shown = true
		case canonical.EventRegistered:
			d.event(e)
		case canonical.EventClosed:
			delete(open, e.Data.RequestID)
		}
		return len(open) == 0 && shown
	})
	if err != nil {
		return err
	}
	effects := 0
	for _, e := range d.sim.Effects(agencysim.ZAGS) {
		if strings.HasPrefix(e.Portal, "demo-outage-") {
			effects += e.Count
		}
	}
	d.line("result", "%d requests, %d registrations at ZAGS, none lost, none doubled", requests, effects)
	if effects != requests {
		return fmt.Errorf("%d requests had %d effects", requests, effects)
	}
	return nil
}

// waiting shows what the portal sees of a request that waits.
func (d *demo) waiting(ctx context.Context, id string) {
	view, err := d.portal.show(ctx, id)
	if err != nil || len(view.Deliveries) == 0 {
		return
	}
	x := view.Deliveries[0]
	d.line("a request", "%s, waiting for: %s, attempts so far: %d", x.State, x.WaitingFor, x.Attempts)
	if x.LastAnswer != nil {
		d.line("", "last answer: %s", x.LastAnswer.Text)
	}
}

package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
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
	fmt.Fprint(d.out, `
The hub, four simulated agencies and a portal's webhook run in this one process. What you will see:

  portal → hub     the portal's request: one canonical JSON document, whatever the agency
  hub → agency     the same in the agency's own language, as its contract wants it
  agency → hub     the receipt: the agency has it, under its own number
  event            what the portal's webhook is told: the registration, each status, the end
`)
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

var ownID = regexp.MustCompile(`"id": "[^"]*"`)

// sample reads a sample request and gives it an id of its own; the rest stays as it is written.
func sample(service, id string) ([]byte, error) {
	b, err := fs.ReadFile(sluice.Workspace, "contracts/services/samples/"+service+".json")
	if err != nil {
		return nil, err
	}
	at := ownID.FindIndex(b) // the first is the request's
	if at == nil {
		return nil, fmt.Errorf("the sample of %s has no id", service)
	}
	return slices.Concat(b[:at[0]], fmt.Appendf(nil, `"id": %q`, id), b[at[1]:]), nil
}

// scene follows one request from the portal to its end.
func (d *demo) scene(ctx context.Context, service, agency string) error {
	body, err := sample(service, "demo-"+service)
	if err != nil {
		return err
	}
	d.block("portal → hub", string(body), 18)
	view, err := d.portal.submit(ctx, "demo-"+service, body)
	if err != nil {
		return err
	}
	d.line("hub → portal", "202 Accepted, request %s: it is on disk, and from now on the hub's care", view.ID)
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
	const requests, away = 6, 3 * time.Second
	d.line("simulator", "ZAGS refuses connections for %v", away)
	if _, err := d.sim.Inject(agencysim.Fault{Agency: agencysim.ZAGS, Kind: agencysim.Outage, For: away}); err != nil {
		return err
	}
	var ids []string
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
		ids, open[view.ID] = append(ids, view.ID), true
	}
	d.line("portal → hub", "%d requests, each answered 202: an outage is not the portal's affair", requests)
	recovered := false
	err := d.events.follow(ctx, func(e canonical.Event) bool {
		return slices.Contains(ids, e.Data.RequestID) || strings.HasPrefix(e.Type, "agency.")
	}, func(e canonical.Event) bool {
		switch e.Type {
		case canonical.EventAgencyDown:
			d.event(e)
			d.line("breaker", "open: %s/%s is held. Nothing is sent to it, but for one delivery now and then that probes", e.Data.Agency, e.Data.Endpoint)
			for _, id := range ids {
				d.waiting(ctx, id)
			}
		case canonical.EventAgencyRecovered:
			d.event(e)
			d.line("breaker", "closed: a probe got through, and the others follow")
			recovered = true
		case canonical.EventRegistered:
			d.event(e)
		case canonical.EventClosed:
			delete(open, e.Data.RequestID)
		}
		return len(open) == 0 && recovered
	})
	if err != nil {
		return err
	}
	return d.count(ctx, ids)
}

// waiting shows what the portal sees of a request that waits.
func (d *demo) waiting(ctx context.Context, id string) {
	view, err := d.portal.show(ctx, id)
	if err != nil || len(view.Deliveries) == 0 {
		return
	}
	x := view.Deliveries[0]
	last := "not sent yet"
	if x.LastAnswer != nil {
		last = "last answer: " + x.LastAnswer.Text
	}
	d.line("waits", "%s %s, attempts: %d, waits for: %s · %s", view.PortalID, x.State, x.Attempts, x.WaitingFor, last)
}

// count holds the outage's requests against what the agency has.
func (d *demo) count(ctx context.Context, ids []string) error {
	var attempts []string
	for _, id := range ids {
		view, err := d.portal.show(ctx, id)
		if err != nil {
			return err
		}
		attempts = append(attempts, strconv.Itoa(view.Deliveries[0].Attempts))
	}
	d.line("attempts", "%s: an outage burns none but those under way and the probes", strings.Join(attempts, ", "))
	effects := 0
	for _, e := range d.sim.Effects(agencysim.ZAGS) {
		if strings.HasPrefix(e.Portal, "demo-outage-") {
			effects += e.Count
		}
	}
	d.line("result", "%d requests, %d registrations at ZAGS: none lost, none doubled", len(ids), effects)
	if effects != len(ids) {
		return fmt.Errorf("%d requests had %d effects", len(ids), effects)
	}
	return nil
}

package console

import (
	"fmt"
	"net/http"

	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/auth"
	"sluice/gateway/problem"
	"sluice/gateway/store"
)

func (d *door) listRequests(w http.ResponseWriter, r *http.Request) {
	p := parameters(r)
	client := p.text("client")
	f := canonical.RequestFilter{
		Service: p.text("service"), Agency: p.text("agency"), State: p.oneOf("state", []string{string(gateway.Open), string(gateway.Closed)}),
		Outcome: p.text("outcome"), Status: canonical.StatusCode(p.text("status")), PortalID: p.text("portalId"),
		Since: p.moment("since"), Until: p.moment("until"), Cursor: p.text("cursor"), Limit: p.limit(),
	}
	if err := p.done(); err != nil {
		d.fail(w, r, err)
		return
	}
	page, err := d.Requests.List(r.Context(), client, f)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, page)
}

func (d *door) showRequest(w http.ResponseWriter, r *http.Request) {
	view, err := d.Requests.Get(r.Context(), "", r.PathValue("id"))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	detail := RequestDetail{RequestView: view, Attempts: map[string][]AttemptView{}}
	for _, delivery := range view.Deliveries {
		attempts, err := d.Store.Attempts(r.Context(), delivery.ID)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		views := make([]AttemptView, len(attempts))
		for i, a := range attempts {
			views[i] = attemptView(a)
		}
		detail.Attempts[delivery.ID] = views
	}
	answer(w, http.StatusOK, detail)
}

func (d *door) cancelRequest(w http.ResponseWriter, r *http.Request) {
	reason, err := readReason(w, r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	id, by := r.PathValue("id"), auth.Name(r.Context())
	view, err := d.Requests.Cancel(r.Context(), "", id, reason)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	d.Log.InfoContext(r.Context(), "request cancelled by an operator", "request", id, "operator", by)
	answer(w, http.StatusOK, view)
}

func (d *door) listDeliveries(w http.ResponseWriter, r *http.Request) {
	p := parameters(r)
	f := store.DeliveryFilter{
		Waiting: p.flag("waiting"), State: gateway.DeliveryState(p.oneOf("state", states())),
		Agency: p.text("agency"), Endpoint: p.text("endpoint"), Class: p.text("class"), Code: p.text("code"),
		Cursor: p.text("cursor"), Limit: p.limit(),
	}
	if err := p.done(); err != nil {
		d.fail(w, r, err)
		return
	}
	page, err := d.Store.Deliveries(r.Context(), f)
	if err != nil {
		d.fail(w, r, fmt.Errorf("listing deliveries: %w", err))
		return
	}
	out := DeliveryPage{Items: make([]DeliveryItem, len(page.Items)), Next: page.Next}
	for i := range page.Items {
		item := &page.Items[i]
		asked := item.State != gateway.Registered || !item.PollAt.IsZero() // a closed request's deliveries wait for nothing
		out.Items[i] = DeliveryItem{DeliveryView: d.Requests.DeliveryView(&item.Delivery, asked), RequestID: item.RequestID,
			Client: item.Client, Service: item.Service, Priority: item.Priority}
	}
	answer(w, http.StatusOK, out)
}

func states() []string {
	all := gateway.DeliveryStates()
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = string(s)
	}
	return names
}

func (d *door) replayDelivery(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	request, err := d.Engine.Replay(r.Context(), id, auth.Name(r.Context()))
	if err != nil {
		d.fail(w, r, err)
		return
	}
	delivery, err := request.Delivery(id)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, d.Requests.DeliveryView(delivery, request.State == gateway.Open))
}

func (d *door) listCauses(w http.ResponseWriter, r *http.Request) {
	causes, err := d.Store.Causes(r.Context())
	if err != nil {
		d.fail(w, r, fmt.Errorf("counting causes: %w", err))
		return
	}
	list := CauseList{Items: make([]CauseView, len(causes))}
	for i, c := range causes {
		list.Items[i] = causeView(c)
	}
	answer(w, http.StatusOK, list)
}

func (d *door) listEndpoints(w http.ResponseWriter, r *http.Request) {
	endpoints, err := d.Engine.Endpoints(r.Context())
	if err != nil {
		d.fail(w, r, err)
		return
	}
	answer(w, http.StatusOK, EndpointList{Items: endpoints})
}

func (d *door) holdEndpoint(w http.ResponseWriter, r *http.Request) {
	reason, err := readReason(w, r)
	if err == nil && reason == "" {
		err = problem.New(problem.BadParameter).With("reason: скажите, почему, — это увидят другие операторы.", "reason: say why; other operators will read it.")
	}
	if err == nil {
		err = d.Engine.Hold(r.Context(), r.PathValue("agency"), r.PathValue("name"), reason, auth.Name(r.Context()))
	}
	d.endpointChanged(w, r, "held", err)
}

func (d *door) releaseEndpoint(w http.ResponseWriter, r *http.Request) {
	err := d.Engine.Release(r.Context(), r.PathValue("agency"), r.PathValue("name"), auth.Name(r.Context()))
	d.endpointChanged(w, r, "released", err)
}

func (d *door) endpointChanged(w http.ResponseWriter, r *http.Request, what string, err error) {
	if err != nil {
		d.fail(w, r, err)
		return
	}
	agency, name := r.PathValue("agency"), r.PathValue("name")
	d.Log.InfoContext(r.Context(), "endpoint "+what+" by an operator", "agency", agency, "endpoint", name, "operator", auth.Name(r.Context()))
	answer(w, http.StatusOK, map[string]string{"agency": agency, "endpoint": name, "state": what})
}

package gateway

import (
	"encoding/json"
	"fmt"
	"time"

	"sluice/contracts/canonical"
)

// Event is what the portal is told. Those of one stream are told in order; a stream is a request or an endpoint.
type Event struct {
	ID        string // the same however often it is told
	Stream    string // the request's id, or <agency>/<endpoint>
	N         int    // 1 is the first of its stream
	RequestID string // "" for an endpoint's
	Type      string // one of canonical.EventTypes
	At        time.Time
	Data      canonical.EventData
}

// source names the hub in its CloudEvents.
const source = "/sluice"

// CloudEvent is the event as it is posted: CloudEvents 1.0 in structured JSON.
func (e *Event) CloudEvent() ([]byte, error) {
	body, err := json.Marshal(canonical.Event{
		SpecVersion: "1.0", ID: e.ID, Source: source, Type: e.Type, Subject: e.Stream, Time: e.At,
		DataContentType: "application/json", Data: e.Data,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding event %s: %w", e.ID, err)
	}
	return body, nil
}

// emit notes an event of the request.
func (r *Request) emit(kind string, d *Delivery, now time.Time, data canonical.EventData) {
	r.LastEvent++
	data.RequestID, data.PortalID, data.Service = r.ID, r.PortalID, r.Service
	if data.Agency == "" {
		data.Agency = r.Agency
	}
	if d != nil {
		data.Agency, data.Endpoint, data.DeliveryID = d.Agency, d.Endpoint, d.ID
	}
	r.changes.Events = append(r.changes.Events, Event{
		ID: fmt.Sprintf("evt-%s-%d", r.ID, r.LastEvent), Stream: r.ID, N: r.LastEvent, RequestID: r.ID, Type: kind, At: now, Data: data,
	})
}

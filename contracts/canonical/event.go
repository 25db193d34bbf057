package canonical

import "time"

// The types of events that the portal is told.
const (
	EventRegistered      = "request.registered"
	EventStatusChanged   = "request.status_changed"
	EventDocumentsNeeded = "request.documents_needed"
	EventClosed          = "request.closed"
	EventDelayed         = "delivery.delayed"
	EventDead            = "delivery.dead"
	EventAgencyDown      = "agency.down"
	EventAgencyRecovered = "agency.recovered"
)

// EventTypes lists every type of event.
func EventTypes() []string {
	return []string{EventRegistered, EventStatusChanged, EventDocumentsNeeded, EventClosed, EventDelayed, EventDead, EventAgencyDown, EventAgencyRecovered}
}

// Event is a CloudEvent 1.0 in its structured JSON form.
type Event struct {
	SpecVersion     string    `json:"specversion"` // 1.0
	ID              string    `json:"id"`          // the same for every delivery of one event
	Source          string    `json:"source"`      // /sluice
	Type            string    `json:"type"`
	Subject         string    `json:"subject,omitempty"` // the request's id, or agency/endpoint
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"` // application/json
	Data            EventData `json:"data"`
}

// EventData is what an event tells; which fields it has depends on the type (asyncapi.yaml).
type EventData struct {
	RequestID  string      `json:"requestId,omitempty"`
	PortalID   string      `json:"portalId,omitempty"`
	Service    string      `json:"service,omitempty"`
	Agency     string      `json:"agency,omitempty"`
	Endpoint   string      `json:"endpoint,omitempty"`
	DeliveryID string      `json:"deliveryId,omitempty"`
	ExternalID string      `json:"externalId,omitempty"`
	Status     *StatusView `json:"status,omitempty"`
	Outcome    string      `json:"outcome,omitempty"`
	Reason     string      `json:"reason,omitempty"`
	Text       string      `json:"text,omitempty"`
	Since      *time.Time  `json:"since,omitempty"`
	NextTry    *time.Time  `json:"nextTry,omitempty"`
	Waiting    int         `json:"waiting,omitempty"` // deliveries that wait for the endpoint
}

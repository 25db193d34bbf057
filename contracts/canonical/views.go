package canonical

import (
	"encoding/json"
	"time"
)

// Text is a sentence in the languages that Sluice's people read.
type Text struct {
	RU string `json:"ru,omitempty"`
	EN string `json:"en,omitempty"`
}

// RequestView is what the portal door says about a request.
type RequestView struct {
	ID             string         `json:"id"`       // Sluice's number of the request
	PortalID       string         `json:"portalId"` // the id that the portal gave it
	Service        string         `json:"service"`
	ServiceVersion string         `json:"serviceVersion"`
	Agency         string         `json:"agency"`
	Priority       Priority       `json:"priority"`
	Test           bool           `json:"test,omitempty"`
	State          string         `json:"state"`             // open or closed
	Outcome        string         `json:"outcome,omitempty"` // of a closed request: its final status, rejected or cancelled
	Status         StatusCode     `json:"status,omitempty"`  // the last that an agency reported
	AcceptedAt     time.Time      `json:"acceptedAt"`
	ClosedAt       *time.Time     `json:"closedAt,omitempty"`
	Version        int64          `json:"version"` // grows with every change of the request
	Deliveries     []DeliveryView `json:"deliveries"`
	Statuses       []StatusView   `json:"statuses"` // the whole history, oldest first
}

// DeliveryView is the technical side of a request: one message that one agency must get.
type DeliveryView struct {
	ID         string      `json:"id"`
	Agency     string      `json:"agency"`
	Endpoint   string      `json:"endpoint"`
	Kind       string      `json:"kind"`  // submit, supplement, cancel, fetch
	State      string      `json:"state"` // queued sending retrying unconfirmed registered rejected dead cancelled
	Attempts   int         `json:"attempts"`
	ExternalID string      `json:"externalId,omitempty"` // the agency's registration number
	WaitingFor string      `json:"waitingFor,omitempty"` // turn, reply, retry, outcome, agency, hours, maintenance, status, operator
	Since      *time.Time  `json:"since,omitempty"`      // when that waiting began
	NextTry    *time.Time  `json:"nextTry,omitempty"`
	LastAnswer *AnswerView `json:"lastAnswer,omitempty"`
}

// AnswerView is what came of the last attempt.
type AnswerView struct {
	At     time.Time `json:"at"`
	Class  string    `json:"class"` // registered transient permanent rejected ambiguous
	Code   string    `json:"code,omitempty"`
	Text   string    `json:"text,omitempty"`
	Reason string    `json:"reason,omitempty"` // of a refusal, such as wrong_addressee
	Remedy *Text     `json:"remedy,omitempty"`
}

// StatusView is one entry of a request's status history.
type StatusView struct {
	Status
	Agency     string    `json:"agency"`
	Source     string    `json:"source"` // receipt, push, poll
	ReceivedAt time.Time `json:"receivedAt"`
}

// RequestFilter chooses among a client's requests; an empty field chooses all.
type RequestFilter struct {
	Service  string
	Agency   string
	State    string
	Outcome  string
	Status   StatusCode
	PortalID string
	Since    time.Time // accepted at or after
	Until    time.Time // accepted before
	Cursor   string
	Limit    int // 1 to 200; 0 means 50
}

// RequestPage is one page of requests, newest first.
type RequestPage struct {
	Items []RequestView `json:"items"`
	Next  string        `json:"next,omitempty"` // the cursor of the next page; absent on the last
}

// ServiceView is what can be asked for, and where.
type ServiceView struct {
	Name           string           `json:"name"`
	Version        string           `json:"version"`
	Title          Text             `json:"title"`
	ApplicantTypes []ApplicantType  `json:"applicantTypes"`
	Schema         json.RawMessage  `json:"schema"` // of the payload, JSON Schema 2020-12, self-contained
	Attachments    []AttachmentRule `json:"attachments"`
	Endpoints      []EndpointView   `json:"endpoints"`
}

// AttachmentRule says what file a service takes or needs.
type AttachmentRule struct {
	Kind       string   `json:"kind"`
	Title      Text     `json:"title"`
	Required   bool     `json:"required"`
	MediaTypes []string `json:"mediaTypes,omitempty"` // none means any
}

// EndpointView is one address of an agency that serves a service, and how it is.
type EndpointView struct {
	Agency        string     `json:"agency"`
	Endpoint      string     `json:"endpoint"`
	Title         Text       `json:"title"` // of the agency
	Regions       []string   `json:"regions,omitempty"`
	Offices       []string   `json:"offices,omitempty"`
	Inspectorates []string   `json:"inspectorates,omitempty"`
	Test          bool       `json:"test,omitempty"`
	Health        string     `json:"health"`           // up, held, probing
	Reason        string     `json:"reason,omitempty"` // of held: breaker, operator, hours, maintenance
	Since         *time.Time `json:"since,omitempty"`
	Until         *time.Time `json:"until,omitempty"` // when it is tried again, where that is known
}

package console

import (
	"time"

	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/delivery"
	"sluice/gateway/store"
)

// RequestDetail is one request with the attempts of its deliveries, by delivery id, the oldest first.
type RequestDetail struct {
	canonical.RequestView
	Attempts map[string][]AttemptView `json:"attempts"`
}

// AttemptView is one exchange with an agency. What was on the wire holds personal data and is told by its size only.
type AttemptView struct {
	N           int       `json:"n"`
	What        string    `json:"what"` // send, probe or decision
	By          string    `json:"by"`   // the node, or the operator who decided
	StartedAt   time.Time `json:"startedAt"`
	EndedAt     time.Time `json:"endedAt"`
	Class       string    `json:"class"`
	Code        string    `json:"code,omitempty"`
	Text        string    `json:"text,omitempty"`
	HTTPStatus  int       `json:"httpStatus,omitempty"`
	Sent        int       `json:"sentBytes"`
	Received    int       `json:"receivedBytes"`
	MappingHash string    `json:"mappingHash,omitempty"`
}

func attemptView(a gateway.Attempt) AttemptView {
	return AttemptView{N: a.N, What: a.What, By: a.Owner, StartedAt: a.StartedAt, EndedAt: a.EndedAt, Class: a.Class, Code: a.Code,
		Text: a.Text, HTTPStatus: a.HTTPStatus, Sent: len(a.Sent), Received: len(a.Received), MappingHash: a.MappingHash}
}

// DeliveryItem is one delivery of a list.
type DeliveryItem struct {
	canonical.DeliveryView
	RequestID string             `json:"requestId"`
	Client    string             `json:"client"`
	Service   string             `json:"service"`
	Priority  canonical.Priority `json:"priority"`
}

// DeliveryPage is one page of deliveries.
type DeliveryPage struct {
	Items []DeliveryItem `json:"items"`
	Next  string         `json:"next,omitempty"` // the cursor of the next page; absent on the last
}

// CauseView counts deliveries that are dead or unconfirmed for one reason.
type CauseView struct {
	Agency string `json:"agency"`
	State  string `json:"state"`
	Class  string `json:"class"`
	Code   string `json:"code"`
	Count  int    `json:"count"`
}

// CauseList is why deliveries are dead or unconfirmed.
type CauseList struct {
	Items []CauseView `json:"items"`
}

// EndpointList is how every endpoint is.
type EndpointList struct {
	Items []delivery.EndpointHealth `json:"items"`
}

func causeView(c store.Cause) CauseView {
	return CauseView{Agency: c.Agency, State: string(c.State), Class: c.Class, Code: c.Code, Count: c.Count}
}

package gateway

// RequestState tells whether somebody still has to act on a request.
type RequestState string

// The states of a request. Closed has an outcome: its final status, OutcomeRejected or OutcomeCancelled.
const (
	Open   RequestState = "open"
	Closed RequestState = "closed"
)

// The outcomes of a closed request that are not a final status of an agency.
const (
	OutcomeRejected  = "rejected"  // the agency refused to take it
	OutcomeCancelled = "cancelled" // withdrawn before an agency had it, or by the agency on the portal's wish
)

// Kind says what a delivery is for.
type Kind string

// The kinds of deliveries.
const (
	Submit     Kind = "submit"
	Supplement Kind = "supplement"
	Cancel     Kind = "cancel"
	Fetch      Kind = "fetch"
)

// DeliveryState is the technical side of a delivery, never mixed with the agency's business status.
type DeliveryState string

// The states of a delivery.
const (
	Queued      DeliveryState = "queued"      // waits for its turn
	Sending     DeliveryState = "sending"     // a node holds it, a byte may have gone out
	Retrying    DeliveryState = "retrying"    // failed, will be sent again
	Unconfirmed DeliveryState = "unconfirmed" // sent, outcome unknown: ask before anything is sent again
	Registered  DeliveryState = "registered"  // the agency has it
	Rejected    DeliveryState = "rejected"    // the agency's business refusal
	Dead        DeliveryState = "dead"        // an operator must act
	Cancelled   DeliveryState = "cancelled"   // withdrawn before the agency had it
)

// DeliveryStates lists every state of a delivery.
func DeliveryStates() []DeliveryState {
	return []DeliveryState{Queued, Sending, Retrying, Unconfirmed, Registered, Rejected, Dead, Cancelled}
}

// Ended tells whether nobody has to do anything about the delivery any more.
func (s DeliveryState) Ended() bool { return s == Registered || s == Rejected || s == Cancelled }

// Transition is one way that a delivery's state may change, and the word for why.
type Transition struct {
	From, To DeliveryState
	Why      string
}

// transitions is the one table of a delivery's life; docs/states.md draws it and a test holds the two together.
var transitions = []Transition{
	{Queued, Sending, "begin"},
	{Queued, Registered, "late receipt"},
	{Queued, Dead, "give up"},
	{Queued, Cancelled, "withdraw"},
	{Sending, Queued, "put back"},
	{Sending, Registered, "receipt"},
	{Sending, Retrying, "transient"},
	{Sending, Unconfirmed, "ambiguous"},
	{Sending, Rejected, "refusal"},
	{Sending, Dead, "give up"},
	{Sending, Cancelled, "withdraw"},
	{Retrying, Sending, "begin"},
	{Retrying, Registered, "late receipt"},
	{Retrying, Dead, "give up"},
	{Retrying, Cancelled, "withdraw"},
	{Unconfirmed, Unconfirmed, "ask again"},
	{Unconfirmed, Registered, "found"},
	{Unconfirmed, Retrying, "not found"},
	{Unconfirmed, Rejected, "refusal"},
	{Unconfirmed, Dead, "give up"},
	{Unconfirmed, Queued, "replay"},
	{Unconfirmed, Cancelled, "withdraw"},
	{Dead, Queued, "replay"},
	{Dead, Registered, "late receipt"},
	{Dead, Cancelled, "withdraw"},
	{Cancelled, Registered, "late receipt"},
}

// Transitions lists every way that a delivery's state may change.
func Transitions() []Transition { return append([]Transition(nil), transitions...) }

// CanBecome tells whether a delivery may go from state s to state to.
func (s DeliveryState) CanBecome(to DeliveryState) bool { return allowed[[2]DeliveryState{s, to}] }

var allowed = func() map[[2]DeliveryState]bool {
	m := make(map[[2]DeliveryState]bool, len(transitions))
	for _, t := range transitions {
		m[[2]DeliveryState{t.From, t.To}] = true
	}
	return m
}()

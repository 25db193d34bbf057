// Package store says what the hub keeps and how it is asked for. The implementations are in sqlite (embedded) and
// beside it; storetest holds them all to the same behaviour. Consumers declare the few methods that they need as
// interfaces of their own; an implementation has all of the methods of Store.
//
// A write returns when it is durable: nil means that it survives kill -9 and a power cut. Concurrent writes share
// commits, so callers should write from many goroutines and not one after another.
package store

import (
	"context"
	"errors"
	"time"

	"sluice/contracts/canonical"
	"sluice/gateway"
)

// Errors that callers decide on. All others are wrapped with what was being done.
var (
	// ErrNotFound says that there is no such request, body or number.
	ErrNotFound = errors.New("not found")
	// ErrKeyReused says that the client used this idempotency key before, for another body.
	ErrKeyReused = errors.New("the idempotency key was used before for another body")
	// ErrUnavailable says that the store can't write or read at the moment: the disk is full, the database is
	// read-only, or the disk fails. Nothing was written, unless the database went away in the middle of the commit and did
	// not come back to tell; the same call may succeed later.
	ErrUnavailable = errors.New("the store is unavailable")
	// ErrIncompatible says, at opening, that the file is no database, is damaged, or was made by a newer version.
	ErrIncompatible = errors.New("the database can't be used")
	// ErrInUse says, at opening, that another process has the database.
	ErrInUse = errors.New("another process uses the database")
	// ErrBadCursor says that a page's cursor was not made by this store.
	ErrBadCursor = errors.New("the cursor is not one of ours")
	// ErrClosed says that the store was closed.
	ErrClosed = errors.New("the store is closed")
)

// Idempotency identifies a submission that a client may repeat.
type Idempotency struct {
	Key      string   // as the client sent it; "" when it sent none
	BodyHash [32]byte // SHA-256 of the body as it came
}

// Ref names a delivery that something has to be done about.
type Ref struct {
	RequestID  string
	DeliveryID string
	Epoch      int64
	Agency     string
	Endpoint   string
	State      gateway.DeliveryState
	Owner      string // of one that is being sent
}

// Claim is the ref as the proof that the engine holds the delivery.
func (r Ref) Claim(owner string) gateway.Claim {
	return gateway.Claim{DeliveryID: r.DeliveryID, Epoch: r.Epoch, Owner: owner}
}

// Filter chooses requests; an empty field chooses all.
type Filter struct {
	Client   string
	PortalID string
	Service  string
	Agency   string // where the portal routed it
	State    gateway.RequestState
	Outcome  string
	Status   canonical.StatusCode
	Since    time.Time // accepted at or after
	Until    time.Time // accepted before
	Cursor   string    // Page.Next of the page before
	Limit    int       // 1 to MaxPage; 0 is DefaultPage
}

// The sizes of pages.
const (
	DefaultPage = 50
	MaxPage     = 200
)

// PageSize is limit within its bounds.
func PageSize(limit int) int {
	if limit <= 0 {
		return DefaultPage
	}
	return min(limit, MaxPage)
}

// Page is one page of a list.
type Page[T any] struct {
	Items []T
	Next  string // the cursor of the next page; "" on the last
}

// DeliveryFilter chooses deliveries; an empty field chooses all. Class or Code without State choose among those that
// are retrying, unconfirmed or dead.
type DeliveryFilter struct {
	Waiting  bool // only those that wait to be handed out, in the order of their turn
	State    gateway.DeliveryState
	Agency   string
	Endpoint string
	Class    string // of the last error
	Code     string
	Cursor   string
	Limit    int
}

// DeliveryItem is one delivery of a list, with what is shown of its request.
type DeliveryItem struct {
	gateway.Delivery
	Client   string
	Service  string
	Priority canonical.Priority
}

// Cause counts deliveries that are dead or unconfirmed for the same reason.
type Cause struct {
	Agency string
	State  gateway.DeliveryState
	Class  string
	Code   string
	Count  int
}

// Backlog counts what waits for one endpoint.
type Backlog struct {
	Agency   string
	Endpoint string
	Waiting  int       // deliveries that are queued, retrying or to be asked about
	Next     time.Time // when the first of them is due
}

// KeptPush is a push whose number no request has yet.
type KeptPush struct {
	ID         int64
	Agency     string
	Number     string // the agency's registration number, or our message id
	Push       []byte // as the caller gave it
	ReceivedAt time.Time
	RequestID  string // of one that Matched lists: the request that has the number by now
}

// Outgoing is one event that the portal has to be told.
type Outgoing struct {
	Stream   int64 // the store's own name of the stream
	N        int   // its place in the stream
	ID       string
	Type     string
	At       time.Time // when it happened
	Body     []byte    // the CloudEvent as it is posted, the same at every try
	Attempts int       // how often it was tried
}

// Delivered is what became of a turn at one stream: the events from First to Last were told, none of them when Last is
// before First, and the one after them is due at Next.
type Delivered struct {
	Stream      int64
	First, Last int
	Next        time.Time // zero: at once
	Failed      string    // why the one after Last was not taken; "" when it was not tried
}

// Pruned counts what Prune deleted.
type Pruned struct {
	Requests int
	Untold   int // events that nobody had been told
}

// Add adds what another slice deleted.
func (p *Pruned) Add(q Pruned) {
	p.Requests += q.Requests
	p.Untold += q.Untold
}

// Lane is the deliveries of one endpoint.
type Lane struct{ Agency, Endpoint string }

// Commit tells what a commit made ready, so that nobody has to poll.
type Commit struct {
	Lanes  []Lane // endpoints that deliveries were queued or put off for
	Events bool   // events to be told were added
}

// Store is everything that the hub asks of its store. Implementations have all of it; consumers declare less.
type Store interface {
	Requests
	Work
	Endpoints
	Outbox
	Keeper
}

// Requests is what accepts, shows and changes requests.
type Requests interface {
	// Create stores a new request and its canonical body. When the client used the idempotency key before, it stores
	// nothing and returns the request that was made then (created false), or ErrKeyReused when the body was another.
	// r is the store's afterwards; what is returned is shared: read it, never change it.
	Create(ctx context.Context, r *gateway.Request, body []byte, idem Idempotency) (stored *gateway.Request, created bool, err error)
	// Update loads a request, runs change on it and writes the difference, all as one. change may run more than once
	// and must be pure; when it returns an error nothing is written and the error is returned as it is.
	// What is returned is shared: read it, never change it.
	Update(ctx context.Context, requestID string, change func(*gateway.Request) error) (*gateway.Request, error)
	// Request loads a request with its deliveries and statuses. What is returned is shared: read it, never change it.
	Request(ctx context.Context, id string) (*gateway.Request, error)
	// Body is the canonical request as it came. The caller must not change it.
	Body(ctx context.Context, requestID string) ([]byte, error)
	// Attempts lists a delivery's attempts, the oldest first.
	Attempts(ctx context.Context, deliveryID string) ([]gateway.Attempt, error)
	// List lists requests, the newest first.
	List(ctx context.Context, f Filter) (Page[*gateway.Request], error)
	// FindNumber finds the request that an agency knows by this number: its registration number or our message id.
	FindNumber(ctx context.Context, agency, number string) (requestID string, err error)
	// KeepPush keeps a push for a number that no request has, unless one has it by now: then it returns that
	// request's id and keeps nothing.
	KeepPush(ctx context.Context, agency, number string, push []byte, now time.Time) (requestID string, err error)
	// Pushes lists what was kept for a number, the oldest first; DropPushes forgets pushes that were applied.
	Pushes(ctx context.Context, agency, number string) ([]KeptPush, error)
	DropPushes(ctx context.Context, ids ...int64) error
	// Matched lists pushes that were kept and whose number a request has by now: what a process that ended between the
	// record of a receipt and the look for its pushes left behind.
	Matched(ctx context.Context, limit int) ([]KeptPush, error)
}

// Work is what hands out deliveries.
type Work interface {
	// Window hands out up to limit deliveries of an endpoint that are due: the urgent first, then those due longest;
	// of one request and agency only the first that is not ended. Each gets a new epoch, and is due again at
	// now+visible in case its message is lost.
	Window(ctx context.Context, agency, endpoint string, now time.Time, limit int, visible time.Duration) ([]Ref, error)
	// Lanes lists the endpoints that deliveries wait for, how many, and when the first of them is due.
	Lanes(ctx context.Context) ([]Backlog, error)
	// Renew is an owner's heartbeat: its lease lasts until then. A delivery can be begun only by an owner with a lease.
	Renew(ctx context.Context, owner string, until time.Time) error
	// Expired lists deliveries that are being sent by owners whose lease has run out.
	Expired(ctx context.Context, now time.Time, limit int) ([]Ref, error)
	// DuePolls lists registered deliveries whose agency is due to be asked for statuses.
	DuePolls(ctx context.Context, now time.Time, limit int) ([]Ref, error)
	// Late lists deliveries that wait since before and of which the portal has not been told, the oldest first.
	Late(ctx context.Context, before time.Time, limit int) ([]Ref, error)
	// Unwoken counts what nothing will ever wake: open deliveries with neither a next wake-up nor an owner, and
	// requests that are open without an open delivery or a registered one. It must be 0.
	Unwoken(ctx context.Context) (int, error)
	// Deliveries lists deliveries: the waiting in the order of their turn, others newest first.
	Deliveries(ctx context.Context, f DeliveryFilter) (Page[DeliveryItem], error)
	// Causes counts the dead and the unconfirmed by reason.
	Causes(ctx context.Context) ([]Cause, error)
}

// Endpoints is the state of agencies' endpoints.
type Endpoints interface {
	// Endpoints lists the endpoints whose state was ever changed; all others are up.
	Endpoints(ctx context.Context) ([]*gateway.EndpointState, error)
	// UpdateEndpoint changes the state of an endpoint as Update does that of a request. An unknown one is up. Its events
	// are for every client that the store was told of, each in a stream of its own.
	UpdateEndpoint(ctx context.Context, agency, name string, change func(*gateway.EndpointState) error) (*gateway.EndpointState, error)
}

// Outbox is what the portal has to be told.
type Outbox interface {
	// NextEvents claims streams of a client that have events due, at most limit, those due longest first, and lists of each
	// the oldest event that was not told, and up to follow of those after it, consecutively and in order. A stream that is
	// claimed is listed for nobody until its owner has ended the turn by EventsDelivered, or the claim ends by itself.
	NextEvents(ctx context.Context, client, owner string, now, until time.Time, limit, follow int) ([]Outgoing, error)
	// EventsDelivered ends turns: what was told is marked, and what comes next in the streams is due. Of a stream that
	// another owner has claimed since it records nothing, because that one is telling it again.
	EventsDelivered(ctx context.Context, owner string, told []Delivered, now time.Time) error
}

// Keeper is the store's own upkeep.
type Keeper interface {
	// OnCommit has f called after each commit that made something ready. f must return at once; it is called from
	// the writer. Register before the first write.
	OnCommit(f func(Commit))
	// Prune deletes closed requests that ended before the given time, with all that belongs to them, and events of
	// endpoints that are older, in slices so that others can write between. Events that were not told keep their request,
	// unless it ended before untold, too.
	Prune(ctx context.Context, before, untold time.Time) (Pruned, error)
	// Ready tells whether the store can write.
	Ready(ctx context.Context) error
	Close() error
}

package agencysim

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Kind is what goes wrong.
type Kind string

// Faults of an answer. Those of the first group happen before the message has any effect, those of the second after it.
const (
	Slow     Kind = "slow"     // answers after Delay
	Hang     Kind = "hang"     // never answers: waits for Delay, for the fault to be cleared, or for the caller to give up
	Outage   Kind = "outage"   // an agency's own door refuses connections; elsewhere, and for one endpoint, they are dropped
	Drop     Kind = "drop"     // resets the connection without a word
	HTTP500  Kind = "http500"  // the agency's own form of an internal error, HTTP 500
	HTTP503  Kind = "http503"  // with Retry-After
	HTTP429  Kind = "http429"  // with Retry-After
	Fault200 Kind = "fault200" // a server-side error in the agency's own form, in HTTP 200
	HTML     Kind = "html"     // a proxy's page in place of the answer, HTTP 200

	Lost           Kind = "lost"           // the message took effect, the connection closes without an answer
	Reset          Kind = "reset"          // connection reset amid the body
	Truncated      Kind = "truncated"      // half of the body, as if it were whole
	WrongNamespace Kind = "wrongNamespace" // the answer's names are another contract's
	MissingElement Kind = "missingElement" // the number is left out
	UnknownCode    Kind = "unknownCode"    // a status code that no contract knows
	Huge           Kind = "huge"           // 100 MB follow the answer
	Endless        Kind = "endless"        // the answer never ends
)

// Faults of pushes.
const (
	PushDuplicate   Kind = "pushDuplicate"   // each push comes twice
	PushReorder     Kind = "pushReorder"     // neighbours change places
	PushNever       Kind = "pushNever"       // no push comes
	PushEarly       Kind = "pushEarly"       // the first push comes before the answer of the submission
	PushUnknownCode Kind = "pushUnknownCode" // the second status has a code that no contract knows
)

var (
	doorKinds = []Kind{Outage} // met before the message is read
	metKinds  = []Kind{Slow, Hang, Drop, HTTP500, HTTP503, HTTP429, Fault200, HTML,
		Lost, Reset, Truncated, WrongNamespace, MissingElement, UnknownCode, Huge, Endless}
	pushKinds = []Kind{PushDuplicate, PushReorder, PushNever, PushEarly, PushUnknownCode}
)

// Kinds returns every kind there is.
func Kinds() []Kind { return slices.Concat(doorKinds, metKinds, pushKinds) }

// Fault is an order to go wrong. Empty Agency, Endpoint and Operation mean any.
type Fault struct {
	ID          int // given by the simulator
	Agency      string
	Endpoint    string
	Operation   string // submit, status, find, cancel, token or check
	Kind        Kind
	Count       int           // how many exchanges; 0 is without bound
	For         time.Duration // how long from now; 0 is until it is cleared
	Probability float64       // of each exchange; 0 is always
	Delay       time.Duration // of slow and hang; 0 is 2 s for slow, without end for hang
	RetryAfter  time.Duration // of http503 and http429, in whole seconds; 0 is 1 s
	Hits        int           // how many exchanges met it
}

func (f *Fault) check() error {
	if !slices.Contains(Kinds(), f.Kind) {
		return fmt.Errorf("fault: unknown kind %q; the kinds are %v", f.Kind, Kinds())
	}
	if f.Agency != "" && !slices.Contains(Agencies(), f.Agency) {
		return fmt.Errorf("fault: unknown agency %q; the agencies are %v", f.Agency, Agencies())
	}
	if f.Operation != "" && !slices.Contains(operations, f.Operation) {
		return fmt.Errorf("fault: unknown operation %q; the operations are %v", f.Operation, operations)
	}
	if f.Probability < 0 || f.Probability > 1 {
		return fmt.Errorf("fault: probability %v is not between 0 and 1", f.Probability)
	}
	if f.Count < 0 || f.For < 0 || f.Delay < 0 || f.RetryAfter < 0 {
		return errors.New("fault: count, for, delay and retryAfter can't be below 0")
	}
	return nil
}

// armed is a fault in force.
type armed struct {
	Fault
	until   time.Time
	cleared chan struct{}
}

// exchange is what a fault is chosen by.
type exchange struct {
	agency, endpoint, operation string
	id                          messageID
	nth                         uint32 // of this message's exchanges, so that chance differs from try to try
}

// faults are the orders in force, oldest first.
type faults struct {
	clock Clock
	seed  uint64
	chaos Chaos
	some  atomic.Int32 // how many there are, so that a healthy exchange takes no lock
	mu    sync.Mutex
	all   []*armed
	next  int
}

func (fs *faults) add(f Fault) (*armed, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.next++
	f.ID, f.Hits = fs.next, 0
	a := &armed{Fault: f, cleared: make(chan struct{})}
	if f.For > 0 {
		a.until = fs.clock.Now().Add(f.For)
	}
	fs.all = append(fs.all, a)
	fs.some.Store(int32(len(fs.all)))
	return a, nil
}

// clear ends the fault called id, or all when id is 0, and returns those that it ended.
func (fs *faults) clear(id int) []*armed {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	var gone []*armed
	fs.all = slices.DeleteFunc(fs.all, func(a *armed) bool {
		if id != 0 && a.ID != id {
			return false
		}
		close(a.cleared)
		gone = append(gone, a)
		return true
	})
	fs.some.Store(int32(len(fs.all)))
	return gone
}

func (fs *faults) list() []Fault {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	out := make([]Fault, len(fs.all))
	for i, a := range fs.all {
		out[i] = a.Fault
	}
	return out
}

// pick returns the fault among kinds that x meets, or nil. What was ordered comes before what chance brings.
func (fs *faults) pick(x exchange, kinds []Kind) *armed {
	if fs.some.Load() > 0 {
		if a := fs.ordered(x, kinds); a != nil {
			return a
		}
	}
	return fs.chaos.pick(fs.seed, x, kinds)
}

func (fs *faults) ordered(x exchange, kinds []Kind) *armed {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	now := fs.clock.Now()
	for _, a := range fs.all {
		switch {
		case !slices.Contains(kinds, a.Kind),
			a.Agency != "" && a.Agency != x.agency,
			a.Endpoint != "" && a.Endpoint != x.endpoint,
			a.Operation != "" && a.Operation != x.operation,
			a.Count > 0 && a.Hits >= a.Count,
			!a.until.IsZero() && !now.Before(a.until),
			a.Probability > 0 && chance(fs.seed, x, uint64(a.ID)) >= a.Probability:
			continue
		}
		a.Hits++
		return a
	}
	return nil
}

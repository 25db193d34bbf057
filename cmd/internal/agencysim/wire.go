package agencysim

import (
	"net/http"
	"sync"
	"time"
)

// Exchange is one message and its answer, as they went over the wire.
type Exchange struct {
	At        time.Time   `json:"at"`
	Agency    string      `json:"agency"`
	Endpoint  string      `json:"endpoint,omitempty"`
	Operation string      `json:"operation"`
	MessageID string      `json:"messageId,omitempty"`
	Fault     Kind        `json:"fault,omitempty"` // what was done to it
	Method    string      `json:"method"`
	URL       string      `json:"url"`
	Header    http.Header `json:"header"`           // without credentials
	Request   string      `json:"request"`          // as UTF-8, cut at 64 KiB
	Status    int         `json:"status,omitempty"` // 0 when no answer went out or came
	Reply     string      `json:"reply,omitempty"`
}

const wireBody = 64 << 10

// wire remembers the last exchanges.
type wire struct {
	keep int // never changes: asked without the lock
	mu   sync.Mutex
	ring []Exchange
	next int
}

func newWire(keep int) *wire { return &wire{keep: keep, ring: make([]Exchange, 0, max(keep, 0))} }

func (w *wire) on() bool { return w.keep > 0 }

func (w *wire) add(x Exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.ring) < cap(w.ring) {
		w.ring = append(w.ring, x)
		return
	}
	w.ring[w.next] = x
	w.next = (w.next + 1) % len(w.ring)
}

// list returns the exchanges that fit, oldest first; an empty filter fits everything.
func (w *wire) list(agency, id string) []Exchange {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := []Exchange{}
	for i := range w.ring {
		x := w.ring[(w.next+i)%len(w.ring)]
		if (agency == "" || x.Agency == agency) && (id == "" || x.MessageID == id) {
			out = append(out, x)
		}
	}
	return out
}

// visible returns the headers worth showing, without credentials.
func visible(h http.Header) http.Header {
	out := http.Header{}
	for _, k := range []string{"Content-Type", "Soapaction", "Retry-After", "Accept", "Location"} {
		if v := h[k]; v != nil {
			out[k] = v
		}
	}
	for _, k := range []string{"Authorization", "X-Api-Key"} {
		if h.Get(k) != "" {
			out.Set(k, "…")
		}
	}
	return out
}

// bounded cuts text for memory's sake.
func bounded(s string) string {
	if len(s) > wireBody {
		return s[:wireBody]
	}
	return s
}

package delivery

import "sync"

// watches tells those who wait for a change of one request.
type watches struct {
	mu   sync.Mutex
	byID map[string]*watched
}

type watched struct {
	changed chan struct{}
	readers int
}

func (w *watches) watch(requestID string) (changed <-chan struct{}, stop func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byID == nil {
		w.byID = map[string]*watched{}
	}
	x := w.byID[requestID]
	if x == nil {
		x = &watched{changed: make(chan struct{})}
		w.byID[requestID] = x
	}
	x.readers++
	return x.changed, sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if x.readers--; x.readers == 0 && w.byID[requestID] == x {
			delete(w.byID, requestID)
		}
	})
}

func (w *watches) tell(requestID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if x := w.byID[requestID]; x != nil {
		close(x.changed)
		delete(w.byID, requestID)
	}
}

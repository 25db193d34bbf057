package delivery

import (
	"container/list"
	"sync"

	"sluice/contracts/canonical"
)

// cache keeps canonical requests in memory from their acceptance to their sending, so that a healthy agency's
// deliveries never read a body back from the store. It is bounded by bytes; what falls out is read again.
type cache struct {
	limit int

	mu    sync.Mutex
	bytes int
	order *list.List // of *cached, the oldest first
	byID  map[string]*list.Element
}

type cached struct {
	requestID string
	message   canonical.Message
	cost      int
}

// treeCost is how much a parsed tree weighs beside its bytes, measured on the sample requests.
const treeCost = 4

func newCache(limit int) *cache {
	return &cache{limit: limit, order: list.New(), byID: map[string]*list.Element{}}
}

func (c *cache) put(requestID string, m canonical.Message) {
	cost := len(m.Bytes()) * (1 + treeCost)
	if cost > c.limit {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.byID[requestID]; known {
		return
	}
	c.byID[requestID] = c.order.PushBack(&cached{requestID, m, cost})
	for c.bytes += cost; c.bytes > c.limit; {
		c.remove(c.order.Front())
	}
}

func (c *cache) get(requestID string) (canonical.Message, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[requestID]
	if e == nil {
		return canonical.Message{}, false
	}
	return e.Value.(*cached).message, true
}

func (c *cache) drop(requestID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byID[requestID]; e != nil {
		c.remove(e)
	}
}

// remove needs c.mu.
func (c *cache) remove(e *list.Element) {
	entry := c.order.Remove(e).(*cached)
	delete(c.byID, entry.requestID)
	c.bytes -= entry.cost
}

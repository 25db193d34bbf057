package sqlite

import (
	"sync"

	"sluice/gateway"
)

// cache holds the requests that were written or loaded last, as they are committed. Its requests are shared and never
// change. The store is the only writer of its file, so what is cached is what is stored.
//
// It keeps two generations: a request that is asked for moves to the young one, and when that is full the old one is
// forgotten.
type cache struct {
	mu         sync.Mutex
	size       int
	young, old map[string]*gateway.Request
}

func newCache(size int) *cache {
	return &cache{size: size, young: map[string]*gateway.Request{}}
}

func (c *cache) get(id string) *gateway.Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.young[id]; r != nil {
		return r
	}
	r := c.old[id]
	if r != nil {
		c.add(r)
	}
	return r
}

// put adds what was committed. Only the writer calls it.
func (c *cache) put(all map[string]*gateway.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range all {
		c.add(r)
	}
}

func (c *cache) add(r *gateway.Request) {
	if len(c.young) >= c.size {
		c.old, c.young = c.young, make(map[string]*gateway.Request, c.size)
	}
	c.young[r.ID] = r
	delete(c.old, r.ID)
}

// drop forgets requests that were deleted.
func (c *cache) drop(ids []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		delete(c.young, id)
		delete(c.old, id)
	}
}

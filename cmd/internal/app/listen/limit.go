package listen

import (
	"container/list"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// limiter bounds the connections of one listener. When all are taken and another caller is there, the connection that
// has been without a request the longest gives way, so that a thousand connections that say nothing keep nobody out.
// While every one is being served, or was just opened, the next caller waits.
type limiter struct {
	net.Listener
	max     int
	silence time.Duration // without a request for that long, a connection may have to give way
	tls     *tls.Config   // nil: plain

	mu     sync.Mutex
	free   sync.Cond
	idle   *list.List // of *limited: new or between requests, the longest first
	open   int
	closed bool
}

func newLimiter(l net.Listener, c Config, certificate *tls.Config) *limiter {
	s := &limiter{Listener: l, max: c.Connections, silence: c.Silence, tls: certificate, idle: list.New()}
	s.free.L = &s.mu
	return s
}

// Accept returns the next connection once it has a place.
func (s *limiter) Accept() (net.Conn, error) {
	c, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if !s.enter() {
		c.Close()
		return nil, net.ErrClosed
	}
	l := &limited{Conn: c, owner: s}
	c = l
	if s.tls != nil {
		c = tls.Server(l, s.tls)
	}
	return &guard{Conn: c, limited: l}, nil
}

// Close ends waiting, too.
func (s *limiter) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.free.Broadcast()
	return s.Listener.Close()
}

// enter waits for a place; false means that the listener was closed.
func (s *limiter) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.open >= s.max && !s.closed {
		wait := s.silence
		if e := s.idle.Front(); e != nil {
			c := e.Value.(*limited)
			if wait = s.silence - time.Since(c.since); wait <= 0 {
				s.idle.Remove(e)
				c.place = nil
				s.mu.Unlock()
				c.Close() // gives its place back
				s.mu.Lock()
				continue
			}
		}
		timer := time.AfterFunc(wait, s.free.Broadcast)
		s.free.Wait()
		timer.Stop()
	}
	s.open++
	return !s.closed
}

func (s *limiter) leave() {
	s.mu.Lock()
	s.open--
	s.mu.Unlock()
	s.free.Broadcast()
}

// watch is the http.Server's ConnState: it keeps the order of those without a request.
func (s *limiter) watch(c net.Conn, state http.ConnState) {
	g, ok := c.(*guard)
	if !ok {
		return
	}
	l := g.limited
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.place != nil {
		s.idle.Remove(l.place)
		l.place = nil
	}
	if state == http.StateNew || state == http.StateIdle {
		l.place, l.since = s.idle.PushBack(l), time.Now()
	}
}

// limited is one connection with a place.
type limited struct {
	net.Conn
	owner *limiter
	place *list.Element // in owner.idle; guarded by owner.mu, as since is
	since time.Time
	once  sync.Once
}

// Close gives the place back, once.
func (c *limited) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.owner.leave)
	return err
}

package rabbit_test

import (
	"net"
	"sync"
	"testing"
)

// proxy stands between a queue and its broker, and can break what goes through.
type proxy struct {
	net.Listener
	to string

	mu      sync.Mutex
	open    map[net.Conn]bool
	stalled chan struct{} // nothing goes on until it is closed; nil: all goes on
	taken   int
}

// newProxy makes a proxy that ends with the test.
func newProxy(t *testing.T, to string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: l, to: to, open: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		p.release()
		p.cut()
		serving.Wait()
	})
	return p
}

func (p *proxy) serve(client net.Conn) {
	broker, err := net.Dial("tcp", p.to)
	if err != nil {
		client.Close()
		return
	}
	p.mu.Lock()
	p.open[client], p.open[broker] = true, true
	p.taken++
	p.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { p.pass(client, broker) })
	both.Go(func() { p.pass(broker, client) })
	both.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, client)
	delete(p.open, broker)
}

func (p *proxy) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		stalled := p.stalled
		p.mu.Unlock()
		if stalled != nil {
			<-stalled
		}
		if err != nil {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// cut breaks all connections and tells how many there have been.
func (p *proxy) cut() (taken int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.open {
		conn.Close()
	}
	return p.taken
}

// stall holds everything back without a word, as a network does that drops packets.
func (p *proxy) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled = make(chan struct{})
}

func (p *proxy) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stalled != nil {
		close(p.stalled)
		p.stalled = nil
	}
}

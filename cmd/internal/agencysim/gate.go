package agencysim

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// gate is one listening address that can be shut, so that connections to it are refused.
type gate struct {
	handler http.Handler
	clock   Clock
	ended   func(error)

	mu     sync.Mutex
	addr   string
	server *http.Server
	lis    net.Listener
	shuts  int // outages in force
	closed bool
	done   sync.WaitGroup
}

func openGate(addr string, h http.Handler, clock Clock, ended func(error)) (*gate, error) {
	g := &gate{handler: h, clock: clock, ended: ended, addr: addr}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g, g.listen()
}

// listen needs g.mu.
func (g *gate) listen() error {
	ln, err := net.Listen("tcp", g.addr)
	if err != nil {
		return err
	}
	g.addr = ln.Addr().String() // the next time the same port
	srv := &http.Server{Handler: g.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	g.server, g.lis = srv, ln
	g.done.Go(func() {
		if err := srv.Serve(ln); err != http.ErrServerClosed {
			g.ended(err)
		}
	})
	return nil
}

// shut refuses connections and cuts those that are there, until open has been called as often.
func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shuts++
	if g.server != nil {
		// A server that has not come round to serving yet would leave its listener open. Connections die anyway.
		_ = g.server.Close()
		_ = g.lis.Close()
		g.server = nil
	}
}

// open ends one outage.
func (g *gate) open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shuts--; g.shuts > 0 || g.closed || g.server != nil {
		return
	}
	if g.listen() != nil {
		// Somebody's outgoing connection got the port meanwhile: it will let go of it.
		g.shuts++
		g.clock.AfterFunc(20*time.Millisecond, g.open)
	}
}

// close ends the gate for good and waits for what goes through it.
func (g *gate) close() {
	g.mu.Lock()
	g.closed = true
	srv := g.server
	g.server = nil
	g.mu.Unlock()
	if srv != nil {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if srv.Shutdown(ctx) != nil {
			_ = srv.Close()
		}
	}
	g.done.Wait()
}

func (g *gate) address() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.addr
}

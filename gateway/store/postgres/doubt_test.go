package postgres_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"sluice/gateway/store"
	"sluice/gateway/store/postgres"
	"sluice/gateway/store/postgres/pgtest"
	"sluice/gateway/store/storetest"
)

// proxy stands between the store and the server, and cuts the connection over which the canary goes: before the server
// has it, or after the server has done everything and before its answer.
type proxy struct {
	net.Listener
	server string
	wg     sync.WaitGroup
	after  atomic.Bool
	armed  atomic.Bool // it will cut once
	cut    chan struct{}
}

const canary = "the canary in the body"

func newProxy(t *testing.T, server string) *proxy {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{Listener: l, server: server, cut: make(chan struct{})}
	p.wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			p.wg.Go(func() { p.serve(client) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); p.wg.Wait() })
	return p
}

func (p *proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		_ = client.Close()
		return
	}
	var doomed atomic.Bool
	var both sync.WaitGroup
	cut := func() { _, _ = client.Close(), server.Close() }
	both.Go(func() {
		defer cut()
		var seen []byte
		forward(client, server, func(b []byte) bool {
			seen = append(seen[max(0, len(seen)-len(canary)):], b...)
			if bytes.Contains(seen, []byte(canary)) && p.armed.CompareAndSwap(true, false) {
				doomed.Store(true)
				close(p.cut)
			}
			return !doomed.Load() || p.after.Load()
		})
	})
	both.Go(func() {
		defer cut()
		forward(server, client, func([]byte) bool { return !doomed.Load() })
	})
	both.Wait()
}

// forward copies until may says no.
func forward(from io.Reader, to io.Writer, may func([]byte) bool) {
	b := make([]byte, 64<<10)
	for {
		n, err := from.Read(b)
		if err != nil || !may(b[:n]) {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}

// A connection that is lost in the middle of a commit leaves its callers in no doubt: what the server has is reported
// as stored, what it does not have is stored once more, and in both cases it is there once.
func TestLostInCommit(t *testing.T) {
	server := pgtest.Shared(t)
	for name, after := range map[string]bool{"before the server has it": false, "after the server has it": true} {
		t.Run(name, func(t *testing.T) {
			url := server.Database(t)
			host := url[strings.Index(url, "@")+1 : strings.LastIndex(url, "/")]
			p := newProxy(t, host)
			p.after.Store(after)
			s := open(t, strings.Replace(url, host, p.Addr().String(), 1))
			_, err := create(t, s) // the statements are prepared by now
			must(t, err)
			p.armed.Store(true)
			r, idem := storetest.BenchRequest(t, 1)
			stored, created, err := s.Create(ctx, r, []byte(canary), idem)
			if err != nil || !created || stored.ID != r.ID {
				t.Fatalf("stored %v, created %v, %v", stored, created, err)
			}
			select {
			case <-p.cut:
			default:
				t.Fatal("the connection was not cut")
			}
			page, err := s.List(ctx, store.Filter{PortalID: r.PortalID})
			must(t, err)
			if len(page.Items) != 1 {
				t.Errorf("it is there %d times", len(page.Items))
			}
			again, created, err := s.Create(ctx, r.Clone(), []byte(canary), idem)
			if err != nil || created || again.ID != r.ID {
				t.Errorf("the repeat made %v, created %v, %v", again, created, err)
			}
		})
	}
}

// When the server stays away the caller is told that nobody knows; the same key tells later.
func TestDoubtRemains(t *testing.T) {
	server := pgtest.Shared(t)
	url := server.Database(t)
	host := url[strings.Index(url, "@")+1 : strings.LastIndex(url, "/")]
	p := newProxy(t, host)
	p.after.Store(true)
	s := open(t, strings.Replace(url, host, p.Addr().String(), 1), func(c *postgres.Config) { c.Timeout = 500e6 })
	_, err := create(t, s)
	must(t, err)
	p.armed.Store(true)
	r, idem := storetest.BenchRequest(t, 1)
	go func() {
		<-p.cut
		_ = p.Close() // nobody gets through any more
	}()
	_, _, err = s.Create(ctx, r, []byte(canary), idem)
	if !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "not known whether") {
		t.Errorf("got %v", err)
	}
	other := open(t, url)
	again, created, err := other.Create(ctx, r.Clone(), []byte(canary), idem)
	if err != nil || created || again.ID != r.ID {
		t.Errorf("the repeat made %v, created %v, %v", again, created, err)
	}
}

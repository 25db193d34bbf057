package delivery

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"sluice/adapters"
	"sluice/adapters/exchange"
)

// The bounds of an agency's answer that no manifest changes.
const (
	maxResponseHeader = 64 << 10
	dialTimeout       = 10 * time.Second
	writeBuffer       = 16 << 10         // most requests fit: they go out in one write, without a buffer of 32 KB to copy through
	idleTimeout       = 25 * time.Second // below the usual 30 s and 60 s of servers, so that we close first
)

// clientConfig describes the HTTP client of one agency endpoint.
type clientConfig struct {
	Concurrency int             // attempts at a time: as many connections stay open
	MaxReply    int64           // bytes of an answer, after decompression
	Hosts       map[string]bool // host[:port] as in the manifest's URLs: nothing else is called
	TLS         *tls.Config     // client certificate and roots of mTLS; nil: the system's roots
	Allowed     func() error    // asked before each exchange: whether this process may still send; nil: always
}

// newClient makes the one HTTP client through which everything to an endpoint goes. It follows no redirect,
// has no cookie jar and never sends anything twice by itself.
func newClient(c clientConfig) (client *http.Client, closeIdle func()) {
	base := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        c.TLS,
		TLSHandshakeTimeout:    dialTimeout,
		MaxIdleConns:           c.Concurrency,
		MaxIdleConnsPerHost:    c.Concurrency,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
		WriteBufferSize:        writeBuffer,
		// HTTP/1.1 alone: an attempt has a connection of its own, so that one cut off harms no other.
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	client = &http.Client{
		Transport:     &transport{base: base, maxReply: c.MaxReply, hosts: c.Hosts, allowed: c.Allowed},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client, base.CloseIdleConnections
}

// transport is what the hub adds to every exchange: the egress list, a bound on the answer behind the adapter's own, the
// record of the bytes on the wire, and the class of what breaks below HTTP, for adapters that give it none.
type transport struct {
	base     http.RoundTripper
	maxReply int64
	hosts    map[string]bool
	allowed  func() error
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.allowed != nil {
		if err := t.allowed(); err != nil {
			return nil, exchange.Transport(r.Context(), err, false)
		}
	}
	if !t.hosts[strings.ToLower(r.URL.Host)] {
		return nil, &adapters.Error{
			Class: adapters.Permanent, Code: "egress_refused",
			Text: fmt.Sprintf("the manifest names no address at %s, so nothing is sent there", r.URL.Host),
			Remedy: adapters.Text{
				RU: "Добавьте адрес в манифест ведомства или исправьте его.",
				EN: "Add the address to the agency's manifest, or mend it.",
			},
		}
	}
	ctx := r.Context()
	rec := recorderFrom(ctx)
	out := r.WithContext(rec.watch.Trace(ctx))
	out.GetBody = nil // with it net/http may send a request again in silence
	rec.begin(out)

	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return nil, exchange.Transport(ctx, err, rec.watch.Sent())
	}
	if resp.ContentLength > t.maxReply {
		resp.Body.Close()
		return nil, exchange.TooLarge(t.maxReply)
	}
	rec.reply(resp)
	resp.Body = &boundedBody{ctx: ctx, body: resp.Body, left: t.maxReply, max: t.maxReply, rec: rec}
	return resp, nil
}

// boundedBody reads an answer up to a bound and classifies what breaks while it is read.
type boundedBody struct {
	ctx       context.Context
	body      io.ReadCloser
	left, max int64
	rec       *recorder
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one byte more than allowed tells "too large" from "just as large"
	}
	n, err := b.body.Read(p)
	if int64(n) > b.left {
		n = int(b.left)
		b.left = 0
		b.rec.received(p[:n])
		return n, exchange.TooLarge(b.max)
	}
	b.left -= int64(n)
	b.rec.received(p[:n])
	if err != nil && err != io.EOF {
		err = exchange.Transport(b.ctx, err, true)
	}
	return n, err
}

func (b *boundedBody) Close() error { return b.body.Close() }

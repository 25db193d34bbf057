package delivery

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"time"

	"sluice/adapters"
)

// The bounds of an agency's answer that no manifest changes.
const (
	maxResponseHeader = 64 << 10
	dialTimeout       = 10 * time.Second
	idleTimeout       = 25 * time.Second // below the usual 30 s and 60 s of servers, so that we close first
)

// The codes of what breaks below HTTP.
const (
	codeConnect     = "connect"     // no connection
	codeTimeout     = "timeout"     // no answer in time
	codeReset       = "reset"       // the connection broke before the answer was complete
	codeInterrupted = "interrupted" // the hub broke the attempt off: it stops, or lost the lease
)

// errReplyTooLarge ends the reading of an answer over the manifest's limits.message.
var errReplyTooLarge = errors.New("the answer is larger than limits.message of the manifest")

// clientConfig describes the HTTP client of one agency endpoint.
type clientConfig struct {
	Concurrency int             // attempts at a time: as many connections stay open
	MaxReply    int64           // bytes of an answer, after decompression
	Hosts       map[string]bool // host[:port] as in the manifest's URLs: nothing else is called
	TLS         *tls.Config     // client certificate and roots of mTLS; nil: the system's roots
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
		// HTTP/1.1 alone: an attempt has a connection of its own, so that one cut off harms no other.
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
	client = &http.Client{
		Transport:     &transport{base: base, maxReply: c.MaxReply, hosts: c.Hosts},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return client, base.CloseIdleConnections
}

// transport is what the hub adds to every exchange: the egress list, the bound on the answer, the record of
// the bytes on the wire, and the class of what breaks below HTTP.
type transport struct {
	base     http.RoundTripper
	maxReply int64
	hosts    map[string]bool
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
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
	out := r.WithContext(httptrace.WithClientTrace(ctx, rec.trace()))
	out.GetBody = nil // with it net/http may send a request again in silence
	rec.begin(out)

	resp, err := t.base.RoundTrip(out)
	if err != nil {
		return nil, transportError(ctx, err, rec.sent())
	}
	if resp.ContentLength > t.maxReply {
		resp.Body.Close()
		return nil, replyTooLarge(t.maxReply)
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
		return n, replyTooLarge(b.max)
	}
	b.left -= int64(n)
	b.rec.received(p[:n])
	if err != nil && err != io.EOF {
		err = transportError(b.ctx, err, true)
	}
	return n, err
}

func (b *boundedBody) Close() error { return b.body.Close() }

func replyTooLarge(limit int64) *adapters.Error {
	return &adapters.Error{
		Class: adapters.Ambiguous, Code: "reply_too_large", Server: true, Cause: errReplyTooLarge,
		Text: fmt.Sprintf("the agency answered with more than %d bytes", limit),
		Remedy: adapters.Text{
			RU: "Проверьте ответ ведомства; если он верен, увеличьте limits.message в манифесте.",
			EN: "Look at the agency's answer; if it is right, raise limits.message in the manifest.",
		},
	}
}

// transportError classifies an error below HTTP: before a byte went out it can be tried again; after that
// the request may have arrived.
func transportError(ctx context.Context, err error, sent bool) *adapters.Error {
	var ours *adapters.Error
	if errors.As(err, &ours) {
		return ours
	}
	e := &adapters.Error{Class: adapters.Transient, Code: codeConnect, Server: true, Cause: err,
		Text: "no connection to the agency"}
	if sent {
		e.Class, e.Code, e.Text = adapters.Ambiguous, codeReset, "the connection broke before the agency's answer was complete"
	}
	var timeout net.Error
	switch {
	case errors.Is(context.Cause(ctx), errInterrupted):
		// Our own doing: it says nothing about the agency.
		e.Code, e.Text, e.Server = codeInterrupted, "the hub broke the attempt off", false
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		e.Code, e.Text = codeTimeout, "the agency did not answer within limits.attempt"
		if !sent {
			e.Text = "no connection to the agency within the time allowed"
		}
	case errors.Is(err, context.Canceled):
		e.Code, e.Text, e.Server = codeInterrupted, "the hub broke the attempt off", false
	}
	return e
}

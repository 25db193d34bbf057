// Package exchange is one HTTP exchange with an agency, the same for every protocol: what is sent, how the hub proves
// who it is, what comes back within bounds, and what each way of failing means.
package exchange

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"

	"sluice/adapters"
)

// Request is what goes to an agency.
type Request struct {
	Method      string
	URL         string
	ContentType string // "" when there is no body
	Accept      string
	Header      http.Header
	Body        []byte
}

// Reply is what came back, whatever its status.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte

	request *http.Request // that it answers
}

// Port sends to the endpoints of one agency. It is safe for concurrent use.
type Port struct {
	Auth    *Auth
	Headers map[string]string // fixed ones, by the manifest
	Limit   int64             // bytes of a reply
}

// NewPort makes the port of an agency.
func NewPort(b *adapters.Build) *Port {
	return &Port{Auth: NewAuth(b), Headers: b.Manifest.Headers, Limit: int64(b.Manifest.Limits.Message)}
}

// Do sends the request. An error is one of the rows of Transport; a reply of any status is no error here.
func (p *Port) Do(ctx context.Context, call adapters.Call, r Request) (*Reply, *adapters.Error) {
	return p.Renewing(call, func() (*Reply, *adapters.Error) { return p.once(ctx, call, r) })
}

// Renewing sends once, or twice where the first answer is that an OAuth token has run out: nothing was done then.
func (p *Port) Renewing(call adapters.Call, send func() (*Reply, *adapters.Error)) (*Reply, *adapters.Error) {
	reply, err := send()
	if err == nil && reply.Status == http.StatusUnauthorized && p.Auth.renew(call.Endpoint.Name, reply.request) {
		return send()
	}
	return reply, err
}

func (p *Port) once(ctx context.Context, call adapters.Call, r Request) (*Reply, *adapters.Error) {
	w := &Watch{}
	req, err := http.NewRequestWithContext(w.Trace(ctx), r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, New(adapters.Permanent, CodeRequest, "the request could not be made: "+err.Error(), nil)
	}
	if r.Body == nil {
		req.Body, req.ContentLength = nil, 0
	}
	req.GetBody = nil
	if e := p.Dress(ctx, call, req, r); e != nil {
		return nil, e
	}
	resp, err := call.Client.Do(req)
	if err != nil {
		return nil, Transport(ctx, err, w.Sent())
	}
	return Read(ctx, resp, p.Limit)
}

// Dress gives a request its headers and credentials.
func (p *Port) Dress(ctx context.Context, call adapters.Call, req *http.Request, r Request) *adapters.Error {
	for name, value := range p.Headers {
		req.Header.Set(name, value)
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	if r.ContentType != "" {
		req.Header.Set("Content-Type", r.ContentType)
	}
	if r.Accept != "" {
		req.Header.Set("Accept", r.Accept)
	}
	return p.Auth.Apply(ctx, call, req)
}

// maxTrusted is how many bytes are set aside because a reply says that so many will come.
const maxTrusted = 64 << 10

// Read takes a reply of at most limit bytes and closes it.
func Read(ctx context.Context, resp *http.Response, limit int64) (*Reply, *adapters.Error) {
	defer resp.Body.Close()
	if resp.ContentLength > limit {
		return nil, TooLarge(limit)
	}
	var body []byte
	var err error
	if n := resp.ContentLength; n >= 0 && n <= maxTrusted {
		body = make([]byte, n)
		_, err = io.ReadFull(resp.Body, body)
	} else {
		body, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	}
	switch {
	case err != nil:
		return nil, Transport(ctx, err, true)
	case int64(len(body)) > limit:
		return nil, TooLarge(limit)
	}
	return &Reply{Status: resp.StatusCode, Header: resp.Header, Body: body, request: resp.Request}, nil
}

// Charset is what the reply's Content-Type says of its charset, or "".
func (r *Reply) Charset() string { return Charset(r.Header.Get("Content-Type")) }

// IsHTML tells an error page from a message, by what it says of itself or how it begins.
func (r *Reply) IsHTML() bool {
	if strings.HasPrefix(strings.ToLower(r.Header.Get("Content-Type")), "text/html") {
		return true
	}
	start := bytes.TrimLeft(r.Body[:min(len(r.Body), 512)], "\ufeff \t\r\n")
	lower := bytes.ToLower(start)
	return bytes.HasPrefix(lower, []byte("<!doctype html")) || bytes.HasPrefix(lower, []byte("<html"))
}

// Watch tells whether a byte of an exchange may have gone out, and when.
type Watch struct {
	Now func() time.Time // nil: nobody asks when

	mu    sync.Mutex
	sent  bool
	first time.Time
}

// Trace returns a context whose next exchange is watched.
func (w *Watch) Trace(ctx context.Context) context.Context {
	w.set(false)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		// net/http looks for another connection only when nothing went out on the one before.
		GetConn:      func(string) { w.set(false) },
		WroteHeaders: func() { w.set(true) },
	})
}

func (w *Watch) set(sent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent = sent; sent && w.Now != nil {
		w.first = w.Now()
	}
}

// Sent tells whether the agency may have seen the request.
func (w *Watch) Sent() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sent
}

// First is when the first byte of the last exchange that had one went out.
func (w *Watch) First() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.first
}

// asError finds an *adapters.Error in err, such as the hub's client gives.
func asError(err error) *adapters.Error {
	var e *adapters.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

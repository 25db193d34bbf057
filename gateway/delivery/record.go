package delivery

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"sync"

	"sluice/adapters/exchange"
)

// recorder keeps what one attempt put on the wire and what came back, bounded, with credentials masked.
// Only the last exchange is kept: those before it fetched a token.
type recorder struct {
	limit int // bytes kept of each direction
	watch exchange.Watch

	mu     sync.Mutex
	out    []byte
	in     []byte
	status int
}

type recorderKey struct{}

func withRecorder(ctx context.Context, r *recorder) context.Context {
	return context.WithValue(ctx, recorderKey{}, r)
}

// recorderFrom returns the attempt's recorder, or one that nobody looks at.
func recorderFrom(ctx context.Context) *recorder {
	if r, ok := ctx.Value(recorderKey{}).(*recorder); ok {
		return r
	}
	return &recorder{}
}

// begin starts the record of an exchange. It wraps the request's body, so r must be the transport's own copy.
func (r *recorder) begin(req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status, r.in = 0, nil
	if r.limit == 0 {
		return
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s\r\n", req.Method, req.URL.Redacted())
	writeHeader(&head, req.Header)
	r.out = slices.Grow(head.Bytes(), int(min(max(req.ContentLength, 0), int64(r.limit))))
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &recordedBody{ReadCloser: req.Body, rec: r}
	}
}

func (r *recorder) reply(resp *http.Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = resp.StatusCode
	if r.limit == 0 {
		return
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "%s %s\r\n", resp.Proto, resp.Status)
	writeHeader(&head, resp.Header)
	r.in = slices.Grow(head.Bytes(), int(min(max(resp.ContentLength, 0), int64(r.limit))))
}

func (r *recorder) received(p []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.in = appendBounded(r.in, p, r.limit)
}

// wire returns the record of the last exchange.
func (r *recorder) wire() (sent, received []byte, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return mask(r.out), mask(r.in), r.status
}

type recordedBody struct {
	io.ReadCloser
	rec *recorder
}

func (b *recordedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.rec.mu.Lock()
	defer b.rec.mu.Unlock()
	b.rec.out = appendBounded(b.rec.out, p[:n], b.rec.limit)
	return n, err
}

func appendBounded(dst, p []byte, limit int) []byte {
	return append(dst, p[:min(len(p), max(limit-len(dst), 0))]...)
}

// open lists the headers that are kept as they are: anything else may carry a credential.
var open = map[string]bool{
	"Accept": true, "Accept-Encoding": true, "Accept-Language": true, "Content-Encoding": true, "Content-Length": true,
	"Content-Type": true, "Date": true, "Etag": true, "Idempotency-Key": true, "If-Match": true, "If-None-Match": true,
	"Last-Modified": true, "Link": true, "Location": true, "Prefer": true, "Retry-After": true, "Server": true,
	"Soapaction": true, "Traceparent": true, "Transfer-Encoding": true, "User-Agent": true, "Www-Authenticate": true,
	"X-Message-Id": true, "X-Request-Id": true,
}

func writeHeader(w *bytes.Buffer, h http.Header) {
	shown := make(http.Header, len(h))
	for name, values := range h {
		if open[http.CanonicalHeaderKey(name)] {
			shown[name] = values
		} else {
			shown[name] = []string{"***"}
		}
	}
	shown.Write(w) //nolint:errcheck // a bytes.Buffer takes everything
	w.WriteString("\r\n")
}

// secrets finds credentials inside bodies: WS-Security passwords, and what OAuth forms and answers carry.
// A body without the hint is not searched, because most bodies hold none.
var secrets = []struct {
	hint string
	at   *regexp.Regexp
}{
	{"Password", regexp.MustCompile(`(<(?:[\w.-]+:)?Password\b[^>]*>)[^<]+`)},
	{"Nonce", regexp.MustCompile(`(<(?:[\w.-]+:)?Nonce\b[^>]*>)[^<]+`)},
	{"BinarySecurityToken", regexp.MustCompile(`(<(?:[\w.-]+:)?BinarySecurityToken\b[^>]*>)[^<]+`)},
	{"_token\"", regexp.MustCompile(`("(?:access|refresh|id)_token"\s*:\s*")[^"]*`)},
	{"secret", regexp.MustCompile(`(client_secret(?:=|"\s*:\s*"))[^&"\s]+`)},
	{"password", regexp.MustCompile(`(password(?:=|"\s*:\s*"))[^&"\s]+`)},
	{"refresh_token=", regexp.MustCompile(`(refresh_token=)[^&\s]+`)},
	{"assertion=", regexp.MustCompile(`(assertion=)[^&\s]+`)},
}

func mask(wire []byte) []byte {
	for _, s := range secrets {
		if bytes.Contains(wire, []byte(s.hint)) {
			wire = s.at.ReplaceAll(wire, []byte("${1}***"))
		}
	}
	return wire
}

package adaptertest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"sluice/adapters"
)

// behaviour is one way for an agency to misbehave, and what it means for a submission.
type behaviour struct {
	name       string
	play       func(w http.ResponseWriter, r *http.Request, k Kit)
	hangs      bool
	huge       bool // the adapter must not hold all of it
	class      adapters.Class
	code       string // "" is any
	server     bool
	retryAfter time.Duration
}

func status(code int, header ...string) func(http.ResponseWriter, *http.Request, Kit) {
	return func(w http.ResponseWriter, _ *http.Request, _ Kit) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func body(contentType, text string) func(http.ResponseWriter, *http.Request, Kit) {
	return func(w http.ResponseWriter, _ *http.Request, _ Kit) {
		Reply{ContentType: contentType, Body: []byte(text)}.send(w)
	}
}

const htmlPage = "<!DOCTYPE html><html><body><h1>Технические работы</h1></body></html>"

var cases = []behaviour{
	{name: "hangs", hangs: true, class: adapters.Ambiguous, code: "timeout", server: true},
	{name: "resets the connection", play: reset, class: adapters.Ambiguous, code: "reset", server: true},
	{name: "breaks off in the body", play: breakOff, class: adapters.Ambiguous, code: "reset", server: true},
	{name: "sends half of it as if it were whole", play: half, class: adapters.Ambiguous, code: "bad_reply"},
	{name: "never ends", play: endless, huge: true, class: adapters.Ambiguous, code: "reply_too_large", server: true},
	{name: "announces 100 MB", play: announced, huge: true, class: adapters.Ambiguous, code: "reply_too_large", server: true},
	{name: "sends 100 MB unannounced", play: unannounced, huge: true, class: adapters.Ambiguous, code: "reply_too_large", server: true},
	{name: "packs 100 MB", play: packed, huge: true, class: adapters.Ambiguous, code: "reply_too_large", server: true},
	{name: "500", play: status(500), class: adapters.Ambiguous, code: "http_500", server: true},
	{name: "502 with a page", play: page(502), class: adapters.Ambiguous, code: "http_502", server: true},
	{name: "504", play: status(504), class: adapters.Ambiguous, code: "http_504", server: true},
	{name: "501", play: status(501), class: adapters.Permanent, code: "http_501"},
	{name: "503", play: status(503), class: adapters.Transient, code: "unavailable", server: true},
	{name: "503 with a page", play: page(503), class: adapters.Transient, code: "unavailable", server: true},
	{name: "503 with Retry-After in seconds", play: status(503, "Retry-After", "7"), class: adapters.Transient, code: "unavailable", server: true, retryAfter: 7 * time.Second},
	{name: "503 with Retry-After as a date", play: status(503, "Date", "Mon, 06 Jul 2026 10:00:00 GMT", "Retry-After", "Mon, 06 Jul 2026 10:02:00 GMT"),
		class: adapters.Transient, code: "unavailable", server: true, retryAfter: 2 * time.Minute},
	{name: "503 with Retry-After in the past", play: status(503, "Date", "Mon, 06 Jul 2026 10:00:00 GMT", "Retry-After", "Mon, 06 Jul 2026 09:00:00 GMT"),
		class: adapters.Transient, code: "unavailable", server: true},
	{name: "503 with nonsense in Retry-After", play: status(503, "Retry-After", "soon"), class: adapters.Transient, code: "unavailable", server: true},
	{name: "429", play: status(429, "Retry-After", "30"), class: adapters.Transient, code: "overload", retryAfter: 30 * time.Second},
	{name: "429 for ever", play: status(429, "Retry-After", "99999999999"), class: adapters.Transient, code: "overload", retryAfter: 7 * 24 * time.Hour},
	{name: "408", play: status(408), class: adapters.Transient, code: "unavailable", server: true},
	{name: "401", play: status(401), class: adapters.Permanent, code: "unauthorized"},
	{name: "403", play: status(403), class: adapters.Permanent, code: "unauthorized"},
	{name: "404", play: status(404), class: adapters.Permanent, code: "http_404"},
	{name: "413", play: status(413), class: adapters.Permanent, code: "http_413"},
	{name: "redirects", play: status(307, "Location", "/elsewhere"), class: adapters.Permanent, code: "redirect"},
	{name: "an HTML page in HTTP 200", play: body("text/html; charset=utf-8", htmlPage), class: adapters.Ambiguous, code: "bad_reply", server: true},
	{name: "an HTML page that calls itself XML", play: body("text/xml", htmlPage), class: adapters.Ambiguous, code: "bad_reply", server: true},
	{name: "an empty body", play: body("text/xml", ""), class: adapters.Ambiguous, code: "bad_reply"},
	{name: "another message", play: foreign, class: adapters.Ambiguous, code: "bad_reply"},
	{name: "an entity bomb", play: body("text/xml", `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>`), class: adapters.Ambiguous, code: "bad_reply"},
	{name: "bytes that are no text", play: body("application/octet-stream", "\x00\xff\xfe\x01"), class: adapters.Ambiguous, code: "bad_reply"},
}

// reset reads the message and drops the connection with a TCP reset.
func reset(w http.ResponseWriter, _ *http.Request, _ Kit) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0) //nolint:errcheck // the close below is then an ordinary one
	}
	conn.Close()
}

// breakOff announces the whole body and sends half of it.
func breakOff(w http.ResponseWriter, _ *http.Request, k Kit) {
	w.Header().Set("Content-Type", k.Reply.ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(k.Reply.Body)))
	w.Write(k.Reply.Body[:len(k.Reply.Body)/2]) //nolint:errcheck
	http.NewResponseController(w).Flush()       //nolint:errcheck
	panic(http.ErrAbortHandler)
}

func half(w http.ResponseWriter, _ *http.Request, k Kit) {
	k.Reply.Body = k.Reply.Body[:len(k.Reply.Body)/2]
	k.Reply.send(w)
}

// endless sends white space until the adapter goes.
func endless(w http.ResponseWriter, r *http.Request, k Kit) {
	w.Header().Set("Content-Type", k.Reply.ContentType)
	blank := bytes.Repeat([]byte{' '}, 64<<10)
	for r.Context().Err() == nil {
		if _, err := w.Write(blank); err != nil {
			return
		}
	}
}

const hundredMB = 100 << 20

func announced(w http.ResponseWriter, r *http.Request, k Kit) {
	w.Header().Set("Content-Length", strconv.Itoa(hundredMB))
	unannounced(w, r, k)
}

func unannounced(w http.ResponseWriter, _ *http.Request, k Kit) {
	w.Header().Set("Content-Type", k.Reply.ContentType)
	io.Copy(w, io.LimitReader(zeros{}, hundredMB)) //nolint:errcheck // the adapter goes
}

// packed sends a tenth of a megabyte that unpacks to 100 MB. net/http asks for gzip and unpacks it by itself.
func packed(w http.ResponseWriter, _ *http.Request, k Kit) {
	w.Header().Set("Content-Type", k.Reply.ContentType)
	w.Header().Set("Content-Encoding", "gzip")
	w.Write(bomb()) //nolint:errcheck // the adapter goes
}

// bomb is a megabyte packed, a hundred times over: gzip may have several members (RFC 1952 section 2.2).
var bomb = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(make([]byte, hundredMB/100)) //nolint:errcheck // a bytes.Buffer takes everything
	z.Close()                            //nolint:errcheck
	return bytes.Repeat(b.Bytes(), 100)
})

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func page(code int) func(http.ResponseWriter, *http.Request, Kit) {
	return func(w http.ResponseWriter, _ *http.Request, _ Kit) {
		Reply{Status: code, ContentType: "text/html", Body: []byte(htmlPage)}.send(w)
	}
}

// foreign answers with a message of the right format that belongs to something else.
func foreign(w http.ResponseWriter, _ *http.Request, k Kit) {
	text := `<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><Other xmlns="urn:other"/></Body></Envelope>`
	if strings.Contains(k.Reply.ContentType, "json") {
		text = `{"something":"else"}`
	}
	k.Reply.Body = []byte(text)
	k.Reply.send(w)
}

package agencysim

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// largest is the longest message that an agency reads, in bytes.
const largest = 32 << 20

// serve answers one exchange with an agency: read, meet a fault, act, answer.
func (s *Sim) serve(a agency, d *desk, w http.ResponseWriter, r *http.Request) {
	x := exchange{agency: d.name, endpoint: r.PathValue("endpoint")}
	if s.faults.pick(x, doorKinds) != nil {
		dropConnection(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largest))
	if err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			http.Error(w, "the message is longer than the agency reads", http.StatusRequestEntityTooLarge)
			return
		}
		http.Error(w, "the message could not be read", http.StatusBadRequest)
		return
	}
	c := a.read(r, x.endpoint, body)
	x.operation, x.id = c.operation, c.id
	if c.id != (messageID{}) {
		x.nth = d.ledger.arrive(c.id, c.operation == opSubmit || c.operation == opCheck)
	} else {
		x.nth = d.nameless.Add(1)
	}
	f := s.faults.pick(x, metKinds)
	rep, ok := s.before(r.Context(), a, f)
	if !ok {
		s.note(a, x, r, body, f, reply{})
		dropConnection(w)
		return
	}
	if rep.status == 0 {
		rep = c.reply
		if c.act != nil {
			rep = c.act(r.Context())
			s.follow(r.Context(), a, d, x, rep.filed)
		}
	}
	s.note(a, x, r, body, f, s.after(r.Context(), w, a, f, rep))
}

// before does what a fault does before the message takes effect. A reply with a status ends the exchange;
// ok is false when the connection must be dropped.
func (s *Sim) before(ctx context.Context, a agency, f *armed) (rep reply, ok bool) {
	if f == nil {
		return reply{}, true
	}
	switch f.Kind {
	case Slow:
		delay := f.Delay
		if delay == 0 {
			delay = 2 * time.Second
		}
		return reply{}, s.wait(ctx, f, delay)
	case Hang:
		s.wait(ctx, f, f.Delay)
		return reply{}, false
	case Drop:
		return reply{}, false
	case HTTP500:
		return a.failure(http.StatusInternalServerError), true
	case Fault200:
		return a.failure(http.StatusOK), true
	case HTTP503, HTTP429:
		status := http.StatusServiceUnavailable
		if f.Kind == HTTP429 {
			status = http.StatusTooManyRequests
		}
		rep = a.failure(status)
		rep.header = after(f.RetryAfter)
		return rep, true
	case HTML:
		return reply{status: http.StatusOK, kind: "text/html; charset=utf-8",
			body: []byte("<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>Сервис временно недоступен</h1></body></html>\n")}, true
	}
	return reply{}, true
}

// wait waits for d, without end when it is 0. It returns false when the caller gave up or the fault was cleared.
func (s *Sim) wait(ctx context.Context, f *armed, d time.Duration) bool {
	var due chan struct{}
	if d > 0 {
		due = make(chan struct{})
		stop := s.cfg.Clock.AfterFunc(d, func() { close(due) })
		defer stop()
	}
	select {
	case <-due:
		return true
	case <-f.cleared: // nil for a fault by chance
		return false
	case <-ctx.Done():
		return false
	}
}

// after sends the answer, spoilt as the fault wants, and returns what went out.
func (s *Sim) after(ctx context.Context, w http.ResponseWriter, a agency, f *armed, rep reply) reply {
	if f != nil {
		switch f.Kind {
		case Lost:
			dropConnection(w)
			return reply{}
		case Reset:
			resetAmid(w, rep)
			return reply{}
		case Truncated:
			rep.body = rep.body[:len(rep.body)/2]
		case WrongNamespace, MissingElement, UnknownCode:
			a.spoil(f.Kind, &rep)
		case Huge, Endless:
			s.flood(ctx, w, f, rep)
			return rep
		}
	}
	head(w, rep)
	w.Header().Set("Content-Length", strconv.Itoa(len(rep.body)))
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body) // a caller that has gone is its own affair
	return rep
}

func head(w http.ResponseWriter, rep reply) {
	for k, v := range rep.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", rep.kind)
}

// flood sends the answer and white space after it: 100 MB, or without end.
func (s *Sim) flood(ctx context.Context, w http.ResponseWriter, f *armed, rep reply) {
	head(w, rep)
	w.WriteHeader(rep.status)
	blanks := make([]byte, 64<<10)
	for i := range blanks {
		blanks[i] = ' '
	}
	if _, err := w.Write(rep.body); err != nil {
		return
	}
	for sent := 0; f.Kind == Endless || sent < 100<<20; sent += len(blanks) {
		select {
		case <-ctx.Done():
			return
		case <-f.cleared:
			return
		default:
		}
		if _, err := w.Write(blanks); err != nil {
			return
		}
	}
}

// dropConnection resets the connection without an answer.
func dropConnection(w http.ResponseWriter) {
	h, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := h.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	reset(conn)
}

// resetAmid sends the head and half of the body, then resets the connection.
func resetAmid(w http.ResponseWriter, rep reply) {
	head(w, rep)
	w.Header().Set("Content-Length", strconv.Itoa(len(rep.body)))
	w.WriteHeader(rep.status)
	_, _ = w.Write(rep.body[:len(rep.body)/2])
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
	dropConnection(w)
}

func reset(conn net.Conn) {
	if t, ok := conn.(*net.TCPConn); ok {
		_ = t.SetLinger(0) // closing then sends a reset; a connection already gone needs none
	}
	_ = conn.Close()
}

// note remembers an exchange for GET /admin/wire.
func (s *Sim) note(a agency, x exchange, r *http.Request, body []byte, f *armed, sent reply) {
	if !s.wire.on() {
		return
	}
	n := Exchange{At: s.cfg.Clock.Now(), Agency: x.agency, Endpoint: x.endpoint, Operation: x.operation, Method: r.Method,
		URL: r.URL.RequestURI(), Header: visible(r.Header), Request: bounded(a.text(body)), Status: sent.status, Reply: bounded(a.text(sent.body))}
	if x.id != (messageID{}) {
		n.MessageID = x.id.String()
	}
	if f != nil {
		n.Fault = f.Kind
	}
	if x.operation == opToken { // holds a secret and a token
		n.Request, n.Reply = "", ""
	}
	s.wire.add(n)
}

// notePush remembers a push and what the hub answered.
func (s *Sim) notePush(p *push, t Target, header http.Header, body []byte, status int, answer []byte) {
	if !s.wire.on() {
		return
	}
	f, _, _ := p.desk.ledger.get(p.seq)
	s.wire.add(Exchange{At: s.cfg.Clock.Now(), Agency: p.desk.name, Endpoint: p.desk.ledger.endpointOf(f), Operation: opPush, MessageID: f.id.String(),
		Method: http.MethodPost, URL: t.URL, Header: visible(header), Request: bounded(p.agency.text(body)), Status: status, Reply: bounded(p.agency.text(answer))})
}

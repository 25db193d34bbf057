package delivery

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"sluice/adapters"
	"sluice/adapters/exchange"
)

// outcome is what one call to an agency came to.
type outcome struct {
	started, ended time.Time
	err            *adapters.Error // nil: it went well
	status         int             // HTTP; 0 when no answer came
	sent, received []byte          // on the wire, bounded, credentials masked
}

func (x outcome) took() time.Duration { return x.ended.Sub(x.started) }

// class is the outcome in a word, for logs and metrics.
func (x outcome) class() string {
	if x.err == nil {
		return classRegistered
	}
	return x.err.Class.String()
}

// classRegistered is the class of an exchange that went well.
const classRegistered = "registered"

// call calls an agency: with the attempt's deadline, recorded, measured, and with every way to fail made an
// *adapters.Error. ctx is the lease's (lease.take), not that of what led to the call, so that a stop lets it end.
// since is when the request was accepted; zero when that does not matter.
func (l *lane) call(ctx context.Context, kind string, since time.Time, fn func(context.Context) error) outcome {
	ctx, cancel := context.WithTimeout(ctx, l.attempt)
	defer cancel()
	rec := &recorder{limit: l.e.c.WireLimit, watch: exchange.Watch{Now: l.e.c.Now}}
	x := outcome{started: l.e.c.Now()}
	err := guard(func() error { return fn(withRecorder(ctx, rec)) })
	x.ended = l.e.c.Now()
	x.sent, x.received, x.status = rec.wire()
	if err != nil {
		x.err = classify(ctx, err, rec.watch.Sent())
	}
	l.e.c.Metrics.Attempt(l.agency.Name, l.name, kind, x.class(), x.took())
	if first := rec.watch.First(); !since.IsZero() && !first.IsZero() {
		l.e.c.Metrics.FirstByte(l.agency.Name, l.name, first.Sub(since))
	}
	return x
}

// codePanic is the code of a panic in an adapter: a bug that the next attempt would meet again.
const codePanic = "panic"

// panicked is a panic made an error. It tells where, never the value, which may hold personal data.
type panicked struct{ where string }

func (p *panicked) Error() string { return "the adapter panicked at " + p.where }

func guard(call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &panicked{where: panicSite()}
		}
	}()
	return call()
}

// panicSite names the function and line that panicked: the first frame below the runtime's.
func panicSite() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	inPanic := false
	for {
		f, more := frames.Next()
		switch {
		case strings.HasPrefix(f.Function, "runtime."):
			inPanic = true
		case inPanic:
			return fmt.Sprintf("%s (%s:%d)", f.Function, f.File[strings.LastIndexByte(f.File, '/')+1:], f.Line)
		}
		if !more {
			return "an unknown place"
		}
	}
}

// classify makes an *adapters.Error of whatever an adapter returned.
func classify(ctx context.Context, err error, sent bool) *adapters.Error {
	var classed *adapters.Error
	if errors.As(err, &classed) && classed.Class >= adapters.Transient && classed.Class <= adapters.AlreadyDone {
		return classed
	}
	var p *panicked
	if errors.As(err, &p) {
		e := &adapters.Error{Class: adapters.Permanent, Code: codePanic, Text: p.Error(), Cause: err, Remedy: adapters.Text{
			RU: "Ошибка в адаптере: передайте запись разработчику, после исправления повторите доставку.",
			EN: "A bug in the adapter: give the record to its developer and replay the delivery when it is mended.",
		}}
		if sent {
			e.Class, e.Text = adapters.Ambiguous, e.Text+", after the message had gone out"
		}
		return e
	}
	if ctx.Err() != nil {
		return exchange.Transport(ctx, err, sent)
	}
	if sent {
		return &adapters.Error{Class: adapters.Ambiguous, Code: "unclassified", Cause: err,
			Text: "the adapter gave an error without a class after it had sent the message: " + err.Error()}
	}
	return &adapters.Error{Class: adapters.Permanent, Code: "not_sent", Cause: err,
		Text: "the message could not be made, so nothing was sent: " + err.Error(),
		Remedy: adapters.Text{
			RU: "Исправьте сопоставление или адаптер и повторите доставку.",
			EN: "Mend the mapping or the adapter and replay the delivery.",
		}}
}

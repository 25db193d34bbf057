package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"sluice/gateway"
	"sluice/gateway/store"
)

// writer runs what is written often in groups, each group in one transaction: while some groups go to disk the next one
// gathers. A few goroutines do it, as many as Config.Writers.
//
// A write that fails must harm no other. Most fail before anything is sent (not found, refused by their function). When
// the database refuses a group, it is undone and its halves are run on their own, down to the one that can't be written.
type writer struct {
	*Store
	ops  chan *op
	stop chan struct{}
	done sync.WaitGroup

	mu      sync.Mutex
	past    []string // ids of commits that nobody doubts any more; the next group deletes their rows
	failing bool     // since the last commit that succeeded
	hooks   []func(store.Commit)
}

// op is one waiting write: a new request, a change of one, or turns at telling events.
type op struct {
	ctx    context.Context
	new    *creation
	id     string // of the request that is changed
	change func(*gateway.Request) error
	told   []store.Delivered
	owner  string    // of told
	now    time.Time // of told

	stored *gateway.Request
	first  string // id of the request that was made under the same key before
	err    error
	end    chan struct{}
}

func newWriter(s *Store) *writer {
	w := &writer{Store: s, ops: make(chan *op, s.cfg.Group), stop: make(chan struct{})}
	for range s.cfg.Writers {
		w.done.Go(w.loop)
	}
	return w
}

func (w *writer) onCommit(f func(store.Commit)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hooks = append(w.hooks, f)
}

// close ends the writers once everything that was given to them is written.
func (w *writer) close() {
	close(w.stop)
	w.done.Wait()
}

// do has o written in the next commit, and returns when that is durable.
func (w *writer) do(o *op) error {
	o.end = make(chan struct{})
	select {
	case <-w.stop:
		return store.ErrClosed
	default:
	}
	select {
	case w.ops <- o:
	case <-w.stop:
		return store.ErrClosed
	case <-o.ctx.Done():
		return o.ctx.Err()
	}
	select {
	case <-o.end:
		return o.err
	case <-w.stop:
	}
	w.done.Wait() // whoever took it has ended it; nobody takes it any more
	select {
	case <-o.end:
		return o.err
	default:
		return store.ErrClosed
	}
}

func (w *writer) loop() {
	for {
		select {
		case o := <-w.ops:
			w.run(w.gather(o))
		case <-w.stop:
			for {
				select {
				case o := <-w.ops:
					w.run(w.gather(o))
				default:
					return
				}
			}
		}
	}
}

// gather takes what waits into a group.
func (w *writer) gather(first *op) []*op {
	group := []*op{first}
	for len(group) < w.cfg.Group {
		select {
		case o := <-w.ops:
			group = append(group, o)
		default:
			return group
		}
	}
	return group
}

// run writes the group and tells its callers.
func (w *writer) run(ops []*op) {
	g, err := w.attempt(ops)
	for try := 1; err != nil; try++ {
		var open unknown
		switch {
		case errors.As(err, &open):
			w.done.Go(func() { w.settle(g, open) })
			return
		case stale(err) && try < tries:
			w.pool.Reset() // nothing was written; after a restart of the server the pool is full of dead connections
		case unavailable(err) && !raced(err):
			w.abort(ops, err)
			return
		case len(ops) > 1:
			half := len(ops) / 2
			w.run(ops[:half])
			w.run(ops[half:])
			return
		case !raced(err) || try >= tries:
			w.abort(ops, err)
			return
		}
		g, err = w.attempt(ops)
	}
	w.end(g)
}

// unknown is the loss of the connection in the middle of a commit.
type unknown struct{ error }

func (u unknown) Unwrap() error { return u.error }

// attempt runs the group once. An error other than unknown says that nothing was written.
func (w *writer) attempt(ops []*op) (g *group, err error) {
	err = w.lend(context.Background(), func(ctx context.Context, c *pgx.Conn) error {
		g = newGroup(w.cfg, ops)
		if err := g.load(ctx, c); err != nil {
			return err
		}
		for _, o := range ops {
			g.apply(o)
		}
		if g.unchanged() {
			_, err := c.Exec(ctx, "ROLLBACK")
			return err
		}
		past := w.forget()
		if err := c.SendBatch(ctx, g.flush(past)).Close(); err != nil {
			w.remember(past...)
			if code(err) == "" || broken(err) {
				return unknown{err}
			}
			return err
		}
		return nil
	})
	return g, err
}

func (w *writer) remember(commits ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.past = append(w.past, commits...)
}

func (w *writer) forget() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	past := w.past
	w.past = nil
	return past
}

// settle finds out whether a group was committed whose connection was lost. If it was not it never will be, and the
// group is run again.
func (w *writer) settle(g *group, u unknown) {
	deadline := time.Now().Add(w.cfg.Timeout)
	pause := time.NewTimer(0)
	defer pause.Stop()
	w.pool.Reset()
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		<-pause.C
		done := false
		err := w.lend(context.Background(), func(ctx context.Context, c *pgx.Conn) error {
			return c.QueryRow(ctx, settleCommit, g.id).Scan(&done)
		})
		switch {
		case err == nil && done:
			w.end(g)
			return
		case err == nil:
			w.run(g.ops)
			return
		case time.Now().After(deadline):
			w.abort(g.ops, fmt.Errorf("it is not known whether it was written: %w", u.error))
			return
		}
		pause.Reset(wait)
	}
}

// end tells whoever waits for work, and the callers.
func (w *writer) end(g *group) {
	w.mu.Lock()
	if !g.unchanged() {
		w.past = append(w.past, g.id)
		if w.failing {
			w.cfg.Log.Info("the store can write again")
		}
		w.failing = false
	}
	if len(g.commit.Lanes) > 0 || g.commit.Events {
		for _, f := range w.hooks {
			f(g.commit)
		}
	}
	w.mu.Unlock()
	for _, o := range g.ops {
		close(o.end)
	}
}

// abort gives the error to all.
func (w *writer) abort(ops []*op, err error) {
	if unavailable(err) {
		w.mu.Lock()
		if !w.failing { // once, and not for each of those who try again
			w.cfg.Log.Error("the store can't write", "err", describe(context.Background(), "writing", err))
		}
		w.failing = true
		w.mu.Unlock()
	}
	for _, o := range ops {
		o.stored, o.first, o.err = nil, "", err
		close(o.end)
	}
}

// committed tells those who wait for work what a transaction of its own made ready.
func (w *writer) committed(c store.Commit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.hooks {
		f(c)
	}
}

package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"sluice/gateway"
	"sluice/gateway/store"
)

// writer is the goroutine that writes. It runs what waits in one transaction and commits it as a group: while one
// commit goes to disk the next group gathers.
//
// A write that fails must harm no other. Most failures come before the write has changed anything (not found, refused
// by its function). After one that has, the group is rolled back and run again with a savepoint around each.
type writer struct {
	*conn
	cache   *cache
	log     *slog.Logger
	group   int
	tell    []string // Config.Subscribers
	ops     chan *op
	stop    chan struct{}
	done    chan struct{}
	nextSeq int64
	failing bool // since the last commit that succeeded
	hooks   []func(store.Commit)
	kept    atomic.Bool // some push is kept, as of the last commit

	// Of the group that is being run:
	changed bool                        // the operation under way has changed something
	fresh   map[string]*gateway.Request // what the group has written so far; set as the last thing that a write does
	pruned  []string
	keeps   bool // some push is kept
	commit  store.Commit
}

// op is one waiting write.
type op struct {
	ctx context.Context
	run func(*writer) error
	err error
	end chan struct{} // holds one signal
}

var ops = sync.Pool{New: func() any { return &op{end: make(chan struct{}, 1)} }}

func newWriter(c *conn, cache *cache, cfg Config) (*writer, error) {
	w := &writer{
		conn: c, cache: cache, group: cfg.Group, tell: cfg.Subscribers, log: cfg.Log, ops: make(chan *op, cfg.Group),
		stop: make(chan struct{}), done: make(chan struct{}), fresh: map[string]*gateway.Request{},
	}
	// One process has the database, so whoever owned deliveries before is gone.
	if _, err := w.exec("DELETE FROM owners"); err != nil && !unavailable(err) {
		return nil, errors.Join(err, c.close())
	}
	err := w.query(brief, "SELECT max(seq) FROM requests", func(r row) error {
		w.nextSeq = r.int64(0) + 1
		return nil
	})
	if err == nil {
		err = w.countPushes()
	}
	w.kept.Store(w.keeps)
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	go w.loop()
	return w, nil
}

func (w *writer) onCommit(f func(store.Commit)) { w.hooks = append(w.hooks, f) }

// close ends the writer once everything that was given to it is written.
func (w *writer) close() error {
	close(w.stop)
	<-w.done
	return w.conn.close()
}

// write has the writer run f in the next commit, and returns when that is durable. f may run more than once.
func (s *Store) write(ctx context.Context, doing string, f func(*writer) error) error {
	if err := s.writer.do(ctx, f); err != nil {
		if unavailable(err) || code(err) != 0 || errors.Is(err, store.ErrClosed) || errors.Is(err, ctx.Err()) {
			return describe(doing, err)
		}
		return err
	}
	return nil
}

func (w *writer) do(ctx context.Context, f func(*writer) error) error {
	o := ops.Get().(*op)
	o.ctx, o.run, o.err = ctx, f, nil
	select {
	case <-w.stop:
		return store.ErrClosed
	default:
	}
	select {
	case w.ops <- o:
	case <-w.stop:
		return store.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-o.end:
	case <-w.done:
		select {
		case <-o.end:
		default:
			return store.ErrClosed
		}
	}
	err := o.err
	o.ctx, o.run = nil, nil
	ops.Put(o)
	return err
}

func (w *writer) loop() {
	defer close(w.done)
	group := make([]*op, 0, w.group)
	for {
		select {
		case o := <-w.ops:
			group = w.runGroup(append(group[:0], o))
		case <-w.stop:
			for {
				select {
				case o := <-w.ops:
					group = w.runGroup(append(group[:0], o))
				default:
					return
				}
			}
		}
	}
}

// runGroup runs the first write and all that come while it runs, commits them, and tells their callers.
func (w *writer) runGroup(group []*op) []*op {
	err := w.begin()
	if err == nil {
		for i := 0; ; i++ {
			if i == len(group) {
				if i == w.group || !w.more(&group) {
					break
				}
			}
			if err = w.runOne(group[i]); err != nil {
				break
			}
		}
	}
	if err == nil {
		err = w.end()
	}
	if errors.Is(err, errDirty) {
		err = w.runApart(group)
	}
	if err != nil {
		w.abort(group, err)
	}
	for i, o := range group {
		o.end <- struct{}{}
		group[i] = nil
	}
	return group
}

// more takes one more waiting write into the group, if there is any. Those who are about to write get their turn of the
// processor first: a commit costs much the same for few writes as for many, and when nobody wants to run it is not put off.
func (w *writer) more(group *[]*op) bool {
	for yielded := false; ; yielded = true {
		select {
		case o := <-w.ops:
			*group = append(*group, o)
			return true
		default:
		}
		if yielded {
			return false
		}
		runtime.Gosched()
	}
}

// errDirty says that a write failed after it had changed something.
var errDirty = errors.New("a write failed half-way")

// runOne runs one write of the group. What it returns fails the whole group.
func (w *writer) runOne(o *op) error {
	if o.err = o.ctx.Err(); o.err != nil {
		return nil
	}
	w.changed = false
	o.err = w.call(o.run)
	switch {
	case o.err == nil:
		return nil
	case unavailable(o.err):
		return o.err
	case w.changed:
		return errDirty
	}
	return nil
}

// call runs f and turns its panic into an error: a poisoned request must not stop the store.
func (w *writer) call(f func(*writer) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the change of the request panicked: %v", p)
		}
	}()
	return f(w)
}

// runApart runs the group again with each write in a savepoint, so that the ones that fail leave no trace.
func (w *writer) runApart(group []*op) error {
	w.rollback()
	if err := w.begin(); err != nil {
		return err
	}
	for _, o := range group {
		if _, err := w.exec("SAVEPOINT one"); err != nil {
			return err
		}
		err := w.runOne(o)
		switch {
		case err == nil:
			_, err = w.exec("RELEASE one")
		case errors.Is(err, errDirty):
			if _, err = w.exec("ROLLBACK TO one"); err == nil {
				_, err = w.exec("RELEASE one")
			}
		}
		if err != nil {
			return err
		}
	}
	return w.end()
}

func (w *writer) begin() error {
	clear(w.fresh)
	w.keeps = w.kept.Load()
	w.pruned = w.pruned[:0]
	w.commit = store.Commit{Lanes: w.commit.Lanes[:0]}
	_, err := w.exec("BEGIN IMMEDIATE")
	return err
}

// end commits, and shows what was written to readers of the cache and to whoever waits for work.
func (w *writer) end() error {
	if _, err := w.exec("COMMIT"); err != nil {
		return err
	}
	if w.failing {
		w.log.Info("the store can write again")
	}
	w.failing = false
	w.cache.put(w.fresh)
	w.kept.Store(w.keeps)
	w.cache.drop(w.pruned)
	if len(w.commit.Lanes) > 0 || w.commit.Events {
		c := store.Commit{Lanes: slices.Clone(w.commit.Lanes), Events: w.commit.Events}
		for _, f := range w.hooks {
			f(c)
		}
	}
	return nil
}

// abort rolls back and gives the error to all that have none of their own.
func (w *writer) abort(group []*op, err error) {
	w.rollback()
	if !w.failing { // once, and not for each of those who try again
		w.log.Error("the store can't write", "err", describe("writing", err))
	}
	w.failing = true
	for _, o := range group {
		if o.err == nil {
			o.err = err
		}
	}
}

// rollback ends the transaction if there is one: SQLite has ended it by itself after some errors.
func (w *writer) rollback() {
	clear(w.fresh)
	_, _ = w.exec("ROLLBACK") // "no transaction is active" is all it can say
}

// change runs a statement that changes something.
func (w *writer) change(query string, args ...any) (int64, error) {
	n, err := w.exec(query, args...)
	w.changed = w.changed || n > 0
	return n, err
}

// ready notes that deliveries of an endpoint are to be handed out.
func (w *writer) ready(d *gateway.Delivery) {
	lane := store.Lane{Agency: d.Agency, Endpoint: d.Endpoint}
	if !slices.Contains(w.commit.Lanes, lane) {
		w.commit.Lanes = append(w.commit.Lanes, lane)
	}
}

// Package postgres is the store for several nodes: one PostgreSQL database that all of them write. What is written often
// waits for one of a few writers, which puts all that waits into one commit with a few statements over all of it.
//
// A request's row is the lock of everything that belongs to it: whoever changes deliveries, statuses or events of a
// request holds the row. Only Window takes deliveries without it, and never waits: it passes over those that are locked.
// Locks are taken in one order, requests before deliveries before endpoints before subscriptions, each by its number.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sluice/gateway/store"
)

// Config says where the database is and how it is used. Only URL is needed.
type Config struct {
	URL         string        // a connection string as libpq takes it: postgres://user@host/database
	Connections int           // the most at once; 0 is 12
	Writers     int           // groups of writes that may be under way at once; 0 is 3
	Group       int           // the most writes in one commit; 0 is 256
	Timeout     time.Duration // how long the server may take for one step; 0 is 15 s
	Log         *slog.Logger

	Subscribers []string // clients that are told how endpoints are
}

// Store is a store.Store in a PostgreSQL database. It is safe for concurrent use, and so are several over one database.
type Store struct {
	cfg     Config
	pool    *pgxpool.Pool
	writer  *writer
	closing sync.Once
	closed  chan struct{}
}

var _ store.Store = (*Store)(nil)

// Open connects to the database and brings its schema up to date. Errors are ErrIncompatible (it is foreign or newer
// than this program) and ErrUnavailable. No error shows the password.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Connections <= 0 {
		cfg.Connections = 12
	}
	if cfg.Writers <= 0 {
		cfg.Writers = 3
	}
	if cfg.Group <= 0 {
		cfg.Group = 256
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 15 * time.Second
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{cfg: cfg, closed: make(chan struct{})}
	doing, err := s.open(ctx)
	if err != nil {
		return nil, describe(ctx, doing, err)
	}
	s.writer = newWriter(s)
	return s, nil
}

// Close ends the writers after what they were given, and closes the connections. It may be called twice.
func (s *Store) Close() error {
	s.closing.Do(func() {
		close(s.closed)
		s.writer.close()
		s.pool.Close()
	})
	return nil
}

// lend lends a connection to f for one step. f must leave it without a transaction when it returns nil.
func (s *Store) lend(ctx context.Context, f func(context.Context, *pgx.Conn) error) error {
	step, cancel := context.WithTimeout(ctx, s.cfg.Timeout)
	defer cancel()
	c, err := s.pool.Acquire(step)
	if err != nil {
		return err
	}
	defer c.Release()
	if err = f(step, c.Conn()); err != nil && c.Conn().PgConn().TxStatus() != 'I' && !broken(err) {
		_, _ = c.Exec(step, "ROLLBACK") // when it fails the connection is lost, and the transaction with it
	}
	if code(err) == readOnly {
		_ = c.Conn().Close(step) // the next one may find the server that took over
	}
	return err
}

// read runs f on a connection, and again on another when that one was dead: after a restart of the server the pool is
// full of them.
func read[T any](ctx context.Context, s *Store, doing string, f func(context.Context, *pgx.Conn) (T, error)) (v T, err error) {
	err = s.again(ctx, stale, func() error {
		return s.lend(ctx, func(ctx context.Context, c *pgx.Conn) (err error) {
			v, err = f(ctx, c)
			return err
		})
	})
	return only(v, err), s.describe(ctx, doing, err)
}

// only is v when there is no error: nothing of what failed in the end may be used.
func only[T any](v T, err error) T {
	if err != nil {
		var none T
		return none
	}
	return v
}

// write runs f in a transaction of its own, again when that can only have failed for being at the same time as others.
// f may run more than once.
func write[T any](ctx context.Context, s *Store, doing string, f func(context.Context, pgx.Tx) (T, error)) (v T, err error) {
	err = s.again(ctx, undone, func() error {
		return s.lend(ctx, func(ctx context.Context, c *pgx.Conn) error {
			tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
			if err != nil {
				return lost{err}
			}
			if v, err = f(ctx, tx); err != nil {
				return lost{err}
			}
			return tx.Commit(ctx)
		})
	})
	return only(v, err), s.describe(ctx, doing, err)
}

// lost is an error before a commit was asked for: nothing was written.
type lost struct{ error }

func (l lost) Unwrap() error { return l.error }

// undone tells whether a transaction left nothing behind and may succeed when it is run again.
func undone(err error) bool {
	var l lost
	return errors.As(err, &l) && stale(err) || raced(err)
}

// tries is how often a step is tried that failed for a reason that the next try need not meet.
const tries = 4

// again runs f until it fails for another reason than again says, some times.
func (s *Store) again(ctx context.Context, again func(error) bool, f func() error) (err error) {
	for range tries {
		select {
		case <-s.closed:
			return store.ErrClosed
		default:
		}
		if err = f(); err == nil || ctx.Err() != nil || !again(err) {
			return err
		}
		if stale(err) {
			s.pool.Reset()
		}
	}
	return err
}

func (s *Store) describe(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	select {
	case <-s.closed:
		return fmt.Errorf("%s: %w", doing, store.ErrClosed)
	default:
		return describe(ctx, doing, err)
	}
}

// OnCommit has f called after each commit of this store that made something ready. What other nodes make ready is
// found by asking.
func (s *Store) OnCommit(f func(store.Commit)) { s.writer.onCommit(f) }

// Ready tells whether the store can write, by writing.
func (s *Store) Ready(ctx context.Context) error {
	_, err := write(ctx, s, "checking that the store can write", func(ctx context.Context, tx pgx.Tx) (struct{}, error) {
		_, err := tx.Exec(ctx, "INSERT INTO pulse (id, beats) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET beats = pulse.beats + 1")
		return struct{}{}, err
	})
	return err
}

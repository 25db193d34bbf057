// Package sqlite is the embedded store: one SQLite file that one process writes. Writes of all callers go through one
// goroutine that puts those that wait into one durable commit (WAL, synchronous=FULL); reads have connections of their
// own.
package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	lib "modernc.org/sqlite/lib"

	"sluice/gateway/store"
)

// Config says where the database is and how it is used. Only Path is needed.
type Config struct {
	Path    string // of the file; it is made when it does not exist
	Readers int    // connections for reading; 0 is 4
	Cache   int    // requests kept in memory, and as many of the generation before; 0 is 512
	Group   int    // the most writes in one commit; 0 is 512
	Log     *slog.Logger

	Subscribers []string // clients that are told how endpoints are
}

// Store is a store.Store in one SQLite file. It is safe for concurrent use.
type Store struct {
	cfg       Config
	lock      *os.File
	connector driver.Connector
	writer    *writer
	readers   chan *conn
	cache     *cache
	claims    claims
	closing   sync.Once
	closed    chan struct{}
}

var _ store.Store = (*Store)(nil)

// Open opens the database, or makes it, and brings its schema up to date. Errors are ErrInUse, ErrIncompatible (it is
// damaged, foreign or newer than this program) and ErrUnavailable.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Readers <= 0 {
		cfg.Readers = 4
	}
	if cfg.Cache <= 0 {
		cfg.Cache = 512
	}
	if cfg.Group <= 0 {
		cfg.Group = 512
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	surviveLimits()
	doing := "opening the database " + cfg.Path
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, describe(doing, err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	s := &Store{cfg: cfg, lock: lock, readers: make(chan *conn, cfg.Readers), cache: newCache(cfg.Cache), claims: claims{all: map[int64]claim{}}, closed: make(chan struct{})}
	if err := s.open(ctx, path); err != nil {
		s.release()
		if c := code(err); c == lib.SQLITE_CORRUPT || c == lib.SQLITE_NOTADB {
			return nil, fmt.Errorf("%s: %w: %s (%w)", doing, store.ErrIncompatible, advice[c], err)
		}
		return nil, describe(doing, err)
	}
	return s, nil
}

// Close ends the writer after what it was given, and closes the file. It may be called twice.
func (s *Store) Close() error {
	var err error
	s.closing.Do(func() {
		close(s.closed)
		err = s.writer.close()
		err = errors.Join(err, s.release())
	})
	return err
}

// release closes what open opened.
func (s *Store) release() error {
	var errs []error
	open := len(s.readers)
	if s.writer != nil {
		open = s.cfg.Readers
	}
	for range open {
		errs = append(errs, (<-s.readers).close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}

// read lends a reading connection to f.
func (s *Store) read(ctx context.Context, doing string, f func(*conn) error) error {
	select {
	case <-s.closed:
		return fmt.Errorf("%s: %w", doing, store.ErrClosed)
	default:
	}
	var c *conn
	select {
	case c = <-s.readers:
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	case <-s.closed:
		return fmt.Errorf("%s: %w", doing, store.ErrClosed)
	}
	defer func() { s.readers <- c }()
	if err := f(c); err != nil {
		return describe(doing, err)
	}
	return nil
}

// OnCommit has f called after each commit that made something ready.
func (s *Store) OnCommit(f func(store.Commit)) { s.writer.onCommit(f) }

// beat is the least write.
const beat = "INSERT INTO pulse (id, beats) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET beats = beats + 1"

// Ready tells whether the store can write, by writing.
func (s *Store) Ready(ctx context.Context) error {
	return s.write(ctx, "checking that the store can write", func(w *writer) error {
		_, err := w.exec(beat)
		return err
	})
}

// Package sqlite is the embedded store: one SQLite file that one process writes. Writes of all callers go through one
// goroutine that puts those that wait into one durable commit (WAL, synchronous=FULL); reads have connections of their
// own.
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"github.com/pressly/goose/v3"
	modernc "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"sluice/gateway/store"
)

// Config says where the database is and how it is used. Only Path is needed.
type Config struct {
	Path    string // of the file; it is made when it does not exist
	Readers int    // connections for reading; 0 is 4
	Cache   int    // requests kept in memory; 0 is 4096
	Group   int    // the most writes in one commit; 0 is 512
	Log     *slog.Logger
}

// Store is a store.Store in one SQLite file. It is safe for concurrent use.
type Store struct {
	cfg       Config
	lock      *os.File
	connector driver.Connector
	writer    *writer
	readers   chan *conn
	cache     *cache
	closing   sync.Once
	closed    chan struct{}
}

var _ store.Store = (*Store)(nil)

//go:embed migrations/*.sql
var migrations embed.FS

// pragmas are set on every connection.
var pragmas = []string{
	"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)",
	"cache_size(-16384)", "wal_autocheckpoint(2000)", "journal_size_limit(67108864)",
}

// Open opens the database, or makes it, and brings its schema up to date. Errors are ErrInUse, ErrIncompatible (it is
// damaged, foreign or newer than this program) and ErrUnavailable.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Readers <= 0 {
		cfg.Readers = 4
	}
	if cfg.Cache <= 0 {
		cfg.Cache = 4096
	}
	if cfg.Group <= 0 {
		cfg.Group = 512
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	doing := "opening the database " + cfg.Path
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, describe(doing, err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	s := &Store{cfg: cfg, lock: lock, readers: make(chan *conn, cfg.Readers), cache: newCache(cfg.Cache), closed: make(chan struct{})}
	if err := s.open(ctx, path); err != nil {
		s.release()
		if c := code(err); c == lib.SQLITE_CORRUPT || c == lib.SQLITE_NOTADB {
			return nil, fmt.Errorf("%s: %w: %s (%w)", doing, store.ErrIncompatible, advice[c], err)
		}
		return nil, describe(doing, err)
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, path string) error {
	query := url.Values{"_pragma": pragmas}
	dsn := (&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String()
	var err error
	if s.connector, err = modernc.NewConnector(dsn); err != nil {
		return err
	}
	if err := s.migrate(ctx); err != nil {
		return err
	}
	for range s.cfg.Readers {
		c, err := newConn(ctx, s.connector)
		if err != nil {
			return err
		}
		s.readers <- c
		if _, err := c.exec("PRAGMA query_only = ON"); err != nil {
			return err
		}
	}
	c, err := newConn(ctx, s.connector)
	if err != nil {
		return err
	}
	s.writer, err = newWriter(c, s.cache, s.cfg)
	return err
}

// migrate checks that the file is a sound database of ours and not newer than the program, and brings it up to date.
func (s *Store) migrate(ctx context.Context) error {
	db := sql.OpenDB(s.connector)
	defer db.Close()
	db.SetMaxOpenConns(1)
	if err := s.check(ctx, db); err != nil {
		return err
	}
	var tables, ours int
	err := db.QueryRowContext(ctx, "SELECT count(*), count(CASE WHEN name = 'goose_db_version' THEN 1 END) FROM sqlite_schema WHERE type = 'table'").Scan(&tables, &ours)
	if err != nil {
		return err
	}
	if tables > 0 && ours == 0 {
		return fmt.Errorf("%w: it belongs to another program: check the path", store.ErrIncompatible)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return err
	}
	if ours > 0 {
		have, newest, err := p.GetVersions(ctx)
		if err != nil {
			return err
		}
		if have > newest {
			return fmt.Errorf("%w: its schema has version %d and this program knows %d: run a newer program, or restore a backup from before the upgrade", store.ErrIncompatible, have, newest)
		}
	}
	_, err = p.Up(ctx)
	return err
}

// checked is the size in bytes up to which a database is checked whole at opening; it takes some 0.1 s.
// What is larger is found out when a damaged page is read.
const checked = 64 << 20

func (s *Store) check(ctx context.Context, db *sql.DB) error {
	if info, err := os.Stat(s.cfg.Path); err != nil || info.Size() > checked {
		return nil // new, or too large
	}
	var sound string
	if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&sound); err != nil {
		return err
	}
	if sound != "ok" {
		return fmt.Errorf("%w: it is damaged (%s): restore it from a backup", store.ErrIncompatible, sound)
	}
	return nil
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

// Ready tells whether the store can write, by writing.
func (s *Store) Ready(ctx context.Context) error {
	return s.write(ctx, "checking that the store can write", func(w *writer) error {
		_, err := w.exec("INSERT INTO pulse (id, beats) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET beats = beats + 1")
		return err
	})
}

package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"

	"github.com/pressly/goose/v3"
	modernc "modernc.org/sqlite"

	"sluice/gateway/store"
	"sluice/gateway/store/internal/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

var schema = sqlstore.Schema{Dialect: goose.DialectSQLite3, Files: migrations}

// pragmas are set on every connection.
var pragmas = []string{
	"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "temp_store(MEMORY)",
	"cache_size(-4096)", "wal_autocheckpoint(2000)", "journal_size_limit(67108864)",
}

// connector makes connections to the file with the pragmas set.
func connector(path string, pragmas ...string) (driver.Connector, error) {
	query := url.Values{"_pragma": pragmas}
	return modernc.NewConnector((&url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}).String())
}

// Connector makes connections like the store's own to a file that no store has open: for measurements and repairs.
func Connector(path string) (driver.Connector, error) { return connector(path, pragmas...) }

func (s *Store) open(ctx context.Context, path string) (err error) {
	if err := inspect(ctx, path); err != nil {
		return err
	}
	if s.connector, err = connector(path, pragmas...); err != nil {
		return err
	}
	if err := migrate(ctx, s.connector); err != nil {
		return err
	}
	for range s.cfg.Readers {
		c, err := newConn(ctx, s.connector)
		if err != nil {
			return err
		}
		s.readers <- c
		for _, pragma := range []string{"query_only = ON", "cache_size = -512"} { // the writer's cache counts: it reads before it writes
			if _, err := c.exec("PRAGMA " + pragma); err != nil {
				return err
			}
		}
	}
	c, err := newConn(ctx, s.connector)
	if err != nil {
		return err
	}
	if _, err := c.exec(beat); err != nil { // SQLite opens what it can't write, and says so only at the first write
		return errors.Join(err, c.close())
	}
	s.writer, err = newWriter(c, s.cache, s.cfg)
	return err
}

// checked is the size in bytes up to which a database is checked whole at opening; it takes some 0.1 s.
// What is larger is found out when a damaged page is read.
const checked = 64 << 20

// inspect looks at a file that exists before anything is changed in it: it must be a sound database, ours, and not newer
// than the program.
func inspect(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	plain, err := connector(path, "busy_timeout(5000)")
	if err != nil {
		return err
	}
	db := sql.OpenDB(plain)
	defer db.Close()
	db.SetMaxOpenConns(1)
	var tables, ours int
	if err := db.QueryRowContext(ctx, "SELECT count(*), count(CASE WHEN name = 'goose_db_version' THEN 1 END) FROM sqlite_schema WHERE type = 'table'").Scan(&tables, &ours); err != nil {
		return err
	}
	if info.Size() <= checked {
		var sound string
		if err := db.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&sound); err != nil {
			return err
		}
		if sound != "ok" {
			return fmt.Errorf("%w: it is damaged (%s): restore it from a backup", store.ErrIncompatible, sound)
		}
	}
	return schema.Inspect(ctx, db, tables, ours)
}

// migrate brings the schema up to date.
func migrate(ctx context.Context, c driver.Connector) error {
	db := sql.OpenDB(c)
	defer db.Close()
	db.SetMaxOpenConns(1)
	return schema.Migrate(ctx, db)
}

package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"sluice/gateway/store"
	"sluice/gateway/store/internal/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

var schema = sqlstore.Schema{Dialect: goose.DialectPostgres, Files: migrations}

// settings are set on every connection.
const settings = `SELECT set_config(name, value, false) FROM (VALUES
-- Every statement is served by an index. A plan that was made while the tables were small would be kept when they are not.
('enable_seqscan', 'off'), ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'), ('jit', 'off'),
-- A node that stops in the middle of a transaction, or lost its network, must not keep what it has locked.
('idle_in_transaction_session_timeout', '10s'), ('lock_timeout', '10s'),
('application_name', CASE current_setting('application_name') WHEN '' THEN 'sluice' ELSE current_setting('application_name') END),
-- What is reported as written survives a power cut. A standby may be waited for, so only "off" is overruled.
('synchronous_commit', CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END)
) s (name, value)`

// migrating is the number of the advisory lock under which one node at a time brings the schema up to date.
const migrating = 0x51715CE

// open makes the pool and the schema. doing is what an error interrupted.
func (s *Store) open(ctx context.Context) (doing string, err error) {
	cfg, err := pgxpool.ParseConfig(s.cfg.URL)
	if err != nil {
		return "reading the address of the database", unreadable(s.cfg.URL, err)
	}
	at := cfg.ConnConfig
	doing = fmt.Sprintf("opening the database %s on %s:%d", at.Database, at.Host, at.Port)
	cfg.MaxConns = int32(s.cfg.Connections)
	if at.ConnectTimeout == 0 {
		at.ConnectTimeout = 5 * time.Second
	}
	at.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		// Who gives up waiting has the statement cancelled; the connection is kept.
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: time.Second}
	}
	cfg.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		c.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		_, err := c.Exec(ctx, settings)
		return err
	}
	if err := s.prepare(ctx, at); err != nil {
		return doing, err
	}
	s.pool, err = pgxpool.NewWithConfig(ctx, cfg)
	return doing, err
}

// unreadable says what is wrong with an address without showing its password.
func unreadable(address string, err error) error {
	const want = "want postgres://user:password@host:5432/database, each special character of the password as %XX"
	u, broken := url.Parse(address)
	cause := errors.Unwrap(err)
	if broken != nil || cause == nil {
		return errors.New(want) // any part of it may be the password
	}
	said := cause.Error()
	for _, secret := range []string{u.Query().Get("password"), password(u)} {
		if secret != "" {
			said = strings.ReplaceAll(said, secret, "xxxxx")
		}
	}
	return fmt.Errorf("%s: %s", said, want)
}

func password(u *url.URL) string {
	p, _ := u.User.Password()
	return p
}

// prepare looks at the database before anything is changed in it, and brings the schema up to date. It has one
// connection, whose end is that of the lock.
func (s *Store) prepare(ctx context.Context, at *pgx.ConnConfig) error {
	db := stdlib.OpenDB(*at)
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "SET lock_timeout = '60s'"); err != nil { // another node may be at it, but not for ever
		return err
	}
	if _, err := db.ExecContext(ctx, "SELECT pg_advisory_lock($1)", migrating); err != nil {
		return err
	}
	var tables, ours int
	var fsync, encoding, in string
	err := db.QueryRowContext(ctx, `SELECT count(*), count(*) FILTER (WHERE tablename = 'goose_db_version'),
current_setting('fsync'), current_setting('server_encoding'), coalesce(current_schema(), '')
FROM pg_tables WHERE schemaname = current_schema()`).Scan(&tables, &ours, &fsync, &encoding, &in)
	if err != nil {
		return err
	}
	if in == "" {
		return fmt.Errorf("%w: its user may use none of its schemas: grant USAGE and CREATE on one, or check search_path", store.ErrIncompatible)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("%w: its encoding is %s: create one with ENCODING 'UTF8'", store.ErrIncompatible, encoding)
	}
	if fsync != "on" {
		s.cfg.Log.Warn("the database server has fsync off: a power cut may lose what was accepted")
	}
	if err := schema.Inspect(ctx, db, tables, ours); err != nil {
		return err
	}
	return schema.Migrate(ctx, db)
}

package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
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
		var parse *pgconn.ParseConfigError
		if errors.As(err, &parse) && errors.Unwrap(parse) != nil {
			err = errors.Unwrap(parse) // without the text that holds the password
		} else {
			err = errors.New("it is no connection string")
		}
		return "reading the address of the database", fmt.Errorf("%w: want postgres://user@host/database", err)
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

// prepare looks at the database before anything is changed in it, and brings the schema up to date.
func (s *Store) prepare(ctx context.Context, at *pgx.ConnConfig) error {
	c, err := pgx.ConnectConfig(ctx, at)
	if err != nil {
		return err
	}
	defer c.Close(context.WithoutCancel(ctx)) // which ends the lock
	if _, err := c.Exec(ctx, "SELECT pg_advisory_lock($1)", migrating); err != nil {
		return err
	}
	var tables, ours int
	var fsync, encoding string
	err = c.QueryRow(ctx, `SELECT count(*), count(*) FILTER (WHERE tablename = 'goose_db_version'), current_setting('fsync'), current_setting('server_encoding')
FROM pg_tables WHERE schemaname = current_schema()`).Scan(&tables, &ours, &fsync, &encoding)
	if err != nil {
		return err
	}
	if encoding != "UTF8" {
		return fmt.Errorf("%w: its encoding is %s: create one with ENCODING 'UTF8'", store.ErrIncompatible, encoding)
	}
	if fsync != "on" {
		s.cfg.Log.Warn("the database server has fsync off: a power cut may lose what was accepted")
	}
	db := stdlib.OpenDB(*at)
	defer db.Close()
	if err := schema.Inspect(ctx, db, tables, ours); err != nil {
		return err
	}
	return schema.Migrate(ctx, db)
}

package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"sluice/gateway/store"
)

// SQLSTATE codes that are decided on (PostgreSQL documentation, appendix A).
const (
	notText              = "22021" // bad UTF-8, or a NUL
	uniqueViolation      = "23505"
	readOnly             = "25006"
	serializationFailure = "40001"
	deadlock             = "40P01"
)

// code is the server's SQLSTATE of an error, "" when it is none of the server's.
func code(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// advice says what a person can do about an error of the database itself, by SQLSTATE or its class.
var advice = map[string]string{
	"08":    "the connection to the server failed: check that it runs and can be reached",
	"25006": "the database is read-only: check whether the server is a standby, or default_transaction_read_only is set",
	"28":    "the server refuses the user or the password: check both, and pg_hba.conf",
	"3D":    "there is no such database: create it, or check its name",
	"3F":    "there is no such schema: create it, or check search_path",
	"40001": "too many write the same at the same time",
	"40P01": "too many write the same at the same time",
	"42501": "the user lacks a right: grant it, or check who owns the tables",
	"42P01": "a table is missing: the database was changed by somebody else; restore it from a backup",
	"53":    "the server is out of disk, memory or connections: check it",
	"53100": "the server's disk is full: make room",
	"53300": "the server has too many connections: raise max_connections, or lower the number of nodes",
	"55P03": "others hold what is to be changed for too long",
	"57014": "the server took too long, or an administrator ended the statement",
	"57":    "the server is stopping, starting or recovering",
	"58":    "the server's disk fails: check it",
	"XX":    "the server reports damage: check its log, restore from a backup",
}

const noAnswer = "the server can't be reached or does not answer: check that it runs, and the address"

// trouble is the advice about err, or "" when err is a failure of one statement and not of the database.
func trouble(err error) string {
	if c := code(err); c != "" {
		return cmp.Or(advice[c], advice[c[:2]])
	}
	if broken(err) || pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) {
		return noAnswer
	}
	return ""
}

func unavailable(err error) bool { return trouble(err) != "" }

// broken tells whether the connection is gone with the error.
func broken(err error) bool {
	var fromServer *pgconn.PgError
	if errors.As(err, &fromServer) {
		return fromServer.SeverityUnlocalized == "FATAL" || fromServer.SeverityUnlocalized == "PANIC" || fromServer.Code[:2] == "08"
	}
	var network net.Error
	return unreachable(err) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgconn.ErrConnClosed)
}

// stale tells whether the connection was dead already, and another may do: the server was restarted meanwhile.
func stale(err error) bool {
	return broken(err) && !unreachable(err) && !pgconn.Timeout(err) && !errors.Is(err, context.DeadlineExceeded)
}

// unreachable tells whether no connection could be made.
func unreachable(err error) bool {
	var connect *pgconn.ConnectError
	return errors.As(err, &connect)
}

// raced tells whether a transaction was undone only because of others at the same time.
func raced(err error) bool {
	c := code(err)
	return c == serializationFailure || c == deadlock || c == uniqueViolation
}

// describe wraps an error with what was being done, and one of the database with what to do about it.
func describe(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	if what := trouble(err); what != "" {
		return fmt.Errorf("%s: %w: %s (%w)", doing, store.ErrUnavailable, what, oneLine{err})
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// oneLine is an error on one line: the driver has a line for each of its tries, and they often say the same.
type oneLine struct{ error }

func (e oneLine) Unwrap() error { return e.error }

func (e oneLine) Error() string {
	var lines []string
	for line := range strings.Lines(e.error.Error()) {
		if line = strings.TrimSpace(line); !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, " ")
}

package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"
)

// conn is one connection of the driver with the statements that were prepared on it. It is used without database/sql,
// whose locks and conversions cost as much as a small statement does. One goroutine uses it at a time.
type conn struct {
	dc    driver.Conn
	stmts map[string]driver.Stmt
	args  []driver.NamedValue
}

func newConn(ctx context.Context, c driver.Connector) (*conn, error) {
	dc, err := c.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{dc: dc, stmts: map[string]driver.Stmt{}}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.dc.Close())...)
}

// prepare returns the statement, prepared once for each connection.
func (c *conn) prepare(query string) (driver.Stmt, error) {
	if s, ok := c.stmts[query]; ok {
		return s, nil
	}
	s, err := c.dc.Prepare(query)
	if err != nil {
		return nil, fmt.Errorf("preparing %.60q: %w", query, err)
	}
	c.stmts[query] = s
	return s, nil
}

// bind fills the connection's arguments: int, int64, string, []byte, bool, time.Time or nil; see text and micros.
func (c *conn) bind(args []any) []driver.NamedValue {
	c.args = c.args[:0]
	for i, a := range args {
		switch v := a.(type) {
		case int:
			a = int64(v)
		case bool:
			a = int64(0)
			if v {
				a = int64(1)
			}
		case time.Time:
			a = v.UnixMicro()
		}
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return c.args
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(query string, args ...any) (int64, error) {
	s, err := c.prepare(query)
	if err != nil {
		return 0, err
	}
	res, err := s.(driver.StmtExecContext).ExecContext(context.Background(), c.bind(args))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// brief is the context of statements that touch a few rows by their keys: to watch for the end of a context costs the
// driver a goroutine and more time than they take.
var brief = context.Background()

// query runs a statement and calls each with every row; a row is only good until each returns. The statement ends early
// when ctx does.
func (c *conn) query(ctx context.Context, query string, each func(row) error, args ...any) error {
	s, err := c.prepare(query)
	if err != nil {
		return err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, c.bind(args))
	if err != nil {
		return err
	}
	r := make(row, len(rows.Columns()))
	for {
		if err = rows.Next(r); err != nil {
			break
		}
		if err = each(r); err != nil {
			break
		}
	}
	closeErr := rows.Close()
	if err == io.EOF {
		return closeErr
	}
	return errors.Join(err, closeErr)
}

// row is one row of an answer.
type row []driver.Value

func (r row) int64(i int) int64 { v, _ := r[i].(int64); return v }

func (r row) int(i int) int { return int(r.int64(i)) }

func (r row) bool(i int) bool { return r.int64(i) != 0 }

// text is the column as a string; NULL is "".
func (r row) text(i int) string {
	switch v := r[i].(type) {
	case string:
		return v
	case []byte:
		return string(v)
	}
	return ""
}

func (r row) blob(i int) []byte { v, _ := r[i].([]byte); return v }

// time is the column as a time; NULL is the zero time.
func (r row) time(i int) time.Time {
	v, ok := r[i].(int64)
	if !ok {
		return time.Time{}
	}
	return time.UnixMicro(v).UTC()
}

// text is s as an argument; "" is NULL.
func text[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// micros is t as an argument; the zero time is NULL.
func micros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

// blob is b as an argument; an empty one is NULL.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// snapshot runs several queries that see the same state of the database.
func (c *conn) snapshot(f func() error) error {
	if _, err := c.exec("BEGIN"); err != nil {
		return err
	}
	err := f()
	_, endErr := c.exec("COMMIT")
	return errors.Join(err, endErr)
}

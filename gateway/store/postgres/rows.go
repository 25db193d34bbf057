package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"
)

// rows gathers rows for one statement that takes each column as an array.
type rows struct{ columns [][]any }

// add appends a row; see text, instant and blob for what may be NULL.
func (r *rows) add(values ...any) {
	if r.columns == nil {
		r.columns = make([][]any, len(values))
	}
	for i, v := range values {
		r.columns[i] = append(r.columns[i], v)
	}
}

// queue adds the statement to the batch when there are rows for it, and otherwise returns nil.
func (r *rows) queue(b *pgx.Batch, query string) *pgx.QueuedQuery {
	if r.columns == nil {
		return nil
	}
	args := make([]any, len(r.columns))
	for i, c := range r.columns {
		args[i] = c
	}
	return b.Queue(query, args...)
}

// text is s as an argument; "" is NULL.
func text[T ~string](s T) any {
	if s == "" {
		return nil
	}
	return string(s)
}

// instant is t as an argument; the zero time is NULL.
func instant(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

// blob is b as an argument; an empty one is NULL.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// collect reads all rows, scan each of them.
func collect[T any](rows pgx.Rows, err error, scan func(pgx.Rows) (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

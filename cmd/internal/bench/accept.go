package main

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sluice"
	"sluice/gateway/delivery"
	"sluice/gateway/queue"
	"sluice/gateway/requests"
	"sluice/gateway/store/sqlite"
	"sluice/gateway/telemetry"
)

// The size of the measurement of accepts.
const (
	accepts   = 3000
	accepters = 64 // portals' calls at once, and rows in one of the floor's commits
)

const acceptNote = "requests.Service.Accept, without HTTP on either side: %d requests of %d bytes parsed, validated, routed and stored durably, %d at once; " +
	"the floor copies the very rows that come of it, all ready, from one goroutine, %d requests a commit"

// samples are requests for a service that differ in their id.
func samples(service, prefix string, n int) ([][]byte, error) {
	doc, err := fs.ReadFile(sluice.Workspace, "contracts/services/samples/"+service+".json")
	if err != nil {
		return nil, err
	}
	const id = `"id": "epgu-`
	if bytes.Count(doc, []byte(id)) != 1 {
		return nil, fmt.Errorf("the sample of %s has not one line with %s", service, id)
	}
	all := make([][]byte, n)
	for i := range all {
		all[i] = bytes.Replace(doc, []byte(id), fmt.Appendf(nil, `"id": "%s-%08d-`, prefix, i), 1)
	}
	return all, nil
}

func benchAccept(ctx context.Context, s *session) error {
	bodies, err := samples("family-composition", "a", accepts)
	if err != nil {
		return err
	}
	registry, services, err := loadRegistry()
	if err != nil {
		return err
	}
	log, err := telemetry.NewLog(io.Discard, "info", "text") // as the hub logs, but for the writing
	if err != nil {
		return err
	}
	dir := filepath.Join(s.dir, "accept")
	accepted := filepath.Join(dir, "ours.db")
	ours := func() (float64, error) {
		if err := anew(dir); err != nil {
			return 0, err
		}
		store, err := sqlite.Open(ctx, sqlite.Config{Path: accepted, Log: log})
		if err != nil {
			return 0, err
		}
		defer store.Close() //nolint:errcheck // after an error only
		engine, err := delivery.New(delivery.Config{Store: store, Queue: queue.NewMemory(0), Registry: registry, Log: log})
		if err != nil {
			return 0, err
		}
		service := requests.New(requests.Config{Store: store, Registry: registry, Services: services, Engine: engine, Log: log})
		start := time.Now()
		if err := atOnce(accepters, accepts, func(i int) error {
			_, created, err := service.Accept(ctx, "portal", fmt.Sprintf("key-%d", i), bodies[i])
			if err == nil && !created {
				err = errors.New("a request was taken for another")
			}
			return err
		}); err != nil {
			return 0, err
		}
		took := time.Since(start)
		return accepts / took.Seconds(), store.Close()
	}
	floor := func() (float64, error) {
		rows, err := readRows(ctx, accepted)
		if err != nil {
			return 0, err
		}
		if got := len(rows.of["requests"]); got != accepts {
			return 0, fmt.Errorf("%d of %d requests are stored", got, accepts)
		}
		copied := filepath.Join(dir, "floor.db")
		empty, err := sqlite.Open(ctx, sqlite.Config{Path: copied}) // makes the same tables and indexes
		if err == nil {
			err = empty.Close()
		}
		if err != nil {
			return 0, err
		}
		took, err := rows.write(ctx, copied, accepters)
		return accepts / took.Seconds(), err
	}
	m, err := s.inTurn(ours, floor)
	if err != nil {
		return err
	}
	s.note(acceptNote, accepts, len(bodies[0]), accepters, accepters)
	s.add(m.row("durable accepts", "/s", atLeast(0.5)))
	return nil
}

// anew empties a folder.
func anew(dir string) error {
	return errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700))
}

// atOnce runs f(0) to f(n-1), so many at once, until one fails.
func atOnce(workers, n int, f func(i int) error) error {
	var next atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if errs[w] = f(i); errs[w] != nil {
					next.Store(int64(n))
					return
				}
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// written are the tables that an accept writes to; foreign keys want them in this order.
var written = []string{"requests", "bodies", "deliveries"}

// tableRows are rows as SQLite holds them: what the floor writes again.
type tableRows struct {
	of      map[string][][]driver.NamedValue
	columns map[string]int
}

// connect opens a database as the store's writer does.
func connect(ctx context.Context, path string) (driver.Conn, error) {
	c, err := sqlite.Connector(path)
	if err != nil {
		return nil, err
	}
	return c.Connect(ctx)
}

func readRows(ctx context.Context, path string) (*tableRows, error) {
	conn, err := connect(ctx, path)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	t := &tableRows{of: map[string][][]driver.NamedValue{}, columns: map[string]int{}}
	for _, table := range written {
		rows, err := conn.(driver.QueryerContext).QueryContext(ctx, "SELECT * FROM "+table+" ORDER BY 1", nil)
		if err != nil {
			return nil, err
		}
		t.columns[table] = len(rows.Columns())
		for {
			values := make([]driver.Value, t.columns[table])
			if err = rows.Next(values); err != nil {
				break
			}
			row := make([]driver.NamedValue, len(values))
			for i, v := range values {
				row[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
			}
			t.of[table] = append(t.of[table], row)
		}
		if err != io.EOF {
			return nil, err
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// write puts the rows into an empty database of the same schema, group of each table's rows in one commit.
func (t *tableRows) write(ctx context.Context, path string, group int) (took time.Duration, err error) {
	conn, err := connect(ctx, path)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	run := func(query string) error {
		_, err := conn.(driver.ExecerContext).ExecContext(ctx, query, nil)
		return err
	}
	insert := make([]driver.Stmt, len(written))
	for i, table := range written {
		marks := strings.TrimSuffix(strings.Repeat("?,", t.columns[table]), ",")
		if insert[i], err = conn.Prepare("INSERT INTO " + table + " VALUES (" + marks + ")"); err != nil {
			return 0, err
		}
		defer insert[i].Close()
	}
	start := time.Now()
	for at := 0; at < accepts; at += group {
		if err := run("BEGIN IMMEDIATE"); err != nil {
			return 0, err
		}
		for n := at; n < min(at+group, accepts); n++ {
			for i, table := range written {
				if _, err := insert[i].(driver.StmtExecContext).ExecContext(ctx, t.of[table][n]); err != nil {
					return 0, err
				}
			}
		}
		if err := run("COMMIT"); err != nil {
			return 0, err
		}
	}
	return time.Since(start), nil
}

package sqlite

import (
	"bytes"
	"context"
	"path/filepath"
	"testing"
	"time"

	"sluice/contracts/canonical"
	"sluice/gateway/store"
	"sluice/gateway/store/storetest"
)

func benchStore(tb testing.TB) *Store {
	s, err := Open(context.Background(), Config{Path: filepath.Join(tb.TempDir(), "bench.db")})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// floor writes the rows of n accepts as fast as the driver can: prepared statements, groups of as many rows as there
// are writers, one goroutine.
func floor(tb testing.TB, n int) float64 {
	s := benchStore(tb)
	c, err := newConn(context.Background(), s.connector)
	if err != nil {
		tb.Fatal(err)
	}
	defer c.close()
	run := func(query string, args ...any) {
		if _, err := c.exec(query, args...); err != nil {
			tb.Fatal(err)
		}
	}
	body := bytes.Repeat([]byte("x"), storetest.BenchBody)
	start := time.Now()
	for i := 0; i < n; {
		run("BEGIN IMMEDIATE")
		for range min(storetest.BenchWriters, n-i) {
			r, idem := storetest.BenchRequest(tb, i)
			d := r.Deliveries[0]
			run(insertRequest, i+1, r.ID, r.Client, text(idem.Key), idem.BodyHash[:], text(r.PortalID), r.Service, r.ServiceVersion,
				r.Agency, r.Priority == canonical.Urgent, r.Test, string(r.State), r.AcceptedAt.UnixMicro())
			run("INSERT INTO bodies (request, body) VALUES (?, ?)", i+1, body)
			run(insertDelivery, i+1, d.N, d.Agency, d.Endpoint, string(d.Kind), r.Priority != canonical.Urgent, d.Cancelable,
				string(d.State), d.Epoch, d.Attempts, d.Since.UnixMicro(), micros(d.NextAt), d.QueuedAt.UnixMicro())
			i++
		}
		run("COMMIT")
	}
	return float64(n) / time.Since(start).Seconds()
}

func BenchmarkAccept(b *testing.B) {
	storetest.BenchAccept(b, max(b.N, 10_000), func() store.Store { return benchStore(b) }, func(n int) float64 { return floor(b, n) })
}

func BenchmarkDelivery(b *testing.B) { storetest.BenchDelivery(b, max(b.N, 10_000), benchStore(b)) }

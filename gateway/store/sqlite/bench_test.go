package sqlite

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
)

const (
	benchWriters = 64
	benchBody    = 2500 // bytes, the usual size of a request
)

func benchStore(tb testing.TB) *Store {
	s, err := Open(context.Background(), Config{Path: filepath.Join(tb.TempDir(), "bench.db")})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

func benchRequest(tb testing.TB, i int) (*gateway.Request, store.Idempotency) {
	now := time.Now()
	r, err := gateway.NewRequest(gateway.NewRequestParams{
		ID: gateway.NewID(now), Client: "portal", PortalID: fmt.Sprintf("P-%08d", i), Service: "family-composition", ServiceVersion: "1.0",
		Targets: []gateway.Target{{Agency: "zags", Endpoint: "moscow"}}, Now: now,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return r, store.Idempotency{Key: "key-" + r.ID, BodyHash: sha256.Sum256([]byte(r.ID))}
}

// each runs f(i) for 0 <= i < n on the usual number of goroutines and returns how many it did in a second.
func each(n int, f func(i int)) float64 {
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range benchWriters {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(start).Seconds()
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
	body := bytes.Repeat([]byte("x"), benchBody)
	start := time.Now()
	for i := 0; i < n; {
		run("BEGIN IMMEDIATE")
		for range min(benchWriters, n-i) {
			r, idem := benchRequest(tb, i)
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

func accepts(tb testing.TB, n int) float64 {
	s := benchStore(tb)
	body := bytes.Repeat([]byte("x"), benchBody)
	return each(n, func(i int) {
		r, idem := benchRequest(tb, i)
		if _, created, err := s.Create(context.Background(), r, body, idem); err != nil || !created {
			tb.Error(err)
		}
	})
}

// BenchmarkAccept compares durable accepts of 64 writers with the floor: pairs in turn, the median of their ratios.
func BenchmarkAccept(b *testing.B) {
	n := max(b.N, 10_000)
	var rates, floors, ratios []float64
	for range 5 {
		f, a := floor(b, n), accepts(b, n)
		floors, rates, ratios = append(floors, f), append(rates, a), append(ratios, a/f)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(rates), "accepts/s")
	b.ReportMetric(median(floors), "floor/s")
	b.ReportMetric(median(ratios), "of-floor")
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// BenchmarkDelivery measures all writes of one delivery: accept, hand out, begin, register with a status, and mark its
// two events as told.
func BenchmarkDelivery(b *testing.B) {
	s := benchStore(b)
	ctx := context.Background()
	n := max(b.N, 10_000)
	body := bytes.Repeat([]byte("x"), benchBody)
	wire := bytes.Repeat([]byte("y"), benchBody)
	if err := s.Renew(ctx, "node", time.Now().Add(time.Hour)); err != nil {
		b.Fatal(err)
	}
	due, wake := make(chan store.Ref, n), make(chan struct{}, 1)
	s.OnCommit(func(c store.Commit) {
		if len(c.Lanes) > 0 {
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	})
	go func() {
		for range wake {
			refs, err := s.Window(ctx, "zags", "moscow", time.Now(), 256, time.Minute)
			if err != nil {
				return
			}
			for _, ref := range refs {
				due <- ref
			}
		}
	}()
	b.ResetTimer()
	rate := each(n, func(i int) {
		r, idem := benchRequest(b, i)
		if _, _, err := s.Create(ctx, r, body, idem); err != nil {
			b.Error(err)
			return
		}
		ref := <-due
		c := ref.Claim("node")
		now := time.Now()
		if _, err := s.Update(ctx, ref.RequestID, func(r *gateway.Request) error {
			_, err := r.Begin(c, now)
			return err
		}); err != nil {
			b.Error(err)
			return
		}
		stored, err := s.Update(ctx, ref.RequestID, func(r *gateway.Request) error {
			return r.Register(c, gateway.Exchange{StartedAt: now, HTTPStatus: 200, Sent: wire, Received: wire[:700], MappingHash: "abc"}, adapters.Receipt{
				ExternalID: "77-" + ref.RequestID, Statuses: []canonical.Status{{Code: canonical.Accepted, Raw: "10", At: now}},
			}, now)
		})
		if err != nil {
			b.Error(err)
			return
		}
		if err := s.EventsDelivered(ctx, []store.Delivered{{Stream: stored.Seq, First: 1, Last: 2}}, now); err != nil {
			b.Error(err)
		}
	})
	b.ReportMetric(0, "ns/op")
	close(wake)
	b.ReportMetric(rate, "deliveries/s")
	b.ReportMetric(1e6/rate, "µs/delivery")
}

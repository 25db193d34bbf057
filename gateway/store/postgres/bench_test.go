package postgres

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/postgres/pgtest"
)

const (
	benchWriters = 64
	benchBody    = 2500 // bytes, the usual size of a request
)

func benchStore(b *testing.B, server *pgtest.Server) *Store {
	s, err := Open(context.Background(), Config{URL: server.Database(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

func benchRequest(b *testing.B, i int) (*gateway.Request, store.Idempotency) {
	now := time.Now()
	r, err := gateway.NewRequest(gateway.NewRequestParams{
		ID: gateway.NewID(now), Client: "portal", PortalID: fmt.Sprintf("P-%08d", i), Service: "family-composition", ServiceVersion: "1.0",
		Targets: []gateway.Target{{Agency: "zags", Endpoint: "moscow"}}, Now: now,
	})
	if err != nil {
		b.Fatal(err)
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

// floor writes the rows of n accepts as the driver can: prepared statements, one round trip for each group, on as many
// connections as the store writes with and with as many requests under way as there are writers.
func floor(b *testing.B, s *Store, n int) float64 {
	body := bytes.Repeat([]byte("x"), benchBody)
	group := benchWriters / s.cfg.Writers
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range s.cfg.Writers {
		wg.Go(func() {
			err := s.lend(context.Background(), func(ctx context.Context, c *pgx.Conn) error {
				for first := int(next.Add(int64(group))) - group; first < n; first = int(next.Add(int64(group))) - group {
					batch := &pgx.Batch{}
					batch.Queue(begin)
					for i := first; i < min(first+group, n); i++ {
						r, idem := benchRequest(b, i)
						d := r.Deliveries[0]
						batch.Queue(`INSERT INTO requests (seq, id, client, idem_key, body_hash, portal_id, service, service_version, agency, urgent, test, state, accepted_at, rev)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)`, i+1, r.ID, r.Client, idem.Key, idem.BodyHash[:], r.PortalID, r.Service, r.ServiceVersion,
							r.Agency, r.Priority == canonical.Urgent, r.Test, string(r.State), r.AcceptedAt)
						batch.Queue("INSERT INTO bodies (request, body) VALUES ($1, $2)", i+1, body)
						batch.Queue(`INSERT INTO deliveries (request, n, agency, endpoint, kind, rank, cancelable, state, epoch, attempts, since, next_at, queued_at, rev)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)`, i+1, d.N, d.Agency, d.Endpoint, string(d.Kind), 1, d.Cancelable, string(d.State), d.Epoch, d.Attempts, d.Since, d.NextAt, d.QueuedAt)
					}
					batch.Queue("COMMIT")
					if err := c.SendBatch(ctx, batch).Close(); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Error(err)
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(start).Seconds()
}

// BenchmarkAccept compares durable accepts of 64 writers with the floor: pairs in turn, the median of their ratios.
func BenchmarkAccept(b *testing.B) {
	server := pgtest.New(b)
	n := max(b.N, 5000)
	body := bytes.Repeat([]byte("x"), benchBody)
	var rates, floors, ratios []float64
	for range 5 {
		f := floor(b, benchStore(b, server), n)
		s := benchStore(b, server)
		a := each(n, func(i int) {
			r, idem := benchRequest(b, i)
			if _, created, err := s.Create(context.Background(), r, body, idem); err != nil || !created {
				b.Error(err)
			}
		})
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
	s := benchStore(b, pgtest.New(b))
	ctx := context.Background()
	n := max(b.N, 5000)
	body, wire := bytes.Repeat([]byte("x"), benchBody), bytes.Repeat([]byte("y"), benchBody)
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
		if _, err := s.Update(ctx, ref.RequestID, func(r *gateway.Request) error { _, err := r.Begin(c, now); return err }); err != nil {
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
	close(wake)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(rate, "deliveries/s")
}

// BenchmarkWindow hands out and takes back with few and with a million waiting.
func BenchmarkWindow(b *testing.B) {
	ctx := context.Background()
	s := benchStore(b, pgtest.New(b))
	for i, waiting := range []int{1000, 1_000_000} {
		err := s.lend(ctx, func(_ context.Context, c *pgx.Conn) error {
			for from := 0; from < waiting; from += 50_000 {
				if _, err := c.Exec(ctx, fill, i*2_000_000+from, true, min(50_000, waiting-from)); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint(waiting), func(b *testing.B) {
			for b.Loop() {
				refs, err := s.Window(ctx, "zags", "moscow", time.Now(), 32, 0)
				if err != nil || len(refs) != 32 {
					b.Fatal(len(refs), err)
				}
			}
		})
	}
}

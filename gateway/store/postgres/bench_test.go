package postgres

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sluice/contracts/canonical"
	"sluice/gateway/store"
	"sluice/gateway/store/postgres/pgtest"
	"sluice/gateway/store/storetest"
)

func benchStore(b *testing.B, server *pgtest.Server) *Store {
	s, err := Open(context.Background(), Config{URL: server.Database(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	return s
}

// floor writes the rows of n accepts as the driver can: prepared statements, one round trip for each group, on as many
// connections as the store writes with and with as many requests under way as there are writers.
func floor(b *testing.B, s *Store, n int) float64 {
	body := bytes.Repeat([]byte("x"), storetest.BenchBody)
	group := storetest.BenchWriters / s.cfg.Writers
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
						r, idem := storetest.BenchRequest(b, i)
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

func BenchmarkAccept(b *testing.B) {
	server := pgtest.New(b)
	storetest.BenchAccept(b, max(b.N, 5000), func() store.Store { return benchStore(b, server) },
		func(n int) float64 { return floor(b, benchStore(b, server), n) })
}

func BenchmarkDelivery(b *testing.B) {
	storetest.BenchDelivery(b, max(b.N, 5000), benchStore(b, pgtest.New(b)))
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

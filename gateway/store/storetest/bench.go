package storetest

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

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
)

// What the stores' benchmarks have in common, so that their figures can be compared.
const (
	BenchWriters = 64
	BenchBody    = 2500 // bytes, the usual size of a request
)

// BenchRequest makes the i-th request.
func BenchRequest(tb testing.TB, i int) (*gateway.Request, store.Idempotency) {
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

// Each runs f(i) for 0 <= i < n on the usual number of goroutines and returns how many it did in a second.
func Each(n int, f func(i int)) float64 {
	var next atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for range BenchWriters {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
	return float64(n) / time.Since(start).Seconds()
}

// BenchAccept compares durable accepts of BenchWriters writers with a floor, which says how many a second the driver can
// write: pairs in turn, the median of their ratios.
func BenchAccept(b *testing.B, n int, open func() store.Store, floor func(n int) float64) {
	body := bytes.Repeat([]byte("x"), BenchBody)
	var rates, floors, ratios []float64
	for range 5 {
		f := floor(n)
		s := open()
		a := Each(n, func(i int) {
			r, idem := BenchRequest(b, i)
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

// BenchDelivery measures all writes of one delivery: accept, hand out, begin, register with a status, and mark its
// two events as told.
func BenchDelivery(b *testing.B, n int, s store.Store) {
	ctx := context.Background()
	body := bytes.Repeat([]byte("x"), BenchBody)
	wire := bytes.Repeat([]byte("y"), BenchBody)
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
	rate := Each(n, func(i int) {
		r, idem := BenchRequest(b, i)
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
		if err := s.EventsDelivered(ctx, "node", []store.Delivered{{Stream: stored.Seq, First: 1, Last: 2}}, now); err != nil {
			b.Error(err)
		}
	})
	b.ReportMetric(0, "ns/op")
	close(wake)
	b.ReportMetric(rate, "deliveries/s")
	b.ReportMetric(1e6/rate, "µs/delivery")
}

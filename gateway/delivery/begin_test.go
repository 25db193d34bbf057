package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/queue"
	"sluice/gateway/store"
)

// forgetful is a store that writes the beginnings of attempts, or does not, and then fails to say so.
type forgetful struct {
	Store
	lost   func(begun bool) error // how the caller hears of it; nil: as it was
	writes bool
}

func (s *forgetful) Update(ctx context.Context, id string, change func(*gateway.Request) error) (*gateway.Request, error) {
	begun := false
	r, err := s.Store.Update(ctx, id, func(r *gateway.Request) error {
		if err := change(r); err != nil {
			return err
		}
		begun = r.Deliveries[0].State == gateway.Sending
		if begun && !s.writes {
			return s.lost(begun)
		}
		return nil
	})
	if lost := s.lost(begun); err == nil && lost != nil {
		return nil, lost
	}
	return r, err
}

// An attempt whose beginning was written, and nobody was told, goes on: it must not stay with an owner that is not at it.
// It is sent once.
func TestBeginWhoseAnswerIsLost(t *testing.T) {
	for name, lost := range map[string]error{
		"the database is away": fmt.Errorf("no answer: %w", store.ErrUnavailable),
		"it took too long":     context.DeadlineExceeded,
		"something else":       errors.New("who knows"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := newSite(t)
			at.does(func(n int, id string, w http.ResponseWriter, r *http.Request) {
				at.effect(id)
				takes(n, id, w, r)
			})
			s := openStore(t)
			var left atomic.Int64
			left.Store(3)
			answers := &forgetful{Store: s, writes: true, lost: func(begun bool) error {
				if begun && left.Add(-1) >= 0 {
					return lost
				}
				return nil
			}}
			h := newHub(t, s, &clock{}, []*adapters.Agency{agency("social", at, adapters.ResendOperator)}, func(c *Config) { c.Store = answers }).start()
			r := h.accept("A-1", "social")
			d := h.awaitState(r.ID, gateway.Registered)
			if got := h.attempts(d.ID); d.Attempts != 1 || !slices.Equal(got, []string{"send/registered"}) || at.acted(gateway.MessageID(d.ID)) != 1 {
				t.Errorf("%d attempts, %v, %d effects", d.Attempts, got, at.acted(gateway.MessageID(d.ID)))
			}
		})
	}
}

// doubling is a queue that gives every message twice, as RabbitMQ does after a break, and tells what was handled.
type doubling struct {
	queue.Queue
	handled chan queue.Message
}

func (q *doubling) Publish(ctx context.Context, endpoint string, messages ...queue.Message) error {
	return q.Queue.Publish(ctx, endpoint, slices.Concat(messages, messages)...)
}

func (q *doubling) Consume(ctx context.Context, endpoint string, prefetch int, handle queue.Handler) error {
	return q.Queue.Consume(ctx, endpoint, prefetch, func(ctx context.Context, m queue.Message) error {
		err := handle(ctx, m)
		q.handled <- m
		return err
	})
}

// A message that comes again while its delivery is being sent sends nothing.
func TestMessageThatComesTwice(t *testing.T) {
	at := newSite(t)
	release := make(chan struct{})
	free := sync.OnceFunc(func() { close(release) })
	t.Cleanup(free)
	at.does(func(n int, id string, w http.ResponseWriter, r *http.Request) {
		<-release
		takes(n, id, w, r)
	})
	q := &doubling{Queue: queue.NewMemory(0), handled: make(chan queue.Message, 10)}
	h := startHub(t, []*adapters.Agency{agency("social", at, adapters.ResendOperator)}, func(c *Config) { c.Queue = q })
	r := h.accept("A-1", "social")
	h.await("the submission", func() bool { return at.called("submit") > 0 })
	select {
	case <-q.handled:
	case <-time.After(patience):
		t.Error("both messages are being sent")
	}
	free()
	d := h.awaitState(r.ID, gateway.Registered)
	if n := at.called("submit"); n != 1 || d.Attempts != 1 {
		t.Errorf("sent %d times in %d attempts", n, d.Attempts)
	}
}

// deaf is a queue that takes a message for later only when nobody waits for it any more.
type deaf struct {
	queue.Queue
	asked chan struct{}
}

func (q *deaf) PublishLater(ctx context.Context, _ string, _ queue.Message, _ time.Duration) error {
	q.asked <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

// A stop waits for a queue that does not answer no longer than for anything else.
func TestStopDoesNotWaitForTheQueue(t *testing.T) {
	at, s := newSite(t), openStore(t)
	full := &forgetful{Store: s, lost: func(begun bool) error {
		if begun {
			return errors.New("it does not fit")
		}
		return nil
	}}
	q := &deaf{Queue: queue.NewMemory(0), asked: make(chan struct{}, 10)}
	h := newHub(t, s, &clock{}, []*adapters.Agency{agency("social", at, adapters.ResendSafe)}, func(c *Config) {
		c.Store, c.Queue, c.StopTimeout = full, q, 50*time.Millisecond
	}).start()
	h.accept("A-1", "social")
	<-q.asked
	h.stop()
	if at.called("submit") != 0 {
		t.Error("it was sent without a record")
	}
}

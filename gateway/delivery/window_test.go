package delivery

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/queue"
)

// broken is a queue that takes the first message of a publication and fails, so many times.
type broken struct {
	queue.Queue
	left atomic.Int64
	then func() // before it fails
}

func (q *broken) Publish(ctx context.Context, endpoint string, messages ...queue.Message) error {
	if len(messages) == 0 || q.left.Add(-1) < 0 {
		return q.Queue.Publish(ctx, endpoint, messages...)
	}
	err := q.Queue.Publish(ctx, endpoint, messages[0])
	q.then()
	return errors.Join(err, errors.New("the broker went away"))
}

// What was handed out and could not be published goes as soon as the queue is back, and not when its messages would be
// thought lost, after minutes.
func TestHandedOutInVain(t *testing.T) {
	at := newSite(t)
	q := &broken{Queue: queue.NewMemory(0), then: func() {}}
	q.left.Store(2)
	h := newHub(t, openStore(t), &clock{}, []*adapters.Agency{agency("social", at, adapters.ResendOperator)}, func(c *Config) { c.Queue = q })
	var ids []string
	for i := range 5 {
		ids = append(ids, h.accept(fmt.Sprint("A-", i), "social").ID)
	}
	h.start()
	for _, id := range ids {
		if d := h.awaitState(id, gateway.Registered); d.Attempts != 1 {
			t.Errorf("it took %d attempts", d.Attempts)
		}
	}
}

// A stop in the middle of handing out leaves nothing that the next start would wait for.
func TestHandedOutAtTheStop(t *testing.T) {
	at, s, c := newSite(t), openStore(t), &clock{}
	agencies := []*adapters.Agency{agency("social", at, adapters.ResendOperator)}
	q := &broken{Queue: queue.NewMemory(0)}
	q.left.Store(1)
	stopping, stop := context.WithCancel(t.Context())
	q.then = stop
	h := newHub(t, s, c, agencies, func(c *Config) { c.Queue = q })
	h.engine.c.Queue.Pause("social.main")
	r := h.accept("A-1", "social")
	if err := h.engine.Run(stopping); err != nil {
		t.Fatal(err)
	}
	if d := h.request(r.ID).Deliveries[0]; d.State == gateway.Queued && d.NextAt.After(c.now()) {
		t.Errorf("it waits for %v", time.Until(d.NextAt))
	}
	newHub(t, s, c, agencies).start().awaitState(r.ID, gateway.Registered)
}

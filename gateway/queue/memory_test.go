package queue_test

import (
	"context"
	"errors"
	"testing"

	"go.uber.org/goleak"

	"sluice/gateway/queue"
	"sluice/gateway/queue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	const capacity = 1000
	queuetest.Run(t, queuetest.Features{Capacity: capacity, Ordered: true}, func(*testing.T) queue.Queue {
		return queue.NewMemory(capacity)
	})
}

func TestMemoryRefusesAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := queue.NewMemory(0)
	if err := q.Publish(ctx, "zags.moscow", queue.Message{DeliveryID: "r.1"}); !errors.Is(err, context.Canceled) {
		t.Errorf("published with %v", err)
	}
	if n, _ := q.Len(t.Context(), "zags.moscow"); n != 0 {
		t.Errorf("the message of an ended context is in the line")
	}
}

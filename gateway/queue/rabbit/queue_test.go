package rabbit_test

import (
	"testing"

	"go.uber.org/goleak"

	"sluice/gateway/queue"
	"sluice/gateway/queue/queuetest"
	"sluice/gateway/queue/rabbit"
	"sluice/gateway/queue/rabbit/rabbittest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(rabbittest.Main{M: m}) }

func TestConformance(t *testing.T) {
	broker := rabbittest.Get(t)
	queuetest.Run(t, queuetest.Features{Ordered: true}, func(t *testing.T) queue.Queue {
		q, err := rabbit.Open(rabbit.Config{URLs: broker.URL(broker.Address)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { q.Close() })
		return q
	})
}

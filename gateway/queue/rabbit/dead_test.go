package rabbit_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"sluice/gateway/queue"
	"sluice/gateway/queue/rabbit"
	"sluice/gateway/queue/rabbit/rabbittest"
)

// gauge is the last number of dead messages that a queue told.
type gauge chan int

func (g gauge) DeadMessages(n int) {
	select {
	case <-g:
	default:
	}
	g <- n
}

// await waits until so many are dead.
func (g gauge) await(t *testing.T, want int) {
	t.Helper()
	late := time.After(patience)
	for got := -1; got != want; {
		select {
		case got = <-g:
		case <-late:
			t.Fatalf("%d messages are dead, want %d", got, want)
		}
	}
}

// TestDeadAreNoticed: what can't be read, and what the broker gave up because it was given back too often, is in a metric
// and in the log.
func TestDeadAreNoticed(t *testing.T) {
	broker := rabbittest.Get(t)
	ch := operator(t, broker)
	dead := make(gauge, 1)
	q, log := open(t, rabbit.Config{URLs: broker.URL(broker.Address), Metrics: dead, Look: 20 * time.Millisecond})
	<-dead // the queue of the dead is there, and the broker makes queues
	if _, err := ch.QueueDeclare("deliver.tax.limit", true, false, false, false, amqp.Table{
		"x-queue-type": "quorum", "x-delivery-limit": 2, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead",
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := ch.QueuePurge("dead", false); err != nil {
		t.Fatal(err)
	}
	dead.await(t, 0)

	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.Consume(ctx, "tax.limit", 1, func(context.Context, queue.Message) error { return errors.New("not now") }) //nolint:errcheck // ctx's
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	publish(t, q, "tax.limit", message(1))
	dead.await(t, 1)
	if err := ch.PublishWithContext(t.Context(), "", "deliver.tax.limit", true, false, amqp.Publishing{Body: []byte("<order/>")}); err != nil {
		t.Fatal(err)
	}
	dead.await(t, 2)
	reasons := ""
	for range 2 {
		d, ok, err := ch.Get("dead", true)
		if err != nil || !ok {
			t.Fatalf("no dead message: %v", err)
		}
		reasons += d.Headers["x-first-death-reason"].(string) + " "
	}
	if reasons != "delivery_limit rejected " {
		t.Errorf("dead for %s", reasons)
	}
	dead.await(t, 0)
	if n := strings.Count(log.String(), "messages lie in the queue of the dead"); n < 2 {
		t.Errorf("the log tells %d times of 2: %s", n, log)
	}
}

package rabbit_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"sluice/gateway/queue"
	"sluice/gateway/queue/rabbit"
	"sluice/gateway/queue/rabbit/rabbittest"
)

// TestKilledBroker kills the broker in the middle of publishing and consuming, and starts it again: all that was
// confirmed comes, what was later comes, a queue that had just been made works, and so does a hub that was started
// while there was no broker.
func TestKilledBroker(t *testing.T) {
	broker := rabbittest.Get(t)
	q, _ := open(t, rabbit.Config{URLs: broker.URL(broker.Address)})
	const endpoint, windows, size = "zags.kill", 60, 20
	in := consume(t, q, endpoint)
	later := queue.Message{DeliveryID: "later.1", Epoch: 1}
	if err := q.PublishLater(t.Context(), endpoint, later, time.Second); err != nil {
		t.Fatal(err)
	}
	var publishing sync.WaitGroup
	under := make(chan struct{})
	for p := range 2 {
		publishing.Go(func() {
			for i := p; i < windows; i += 2 {
				if err := q.Publish(t.Context(), endpoint, window(i*size, size)...); err != nil {
					t.Errorf("publishing window %d: %v", i, err)
				}
				if i == windows/3 {
					close(under)
				}
			}
		})
	}
	<-under
	if n, err := q.Len(t.Context(), "zags.new"); err != nil || n != 0 { // which makes the queue
		t.Errorf("the new queue has %d messages, %v", n, err)
	}
	broker.Kill()

	second, _ := open(t, rabbit.Config{URLs: broker.URL(broker.Address), Silence: 2 * time.Second})
	fresh := consume(t, second, "zags.new")
	if err := second.Ready(t.Context()); err == nil {
		t.Error("a hub without its broker calls itself ready")
	}
	if err := broker.Start(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	flows := message(windows * size)
	publish(t, q, endpoint, flows)
	in.await(t, flows)
	t.Logf("flowed %v after the broker was ready", time.Since(start).Round(time.Millisecond))
	publish(t, second, "zags.new", message(1))
	fresh.await(t, message(1))
	t.Logf("the new queue %v", time.Since(start).Round(time.Millisecond))
	publishing.Wait()
	in.await(t, later)
	for i := range windows * size {
		in.await(t, message(i))
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	twice := 0
	for _, n := range in.seen {
		twice += n - 1
	}
	t.Logf("%d messages, %d came again", windows*size, twice)
}

// TestBrokenConnection cuts the connections twice: a password that is used once only would not do. Then the network
// falls silent, which only heartbeats tell. Of two addresses the first is dead.
func TestBrokenConnection(t *testing.T) {
	broker := rabbittest.Get(t)
	dead := newProxy(t, "127.0.0.1:1")
	p := newProxy(t, broker.Address)
	q, log := open(t, rabbit.Config{
		URLs: broker.URL(dead.Addr().String()) + ", " + broker.URL(p.Addr().String()), Heartbeat: time.Second,
	})
	in := consume(t, q, "tax.cut")
	n := 0
	flows := func() {
		t.Helper()
		publish(t, q, "tax.cut", window(n, 10)...)
		for range 10 {
			in.await(t, message(n))
			n++
		}
	}
	flows()
	for range 2 {
		before := p.cut()
		flows()
		if after := p.cut(); after <= before {
			t.Errorf("%d connections after the cut, %d before", after, before)
		}
	}
	flows()
	p.stall()
	came := make(chan error, 1)
	go func() { came <- q.Publish(t.Context(), "tax.cut", message(n)) }()
	lost(t, log, 3) // per connection
	p.release()
	if err := <-came; err != nil {
		t.Error(err)
	}
	in.await(t, message(n))
}

// lost waits until each of the two connections has been lost so many times.
func lost(t *testing.T, log *logs, times int) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		text := log.String()
		if strings.Count(text, "is lost; connecting again\" connection=publishing") >= times &&
			strings.Count(text, "is lost; connecting again\" connection=consuming") >= times {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the connections were not lost %d times each", times)
		}
	}
}

// TestLostQueue has an operator delete a queue: it is made again, for those who publish and those who consume.
func TestLostQueue(t *testing.T) {
	broker := rabbittest.Get(t)
	q, _ := open(t, rabbit.Config{URLs: broker.URL(broker.Address)})
	in := consume(t, q, "tax.lost")
	publish(t, q, "tax.lost", message(0))
	in.await(t, message(0))
	ch := operator(t, broker)
	for i := 1; i <= 2; i++ {
		if _, err := ch.QueueDelete("deliver.tax.lost", false, false, false); err != nil {
			t.Fatal(err)
		}
		publish(t, q, "tax.lost", message(i))
		in.await(t, message(i))
	}

	// Nobody consumes here: only that the message comes back tells.
	publish(t, q, "tax.unread", message(0))
	if _, err := ch.QueueDelete("deliver.tax.unread", false, false, false); err != nil {
		t.Fatal(err)
	}
	publish(t, q, "tax.unread", window(1, 3)...)
	read := consume(t, q, "tax.unread")
	for i := range 3 {
		read.await(t, message(1+i))
	}
}

// TestRefusedMessage has a broker refuse messages (here since the queue, an operator's, is full): the channel is given
// up and the message is tried again on others, until it is taken.
func TestRefusedMessage(t *testing.T) {
	broker := rabbittest.Get(t)
	ch := operator(t, broker)
	if _, err := ch.QueueDeclare("deliver.tax.full", true, false, false, false,
		amqp.Table{"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}); err != nil {
		t.Fatal(err)
	}
	q, log := open(t, rabbit.Config{URLs: broker.URL(broker.Address), Wait: 3 * time.Second})
	var err error
	n := 0
	for ; err == nil && n < 10; n++ { // RabbitMQ does not count to one exactly
		err = q.Publish(t.Context(), "tax.full", message(n))
	}
	if err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("a full queue answered %v", err)
	}
	came := make(chan error, 1)
	go func() { came <- q.Publish(t.Context(), "tax.full", message(n)) }()
	in := consume(t, q, "tax.full")
	if err := <-came; err != nil {
		t.Error(err)
	}
	in.await(t, message(n))
	if !strings.Contains(log.String(), "a queue is there with other arguments") {
		t.Error("the log does not say that the queue is another's")
	}
}

// TestAlarm has the broker run short of memory: publishing and counting fail and say why, consuming goes on, nothing
// piles up here, and all flows again afterwards.
func TestAlarm(t *testing.T) {
	broker := rabbittest.Get(t)
	q, _ := open(t, rabbit.Config{URLs: broker.URL(broker.Address), Wait: 2 * time.Second, Silence: 100 * time.Millisecond})
	publish(t, q, "tax.alarm", window(0, 10)...)
	control(t, broker, "set_vm_memory_high_watermark", "0.0000001")
	defer control(t, broker, "set_vm_memory_high_watermark", "0.4")

	const callers, size = 20, 100
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			err := q.Publish(t.Context(), "tax.alarm", window(1000+i*size, size)...)
			if err == nil || !strings.Contains(err.Error(), "alarm") && !strings.Contains(err.Error(), "not confirmed") {
				t.Errorf("published in an alarm: %v", err)
			}
		})
	}
	wg.Wait()
	if _, err := q.Len(t.Context(), "tax.alarm"); err == nil || !strings.Contains(err.Error(), "takes no messages: low on memory") {
		t.Errorf("counted in an alarm: %v", err)
	}
	if err := q.Ready(t.Context()); err == nil {
		t.Error("ready in an alarm")
	}
	in := consume(t, q, "tax.alarm")
	for i := range 10 {
		in.await(t, message(i))
	}
	control(t, broker, "set_vm_memory_high_watermark", "0.4")
	for deadline := time.Now().Add(patience); ; {
		err := q.Publish(t.Context(), "tax.alarm", message(99))
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	in.await(t, message(99))
	in.mu.Lock()
	defer in.mu.Unlock()
	if n := len(in.seen); n > 300 { // 10, what was in flight, and one
		t.Errorf("%d messages were on their way in the alarm", n)
	}
}

func control(t *testing.T, broker *rabbittest.Broker, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := broker.Control(ctx, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWaitsNoLongerThanItsContext(t *testing.T) {
	nobody := newProxy(t, "127.0.0.1:1")
	q, _ := open(t, rabbit.Config{URLs: "amqp://" + nobody.Addr().String()})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for name, call := range map[string]func() error{
		"Publish":      func() error { return q.Publish(ctx, "zags.x", message(1)) },
		"PublishLater": func() error { return q.PublishLater(ctx, "zags.x", message(1), time.Second) },
		"Len":          func() error { _, err := q.Len(ctx, "zags.x"); return err },
		"Consume":      func() error { return q.Consume(ctx, "zags.x", 1, nil) },
	} {
		if err := call(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := q.PublishLater(t.Context(), "zags.x", message(1), 11*time.Minute); err == nil {
		t.Error("took a delay of more than ten minutes")
	}
}

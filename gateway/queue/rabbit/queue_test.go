package rabbit_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"sluice/gateway/queue"
	"sluice/gateway/queue/queuetest"
	"sluice/gateway/queue/rabbit"
	"sluice/gateway/queue/rabbit/rabbittest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(rabbittest.Main{M: m}) }

const patience = 60 * time.Second

func TestConformance(t *testing.T) {
	broker := rabbittest.Get(t)
	queuetest.Run(t, queuetest.Features{Ordered: true}, func(t *testing.T) queue.Queue {
		q, _ := open(t, rabbit.Config{URLs: broker.URL(broker.Address)})
		return q
	})
}

// logs is what a queue wrote.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// open opens a queue until the end of the test, and fails that if the log shows the password.
func open(t *testing.T, c rabbit.Config) (*rabbit.Queue, *logs) {
	t.Helper()
	log := &logs{}
	c.Log = slog.New(slog.NewTextHandler(log, nil))
	q, err := rabbit.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		q.Close() //nolint:errcheck // nil
		noPassword(t, log.String())
		if t.Failed() {
			t.Log(log.String())
		}
	})
	return q, log
}

func noPassword(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{rabbittest.Password, url.UserPassword("", rabbittest.Password).String()[1:], "s3cret"} {
		if strings.Contains(text, secret) {
			t.Errorf("the password is shown: %s", text)
		}
	}
}

func message(n int) queue.Message {
	return queue.Message{DeliveryID: fmt.Sprintf("r%d.1", n), Epoch: int64(n)}
}

func window(from, n int) (messages []queue.Message) {
	for i := range n {
		messages = append(messages, message(from+i))
	}
	return messages
}

func publish(t *testing.T, q queue.Queue, endpoint string, messages ...queue.Message) {
	t.Helper()
	if err := q.Publish(t.Context(), endpoint, messages...); err != nil {
		t.Fatal(err)
	}
}

// inbox is what came to an endpoint's handler.
type inbox struct {
	mu   sync.Mutex
	seen map[queue.Message]int
	came chan queue.Message
}

// consume handles an endpoint's messages until the end of the test.
func consume(t *testing.T, q queue.Queue, endpoint string) *inbox {
	t.Helper()
	in := &inbox{seen: map[queue.Message]int{}, came: make(chan queue.Message, 100_000)}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		q.Consume(ctx, endpoint, 4, func(_ context.Context, m queue.Message) error { //nolint:errcheck // ctx's
			in.mu.Lock()
			in.seen[m]++
			in.mu.Unlock()
			in.came <- m
			return nil
		})
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return in
}

// await waits until a message came.
func (in *inbox) await(t *testing.T, want queue.Message) {
	t.Helper()
	late := time.After(patience)
	for {
		in.mu.Lock()
		n := in.seen[want]
		in.mu.Unlock()
		if n > 0 {
			return
		}
		select {
		case <-in.came:
		case <-late:
			t.Fatalf("still waiting for %v", want)
		}
	}
}

// next is the message that came next.
func (in *inbox) next(t *testing.T) queue.Message {
	t.Helper()
	select {
	case m := <-in.came:
		return m
	case <-time.After(patience):
		t.Fatal("still waiting for a message")
		return queue.Message{}
	}
}

// operator is a channel of somebody else on the broker.
func operator(t *testing.T, broker *rabbittest.Broker) *amqp.Channel {
	t.Helper()
	conn, err := amqp.Dial(broker.URL(broker.Address))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() }) //nolint:errcheck // the test has ended
	ch, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	return ch
}

// TestForeignMessages puts what no hub wrote into a line: it is moved aside before the handler sees it, whole, and
// what stands behind it moves on.
func TestForeignMessages(t *testing.T) {
	broker := rabbittest.Get(t)
	q, log := open(t, rabbit.Config{URLs: broker.URL(broker.Address)})
	in := consume(t, q, "tax.foreign")
	publish(t, q, "tax.foreign", message(0))
	in.await(t, message(0))

	ch := operator(t, broker)
	if _, err := ch.QueuePurge("dead", false); err != nil {
		t.Fatal(err)
	}
	foreign := []string{"", "<order/>", `{"deliveryId": 7}`, `{"epoch": 1}`, `{"deliveryId": "r1.1", "pad": "` + strings.Repeat("x", 2000) + `"}`}
	for _, body := range foreign {
		if err := ch.PublishWithContext(t.Context(), "", "deliver.tax.foreign", true, false, amqp.Publishing{Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
	}
	// Another version's message is ours, with what this one doesn't know.
	if err := ch.PublishWithContext(t.Context(), "", "deliver.tax.foreign", true, false,
		amqp.Publishing{Body: []byte(`{"deliveryId": "r5.1", "epoch": 5, "colour": "red"}`)}); err != nil {
		t.Fatal(err)
	}
	in.await(t, message(5))
	dead, err := ch.Consume("dead", "", true, false, false, false, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, body := range foreign {
		select {
		case d := <-dead:
			if string(d.Body) != body || d.Headers["x-first-death-queue"] != "deliver.tax.foreign" || d.Headers["x-first-death-reason"] != "rejected" {
				t.Errorf("message %d: %.40q with %v", i, d.Body, d.Headers)
			}
		case <-time.After(patience):
			t.Fatalf("%d of %d messages were moved aside", i, len(foreign))
		}
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	if len(in.seen) != 2 {
		t.Errorf("the handler saw %v", in.seen)
	}
	if text := log.String(); strings.Count(text, "a message was moved aside") != len(foreign) || strings.Contains(text, "order/") {
		t.Errorf("the log does not tell each, or tells what was in one")
	}
}

// TestLaterOvertakesMuchLater: with a time to live of each message the second would wait behind the first.
func TestLaterOvertakesMuchLater(t *testing.T) {
	broker := rabbittest.Get(t)
	q, _ := open(t, rabbit.Config{URLs: broker.URL(broker.Address)})
	in := consume(t, q, "tax.later")
	for i, delay := range []time.Duration{2 * time.Second, 300 * time.Millisecond} {
		if err := q.PublishLater(t.Context(), "tax.later", message(i), delay); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := q.Len(t.Context(), "tax.later"); err != nil || n != 2 {
		t.Errorf("Len is %d, %v", n, err)
	}
	if m := in.next(t); m != message(1) {
		t.Errorf("first came %v", m)
	}
	in.await(t, message(0))
}

// TestQueuesAreOnDisk: of the kinds of queue only a quorum queue has on disk what it confirms.
func TestQueuesAreOnDisk(t *testing.T) {
	broker := rabbittest.Get(t)
	q, _ := open(t, rabbit.Config{URLs: broker.URL(broker.Address)})
	publish(t, q, "tax.disk", message(0))
	kinds := strings.Fields(control(t, broker, "list_queues", "--quiet", "--no-table-headers", "type", "durable"))
	for i := 0; i < len(kinds); i += 2 {
		if kinds[i] != "quorum" || kinds[i+1] != "true" {
			t.Errorf("a queue is %s, durable %s", kinds[i], kinds[i+1])
		}
	}
	if len(kinds) < 2*11 { // one line, nine delays, the dead
		t.Errorf("%d queues", len(kinds)/2)
	}
	m, ok, err := operator(t, broker).Get("deliver.tax.disk", true)
	if err != nil || !ok || m.DeliveryMode != amqp.Persistent {
		t.Errorf("the message is not persistent: %v, %v", m, err)
	}
	if string(m.Body) != `{"deliveryId":"r0.1","epoch":0}` {
		t.Errorf("more travels than ids: %s", m.Body)
	}
}

// TestLenOfAFleet counts what other nodes did.
func TestLenOfAFleet(t *testing.T) {
	broker := rabbittest.Get(t)
	a, _ := open(t, rabbit.Config{URLs: broker.URL(broker.Address)})
	b, _ := open(t, rabbit.Config{URLs: broker.URL(broker.Address)})
	length := func(q queue.Queue, want int) {
		t.Helper()
		late := time.Now().Add(patience)
		for {
			n, err := q.Len(t.Context(), "tax.fleet")
			if err == nil && n == want {
				return
			}
			if time.Now().After(late) {
				t.Fatalf("Len is %d, %v; want %d", n, err, want)
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	length(a, 0)
	publish(t, b, "tax.fleet", window(0, 5)...)
	length(a, 5)
	length(b, 5)
	in := consume(t, a, "tax.fleet")
	for i := range 5 {
		in.await(t, message(i))
	}
	length(a, 0)
	length(b, 0)
}

// TestPauseLetsOthersHaveIt: what one node may not send, another can.
func TestPauseLetsOthersHaveIt(t *testing.T) {
	broker := rabbittest.Get(t)
	a, _ := open(t, rabbit.Config{URLs: broker.URL(broker.Address)})
	b, _ := open(t, rabbit.Config{URLs: broker.URL(broker.Address)})
	held := consume(t, a, "tax.held")
	publish(t, a, "tax.held", message(0))
	held.await(t, message(0))
	a.Pause("tax.held")
	publish(t, a, "tax.held", window(1, 20)...)
	free := consume(t, b, "tax.held")
	for i := range 20 {
		free.await(t, message(1+i))
	}
	held.mu.Lock()
	defer held.mu.Unlock()
	if len(held.seen) != 1 {
		t.Errorf("a paused node handled %v", held.seen)
	}
}

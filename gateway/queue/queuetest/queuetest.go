// Package queuetest is the conformance suite that every queue.Queue passes.
package queuetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sluice/gateway/queue"
)

// Features says what a queue promises beyond the interface; the suite picks its tests by it.
type Features struct {
	Capacity int  // messages an endpoint's line holds before ErrFull; 0 when unbounded
	Ordered  bool // one consumer at a time sees the messages in the order of publishing
}

// patience is how long the suite waits for what must happen.
const patience = 20 * time.Second

// Run checks a queue. open makes an empty one for each test and cleans up after itself.
func Run(t *testing.T, f Features, open func(t *testing.T) queue.Queue) {
	t.Run("each message is handled once", func(t *testing.T) { eachOnce(t, open(t)) })
	t.Run("no more than prefetch at a time", func(t *testing.T) { prefetchHolds(t, open(t)) })
	t.Run("a paused endpoint rests and another goes on", func(t *testing.T) { pauseRests(t, open(t)) })
	t.Run("what is handed back comes again after the pause", func(t *testing.T) { handedBack(t, open(t)) })
	t.Run("later is not before its time", func(t *testing.T) { laterWaits(t, open(t)) })
	t.Run("the end of the context ends the consumer after its handlers", func(t *testing.T) { stopWaits(t, open(t)) })
	t.Run("a second consumer takes over what is left", func(t *testing.T) { takeOver(t, open(t)) })
	t.Run("length counts what waits", func(t *testing.T) { lengthCounts(t, open(t)) })
	if f.Capacity > 0 {
		t.Run("a full line refuses", func(t *testing.T) { fullRefuses(t, open(t), f.Capacity) })
	}
	if f.Ordered {
		t.Run("one at a time, in order", func(t *testing.T) { inOrder(t, open(t)) })
	}
}

func message(n int) queue.Message {
	return queue.Message{DeliveryID: fmt.Sprintf("r%d.1", n), Epoch: int64(n)}
}

func publish(t *testing.T, q queue.Queue, endpoint string, n int) {
	t.Helper()
	for i := range n {
		if err := q.Publish(t.Context(), endpoint, message(i)); err != nil {
			t.Fatalf("publishing %d: %v", i, err)
		}
	}
}

// consume starts a consumer and returns what stops it and waits for its end.
func consume(t *testing.T, q queue.Queue, endpoint string, prefetch int, handle queue.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Consume(ctx, endpoint, prefetch, handle) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			select {
			case err := <-ended:
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("Consume ended with %v", err)
				}
			case <-time.After(patience):
				t.Error("Consume did not end after its context")
			}
		})
	}
	t.Cleanup(stop)
	return stop
}

func await(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(patience):
		t.Fatalf("still waiting: %s", what)
	}
}

func receive(t *testing.T, what string, from <-chan queue.Message) queue.Message {
	t.Helper()
	select {
	case m := <-from:
		return m
	case <-time.After(patience):
		t.Fatalf("still waiting: %s", what)
		return queue.Message{}
	}
}

func eachOnce(t *testing.T, q queue.Queue) {
	const messages, publishers = 1000, 4
	var seen sync.Map
	var handled atomic.Int64
	all := make(chan struct{})
	consume(t, q, "zags.moscow", 8, func(_ context.Context, m queue.Message) error {
		if _, twice := seen.LoadOrStore(m, true); twice {
			t.Errorf("%v came twice", m)
		}
		if handled.Add(1) == messages {
			close(all)
		}
		return nil
	})
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := p; i < messages; i += publishers {
				if err := q.Publish(t.Context(), "zags.moscow", message(i)); err != nil {
					t.Errorf("publishing %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
	await(t, "all messages", all)
}

func prefetchHolds(t *testing.T, q queue.Queue) {
	const prefetch, messages = 3, 30
	var under, most, handled atomic.Int64
	gate, all, full := make(chan struct{}), make(chan struct{}), make(chan struct{})
	publish(t, q, "tax.77", messages)
	consume(t, q, "tax.77", prefetch, func(context.Context, queue.Message) error {
		now := under.Add(1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		if now == prefetch {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		<-gate
		under.Add(-1)
		if handled.Add(1) == messages {
			close(all)
		}
		return nil
	})
	await(t, "as many handlers as prefetch allows", full)
	close(gate)
	await(t, "all messages", all)
	if most.Load() != prefetch {
		t.Errorf("%d handlers ran at a time, prefetch is %d", most.Load(), prefetch)
	}
}

func pauseRests(t *testing.T, q queue.Queue) {
	paused, other := make(chan queue.Message, 10), make(chan queue.Message, 10)
	into := func(c chan queue.Message) queue.Handler {
		return func(_ context.Context, m queue.Message) error { c <- m; return nil }
	}
	consume(t, q, "social.west", 2, into(paused))
	consume(t, q, "social.east", 2, into(other))
	publish(t, q, "social.west", 1)
	receive(t, "a message before the pause", paused)

	q.Pause("social.west")
	publish(t, q, "social.west", 3)
	publish(t, q, "social.east", 1)
	receive(t, "a message of the other endpoint", other)
	select {
	case m := <-paused:
		t.Errorf("%v was handed out in the pause", m)
	default:
	}
	q.Resume("social.west")
	for range 3 {
		receive(t, "the messages after the pause", paused)
	}
}

func handedBack(t *testing.T, q queue.Queue) {
	var held atomic.Bool
	held.Store(true)
	refused, taken := make(chan queue.Message, 10), make(chan queue.Message, 10)
	publish(t, q, "zags.perm", 1)
	consume(t, q, "zags.perm", 1, func(_ context.Context, m queue.Message) error {
		if held.Load() {
			q.Pause("zags.perm")
			refused <- m
			return errors.New("the endpoint is held")
		}
		taken <- m
		return nil
	})
	first := receive(t, "the message while held", refused)
	held.Store(false)
	q.Resume("zags.perm")
	if again := receive(t, "the message after the hold", taken); again != first {
		t.Errorf("handed back %v, came again %v", first, again)
	}
}

func laterWaits(t *testing.T, q queue.Queue) {
	const delay = 200 * time.Millisecond
	came := make(chan queue.Message, 2)
	consume(t, q, "zags.omsk", 1, func(_ context.Context, m queue.Message) error { came <- m; return nil })
	start := time.Now()
	if err := q.PublishLater(t.Context(), "zags.omsk", message(1), delay); err != nil {
		t.Fatal(err)
	}
	publish(t, q, "zags.omsk", 1)
	if m := receive(t, "the message without delay", came); m != message(0) {
		t.Errorf("first came %v", m)
	}
	receive(t, "the later message", came)
	if waited := time.Since(start); waited < delay {
		t.Errorf("came after %v, asked for %v", waited, delay)
	}
}

func stopWaits(t *testing.T, q queue.Queue) {
	started, release := make(chan struct{}), make(chan struct{})
	var ended atomic.Bool
	publish(t, q, "pension.main", 1)
	stop := consume(t, q, "pension.main", 1, func(ctx context.Context, _ queue.Message) error {
		close(started)
		<-ctx.Done()
		<-release
		ended.Store(true)
		return nil
	})
	await(t, "the handler", started)
	time.AfterFunc(20*time.Millisecond, func() { close(release) })
	stop()
	if !ended.Load() {
		t.Error("Consume returned before its handler")
	}
}

func takeOver(t *testing.T, q queue.Queue) {
	first := make(chan queue.Message, 1)
	publish(t, q, "tax.50", 2)
	stop := consume(t, q, "tax.50", 1, func(_ context.Context, m queue.Message) error {
		q.Pause("tax.50") // nothing more for this consumer
		first <- m
		return nil
	})
	receive(t, "the first message", first)
	stop()
	q.Resume("tax.50")
	second := make(chan queue.Message, 2)
	consume(t, q, "tax.50", 1, func(_ context.Context, m queue.Message) error { second <- m; return nil })
	receive(t, "the message left over", second)
}

func lengthCounts(t *testing.T, q queue.Queue) {
	publish(t, q, "tax.01", 2)
	if err := q.PublishLater(t.Context(), "tax.01", message(9), 10*time.Minute); err != nil {
		t.Fatal(err)
	}
	if n, err := q.Len(t.Context(), "tax.01"); err != nil || n != 3 {
		t.Errorf("Len is %d, %v; published 3", n, err)
	}
	if n, err := q.Len(t.Context(), "tax.02"); err != nil || n != 0 {
		t.Errorf("Len of an unused endpoint is %d, %v", n, err)
	}
}

func fullRefuses(t *testing.T, q queue.Queue, capacity int) {
	publish(t, q, "zags.tula", capacity)
	if err := q.Publish(t.Context(), "zags.tula", message(-1)); !errors.Is(err, queue.ErrFull) {
		t.Errorf("a full line answered %v", err)
	}
	publish(t, q, "zags.kazan", 1)
}

func inOrder(t *testing.T, q queue.Queue) {
	const alone, messages = 50, 900 // the others in one window
	came := make(chan queue.Message, messages)
	publish(t, q, "zags.order", alone)
	var window []queue.Message
	for i := alone; i < messages; i++ {
		window = append(window, message(i))
	}
	if err := q.Publish(t.Context(), "zags.order", window...); err != nil {
		t.Fatal(err)
	}
	consume(t, q, "zags.order", 1, func(_ context.Context, m queue.Message) error { came <- m; return nil })
	for i := range messages {
		if m := receive(t, "the next message", came); m != message(i) {
			t.Fatalf("message %d is %v", i, m)
		}
	}
}

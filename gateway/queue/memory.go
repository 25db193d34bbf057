package queue

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// DefaultCapacity bounds an endpoint's line in a Memory, in messages.
const DefaultCapacity = 4096

// Memory is the queue of a single process: bounded lines in memory. What it holds is gone when the process
// ends, which loses nothing, because the store hands the same deliveries out again.
type Memory struct {
	capacity int

	mu    sync.Mutex
	lines map[string]*line
}

// NewMemory makes an empty queue whose lines hold at most capacity messages each (0: DefaultCapacity).
func NewMemory(capacity int) *Memory {
	if capacity <= 0 {
		capacity = DefaultCapacity
	}
	return &Memory{capacity: capacity, lines: map[string]*line{}}
}

// line is one endpoint's messages. Each has a lock of its own, so that a busy endpoint never slows another.
type line struct {
	mu     sync.Mutex
	ready  *sync.Cond // a message came, the line was resumed, or a consumer's context ended
	queued []Message
	later  int // published, not visible yet
	paused bool
}

func (q *Memory) line(endpoint string) *line {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := q.lines[endpoint]
	if l == nil {
		l = &line{}
		l.ready = sync.NewCond(&l.mu)
		q.lines[endpoint] = l
	}
	return l
}

// Publish adds messages to the end of the line, or returns ErrFull.
func (q *Memory) Publish(ctx context.Context, endpoint string, messages ...Message) error {
	return q.publish(ctx, endpoint, 0, messages)
}

// PublishLater adds a message that becomes visible after delay. It counts against the bound at once.
func (q *Memory) PublishLater(ctx context.Context, endpoint string, m Message, delay time.Duration) error {
	return q.publish(ctx, endpoint, delay, []Message{m})
}

func (q *Memory) publish(ctx context.Context, endpoint string, delay time.Duration, messages []Message) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l := q.line(endpoint)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range messages {
		if len(l.queued)+l.later >= q.capacity {
			return fmt.Errorf("publishing to %s: %w", endpoint, ErrFull)
		}
		if delay <= 0 {
			l.push(m)
			continue
		}
		l.later++
		time.AfterFunc(delay, func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.later--
			l.push(m)
		})
	}
	return nil
}

// push needs l.mu.
func (l *line) push(m Message) {
	l.queued = append(l.queued, m)
	l.ready.Signal()
}

// Consume runs prefetch workers over the endpoint's line.
func (q *Memory) Consume(ctx context.Context, endpoint string, prefetch int, handle Handler) error {
	l := q.line(endpoint)
	stop := context.AfterFunc(ctx, func() {
		l.mu.Lock() // not between a worker's look at ctx and its wait
		defer l.mu.Unlock()
		l.ready.Broadcast()
	})
	defer stop()

	var workers sync.WaitGroup
	for range max(prefetch, 1) {
		workers.Go(func() {
			for {
				m, ok := l.take(ctx)
				if !ok {
					return
				}
				if err := handle(ctx, m); err != nil {
					l.giveBack(m)
				}
			}
		})
	}
	workers.Wait()
	return ctx.Err()
}

// take waits for a message; false when ctx has ended.
func (l *line) take(ctx context.Context) (Message, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case ctx.Err() != nil:
			l.ready.Signal() // a signal meant for another consumer of the line must not end here
			return Message{}, false
		case !l.paused && len(l.queued) > 0:
			m := l.queued[0]
			l.queued = l.queued[1:]
			return m, true
		}
		l.ready.Wait()
	}
}

func (l *line) giveBack(m Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queued = append([]Message{m}, l.queued...)
	l.ready.Signal()
}

// Pause stops handing out the endpoint's messages.
func (q *Memory) Pause(endpoint string) {
	l := q.line(endpoint)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused = true
}

// Resume hands them out again.
func (q *Memory) Resume(endpoint string) {
	l := q.line(endpoint)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.paused = false
	l.ready.Broadcast()
}

// Len counts what waits in the endpoint's line.
func (q *Memory) Len(_ context.Context, endpoint string) (int, error) {
	l := q.line(endpoint)
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.queued) + l.later, nil
}

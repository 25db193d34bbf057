package rabbit

import "context"

// Metrics is told what an operator must know.
type Metrics interface {
	// DeadMessages is how many messages lie in the queue dead, of all nodes: anything but 0 is an alarm.
	DeadMessages(n int)
}

type noMetrics struct{}

func (noMetrics) DeadMessages(int) {}

// watchDead looks at the dead messages until ctx ends. A hub moves there what it can't read and tells so itself; what was
// given back too often the broker moves there, and tells nobody.
func (q *Queue) watchDead(ctx context.Context) {
	known := 0
	for {
		if n, err := q.countDead(ctx); err == nil { // else the link tells
			q.c.Metrics.DeadMessages(n)
			if n > known {
				q.c.Log.Error("messages lie in the queue of the dead: nobody could read them, or they were given back too often", "queue", deadQueue,
					"count", n, "remedy", "see why (header x-first-death-reason: rejected, delivery_limit) and whence (x-first-death-queue), then purge it: the store offers their deliveries again")
			}
			known = n
		}
		if !pause(ctx, q.c.Look) {
			return
		}
	}
}

func (q *Queue) countDead(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, q.c.Wait)
	defer cancel()
	conn, err := q.consuming.get(ctx)
	if err != nil {
		return 0, err
	}
	return get(ctx, func() (int, error) { return count(conn, deadQueue) })
}

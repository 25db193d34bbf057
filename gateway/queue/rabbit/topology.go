package rabbit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	deliverPrefix = "deliver." // and the endpoint

	deadQueue  = "dead"
	deadLength = 10_000 // messages kept aside; the oldest go first

	// deliveryLimit ends a loop that nobody foresaw: every break and every pause gives messages back, and each time
	// counts, so that an outage of weeks must not reach it. Without one RabbitMQ 4 would take 20.
	deliveryLimit = 100_000

	maxDelay = 10 * time.Minute
)

// tiers are the delays there are. A time to live of single messages would wait behind the first, so each has a queue.
var tiers = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, maxDelay,
}

// tier is the shortest delay that is long enough.
func tier(delay time.Duration) (time.Duration, error) {
	for _, t := range tiers {
		if delay <= t {
			return t, nil
		}
	}
	return 0, fmt.Errorf("a delay of %v is longer than %v", delay, maxDelay)
}

// delayName names the exchange and the queue of a tier.
func delayName(tier time.Duration) string { return fmt.Sprintf("delay.%d", int(tier.Seconds())) }

// durable are the arguments that every queue has: a replicated log on disk, and nothing lost between queues.
func durable(more amqp.Table) amqp.Table {
	args := amqp.Table{"x-queue-type": "quorum"}
	for k, v := range more {
		args[k] = v
	}
	return args
}

// moved are the arguments of a queue whose messages go on to another: by its key, or by their own if key is "".
func moved(key string, more amqp.Table) amqp.Table {
	args := durable(more)
	args["x-dead-letter-exchange"] = ""
	args["x-dead-letter-strategy"] = "at-least-once"
	args["x-overflow"] = "reject-publish" // which at-least-once needs
	if key != "" {
		args["x-dead-letter-routing-key"] = key
	}
	return args
}

// declareShared declares what all lines share.
func declareShared(conn *amqp.Connection, log *slog.Logger) error {
	if err := declare(conn, log, deadQueue, durable(amqp.Table{"x-max-length": deadLength})); err != nil {
		return err
	}
	for _, t := range tiers {
		// The exchange leaves the routing key to the line that the message is for.
		name := delayName(t)
		if err := declare(conn, log, name, moved("", amqp.Table{"x-message-ttl": t.Milliseconds()})); err != nil {
			return err
		}
		if err := onChannel(conn, func(ch *amqp.Channel) error {
			if err := ch.ExchangeDeclare(name, amqp.ExchangeFanout, true, false, false, false, nil); err != nil {
				return err
			}
			return ch.QueueBind(name, "", name, false, nil)
		}); err != nil {
			return fmt.Errorf("the exchange %s: %w", name, err)
		}
	}
	return nil
}

// declare makes a queue, or takes the one that is there under the name, whatever its arguments: another version of
// the hub may have made it, or an operator.
func declare(conn *amqp.Connection, log *slog.Logger, name string, args amqp.Table) error {
	err := onChannel(conn, func(ch *amqp.Channel) error {
		_, err := ch.QueueDeclare(name, true, false, false, false, args)
		return err
	})
	var refused *amqp.Error
	if errors.As(err, &refused) && refused.Code == amqp.PreconditionFailed {
		log.Warn("a queue is there with other arguments, and taken as it is", "queue", name, "err", err,
			"remedy", "delete it while it is empty: the hub makes it anew")
		_, err = count(conn, name)
	}
	if err != nil {
		return fmt.Errorf("the queue %s: %w", name, err)
	}
	return nil
}

// count asks how many messages of a queue wait for a consumer.
func count(conn *amqp.Connection, name string) (n int, err error) {
	err = onChannel(conn, func(ch *amqp.Channel) error {
		q, err := ch.QueueDeclarePassive(name, true, false, false, false, nil)
		n = q.Messages
		return err
	})
	return n, err
}

// onChannel uses a channel once: whatever fails closes it.
func onChannel(conn *amqp.Connection, f func(*amqp.Channel) error) error {
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	return errors.Join(f(ch), ch.Close())
}

// declare makes the line's queue once on each connection and returns that. It is made long before the first message,
// when the lane begins to consume: one that its broker loses within a second may come back stuck.
func (l *line) declare(ctx context.Context) (*amqp.Connection, error) {
	conn, err := l.q.consuming.get(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.declaring.take(ctx); err != nil {
		return nil, err
	}
	defer l.declaring.leave()
	if l.declared == conn {
		return conn, nil
	}
	if err := call(ctx, func() error {
		return declare(conn, l.q.c.Log, l.name, moved(deadQueue, amqp.Table{"x-delivery-limit": deliveryLimit}))
	}); err != nil {
		return nil, err
	}
	l.declared = conn
	return conn, nil
}

// forget has the queue declared again before its next use.
func (l *line) forget(ctx context.Context) {
	if l.declaring.take(ctx) == nil {
		l.declared = nil
		l.declaring.leave()
	}
}

// remake deletes a queue that takes nothing and holds nothing, and has it declared again: one that its broker lost
// within a second of its declaration comes back so and stays so. Whatever it may hold all the same, the store offers
// again. since is when the trouble began: what was remade later is not to blame.
func (q *Queue) remake(ctx context.Context, name string, since time.Time) error {
	if err := q.remaking.take(ctx); err != nil {
		return err
	}
	defer q.remaking.leave()
	if q.remade[name].After(since) {
		return nil
	}
	conn, err := q.consuming.get(ctx)
	if err != nil {
		return err
	}
	if n, err := get(ctx, func() (int, error) { return count(conn, name) }); err != nil || n > 0 {
		return err
	}
	q.c.Log.Error("a queue takes no messages and is made anew", "queue", name)
	if err := call(ctx, func() error {
		return onChannel(conn, func(ch *amqp.Channel) error {
			_, err := ch.QueueDelete(name, false, false, false)
			return err
		})
	}); err != nil {
		return fmt.Errorf("deleting the queue %s: %w", name, err)
	}
	q.remade[name] = time.Now()
	if endpoint, ok := strings.CutPrefix(name, deliverPrefix); ok {
		q.line(endpoint).forget(ctx)
		return nil
	}
	if conn, err = q.consuming.get(ctx); err != nil {
		return err
	}
	return call(ctx, func() error { return declareShared(conn, q.c.Log) })
}

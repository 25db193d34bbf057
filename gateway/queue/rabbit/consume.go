package rabbit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"sluice/gateway/queue"
)

// received is a message in this process's hands.
type received struct {
	queue.Message
	amqp.Delivery
}

// Consume runs prefetch workers over what the broker hands out, through breaks, until ctx ends. What is being handled
// when the connection breaks comes again, perhaps to another node, while its handler goes on.
func (q *Queue) Consume(ctx context.Context, endpoint string, prefetch int, handle queue.Handler) error {
	l := q.line(endpoint)
	prefetch = max(prefetch, 1)
	work := make(chan received)
	var workers sync.WaitGroup
	for range prefetch {
		workers.Go(func() {
			for r := range work {
				l.handle(ctx, r, handle)
			}
		})
	}
	again := retries()
	for ctx.Err() == nil {
		since := time.Now()
		ch, err := l.subscribe(ctx, prefetch)
		if err == nil {
			err = l.feed(ctx, ch, work)
		}
		if ctx.Err() != nil {
			close(work)
			workers.Wait() // their acknowledgements need the channel
			work = nil
		} else if q.consuming.trouble() == nil { // else the link tells
			q.c.Log.Warn("consuming was interrupted; trying again", "endpoint", endpoint, "err", err)
		}
		if ch != nil {
			end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
			call(end, ch.Close) //nolint:errcheck // it is of no use any more
			cancel()
		}
		if time.Since(since) > lastRetry {
			again.Reset()
		}
		pause(ctx, again.NextBackOff())
	}
	if work != nil {
		close(work)
		workers.Wait()
	}
	return ctx.Err()
}

// handle does what one message asks for.
func (l *line) handle(ctx context.Context, r received, handle queue.Handler) {
	if paused, _ := l.state(); paused || ctx.Err() != nil || handle(ctx, r.Message) != nil {
		l.giveBack(r.Delivery)
		return
	}
	r.Ack(false) //nolint:errcheck // without a connection the message comes again
}

// giveBack puts a message back to the head of its queue.
func (l *line) giveBack(d amqp.Delivery) {
	if d.Nack(false, true) == nil { // without a connection the broker does so itself
		l.count(1)
	}
}

// setAside moves a message that is not ours to the dead ones, before anybody else sees it. The broker does it, and
// writes beside it when and whence.
func (l *line) setAside(d amqp.Delivery, why error) {
	l.q.c.Log.Error("a message was moved aside", "queue", l.name, "to", deadQueue, "id", d.MessageId, "why", why)
	d.Reject(false) //nolint:errcheck // without a connection the message comes again
}

// subscribe opens a channel on the line's queue.
func (l *line) subscribe(ctx context.Context, prefetch int) (*amqp.Channel, error) {
	ctx, cancel := context.WithTimeout(ctx, l.q.c.Wait)
	defer cancel()
	conn, err := l.declare(ctx)
	if err != nil {
		return nil, err
	}
	ch, err := get(ctx, func() (*amqp.Channel, error) {
		ch, err := conn.Channel()
		if err == nil {
			err = ch.Qos(prefetch, 0, false)
		}
		return ch, err
	})
	if err != nil {
		l.forget(ctx)
		return nil, err
	}
	return ch, nil
}

var errCancelled = errors.New("the broker has ended the consumer")

// feed hands messages to the workers until ctx ends or the channel is of no use any more. While the line is paused it
// has no consumer there, and holds no message that another node could have.
func (l *line) feed(ctx context.Context, ch *amqp.Channel, work chan<- received) error {
	gone := ch.NotifyClose(make(chan *amqp.Error, 1))
	for n := 0; ; {
		paused, turned := l.state()
		if paused {
			select {
			case <-turned:
				continue
			case <-ctx.Done():
				return ctx.Err()
			case err := <-gone:
				return lost(err)
			}
		}
		n++
		tag := fmt.Sprintf("%s.%d", l.endpoint, n)
		messages, err := get(ctx, func() (<-chan amqp.Delivery, error) {
			return ch.Consume(l.name, tag, false, false, false, false, nil)
		})
		if err != nil {
			l.forget(ctx)
			return err
		}
		if !l.hand(ctx, turned, messages, work) {
			l.forget(ctx)
			select {
			case err := <-gone:
				return lost(err)
			default:
				return errCancelled
			}
		}
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		err = call(end, func() error { return ch.Cancel(tag, false) })
		cancel()
		if err != nil {
			return err
		}
		for d := range messages { // what was on its way
			l.count(-1)
			l.giveBack(d)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// hand hands messages out until the line is paused or ctx ends; false when the broker has ended it.
func (l *line) hand(ctx context.Context, turned <-chan struct{}, messages <-chan amqp.Delivery, work chan<- received) bool {
	for {
		select {
		case <-ctx.Done():
			return true
		case <-turned:
			return true
		case d, ok := <-messages:
			if !ok {
				return false
			}
			l.count(-1)
			m, err := decode(d.Body)
			if err != nil {
				l.setAside(d, err)
				continue
			}
			select {
			case work <- received{m, d}:
			case <-ctx.Done():
				l.giveBack(d)
			case <-turned:
				l.giveBack(d)
			}
		}
	}
}

func lost(err *amqp.Error) error {
	if err == nil {
		return amqp.ErrClosed
	}
	return err
}

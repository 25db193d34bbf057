package rabbit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"sluice/gateway/queue"
)

// maxInFlight bounds a line's messages without a confirm, also of callers who have given up.
const maxInFlight = 256

// publisher is a line's channel for publishing. All who publish to the line share it, and with it the round trips.
type publisher struct {
	line  *line
	slots chan struct{} // holds one for each message in flight

	turn turn // to use what follows
	ch   *confirming
}

func (p *publisher) init(l *line) {
	p.line, p.slots, p.turn = l, make(chan struct{}, maxInFlight), newTurn()
}

// confirming is a channel in confirm mode.
type confirming struct {
	*amqp.Channel
	returns chan amqp.Return // room for all in flight: the library's reader never waits

	givenUp  atomic.Bool
	mu       sync.Mutex
	returned map[string]bool // by message id
}

// flight is a message under way to the broker.
type flight struct {
	m       queue.Message
	id      string
	confirm *amqp.DeferredConfirmation
}

// Publish adds messages to the end of the line and waits for the broker's confirms, all in one round trip. Through
// breaks it tries again for Config.Wait, so that a message may come twice.
func (q *Queue) Publish(ctx context.Context, endpoint string, messages ...queue.Message) error {
	l := q.line(endpoint)
	return l.publish.all(ctx, "", messages)
}

// PublishLater adds a message that becomes visible after delay, or up to the next tier later.
func (q *Queue) PublishLater(ctx context.Context, endpoint string, m queue.Message, delay time.Duration) error {
	if delay <= 0 {
		return q.Publish(ctx, endpoint, m)
	}
	t, err := tier(delay)
	if err != nil {
		return fmt.Errorf("publishing to %s: %w", endpoint, err)
	}
	l := q.line(endpoint)
	if err := l.publish.all(ctx, delayName(t), []queue.Message{m}); err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.later++
	time.AfterFunc(t, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.later--
		l.waiting++
	})
	return nil
}

// all publishes messages, no more at a time than may be in flight.
func (p *publisher) all(ctx context.Context, exchange string, messages []queue.Message) error {
	ctx, cancel := context.WithTimeout(ctx, p.line.q.c.Wait)
	defer cancel()
	for window := range slices.Chunk(messages, maxInFlight) {
		if err := p.window(ctx, exchange, window); err != nil {
			return fmt.Errorf("publishing to %s: %w", p.line.endpoint, err)
		}
	}
	return nil
}

// window publishes until the broker has every message, or ctx has ended.
func (p *publisher) window(ctx context.Context, exchange string, left []queue.Message) error {
	again := retries()
	silent, since := 0, time.Now()
	for len(left) > 0 {
		err := ctx.Err()
		if err == nil {
			left, err = p.try(ctx, exchange, left)
		}
		if errors.Is(err, errSilent) {
			silent++
		} else {
			silent, since = 0, time.Now()
		}
		if silent == 2 {
			err = errors.Join(err, p.line.q.remake(ctx, cmp.Or(exchange, p.line.name), since))
		}
		if err != nil && !pause(ctx, again.NextBackOff()) {
			return err
		}
	}
	return nil
}

var (
	errReturned = errors.New("the broker has no such queue")
	errRefused  = errors.New("the broker refused a message")
	errSilent   = errors.New("the broker has not confirmed")
)

// try publishes once, and returns the messages that the broker may not have.
func (p *publisher) try(ctx context.Context, exchange string, messages []queue.Message) (left []queue.Message, err error) {
	if err := p.line.q.publishing.wait(ctx); err != nil {
		return messages, err
	}
	if _, err := p.line.declare(ctx); err != nil {
		return messages, err
	}
	ch, flights, err := p.send(ctx, exchange, messages)
	unsent := messages[len(flights):]
	type outcome struct {
		left []queue.Message
		err  error
	}
	settled := make(chan outcome, 1)
	p.line.q.running.Go(func() {
		left, err := p.settle(ch, flights)
		settled <- outcome{left, err}
	})
	select {
	case o := <-settled:
		if exchange == "" {
			p.line.count(len(flights) - len(o.left))
		}
		return append(o.left, unsent...), errors.Join(o.err, err)
	case <-ctx.Done():
		if why := p.line.q.publishing.trouble(); why != nil {
			return messages, waited(ctx, why)
		}
		return messages, fmt.Errorf("%w (%w)", errSilent, ctx.Err())
	}
}

// send writes the messages; those that are on their way come back as flights, and must be settled.
func (p *publisher) send(ctx context.Context, exchange string, messages []queue.Message) (ch *confirming, flights []flight, err error) {
	if err := p.turn.take(ctx); err != nil {
		return nil, nil, err
	}
	defer p.turn.leave()
	if err := p.open(ctx); err != nil {
		return nil, nil, err
	}
	for _, m := range messages {
		select {
		case p.slots <- struct{}{}:
		case <-ctx.Done():
			return p.ch, flights, ctx.Err()
		}
		f := flight{m: m, id: strconv.FormatUint(p.ch.GetNextPublishSeqNo(), 10)}
		publishing, err := encode(m, f.id)
		if err == nil {
			f.confirm, err = p.ch.PublishWithDeferredConfirm(exchange, p.line.name, true, false, publishing)
		}
		if err != nil {
			<-p.slots
			return p.ch, flights, err
		}
		flights = append(flights, f)
	}
	return p.ch, flights, nil
}

// open makes sure of a channel; it needs the turn.
func (p *publisher) open(ctx context.Context) error {
	if p.ch != nil && !p.ch.IsClosed() && !p.ch.givenUp.Load() {
		return nil
	}
	conn, err := p.line.q.publishing.get(ctx)
	if err != nil {
		return err
	}
	ch, err := get(ctx, func() (*amqp.Channel, error) {
		ch, err := conn.Channel()
		if err == nil {
			err = ch.Confirm(false)
		}
		return ch, err
	})
	if err != nil {
		return err
	}
	p.ch = &confirming{Channel: ch, returned: map[string]bool{}, returns: ch.NotifyReturn(make(chan amqp.Return, maxInFlight))}
	return nil
}

// settle waits for the confirms and returns what the broker may not have. A channel that refuses is given up: one
// that was opened too early after its queue's leader was lost refuses for ever, and one that is silent is no better.
func (p *publisher) settle(ch *confirming, flights []flight) (left []queue.Message, err error) {
	silence := time.NewTicker(p.line.q.c.Silence)
	defer silence.Stop()
	for _, f := range flights {
		for waiting := err != errSilent; waiting; {
			select {
			case <-f.confirm.Done():
				waiting = false
			case <-silence.C:
				if p.line.q.publishing.trouble() == nil { // in an alarm the broker is silent
					waiting, err = false, errSilent
				}
			}
		}
		<-p.slots
		switch {
		case !f.confirm.Acked():
			left, err = append(left, f.m), cmp.Or(err, errRefused)
		case ch.wasReturned(f.id):
			left, err = append(left, f.m), cmp.Or(err, errReturned)
		}
	}
	switch err {
	case errSilent, errRefused:
		ch.giveUp()
	case errReturned:
		p.line.forget(context.Background())
	}
	return left, err
}

// wasReturned tells whether a confirmed message came back, which it does before its confirm.
func (ch *confirming) wasReturned(id string) bool {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	for {
		select {
		case r, ok := <-ch.returns:
			if ok {
				ch.returned[r.MessageId] = true
				continue
			}
		default:
		}
		break
	}
	was := ch.returned[id]
	delete(ch.returned, id)
	return was
}

// giveUp closes the channel without waiting for the broker. Messages without a confirm count as not taken.
func (ch *confirming) giveUp() {
	if !ch.givenUp.Swap(true) {
		go ch.Close() //nolint:errcheck // it is of no use any more
	}
}

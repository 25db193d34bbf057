// Package queue says what to do next: it carries the ids of deliveries from the feeder to the workers of
// one agency endpoint. The store is the truth. A queue may lose or double a message without harm, because
// every message names the epoch under which its delivery was handed out, and a stale one is dropped.
package queue

import (
	"context"
	"errors"
	"time"
)

// Message names one delivery that is due. It never carries personal data.
type Message struct {
	DeliveryID string `json:"deliveryId"`
	Epoch      int64  `json:"epoch"`
}

// Handler does what a message asks for. Nil acknowledges the message; an error hands it back to the head of
// its queue, to be handled again by whoever consumes then. A handler hands back only what it may not touch
// while the endpoint is paused: anything else would come round at once.
type Handler func(ctx context.Context, m Message) error

// ErrFull says that the endpoint's window is full. The message stays in the store, which offers it again.
var ErrFull = errors.New("queue: the endpoint's window is full")

// ErrAway says that the queue can't be used for now. It tells the operator so itself, once.
var ErrAway = errors.New("queue: the broker is away")

// Queue has one line of messages an endpoint. It must be safe for concurrent use.
type Queue interface {
	// Publish adds messages in their order; nil means that the queue has all of them, as durably as it keeps anything.
	// With an error it may have some.
	Publish(ctx context.Context, endpoint string, messages ...Message) error
	// PublishLater adds a message that becomes visible after delay, at most ten minutes.
	PublishLater(ctx context.Context, endpoint string, m Message, delay time.Duration) error
	// Consume handles an endpoint's messages, at most prefetch at a time, until ctx ends;
	// it returns when the last handler has.
	Consume(ctx context.Context, endpoint string, prefetch int, handle Handler) error
	// Pause stops handing out an endpoint's messages; those under way are not touched. Resume goes on.
	Pause(endpoint string)
	Resume(endpoint string)
	// Len counts the messages of an endpoint that wait for a consumer, the later ones included.
	Len(ctx context.Context, endpoint string) (int, error)
}

package events

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"sluice/gateway/store"
)

// lane tells one client its events.
type lane struct {
	*Publisher
	client string
	hook   *Webhook
	wake   chan struct{}
	slots  chan struct{} // taken by those who tell

	mu   sync.Mutex
	busy map[int64]bool // streams that are being told
}

func newLane(p *Publisher, client string, hook *Webhook) *lane {
	return &lane{Publisher: p, client: client, hook: hook, wake: make(chan struct{}, 1), slots: make(chan struct{}, p.c.Workers), busy: map[int64]bool{}}
}

func (l *lane) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// run tells what is due until ctx ends and all workers have ended.
func (l *lane) run(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	timer := time.NewTicker(tick)
	defer timer.Stop()
	for {
		if err := l.round(ctx, &workers); err != nil && ctx.Err() == nil {
			l.c.Log.Error("events could not be read", "client", l.client, "err", err)
		}
		select {
		case <-l.wake:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// round hands what is due now to workers. What is being told is left alone, also where that ends during the round: what
// was read of it is out of date by then.
func (l *lane) round(ctx context.Context, workers *sync.WaitGroup) error {
	busy := l.streams()
	due, err := l.c.Outbox.NextEvents(ctx, l.client, l.c.Now(), perRound, perStream)
	if err != nil {
		return err
	}
	for len(due) > 0 {
		n := 1
		for n < len(due) && due[n].Stream == due[0].Stream {
			n++
		}
		events := due[:n]
		due = due[n:]
		if busy[events[0].Stream] {
			continue
		}
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		l.mark(events[0].Stream, true)
		workers.Go(func() {
			err := l.tell(ctx, events)
			l.mark(events[0].Stream, false)
			<-l.slots
			if err != nil { // told again after a tick, and not at once: the store may have no room
				l.c.Log.Error("what the portal was told could not be recorded", "client", l.client, "event", events[0].ID, "err", err)
				return
			}
			l.signal()
		})
	}
	return nil
}

// streams are those that are being told.
func (l *lane) streams() map[int64]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.busy)
}

func (l *lane) mark(stream int64, busy bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if busy {
		l.busy[stream] = true
	} else {
		delete(l.busy, stream)
	}
}

// tell posts events of one stream in order until one is not taken, and records both in as few writes as can be.
func (l *lane) tell(ctx context.Context, events []store.Outgoing) error {
	told := store.Delivered{Stream: events[0].Stream, First: events[0].N}
	var failed *store.Outgoing
	var why error
	for i := range events {
		if why = l.hook.post(ctx, &events[i], l.c.Now(), l.c.Attempt); why != nil {
			failed = &events[i]
			break
		}
		told.Last = events[i].N
	}
	// What was taken is recorded also while the hub stops: it would be told twice otherwise.
	record, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	var errs []error
	if told.Last > 0 {
		errs = append(errs, l.c.Outbox.EventsDelivered(record, []store.Delivered{told}, l.c.Now()))
	}
	if failed != nil && ctx.Err() == nil {
		next := l.c.Now().Add(l.after(failed.Attempts + 1))
		l.c.Log.Warn("an event was not taken", "client", l.client, "event", failed.ID, "type", failed.Type, "attempt", failed.Attempts+1, "next", next, "err", why)
		errs = append(errs, l.c.Outbox.EventFailed(record, failed.Stream, failed.N, next, why.Error()))
	}
	return errors.Join(errs...)
}

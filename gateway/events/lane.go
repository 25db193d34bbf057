package events

import (
	"context"
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
}

func newLane(p *Publisher, client string, hook *Webhook) *lane {
	return &lane{Publisher: p, client: client, hook: hook, wake: make(chan struct{}, 1), slots: make(chan struct{}, p.c.Workers)}
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
			l.c.Log.Error("events could not be claimed or given back", "client", l.client, "err", err)
		}
		select {
		case <-l.wake:
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// round claims what is due now and hands it to workers. What they can't begin in time is given back.
func (l *lane) round(ctx context.Context, workers *sync.WaitGroup) error {
	now := l.c.Now()
	until := now.Add(l.claim())
	due, err := l.c.Outbox.NextEvents(ctx, l.client, l.c.Owner, now, until, perRound, perStream)
	if err != nil {
		return err
	}
	for len(due) > 0 {
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			return l.giveBack(ctx, due)
		}
		if !l.fits(until) {
			<-l.slots
			return l.giveBack(ctx, due)
		}
		var events []store.Outgoing
		events, due = turn(due)
		workers.Go(func() {
			defer func() { <-l.slots }()
			if err := l.tell(ctx, events, until); err != nil { // told again when the claim has ended
				l.c.Log.Error("what the portal was told could not be recorded", "client", l.client, "event", events[0].ID, "err", err)
				return
			}
			l.signal()
		})
	}
	return nil
}

// turn parts the events of the first stream from the others.
func turn(due []store.Outgoing) (first, others []store.Outgoing) {
	n := 1
	for n < len(due) && due[n].Stream == due[0].Stream {
		n++
	}
	return due[:n], due[n:]
}

// giveBack ends the claims on streams of which nothing was told.
func (l *lane) giveBack(ctx context.Context, due []store.Outgoing) error {
	var turns []store.Delivered
	for len(due) > 0 {
		turns = append(turns, store.Delivered{Stream: due[0].Stream, First: due[0].N, Last: due[0].N - 1})
		_, due = turn(due)
	}
	return l.record(ctx, turns...)
}

// tell posts events of one stream in order until one is not taken or the claim is about to end, and records what came of it.
func (l *lane) tell(ctx context.Context, events []store.Outgoing, until time.Time) error {
	told := store.Delivered{Stream: events[0].Stream, First: events[0].N, Last: events[0].N - 1}
	for i := range events {
		e := &events[i]
		if i > 0 && !l.fits(until) {
			break
		}
		if err := l.hook.post(ctx, e, l.c.Now(), l.c.Attempt); err != nil {
			if ctx.Err() == nil {
				told.Next, told.Failed = l.c.Now().Add(l.after(e.Attempts+1)), err.Error()
				l.c.Log.Warn("an event was not taken", "client", l.client, "event", e.ID, "type", e.Type, "attempt", e.Attempts+1, "next", told.Next, "err", err)
			}
			break
		}
		told.Last = e.N
	}
	return l.record(ctx, told)
}

// record ends turns, also while the hub stops: what was taken would be told twice otherwise, and the rest wait for nobody.
func (l *lane) record(ctx context.Context, turns ...store.Delivered) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recording)
	defer cancel()
	return l.c.Outbox.EventsDelivered(ctx, l.c.Owner, turns, l.c.Now())
}

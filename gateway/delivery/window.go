package delivery

import (
	"context"
	"errors"
	"time"

	"sluice/gateway"
	"sluice/gateway/queue"
	"sluice/gateway/store"
)

// windowRounds is how many rounds of attempts an endpoint's window holds: enough that workers never wait for the
// feeder, and few, because what is in the window is past reordering by priority.
const windowRounds = 4

func (l *lane) window() int { return windowRounds * l.spec.Concurrency }

// visible is how long a message may wait in the window before its delivery is handed out again, under another
// epoch, because the message must be lost: longer than a full window can take.
func (l *lane) visible() time.Duration {
	d := (windowRounds + 1) * l.attempt
	if l.spec.Rate > 0 {
		d += time.Duration(float64(l.window()) / float64(l.spec.Rate) * float64(time.Second))
	}
	return d + 30*time.Second
}

// fill tops the window up with what is due. It returns when to try again, or zero.
func (l *lane) fill(ctx context.Context, now time.Time) time.Time {
	again := now.Add(l.e.c.Tick)
	queued, err := l.e.c.Queue.Len(ctx, l.line)
	if err != nil {
		l.trouble(ctx, "looking at the queue", err)
		return again
	}
	room := l.window() - queued
	if room < l.window()/2 {
		return time.Time{} // refill looks again when there is room enough
	}
	// What is being handed out when a stop comes must be known here, to be given back.
	taking, cancel := context.WithTimeout(l.e.lease.grace, storeTimeout)
	defer cancel()
	refs, err := l.e.c.Store.Window(taking, l.agency.Name, l.name, now, room, l.visible())
	if err != nil {
		l.trouble(ctx, "handing out deliveries", err)
		return again
	}
	l.drained.Store(len(refs) < room)
	messages := make([]queue.Message, len(refs))
	for i, ref := range refs {
		messages[i] = queue.Message{DeliveryID: ref.DeliveryID, Epoch: ref.Epoch}
	}
	if err := l.e.c.Queue.Publish(ctx, l.line, messages...); err != nil {
		l.trouble(ctx, "publishing deliveries", err)
		l.giveBack(refs, now.Add(l.visible()))
		return again
	}
	return time.Time{}
}

// giveBack makes due again what was handed out until then for a queue that may not have it. A message that it has all the
// same is good until its delivery is handed out anew; what it led to meanwhile stays.
func (l *lane) giveBack(refs []store.Ref, until time.Time) {
	ctx, cancel := context.WithTimeout(l.e.lease.grace, storeTimeout)
	defer cancel()
	l.drained.Store(false)
	l.e.each(refs, func(ref store.Ref) {
		now := l.e.c.Now()
		_, err := l.e.c.Store.Update(ctx, ref.RequestID, func(r *gateway.Request) error {
			d, err := r.Delivery(ref.DeliveryID)
			if err != nil || !d.NextAt.Equal(until.Truncate(time.Microsecond)) {
				return err
			}
			return r.PutBack(ref.Claim(""), now, now)
		})
		if err != nil && !overtaken(err) {
			l.trouble(ctx, "giving back deliveries", err) // they are handed out again when they are visible
		}
	})
}

// refill wakes the feeder when the window is half empty and the store has more.
func (l *lane) refill(ctx context.Context) {
	if l.drained.Load() {
		return
	}
	if queued, err := l.e.c.Queue.Len(ctx, l.line); err != nil || queued <= l.window()/2 {
		signal(l.wake)
	}
}

// trouble logs what an end of the context does not explain, nor what the queue has told.
func (l *lane) trouble(ctx context.Context, doing string, err error) {
	if ctx.Err() == nil && !errors.Is(err, context.Canceled) && !errors.Is(err, queue.ErrAway) {
		l.e.c.Log.Error(doing, "agency", l.agency.Name, "endpoint", l.name, "err", err)
	}
}

// dueAt says that a delivery of the lane becomes due then.
func (l *lane) dueAt(at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if sooner := earliest(l.next, at); !sooner.Equal(l.next) {
		l.next = sooner
		signal(l.wake)
	}
}

// nextDue is when the lane's next delivery becomes due, as far as is known; zero: not known. What has come is
// forgotten, since the window is about to be filled.
func (l *lane) nextDue(now time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.next.After(now) {
		l.next = time.Time{}
	}
	return l.next
}

// wakenShare is the share of its time that waken may have the store busy.
const wakenShare = 0.05

// waken tells the lanes when time makes deliveries due, those of other nodes and of an earlier life included.
// It looks once a tick, and more rarely when so much waits that looking takes long.
func (e *Engine) waken(ctx context.Context) error {
	never := make(chan struct{})
	for {
		start := time.Now()
		backlogs, err := e.c.Store.Lanes(ctx)
		if err != nil {
			e.trouble(ctx, "asking what waits", err)
		}
		now := e.c.Now()
		for _, b := range backlogs {
			switch l := e.byKey[b.Agency+"/"+b.Endpoint]; {
			case l == nil:
			case b.Next.After(now):
				l.dueAt(b.Next)
			default:
				e.Wake(b.Agency, b.Endpoint)
			}
		}
		pause := max(e.c.Tick, time.Duration(float64(time.Since(start))/wakenShare))
		if !e.wait(ctx, never, now.Add(pause)) {
			return ctx.Err()
		}
	}
}

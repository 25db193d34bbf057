package agencysim

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"
)

// PushStats counts what the agencies told by themselves.
type PushStats struct {
	Pending int `json:"pending"` // requests with pushes yet to come or to be taken
	Taken   int `json:"taken"`
	Refused int `json:"refused"` // given up: the hub said that it will never take them
	Failed  int `json:"failed"`  // tries that were, or will be, repeated
}

// push is one request's pushes, one after the other; each waits until the one before is taken.
type push struct {
	agency pushing
	desk   *desk
	seq    int
	steps  []int // which steps to tell, in this order
	tries  int   // of steps[0]
	due    time.Time
}

// pusher sends pushes when they are due, and again until they are taken.
type pusher struct {
	targets map[string]Target
	clock   Clock
	retry   time.Duration
	client  *http.Client
	log     func(p *push, step int, err error)
	note    func(p *push, t Target, header http.Header, body []byte, status int, answer []byte)

	wake chan struct{}

	mu      sync.Mutex
	queue   pushQueue
	stats   PushStats
	quieted chan struct{} // closed when nothing is pending, then made anew
}

func newPusher(cfg Config) *pusher {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = cfg.PushWorkers
	transport.Proxy = nil
	return &pusher{targets: cfg.Push, clock: cfg.Clock, retry: cfg.PushRetry, wake: make(chan struct{}, 1), quieted: make(chan struct{}),
		client: &http.Client{Transport: transport, Timeout: 10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// follow plans the pushes of a filing; below 0 it was withdrawn.
func (s *Sim) follow(ctx context.Context, a agency, d *desk, x exchange, filed int) {
	pa, ok := a.(pushing)
	if _, wanted := s.pusher.targets[d.name]; !ok || !wanted || filed == 0 {
		return
	}
	if filed < 0 {
		s.pusher.add(&push{agency: pa, desk: d, seq: -filed, steps: []int{withdrawnStep}, due: d.now()})
		return
	}
	p := &push{agency: pa, desk: d, seq: filed}
	f, _, _ := d.ledger.get(filed)
	for n := range d.ledger.plans[f.plan] {
		p.steps = append(p.steps, n+1)
	}
	if fault := s.faults.pick(x, pushKinds); fault != nil {
		switch fault.Kind {
		case PushNever:
			return
		case PushDuplicate:
			p.steps = doubled(p.steps)
		case PushReorder:
			swapNeighbours(p.steps)
		case PushUnknownCode:
			d.ledger.setOdd(filed)
		case PushEarly:
			early := &push{agency: pa, desk: d, seq: filed, steps: []int{0}}
			s.pusher.send(ctx, early) // taken or not: the answer of the submission says the same
		}
	}
	if len(p.steps) > 0 {
		p.due = d.ledger.due(&f, p.steps[0])
		s.pusher.add(p)
	}
}

func doubled(steps []int) []int {
	out := make([]int, 0, 2*len(steps))
	for _, n := range steps {
		out = append(out, n, n)
	}
	return out
}

func swapNeighbours(steps []int) {
	for i := 1; i < len(steps); i += 2 {
		steps[i-1], steps[i] = steps[i], steps[i-1]
	}
}

func (p *pusher) add(one *push) {
	p.mu.Lock()
	p.stats.Pending++
	heap.Push(&p.queue, one)
	p.mu.Unlock()
	p.nudge()
}

func (p *pusher) again(one *push, due time.Time) {
	one.due = due
	p.mu.Lock()
	heap.Push(&p.queue, one)
	p.mu.Unlock()
	p.nudge()
}

func (p *pusher) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run hands due pushes to workers until ctx ends.
func (p *pusher) run(ctx context.Context, workers int) {
	due := make(chan *push)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for one := range due {
				p.deliver(ctx, one)
			}
		})
	}
	defer wg.Wait()
	defer close(due)
	for {
		one, wait := p.next()
		if one != nil {
			select {
			case due <- one:
				continue
			case <-ctx.Done():
				return
			}
		}
		var stop func() bool
		if wait > 0 {
			stop = p.clock.AfterFunc(wait, p.nudge)
		}
		select {
		case <-p.wake:
		case <-ctx.Done():
		}
		if stop != nil {
			stop()
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// next takes the first due push, or says how long the first one waits; 0 when there is none.
func (p *pusher) next() (*push, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return nil, 0
	}
	if wait := p.queue[0].due.Sub(p.clock.Now()); wait > 0 {
		return nil, wait
	}
	return heap.Pop(&p.queue).(*push), 0
}

// deliver sends the first step of one and plans what comes after it.
func (p *pusher) deliver(ctx context.Context, one *push) {
	err := p.send(ctx, one)
	now := p.clock.Now()
	switch {
	case ctx.Err() != nil:
		return
	case errors.Is(err, errGone):
		p.end()
		return
	case err == nil:
		p.count(func(st *PushStats) { st.Taken++ })
	case errors.Is(err, errRefused):
		p.log(one, one.steps[0], err)
		p.count(func(st *PushStats) { st.Refused++ })
	default:
		p.log(one, one.steps[0], err)
		p.count(func(st *PushStats) { st.Failed++ })
		wait := min(p.retry<<min(one.tries, 7), 100*p.retry)
		one.tries++
		p.again(one, now.Add(wait))
		return
	}
	one.steps, one.tries = one.steps[1:], 0
	if len(one.steps) == 0 {
		p.end()
		return
	}
	f, _, _ := one.desk.ledger.get(one.seq)
	p.again(one, one.desk.ledger.due(&f, one.steps[0]))
}

func (p *pusher) count(change func(*PushStats)) {
	p.mu.Lock()
	change(&p.stats)
	p.mu.Unlock()
}

func (p *pusher) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stats.Pending--
	if p.stats.Pending == 0 {
		close(p.quieted)
		p.quieted = make(chan struct{})
	}
}

// quiet waits until nothing is pending.
func (p *pusher) quiet(ctx context.Context) error {
	for {
		p.mu.Lock()
		pending, quieted := p.stats.Pending, p.quieted
		p.mu.Unlock()
		if pending == 0 {
			return nil
		}
		select {
		case <-quieted:
		case <-ctx.Done():
			return fmt.Errorf("%d requests have pushes that are not taken: %w", pending, ctx.Err())
		}
	}
}

// errGone says that a withdrawn request has no such step any more.
var errGone = errors.New("the step will not happen")

// send tells the hub of one's first step.
func (p *pusher) send(ctx context.Context, one *push) error {
	step := one.steps[0]
	f, number, _ := one.desk.ledger.get(one.seq)
	var what *told
	// The step is due, though a clock set back, or pushes out of order, may put it past now.
	for _, t := range one.desk.ledger.history(one.seq, p.clock.Now().Add(time.Hour*24*365)) {
		if t.n == step {
			what = &t
			break
		}
	}
	if what == nil {
		return errGone
	}
	target := p.targets[one.desk.name]
	header, body := one.agency.push(f, number, *what, noticeID(one.desk.name, one.seq, step))
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = header
	if target.Token != "" {
		req.Header.Set("Authorization", "Bearer "+target.Token)
	}
	res, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	p.note(one, target, header, body, res.StatusCode, answer)
	if err != nil {
		return err
	}
	return one.agency.taken(res, answer)
}

// noticeID is the same for every try of a push.
func noticeID(agency string, seq, step int) string {
	b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint64([]byte(agency), uint64(seq)), uint32(step))
	return uuid.NewSHA1(uuid.NameSpaceOID, b).String()
}

// pushQueue is a heap, the first due on top.
type pushQueue []*push

func (q pushQueue) Len() int           { return len(q) }
func (q pushQueue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q pushQueue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *pushQueue) Push(x any)        { *q = append(*q, x.(*push)) }
func (q *pushQueue) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

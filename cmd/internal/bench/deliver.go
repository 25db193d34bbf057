package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"sluice"
	"sluice/cmd/internal/agencysim"
	"sluice/cmd/internal/simulated"
	"sluice/contracts/canonical"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/mappings"
)

// The size of the measurement of deliveries.
const (
	deliveries = 2000
	calls      = 32                   // to the agency at once, the hub's and the floor's alike
	submitters = 4 * calls            // portals' calls at once: enough that deliveries always wait
	look       = 5 * time.Millisecond // at the hub's count, at the most often
)

const (
	drainNote = "deliveries: %d requests for ZAGS wait in the store, their endpoint held by an operator; from its release until the last receipt is " +
		"recorded: handed out, mapped, sent, and the receipt stored with the attempt. The hub's metrics tell when, asked twenty times a second and more often towards the end, at most every %v"
	throughNote = "accept to receipt: as many requests, %d portals' calls at once, each from its POST over HTTP to the answer with the receipt: " +
		"accepted and stored, then all of the above"
	floorNote = "the floor of both posts ready envelopes to the same agency; %d calls to the agency at once on all sides"
)

func benchDeliver(ctx context.Context, s *session) error {
	r, err := s.newRig(ctx, "deliver", simulated.Pace{Concurrency: calls}, false)
	if err != nil {
		return err
	}
	defer r.close() //nolint:errcheck // measured and done
	envelope, err := newEnvelope()
	if err != nil {
		return err
	}
	round := 0
	bodies := func() ([][]byte, error) {
		round++
		return samples("family-composition", fmt.Sprintf("d%d", round), deliveries)
	}
	waiting := way{rig: r, ready: func() (func() error, error) {
		all, err := bodies()
		if err != nil {
			return nil, err
		}
		if err := r.operate(ctx, "endpoints/zags/moscow/hold"); err != nil {
			return nil, err
		}
		if err := atOnce(submitters, deliveries, func(i int) error { return r.submit(ctx, all[i], false) }); err != nil {
			return nil, err
		}
		before, err := r.recorded(ctx)
		return func() error {
			if err := r.operate(ctx, "endpoints/zags/moscow/release"); err != nil {
				return err
			}
			return r.untilRecorded(ctx, before+deliveries)
		}, err
	}}
	through := way{rig: r, ready: func() (func() error, error) {
		all, err := bodies()
		return func() error {
			return atOnce(submitters, deliveries, func(i int) error { return r.submit(ctx, all[i], true) })
		}, err
	}}
	floor := way{rig: r, ready: func() (func() error, error) {
		all := make([][]byte, deliveries)
		for i := range all {
			all[i] = envelope.fresh()
		}
		return func() error {
			return atOnce(calls, deliveries, func(i int) error { return envelope.post(ctx, r, all[i]) })
		}, nil
	}}
	drained, err := s.inTurn(waiting.perSecond, floor.perSecond)
	if err != nil {
		return err
	}
	answered, err := s.inTurn(through.perSecond, floor.perSecond)
	if err != nil {
		return err
	}
	s.note(drainNote, deliveries, look)
	s.note(throughNote, submitters)
	s.note(floorNote, calls)
	s.note("processor time of each of them: deliveries: %v; accept to receipt: %v; the floor: %v", &waiting, &through, &floor)
	s.add(drained.row("deliveries", "/s", atLeast(0.4)))
	s.add(answered.row("accept to receipt", "/s", noTarget))
	r.memory(s, "deliveries")
	return nil
}

// way is one way to bring as many messages to ZAGS: ready prepares a round, and what it returns is measured.
type way struct {
	*rig
	ready func() (run func() error, err error)
	count int
	used  spending
}

func (w *way) perSecond() (float64, error) {
	run, err := w.ready()
	if err != nil {
		return 0, err
	}
	before, start := w.spent(), time.Now()
	err = run()
	took := time.Since(start)
	w.used.add(before, w.spent())
	w.count += deliveries
	return deliveries / took.Seconds(), err
}

func (w *way) String() string { return w.used.each(w.count) }

// recorded is how many receipts of ZAGS the hub has recorded since its start, by its metrics.
func (r *rig) recorded(ctx context.Context) (int, error) {
	body, err := r.operators(ctx, http.MethodGet, "metrics", nil)
	if err != nil {
		return 0, err
	}
	const series = `sluice_deliveries_total{agency="zags",endpoint="moscow",state="registered"} `
	_, rest, found := bytes.Cut(body, []byte(series))
	if !found {
		return 0, nil // a series begins with its first value
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	n, err := strconv.ParseFloat(string(line), 64) // 1e+06 at a million
	return int(n), err
}

// untilRecorded waits until the hub has recorded n receipts of ZAGS. To ask costs the hub as much as a delivery or two, so
// that it is asked twenty times a second, and more often only towards the end that is to be expected.
func (r *rig) untilRecorded(ctx context.Context, n int) error {
	const seldom = 50 * time.Millisecond
	first, err := r.recorded(ctx)
	start, have := time.Now(), first
	for err == nil && have < n {
		left := time.Since(start) * time.Duration(n-have) / time.Duration(max(have-first, 1))
		select {
		case <-time.After(min(max(left/2, look), seldom)):
		case <-ctx.Done():
			return ctx.Err()
		}
		have, err = r.recorded(ctx)
	}
	return err
}

// envelope is the sample request as it goes to ZAGS, ready but for its message id.
type envelope struct {
	parts       [2][]byte
	action      string
	contentType string
}

func newEnvelope() (*envelope, error) {
	service, _, err := zagsService()
	if err != nil {
		return nil, err
	}
	use := service.Submit
	doc, err := fs.ReadFile(sluice.Workspace, "contracts/services/samples/family-composition.json")
	if err != nil {
		return nil, err
	}
	m, err := canonical.Parse(doc)
	if err != nil {
		return nil, err
	}
	out, err := use.Out.Program.Run(mappings.Input{Request: m.Tree(), Message: tree.Of("id", messageID)})
	if err != nil {
		return nil, err
	}
	wire, err := use.Operation.Request.Append(nil, out.Tree)
	if err != nil {
		return nil, err
	}
	before, after, found := bytes.Cut(wire, []byte(messageID))
	op, native := use.Operation.Native.(*wsdl.Operation)
	if !found || !native {
		return nil, fmt.Errorf("the request of ZAGS has no message id, or no SOAP action")
	}
	return &envelope{[2][]byte{before, after}, strconv.Quote(op.Action), op.ContentType()}, nil
}

// fresh is an envelope with an id of its own: the agency would absorb a repeated one.
func (e *envelope) fresh() []byte {
	return bytes.Join(e.parts[:], []byte(uuid.NewString()))
}

func (e *envelope) post(ctx context.Context, r *rig, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.sim.URL(agencysim.ZAGS, "moscow"), bytes.NewReader(body))
	if err != nil {
		return err
	}
	user, password, _ := strings.Cut(agencysim.DefaultCredentials.ZAGS, ":")
	req.SetBasicAuth(user, password)
	req.Header.Set("Content-Type", e.contentType)
	req.Header.Set("Soapaction", e.action)
	_, err = r.do(req, http.StatusOK)
	return err
}

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
	deliveries = 1500
	calls      = 32        // to the agency at once, the hub's and the floor's alike
	submitters = 4 * calls // portals' calls at once, each waiting for its receipt: enough that deliveries always wait
)

const deliverNote = "%d requests for ZAGS, %d portals' calls at once: accepted, mapped, sent, receipt recorded, and the portal answered; " +
	"the floor posts ready envelopes to the same agency; %d calls to the agency at once on both sides"

func benchDeliver(ctx context.Context, s *session) error {
	r, err := s.newRig(ctx, "deliver", simulated.Pace{Concurrency: calls}, false)
	if err != nil {
		return err
	}
	defer r.close() //nolint:errcheck // measured and done
	round := 0
	var spent, floorSpent spending
	ours := func() (float64, error) {
		round++
		bodies, err := samples("family-composition", fmt.Sprintf("d%d", round), deliveries)
		if err != nil {
			return 0, err
		}
		before, start := r.spent(), time.Now()
		err = atOnce(submitters, deliveries, func(i int) error { return r.submit(ctx, bodies[i], true) })
		took := time.Since(start)
		spent.add(before, r.spent())
		return deliveries / took.Seconds(), err
	}
	envelope, err := newEnvelope()
	if err != nil {
		return err
	}
	floor := func() (float64, error) {
		ready := make([][]byte, deliveries)
		for i := range ready {
			ready[i] = envelope.fresh()
		}
		before, start := r.spent(), time.Now()
		err := atOnce(calls, deliveries, func(i int) error { return envelope.post(ctx, r, ready[i]) })
		took := time.Since(start)
		floorSpent.add(before, r.spent())
		return deliveries / took.Seconds(), err
	}
	m, err := s.inTurn(ours, floor)
	if err != nil {
		return err
	}
	s.note(deliverNote, deliveries, submitters, calls)
	s.note("processor time a delivery: %s; of the floor: %s", spent.each(round*deliveries), floorSpent.each(round*deliveries))
	s.add(m.row("deliveries", "/s", atLeast(0.4)))
	r.memory(s, "deliveries")
	return nil
}

// envelope is the sample request as it goes to ZAGS, ready but for its message id.
type envelope struct {
	parts       [2][]byte
	action      string
	contentType string
}

func newEnvelope() (*envelope, error) {
	registry, _, err := loadRegistry()
	if err != nil {
		return nil, err
	}
	use, err := zagsSubmit(registry)
	if err != nil {
		return nil, err
	}
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

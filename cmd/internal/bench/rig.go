package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"sluice"
	"sluice/cmd/internal/process"
	"sluice/cmd/internal/simulated"
)

// rig is the hub and the simulated agencies, each a process of its own; the portals are this one.
type rig struct {
	hub     *process.Hub
	sim     *process.Sim
	webhook *httptest.Server // nil: the portal is told no events
	client  *http.Client
}

// newRig starts everything. The agencies leave out validation: they cost as little as they can.
func (s *session) newRig(ctx context.Context, name string, pace simulated.Pace, events bool) (r *rig, err error) {
	dir := filepath.Join(s.dir, name)
	if err := anew(dir); err != nil {
		return nil, err
	}
	r = &rig{client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true}}}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.close())
		}
	}()
	if r.sim, err = process.StartSim(ctx, dir, filepath.Join(s.bin, "agencysim"), "-lenient"); err != nil {
		return r, forgotten(err)
	}
	workspace := filepath.Join(dir, "workspace")
	if err := simulated.Workspace(workspace, sluice.Workspace, r.sim.URL, pace); err != nil {
		return r, err
	}
	if r.hub, err = process.NewHub(dir, filepath.Join(s.bin, "sluice")); err != nil {
		return r, err
	}
	settings := process.Settings{Workspace: workspace, First: 200 * time.Millisecond, Max: time.Second}
	if events {
		r.webhook = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			_, _ = io.Copy(io.Discard, req.Body)
			w.WriteHeader(http.StatusNoContent)
		}))
		settings.Webhook = r.webhook.URL
	}
	if err := r.hub.Configure(settings); err != nil {
		return r, err
	}
	_, err = r.hub.Start(ctx)
	return r, err
}

// forgotten says what to do about a binary that is not there.
func forgotten(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w; make build makes it, and -bin says where it is", err)
	}
	return err
}

func (r *rig) close() error {
	var errs []error
	if r.hub != nil {
		errs = append(errs, r.hub.Close())
	}
	if r.sim != nil {
		errs = append(errs, r.sim.Close())
	}
	if r.webhook != nil {
		r.webhook.Close()
	}
	r.client.CloseIdleConnections()
	return errors.Join(errs...)
}

// submit sends a request to the hub; with wait it returns when the agency's receipt is recorded.
func (r *rig) submit(ctx context.Context, body []byte, wait bool) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+r.hub.Portal+"/v1/requests", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+process.PortalToken)
	req.Header.Set("Content-Type", "application/json")
	want := http.StatusAccepted
	if wait {
		req.Header.Set("Prefer", "wait=60")
		want = http.StatusCreated
	}
	_, err = r.do(req, want)
	return err
}

// operate has the operators' door do something.
func (r *rig) operate(ctx context.Context, call string) error {
	_, err := r.operators(ctx, http.MethodPost, "v1/"+call, []byte(`{"reason": "measuring"}`))
	return err
}

// operators makes a call of the operators' door.
func (r *rig) operators(ctx context.Context, method, call string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+r.hub.Operators+"/"+call, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+process.OperatorToken)
	req.Header.Set("Content-Type", "application/json")
	return r.do(req, http.StatusOK)
}

// do makes a call and returns the body of an answer that has the wanted status.
func (r *rig) do(req *http.Request, want int) ([]byte, error) {
	resp, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want {
		err = fmt.Errorf("%s %s: %s %.500s", req.Method, req.URL, resp.Status, body)
	}
	return body, err
}

// admin makes an admin call of the simulated agencies.
func (r *rig) admin(ctx context.Context, method, call string, want int, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, r.sim.Admin(call), bytes.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := r.do(req, want)
	if err != nil || out == nil {
		return err
	}
	return json.Unmarshal(answer, out)
}

// memory adds the row of the hub's peak.
func (r *rig) memory(s *session, load string) {
	peak, err := peakMemory(r.hub.PID())
	if err != nil {
		s.note("memory: %v", err)
		return
	}
	s.add(absolute("memory, "+load, peak, "MB", atMost(80)))
}

// spending is what hub, agencies and this process have used of the processors; its differences say what a piece of work cost.
type spending [3]time.Duration

func (r *rig) spent() (u spending) {
	u[0], _ = processorTimeOf(r.hub.PID()) // zero where nobody can tell
	u[1], _ = processorTimeOf(r.sim.PID())
	u[2] = processorTime()
	return u
}

func (u *spending) add(before, after spending) {
	for i := range u {
		u[i] += after[i] - before[i]
	}
}

// each is the share of one of n.
func (u spending) each(n int) string {
	us := func(d time.Duration) string { return fmt.Sprintf("%.0f µs", float64(d.Microseconds())/float64(n)) }
	return fmt.Sprintf("hub %s, agencies %s, portals %s", us(u[0]), us(u[1]), us(u[2]))
}

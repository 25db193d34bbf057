package soak

import (
	"context"
	"encoding/json"
	"flag"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"sluice"
	"sluice/cmd/internal/agencysim"
	"sluice/cmd/internal/process"
	"sluice/cmd/internal/simulated"
	"sluice/gateway"
)

var (
	soakTime    = flag.Duration("soak.time", 15*time.Second, "how long the hub is under load, killed and served faults")
	soakSeed    = flag.Uint64("soak.seed", 1, "decides requests, faults and kills")
	soakWorkers = flag.Int("soak.workers", 4, "portals that submit at once, each waiting for its answer")
	soakPace    = flag.Duration("soak.pace", 20*time.Millisecond, "what each waits between two submissions")
	soakQuiet   = flag.Duration("soak.quiet", 2*time.Minute, "how long the portal may hear nothing afterwards before what is open counts as stuck")
)

// TestSoak kills the hub with kill -9 at random, under load and with agencies and a webhook that misbehave, and counts
// from outside what was lost, doubled, left untold or told wrong.
func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("the soak takes " + soakTime.String())
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()

	h := newHub(t, dir)
	sim, err := agencysim.Start(ctx, agencysim.Config{
		Seed:      *soakSeed,
		StepDelay: 300 * time.Millisecond,
		Push: map[string]agencysim.Target{
			agencysim.ZAGS:   {URL: "http://" + h.Agencies + "/agencies/zags", Token: process.ZAGSToken},
			agencysim.Social: {URL: "http://" + h.Agencies + "/agencies/social/status", Token: process.SocialToken},
		},
		Chaos:    agencysim.Chaos{Rate: 0.12, PushRate: 0.2, PushKind: pushFaults, OutageEvery: 7 * time.Second, OutageFor: 2 * time.Second},
		WireKeep: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
	})
	workspace := filepath.Join(dir, "workspace")
	pace := simulated.Pace{Attempt: time.Second, Open: time.Second, Slow: 900 * time.Millisecond,
		Settle: time.Second, First: time.Second, Every: 2 * time.Second, Quiet: 3 * time.Second}
	if err := simulated.Workspace(workspace, sluice.Workspace, sim.AgencyURL, pace); err != nil {
		t.Fatal(err)
	}
	p := newPortal(t, h.Portal, samples(t), *soakSeed)
	settings := process.Settings{Workspace: workspace, Webhook: p.webhook.URL, First: 500 * time.Millisecond, Max: 4 * time.Second}
	if err := h.Configure(settings); err != nil {
		t.Fatal(err)
	}
	h.start(ctx)
	defer h.Kill()

	loadFor, stopLoad := context.WithTimeout(ctx, *soakTime)
	defer stopLoad()
	load(ctx, loadFor, p)
	killAtRandom(ctx, loadFor, h)
	drained := drain(ctx, p)
	verdict := Check(history(p, sim))
	t.Logf("seed %d, %v of load, %d kills, slowest restart %v, drained in %v\n%s",
		*soakSeed, *soakTime, h.kills, h.restartMax.Round(time.Millisecond), drained.Round(time.Millisecond), verdict)
	if len(p.refused) > 0 {
		t.Errorf("%d sound requests were refused, such as %s", len(p.refused), p.refused[0])
	}
	if verdict.Accepted < 20 || h.kills < 2 {
		t.Errorf("only %d requests and %d kills: this proves nothing", verdict.Accepted, h.kills)
	}
	if !verdict.OK() {
		kept := filepath.Join(os.TempDir(), "sluice-soak-failed")
		_ = os.RemoveAll(kept)
		if err := os.CopyFS(kept, os.DirFS(dir)); err != nil {
			t.Log(err)
		}
		t.Errorf("the promise is broken; database and log are kept in %s", kept)
	}
}

// pushFaults leave out codes that nobody knows: those never lead to a final status by push alone.
var pushFaults = []agencysim.Kind{agencysim.PushDuplicate, agencysim.PushReorder, agencysim.PushNever, agencysim.PushEarly}

// load submits until loadFor ends; what is not answered by then is submitted on until ctx ends.
func load(ctx, loadFor context.Context, p *portal) {
	var n atomic.Int64
	for range *soakWorkers {
		p.workers.Add(1)
		go func() {
			pause := time.NewTicker(*soakPace)
			defer pause.Stop()
			for loadFor.Err() == nil {
				p.submit(ctx, int(n.Add(1)))
				<-pause.C
			}
			p.workers.Done()
		}()
	}
}

// killAtRandom kills and starts the hub until loadFor ends, and leaves it running.
func killAtRandom(ctx, loadFor context.Context, h *hub) {
	r := rand.New(rand.NewPCG(*soakSeed, 1))
	for {
		due := time.NewTimer(time.Second + time.Duration(r.Int64N(int64(3*time.Second))))
		select {
		case <-due.C:
			h.kill()
			h.start(ctx)
		case <-loadFor.Done():
			due.Stop()
			return
		}
	}
}

// drain waits until the portal has heard the end of every request, or nothing for too long: what waits may be much, since
// the load leaves the hub little time between two kills, but it must go on becoming less.
func drain(ctx context.Context, p *portal) time.Duration {
	began := time.Now()
	p.workers.Wait()
	quiet := time.NewTimer(*soakQuiet)
	defer quiet.Stop()
	for p.open() > 0 {
		select {
		case <-p.changed:
			quiet.Reset(*soakQuiet)
		case <-quiet.C:
			return time.Since(began)
		case <-ctx.Done():
			return time.Since(began)
		}
	}
	return time.Since(began)
}

// history gathers what was seen from outside. The agencies know a request by the id of its message.
func history(p *portal, sim *agencysim.Sim) History {
	p.mu.Lock()
	defer p.mu.Unlock()
	byMessage := map[string]string{}
	for _, a := range p.accepted {
		byMessage[gateway.MessageID(gateway.DeliveryID(a.RequestID, 1))] = a.RequestID
	}
	h := History{Accepted: p.accepted, Events: p.events}
	for _, e := range sim.Effects("") {
		id := byMessage[e.MessageID]
		if id == "" {
			id = "message " + e.MessageID
		}
		h.Effects = append(h.Effects, Effect{RequestID: id, Agency: e.Agency, Count: e.Count, FinalStatus: p.fate[id]})
	}
	return h
}

// samples reads the sample request of each service.
func samples(t *testing.T) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	for _, s := range services {
		b, err := fs.ReadFile(sluice.Workspace, path.Join("contracts/services/samples", s.name+".json"))
		if err != nil {
			t.Fatal(err)
		}
		var doc map[string]any
		if err := json.Unmarshal(b, &doc); err != nil {
			t.Fatal(err)
		}
		out[s.name] = doc
	}
	return out
}

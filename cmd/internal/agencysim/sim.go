package agencysim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Sim is the agencies, running.
type Sim struct {
	cfg      Config
	desks    map[string]*desk
	agencies map[string]agency
	faults   *faults
	pusher   *pusher
	wire     *wire
	journal  *journal
	main     *gate
	gates    map[string]*gate

	cancel context.CancelFunc
	ended  chan struct{}
	once   sync.Once
	err    error
}

// Start compiles the contracts, opens the doors and returns while the agencies work. They end with ctx or by Close.
func Start(ctx context.Context, cfg Config) (*Sim, error) {
	s, err := newSim(cfg.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("start the simulated agencies: %w", err)
	}
	ctx, s.cancel = context.WithCancel(ctx)
	if err := s.listen(); err != nil {
		s.cancel()
		s.closeDoors()
		return nil, fmt.Errorf("start the simulated agencies: %w", errors.Join(err, s.journal.close()))
	}
	go s.run(ctx)
	return s, nil
}

func newSim(cfg Config) (*Sim, error) {
	s := &Sim{cfg: cfg, desks: map[string]*desk{}, agencies: map[string]agency{}, gates: map[string]*gate{}, ended: make(chan struct{}),
		faults: &faults{clock: cfg.Clock, seed: cfg.Seed, chaos: cfg.Chaos}, pusher: newPusher(cfg), wire: newWire(cfg.WireKeep)}
	for name := range cfg.Push {
		if name != ZAGS && name != Social {
			return nil, fmt.Errorf("agency %q sends no pushes; %s and %s do", name, ZAGS, Social)
		}
	}
	numbers := map[string]func(string, int, time.Time) string{ZAGS: zagsNumber, Tax: taxNumber, Social: socialNumber, Pension: pensionNumber}
	ledgers := map[string]*ledger{}
	for _, name := range Agencies() {
		plans := builtinPlans(name)
		if p, ok := cfg.Plans[name]; ok {
			if err := checkPlan(p); err != nil {
				return nil, fmt.Errorf("plan of %s: %w", name, err)
			}
			plans[planUsual] = p
		}
		ledgers[name] = &ledger{agency: name, number: numbers[name], plans: plans, step: cfg.StepDelay, entries: map[messageID]entry{}}
		s.desks[name] = &desk{name: name, ledger: ledgers[name], clock: cfg.Clock, lax: cfg.Lenient}
	}
	var err error
	if s.journal, err = openJournal(cfg.Journal, cfg.JournalSync, ledgers); err != nil {
		return nil, err
	}
	for _, l := range ledgers {
		l.journal = s.journal
	}
	if err := s.furnish(); err != nil {
		return nil, errors.Join(err, s.journal.close())
	}
	return s, nil
}

// furnish gives each desk its agency.
func (s *Sim) furnish() error {
	cfg, cr := s.cfg, s.cfg.Credentials
	z, err1 := newZAGS(s.desks[ZAGS], cr.ZAGS, cfg.Contracts)
	t, err2 := newTax(s.desks[Tax], cr.Tax, cfg.Contracts)
	o, err3 := newSocial(s.desks[Social], cr.Social, newTokens(cfg.Seed, cfg.TokenLife), cfg.Contracts)
	p, err4 := newPension(s.desks[Pension], cr.Pension, cfg.Contracts)
	s.agencies[ZAGS], s.agencies[Tax], s.agencies[Social], s.agencies[Pension] = z, t, o, p
	s.pusher.log = func(p *push, step int, err error) {
		_, number, _ := p.desk.ledger.get(p.seq)
		cfg.Log.Warn("push not taken", "agency", p.desk.name, "number", number, "step", step, "try", p.tries+1, "error", err)
	}
	s.pusher.note = s.notePush
	return errors.Join(err1, err2, err3, err4)
}

func checkPlan(steps []Step) error {
	for i, st := range steps {
		if _, ok := zagsCodes[st.Status]; !ok || st.Status == oddCode {
			return fmt.Errorf("step %d has an unknown status %q", i+1, st.Status)
		}
	}
	return nil
}

func (s *Sim) listen() error {
	h := s.handler()
	host, port, err := net.SplitHostPort(s.cfg.Addr)
	if err != nil {
		return err
	}
	base, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("port %q is not a number", port)
	}
	if s.main, err = openGate(s.cfg.Addr, h, s.cfg.Clock, s.fail); err != nil {
		return err
	}
	for i, name := range Agencies() {
		p := 0
		if base != 0 {
			p = base + 1 + i
		}
		g, err := openGate(net.JoinHostPort(host, strconv.Itoa(p)), h, s.cfg.Clock, s.fail)
		if err != nil {
			return err
		}
		s.gates[name] = g
	}
	return nil
}

// handler serves every agency and the admin calls; all doors share it.
func (s *Sim) handler() http.Handler {
	mux := http.NewServeMux()
	for _, name := range Agencies() {
		a, d := s.agencies[name], s.desks[name]
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(a, d, w, r) })
		if name == Social {
			mux.Handle("/"+name+"/{endpoint}/{rest...}", h)
			continue
		}
		mux.Handle("POST /"+name+"/{endpoint}", h)
	}
	mux.Handle("GET /contracts/", http.StripPrefix("/contracts", http.FileServerFS(s.cfg.Contracts)))
	s.admin(mux)
	return mux
}

// run keeps the agencies busy until ctx ends.
func (s *Sim) run(ctx context.Context) {
	defer close(s.ended)
	var wg sync.WaitGroup
	wg.Go(func() { s.pusher.run(ctx, s.cfg.PushWorkers) })
	if s.cfg.Chaos.OutageEvery > 0 {
		for _, name := range Agencies() {
			wg.Go(func() { s.outages(ctx, name) })
		}
	}
	<-ctx.Done()
	wg.Wait()
	s.closeDoors()
	s.pusher.client.CloseIdleConnections()
	if err := s.journal.close(); err != nil {
		s.fail(err)
	}
}

// outages makes an agency fail now and then, as the seed says.
func (s *Sim) outages(ctx context.Context, agency string) {
	next := s.cfg.Chaos.outages(s.cfg.Seed, agency)
	for {
		wait, length := next()
		due := make(chan struct{})
		stop := s.cfg.Clock.AfterFunc(wait, func() { close(due) })
		select {
		case <-due:
		case <-ctx.Done():
			stop()
			return
		}
		if _, err := s.Inject(Fault{Agency: agency, Kind: Outage, For: length}); err != nil {
			s.fail(err)
			return
		}
	}
}

func (s *Sim) closeDoors() {
	s.faults.clear(0) // what hangs lets go
	if s.main != nil {
		s.main.close()
	}
	for _, g := range s.gates {
		g.close()
	}
}

func (s *Sim) fail(err error) {
	s.once.Do(func() { s.err = err })
	s.cancel()
}

// Wait returns when the agencies have ended, with what ended them before their time.
func (s *Sim) Wait() error {
	<-s.ended
	return s.err
}

// Close ends the agencies and waits for them.
func (s *Sim) Close() error {
	s.cancel()
	return s.Wait()
}

// URL is the address that has everything: agencies and admin calls.
func (s *Sim) URL() string { return "http://" + s.main.address() }

// AgencyURL is the address of one endpoint at the agency's own door, which refuses connections during its outages.
func (s *Sim) AgencyURL(agency, endpoint string) string {
	return "http://" + s.gates[agency].address() + "/" + agency + "/" + endpoint
}

// Inject makes things go wrong from now on and returns the fault's id, for Clear.
func (s *Sim) Inject(f Fault) (int, error) {
	a, err := s.faults.add(f)
	if err != nil {
		return 0, err
	}
	if f.Kind == Outage && f.Endpoint == "" {
		for name, g := range s.gates {
			if f.Agency == "" || f.Agency == name {
				g.shut()
			}
		}
	}
	if f.For > 0 {
		s.cfg.Clock.AfterFunc(f.For, func() { s.Clear(a.ID) })
	}
	return a.ID, nil
}

// Clear ends the fault with this id, or all when it is 0, and says how many it ended. What hangs lets go.
func (s *Sim) Clear(id int) int {
	gone := s.faults.clear(id)
	for _, a := range gone {
		if a.Kind == Outage && a.Endpoint == "" {
			for name, g := range s.gates {
				if a.Agency == "" || a.Agency == name {
					g.open()
				}
			}
		}
	}
	return len(gone)
}

// Faults lists the faults in force, oldest first.
func (s *Sim) Faults() []Fault { return s.faults.list() }

// Effects lists what took effect, ordered by agency and message id. An empty agency means all.
func (s *Sim) Effects(agency string) []Effect {
	var out []Effect
	for name, d := range s.desks {
		if agency == "" || agency == name {
			d.ledger.each(func(e Effect) bool {
				if e.Count > 0 {
					out = append(out, e)
				}
				return true
			})
		}
	}
	slices.SortFunc(out, func(a, b Effect) int {
		return cmp.Or(cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.MessageID, b.MessageID))
	})
	return out
}

// Effect says what one message id did at an agency; ok is false when it never arrived.
func (s *Sim) Effect(agency, id string) (e Effect, ok bool) {
	d := s.desks[agency]
	key, err := parseID(id)
	if d == nil || err != nil {
		return Effect{}, false
	}
	return d.ledger.one(key)
}

// Wire returns the last exchanges, oldest first; an empty agency or message id means any.
func (s *Sim) Wire(agency, id string) []Exchange { return s.wire.list(agency, id) }

// Pushes counts the pushes so far.
func (s *Sim) Pushes() PushStats {
	s.pusher.mu.Lock()
	defer s.pusher.mu.Unlock()
	return s.pusher.stats
}

// Quiet waits until every push has been taken or given up.
func (s *Sim) Quiet(ctx context.Context) error { return s.pusher.quiet(ctx) }

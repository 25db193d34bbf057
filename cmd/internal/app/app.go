// Package app puts the hub together: store, agencies, engine, doors and events, from one configuration. main and the
// tests start the same App.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"sluice/cmd/internal/app/listen"
	"sluice/cmd/internal/config"
	"sluice/contracts/canonical"
	"sluice/gateway/agency"
	"sluice/gateway/auth"
	"sluice/gateway/console"
	"sluice/gateway/delivery"
	"sluice/gateway/events"
	"sluice/gateway/portal"
	"sluice/gateway/problem"
	"sluice/gateway/queue/rabbit"
	"sluice/gateway/requests"
	"sluice/gateway/store"
	"sluice/gateway/telemetry"
)

// Config is what an App is made of. Only User is needed.
type Config struct {
	User *config.Config
	Env  func(string) (string, bool) // for secrets and agencies' addresses; os.LookupEnv
	Log  *slog.Logger                // slog.Default()
	Now  func() time.Time            // time.Now

	Tune       func(*delivery.Config) // the last word on the engine's pace, for demonstrations and tests
	TuneEvents func(*events.Config)   // the same of what tells the portals
}

func (c Config) withDefaults() Config {
	if c.Env == nil {
		c.Env = os.LookupEnv
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c
}

// App is the hub, ready to run. Make it by New; Run or Close ends it.
type App struct {
	c        Config
	parts    *parts
	store    store.Store
	broker   *rabbit.Queue // nil: the queue is in this process
	engine   *delivery.Engine
	requests *requests.Service
	events   *events.Publisher
	metrics  *telemetry.Metrics
	doors    []*door
	pulse    pulse
	engineUp atomic.Bool
	eventsUp atomic.Bool
	stopping context.Context // ends when the hub begins to stop
	stop     context.CancelFunc
}

// door is one listener with what it serves.
type door struct {
	*listen.Server
	name    string
	url     string // as others see it
	handler http.Handler
	up      atomic.Bool
}

// New reads everything that the hub serves with, opens the database and takes the ports. What is wrong with one
// agency is logged and leaves that agency out; any other fault is an error.
func New(ctx context.Context, c Config) (*App, error) {
	c = c.withDefaults()
	parts, problems := assemble(c)
	if problems.Err() != nil {
		return nil, append(problems, parts.left...)
	}
	parts.report(c.Log)
	a := &App{c: c, parts: parts, metrics: telemetry.NewMetrics()}
	a.stopping, a.stop = context.WithCancel(context.Background())
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

func (a *App) open(ctx context.Context) (err error) {
	told := slices.Sorted(maps.Keys(a.parts.webhooks))
	if a.store, err = openStore(ctx, a.c.User, told, a.c.Log); err != nil {
		return err
	}
	line, err := a.openQueue()
	if err != nil {
		return err
	}
	engine := delivery.Config{
		Store: a.store, Queue: line, Registry: a.parts.registry,
		Now: a.c.Now, Log: a.c.Log, Metrics: a.metrics, StopTimeout: a.c.User.Stop,
		Retry: delivery.Retry{First: a.c.User.Retry.First, Max: a.c.User.Retry.Max},
	}
	if a.c.Tune != nil {
		a.c.Tune(&engine)
	}
	if a.engine, err = delivery.New(engine); err != nil {
		return err
	}
	a.requests = requests.New(requests.Config{
		Store: a.store, Registry: a.parts.registry, Services: a.parts.services, Engine: a.engine, Now: a.c.Now, Log: a.c.Log,
	})
	outbox := events.Config{Outbox: a.store, Webhooks: a.parts.webhooks, Now: a.c.Now, Log: a.c.Log}
	if a.c.TuneEvents != nil {
		a.c.TuneEvents(&outbox)
	}
	a.events = events.New(outbox)
	a.store.OnCommit(func(c store.Commit) {
		if c.Events {
			a.events.Wake()
		}
	})
	return a.openDoors()
}

// openDoors takes the ports, then makes what answers there: the contract that agencies read names the port.
func (a *App) openDoors() error {
	at := a.c.User.Listen
	for _, d := range []struct {
		name string
		at   config.Door
		make func(d *door) http.Handler
	}{{"portal", at.Portal, a.portal}, {"agencies", at.Agencies, a.agencies}, {"operators", at.Operators, a.operators}} {
		limits := a.c.User.Limits
		server, err := listen.Listen(listen.Config{
			Name: d.name, Address: d.at.Address, Certificate: d.at.Certificate, Key: d.at.Key,
			Connections: limits.Connections, MaxHeader: int(limits.Headers),
			HeaderTime: limits.HeaderTime, BodyTime: limits.BodyTime, IdleTime: limits.IdleTime, Log: a.c.Log,
		})
		if err != nil {
			return err
		}
		opened := &door{Server: server, name: d.name, url: d.at.URL}
		if opened.url == "" {
			opened.url = server.URL()
		}
		opened.handler = a.metrics.Door(d.name, guarded(d.name, a.c.Log, d.make(opened)))
		a.doors = append(a.doors, opened)
	}
	return nil
}

func (a *App) portal(*door) http.Handler {
	refuse := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		problem.Write(w, r, problem.New(problem.Unauthenticated))
	})
	return a.parts.directory.Require(auth.Client, portal.New(portal.Config{
		Requests: a.requests, Client: auth.Name, OpenAPI: canonical.OpenAPI(), MaxBody: int64(a.c.User.Limits.Body),
		Stopping: a.stopping, Log: a.c.Log,
	}), refuse)
}

func (a *App) agencies(d *door) http.Handler {
	return agency.New(agency.Config{
		Agencies: a.parts.registry, Apply: a.requests.ApplyPush, Auth: a.parts.directory, URL: d.url,
		MaxBody: int64(a.c.User.Limits.Push), Now: a.c.Now, Log: a.c.Log, Metrics: a.metrics,
	})
}

func (a *App) operators(*door) http.Handler {
	return console.New(console.Config{
		Requests: a.requests, Store: a.store, Engine: a.engine, Auth: a.parts.directory, Checks: a.Checks, Metrics: a.metrics.Handler(), Log: a.c.Log,
	})
}

// PortalURL is the base address of the portals' door on its listener.
func (a *App) PortalURL() string { return a.doors[0].URL() }

// AgenciesURL is the base address of the agencies' door on its listener.
func (a *App) AgenciesURL() string { return a.doors[1].URL() }

// OperatorsURL is the base address of the operators' door on its listener.
func (a *App) OperatorsURL() string { return a.doors[2].URL() }

// Run serves until ctx ends, then lets what is under way finish within the configured time. It returns when
// everything has ended and the database is closed; the error is why it ended before ctx did.
func (a *App) Run(ctx context.Context) error {
	collect(a.c.Env)
	g, running := errgroup.WithContext(ctx)
	context.AfterFunc(running, a.stop)
	run := func(up *atomic.Bool, what string, f func(context.Context) error) {
		g.Go(func() error {
			up.Store(true)
			defer up.Store(false)
			if err := f(running); err != nil && (running.Err() == nil || !errors.Is(err, context.Canceled)) {
				return fmt.Errorf("%s: %w", what, err)
			}
			return nil
		})
	}
	for _, d := range a.doors {
		run(&d.up, "the "+d.name+" door", func(ctx context.Context) error { return d.Serve(ctx, d.handler, a.c.User.Stop) })
	}
	run(&a.engineUp, "delivering", a.engine.Run)
	run(&a.eventsUp, "telling events", a.events.Run)
	g.Go(func() error { return a.retain(running) })
	for _, d := range a.doors {
		a.c.Log.Info("door open", "door", d.name, "url", d.URL())
	}
	err := g.Wait()
	a.c.Log.Info("stopped")
	return errors.Join(err, a.Close())
}

// Close gives up what New took, for an App that is not run.
func (a *App) Close() error {
	a.stop()
	var errs []error
	for _, d := range a.doors {
		d.Close() //nolint:errcheck // closed by Serve when the App has run
	}
	if a.broker != nil {
		errs = append(errs, a.broker.Close())
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}

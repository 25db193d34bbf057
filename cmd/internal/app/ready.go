package app

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"sluice/gateway/console"
)

// pulse remembers for a moment whether the store could write: looking costs a commit, and anybody may ask.
type pulse struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// pulseLife is for how long a look at the store is believed.
const pulseLife = time.Second

func (p *pulse) check(ctx context.Context, ready func(context.Context) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if time.Since(p.at) < pulseLife && p.err == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	p.err, p.at = ready(ctx), time.Now()
	return p.err
}

// Checks looks at everything that serving needs.
func (a *App) Checks(ctx context.Context) []console.Check {
	checks := []console.Check{check("database", a.pulse.check(ctx, a.store.Ready))}
	checks = append(checks, running("delivery", a.engineUp.Load()), running("events", a.eventsUp.Load()))
	for _, d := range a.doors {
		checks = append(checks, running("door "+d.name, d.up.Load()))
	}
	if a.broker != nil {
		checks = append(checks, a.brokerCheck(ctx))
	}
	whole := len(a.parts.left) == 0
	agencies := console.Check{Name: "agencies", OK: whole, Degraded: !whole}
	if broken := slices.Sorted(maps.Keys(a.parts.registry.Broken())); len(broken) > 0 {
		agencies.Detail = "not served: " + strings.Join(broken, ", ") + "; "
	}
	if !whole {
		agencies.Detail += "mend and restart: " + a.parts.left.Error()
	}
	return append(checks, agencies)
}

func check(name string, err error) console.Check {
	if err != nil {
		return console.Check{Name: name, Detail: err.Error()}
	}
	return console.Check{Name: name, OK: true}
}

func running(name string, up bool) console.Check {
	c := console.Check{Name: name, OK: up}
	if !up {
		c.Detail = "not running: the hub starts or stops"
	}
	return c
}

package app

import (
	"context"

	"sluice/contracts/diag"
	"sluice/gateway/console"
	"sluice/gateway/queue"
	"sluice/gateway/queue/rabbit"
)

// brokerURLs fetches the brokers' URLs; "" when none are configured.
func (c Config) brokerURLs() (string, diag.List) {
	if c.User.Broker.IsZero() {
		return "", nil
	}
	urls, err := c.User.Broker.Resolve(c.Env)
	if err != nil {
		return "", diag.List{c.User.Problem(diag.Error, "secret", "broker: "+err.Error(), "", "broker")}
	}
	return urls, nil
}

// openQueue opens the queue that the configuration names: RabbitMQ's, which may be away, or this process's own.
func (a *App) openQueue() (queue.Queue, error) {
	urls, problems := a.c.brokerURLs()
	if problems.Err() != nil {
		return nil, problems
	}
	if urls == "" {
		return queue.NewMemory(0), nil
	}
	q, err := rabbit.Open(rabbit.Config{URLs: urls, Log: a.c.Log, Metrics: a.metrics})
	if err != nil {
		return nil, diag.List{a.c.User.Problem(diag.Error, "broker", err.Error(), "", "broker")}
	}
	a.broker = q
	return q, nil
}

// checkBroker tries the brokers. One that is away is an error when there is no other.
func checkBroker(ctx context.Context, c Config) diag.List {
	urls, problems := c.brokerURLs()
	if urls == "" {
		return problems
	}
	bad, of, err := rabbit.Check(ctx, urls)
	if err != nil {
		return diag.List{c.User.Problem(diag.Error, "broker", err.Error(), "", "broker")}
	}
	severity := diag.Warning
	if len(bad) == of {
		severity = diag.Error
	}
	for _, b := range bad {
		problems = append(problems, c.User.Problem(severity, "broker", b.Error(), b.Remedy, "broker"))
	}
	return problems
}

// brokerCheck looks whether messages flow. Without them requests are taken all the same, and wait.
func (a *App) brokerCheck(ctx context.Context) console.Check {
	k := check("broker", a.broker.Ready(ctx))
	k.Degraded = !k.OK
	return k
}

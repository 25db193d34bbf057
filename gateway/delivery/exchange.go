package delivery

import (
	"context"
	"fmt"
	"time"

	"sluice/adapters"
	"sluice/adapters/exchange"
	"sluice/gateway"
)

// exchange calls the agency about the delivery. found is false only when a probe heard that the agency does not
// have the message.
func (j *job) exchange() (receipt adapters.Receipt, found bool, x outcome) {
	found = true
	var since time.Time
	if j.d.Attempts == 1 && j.d.Kind == gateway.Submit && !j.probe {
		since = j.request.AcceptedAt
	}
	x = j.call(j.lease, j.kind(), since, func(ctx context.Context) (err error) {
		if j.service == nil {
			return exchange.New(adapters.Permanent, exchange.CodeUnsupported,
				fmt.Sprintf("the agency %s no longer offers the service %s", j.agency.Name, j.request.Service), nil)
		}
		call := adapters.Call{
			Service:   j.request.Service,
			Endpoint:  adapters.Endpoint{Name: j.name, URL: j.spec.URL},
			MessageID: gateway.MessageID(j.d.ID),
			Client:    j.client,
		}
		submission := adapters.Submission{Call: call, Request: j.message}
		switch prober, canProbe := j.agency.Adapter.(adapters.OutcomeProber); {
		case j.probe && !canProbe:
			return unsupported("asks whether a message has arrived")
		case j.probe:
			receipt, found, err = prober.Probe(ctx, submission)
			return err
		}
		switch j.d.Kind {
		case gateway.Submit:
			receipt, err = j.agency.Adapter.Submit(ctx, submission)
			return err
		case gateway.Cancel:
			canceller, ok := j.agency.Adapter.(adapters.Canceller)
			had := j.request.Registered(j.agency.Name)
			if !ok || had == nil {
				return unsupported("withdraws a request")
			}
			receipt, err = canceller.Cancel(ctx, adapters.Registered{Call: call, Request: j.message, ExternalID: had.ExternalID}, j.request.WithdrawReason)
			return err
		}
		return unsupported("sends deliveries of kind " + string(j.d.Kind))
	})
	return receipt, found, x
}

// kind is what the exchange is, in metrics and logs.
func (j *job) kind() string {
	if j.probe {
		return "probe"
	}
	return string(j.d.Kind)
}

func unsupported(what string) *adapters.Error {
	return exchange.New(adapters.Permanent, exchange.CodeUnsupported, "no adapter of the agency "+what, nil)
}

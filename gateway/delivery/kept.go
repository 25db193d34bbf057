package delivery

import (
	"context"
	"encoding/json"

	"sluice/adapters"
	"sluice/gateway"
)

// ApplyKept applies the pushes that came before their receipt, now that the request has the numbers they name.
func (e *Engine) ApplyKept(requestID, agency string, numbers ...string) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	seen := ""
	for _, number := range numbers {
		if number == "" || number == seen {
			continue
		}
		seen = number
		kept, err := e.c.Store.Pushes(ctx, agency, number)
		if err != nil {
			e.c.Log.Error("looking for pushes that wait for a receipt", "request", requestID, "err", err)
			continue
		}
		for _, k := range kept {
			var p adapters.Push
			if err := json.Unmarshal(k.Push, &p); err != nil {
				e.c.Log.Error("a kept push can't be read and is left", "push", k.ID, "agency", agency, "err", err)
				continue
			}
			if !e.applyStatuses(requestID, agency, p.Statuses, gateway.FromPush) {
				continue
			}
			if err := e.c.Store.DropPushes(ctx, k.ID); err != nil {
				e.c.Log.Error("forgetting an applied push", "push", k.ID, "err", err)
			}
			e.c.Log.Info("push", "request", requestID, "agency", agency, "outcome", "applied after its receipt")
		}
	}
}

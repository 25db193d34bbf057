package delivery

import (
	"context"
	"encoding/json"

	"sluice/adapters"
	"sluice/gateway"
	"sluice/gateway/store"
)

// ApplyKept applies the pushes that came before their receipt, now that the request has the number they name.
func (e *Engine) ApplyKept(requestID, agency, number string) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTimeout)
	defer cancel()
	kept, err := e.c.Store.Pushes(ctx, agency, number)
	if err != nil {
		e.c.Log.Error("looking for pushes that wait for a receipt", "request", requestID, "err", err)
	}
	for _, k := range kept {
		e.applyOne(ctx, requestID, k)
	}
}

// applyOne applies one push that was kept, and forgets it.
func (e *Engine) applyOne(ctx context.Context, requestID string, k store.KeptPush) {
	var p adapters.Push
	if err := json.Unmarshal(k.Push, &p); err != nil {
		e.c.Log.Error("a kept push can't be read and is left", "push", k.ID, "agency", k.Agency, "err", err)
		return
	}
	if !e.applyStatuses(requestID, k.Agency, p.Statuses, gateway.FromPush) {
		return
	}
	if err := e.c.Store.DropPushes(ctx, k.ID); err != nil {
		e.c.Log.Error("forgetting an applied push", "push", k.ID, "err", err)
	}
	e.c.Log.Info("push", "request", requestID, "agency", k.Agency, "outcome", "applied after its receipt")
}

// sweepKept applies what a process left behind that ended between the record of a receipt and the look for its pushes.
func (e *Engine) sweepKept(ctx context.Context) {
	kept, err := e.c.Store.Matched(ctx, sweepBatch)
	if err != nil {
		e.trouble(ctx, "looking for pushes whose request is there by now", err)
		return
	}
	for _, k := range kept {
		e.applyOne(ctx, k.RequestID, k)
	}
	if len(kept) > 0 {
		e.c.Metrics.Swept("pushes", len(kept))
	}
}

// Package gateway is the domain of the hub: requests, their deliveries and attempts, the state of agencies' endpoints,
// the events that the portal is told, and the rules by which all of these change. Nothing here does I/O or reads a clock.
//
// A Request is loaded whole, with its deliveries and statuses; a method changes it in memory and notes what is to be
// written beside it (attempts, events); a store writes the difference in one commit:
//
//	r, err := store.Update(ctx, requestID, func(r *gateway.Request) error {
//		return r.Register(claim, exchange, receipt, now)
//	})
//
// The function may run more than once and must depend on nothing but its argument and what it captured before.
// When it returns an error nothing is written.
package gateway

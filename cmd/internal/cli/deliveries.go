package cli

import "errors"

// DeliveriesCmd is not built yet.
type DeliveriesCmd struct{}

// Run says so.
func (*DeliveriesCmd) Run(*Context) error { return errors.New("not built yet") }

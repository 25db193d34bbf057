package cli

import "errors"

// RequestsCmd is not built yet.
type RequestsCmd struct{}

// Run says so.
func (*RequestsCmd) Run(*Context) error { return errors.New("not built yet") }

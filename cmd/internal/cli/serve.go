package cli

import "errors"

// ServeCmd is not built yet.
type ServeCmd struct{}

// Run says so.
func (*ServeCmd) Run(*Context) error { return errors.New("not built yet") }

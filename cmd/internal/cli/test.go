package cli

import "errors"

// TestCmd is not built yet.
type TestCmd struct{}

// Run says so.
func (*TestCmd) Run(*Context) error { return errors.New("not built yet") }

package cli

import "errors"

// DemoCmd is not built yet.
type DemoCmd struct{}

// Run says so.
func (*DemoCmd) Run(*Context) error { return errors.New("not built yet") }

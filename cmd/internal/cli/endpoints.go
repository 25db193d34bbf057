package cli

import "errors"

// EndpointsCmd is not built yet.
type EndpointsCmd struct{}

// Run says so.
func (*EndpointsCmd) Run(*Context) error { return errors.New("not built yet") }

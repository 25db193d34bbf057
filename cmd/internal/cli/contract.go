package cli

import "errors"

// ContractCmd is not built yet.
type ContractCmd struct{}

// Run says so.
func (*ContractCmd) Run(*Context) error { return errors.New("not built yet") }

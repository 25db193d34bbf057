package cli

import "errors"

// LintCmd is not built yet.
type LintCmd struct{}

// Run says so.
func (*LintCmd) Run(*Context) error { return errors.New("not built yet") }

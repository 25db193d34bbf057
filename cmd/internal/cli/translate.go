package cli

import "errors"

// TranslateCmd is not built yet.
type TranslateCmd struct{}

// Run says so.
func (*TranslateCmd) Run(*Context) error { return errors.New("not built yet") }

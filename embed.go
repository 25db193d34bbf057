// Package sluice is the built-in workspace: the agencies that come with the binary, as an integrator's own folder
// would look.
package sluice

import "embed"

// Workspace holds adapters/, mappings/ and contracts/.
//
//go:embed adapters/*/adapter.yaml
//go:embed mappings/zags mappings/tax mappings/social
//go:embed contracts/agencies/*/* contracts/services/*.json contracts/services/samples contracts/canonical/*.yaml contracts/canonical/schemas
var Workspace embed.FS

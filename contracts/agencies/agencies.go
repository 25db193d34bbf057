// Package agencies holds the contracts of the built-in agencies, one folder an agency: what their own engineers would
// publish. They are this project's own, different from each other on purpose, as such agencies really are.
package agencies

import "embed"

// Files holds the contracts at their paths below this folder, such as zags/registry.wsdl.
//
//go:embed zags tax social pension
var Files embed.FS

// Package builtin lists the drivers that the binary has: the protocols, and the agencies that are written in Go.
package builtin

import (
	"sluice/adapters"
	"sluice/adapters/pension"
	"sluice/adapters/rest"
	"sluice/adapters/soap"
	"sluice/adapters/xmlhttp"
)

// Drivers gives each driver by what a manifest calls it in protocol.
func Drivers() map[string]adapters.Driver {
	return map[string]adapters.Driver{
		"soap":    soap.Driver,
		"xmlhttp": xmlhttp.Driver,
		"rest":    rest.Driver,
		"pension": pension.Driver,
	}
}

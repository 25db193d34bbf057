package app

import (
	"runtime"
	"runtime/debug"
)

// garbage is GOGC where the environment says nothing of it: a little more collecting than Go does by itself keeps a busy
// hub within 80 MB.
const garbage = 80

// collect gives back what starting took, which is as much as serving takes: what is left of it would pass for what the
// hub needs, and the heap grow by that. Pools keep what they hold over one collection.
func collect(env func(string) (string, bool)) {
	if _, set := env("GOGC"); !set {
		debug.SetGCPercent(garbage)
	}
	runtime.GC()
	debug.FreeOSMemory()
}

//go:build race

package app

// raceDetector slows everything down: nothing is measured with it.
const raceDetector = true

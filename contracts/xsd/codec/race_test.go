//go:build race

package codec_test

// raced says that the race detector makes all work slower, by no steady measure.
const raced = true

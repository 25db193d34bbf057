//go:build !linux

package main

import (
	"errors"
	"time"
)

var started = time.Now()

func fileSystem(string) (string, error) { return "file system unknown", nil }

var errLinux = errors.New("what another process uses can be read on Linux only")

func peakMemory(int) (float64, error) { return 0, errLinux }

func processorTimeOf(int) (time.Duration, error) { return 0, errLinux }

// processorTime is the time that has passed: how much of it a process used is asked differently everywhere.
func processorTime() time.Duration { return time.Since(started) }

//go:build !linux

package pgtest

import "syscall"

func attributes(who *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: who}
}

// children are not known here; a server's processes end when they find it gone.
func children(int) []int { return nil }

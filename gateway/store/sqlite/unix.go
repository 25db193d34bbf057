//go:build unix

package sqlite

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"sluice/gateway/store"
)

// lockFile makes sure that one process has the database: the cache and the writer would be wrong with two. The lock
// goes with the process, however it ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %w: check that the folder exists and may be written", store.ErrUnavailable, err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: stop it, or give this one a database of its own", store.ErrInUse)
		}
		return nil, fmt.Errorf("locking %s: %w", path, err)
	}
	return f, nil
}

// surviveLimits has a write beyond the limit on the size of files fail like one to a full disk. The signal that comes
// with it would end the process.
func surviveLimits() { signal.Ignore(syscall.SIGXFSZ) }

//go:build !unix

package sqlite

import (
	"fmt"
	"os"

	"sluice/gateway/store"
)

// lockFile opens the file beside the database. Where there is no flock the operator has to see to it that one process
// uses the database.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %w: check that the folder exists and may be written", store.ErrUnavailable, err)
	}
	return f, nil
}

// surviveLimits has nothing to do where there is no limit on the size of files.
func surviveLimits() {}

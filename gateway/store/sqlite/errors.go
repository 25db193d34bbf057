package sqlite

import (
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"sluice/gateway/store"
)

// code is SQLite's primary result code of an error, 0 when it is none of SQLite's.
func code(err error) int {
	var e *driver.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// advice says what a person can do about an error of the database itself.
var advice = map[int]string{
	lib.SQLITE_FULL:     "the disk is full: make room",
	lib.SQLITE_READONLY: "the database is read-only: check the rights of the file and its folder, and how the disk is mounted",
	lib.SQLITE_IOERR:    "the disk fails or is full: check it",
	lib.SQLITE_CANTOPEN: "the file can't be opened: check that the folder exists and may be written",
	lib.SQLITE_PERM:     "the file can't be opened: check its rights",
	lib.SQLITE_BUSY:     "another program holds the database",
	lib.SQLITE_LOCKED:   "another program holds the database",
	lib.SQLITE_NOMEM:    "there is not enough memory",
	lib.SQLITE_CORRUPT:  "the database is damaged: restore it from a backup",
	lib.SQLITE_NOTADB:   "the file is not a database of Sluice: check the path",
}

// unavailable tells whether err is a failure of the database rather than of one statement.
func unavailable(err error) bool { return advice[code(err)] != "" }

// describe wraps an error of the database with what was being done, and with what to do about it.
func describe(doing string, err error) error {
	if err == nil {
		return nil
	}
	if what := advice[code(err)]; what != "" {
		return fmt.Errorf("%s: %w: %s (%w)", doing, store.ErrUnavailable, what, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// Package sqlite is the embedded store: one SQLite file, one process.
package sqlite

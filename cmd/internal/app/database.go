package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"sluice/cmd/internal/config"
	"sluice/gateway/store"
	"sluice/gateway/store/postgres"
	"sluice/gateway/store/sqlite"
)

// openStore opens the database that the configuration names: PostgreSQL by its address, otherwise a SQLite file.
func openStore(ctx context.Context, user *config.Config, subscribers []string, log *slog.Logger) (store.Store, error) {
	if user.OnPostgreSQL() {
		s, err := postgres.Open(ctx, postgres.Config{URL: user.Database, Subscribers: subscribers, Log: log})
		if err != nil {
			return nil, err
		}
		return s, nil
	}
	s, err := sqlite.Open(ctx, sqlite.Config{Path: user.Database, Subscribers: subscribers, Log: log})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// checkDatabase opens the database if it is there, which also brings its schema up to date, and writes to it. A file
// that a running hub has is fine; one that is not there must be possible.
func checkDatabase(ctx context.Context, user *config.Config) error {
	path := user.Database
	if _, err := os.Stat(path); !user.OnPostgreSQL() && errors.Is(err, os.ErrNotExist) {
		probe, err := os.CreateTemp(filepath.Dir(path), ".sluice-check-*")
		if err != nil {
			return fmt.Errorf("making the database %s: %w", path, err)
		}
		return errors.Join(probe.Close(), os.Remove(probe.Name()))
	}
	s, err := openStore(ctx, user, nil, nil)
	if errors.Is(err, store.ErrInUse) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(s.Ready(ctx), s.Close())
}

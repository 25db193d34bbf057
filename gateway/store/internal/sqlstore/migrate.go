package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"

	"sluice/gateway/store"
)

// Schema is the migrations of a store.
type Schema struct {
	Dialect goose.Dialect
	Files   fs.FS // with the folder migrations
}

func (s Schema) provider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(s.Files, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(s.Dialect, db, files)
}

// Inspect looks at a database before anything is changed in it. tables and ours count its tables, and among them the
// one that goose keeps: the database must be empty, or ours and not newer than the program.
func (s Schema) Inspect(ctx context.Context, db *sql.DB, tables, ours int) error {
	if tables > 0 && ours == 0 {
		return fmt.Errorf("%w: it belongs to another program: check the path", store.ErrIncompatible)
	}
	if ours == 0 {
		return nil
	}
	p, err := s.provider(db)
	if err != nil {
		return err
	}
	have, newest, err := p.GetVersions(ctx)
	if err == nil && have > newest {
		err = fmt.Errorf("%w: its schema has version %d and this program knows %d: run a newer program, or restore a backup from before the upgrade", store.ErrIncompatible, have, newest)
	}
	return err
}

// Migrate brings the schema up to date.
func (s Schema) Migrate(ctx context.Context, db *sql.DB) error {
	p, err := s.provider(db)
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

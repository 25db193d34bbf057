package sqlite

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"

	"sluice/gateway/store"
)

// A real limit on the size of files, as a full disk: the write fails in the middle of a commit, and the same store goes
// on once there is room.
func TestFileSizeLimit(t *testing.T) {
	s := benchStore(t)
	ctx := context.Background()
	body := make([]byte, 1<<20)
	if _, err := create(t, s, body); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(s.cfg.Path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(info.Size()) + 100_000, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	id, writeErr := create(t, s, body)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(writeErr, store.ErrUnavailable) {
		t.Errorf("got %v", writeErr)
	}
	if _, err := s.Request(ctx, id); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("something of it is there: %v", err)
	}
	if id, err = create(t, s, body); err != nil {
		t.Fatalf("writing again: %v", err)
	}
	if got, err := s.Body(ctx, id); err != nil || len(got) != len(body) {
		t.Errorf("stored %d bytes, %v", len(got), err)
	}
}

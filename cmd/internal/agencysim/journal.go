package agencysim

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"
)

// line is one effect in the journal: a filing, or the withdrawal of one.
type line struct {
	Agency    string    `json:"agency"`
	MessageID messageID `json:"messageId,omitzero"`
	Portal    string    `json:"portalNumber,omitempty"`
	Endpoint  string    `json:"endpoint,omitempty"`
	Plan      uint8     `json:"plan,omitempty"`
	Test      bool      `json:"test,omitempty"`
	Cancel    int       `json:"cancel,omitempty"` // sequence of the filing withdrawn
	At        time.Time `json:"at"`
}

// journal appends effects to a file. A nil journal forgets.
type journal struct {
	sync bool
	mu   sync.Mutex
	file *os.File
}

// openJournal reads what the file holds into the ledgers and opens it for more.
func openJournal(path string, sync bool, ledgers map[string]*ledger) (*journal, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the effects' journal: %w", err)
	}
	if err := replay(f, ledgers); err != nil {
		f.Close()
		return nil, fmt.Errorf("read the effects' journal %s: %w", path, err)
	}
	return &journal{file: f, sync: sync}, nil
}

func replay(f *os.File, ledgers map[string]*ledger) error {
	r := bufio.NewReader(f)
	var whole int64 // length of the whole lines read
	for n := 1; ; n++ {
		raw, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			// A line without its end was being written when the process was killed: nobody was told of that effect.
			return f.Truncate(whole)
		}
		if err != nil {
			return err
		}
		whole += int64(len(raw))
		var who struct{ Agency string }
		if err := json.Unmarshal(raw, &who); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		l := ledgers[who.Agency]
		if l == nil {
			return fmt.Errorf("line %d: unknown agency %q", n, who.Agency)
		}
		if err := l.restore(raw); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
}

func (j *journal) write(n line) error {
	if j == nil {
		return nil
	}
	raw, err := json.Marshal(n)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("write the effects' journal: %w", err)
	}
	if j.sync {
		return j.file.Sync()
	}
	return nil
}

func (j *journal) close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.file.Close()
}

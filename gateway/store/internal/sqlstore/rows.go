package sqlstore

import (
	"encoding/json"
	"fmt"
	"time"

	"sluice/contracts/canonical"
	"sluice/gateway"
)

// Priority is the word for what the database keeps as a flag.
func Priority(urgent bool) canonical.Priority {
	if urgent {
		return canonical.Urgent
	}
	return canonical.Normal
}

// OwnChanged tells whether the row of the request itself has to be written.
func OwnChanged(a, b *gateway.Request) bool {
	return a.State != b.State || a.Outcome != b.Outcome || a.Status != b.Status || a.ClosedAt != b.ClosedAt ||
		a.WithdrawnAt != b.WithdrawnAt || a.WithdrawReason != b.WithdrawReason
}

// TurnOnly tells whether only what changes with a delivery's turn has changed.
func TurnOnly(old, d *gateway.Delivery) bool {
	turn := *old
	turn.State, turn.Epoch, turn.Attempts, turn.Since, turn.NextAt, turn.Owner, turn.Rev = d.State, d.Epoch, d.Attempts, d.Since, d.NextAt, d.Owner, d.Rev
	return turn == *d
}

// statusDetail is what is kept of a status as JSON.
type statusDetail struct {
	Officer *canonical.Officer          `json:"officer,omitempty"`
	Unit    *canonical.Unit             `json:"unit,omitempty"`
	Comment string                      `json:"comment,omitempty"`
	Missing []canonical.MissingDocument `json:"missing,omitempty"`
	Until   *time.Time                  `json:"until,omitempty"`
	Reason  string                      `json:"reason,omitempty"`
}

// StatusDetail is the part of a status that has no columns of its own, as JSON; "" when there is none.
func StatusDetail(s *canonical.Status) (string, error) {
	if s.Officer == nil && s.Unit == nil && s.Comment == "" && len(s.Missing) == 0 && s.Until == nil && s.Reason == "" {
		return "", nil
	}
	b, err := json.Marshal(statusDetail{s.Officer, s.Unit, s.Comment, s.Missing, s.Until, s.Reason})
	if err != nil {
		return "", fmt.Errorf("encoding a status: %w", err)
	}
	return string(b), nil
}

// SetStatusDetail puts into the status what StatusDetail made of it.
func SetStatusDetail(s *canonical.Status, detail string) error {
	if detail == "" {
		return nil
	}
	var d statusDetail
	if err := json.Unmarshal([]byte(detail), &d); err != nil {
		return fmt.Errorf("reading a stored status: %w", err)
	}
	s.Officer, s.Unit, s.Comment, s.Missing, s.Until, s.Reason = d.Officer, d.Unit, d.Comment, d.Missing, d.Until, d.Reason
	return nil
}

// Package sqlstore is what the stores in SQL databases have in common: the conditions of lists, cursors, what is kept
// as JSON, and how a schema is brought up to date.
package sqlstore

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"sluice/gateway"
	"sluice/gateway/store"
)

// Conditions gathers the WHERE clause of a list; each ? in it stands for one of Args.
type Conditions struct {
	terms []string
	Args  []any
}

// Add adds a term.
func (c *Conditions) Add(term string, args ...any) {
	c.terms, c.Args = append(c.terms, term), append(c.Args, args...)
}

// Is adds column = value unless the value is empty.
func (c *Conditions) Is(column, value string) {
	if value != "" {
		c.Add(column+" = ?", value)
	}
}

// String is the clause, or "" when everything is chosen.
func (c *Conditions) String() string {
	if len(c.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.terms, " AND ")
}

// Cursor makes a cursor: the sort key of a page's last row, so that pages neither repeat nor skip while rows come and go.
func Cursor(key ...any) string {
	b, _ := json.Marshal(key) // strings and numbers: can't fail
	return base64.RawURLEncoding.EncodeToString(b)
}

func parseCursor(s string, key ...any) error {
	b, err := base64.RawURLEncoding.DecodeString(s)
	want := len(key)
	if err == nil {
		err = json.Unmarshal(b, &key)
	}
	if err != nil || len(key) != want {
		return fmt.Errorf("%w: %q", store.ErrBadCursor, s)
	}
	return nil
}

// Requests turns a filter into conditions on requests r; the cursor is of r.seq, downwards.
func Requests(f store.Filter) (*Conditions, error) {
	where := &Conditions{}
	where.Is("r.client", f.Client)
	where.Is("r.portal_id", f.PortalID)
	where.Is("r.service", f.Service)
	where.Is("r.agency", f.Agency)
	where.Is("r.outcome", f.Outcome)
	where.Is("r.status", string(f.Status))
	switch f.State {
	case "":
	case gateway.Open:
		where.Add("r.closed_at IS NULL")
	default:
		where.Is("r.state", string(f.State))
	}
	if !f.Since.IsZero() {
		where.Add("r.accepted_at >= ?", f.Since)
	}
	if !f.Until.IsZero() {
		where.Add("r.accepted_at < ?", f.Until)
	}
	if f.Cursor != "" {
		var seq int64
		if err := parseCursor(f.Cursor, &seq); err != nil {
			return nil, err
		}
		where.Add("r.seq < ?", seq)
	}
	return where, nil
}

// Troubled is the condition of the partial index over the deliveries d that something is wrong with.
const Troubled = "(d.state = 'retrying' OR d.state = 'unconfirmed' OR d.state = 'dead')"

// Deliveries turns a filter into conditions on deliveries d that the partial indexes serve.
func Deliveries(f store.DeliveryFilter) (*Conditions, error) {
	where := &Conditions{}
	switch {
	case f.Waiting, f.State == gateway.Queued:
		where.Add("d.next_at IS NOT NULL")
	case f.State == gateway.Sending:
		where.Add("d.owner IS NOT NULL")
	case f.State == gateway.Retrying, f.State == gateway.Unconfirmed, f.State == gateway.Dead, f.State == "" && (f.Class != "" || f.Code != ""):
		where.Add(Troubled)
	}
	where.Is("d.state", string(f.State))
	where.Is("d.agency", f.Agency)
	where.Is("d.endpoint", f.Endpoint)
	where.Is("d.error_class", f.Class)
	where.Is("d.error_code", f.Code)
	if f.Cursor == "" {
		return where, nil
	}
	var agency, endpoint string
	var rank, next, seq, n int64
	if f.Waiting {
		if err := parseCursor(f.Cursor, &agency, &endpoint, &rank, &next, &seq, &n); err != nil {
			return nil, err
		}
		where.Add("(d.agency, d.endpoint, d.rank, d.next_at, d.request, d.n) > (?, ?, ?, ?, ?, ?)", agency, endpoint, rank, time.UnixMicro(next), seq, n)
		return where, nil
	}
	if err := parseCursor(f.Cursor, &seq, &n); err != nil {
		return nil, err
	}
	where.Add("(d.request, d.n) < (?, ?)", seq, n)
	return where, nil
}

// DeliveryOrder is the order of a list of deliveries.
func DeliveryOrder(f store.DeliveryFilter) string {
	if f.Waiting {
		return "d.agency, d.endpoint, d.rank, d.next_at, d.request, d.n"
	}
	return "d.request DESC, d.n DESC"
}

// DeliveryCursor is the cursor of a delivery in the list; seq is its request's.
func DeliveryCursor(f store.DeliveryFilter, d *gateway.Delivery, urgent bool, seq int64) string {
	if !f.Waiting {
		return Cursor(seq, d.N)
	}
	rank := 1
	if urgent {
		rank = 0
	}
	return Cursor(d.Agency, d.Endpoint, rank, d.NextAt.UnixMicro(), seq, d.N)
}

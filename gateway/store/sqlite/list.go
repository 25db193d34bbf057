package sqlite

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"

	"sluice/gateway"
	"sluice/gateway/store"
)

// conditions gathers the WHERE clause of a list.
type conditions struct {
	terms []string
	args  []any
}

func (c *conditions) add(term string, args ...any) {
	c.terms, c.args = append(c.terms, term), append(c.args, args...)
}

// is adds column = value unless the value is empty.
func (c *conditions) is(column, value string) {
	if value != "" {
		c.add(column+" = ?", value)
	}
}

func (c *conditions) String() string {
	if len(c.terms) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.terms, " AND ")
}

// A cursor is the sort key of a page's last row, so that pages neither repeat nor skip while rows come and go.
func cursor(key ...any) string {
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

// List lists requests, the newest first.
func (s *Store) List(ctx context.Context, f store.Filter) (store.Page[*gateway.Request], error) {
	var page store.Page[*gateway.Request]
	var where conditions
	where.is("r.client", f.Client)
	where.is("r.portal_id", f.PortalID)
	where.is("r.service", f.Service)
	where.is("r.agency", f.Agency)
	where.is("r.outcome", f.Outcome)
	where.is("r.status", string(f.Status))
	switch f.State {
	case "":
	case gateway.Open:
		where.add("r.closed_at IS NULL")
	default:
		where.is("r.state", string(f.State))
	}
	if !f.Since.IsZero() {
		where.add("r.accepted_at >= ?", f.Since.UnixMicro())
	}
	if !f.Until.IsZero() {
		where.add("r.accepted_at < ?", f.Until.UnixMicro())
	}
	if f.Cursor != "" {
		var seq int64
		if err := parseCursor(f.Cursor, &seq); err != nil {
			return page, err
		}
		where.add("r.seq < ?", seq)
	}
	limit := store.PageSize(f.Limit)
	query := "SELECT " + requestColumns + " FROM requests r" + where.String() + " ORDER BY r.seq DESC LIMIT ?"
	err := s.read(ctx, "listing requests", func(c *conn) error {
		return c.snapshot(func() error {
			err := c.query(ctx, query, func(v row) error {
				page.Items = append(page.Items, scanRequest(v))
				return nil
			}, append(where.args, limit+1)...)
			if err != nil {
				return err
			}
			if len(page.Items) > limit {
				page.Items = page.Items[:limit]
				page.Next = cursor(page.Items[limit-1].Seq)
			}
			for _, r := range page.Items {
				if err := loadParts(ctx, c, r); err != nil {
					return err
				}
			}
			return nil
		})
	})
	return page, err
}

const itemColumns = deliveryColumns + ", r.id, r.client, r.service, r.urgent, r.seq"

// Deliveries lists deliveries: the waiting in the order of their turn, others newest first.
func (s *Store) Deliveries(ctx context.Context, f store.DeliveryFilter) (store.Page[store.DeliveryItem], error) {
	var page store.Page[store.DeliveryItem]
	where, err := deliveryConditions(f)
	if err != nil {
		return page, err
	}
	order := "d.request DESC, d.n DESC"
	if f.Waiting {
		order = "d.agency, d.endpoint, d.rank, d.next_at, d.request, d.n"
	}
	limit := store.PageSize(f.Limit)
	query := "SELECT " + itemColumns + " FROM deliveries d JOIN requests r ON r.seq = d.request" + where.String() + " ORDER BY " + order + " LIMIT ?"
	err = s.read(ctx, "listing deliveries", func(c *conn) error {
		var last string // the cursor of the row before
		return c.query(ctx, query, func(v row) error {
			if len(page.Items) == limit {
				page.Next = last
				return nil
			}
			d := scanDelivery(v.text(25), v)
			page.Items = append(page.Items, store.DeliveryItem{Delivery: *d, Client: v.text(26), Service: v.text(27), Priority: priority(v.bool(28))})
			last = cursor(v.int64(29), d.N)
			if f.Waiting {
				last = cursor(d.Agency, d.Endpoint, 1-v.int64(28), d.NextAt.UnixMicro(), v.int64(29), d.N)
			}
			return nil
		}, append(where.args, limit+1)...)
	})
	return page, err
}

// deliveryConditions turns a filter into conditions that the partial indexes serve.
func deliveryConditions(f store.DeliveryFilter) (*conditions, error) {
	where := &conditions{}
	switch {
	case f.Waiting, f.State == gateway.Queued:
		where.add("d.next_at IS NOT NULL")
	case f.State == gateway.Sending:
		where.add("d.owner IS NOT NULL")
	case f.State == "" && (f.Class != "" || f.Code != ""):
		where.add("(d.state = 'retrying' OR d.state = 'unconfirmed' OR d.state = 'dead')")
	}
	where.is("d.state", string(f.State))
	where.is("d.agency", f.Agency)
	where.is("d.endpoint", f.Endpoint)
	where.is("d.error_class", f.Class)
	where.is("d.error_code", f.Code)
	if f.Cursor == "" {
		return where, nil
	}
	var agency, endpoint string
	var rank, next, seq, n int64
	if f.Waiting {
		if err := parseCursor(f.Cursor, &agency, &endpoint, &rank, &next, &seq, &n); err != nil {
			return nil, err
		}
		where.add("(d.agency, d.endpoint, d.rank, d.next_at, d.request, d.n) > (?, ?, ?, ?, ?, ?)", agency, endpoint, rank, next, seq, n)
		return where, nil
	}
	if err := parseCursor(f.Cursor, &seq, &n); err != nil {
		return nil, err
	}
	where.add("(d.request, d.n) < (?, ?)", seq, n)
	return where, nil
}

// Causes counts the dead and the unconfirmed by reason.
func (s *Store) Causes(ctx context.Context) ([]store.Cause, error) {
	var all []store.Cause
	err := s.read(ctx, "counting what is dead by reason", func(c *conn) error {
		return c.query(ctx, `SELECT d.agency, d.state, d.error_class, d.error_code, count(*) FROM deliveries d
WHERE (d.state = 'retrying' OR d.state = 'unconfirmed' OR d.state = 'dead') AND d.state <> 'retrying'
GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4`, func(v row) error {
			all = append(all, store.Cause{Agency: v.text(0), State: gateway.DeliveryState(v.text(1)), Class: v.text(2), Code: v.text(3), Count: v.int(4)})
			return nil
		})
	})
	return all, err
}

package sqlite

import (
	"context"

	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/internal/sqlstore"
)

// List lists requests, the newest first.
func (s *Store) List(ctx context.Context, f store.Filter) (store.Page[*gateway.Request], error) {
	var page store.Page[*gateway.Request]
	where, err := sqlstore.Requests(f)
	if err != nil {
		return page, err
	}
	limit := store.PageSize(f.Limit)
	query := "SELECT " + requestColumns + " FROM requests r" + where.String() + " ORDER BY r.seq DESC LIMIT ?"
	err = s.read(ctx, "listing requests", func(c *conn) error {
		return c.snapshot(func() error {
			err := c.query(ctx, query, func(v row) error {
				page.Items = append(page.Items, scanRequest(v))
				return nil
			}, append(where.Args, limit+1)...)
			if err != nil {
				return err
			}
			if len(page.Items) > limit {
				page.Items = page.Items[:limit]
				page.Next = sqlstore.Cursor(page.Items[limit-1].Seq)
			}
			for _, r := range page.Items {
				if err := loadParts(c, r); err != nil {
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
	where, err := sqlstore.Deliveries(f)
	if err != nil {
		return page, err
	}
	limit := store.PageSize(f.Limit)
	query := "SELECT " + itemColumns + " FROM deliveries d JOIN requests r ON r.seq = d.request" + where.String() + " ORDER BY " + sqlstore.DeliveryOrder(f) + " LIMIT ?"
	err = s.read(ctx, "listing deliveries", func(c *conn) error {
		var last string // the cursor of the row before
		return c.query(ctx, query, func(v row) error {
			if len(page.Items) == limit {
				page.Next = last
				return nil
			}
			d := scanDelivery(v.text(25), v)
			page.Items = append(page.Items, store.DeliveryItem{Delivery: *d, Client: v.text(26), Service: v.text(27), Priority: sqlstore.Priority(v.bool(28))})
			last = sqlstore.DeliveryCursor(f, d, v.bool(28), v.int64(29))
			return nil
		}, append(where.Args, limit+1)...)
	})
	return page, err
}

// Causes counts the dead and the unconfirmed by reason.
func (s *Store) Causes(ctx context.Context) ([]store.Cause, error) {
	var all []store.Cause
	err := s.read(ctx, "counting what is dead by reason", func(c *conn) error {
		return c.query(ctx, `SELECT d.agency, d.state, d.error_class, d.error_code, count(*) FROM deliveries d
WHERE `+sqlstore.Troubled+` AND d.state <> 'retrying'
GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4`, func(v row) error {
			all = append(all, store.Cause{Agency: v.text(0), State: gateway.DeliveryState(v.text(1)), Class: v.text(2), Code: v.text(3), Count: v.int(4)})
			return nil
		})
	})
	return all, err
}

package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype/zeronull"

	"sluice/gateway"
	"sluice/gateway/store"
	"sluice/gateway/store/internal/sqlstore"
)

// numbered makes each ? of a query $1, $2 and so on.
func numbered(query string) string {
	var b strings.Builder
	for i := 1; ; i++ {
		head, tail, found := strings.Cut(query, "?")
		b.WriteString(head)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(i))
		query = tail
	}
}

// List lists requests, the newest first.
func (s *Store) List(ctx context.Context, f store.Filter) (store.Page[*gateway.Request], error) {
	var page store.Page[*gateway.Request]
	where, err := sqlstore.Requests(f)
	if err != nil {
		return page, err
	}
	limit := store.PageSize(f.Limit)
	query := numbered("SELECT r.seq FROM requests r" + where.String() + " ORDER BY r.seq DESC LIMIT ?")
	return read(ctx, s, "listing requests", func(ctx context.Context, c *pgx.Conn) (page store.Page[*gateway.Request], err error) {
		tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
		if err != nil {
			return page, err
		}
		seqs, err := numbers(tx.Query(ctx, query, append(where.Args, limit+1)...))
		if err != nil {
			return page, err
		}
		if len(seqs) > limit {
			seqs = seqs[:limit]
			page.Next = sqlstore.Cursor(seqs[limit-1])
		}
		b := &pgx.Batch{}
		all := loadBySeq.queue(b, seqs)
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return page, err
		}
		for i := len(*all) - 1; i >= 0; i-- {
			page.Items = append(page.Items, (*all)[i])
		}
		return page, tx.Commit(ctx)
	})
}

const itemColumns = deliveryColumns + ", r.id, r.client, r.service, r.urgent"

// Deliveries lists deliveries: the waiting in the order of their turn, others newest first.
func (s *Store) Deliveries(ctx context.Context, f store.DeliveryFilter) (store.Page[store.DeliveryItem], error) {
	where, err := sqlstore.Deliveries(f)
	if err != nil {
		return store.Page[store.DeliveryItem]{}, err
	}
	limit := store.PageSize(f.Limit)
	query := numbered("SELECT " + itemColumns + " FROM deliveries d JOIN requests r ON r.seq = d.request" + where.String() + " ORDER BY " + sqlstore.DeliveryOrder(f) + " LIMIT ?")
	return read(ctx, s, "listing deliveries", func(ctx context.Context, c *pgx.Conn) (page store.Page[store.DeliveryItem], err error) {
		rows, err := c.Query(ctx, query, append(where.Args, limit+1)...)
		if err != nil {
			return page, err
		}
		defer rows.Close()
		var last string // the cursor of the row before
		for rows.Next() {
			if len(page.Items) == limit {
				page.Next = last
				break
			}
			var i store.DeliveryItem
			var seq int64
			var id string
			var urgent bool
			if err := scanDelivery(rows, &i.Delivery, &seq, &id, &i.Client, &i.Service, &urgent); err != nil {
				return page, err
			}
			nameDelivery(&i.Delivery, id)
			i.Priority = sqlstore.Priority(urgent)
			page.Items = append(page.Items, i)
			last = sqlstore.DeliveryCursor(f, &i.Delivery, urgent, seq)
		}
		rows.Close()
		return page, rows.Err()
	})
}

const selectCauses = `SELECT d.agency, d.state, d.error_class, d.error_code, count(*) FROM deliveries d
WHERE ` + sqlstore.Troubled + ` AND d.state <> 'retrying' GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4`

// Causes counts the dead and the unconfirmed by reason.
func (s *Store) Causes(ctx context.Context) ([]store.Cause, error) {
	return read(ctx, s, "counting what is dead by reason", func(ctx context.Context, c *pgx.Conn) ([]store.Cause, error) {
		rows, err := c.Query(ctx, selectCauses)
		return collect(rows, err, func(v pgx.Rows) (x store.Cause, err error) {
			err = v.Scan(&x.Agency, &x.State, (*zeronull.Text)(&x.Class), (*zeronull.Text)(&x.Code), &x.Count)
			return x, err
		})
	})
}

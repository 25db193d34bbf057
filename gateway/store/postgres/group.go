package postgres

import (
	"context"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"sluice/gateway"
	"sluice/gateway/store"
)

// group is some writes that become one transaction: everything that they need is loaded and locked at once, they are
// run in memory one after the other, and what has changed in the end is written by one statement a table.
type group struct {
	id    string // of its row in commits
	cfg   Config
	ops   []*op
	seqs  []int64                     // numbers for new requests
	base  map[string]*gateway.Request // as their rows are: loaded, or added by the group
	next  map[string]*gateway.Request // as the last write left them
	order []string                    // the ids of next
	keys  map[[2]string]first         // idempotency keys that were used before, in the database or in this group

	requests, bodies, deliveries, attempts, statuses, events, told rows

	streams map[int64]bool // that events were added to
	numbers []int32        // locks of the registration numbers that are added
	commit  store.Commit
}

// first is the request that was made under an idempotency key.
type first struct {
	id   string
	hash string
}

func newGroup(cfg Config, ops []*op) *group {
	return &group{
		id: gateway.NewID(time.Now()), cfg: cfg, ops: ops, base: map[string]*gateway.Request{}, next: map[string]*gateway.Request{},
		keys: map[[2]string]first{}, streams: map[int64]bool{},
	}
}

// begin names the isolation: a database may have another by default.
const begin = "BEGIN ISOLATION LEVEL READ COMMITTED"

const selectKeys = `SELECT r.client, r.idem_key, r.id, r.body_hash FROM unnest($1::text[], $2::text[]) k (client, idem_key)
JOIN requests r ON r.client = k.client AND r.idem_key = k.idem_key`

// load begins the transaction, and locks and reads what the group needs.
func (g *group) load(ctx context.Context, c *pgx.Conn) error {
	var ids, clients, keys []string
	var streams []int64
	creates := 0
	for _, o := range g.ops {
		switch {
		case o.new != nil:
			creates++
			if o.new.idem.Key != "" {
				clients, keys = append(clients, o.new.request.Client), append(keys, o.new.idem.Key)
			}
		case o.change != nil:
			ids = append(ids, o.id)
		}
		for _, d := range o.told {
			streams = append(streams, d.Stream)
		}
	}
	b := &pgx.Batch{}
	b.Queue(begin)
	if len(streams) > 0 {
		b.Queue(lockStreams, ids, streams)
	}
	loaded := &[]*gateway.Request{}
	if len(ids) > 0 {
		loaded = loadToWrite.queue(b, ids)
	}
	if len(streams) > 0 {
		b.Queue(lockSubscriptions, streams)
	}
	if len(keys) > 0 {
		b.Queue(selectKeys, clients, keys).Query(func(v pgx.Rows) error {
			for v.Next() {
				var k [2]string
				var f first
				var hash []byte
				if err := v.Scan(&k[0], &k[1], &f.id, &hash); err != nil {
					return err
				}
				f.hash = string(hash)
				g.keys[k] = f
			}
			return v.Err()
		})
	}
	if creates > 0 {
		b.Queue("SELECT nextval('request_seq') FROM generate_series(1, $1::int)", creates).Query(func(v pgx.Rows) (err error) {
			g.seqs, err = pgx.CollectRows(v, pgx.RowTo[int64])
			return err
		})
	}
	if err := c.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	for _, r := range *loaded {
		g.base[r.ID] = r
	}
	return nil
}

// apply runs one write in memory. One that fails leaves the group as it was.
func (g *group) apply(o *op) {
	if o.err = o.ctx.Err(); o.err != nil {
		return
	}
	o.stored, o.first = nil, ""
	defer func() {
		if p := recover(); p != nil { // a poisoned request must not stop the store
			o.err = fmt.Errorf("the change of the request panicked: %v", p)
		}
	}()
	switch {
	case o.new != nil:
		o.err = g.create(o)
	case o.change != nil:
		o.err = g.change(o)
	}
	for _, d := range o.told {
		addTurn(&g.told, o.owner, d, o.now)
	}
}

// keep makes r what the group will write.
func (g *group) keep(r *gateway.Request) {
	if g.next[r.ID] == nil {
		g.order = append(g.order, r.ID)
	}
	g.next[r.ID] = r
}

// unchanged tells whether there is nothing to write.
func (g *group) unchanged() bool { return len(g.order) == 0 && g.told.columns == nil }

// ready notes that deliveries of an endpoint are to be handed out.
func (g *group) ready(d *gateway.Delivery) {
	lane := store.Lane{Agency: d.Agency, Endpoint: d.Endpoint}
	if !slices.Contains(g.commit.Lanes, lane) {
		g.commit.Lanes = append(g.commit.Lanes, lane)
	}
}

// Registration numbers and pushes that were kept for them meet under advisory locks: those who register share a lock,
// who keeps a push has it alone. So a push is either matched, or kept before the receipt is stored and found by who
// stores it.
const (
	numberLocks   = 0x510 // their first number
	numberBuckets = 64
	shareNumbers  = "SELECT pg_advisory_xact_lock_shared($1, n) FROM unnest($2::int[]) n"
	lockNumber    = "SELECT pg_advisory_xact_lock($1, $2)"
)

func numberLock(agency, number string) int32 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s\x00%s", agency, number)
	return int32(h.Sum32() % numberBuckets)
}

// insertCommit notes the commit whose id is $1. Whoever doubts that it came to its end asks by settleCommit, which waits
// for a transaction that is under way, and otherwise makes it fail.
const (
	insertCommit = "INSERT INTO commits (id, done) VALUES ($1, true)"
	settleCommit = "INSERT INTO commits (id, done) VALUES ($1, false) ON CONFLICT (id) DO UPDATE SET done = commits.done RETURNING done"
)

// flush makes the batch that writes the group and commits it. Beside it go the rows of commits past.
func (g *group) flush(past []string) *pgx.Batch {
	b := &pgx.Batch{}
	b.Queue(insertCommit, g.id)
	if len(past) > 0 {
		b.Queue("DELETE FROM commits WHERE id = ANY($1::text[]::uuid[])", past)
	}
	var requests, turns, wholes rows
	for _, id := range g.order {
		g.difference(g.base[id], g.next[id], &requests, &turns, &wholes)
	}
	if len(g.numbers) > 0 {
		slices.Sort(g.numbers)
		b.Queue(shareNumbers, numberLocks, slices.Compact(g.numbers))
	}
	g.requests.queue(b, insertRequests)
	g.bodies.queue(b, insertBodies)
	g.deliveries.queue(b, insertDeliveries)
	turns.queue(b, updateTurns)
	wholes.queue(b, updateWholes)
	g.attempts.queue(b, insertAttempts)
	g.statuses.queue(b, insertStatuses)
	g.told.queue(b, markTold)
	if due := g.told.queue(b, makeDue); due != nil {
		due.Query(func(v pgx.Rows) error {
			var now bool
			_, err := pgx.ForEachRow(v, []any{&now}, func() error {
				g.commit.Events = g.commit.Events || now
				return nil
			})
			return err
		})
	}
	g.events.queue(b, insertEvents)
	requests.queue(b, updateRequests)
	b.Queue("COMMIT")
	return b
}

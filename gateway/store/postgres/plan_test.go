package postgres

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"sluice/gateway/store/postgres/pgtest"
)

// fill adds requests with one delivery each: all of them wait for zags/moscow, or all of them are done.
const fill = `WITH r AS (INSERT INTO requests (seq, id, client, idem_key, body_hash, portal_id, service, service_version, agency, urgent, test, state, outcome, accepted_at, closed_at, rev)
SELECT nextval('request_seq'), gen_random_uuid(), 'portal', 'key-' || i, decode(repeat('00', 32), 'hex'), 'P-' || i, 's', '1', 'zags', false, false,
CASE WHEN $2::bool THEN 'open' ELSE 'closed' END, CASE WHEN $2::bool THEN NULL ELSE 'completed' END, now(), CASE WHEN $2::bool THEN NULL ELSE now() END, 1 FROM generate_series($1::int, $1::int + $3::int - 1) i RETURNING seq)
INSERT INTO deliveries (request, n, agency, endpoint, kind, rank, cancelable, state, epoch, attempts, since, next_at, queued_at, ended_at, external_id, rev)
SELECT seq, 1, 'zags', 'moscow', 'submit', 1, false, CASE WHEN $2::bool THEN 'queued' ELSE 'registered' END, 0, 0, now(), CASE WHEN $2::bool THEN now() - interval '1 hour' END, now(),
CASE WHEN $2::bool THEN NULL ELSE now() END, CASE WHEN $2::bool THEN NULL ELSE '77-' || seq END, 1 FROM r`

// Every statement of the daily work is served by an index, without sorting where there is a backlog, also by the plan
// that was made when the tables were empty and is kept while they fill.
func TestPlans(t *testing.T) {
	ctx := context.Background()
	s, err := Open(ctx, Config{URL: pgtest.Shared(t).Database(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tests := []struct {
		name, query, args string
		index             []string
	}{
		{"due", selectDue, "'zags', 'moscow', 1, now(), 50", []string{"Index Scan using deliveries_due on deliveries d", "Index Cond: ((agency = $1) AND (endpoint = $2) AND (rank = $3) AND (next_at <= $4) AND"}},
		{"hand out", handOut, "now(), '{1,2}', '{1,1}'", []string{"Index Scan using deliveries_pkey"}},
		{"load requests", loadToWrite.requests, "'{01a20d90-8aba-7746-9a48-868d27541968}'", []string{"requests_id_key", "requests_pkey"}},
		{"load deliveries", loadToWrite.deliveries, "'{01a20d90-8aba-7746-9a48-868d27541968}'", []string{"deliveries_pkey"}},
		{"load statuses", loadToWrite.statuses, "'{01a20d90-8aba-7746-9a48-868d27541968}'", []string{"statuses_pkey"}},
		{"load events", loadToWrite.events, "'{01a20d90-8aba-7746-9a48-868d27541968}'", []string{"events_pkey"}},
		{"keys", selectKeys, "'{portal}', '{key-1}'", []string{"requests_idem"}},
		{"turns", updateTurns, "'{1}', '{1}', '{queued}', '{1}', '{1}', '{now}', '{now}', '{NULL}', '{1}'", []string{"deliveries_pkey"}},
		{"claim", claimStreams, "'portal', 'node', now(), now(), 10, 10", []string{"events_due", "events_pkey"}},
		{"told", markTold, "'{1}', '{1}', '{1}', '{now}', '{node}', '{now}', '{NULL}'", []string{"events_pkey"}},
		{"due next", makeDue, "'{1}', '{1}', '{1}', '{now}', '{node}', '{now}', '{NULL}'", []string{"events_pkey"}},
		{"lock streams", lockStreams, "'{01a20d90-8aba-7746-9a48-868d27541968}', '{1}'", []string{"requests_pkey"}},
		{"lock subscriptions", lockSubscriptions, "'{-1}'", []string{"subscriptions_pkey"}},
		{"late", selectRefs + whereLate, "now(), 10", []string{"deliveries_untold"}},
		{"polls", selectRefs + wherePoll, "now(), 10", []string{"deliveries_poll"}},
		{"expired", selectRefs + whereExpired, "now(), 10", []string{"deliveries_owned"}},
		{"lanes", selectLanes, "", []string{"deliveries_due"}},
		{"causes", selectCauses, "", []string{"deliveries_troubled"}},
		{"number", selectNumber, "'zags', '77-1'", []string{"deliveries_number"}},
		{"done", selectDone, "'{1}', now(), now()", []string{"requests_pkey", "events_pkey", "deliveries_pkey"}},
		{"old events", lockOld, "now(), 10", []string{"events_pkey", "subscriptions_pkey"}},
		{"wake streams", wakeStreams, "'{1}'", []string{"events_pkey"}},
		{"slice", selectSlice, "0, now(), 200", []string{"requests_pkey"}},
	}
	err = s.lend(ctx, func(ctx context.Context, c *pgx.Conn) error {
		exec := func(query string, args ...any) {
			if _, err := c.Exec(ctx, query, args...); err != nil {
				t.Fatalf("%.80s: %v", query, err)
			}
		}
		explain := func(i int) (plan string) {
			call := fmt.Sprintf("EXPLAIN (COSTS off) EXECUTE p%d", i)
			if tests[i].args != "" {
				call += "(" + tests[i].args + ")"
			}
			rows, err := c.Query(ctx, call, pgx.QueryExecModeSimpleProtocol)
			if err != nil {
				t.Fatal(err)
			}
			lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
			if err != nil {
				t.Fatalf("%s: %v", tests[i].name, err)
			}
			return strings.Join(lines, "\n")
		}
		exec("SET plan_cache_mode = force_generic_plan")
		for i, tt := range tests {
			exec(fmt.Sprintf("PREPARE p%d AS %s", i, tt.query))
			explain(i) // makes the plan, of empty tables
		}
		exec(fill, 1, true, 3000)
		exec(fill, 3001, false, 3000)
		for _, when := range []string{"made when the tables were empty", "made of full tables"} {
			for i, tt := range tests {
				plan := explain(i)
				for _, want := range tt.index {
					if !strings.Contains(plan, want) {
						t.Errorf("%s, %s: no %q in\n%s", tt.name, when, want, plan)
					}
				}
				if strings.Contains(plan, "Seq Scan") || tt.name == "due" && strings.Contains(plan, "Sort") {
					t.Errorf("%s, %s:\n%s", tt.name, when, plan)
				}
			}
			exec("ANALYZE")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

package storetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sluice/adapters"
	"sluice/contracts/canonical"
	"sluice/gateway"
	"sluice/gateway/store"
)

func urgent(p *gateway.NewRequestParams) { p.Priority = canonical.Urgent }

// The urgent go first, then those that are due longest; what was handed out comes again only when its time is up.
func testWindow(t *testing.T, b *bench) {
	a, c, d := b.create(), b.create(), b.create(urgent)
	b.create(func(p *gateway.NewRequestParams) { p.Targets = []gateway.Target{{Agency: "zags", Endpoint: "tver"}} })

	first := b.window("zags", "moscow", 2)
	if got, want := refIDs(first), []string{d.ID, a.ID}; !slices.Equal(got, want) {
		t.Errorf("handed out %v, want %v", got, want)
	}
	if ref := first[0]; ref.Epoch != 1 || ref.State != gateway.Queued || ref.DeliveryID != d.Deliveries[0].ID || ref.Agency != "zags" || ref.Endpoint != "moscow" {
		t.Errorf("the ref is %+v", ref)
	}
	if got, want := refIDs(b.window("zags", "moscow", 10)), []string{c.ID}; !slices.Equal(got, want) {
		t.Errorf("then %v, want %v", got, want)
	}
	if got := b.window("zags", "moscow", 10); len(got) != 0 {
		t.Errorf("handed out twice: %v", got)
	}
	b.tick(2 * time.Minute)
	again := b.window("zags", "moscow", 10)
	if len(again) != 3 || again[0].Epoch != 2 {
		t.Errorf("what was lost comes again as %+v", again)
	}
	begin := func(ref store.Ref) error {
		_, err := b.Update(b.ctx, ref.RequestID, func(r *gateway.Request) error { _, err := r.Begin(ref.Claim("node"), b.now); return err })
		return err
	}
	if err := begin(first[0]); !errors.Is(err, gateway.ErrStale) {
		t.Errorf("the older message was good for something: %v", err)
	}
	b.must(begin(again[0]))
	b.tick(2 * time.Minute)
	if got := b.window("zags", "moscow", 10); len(got) != 2 {
		t.Errorf("what is being sent was handed out: %v", got)
	}

	lanes, err := b.Lanes(b.ctx)
	b.must(err)
	slices.SortFunc(lanes, func(x, y store.Backlog) int { return y.Waiting - x.Waiting })
	if len(lanes) != 2 || lanes[0].Endpoint != "moscow" || lanes[0].Waiting != 2 || !lanes[0].Next.Equal(b.now.Add(time.Minute)) || lanes[1].Waiting != 1 {
		t.Errorf("the backlog is %+v", lanes)
	}
}

// Who never heard whether the beginning of an attempt was written writes it again and has begun one; another owner, or a
// claim of another epoch, does not get it.
func testBeginAgain(t *testing.T, b *bench) {
	r := b.create()
	c := b.begin(r)
	first := b.load(r.ID)
	again := b.update(r.ID, func(r *gateway.Request) error { _, err := r.Begin(c, b.now.Add(time.Second)); return err })
	if d := again.Deliveries[0]; d.State != gateway.Sending || d.Attempts != 1 || *d != *first.Deliveries[0] || again.Version() != first.Version() {
		t.Errorf("begun again it is %+v, before it was %+v", d, first.Deliveries[0])
	}
	for name, other := range map[string]gateway.Claim{
		"another owner": {DeliveryID: c.DeliveryID, Epoch: c.Epoch, Owner: "other"},
		"an older one":  {DeliveryID: c.DeliveryID, Epoch: c.Epoch - 1, Owner: c.Owner},
	} {
		if _, err := b.Update(b.ctx, r.ID, func(r *gateway.Request) error { _, err := r.Begin(other, b.now); return err }); !errors.Is(err, gateway.ErrStale) {
			t.Errorf("%s: %v, want ErrStale", name, err)
		}
	}
	b.update(r.ID, func(r *gateway.Request) error { return r.Lapse(c, true, b.now, b.now) })
	if _, err := b.Update(b.ctx, r.ID, func(r *gateway.Request) error { _, err := r.Begin(c, b.now); return err }); !errors.Is(err, gateway.ErrStale) {
		t.Errorf("once it was taken over: %v, want ErrStale", err)
	}
}

// Of one request and agency the next goes when the one before has ended.
func testOneAtATime(t *testing.T, b *bench) {
	r := b.create()
	b.register(r, "1")
	b.update(r.ID, func(r *gateway.Request) error { _, err := r.Withdraw("", b.now); return err })
	other := b.create(func(p *gateway.NewRequestParams) { p.Targets = []gateway.Target{moscow, moscow} })
	if got := b.window("zags", "moscow", 10); len(got) != 2 || got[0].DeliveryID != gateway.DeliveryID(r.ID, 2) || got[1].DeliveryID != gateway.DeliveryID(other.ID, 1) {
		t.Errorf("handed out %+v", got)
	}
	b.tick(2 * time.Minute)
	b.register(other, "2")
	if got := b.window("zags", "moscow", 10); len(got) != 1 || got[0].DeliveryID != gateway.DeliveryID(other.ID, 2) {
		t.Errorf("then %+v", got)
	}
}

func testLeases(t *testing.T, b *bench) {
	r := b.create()
	b.must(b.Renew(b.ctx, "node", b.now.Add(10*time.Second)))
	b.begin(r)
	expired := func() []store.Ref {
		refs, err := b.Expired(b.ctx, b.now, 10)
		b.must(err)
		return refs
	}
	if got := expired(); len(got) != 0 {
		t.Errorf("taken from its owner: %+v", got)
	}
	b.tick(9 * time.Second)
	b.must(b.Renew(b.ctx, "node", b.now.Add(10*time.Second)))
	b.tick(9 * time.Second)
	if got := expired(); len(got) != 0 {
		t.Errorf("a heartbeat did not count: %+v", got)
	}
	b.tick(time.Second)
	got := expired()
	if len(got) != 1 || got[0].Owner != "node" || got[0].State != gateway.Sending || got[0].RequestID != r.ID {
		t.Fatalf("found %+v", got)
	}
	b.update(r.ID, func(r *gateway.Request) error { return r.Lapse(got[0].Claim("node"), true, b.now, b.now) })
	if got := expired(); len(got) != 0 {
		t.Errorf("taken over twice: %+v", got)
	}
}

func testPolls(t *testing.T, b *bench) {
	r := b.create()
	b.register(r, "1")
	ask := func(at time.Time) {
		b.update(r.ID, func(r *gateway.Request) error { return r.AskAt(r.Deliveries[0].ID, at) })
	}
	due := func() int {
		refs, err := b.DuePolls(b.ctx, b.now, 10)
		b.must(err)
		return len(refs)
	}
	ask(b.now.Add(time.Hour))
	if due() != 0 {
		t.Error("asked too early")
	}
	b.tick(time.Hour)
	if due() != 1 {
		t.Error("not asked when due")
	}
	ask(time.Time{})
	if due() != 0 {
		t.Error("asked though it is not to be")
	}
}

func testLate(t *testing.T, b *bench) {
	r, dead := b.create(), b.create()
	b.die(dead, "mapping")
	b.tick(time.Hour)
	b.create()
	late := func() []store.Ref {
		refs, err := b.Late(b.ctx, b.now.Add(-time.Minute), 10)
		b.must(err)
		return refs
	}
	if got := late(); len(got) != 1 || got[0].RequestID != r.ID {
		t.Fatalf("late are %+v", got)
	}
	b.update(r.ID, func(r *gateway.Request) error { return r.Delay(r.Deliveries[0].ID, "breaker", time.Time{}, b.now) })
	if got := late(); len(got) != 0 {
		t.Errorf("told again: %+v", got)
	}
}

// What is being sent by an owner that never had a lease is found; everything else always has somebody or some time.
func testUnwoken(t *testing.T, b *bench) {
	r := b.create()
	b.register(b.create(), "1")
	b.die(b.create(), "mapping")
	count := func() int {
		n, err := b.Unwoken(b.ctx)
		b.must(err)
		return n
	}
	if n := count(); n != 0 {
		t.Errorf("%d are stuck", n)
	}
	b.tick(2 * time.Minute)
	b.begin(r)
	if n := count(); n != 1 {
		t.Errorf("%d are stuck, want the one whose owner nobody knows", n)
	}
	b.must(b.Renew(b.ctx, "node", b.now.Add(time.Minute)))
	if n := count(); n != 0 {
		t.Errorf("%d are stuck", n)
	}
}

func testNumbers(t *testing.T, b *bench) {
	r := b.create()
	find := func(agency, number string) string {
		id, err := b.FindNumber(b.ctx, agency, number)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		return id
	}
	message := gateway.MessageID(r.Deliveries[0].ID)
	if find("zags", message) != r.ID || find("tax", message) != "" {
		t.Error("a request is not found by its message id, or by somebody else's agency")
	}
	b.register(r, "77-1")
	if find("zags", "77-1") != r.ID || find("tax", "77-1") != "" || find("zags", "77-2") != "" || find("zags", message) != r.ID {
		t.Error("a request is not found by its number, or found by another")
	}
}

// A push is either matched or kept, whatever happens at the same time.
func testPushes(t *testing.T, b *bench) {
	r := b.create()
	id, err := b.KeepPush(b.ctx, "zags", "77-1", []byte("first"), b.now)
	b.must(err)
	if id != "" {
		t.Errorf("matched %q", id)
	}
	_, err = b.KeepPush(b.ctx, "zags", "77-1", []byte("second"), b.now)
	b.must(err)
	b.register(r, "77-1")
	if id, err = b.KeepPush(b.ctx, "zags", "77-1", []byte("third"), b.now); err != nil || id != r.ID {
		t.Errorf("the receipt is there and the push is kept: %q, %v", id, err)
	}
	if id, err = b.KeepPush(b.ctx, "tax", "77-1", []byte("another agency's"), b.now); err != nil || id != "" {
		t.Errorf("matched another agency's number: %q, %v", id, err)
	}
	kept, err := b.Pushes(b.ctx, "zags", "77-1")
	b.must(err)
	if len(kept) != 2 || string(kept[0].Push) != "first" || string(kept[1].Push) != "second" || !kept[0].ReceivedAt.Equal(b.now) {
		t.Fatalf("kept %+v", kept)
	}
	matched, err := b.Matched(b.ctx, 10)
	b.must(err)
	if len(matched) != 2 || matched[0].ID != kept[0].ID || string(matched[0].Push) != "first" || matched[0].RequestID != r.ID || matched[0].Agency != "zags" || matched[0].Number != "77-1" {
		t.Errorf("matched %+v", matched)
	}
	b.must(b.DropPushes(b.ctx, kept[0].ID))
	if kept, err = b.Pushes(b.ctx, "zags", "77-1"); err != nil || len(kept) != 1 || string(kept[0].Push) != "second" {
		t.Errorf("left %+v, %v", kept, err)
	}
}

func testList(t *testing.T, b *bench) {
	other := func(p *gateway.NewRequestParams) { p.Client, p.Service = "other", "tax-deduction" }
	var mine []string
	for range 5 {
		mine = append(mine, b.create().ID)
		b.create(other)
	}
	slices.Reverse(mine) // the newest first
	b.register(b.load(mine[0]), "1", canonical.Status{Code: canonical.Refused, At: b.now})

	var got []string
	f := store.Filter{Client: "portal", Limit: 2}
	for pages := 0; ; pages++ {
		page, err := b.List(b.ctx, f)
		b.must(err)
		for _, r := range page.Items {
			got = append(got, r.ID)
		}
		if page.Next == "" {
			break
		}
		f.Cursor = page.Next
		b.create() // what comes meanwhile does not shift the pages
		if pages > 5 {
			t.Fatal("the pages have no end")
		}
	}
	if !slices.Equal(got, mine) {
		t.Errorf("listed %v, want %v", got, mine)
	}
	for name, tt := range map[string]struct {
		f    store.Filter
		want int
	}{
		"closed":    {store.Filter{State: gateway.Closed}, 1},
		"open":      {store.Filter{State: gateway.Open, Client: "other"}, 5},
		"outcome":   {store.Filter{Outcome: "refused"}, 1},
		"status":    {store.Filter{Status: canonical.Refused}, 1},
		"service":   {store.Filter{Service: "tax-deduction"}, 5},
		"agency":    {store.Filter{Agency: "tax"}, 0},
		"portal id": {store.Filter{PortalID: "P-1"}, 1},
		"since":     {store.Filter{Since: noon.Add(9 * time.Millisecond), Until: noon.Add(10 * time.Millisecond)}, 1},
	} {
		page, err := b.List(b.ctx, tt.f)
		b.must(err)
		if len(page.Items) != tt.want {
			t.Errorf("%s: %d listed, want %d", name, len(page.Items), tt.want)
		}
	}
}

func testDeliveries(t *testing.T, b *bench) {
	dead := b.create()
	b.die(dead, "mapping")
	sending := b.create()
	b.begin(sending)
	normal, first := b.create(), b.create(urgent)
	list := func(f store.DeliveryFilter) (ids []string) {
		f.Limit = 1
		for {
			page, err := b.Deliveries(b.ctx, f)
			b.must(err)
			for _, d := range page.Items {
				ids = append(ids, d.RequestID)
				if d.Client != "portal" || d.Service != "family-composition" || d.Agency != "zags" {
					t.Errorf("listed as %+v", d)
				}
			}
			if f.Cursor = page.Next; f.Cursor == "" {
				return ids
			}
		}
	}
	for name, tt := range map[string]struct {
		f    store.DeliveryFilter
		want []string
	}{
		"waiting": {store.DeliveryFilter{Waiting: true}, []string{first.ID, normal.ID}},
		"queued":  {store.DeliveryFilter{State: gateway.Queued}, []string{first.ID, normal.ID}},
		"sending": {store.DeliveryFilter{State: gateway.Sending}, []string{sending.ID}},
		"dead":    {store.DeliveryFilter{State: gateway.Dead, Agency: "zags", Endpoint: "moscow"}, []string{dead.ID}},
		"by code": {store.DeliveryFilter{Code: "mapping", Class: "permanent"}, []string{dead.ID}},
		"all":     {store.DeliveryFilter{}, []string{first.ID, normal.ID, sending.ID, dead.ID}},
		"none":    {store.DeliveryFilter{Agency: "tax"}, nil},
	} {
		if got := list(tt.f); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

func testCauses(t *testing.T, b *bench) {
	for _, code := range []string{"mapping", "access", "mapping"} {
		b.die(b.create(), code)
	}
	r := b.create()
	c := b.begin(r)
	b.update(r.ID, func(r *gateway.Request) error {
		return r.Unconfirm(c, gateway.Exchange{}, &adapters.Error{Class: adapters.Ambiguous, Code: "timeout"}, b.now, b.now)
	})
	got, err := b.Causes(b.ctx)
	b.must(err)
	if len(got) != 3 || got[0] != (store.Cause{Agency: "zags", State: gateway.Dead, Class: "permanent", Code: "mapping", Count: 2}) {
		t.Errorf("the causes are %+v", got)
	}
}

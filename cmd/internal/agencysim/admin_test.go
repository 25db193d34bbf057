package agencysim

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

// contextDone returns a context that has ended.
func contextDone() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx, cancel
}

func (r *rig) admin(method, path, body string, into any) int {
	r.t.Helper()
	a := r.must(r.do(method, r.URL()+"/admin"+path, nil, body))
	if into != nil {
		if err := json.Unmarshal([]byte(a.body), into); err != nil {
			r.t.Fatalf("%s %s: %v in %s", method, path, err, a.body)
		}
	}
	return a.status
}

func TestAdminFaults(t *testing.T) {
	r := start(t, Config{})
	var made struct{ ID int }
	if status := r.admin("POST", "/faults", `{"agency":"zags","endpoint":"001","operation":"submit","kind":"http503","count":1,"for":"1h","retryAfter":"3s"}`, &made); status != 201 || made.ID != 1 {
		t.Fatalf("%d %+v", status, made)
	}
	if a := r.must(r.zags("Register", sample(t, "zags-register.xml", 1, "Иванова"))); a.status != 503 || a.header.Get("Retry-After") != "3" {
		t.Errorf("%d %v", a.status, a.header)
	}
	var list []faultJSON
	r.admin("GET", "/faults", "", &list)
	if want := []faultJSON{{ID: 1, Agency: ZAGS, Endpoint: "001", Operation: opSubmit, Kind: HTTP503, Count: 1, For: "1h0m0s", RetryAfter: "3s", Hits: 1}}; !reflect.DeepEqual(list, want) {
		t.Errorf("%+v", list)
	}
	var cleared struct{ Cleared int }
	if r.admin("DELETE", "/faults?id=2", "", &cleared); cleared.Cleared != 0 {
		t.Errorf("a fault that is none was ended")
	}
	if r.admin("DELETE", "/faults?id=1", "", &cleared); cleared.Cleared != 1 {
		t.Errorf("the fault was not ended")
	}
	for body, want := range map[string]string{
		`{"kind":"lots"}`:                     "the kinds are",
		`{"kind":"lost","agency":"police"}`:   "the agencies are",
		`{"kind":"lost","operation":"sbmit"}`: "the operations are",
		`{"kind":"lost","probability":2}`:     "between 0 and 1",
		`{"kind":"lost","count":-1}`:          "below 0",
		`{"kind":"lost","for":"long"}`:        "for:",
		`{"kind":"lost","endpiont":"001"}`:    "endpiont",
		`{`:                                   "EOF",
	} {
		var e struct{ Error string }
		if status := r.admin("POST", "/faults", body, &e); status != 400 || !strings.Contains(e.Error, want) {
			t.Errorf("%s: %d %s", body, status, e.Error)
		}
	}
	if status := r.admin("DELETE", "/faults?id=x", "", nil); status != 400 {
		t.Errorf("an id that is none: %d", status)
	}
}

func TestAdminCounts(t *testing.T) {
	r := start(t, Config{WireKeep: 3})
	token := r.token()
	r.submitZAGS(1, "Иванова")
	r.submitZAGS(1, "Иванова")
	r.submitSocial(token, 2)
	r.submitSocial(token, 2)
	r.must(r.tax(sample(t, "tax-file.xml", 3, "Иванова")))
	var summary struct {
		Agencies []Summary
		Pushes   PushStats
	}
	r.admin("GET", "/summary", "", &summary)
	want := []Summary{{ZAGS, 1, 1, 0, 2}, {Tax, 1, 1, 0, 1}, {Social, 1, 2, 1, 2}, {Agency: Pension}}
	if !reflect.DeepEqual(summary.Agencies, want) {
		t.Errorf("%+v, want %+v", summary.Agencies, want)
	}
	var effects []Effect
	r.admin("GET", "/effects", "", &effects)
	if len(effects) != 3 || effects[0].Agency != Social || effects[2].MessageID != id(1) {
		t.Errorf("%+v", effects)
	}
	if r.admin("GET", "/effects?doubled=true", "", &effects); len(effects) != 1 || effects[0].Count != 2 {
		t.Errorf("doubled: %+v", effects)
	}
	if r.admin("GET", "/effects?agency=tax&messageId="+id(3), "", &effects); len(effects) != 1 || effects[0].Portal != "PORTAL-3" {
		t.Errorf("one: %+v", effects)
	}
	var exchanges []Exchange
	r.admin("GET", "/wire", "", &exchanges)
	if len(exchanges) != 3 || exchanges[2].Agency != Tax || exchanges[0].Agency != Social {
		t.Fatalf("the last three exchanges: %+v", exchanges)
	}
	last := exchanges[2]
	if last.Operation != opSubmit || last.MessageID != id(3) || !strings.Contains(last.Request, "Иванова") || !strings.Contains(last.Reply, "Квитанция") ||
		last.Header.Get("X-Api-Key") != "…" || last.Status != 200 || last.Endpoint != "7701" {
		t.Errorf("%+v", last)
	}
	for _, x := range exchanges {
		if strings.Contains(fmt.Sprint(x), DefaultCredentials.Tax) || strings.Contains(fmt.Sprint(x), token) {
			t.Errorf("a secret is shown: %+v", x)
		}
	}
	if r.admin("GET", "/wire?messageId="+id(2), "", &exchanges); len(exchanges) != 2 {
		t.Errorf("by message id: %d", len(exchanges))
	}
	if a := r.must(r.do("GET", r.URL()+"/contracts/zags/registry.wsdl", nil, "")); a.status != 200 || !strings.Contains(a.body, "РеестрПорт") {
		t.Errorf("contracts: %d", a.status)
	}
	if _, ok := r.Effect("police", id(1)); ok {
		t.Error("an effect at no agency")
	}
}

func TestJournal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "effects")
	c := newClock()
	cfg := Config{Journal: path, JournalSync: true, Clock: c, StepDelay: time.Hour}
	first := start(t, cfg)
	first.submitZAGS(1, "Иванова")
	first.submitZAGS(2, SurnameRefused)
	first.submitSocial(first.token(), 3)
	first.submitSocial(first.token(), 3)
	first.must(first.zags("Withdraw", zagsCall(4, `<ОтзывЗапроса xmlns="urn://zags-ru/registry/2.1"><Номер>001-0000001/2025</Номер></ОтзывЗапроса>`)))
	want := first.Effects("")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	f := must1(os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0))
	must1(f.WriteString(`{"agency":"zags","messa`)) // the process was killed here
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}

	second := start(t, cfg)
	got := second.Effects("")
	for _, all := range [][]Effect{want, got} {
		for i := range all {
			all[i].Arrivals = 0 // what was absorbed is not in the journal
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v\nwant %+v", got, want)
	}
	c.advance(5 * time.Hour)
	second.submitZAGS(5, "Иванова")
	if e, _ := second.Effect(ZAGS, id(5)); len(e.ExternalIDs) != 1 || e.ExternalIDs[0] != "001-0000003/2025" {
		t.Errorf("the next number: %+v", e)
	}
	a := second.must(second.zags("Status", zagsCall(6, `<ЗапросСостояния xmlns="urn://zags-ru/registry/2.1"><Номер>001-0000002/2025</Номер></ЗапросСостояния>`)))
	if got := strings.Join(texts(t, a.body, "Состояние"), " "); got != "10 20 50" {
		t.Errorf("a plan does not survive: %s", got)
	}

	broken := filepath.Join(t.TempDir(), "effects")
	for content, want := range map[string]string{"nonsense\n": "line 1", "{\"agency\":\"police\"}\n": "police", "{\"agency\":\"tax\",\"at\":1}\n": "line 1"} {
		if err := os.WriteFile(broken, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Start(t.Context(), Config{Journal: broken}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// Many callers at once: every id takes effect once, whoever comes first.
func TestConcurrentRepeats(t *testing.T) {
	h := newHub(t)
	r := start(t, Config{Push: h.targets(), StepDelay: time.Millisecond, Chaos: Chaos{PushRate: 0.5, PushKind: []Kind{PushDuplicate, PushReorder}}})
	messages := make([]string, 20)
	for n := range messages {
		messages[n] = sample(t, "zags-register.xml", n, "Иванова")
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for n := range messages {
				if a, err := r.zags("Register", messages[n]); err != nil || a.status != 200 {
					t.Errorf("%d %v", a.status, err)
				}
			}
		})
	}
	wg.Wait()
	all := r.Effects(ZAGS)
	if len(all) != len(messages) {
		t.Errorf("%d effects", len(all))
	}
	for _, e := range all {
		if e.Count != 1 || e.Arrivals != 4 {
			t.Errorf("%+v", e)
		}
	}
	if err := r.Quiet(t.Context()); err != nil {
		t.Error(err)
	}
}

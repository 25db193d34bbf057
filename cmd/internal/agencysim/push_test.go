package agencysim

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"sluice/contracts/agencies"
)

// registered submits one request to each pushing agency's desk and fails if it is refused.
func (r *rig) submitZAGS(n int, surname string) {
	r.t.Helper()
	if a := r.must(r.zags("Register", sample(r.t, "zags-register.xml", n, surname))); a.status != 200 {
		r.t.Fatalf("%d %s", a.status, a.body)
	}
}

func (r *rig) submitSocial(token string, n int) {
	r.t.Helper()
	if a := r.must(r.social("POST", "/applications", token, sample(r.t, "social-application.json", n, "Иванова"))); a.status != 201 {
		r.t.Fatalf("%d %s", a.status, a.body)
	}
}

// codes takes n pushes of ZAGS and returns their codes.
func (h *hub) codes(t *testing.T, n int) string {
	t.Helper()
	var out []string
	for range n {
		out = append(out, text(t, h.next(t).body, "Состояние"))
	}
	return strings.Join(out, " ")
}

func TestPushes(t *testing.T) {
	h := newHub(t)
	r := start(t, Config{Push: h.targets(), StepDelay: time.Millisecond})
	r.submitZAGS(1, SurnameDocuments)
	for _, code := range []string{"20", "40", "20", "99"} {
		p := h.next(t)
		valid(t, r.agencies[ZAGS].(*zags).contract, p.body)
		if p.agency != ZAGS || p.token != "Bearer zags-token" || p.action != `"urn:zags:notices:2.1:Status"` ||
			text(t, p.body, "Состояние") != code || !strings.HasPrefix(text(t, p.body, "Номер"), "001-0000001/") || text(t, p.body, "ИдентификаторСообщения") != id(1) {
			t.Errorf("push %s: %+v", code, p)
		}
	}
	notification := must1(compileJSON(agencies.Files, "social", "push.openapi.yaml", "/components/schemas/StatusNotification"))
	r.submitSocial(r.token(), 2)
	for _, code := range []string{"IN_REVIEW", "NEED_DOCUMENTS", "IN_REVIEW", "GRANTED"} {
		p := h.next(t)
		valid(t, notification, p.body)
		if p.agency != Social || p.token != "Bearer social-token" || !strings.Contains(p.body, `"status":"`+code+`"`) || !strings.Contains(p.body, id(2)) {
			t.Errorf("push %s: %+v", code, p)
		}
	}
	if err := r.Quiet(t.Context()); err != nil {
		t.Error(err)
	}
	if s := r.Pushes(); s != (PushStats{Taken: 8}) {
		t.Errorf("%+v", s)
	}
	if n := len(r.Wire(ZAGS, id(1))); n != 5 {
		t.Errorf("%d exchanges on the wire, want the submission and four pushes", n)
	}
}

func TestPushFaults(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		codes string
	}{
		{PushDuplicate, "20 20 99 99"},
		{PushReorder, "99 20"},
		{PushEarly, "10 20 99"},
		{PushUnknownCode, "77 99"},
	} {
		t.Run(string(c.kind), func(t *testing.T) {
			h := newHub(t)
			r := start(t, Config{Push: h.targets(), StepDelay: time.Millisecond})
			if _, err := r.Inject(Fault{Agency: ZAGS, Kind: c.kind, Count: 1}); err != nil {
				t.Fatal(err)
			}
			r.submitZAGS(1, "Иванова")
			if c.kind == PushEarly && len(h.got) == 0 {
				t.Error("the answer came before the push")
			}
			if got := h.codes(t, len(strings.Fields(c.codes))); got != c.codes {
				t.Errorf("pushed %s, want %s", got, c.codes)
			}
			a := r.must(r.zags("Status", zagsCall(2, `<ЗапросСостояния xmlns="urn://zags-ru/registry/2.1"><ИдентификаторСообщения>`+id(1)+`</ИдентификаторСообщения></ЗапросСостояния>`)))
			if c.kind != PushUnknownCode && strings.Join(texts(t, a.body, "Состояние"), " ") != "10 20 99" {
				t.Errorf("who asks is told otherwise: %s", a.body)
			}
		})
	}
	t.Run(string(PushNever), func(t *testing.T) {
		h := newHub(t)
		r := start(t, Config{Push: h.targets(), StepDelay: time.Millisecond})
		if _, err := r.Inject(Fault{Agency: ZAGS, Kind: PushNever, Count: 1}); err != nil {
			t.Fatal(err)
		}
		r.submitZAGS(1, "Иванова")
		r.submitZAGS(2, "Иванова")
		for range 2 {
			if p := h.next(t); text(t, p.body, "ИдентификаторСообщения") != id(2) {
				t.Errorf("a push of the silent request: %s", p.body)
			}
		}
		if err := r.Quiet(t.Context()); err != nil {
			t.Error(err)
		}
		if len(h.got) > 0 {
			t.Error("more pushes than planned")
		}
	})
}

// A push comes again, with the same id and on an increasing wait, until the hub takes it.
func TestPushesAreRepeated(t *testing.T) {
	h := newHub(t)
	c := newClock()
	answers := []struct {
		status     int
		kind, body string
	}{
		{503, "text/plain", "later"},
		{401, "text/plain", "who?"},
		{200, "text/html", "<html>"},
		{500, "text/xml", `<e:Envelope xmlns:e="` + soap11 + `"><e:Body><e:Fault><faultcode>e:Server</faultcode><faultstring>busy</faultstring></e:Fault></e:Body></e:Envelope>`},
		{200, "text/xml", strings.Replace(ackZAGS, "ПРИНЯТО", "НАВЕРНОЕ", 1)},
		{200, "text/xml", strings.ReplaceAll(ackZAGS, "Квитанция", "Ответ")},
		{200, "text/xml", ackZAGS},
	}
	last := c.Now()
	var waits []time.Duration // one push at a time: the handler is never run twice at once
	h.answer = func(pushed) (int, string, string) {
		a := answers[min(len(waits), len(answers)-1)]
		waits = append(waits, c.Now().Sub(last))
		last = c.Now()
		return a.status, a.kind, a.body
	}
	r := start(t, Config{Push: h.targets(), Clock: c, StepDelay: time.Second, PushRetry: time.Second, Plans: map[string][]Step{ZAGS: {{Status: "approved"}}}})
	r.submitZAGS(1, "Иванова")
	var notices []string
	for len(notices) < len(answers) {
		select {
		case <-c.set: // a try is planned, or an earlier one was
			c.toNext()
		case p := <-h.got:
			notices = append(notices, text(t, p.body, "Извещение"))
		}
	}
	if err := r.Quiet(t.Context()); err != nil {
		t.Error(err)
	}
	for _, n := range notices {
		if n != notices[0] {
			t.Errorf("the push changed its id: %v", notices)
		}
	}
	if want := []time.Duration{1e9, 1e9, 2e9, 4e9, 8e9, 16e9, 32e9}; !slices.Equal(waits, want) {
		t.Errorf("it waited %v, want %v", waits, want)
	}
	if s := r.Pushes(); s != (PushStats{Taken: 1, Failed: len(answers) - 1}) {
		t.Errorf("%+v", s)
	}
}

// A push that the hub refuses for good is given up; those after it still come.
func TestPushesAreGivenUp(t *testing.T) {
	h := newHub(t)
	h.answer = func(p pushed) (int, string, string) {
		if p.agency == Social {
			return 422, "application/json", `{"code":"INVALID","message":"no"}`
		}
		return 500, "text/xml", `<e:Envelope xmlns:e="` + soap11 + `"><e:Body><e:Fault><faultcode>e:Client</faultcode><faultstring>no</faultstring></e:Fault></e:Body></e:Envelope>`
	}
	r := start(t, Config{Push: h.targets(), StepDelay: time.Millisecond})
	r.submitZAGS(1, "Иванова")
	r.submitSocial(r.token(), 2)
	if err := r.Quiet(t.Context()); err != nil {
		t.Error(err)
	}
	if s := r.Pushes(); s != (PushStats{Refused: 6}) {
		t.Errorf("%+v", s)
	}
}

// A withdrawal is pushed, and the steps that it prevents are not.
func TestWithdrawalIsPushed(t *testing.T) {
	h := newHub(t)
	c := newClock()
	r := start(t, Config{Push: h.targets(), Clock: c, StepDelay: time.Hour})
	token := r.token()
	r.submitSocial(token, 1)
	<-c.set
	if a := r.must(r.social("POST", "/applications/S77-00000001/withdraw", token, `{}`)); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	var n struct{ Status, ApplicationID string }
	if err := json.Unmarshal([]byte(h.next(t).body), &n); err != nil || n.Status != "WITHDRAWN" || n.ApplicationID != "S77-00000001" {
		t.Errorf("%+v %v", n, err)
	}
	c.advance(24 * time.Hour)
	if err := r.Quiet(t.Context()); err != nil {
		t.Error(err)
	}
	if len(h.got) > 0 {
		t.Errorf("pushed after the withdrawal: %+v", <-h.got)
	}
}

// While the hub is away nothing is lost, and Quiet says what waits.
func TestPushesWaitForTheHub(t *testing.T) {
	h := newHub(t)
	targets := h.targets()
	h.Close()
	r := start(t, Config{Push: targets, StepDelay: time.Millisecond, PushRetry: time.Millisecond})
	r.submitZAGS(1, "Иванова")
	for r.Pushes().Failed < 3 { // each loop asks over HTTP: the pusher gets its turn
		r.must(r.pension(sample(t, "pension-check.xml", 2, "Иванова")))
	}
	ctx, cancel := contextDone()
	defer cancel()
	if err := r.Quiet(ctx); err == nil || !strings.Contains(err.Error(), "1 requests have pushes") {
		t.Errorf("quiet: %v", err)
	}
}

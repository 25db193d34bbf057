package agencysim

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"sluice/contracts/agencies"
)

func TestZAGS(t *testing.T) {
	c := newClock()
	r := start(t, Config{Clock: c, StepDelay: time.Hour})
	z := r.agencies[ZAGS].(*zags)
	message := sample(t, "zags-register.xml", 1, "Иванова")

	first := r.must(r.zags("Register", message))
	valid(t, z.contract, first.body)
	number := text(t, first.body, "Номер")
	if first.status != 200 || number != "001-0000001/2025" || text(t, first.body, "Состояние") != "10" {
		t.Fatalf("%d %s", first.status, first.body)
	}
	c.advance(time.Hour)
	if again := r.must(r.zags("Register", message)); again.body != first.body {
		t.Errorf("a repeat is not answered as the first time: %s", again.body)
	}
	for _, ask := range []string{"<Номер>" + number + "</Номер>", "<ИдентификаторСообщения>" + id(1) + "</ИдентификаторСообщения>"} {
		a := r.must(r.zags("Status", zagsCall(2, `<ЗапросСостояния xmlns="urn://zags-ru/registry/2.1">`+ask+`</ЗапросСостояния>`)))
		valid(t, z.contract, a.body)
		if got := texts(t, a.body, "Состояние"); !reflect.DeepEqual(got, []string{"10", "20"}) {
			t.Errorf("statuses after an hour by %s: %v", ask, got)
		}
	}
	a := r.must(r.zags("Withdraw", zagsCall(3, `<ОтзывЗапроса xmlns="urn://zags-ru/registry/2.1"><Номер>`+number+`</Номер><Причина>передумала</Причина></ОтзывЗапроса>`)))
	valid(t, z.contract, a.body)
	if text(t, a.body, "Состояние") != "80" {
		t.Errorf("cancel: %s", a.body)
	}
	e, ok := r.Effect(ZAGS, id(1))
	want := Effect{Agency: ZAGS, MessageID: id(1), Count: 1, Arrivals: 2, ExternalIDs: []string{number}, Portal: "PORTAL-1",
		Endpoint: "001", Test: true, Cancelled: true, At: c.Now().Add(-time.Hour).Local()}
	if !ok || !e.At.Equal(want.At) {
		t.Fatalf("effect %+v", e)
	}
	if e.At = want.At; !reflect.DeepEqual(e, want) {
		t.Errorf("effect %+v, want %+v", e, want)
	}
}

func TestTax(t *testing.T) {
	c := newClock()
	r := start(t, Config{Clock: c, StepDelay: time.Minute})
	x := r.agencies[Tax].(*tax)
	message := sample(t, "tax-file.xml", 1, "Иванова")

	first := r.must(r.tax(message))
	valid(t, x.contract, first.body)
	number := text(t, first.body, "НомКвит")
	if number != "КВ-7701-0000000001" || text(t, first.body, "ДатаВр") != "01.03.2025 15:00:00" {
		t.Fatalf("%d %s", first.status, first.body)
	}
	again := r.must(r.tax(message))
	valid(t, x.contract, again.body)
	if again.status != 200 || text(t, again.body, "Код") != "ДУБЛЬ" || text(t, again.body, "НомКвит") != number {
		t.Errorf("repeat: %s", again.body)
	}
	c.advance(2 * time.Minute)
	for _, ask := range []string{`НомКвит="` + number + `"`, `ИдФайл="UV_NDFLVYCH_` + id(1) + `"`} {
		a := r.must(r.tax(taxDeclaration + `<ЗапросСост ` + ask + `/>`))
		valid(t, x.contract, a.body)
		if got := texts(t, a.body, "КодСост"); !reflect.DeepEqual(got, []string{"01", "02", "03"}) {
			t.Errorf("statuses by %s: %v", ask, got)
		}
	}
	a := r.must(r.tax(taxDeclaration + `<Отзыв НомКвит="` + number + `"/>`))
	valid(t, x.contract, a.body)
	if text(t, a.body, "КодСост") != "08" {
		t.Errorf("cancel: %s", a.body)
	}
	if e, _ := r.Effect(Tax, id(1)); e.Count != 1 || e.Arrivals != 2 {
		t.Errorf("effect %+v", e)
	}
}

func TestSocial(t *testing.T) {
	c := newClock()
	r := start(t, Config{Clock: c, StepDelay: time.Minute, TokenLife: time.Hour})
	application := must1(compileJSON(agencies.Files, "social", "openapi.yaml", "/components/schemas/Application"))
	list := must1(compileJSON(agencies.Files, "social", "openapi.yaml", "/components/schemas/ApplicationList"))
	token := r.token()
	body := sample(t, "social-application.json", 1, "Иванова")

	first := r.must(r.social("POST", "/applications", token, body))
	valid(t, application, first.body)
	if first.status != 201 || first.header.Get("Location") != "/social/77/applications/S77-00000001" {
		t.Fatalf("%d %v %s", first.status, first.header, first.body)
	}
	if second := r.must(r.social("POST", "/applications", token, body)); !strings.Contains(second.body, "S77-00000002") {
		t.Errorf("a repeat must file a second application: %s", second.body)
	}
	c.advance(2 * time.Minute)
	one := r.must(r.social("GET", "/applications/S77-00000001", token, ""))
	valid(t, application, one.body)
	var a struct {
		Status  string
		History []struct {
			Status           string
			RespondBy        string
			MissingDocuments []struct{ Code string }
		}
	}
	if err := json.Unmarshal([]byte(one.body), &a); err != nil {
		t.Fatal(err)
	}
	if a.Status != "NEED_DOCUMENTS" || len(a.History) != 3 || a.History[2].RespondBy != "2025-03-11" || len(a.History[2].MissingDocuments) != 1 {
		t.Errorf("after two steps: %s", one.body)
	}
	found := r.must(r.social("GET", "/applications?clientReference="+id(1), token, ""))
	valid(t, list, found.body)
	if strings.Index(found.body, "S77-00000001") > strings.Index(found.body, "S77-00000002") || !strings.Contains(found.body, "S77-00000002") {
		t.Errorf("found: %s", found.body)
	}
	if none := r.must(r.social("GET", "/applications?clientReference="+id(9), token, "")); none.status != 200 || none.body != `{"items":[]}` {
		t.Errorf("not found: %d %s", none.status, none.body)
	}
	gone := r.must(r.social("POST", "/applications/S77-00000001/withdraw", token, `{"reason":"передумала"}`))
	valid(t, application, gone.body)
	if !strings.Contains(gone.body, `"status":"WITHDRAWN"`) {
		t.Errorf("withdraw: %s", gone.body)
	}
	if e, _ := r.Effect(Social, id(1)); e.Count != 2 || e.Arrivals != 2 || len(e.ExternalIDs) != 2 {
		t.Errorf("a doubled effect is not counted: %+v", e)
	}
	c.advance(time.Hour)
	if a := r.must(r.social("GET", "/applications/S77-00000002", token, "")); a.status != 401 {
		t.Errorf("an expired token: %d", a.status)
	}
	if a := r.must(r.social("POST", "/applications/S77-00000002/withdraw", r.token(), `{}`)); a.status != 409 || !strings.Contains(a.body, "CLOSED") {
		t.Errorf("withdraw what is decided: %d %s", a.status, a.body)
	}
}

func TestPension(t *testing.T) {
	r := start(t, Config{})
	p := r.agencies[Pension].(*pension)
	for _, c := range []struct{ surname, snils, result string }{
		{"Иванова", "11223344595", "Match"},
		{"Иванова", "11223344596", "NotFound"},
		{SurnameMismatch, "11223344595", "Mismatch"},
	} {
		a := r.must(r.pension(strings.ReplaceAll(sample(t, "pension-check.xml", 1, c.surname), "11223344595", c.snils)))
		valid(t, p.contract, a.body)
		if text(t, a.body, "Result") != c.result || text(t, a.body, "CheckNumber") != "PF-00000001" {
			t.Errorf("%+v: %s", c, a.body)
		}
	}
	if e, _ := r.Effect(Pension, id(1)); e.Count != 1 || e.Arrivals != 3 {
		t.Errorf("effect %+v", e)
	}
}

func TestPlans(t *testing.T) {
	c := newClock()
	r := start(t, Config{Clock: c, StepDelay: time.Second, Plans: map[string][]Step{Tax: {{Status: "completed"}}}})
	for n, want := range []string{ // by surname
		"01 07", "01 02 06", "01 02 04 02 05", "01 02 05 05 07",
	} {
		surname := []string{"Иванова", SurnameRefused, SurnameDocuments, SurnameDone}[n]
		r.must(r.tax(sample(t, "tax-file.xml", n+1, surname)))
		c.advance(time.Minute)
		a := r.must(r.tax(taxDeclaration + `<ЗапросСост ИдФайл="UV_NDFLVYCH_` + id(n+1) + `"/>`))
		valid(t, r.agencies[Tax].(*tax).contract, a.body)
		if got := strings.Join(texts(t, a.body, "КодСост"), " "); got != want {
			t.Errorf("%s: %s, want %s", surname, got, want)
		}
	}
	if _, err := newSim(Config{Plans: map[string][]Step{ZAGS: {{Status: "lost"}}}}.withDefaults()); err == nil || !strings.Contains(err.Error(), `"lost"`) {
		t.Errorf("an unknown status in a plan: %v", err)
	}
}

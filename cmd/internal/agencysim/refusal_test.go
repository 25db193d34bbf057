package agencysim

import (
	"strings"
	"testing"
)

// wantNoEffects fails when anything took effect.
func (r *rig) wantNoEffects() {
	r.t.Helper()
	if all := r.Effects(""); len(all) > 0 {
		r.t.Errorf("a refused message took effect: %+v", all)
	}
}

func TestZAGSRefuses(t *testing.T) {
	r := start(t, Config{})
	z := r.agencies[ZAGS].(*zags)
	sound := sample(t, "zags-register.xml", 1, "Иванова")
	for _, c := range []struct {
		name, message      string
		status             int
		code, own, mention string
	}{
		{"not XML", "Здравствуйте", 500, "Client", "", "XML"},
		{"SOAP 1.2", strings.ReplaceAll(sound, soap11, "http://www.w3.org/2003/05/soap-envelope"), 500, "VersionMismatch", "", "2003/05"},
		{"document type", strings.Replace(sound, "<S:Envelope", "<!DOCTYPE x><S:Envelope", 1), 500, "Client", "СХЕМА", ""},
		{"two bodies", strings.Replace(sound, "</ЗапросСоставСемьи>", "</ЗапросСоставСемьи><x/>", 1), 500, "Client", "", "not 2"},
		{"strange header", strings.Replace(sound, "<S:Header>", `<S:Header><w:Security xmlns:w="urn:w" S:mustUnderstand="1"/>`, 1), 500, "MustUnderstand", "", "Security"},
		{"no header", strings.Replace(strings.Replace(sound, "<м:Сообщение", "<м:Прочее", 1), "</м:Сообщение", "</м:Прочее", 1), 500, "Client", "СХЕМА", "Сообщение"},
		{"id that is no UUID", strings.ReplaceAll(sound, id(1), "42"), 500, "Client", "СХЕМА", "Идентификатор"},
		{"order", strings.Replace(strings.Replace(sound, "<л:Имя>Анна</л:Имя>", "", 1), "<л:Пол>Ж</л:Пол>", "<л:Пол>Ж</л:Пол><л:Имя>Анна</л:Имя>", 1), 500, "Client", "СХЕМА", "Имя"},
		{"pattern", strings.ReplaceAll(sound, "05.11.1987", "1987-11-05"), 500, "Client", "СХЕМА", "ДатаРождения"},
		{"enumeration", strings.ReplaceAll(sound, "ПОСОБИЕ", "ЛЮБОПЫТСТВО"), 500, "Client", "СХЕМА", "Цель"},
		{"two of a choice", strings.ReplaceAll(sound, "</л:Паспорт>", "</л:Паспорт><л:СНИЛС>112-233-445 95</л:СНИЛС>"), 500, "Client", "СХЕМА", "СНИЛС"},
		{"wrong namespace", strings.ReplaceAll(sound, "urn://zags-ru/types/persons/2.1", "urn://zags-ru/types/persons/2.0"), 500, "Client", "СХЕМА", ""},
		{"another office", strings.Replace(sound, "<НомерЗаявления>", "<Орган>007</Орган><НомерЗаявления>", 1), 500, "Client", "НЕ_ТОТ_ОРГАН", ""},
		{"surname", strings.ReplaceAll(sound, "Иванова", SurnameWrong), 500, "Client", "НЕ_ТОТ_ОРГАН", ""},
		{"unknown message", zagsCall(1, `<Регистрация xmlns="urn://zags-ru/registry/2.1"><Номер>001-0000001/2025</Номер><Состояние>10</Состояние><Время>2025-03-01T00:00:00Z</Время></Регистрация>`), 500, "Client", "СХЕМА", "Регистрация"},
		{"unknown number", zagsCall(1, `<ЗапросСостояния xmlns="urn://zags-ru/registry/2.1"><Номер>001-0000009/2025</Номер></ЗапросСостояния>`), 500, "Client", "НЕ_НАЙДЕН", ""},
		{"unknown id", zagsCall(1, `<ЗапросСостояния xmlns="urn://zags-ru/registry/2.1"><ИдентификаторСообщения>`+id(9)+`</ИдентификаторСообщения></ЗапросСостояния>`), 500, "Client", "НЕ_НАЙДЕН", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			action := "Register"
			if strings.HasPrefix(c.name, "unknown") {
				action = "Status"
			}
			a := r.must(r.zags(action, c.message))
			valid(t, z.contract, a.body)
			if a.status != c.status || !strings.Contains(a.body, "<faultcode>soapenv:"+c.code+"<") || !strings.Contains(a.body, c.mention) ||
				c.own != "" && !strings.Contains(a.body, "<о:Код>"+c.own+"<") {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	r.wantNoEffects()

	url := r.AgencyURL(ZAGS, "001")
	for _, c := range []struct {
		name   string
		header map[string]string
		status int
		want   string
	}{
		{"no credentials", map[string]string{"Content-Type": "text/xml", "SOAPAction": ""}, 401, "ДОСТУП"},
		{"media type", map[string]string{"Content-Type": "application/json", "Authorization": basic(DefaultCredentials.ZAGS)}, 500, "text/xml"},
		{"SOAP 1.2's media type", map[string]string{"Content-Type": "application/soap+xml", "Authorization": basic(DefaultCredentials.ZAGS)}, 500, "VersionMismatch"},
		{"charset", map[string]string{"Content-Type": "text/xml; charset=koi8-r", "Authorization": basic(DefaultCredentials.ZAGS)}, 500, "utf-8"},
		{"no SOAPAction", map[string]string{"Content-Type": "text/xml", "Authorization": basic(DefaultCredentials.ZAGS)}, 500, "SOAPAction"},
		{"another SOAPAction", map[string]string{"Content-Type": "text/xml", "SOAPAction": `"urn:zags:registry:2.1:Status"`, "Authorization": basic(DefaultCredentials.ZAGS)}, 500, "2.1:Register"},
	} {
		if a := r.must(r.do("POST", url, c.header, sound)); a.status != c.status || !strings.Contains(a.body, c.want) {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
	}
	r.wantNoEffects()

	r.must(r.zags("Register", sound))
	other := strings.ReplaceAll(sound, "PORTAL-1", "PORTAL-2")
	if a := r.must(r.zags("Register", other)); !strings.Contains(a.body, "<о:Код>ДУБЛЬ<") || !strings.Contains(a.body, "<о:Номер>001-0000001/") {
		t.Errorf("an id taken by another application: %s", a.body)
	}
}

func TestTaxRefuses(t *testing.T) {
	r := start(t, Config{})
	x := r.agencies[Tax].(*tax)
	sound := sample(t, "tax-file.xml", 1, "Иванова")
	for _, c := range []struct{ name, message, code, field string }{
		{"not XML", taxDeclaration + "Здравствуйте", "ФОРМАТ", ""},
		{"another encoding", strings.Replace(sound, "windows-1251", "utf-8", 1), "ФОРМАТ", ""},
		{"no declaration", strings.Replace(sound, `<?xml version="1.0" encoding="windows-1251"?>`, "", 1), "ФОРМАТ", ""},
		{"id", strings.ReplaceAll(sound, id(1), "42"), "ФОРМАТ", ""},
		{"missing attribute", strings.Replace(sound, ` НомДок="PORTAL-1"`, "", 1), "ФОРМАТ", "line 3"},
		{"strange attribute", strings.Replace(sound, "ПрТест", "ПрПроверка", 1), "ФОРМАТ", ""},
		{"sum", strings.Replace(sound, "120000.00", "120000,00", 1), "ФОРМАТ", "/Файл/Документ/ЗаявлВыч"},
		{"day that is none", strings.ReplaceAll(sound, "05.11.1987", "31.11.1987"), "ФОРМАТ", "/Файл/Документ/СвНП"},
		{"another inspectorate", strings.Replace(sound, `КодНО="7701"`, `КодНО="7702"`, 1), "НЕ_ТОТ_НО", ""},
		{"surname", strings.ReplaceAll(sound, "Иванова", SurnameWrong), "НЕ_ТОТ_НО", ""},
		{"neither number nor id", taxDeclaration + `<ЗапросСост/>`, "ФОРМАТ", "ЗапросСост"},
		{"unknown number", taxDeclaration + `<ЗапросСост НомКвит="КВ-7701-0000000009"/>`, "НЕ_НАЙДЕН", ""},
		{"unknown id", taxDeclaration + `<ЗапросСост ИдФайл="UV_NDFLVYCH_` + id(9) + `"/>`, "НЕ_НАЙДЕН", ""},
		{"unknown message", taxDeclaration + `<КвитОтзыв НомКвит="КВ-7701-0000000009" КодСост="08" ДатаВр="01.03.2025 15:00:00"/>`, "ФОРМАТ", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := r.must(r.tax(c.message))
			valid(t, x.contract, a.body)
			if a.status != 200 || text(t, a.body, "Код") != c.code || !strings.Contains(a.body, c.field) {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	a := r.must(r.do("POST", r.AgencyURL(Tax, "7701"), map[string]string{"Content-Type": "application/xml", "X-Api-Key": "guess"}, sound))
	if body := x.text([]byte(a.body)); a.status != 200 || text(t, body, "Код") != "ДОСТУП" {
		t.Errorf("a wrong key: %d %s", a.status, body)
	}
	r.wantNoEffects()
}

func TestSocialRefuses(t *testing.T) {
	r := start(t, Config{})
	token := r.token()
	sound := sample(t, "social-application.json", 1, "Иванова")
	for _, c := range []struct {
		name, message string
		status        int
		code, pointer string
	}{
		{"not JSON", "{", 400, "INVALID", ""},
		{"missing", strings.Replace(sound, `"kind": "FLAT", `, "", 1), 422, "INVALID", "/dwelling"},
		{"strange field", strings.Replace(sound, `"test"`, `"tset"`, 1), 422, "INVALID", ""},
		{"type", strings.Replace(sound, "8500050", `"85000.50"`, 1), 422, "INVALID", "/household/0/incomes/0/amount"},
		{"format", strings.Replace(sound, `"dateOfBirth": "1987-11-05"`, `"dateOfBirth": "1987-11-31"`, 1), 422, "INVALID", "/applicant/dateOfBirth"},
		{"reference", strings.ReplaceAll(sound, id(1), "42"), 422, "INVALID", "/clientReference"},
		{"surname", strings.ReplaceAll(sound, "Иванова", SurnameWrong), 422, "WRONG_REGION", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			message := strings.Replace(c.message, `"submittedOn"`, `"test": true, "submittedOn"`, 1)
			if c.name == "strange field" {
				message = strings.Replace(message, `"test"`, `"tset"`, 1)
			}
			a := r.must(r.social("POST", "/applications", token, message))
			if a.status != c.status || !strings.Contains(a.body, `"code":"`+c.code+`"`) || !strings.Contains(a.body, c.pointer) {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	r.wantNoEffects()
	base := r.AgencyURL(Social, "77")
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	for _, c := range []struct {
		name, method, path, token, body string
		header                          map[string]string
		status                          int
		want                            string
	}{
		{"no token", "POST", "/applications", "", sound, nil, 401, "UNAUTHORIZED"},
		{"forged token", "POST", "/applications", token[:len(token)-4] + "AAAA", sound, nil, 401, "UNAUTHORIZED"},
		{"media type", "POST", "/applications", token, sound, map[string]string{"Content-Type": "text/plain", "Authorization": "Bearer " + token}, 400, "application/json"},
		{"unknown number", "GET", "/applications/S77-00000009", token, "", nil, 404, "NOT_FOUND"},
		{"unknown path", "DELETE", "/applications", token, "", nil, 404, "NOT_FOUND"},
		{"bad reference", "GET", "/applications?clientReference=42", token, "", nil, 400, "UUID"},
		{"bad withdrawal", "POST", "/applications/S77-00000001/withdraw", token, `{"why":1}`, nil, 422, "INVALID"},
		{"wrong secret", "POST", "/oauth/token", "", "grant_type=client_credentials&client_id=sluice&client_secret=guess", form, 401, "invalid_client"},
		{"secret in the form", "POST", "/oauth/token", "", "grant_type=client_credentials&client_id=sluice&client_secret=social-demo", form, 200, "access_token"},
		{"grant", "POST", "/oauth/token", "", "grant_type=password", form, 400, "unsupported_grant_type"},
		{"no form", "POST", "/oauth/token", "", "{}", map[string]string{"Content-Type": "application/json"}, 400, "invalid_request"},
		{"read of the token", "GET", "/oauth/token", "", "", nil, 400, "invalid_request"},
	} {
		header := c.header
		if header == nil {
			header = map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + c.token}
		}
		if a := r.must(r.do(c.method, base+c.path, header, c.body)); a.status != c.status || !strings.Contains(a.body, c.want) {
			t.Errorf("%s: %d %s", c.name, a.status, a.body)
		}
	}
	r.wantNoEffects()
}

func TestPensionRefuses(t *testing.T) {
	r := start(t, Config{})
	p := r.agencies[Pension].(*pension)
	sound := sample(t, "pension-check.xml", 1, "Иванова")
	for name, c := range map[string]struct{ message, want string }{
		"date":    {strings.ReplaceAll(sound, "1987-11-05", "05.11.1987"), "<Code>INVALID<"},
		"number":  {strings.ReplaceAll(sound, "11223344595", "112-233-445 95"), "<Code>INVALID<"},
		"order":   {strings.Replace(strings.Replace(sound, "<Gender>Female</Gender>", "", 1), "<BirthDate>", "<Gender>Female</Gender><BirthDate>", 1), "<Code>INVALID<"},
		"surname": {strings.ReplaceAll(sound, "Иванова", SurnameWrong), "<Code>NOT_ENTITLED<"},
		"answer":  {strings.ReplaceAll(sound, "SnilsCheckRequest", "SnilsCheckReply"), "soapenv:Client"},
	} {
		a := r.must(r.pension(c.message))
		valid(t, p.contract, a.body)
		if a.status != 500 || !strings.Contains(a.body, c.want) {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := r.must(r.do("POST", r.AgencyURL(Pension, "main"), map[string]string{"Content-Type": "text/xml"}, sound)); a.status != 401 {
		t.Errorf("no credentials: %d", a.status)
	}
	r.wantNoEffects()
}

// Lenient looks at nothing but what it needs, and still takes sound messages.
func TestLenient(t *testing.T) {
	r := start(t, Config{Lenient: true})
	message := strings.ReplaceAll(sample(t, "zags-register.xml", 1, "Иванова"), "05.11.1987", "1987")
	if a := r.must(r.zags("Register", message)); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

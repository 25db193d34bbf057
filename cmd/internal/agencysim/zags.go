package agencysim

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	zagsMessages = "urn://zags-ru/registry/2.1"
	zagsCommon   = "urn://zags-ru/types/common/2.1"
	zagsPersons  = "urn://zags-ru/types/persons/2.1"
	zagsStatus   = "urn://zags-ru/types/status/2.1"
	zagsNotices  = "urn://zags-ru/notices/2.1"
	zagsAction   = "urn:zags:registry:2.1:"
	zagsTime     = "2006-01-02T15:04:05.000-07:00"
	zagsPushed   = "urn:zags:notices:2.1:Status"
)

// zags is the civil registry: SOAP 1.1 with Cyrillic names. It absorbs repeated message ids.
type zags struct {
	*desk
	login    string
	contract validator
}

func newZAGS(d *desk, login string, contracts fs.FS) (*zags, error) {
	v, err := compileSOAP(contracts,
		imported{"zags/xsd/common.xsd", zagsCommon}, imported{"zags/xsd/persons.xsd", zagsPersons},
		imported{"zags/xsd/documents.xsd", "urn://zags-ru/types/documents/2.1"}, imported{"zags/xsd/status.xsd", zagsStatus},
		imported{"zags/xsd/messages.xsd", zagsMessages}, imported{"zags/xsd/notices.xsd", zagsNotices})
	if err != nil {
		return nil, err
	}
	z := &zags{desk: d, login: login, contract: v}
	if d.lax {
		z.contract = anything{}
	}
	return z, nil
}

// zagsNumber writes numbers such as 001-0000042/2026.
func zagsNumber(endpoint string, seq int, at time.Time) string {
	office := "001"
	if len(endpoint) == 3 && allDigits(endpoint) {
		office = endpoint
	}
	return fmt.Sprintf("%s-%07d/%d", office, seq, at.In(moscow).Year())
}

var zagsNumbers = regexp.MustCompile(`^[0-9]{3}-([0-9]{7,10})/[0-9]{4}$`)

func (z *zags) sequence(number string) int {
	m := zagsNumbers.FindStringSubmatch(number)
	if m == nil {
		return 0
	}
	seq, _ := strconv.Atoi(m[1])
	if _, n, ok := z.ledger.get(seq); !ok || n != number {
		return 0
	}
	return seq
}

// zagsBody has what the desk looks at in any of the three messages.
type zagsBody struct {
	XMLName   xml.Name
	Office    string `xml:"urn://zags-ru/registry/2.1 Орган"`
	Portal    string `xml:"urn://zags-ru/registry/2.1 НомерЗаявления"`
	Applicant struct {
		Surname string `xml:"urn://zags-ru/types/persons/2.1 Фамилия"`
	} `xml:"urn://zags-ru/registry/2.1 Заявитель"`
	Number    string `xml:"urn://zags-ru/registry/2.1 Номер"`
	MessageID string `xml:"urn://zags-ru/registry/2.1 ИдентификаторСообщения"`
}

var zagsHeader = xml.Name{Space: zagsMessages, Local: "Сообщение"}

func (z *zags) read(r *http.Request, endpoint string, body []byte) call {
	if user, pass, ok := r.BasicAuth(); !ok || user+":"+pass != z.login {
		rep := z.fault("Client", "ДОСТУП", "Неверные учётные данные", "")
		rep.status, rep.header = http.StatusUnauthorized, http.Header{"Www-Authenticate": {`Basic realm="zags"`}}
		return refuse(opNone, messageID{}, rep)
	}
	m, err := readSOAP[zagsBody](r, body, zagsHeader)
	if err != nil {
		return refuse(opNone, messageID{}, z.soapFault(err))
	}
	h, b := m.header(zagsHeader), &m.Body.Items[0]
	if h == nil {
		return refuse(opNone, messageID{}, z.fault("Client", "СХЕМА", "Нет заголовка Сообщение", ""))
	}
	operation, action := z.operation(b)
	id, _ := uuid.Parse(h.field("Идентификатор")) // an id that is none fails validation
	if wrong := z.contract.validate(body); len(wrong) > 0 {
		return refuse(operation, id, z.invalid(wrong))
	}
	if operation == opNone {
		return refuse(operation, id, z.fault("Client", "СХЕМА", "Неизвестное сообщение "+b.XMLName.Local, ""))
	}
	if err := checkAction(r, zagsAction+action); err != nil {
		return refuse(operation, id, z.soapFault(err))
	}
	switch operation {
	case opSubmit:
		test := isTrue(h.field("Тестовое"))
		return call{operation: operation, id: id, act: func(context.Context) reply { return z.submit(endpoint, id, test, b) }}
	case opFind:
		asked, _ := uuid.Parse(b.MessageID)
		return call{operation: operation, id: asked, act: func(context.Context) reply { return z.find(asked) }}
	}
	seq := z.sequence(b.Number)
	f, _, ok := z.ledger.get(seq)
	if !ok {
		return refuse(operation, id, z.fault("Client", "НЕ_НАЙДЕН", "Запроса с номером "+b.Number+" нет", ""))
	}
	act := func(context.Context) reply { return z.status(seq) }
	if operation == opCancel {
		act = func(context.Context) reply { return z.cancel(seq) }
	}
	return call{operation: operation, id: f.id, act: act}
}

func (z *zags) operation(b *zagsBody) (operation, action string) {
	if b.XMLName.Space != zagsMessages {
		return opNone, ""
	}
	switch b.XMLName.Local {
	case "ЗапросСоставСемьи":
		return opSubmit, "Register"
	case "ЗапросСостояния":
		if b.MessageID != "" {
			return opFind, "Status"
		}
		return opStatus, "Status"
	case "ОтзывЗапроса":
		return opCancel, "Withdraw"
	}
	return opNone, ""
}

func (z *zags) submit(endpoint string, id messageID, test bool, b *zagsBody) reply {
	office := strings.TrimSpace(b.Office)
	if b.Applicant.Surname == SurnameWrong || len(endpoint) == 3 && allDigits(endpoint) && office != "" && office != endpoint {
		return z.fault("Client", "НЕ_ТОТ_ОРГАН", "Запрос относится к другому отделу", "")
	}
	s := submission{id: id, portal: b.Portal, endpoint: endpoint, plan: planFor(b.Applicant.Surname), test: test}
	seq, fresh, err := z.ledger.register(s, true, z.now())
	if err != nil {
		return z.failure(http.StatusInternalServerError)
	}
	f, number, _ := z.ledger.get(seq)
	if !fresh && f.portal != b.Portal {
		return z.fault("Client", "ДУБЛЬ", "Идентификатор уже занят запросом по заявлению "+f.portal, number)
	}
	at := time.Unix(0, f.at).In(moscow)
	rep := soapReply(http.StatusOK, `<р:Регистрация xmlns:р="`+zagsMessages+`" xmlns:общ="`+zagsCommon+`">`+
		`<р:Номер>`+number+`</р:Номер><р:Состояние>`+zagsCodes[accepted.Status]+`</р:Состояние><р:Время>`+at.Format(zagsTime)+`</р:Время>`+
		`<р:Орган><общ:Код>`+number[:3]+`</общ:Код><общ:Наименование>Отдел ЗАГС № `+number[:3]+`</общ:Наименование></р:Орган>`+
		`<р:Срок>`+at.AddDate(0, 0, 30).Format(time.DateOnly)+`</р:Срок></р:Регистрация>`)
	if fresh {
		rep.filed = seq
	}
	return rep
}

func (z *zags) find(id messageID) reply {
	found := z.ledger.find(id)
	if len(found) == 0 {
		return z.fault("Client", "НЕ_НАЙДЕН", "Сообщения с таким идентификатором нет", "")
	}
	return z.status(found[0])
}

func (z *zags) status(seq int) reply {
	f, number, _ := z.ledger.get(seq)
	var b strings.Builder
	b.WriteString(`<ИсторияЗапроса xmlns="` + zagsMessages + `"><Номер>` + number + `</Номер><ИдентификаторСообщения>` + f.id.String() + `</ИдентификаторСообщения>`)
	for _, t := range z.ledger.history(seq, z.now()) {
		b.WriteString(`<Запись>` + zagsRecord(t) + `</Запись>`)
	}
	b.WriteString(`</ИсторияЗапроса>`)
	return soapReply(http.StatusOK, b.String())
}

func (z *zags) cancel(seq int) reply {
	ok, err := z.ledger.withdraw(seq, z.now())
	if err != nil {
		return z.failure(http.StatusInternalServerError)
	}
	_, number, _ := z.ledger.get(seq)
	if !ok {
		return z.fault("Client", "ЗАКРЫТ", "Запрос уже исполнен", number)
	}
	all := z.ledger.history(seq, z.now())
	rep := soapReply(http.StatusOK, `<ЗапросОтозван xmlns="`+zagsMessages+`"><Номер>`+number+`</Номер><Запись>`+zagsRecord(all[len(all)-1])+`</Запись></ЗапросОтозван>`)
	rep.filed = -seq
	return rep
}

var zagsCodes = map[string]string{
	"accepted": "10", "in_progress": "20", "on_approval": "30", "awaiting_documents": "40", "refused": "50",
	"ready": "60", "completed": "70", "cancelled": "80", "approved": "99", oddCode: "77",
}

// zagsRecord writes the content of ЗаписьСостоянияТип.
func zagsRecord(t told) string {
	var b strings.Builder
	b.WriteString(`<с:Состояние xmlns:с="` + zagsStatus + `">` + zagsCodes[t.Status] + `</с:Состояние><с:Время xmlns:с="` + zagsStatus + `">` +
		t.at.In(moscow).Format(zagsTime) + `</с:Время>`)
	element := func(name, content string) {
		b.WriteString(`<с:` + name + ` xmlns:с="` + zagsStatus + `">` + content + `</с:` + name + `>`)
	}
	if o := t.Officer; o.Last != "" {
		content := `<л:ФИО xmlns:л="` + zagsPersons + `">` + escaped(o.name()) + `</л:ФИО>`
		if o.Position != "" {
			content += `<л:Должность xmlns:л="` + zagsPersons + `">` + escaped(o.Position) + `</л:Должность>`
		}
		if o.Phone != "" {
			content += `<л:Телефон xmlns:л="` + zagsPersons + `">` + escaped(o.Phone) + `</л:Телефон>`
		}
		element("Сотрудник", content)
	}
	if u := t.Unit; u.Code != "" {
		element("Подразделение", `<Код xmlns="`+zagsCommon+`">`+escaped(u.Code)+`</Код><Наименование xmlns="`+zagsCommon+`">`+escaped(u.Name)+`</Наименование>`)
	}
	if t.Comment != "" {
		element("Комментарий", escaped(t.Comment))
	}
	for _, m := range t.Missing {
		element("НедостающийДокумент", `<с:Код>`+escaped(m.Code)+`</с:Код><с:Наименование>`+escaped(m.Title)+`</с:Наименование>`)
	}
	if u := t.until(); !u.IsZero() {
		element("ПредставитьДо", u.In(moscow).Format(time.DateOnly))
	}
	return b.String()
}

// fault is a refusal with the agency's own detail.
func (z *zags) fault(code, own, text, number string) reply {
	return soapFault(code, text, zagsError(own, text, number, nil))
}

func (z *zags) soapFault(err error) reply {
	code, text := faultCode(err)
	return soapFault(code, text, "")
}

func (z *zags) invalid(wrong []problem) reply {
	return soapFault("Client", "Сообщение не соответствует схеме", zagsError("СХЕМА", "Сообщение не соответствует схеме", "", wrong))
}

func zagsError(own, text, number string, wrong []problem) string {
	var b strings.Builder
	b.WriteString(`<о:Ошибка xmlns:о="` + zagsStatus + `"><о:Код>` + own + `</о:Код><о:Описание>` + escaped(clip(text, 2000)) + `</о:Описание>`)
	if number != "" {
		b.WriteString(`<о:Номер>` + number + `</о:Номер>`)
	}
	for _, p := range wrong[:min(len(wrong), 20)] {
		b.WriteString(`<о:Замечание Путь="` + escaped(p.path) + `">` + escaped(clip(p.text, 500)) + `</о:Замечание>`)
	}
	b.WriteString(`</о:Ошибка>`)
	return b.String()
}

func (z *zags) failure(status int) reply {
	rep := z.fault("Server", "СБОЙ", "Внутренняя ошибка, повторите позже", "")
	rep.status = status
	return rep
}

func (z *zags) spoil(kind Kind, rep *reply) {
	switch kind {
	case WrongNamespace:
		rep.body = bytes.ReplaceAll(rep.body, []byte(zagsMessages+`"`), []byte(`urn://zags-ru/registry/1.0"`))
	case MissingElement:
		rep.body = cut(cut(rep.body, `<р:Номер>`, `</р:Номер>`), `<Номер>`, `</Номер>`)
	case UnknownCode:
		rep.body = bytes.ReplaceAll(rep.body, []byte(`Состояние>10<`), []byte(`Состояние>77<`))
	}
}

func (z *zags) text(body []byte) string { return string(body) }

func (z *zags) push(f filing, number string, t told, notice string) (http.Header, []byte) {
	rep := soapReply(0, `<и:ИзвещениеОСтатусе xmlns:и="`+zagsNotices+`" Извещение="`+notice+`">`+zagsRecord(t)+
		`<и:Номер>`+number+`</и:Номер><и:ИдентификаторСообщения>`+f.id.String()+`</и:ИдентификаторСообщения></и:ИзвещениеОСтатусе>`)
	return http.Header{"Content-Type": {rep.kind}, "Soapaction": {`"` + zagsPushed + `"`}}, rep.body
}

func (z *zags) taken(res *http.Response, body []byte) error {
	return takenSOAP(res, body, xml.Name{Space: zagsNotices, Local: "Квитанция"}, z.contract)
}

func isTrue(s string) bool { s = strings.TrimSpace(s); return s == "true" || s == "1" }

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// clip shortens text to n characters.
func clip(text string, n int) string {
	r := []rune(text)
	if len(r) <= n {
		return text
	}
	return string(r[:n-1]) + "…"
}

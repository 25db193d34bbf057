package agencysim

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/encoding/charmap"
)

const taxTime = "02.01.2006 15:04:05"

// tax is the tax service: XML over HTTP in windows-1251, whose errors come in HTTP 200.
// A file sent twice is refused with the code ДУБЛЬ and the number of its receipt.
type tax struct {
	*desk
	key      string
	contract validator
}

func newTax(d *desk, key string, contracts fs.FS) (*tax, error) {
	v, err := compileXML(contracts, "tax/deduction.xsd")
	if err != nil {
		return nil, err
	}
	t := &tax{desk: d, key: key, contract: v}
	if d.lax {
		t.contract = anything{}
	}
	return t, nil
}

// taxNumber writes numbers such as КВ-7701-0000000042.
func taxNumber(endpoint string, seq int, _ time.Time) string {
	return fmt.Sprintf("КВ-%s-%010d", inspectorate(endpoint), seq)
}

func inspectorate(endpoint string) string {
	if len(endpoint) == 4 && allDigits(endpoint) {
		return endpoint
	}
	return "7700"
}

var taxNumbers = regexp.MustCompile(`^КВ-[0-9]{4}-([0-9]{10})$`)

func (t *tax) sequence(number string) int {
	m := taxNumbers.FindStringSubmatch(number)
	if m == nil {
		return 0
	}
	seq, _ := strconv.Atoi(m[1])
	if _, n, ok := t.ledger.get(seq); !ok || n != number {
		return 0
	}
	return seq
}

// taxMessage has what the desk looks at in any of the three messages.
type taxMessage struct {
	XMLName  xml.Name
	FileID   string `xml:"ИдФайл,attr"`
	Number   string `xml:"НомКвит,attr"`
	Test     string `xml:"ПрТест,attr"`
	Document struct {
		Office   string `xml:"КодНО,attr"`
		Portal   string `xml:"НомДок,attr"`
		Taxpayer struct {
			Surname string `xml:"Фамилия,attr"`
		} `xml:"СвНП>НПФЛ>ФИО"`
	} `xml:"Документ"`
}

const fileIDPrefix = "UV_NDFLVYCH_"

func fileUUID(s string) messageID {
	id, _ := uuid.Parse(strings.TrimPrefix(s, fileIDPrefix)) // an id that is none fails validation
	return id
}

func (t *tax) read(r *http.Request, endpoint string, body []byte) call {
	if r.Header.Get("X-Api-Key") != t.key {
		return refuse(opNone, messageID{}, t.fault("ДОСТУП", "Ключ доступа не подходит", "", ""))
	}
	utf8, err := t.decode(r, body)
	if err != nil {
		return refuse(opNone, messageID{}, t.fault("ФОРМАТ", err.Error(), "", ""))
	}
	var m taxMessage
	if err := xml.Unmarshal(utf8, &m); err != nil {
		return refuse(opNone, messageID{}, t.fault("ФОРМАТ", "Файл не читается: "+err.Error(), "", ""))
	}
	operation := map[string]string{"Файл": opSubmit, "ЗапросСост": opStatus, "Отзыв": opCancel}[m.XMLName.Local]
	if operation == opStatus && m.FileID != "" {
		operation = opFind
	}
	id := fileUUID(m.FileID)
	if wrong := t.contract.validate(utf8); len(wrong) > 0 {
		return refuse(operation, id, t.fault("ФОРМАТ", wrong[0].text, "", wrong[0].path))
	}
	switch operation {
	case opNone:
		return refuse(operation, id, t.fault("ФОРМАТ", "Неизвестное сообщение "+m.XMLName.Local, "", ""))
	case opSubmit:
		return call{operation: operation, id: id, act: func(context.Context) reply { return t.submit(endpoint, &m) }}
	case opStatus, opFind:
		if (m.FileID == "") == (m.Number == "") {
			return refuse(operation, id, t.fault("ФОРМАТ", "Нужен НомКвит или ИдФайл, одно из двух", "", "ЗапросСост"))
		}
	}
	if operation == opFind {
		return call{operation: operation, id: id, act: func(context.Context) reply { return t.find(id) }}
	}
	seq := t.sequence(m.Number)
	f, _, ok := t.ledger.get(seq)
	if !ok {
		return refuse(operation, id, t.fault("НЕ_НАЙДЕН", "Квитанции с таким номером нет", "", ""))
	}
	act := func(context.Context) reply { return t.status(seq) }
	if operation == opCancel {
		act = func(context.Context) reply { return t.cancel(seq) }
	}
	return call{operation: operation, id: f.id, act: act}
}

var xmlDeclaration = regexp.MustCompile(`^<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["'][^>]*\?>`)

// decode returns the message as UTF-8 without its declaration. It insists on windows-1251 in both places that name it.
func (t *tax) decode(r *http.Request, body []byte) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/xml" && kind != "text/xml" {
		return nil, fmt.Errorf("Content-Type должен быть application/xml, а не %q", r.Header.Get("Content-Type"))
	}
	declared := xmlDeclaration.FindSubmatch(body)
	if declared == nil || !strings.EqualFold(string(declared[1]), "windows-1251") {
		return nil, fmt.Errorf("кодировка в объявлении XML должна быть windows-1251")
	}
	if cs := params["charset"]; cs != "" && !strings.EqualFold(cs, "windows-1251") {
		return nil, fmt.Errorf("кодировка должна быть windows-1251, а не %s", cs)
	}
	return charmap.Windows1251.NewDecoder().Bytes(body[len(declared[0]):])
}

func (t *tax) submit(endpoint string, m *taxMessage) reply {
	own := inspectorate(endpoint)
	if d := m.Document; d.Taxpayer.Surname == SurnameWrong || d.Office != "" && own == endpoint && d.Office != own {
		return t.fault("НЕ_ТОТ_НО", "Заявление относится к другой инспекции", "", "")
	}
	s := submission{id: fileUUID(m.FileID), portal: m.Document.Portal, endpoint: endpoint,
		plan: planFor(m.Document.Taxpayer.Surname), test: m.Test == "1"}
	seq, fresh, err := t.ledger.register(s, true, t.now())
	if err != nil {
		return t.failure(http.StatusInternalServerError)
	}
	f, number, _ := t.ledger.get(seq)
	if !fresh {
		return t.fault("ДУБЛЬ", "Файл уже принят", number, "")
	}
	rep := t.answer(`<Квитанция НомКвит="` + number + `" ИдФайл="` + m.FileID + `" КодНО="` + own + `" КодСост="` + taxCodes[accepted.Status] +
		`" ДатаВр="` + time.Unix(0, f.at).In(moscow).Format(taxTime) + `"/>`)
	rep.filed = seq
	return rep
}

func (t *tax) find(id messageID) reply {
	found := t.ledger.find(id)
	if len(found) == 0 {
		return t.fault("НЕ_НАЙДЕН", "Файла с таким ИдФайл нет", "", "")
	}
	return t.status(found[0])
}

func (t *tax) status(seq int) reply {
	f, number, _ := t.ledger.get(seq)
	var b strings.Builder
	b.WriteString(`<СостОбр НомКвит="` + number + `" ИдФайл="` + fileIDPrefix + f.id.String() + `" КодНО="` + inspectorate(t.ledger.endpointOf(f)) + `">`)
	for _, h := range t.ledger.history(seq, t.now()) {
		b.WriteString(taxRecord(h))
	}
	b.WriteString(`</СостОбр>`)
	return t.answer(b.String())
}

func (t *tax) cancel(seq int) reply {
	ok, err := t.ledger.withdraw(seq, t.now())
	if err != nil {
		return t.failure(http.StatusInternalServerError)
	}
	f, number, _ := t.ledger.get(seq)
	if !ok {
		return t.fault("ЗАКРЫТ", "Обработка закончена", number, "")
	}
	rep := t.answer(`<КвитОтзыв НомКвит="` + number + `" КодСост="` + taxCodes[withdrawn.Status] + `" ДатаВр="` +
		time.Unix(0, f.cancelled).In(moscow).Format(taxTime) + `"/>`)
	rep.filed = -seq
	return rep
}

var taxCodes = map[string]string{
	"accepted": "01", "in_progress": "02", "on_approval": "03", "awaiting_documents": "04", "approved": "05", "refused": "06",
	"ready": "05", "completed": "07", "cancelled": "08", oddCode: "77",
}

func taxRecord(h told) string {
	var b strings.Builder
	attr := func(name, value string) {
		if value != "" {
			b.WriteString(` ` + name + `="` + escaped(value) + `"`)
		}
	}
	b.WriteString(`<Сост`)
	attr("КодСост", taxCodes[h.Status])
	attr("ДатаВр", h.at.In(moscow).Format(taxTime))
	attr("Коммент", h.Comment)
	if u := h.until(); !u.IsZero() {
		attr("СрокДо", u.In(moscow).Format("02.01.2006"))
	}
	b.WriteString(`>`)
	if o := h.Officer; o.Last != "" {
		b.WriteString(`<Исп`)
		attr("Должн", o.Position)
		attr("Тлф", o.Phone)
		b.WriteString(`><ФИО`)
		attr("Фамилия", o.Last)
		attr("Имя", o.First)
		attr("Отчество", o.Middle)
		b.WriteString(`/></Исп>`)
	}
	if h.Unit.Code != "" {
		b.WriteString(`<Отдел`)
		attr("Код", h.Unit.Code)
		attr("Наим", h.Unit.Name)
		b.WriteString(`/>`)
	}
	for _, m := range h.Missing {
		b.WriteString(`<НедДок`)
		attr("КодДок", m.Code)
		attr("НаимДок", m.Title)
		b.WriteString(`/>`)
	}
	b.WriteString(`</Сост>`)
	return b.String()
}

// answer writes windows-1251; what it can't hold becomes a character reference.
func (t *tax) answer(content string) reply {
	var b bytes.Buffer
	b.WriteString(`<?xml version="1.0" encoding="windows-1251"?>` + "\n")
	for _, r := range content {
		if c, ok := charmap.Windows1251.EncodeRune(r); ok {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "&#%d;", r)
		}
	}
	return reply{status: http.StatusOK, kind: "application/xml; charset=windows-1251", body: b.Bytes()}
}

// fault is the tax service's own form of an error, in HTTP 200.
func (t *tax) fault(code, text, number, field string) reply {
	s := `<Ошибка Код="` + code + `" Текст="` + escaped(clip(text, 1000)) + `"`
	if number != "" {
		s += ` НомКвит="` + number + `"`
	}
	if field != "" {
		s += ` Поле="` + escaped(clip(field, 255)) + `"`
	}
	return t.answer(s + `/>`)
}

func (t *tax) failure(status int) reply {
	rep := t.fault("СБОЙ", "Внутренняя ошибка, повторите позже", "", "")
	rep.status = status
	return rep
}

func (t *tax) spoil(kind Kind, rep *reply) {
	text := t.text(rep.body)
	switch kind {
	case WrongNamespace:
		text = strings.Replace(text, ` НомКвит=`, ` xmlns="urn:fns:1.0" НомКвит=`, 1)
	case MissingElement:
		text = string(cut([]byte(text), ` НомКвит="`, `"`))
	case UnknownCode:
		text = strings.Replace(text, `КодСост="01"`, `КодСост="77"`, 1)
	}
	_, content, _ := strings.Cut(text, "\n")
	rep.body = t.answer(content).body
}

func (t *tax) text(body []byte) string {
	out, err := charmap.Windows1251.NewDecoder().Bytes(body)
	if err != nil {
		return string(body)
	}
	return string(out)
}

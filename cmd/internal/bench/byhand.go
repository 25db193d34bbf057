package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"sluice/contracts/canonical"
)

// What follows is what a competent engineer would write for this one message without Sluice: structs whose tags carry
// the prefixes as they stand, which is the cheapest way that encoding/xml has to write namespaces, and code tables as maps.

// application is the canonical request with its payload typed.
type application struct {
	canonical.Request
	Payload familyComposition `json:"payload"`
	// The application's time as it was written: a time.Time would lose the offset's form.
	SubmittedAt string `json:"submittedAt"`
}

type familyComposition struct {
	Purpose     string      `json:"purpose"`
	PurposeText string      `json:"purposeText"`
	OnDate      string      `json:"onDate"`
	Members     []member    `json:"members"`
	ActRecords  []actRecord `json:"actRecords"`
	Copies      *int        `json:"copies"`
	Delivery    *handover   `json:"delivery"`
	Consent     bool        `json:"consent"`
}

type member struct {
	canonical.Human
	Relation       string             `json:"relation"`
	FormerLastName string             `json:"formerLastName"`
	Address        *canonical.Address `json:"address"`
	LivesTogether  *bool              `json:"livesTogether"`
	Deceased       *bool              `json:"deceased"`
}

type actRecord struct {
	Kind   string `json:"kind"`
	Number string `json:"number"`
	Date   string `json:"date"`
	Office string `json:"office"`
}

type handover struct {
	Method  string             `json:"method"`
	Office  string             `json:"office"`
	Address *canonical.Address `json:"address"`
}

// readApplication reads a request and holds it to what the schemas ask of it. That no key comes twice, encoding/json
// does not check.
func readApplication(doc []byte) (*application, error) {
	var a application
	in := json.NewDecoder(bytes.NewReader(doc))
	in.DisallowUnknownFields()
	if err := in.Decode(&a); err != nil {
		return nil, err
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the request")
	}
	if a.Representative != nil {
		return nil, errors.New("the hand-written translation knows no representatives")
	}
	return &a, a.check()
}

const (
	soapNS      = "http://schemas.xmlsoap.org/soap/envelope/"
	registryNS  = "urn://zags-ru/registry/2.1"
	commonNS    = "urn://zags-ru/types/common/2.1"
	personsNS   = "urn://zags-ru/types/persons/2.1"
	documentsNS = "urn://zags-ru/types/documents/2.1"
	statusNS    = "urn://zags-ru/types/status/2.1"
)

type envelopeXML struct {
	XMLName xml.Name  `xml:"soap:Envelope"`
	Soap    string    `xml:"xmlns:soap,attr"`
	Header  headerXML `xml:"soap:Header>р:Сообщение"`
	Body    queryXML  `xml:"soap:Body>р:ЗапросСоставСемьи"`
}

type headerXML struct {
	NS      string `xml:"xmlns:р,attr"`
	ID      string `xml:"р:Идентификатор"`
	From    string `xml:"р:Отправитель"`
	Created string `xml:"р:Создано"`
	Test    bool   `xml:"р:Тестовое"`
}

type queryXML struct {
	Registry    string          `xml:"xmlns:р,attr"`
	Common      string          `xml:"xmlns:общ,attr"`
	Persons     string          `xml:"xmlns:лиц,attr"`
	Documents   string          `xml:"xmlns:док,attr"`
	Version     string          `xml:"Версия,attr"`
	Urgent      bool            `xml:"Срочный,attr"`
	Office      string          `xml:"р:Орган,omitempty"`
	Number      string          `xml:"р:НомерЗаявления"`
	Date        string          `xml:"р:ДатаЗаявления"`
	Purpose     string          `xml:"р:Цель"`
	PurposeText string          `xml:"р:ЦельСловами,omitempty"`
	OnDate      string          `xml:"р:НаДату,omitempty"`
	Applicant   applicantXML    `xml:"р:Заявитель"`
	Members     []memberXML     `xml:"р:ЧленСемьи"`
	Acts        []actXML        `xml:"р:АктоваяЗапись"`
	Delivery    *deliveryXML    `xml:"р:Выдача"`
	Attachments []attachmentXML `xml:"р:Вложение"`
}

type applicantXML struct {
	LastName   string       `xml:"лиц:Фамилия"`
	FirstName  string       `xml:"лиц:Имя"`
	MiddleName string       `xml:"лиц:Отчество,omitempty"`
	BirthDate  string       `xml:"лиц:ДатаРождения"`
	Sex        string       `xml:"лиц:Пол,omitempty"`
	Passport   *passportXML `xml:"лиц:Паспорт"`
	SNILS      string       `xml:"лиц:СНИЛС,omitempty"`
	Other      *documentXML `xml:"лиц:ИнойДокумент"`
	Address    *addressXML  `xml:"лиц:Адрес"`
	Phone      string       `xml:"лиц:Телефон,omitempty"`
	Email      string       `xml:"лиц:ЭлПочта,omitempty"`
}

type memberXML struct {
	Order     int          `xml:"Порядок,attr"`
	Together  bool         `xml:"ПроживаетСовместно,attr"`
	Deceased  *bool        `xml:"Умер,attr"`
	Name      string       `xml:"лиц:ФИО"`
	Former    string       `xml:"лиц:ПрежняяФамилия,omitempty"`
	BirthDate string       `xml:"лиц:ДатаРождения"`
	Sex       string       `xml:"лиц:Пол,omitempty"`
	Relation  string       `xml:"лиц:Родство"`
	SNILS     string       `xml:"лиц:СНИЛС,omitempty"`
	Birth     *documentXML `xml:"лиц:СвидетельствоОРождении"`
	Passport  *passportXML `xml:"лиц:Паспорт"`
	Other     *documentXML `xml:"лиц:ИнойДокумент"`
	Address   *addressXML  `xml:"лиц:Адрес"`
}

type passportXML struct {
	Issued string `xml:"ДатаВыдачи,attr,omitempty"`
	Unit   string `xml:"КодПодразделения,attr,omitempty"`
	Number string `xml:",chardata"`
}

type documentXML struct {
	Kind   string `xml:"Вид,attr,omitempty"`
	Series string `xml:"док:Серия,omitempty"`
	Number string `xml:"док:Номер"`
	Issued string `xml:"док:ДатаВыдачи,omitempty"`
	By     string `xml:"док:КемВыдан,omitempty"`
}

type addressXML struct {
	Zip    string `xml:"общ:Индекс,omitempty"`
	Region string `xml:"общ:Регион,omitempty"`
	Text   string `xml:"общ:Текст"`
}

type actXML struct {
	Kind   string `xml:"Вид,attr"`
	Number string `xml:"док:Номер,omitempty"`
	Date   string `xml:"док:Дата"`
	Office string `xml:"док:ОрганЗАГС,omitempty"`
}

type deliveryXML struct {
	Copies     *int        `xml:"Экземпляров,attr"`
	Electronic *struct{}   `xml:"р:Электронно"`
	Office     string      `xml:"р:ВОтделе,omitempty"`
	Post       *addressXML `xml:"р:Почтой"`
}

type attachmentXML struct {
	Kind      string `xml:"док:Вид,omitempty"`
	Name      string `xml:"док:Имя"`
	MediaType string `xml:"док:ТипСодержимого"`
	Hash      string `xml:"док:Хэш"`
	Content   string `xml:"док:Содержимое"`
}

var (
	purposes  = map[string]string{"benefits": "ПОСОБИЕ", "housing": "ЖИЛЬЁ", "court": "СУД", "inheritance": "НАСЛЕДСТВО", "education": "УЧЁБА", "other": "ИНОЕ"}
	sexes     = map[string]string{"male": "М", "female": "Ж", "": ""}
	documents = map[string]string{"RF_BRTH_CERT": "03", "FID_BRTH_CERT": "03", "MLTR_ID": "07", "FID_DOC": "10", "RSDNC_PERMIT": "12", "TMP_ID": "14", "FRGN_PASS": "22", "RF_PASSPORT": "91"}
	relations = map[string]string{"spouse": "01", "child": "02", "parent": "03", "sibling": "04", "ward": "05", "grandparent": "06", "grandchild": "07", "guardian": "08", "other": "09", "formerSpouse": "10"}
	acts      = map[string]string{"birth": "рождение", "marriage": "брак", "divorce": "расторжение брака", "paternity": "отцовство", "adoption": "усыновление", "nameChange": "перемена имени", "death": "смерть"}
	statuses  = map[string]canonical.StatusCode{"10": "accepted", "20": "in_progress", "30": "on_approval", "40": "awaiting_documents", "50": "refused", "60": "ready", "70": "completed", "80": "cancelled", "99": "completed"}
)

// translator remembers the first code that no table knows.
type translator struct{ err error }

func (t *translator) code(table map[string]string, key string) string {
	v, ok := table[key]
	if !ok && t.err == nil {
		t.err = fmt.Errorf("no code for %q", key)
	}
	return v
}

// date turns 2025-03-01 into 01.03.2025.
func (t *translator) date(iso string) string {
	if iso == "" {
		return ""
	}
	at, err := time.Parse(time.DateOnly, iso)
	if err != nil {
		t.err = err
		return ""
	}
	return at.Format("02.01.2006")
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func (t *translator) snils(s string) string {
	d := digits(s)
	if len(d) != 11 {
		if s != "" {
			t.err = errors.New("a SNILS has 11 digits")
		}
		return ""
	}
	return d[:3] + "-" + d[3:6] + "-" + d[6:9] + " " + d[9:]
}

func (t *translator) passport(d *canonical.IdentityDocument) *passportXML {
	p := &passportXML{Issued: t.date(d.IssueDate), Number: digits(d.Series + d.Number)}
	if len(p.Number) != 10 {
		t.err = errors.New("a passport has 10 digits")
	}
	if u := digits(d.IssueID); len(u) == 6 {
		p.Unit = u[:3] + "-" + u[3:]
	} else if u != "" {
		t.err = errors.New("an issuer's code has 6 digits")
	}
	return p
}

func (t *translator) document(d *canonical.IdentityDocument) *documentXML {
	return &documentXML{Kind: t.code(documents, d.Type), Series: d.Series, Number: d.Number, Issued: t.date(d.IssueDate), By: d.IssuedBy}
}

func address(a *canonical.Address) *addressXML {
	if a == nil {
		return nil
	}
	return &addressXML{Zip: a.ZipCode, Region: a.Region, Text: a.AddressStr}
}

func words(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p)
	}
	return b.String()
}

// writeByHand gives the envelope as it is sent.
func writeByHand(a *application, messageID string) ([]byte, error) {
	t := &translator{}
	submitted, err := time.Parse(time.RFC3339, a.SubmittedAt)
	if err != nil {
		return nil, err
	}
	q := queryXML{
		Registry: registryNS, Common: commonNS, Persons: personsNS, Documents: documentsNS,
		Version: "2.1", Urgent: a.Priority == canonical.Urgent, Office: a.Routing.Office, Number: a.ID,
		Date: submitted.In(moscow).Format("02.01.2006"), Purpose: t.code(purposes, a.Payload.Purpose), PurposeText: a.Payload.PurposeText,
		OnDate: t.date(a.Payload.OnDate), Members: make([]memberXML, 0, len(a.Payload.Members)),
	}
	p := &a.Applicant
	q.Applicant = applicantXML{
		LastName: strings.ToUpper(p.LastName), FirstName: strings.ToUpper(p.FirstName), MiddleName: strings.ToUpper(p.MiddleName),
		BirthDate: t.date(p.BirthDate), Sex: t.code(sexes, p.Gender), Address: address(p.Address), Phone: p.Phone, Email: p.Email,
	}
	switch d := p.IdentityDocument; {
	case d == nil:
		return nil, errors.New("the applicant has no identity document")
	case d.Type == "RF_PASSPORT":
		q.Applicant.Passport = t.passport(d)
	case d.Type == "TMP_ID":
		q.Applicant.SNILS = t.snils(p.SNILS)
	default:
		q.Applicant.Other = t.document(d)
	}
	for i := range a.Payload.Members {
		m := &a.Payload.Members[i]
		x := memberXML{
			Order: i + 1, Together: *m.LivesTogether, Deceased: m.Deceased, Name: words(m.LastName, m.FirstName, m.MiddleName), Former: m.FormerLastName,
			BirthDate: t.date(m.BirthDate), Sex: t.code(sexes, m.Gender), Relation: t.code(relations, m.Relation), SNILS: t.snils(m.SNILS), Address: address(m.Address),
		}
		switch d := m.IdentityDocument; {
		case d == nil:
		case d.Type == "RF_BRTH_CERT":
			x.Birth = &documentXML{Series: d.Series, Number: d.Number, Issued: t.date(d.IssueDate)}
		case d.Type == "RF_PASSPORT":
			x.Passport = t.passport(d)
		default:
			x.Other = t.document(d)
		}
		q.Members = append(q.Members, x)
	}
	for _, r := range a.Payload.ActRecords {
		q.Acts = append(q.Acts, actXML{Kind: t.code(acts, r.Kind), Number: r.Number, Date: t.date(r.Date), Office: r.Office})
	}
	if d := a.Payload.Delivery; d != nil {
		q.Delivery = &deliveryXML{Copies: a.Payload.Copies}
		switch d.Method {
		case "office":
			q.Delivery.Office = d.Office
		case "post":
			if q.Delivery.Post = address(d.Address); q.Delivery.Post == nil {
				q.Delivery.Post = address(p.Address)
			}
		default:
			q.Delivery.Electronic = &struct{}{}
		}
	}
	for _, f := range a.Attachments {
		q.Attachments = append(q.Attachments, attachmentXML{Kind: f.Kind, Name: f.Name, MediaType: f.MediaType, Hash: f.SHA256, Content: f.Content})
	}
	if t.err != nil {
		return nil, t.err
	}
	return xml.Marshal(&envelopeXML{Soap: soapNS, Header: headerXML{NS: registryNS, ID: messageID, From: "ПОРТАЛ", Created: a.SubmittedAt, Test: a.Test}, Body: q})
}

// replyXML is the registry's answer, or its fault.
type replyXML struct {
	XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
	Body    struct {
		Fault        *faultXML `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault"`
		Registration *struct {
			Number string `xml:"urn://zags-ru/registry/2.1 Номер"`
			State  string `xml:"urn://zags-ru/registry/2.1 Состояние"`
			At     string `xml:"urn://zags-ru/registry/2.1 Время"`
			Office *struct {
				Code string `xml:"urn://zags-ru/types/common/2.1 Код"`
				Name string `xml:"urn://zags-ru/types/common/2.1 Наименование"`
			} `xml:"urn://zags-ru/registry/2.1 Орган"`
			Until string `xml:"urn://zags-ru/registry/2.1 Срок"`
		} `xml:"urn://zags-ru/registry/2.1 Регистрация"`
	} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
}

type faultXML struct {
	Code   string `xml:"faultcode"`
	Reason string `xml:"faultstring"`
}

func (f *faultXML) Error() string { return "fault " + f.Code + ": " + f.Reason }

// statusByHand reads the code of a state and its time.
func statusByHand(code, at string) (canonical.Status, error) {
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil {
		if moment, err = time.ParseInLocation("2006-01-02T15:04:05", at, moscow); err != nil {
			return canonical.Status{}, err
		}
	}
	s := canonical.Status{Code: statuses[code], Raw: code, At: moment.UTC()}
	if s.Code == "" {
		s.Code = canonical.Unknown
	}
	return s, nil
}

// readByHand gives what the answer means.
func readByHand(doc []byte) (canonical.Receipt, error) {
	var e replyXML
	if err := xml.Unmarshal(doc, &e); err != nil {
		return canonical.Receipt{}, err
	}
	if f := e.Body.Fault; f != nil {
		return canonical.Receipt{}, f
	}
	r := e.Body.Registration
	if r == nil || r.Number == "" {
		return canonical.Receipt{}, errors.New("the answer holds no registration")
	}
	s, err := statusByHand(r.State, r.At)
	if err != nil {
		return canonical.Receipt{}, err
	}
	if r.Office != nil {
		s.Unit = &canonical.Unit{Code: r.Office.Code, Name: r.Office.Name}
	}
	if r.Until != "" {
		t := &translator{}
		s.Comment = "Срок исполнения " + t.date(r.Until)
		if t.err != nil {
			return canonical.Receipt{}, t.err
		}
	}
	return canonical.Receipt{ExternalID: r.Number, Statuses: []canonical.Status{s}}, nil
}

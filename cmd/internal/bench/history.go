package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"sluice"
	"sluice/contracts/canonical"
)

// The message that can have any size: what ZAGS answers to a poll, the history of a request's states. encoding/xml reads
// by namespaces and writes by prefixes, which takes tags of two kinds; but for them the two structs are one type.

// historyRead has the tags for reading.
type historyRead struct {
	Number  string `xml:"urn://zags-ru/registry/2.1 Номер"`
	Message string `xml:"urn://zags-ru/registry/2.1 ИдентификаторСообщения"`
	Records []struct {
		State   string `xml:"urn://zags-ru/types/status/2.1 Состояние"`
		At      string `xml:"urn://zags-ru/types/status/2.1 Время"`
		Officer *struct {
			Name     string `xml:"urn://zags-ru/types/persons/2.1 ФИО"`
			Position string `xml:"urn://zags-ru/types/persons/2.1 Должность"`
			Phone    string `xml:"urn://zags-ru/types/persons/2.1 Телефон"`
		} `xml:"urn://zags-ru/types/status/2.1 Сотрудник"`
		Unit *struct {
			Code string `xml:"urn://zags-ru/types/common/2.1 Код"`
			Name string `xml:"urn://zags-ru/types/common/2.1 Наименование"`
		} `xml:"urn://zags-ru/types/status/2.1 Подразделение"`
		Comment string `xml:"urn://zags-ru/types/status/2.1 Комментарий"`
		Missing []struct {
			Code  string `xml:"urn://zags-ru/types/status/2.1 Код"`
			Title string `xml:"urn://zags-ru/types/status/2.1 Наименование"`
		} `xml:"urn://zags-ru/types/status/2.1 НедостающийДокумент"`
		Until string `xml:"urn://zags-ru/types/status/2.1 ПредставитьДо"`
	} `xml:"urn://zags-ru/registry/2.1 Запись"`
}

// historyWritten has the tags for writing.
type historyWritten struct {
	Number  string `xml:"р:Номер"`
	Message string `xml:"р:ИдентификаторСообщения"`
	Records []struct {
		State   string `xml:"сост:Состояние"`
		At      string `xml:"сост:Время"`
		Officer *struct {
			Name     string `xml:"лиц:ФИО"`
			Position string `xml:"лиц:Должность,omitempty"`
			Phone    string `xml:"лиц:Телефон,omitempty"`
		} `xml:"сост:Сотрудник"`
		Unit *struct {
			Code string `xml:"общ:Код"`
			Name string `xml:"общ:Наименование"`
		} `xml:"сост:Подразделение"`
		Comment string `xml:"сост:Комментарий,omitempty"`
		Missing []struct {
			Code  string `xml:"сост:Код"`
			Title string `xml:"сост:Наименование"`
		} `xml:"сост:НедостающийДокумент"`
		Until string `xml:"сост:ПредставитьДо,omitempty"`
	} `xml:"р:Запись"`
}

func readHistory(doc []byte) (*historyRead, error) {
	var e struct {
		XMLName xml.Name `xml:"http://schemas.xmlsoap.org/soap/envelope/ Envelope"`
		Body    struct {
			Fault   *faultXML    `xml:"http://schemas.xmlsoap.org/soap/envelope/ Fault"`
			History *historyRead `xml:"urn://zags-ru/registry/2.1 ИсторияЗапроса"`
		} `xml:"http://schemas.xmlsoap.org/soap/envelope/ Body"`
	}
	if err := xml.Unmarshal(doc, &e); err != nil {
		return nil, err
	}
	switch {
	case e.Body.Fault != nil:
		return nil, e.Body.Fault
	case e.Body.History == nil || e.Body.History.Number == "":
		return nil, errors.New("the answer holds no history")
	}
	return e.Body.History, nil
}

func writeHistory(h *historyWritten) ([]byte, error) {
	return xml.Marshal(&struct {
		XMLName  xml.Name        `xml:"soap:Envelope"`
		Soap     string          `xml:"xmlns:soap,attr"`
		Registry string          `xml:"xmlns:р,attr"`
		Status   string          `xml:"xmlns:сост,attr"`
		Persons  string          `xml:"xmlns:лиц,attr"`
		Common   string          `xml:"xmlns:общ,attr"`
		Body     *historyWritten `xml:"soap:Body>р:ИсторияЗапроса"`
	}{Soap: soapNS, Registry: registryNS, Status: statusNS, Persons: personsNS, Common: commonNS, Body: h})
}

// receipt gives what a history means.
func (h *historyRead) receipt() (canonical.Receipt, error) {
	out := canonical.Receipt{ExternalID: h.Number, Statuses: make([]canonical.Status, 0, len(h.Records))}
	for i := range h.Records {
		r := &h.Records[i]
		s, err := statusByHand(r.State, r.At)
		if err != nil {
			return canonical.Receipt{}, err
		}
		if o := r.Officer; o != nil {
			s.Officer = &canonical.Officer{Name: o.Name, Position: o.Position, Phone: o.Phone}
		}
		if u := r.Unit; u != nil {
			s.Unit = &canonical.Unit{Code: u.Code, Name: u.Name}
		}
		s.Comment = r.Comment
		for _, m := range r.Missing {
			s.Missing = append(s.Missing, canonical.MissingDocument{Type: m.Code, Title: m.Title})
		}
		if r.Until != "" {
			day, err := time.ParseInLocation(time.DateOnly, r.Until, moscow)
			if err != nil {
				return canonical.Receipt{}, err
			}
			end := time.Date(day.Year(), day.Month(), day.Day(), 23, 59, 59, 0, moscow).UTC()
			s.Until = &end
		}
		out.Statuses = append(out.Statuses, s)
	}
	return out, nil
}

// repeater makes messages of any size: block is what is repeated between head and tail.
type repeater struct{ head, block, tail []byte }

// newHistory is the history of the example, whose records are repeated.
func newHistory() (repeater, error) {
	doc, err := fs.ReadFile(sluice.Workspace, path.Join(zagsExample, "poll-reply.xml"))
	if err != nil {
		return repeater{}, err
	}
	const start, end = "<р:Запись>", "</р:Запись>"
	from, to := bytes.Index(doc, []byte(start)), bytes.LastIndex(doc, []byte(end))
	if from < 0 || to < from {
		return repeater{}, fmt.Errorf("the history of the example has no %s", start)
	}
	to += len(end)
	return repeater{doc[:from], doc[from:to], doc[to:]}, nil
}

// of is the message of about a size; the block is in it at least once.
func (r repeater) of(size int) []byte {
	times := max(1, (size-len(r.head)-len(r.tail)+len(r.block)/2)/len(r.block))
	return slices.Concat(r.head, bytes.Repeat(r.block, times), r.tail)
}

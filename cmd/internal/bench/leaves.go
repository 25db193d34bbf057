package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"sluice/adapters/examples"
	"sluice/contracts/canonical"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
	"sluice/mappings"
)

// leavesMapping has 29 leaves, of the sorts that real mappings have.
const leavesMapping = `
tables:
  sex:      { male: М, female: Ж }
  relation:
    { spouse: "01", child: "02", parent: "03", sibling: "04", ward: "05", grandparent: "06", grandchild: "07", guardian: "08", other: "09", formerSpouse: "10" }
request:
  Запрос:
    Версия: "2.1"
    Номер: request.id
    Тестовый: request.test ?? false | flag("1", "0")
    Срочный: (request.priority ?? "normal") == "urgent"
    Подано: request.submittedAt | date()
    Заявитель:
      Фамилия: request.applicant.lastName | upper()
      Имя: request.applicant.firstName | upper()
      Отчество: request.applicant.middleName | upper()
      ДатаРождения: request.applicant.birthDate | date("dd.MM.yyyy")
      Пол: request.applicant.gender | code("sex")
      СНИЛС: request.applicant.snils
      Телефон: request.applicant.phone
      Почта: request.applicant.email
      Адрес: request.applicant.address?.addressStr
      Индекс: request.applicant.address?.zipCode
    $choice:
      - $when: request.applicant.identityDocument.type == "RF_PASSPORT"
        Паспорт:
          Серия: request.applicant.identityDocument.series
          Номер: request.applicant.identityDocument.number
          ДатаВыдачи: request.applicant.identityDocument.issueDate | date("dd.MM.yyyy")
          КемВыдан: request.applicant.identityDocument.issuedBy
      - Иной: words(request.applicant.identityDocument.series, request.applicant.identityDocument.number)
    ЧленСемьи:
      $each: m in request.payload.members
      ФИО: words(m.lastName, m.firstName, m.middleName)
      ДатаРождения: m.birthDate | date("dd.MM.yyyy")
      Пол: m.gender | code("sex")
      Родство: m.relation | code("relation")
      СНИЛС: m.snils
      Документ: (m.identityDocument?.series ?? "") + (m.identityDocument?.number ?? "")
      Вместе: m.livesTogether
    Справка: request.payload.purpose
    Копий: request.payload.copies
`

// leavesByHand is what a careful programmer would write instead of the mapping: the same checks of presence and codes.
func leavesByHand(request object) (object, error) {
	var t translator
	a := child(request, "applicant")
	out := tree.Sized(10)
	out.Set("Версия", "2.1")
	out.Set("Номер", request.Get("id"))
	out.Set("Тестовый", "0")
	if request.Get("test") == true {
		out.Set("Тестовый", "1")
	}
	out.Set("Срочный", request.Get("priority") == "urgent")
	if s, ok := text(request, "submittedAt"); ok {
		out.Set("Подано", s[:10])
	}
	applicant := tree.Sized(10)
	for _, pair := range [][2]string{{"Фамилия", "lastName"}, {"Имя", "firstName"}, {"Отчество", "middleName"}} {
		if s, ok := text(a, pair[1]); ok {
			applicant.Set(pair[0], strings.ToUpper(s))
		}
	}
	if s, ok := text(a, "birthDate"); ok {
		applicant.Set("ДатаРождения", russian(s))
	}
	if s, ok := text(a, "gender"); ok {
		applicant.Set("Пол", t.code(sexes, s))
	}
	for _, pair := range [][2]string{{"СНИЛС", "snils"}, {"Телефон", "phone"}, {"Почта", "email"}} {
		if s, ok := text(a, pair[1]); ok {
			applicant.Set(pair[0], s)
		}
	}
	if address := child(a, "address"); address != nil {
		if s, ok := text(address, "addressStr"); ok {
			applicant.Set("Адрес", s)
		}
		if s, ok := text(address, "zipCode"); ok {
			applicant.Set("Индекс", s)
		}
	}
	out.Set("Заявитель", applicant)
	d := child(a, "identityDocument")
	if d.Get("type") == "RF_PASSPORT" {
		p := tree.Sized(4)
		p.Set("Серия", d.Get("series"))
		p.Set("Номер", d.Get("number"))
		if s, ok := text(d, "issueDate"); ok {
			p.Set("ДатаВыдачи", russian(s))
		}
		if s, ok := text(d, "issuedBy"); ok {
			p.Set("КемВыдан", s)
		}
		out.Set("Паспорт", p)
	} else {
		series, _ := text(d, "series")
		number, _ := text(d, "number")
		out.Set("Иной", words(series, number))
	}
	payload := child(request, "payload")
	members, _ := payload.Get("members").([]any)
	list := make([]any, 0, len(members))
	for _, item := range members {
		list = append(list, memberByHand(&t, item.(object)))
	}
	out.Set("ЧленСемьи", list)
	out.Set("Справка", payload.Get("purpose"))
	out.Set("Копий", payload.Get("copies"))
	return tree.Of("Запрос", out), t.err
}

func memberByHand(t *translator, m object) object {
	to := tree.Sized(7)
	last, _ := text(m, "lastName")
	first, _ := text(m, "firstName")
	middle, _ := text(m, "middleName")
	to.Set("ФИО", words(last, first, middle))
	if s, ok := text(m, "birthDate"); ok {
		to.Set("ДатаРождения", russian(s))
	}
	if s, ok := text(m, "gender"); ok {
		to.Set("Пол", t.code(sexes, s))
	}
	if s, ok := text(m, "relation"); ok {
		to.Set("Родство", t.code(relations, s))
	}
	if s, ok := text(m, "snils"); ok {
		to.Set("СНИЛС", s)
	}
	var series, number string
	if d := child(m, "identityDocument"); d != nil {
		series, _ = text(d, "series")
		number, _ = text(d, "number")
	}
	to.Set("Документ", series+number)
	to.Set("Вместе", m.Get("livesTogether"))
	return to
}

func russian(iso string) string { return iso[8:10] + "." + iso[5:7] + "." + iso[:4] }

// The product's trees, as the code above uses them.

type object = *tree.Object

func child(o object, key string) object { c, _ := o.Get(key).(object); return c }

func text(o object, key string) (string, bool) { s, ok := o.Get(key).(string); return s, ok }

// newLeaves proves that both sides make the same tree of the example's request.
func newLeaves() (sides, error) {
	_, services, err := loadRegistry()
	if err != nil {
		return sides{}, err
	}
	service, ok := services.Service("family-composition")
	if !ok {
		return sides{}, fmt.Errorf("there is no service family-composition")
	}
	file, err := mappings.Parse("leaves.yaml", []byte(leavesMapping))
	if err != nil {
		return sides{}, err
	}
	program, problems := file.Compile("request", mappings.Sources{"request": service.Shape()}, &shape.Type{})
	if err := problems.Err(); err != nil {
		return sides{}, err
	}
	doc, err := exampleRequest(func(map[string]any) {})
	if err != nil {
		return sides{}, err
	}
	message, err := canonical.Parse(doc)
	if err != nil {
		return sides{}, err
	}
	request := message.Tree()
	run := func() (any, error) {
		out, err := program.Run(mappings.Input{Request: request})
		return out.Tree, err
	}
	byHand := func() (any, error) { return leavesByHand(request) }
	var texts [2][]byte
	for i, side := range []func() (any, error){run, byHand} {
		made, err := side()
		if err == nil {
			texts[i], err = json.Marshal(made)
		}
		if err != nil {
			return sides{}, err
		}
	}
	return sides{
		func() error { _, err := run(); return err },
		func() error { _, err := byHand(); return err },
	}, same("tree", examples.DifferenceJSON, texts[0], texts[1])
}

func benchLeaves(_ context.Context, s *session) error {
	leaves, err := newLeaves()
	if err != nil {
		return err
	}
	s.note("a mapping of 29 leaves, of which 7 are repeated for each of 4 members, against hand-written Go on the same trees; in processor time, the collector's included")
	return s.compare("29 leaves", leaves, atMost(2.2))
}

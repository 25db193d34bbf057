package mappings

import (
	"testing"

	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

// benchMapping has 29 leaves, of the sorts that real mappings have.
const benchMapping = `
tables:
  sex:      { male: М, female: Ж }
  relation: { child: РЕБ, spouse: СУП }
request:
  Запрос:
    Версия: "2.1"
    Номер: request.id
    Тестовый: request.test | flag("1", "0")
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
      Паспорт: (m.passport?.series ?? "") + (m.passport?.number ?? "")
      Вместе: m.livesTogether
    Справка: request.payload.purpose
    Копий: request.payload.copies
`

func benchRequest() (*shape.Type, *tree.Object) {
	document := obj(req("type", enum("RF_PASSPORT", "FID_DOC")), req("series", str()), req("number", str()), req("issueDate", format(shape.Date)), opt("issuedBy", str()))
	t := obj(req("id", str()), req("test", boolType), opt("priority", enum("normal", "urgent")), req("submittedAt", format(shape.DateTime)),
		req("applicant", obj(req("lastName", str()), req("firstName", str()), opt("middleName", str()), req("birthDate", format(shape.Date)), req("gender", enum("male", "female")),
			req("snils", str()), opt("phone", str()), opt("email", str()), opt("address", obj(req("addressStr", str()), opt("zipCode", str()))), req("identityDocument", document))),
		req("payload", obj(req("purpose", str()), opt("copies", intType), req("members", listOf(obj(req("lastName", str()), req("firstName", str()), opt("middleName", str()),
			req("birthDate", format(shape.Date)), req("gender", enum("male", "female")), req("relation", enum("child", "spouse")), opt("snils", str()),
			opt("passport", obj(req("series", str()), req("number", str()))), req("livesTogether", boolType)))))))
	member := func(first, relation string) any {
		return map[string]any{"lastName": "Примерова", "firstName": first, "middleName": "Ильинична", "birthDate": "2012-06-09", "gender": "female",
			"relation": relation, "snils": "318-204-957 62", "passport": map[string]any{"series": "4510", "number": "271828"}, "livesTogether": true}
	}
	return t, tree.From(map[string]any{"id": "epgu-2025-000101", "test": false, "submittedAt": "2025-03-01T10:15:00+03:00",
		"applicant": map[string]any{"lastName": "Примерова", "firstName": "Анна", "middleName": "Сергеевна", "birthDate": "1987-04-12", "gender": "female",
			"snils": "156-842-739 01", "phone": "+79161234567", "email": "a@example.ru", "address": map[string]any{"addressStr": "г. Москва", "zipCode": "125009"},
			"identityDocument": map[string]any{"type": "RF_PASSPORT", "series": "4510", "number": "271828", "issueDate": "2007-05-03", "issuedBy": "ОВД"}},
		"payload": map[string]any{"purpose": "benefits", "copies": int64(2), "members": []any{member("Мария", "child"), member("Ия", "child"), member("Ева", "spouse")}}}).(*tree.Object)
}

// BenchmarkMapping runs 29 leaves and 3 members, for profiles; `make bench` holds such a mapping against hand-written Go.
func BenchmarkMapping(b *testing.B) {
	source, request := benchRequest()
	p := mustCompile(b, benchMapping, "request", Sources{"request": source}, anyType)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Run(Input{Request: request}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkCompile is what loading one mapping costs.
func BenchmarkCompile(b *testing.B) {
	source, _ := benchRequest()
	for b.Loop() {
		mustCompile(b, benchMapping, "request", Sources{"request": source}, anyType)
	}
}

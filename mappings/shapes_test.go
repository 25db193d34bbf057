package mappings

import (
	"sluice/contracts/shape"
)

// Small builders of shapes, so that a test shows the contract it speaks of.

func str() *shape.Type                    { return &shape.Type{Kind: shape.String} }
func enum(values ...string) *shape.Type   { return &shape.Type{Kind: shape.String, Enum: values} }
func format(f shape.Format) *shape.Type   { return &shape.Type{Kind: shape.String, Format: f} }
func listOf(elem *shape.Type) *shape.Type { return &shape.Type{Kind: shape.List, Elem: elem} }
func req(n string, t *shape.Type) field   { return field{n, t, true} }
func opt(n string, t *shape.Type) field   { return field{n, t, false} }
func obj(fields ...field) *shape.Type {
	t := &shape.Type{Kind: shape.Object}
	for _, f := range fields {
		t.Fields = append(t.Fields, shape.Field{Name: f.name, Type: f.typ, Required: f.required})
	}
	return t
}

func choice(t *shape.Type, required bool, branches ...[]string) *shape.Type {
	t.Choices = append(t.Choices, shape.Choice{Required: required, Branches: branches})
	return t
}

type field struct {
	name     string
	typ      *shape.Type
	required bool
}

// familyRequest is the canonical side of the tests.
func familyRequest() *shape.Type {
	member := obj(req("lastName", str()), req("firstName", str()), opt("middleName", str()), req("birthDate", format(shape.Date)),
		opt("gender", enum("male", "female")), req("relation", enum("child", "spouse")), opt("codes", listOf(str())), opt("note", str()))
	members := listOf(member)
	members.MinItems = 1
	return obj(
		req("id", str()),
		req("applicant", obj(
			req("lastName", str()), req("firstName", str()), opt("middleName", str()),
			req("birthDate", format(shape.Date)), req("gender", enum("male", "female")),
			opt("passport", obj(req("series", str()), req("number", str()), opt("issuedBy", str()))),
			opt("snils", str()), opt("age", &shape.Type{Kind: shape.Int}), opt("income", format(shape.Decimal)),
		)),
		opt("representative", obj(req("lastName", str()), opt("phone", str()))),
		req("payload", obj(req("members", members), opt("tags", listOf(str())), opt("reason", str()))),
		req("test", &shape.Type{Kind: shape.Bool}),
		req("submittedAt", format(shape.DateTime)),
	)
}

// familyTarget is the agency's side.
func familyTarget() *shape.Type {
	applicant := obj(req("Фамилия", str()), req("Имя", str()), opt("Отчество", str()), req("ДатаРождения", str()), req("Пол", enum("М", "Ж")))
	members := listOf(obj(req("ФИО", str()), opt("Номер", &shape.Type{Kind: shape.Int}), opt("Родство", enum("РЕБ", "СУП"))))
	members.MinItems = 1
	return obj(req("ЗапросСоставСемьи", choice(obj(
		req("Версия", str()), req("Заявитель", applicant), opt("Паспорт", str()), opt("СНИЛС", str()),
		req("ЧленСемьи", members), opt("Представитель", obj(req("Фамилия", str()), opt("Телефон", str()))),
	), true, []string{"Паспорт"}, []string{"СНИЛС"})))
}

const familyMapping = `# canonical to agency
tables:
  sex:      { male: М, female: Ж }
  relation: { child: РЕБ, spouse: СУП }
request:
  ЗапросСоставСемьи:
    Версия: "2.1"
    Заявитель:
      Фамилия:      request.applicant.lastName | upper()
      Имя:          request.applicant.firstName
      Отчество:     request.applicant.middleName        # may be absent on both sides: left out
      ДатаРождения: request.applicant.birthDate | date("dd.MM.yyyy")
      Пол:          request.applicant.gender | code("sex")
    $choice:
      - $when: request.applicant.passport != nil
        Паспорт: request.applicant.passport.series + request.applicant.passport.number
      - СНИЛС: request.applicant.snils | required("ни паспорта, ни СНИЛС") | snils()
    Представитель:
      $when: request.representative != nil
      Фамилия: request.representative.lastName
      Телефон: request.representative.phone | digits()
    ЧленСемьи:
      $each: m, n in request.payload.members
      ФИО: words(m.lastName, m.firstName, m.middleName)
      Номер: n
      Родство: m.relation | code("relation")
`

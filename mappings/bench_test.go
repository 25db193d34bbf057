package mappings

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

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

var (
	sex      = map[string]string{"male": "М", "female": "Ж"}
	relation = map[string]string{"child": "РЕБ", "spouse": "СУП"}
)

// byHand is what a careful programmer would write instead of the mapping: the same checks of presence and codes.
func byHand(request *tree.Object) *tree.Object {
	text := func(m *tree.Object, key string) (string, bool) { s, ok := m.Get(key).(string); return s, ok }
	russian := func(iso string) string { return iso[8:10] + "." + iso[5:7] + "." + iso[:4] }
	a := request.Get("applicant").(*tree.Object)
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
		applicant.Set("Пол", sex[s])
	}
	for _, pair := range [][2]string{{"СНИЛС", "snils"}, {"Телефон", "phone"}, {"Почта", "email"}} {
		if s, ok := text(a, pair[1]); ok {
			applicant.Set(pair[0], s)
		}
	}
	if address, ok := a.Get("address").(*tree.Object); ok {
		if s, ok := text(address, "addressStr"); ok {
			applicant.Set("Адрес", s)
		}
		if s, ok := text(address, "zipCode"); ok {
			applicant.Set("Индекс", s)
		}
	}
	out.Set("Заявитель", applicant)
	d := a.Get("identityDocument").(*tree.Object)
	if d.Get("type") == "RF_PASSPORT" {
		p := tree.Of("Серия", d.Get("series"), "Номер", d.Get("number"))
		if s, ok := text(d, "issueDate"); ok {
			p.Set("ДатаВыдачи", russian(s))
		}
		if s, ok := text(d, "issuedBy"); ok {
			p.Set("КемВыдан", s)
		}
		out.Set("Паспорт", p)
	} else {
		out.Set("Иной", d.Get("series").(string)+" "+d.Get("number").(string))
	}
	payload := request.Get("payload").(*tree.Object)
	members := payload.Get("members").([]any)
	list := make([]any, 0, len(members))
	for _, item := range members {
		m := item.(*tree.Object)
		to := tree.Sized(7)
		words := make([]string, 0, 3)
		for _, key := range []string{"lastName", "firstName", "middleName"} {
			if s, ok := text(m, key); ok && s != "" {
				words = append(words, s)
			}
		}
		to.Set("ФИО", strings.Join(words, " "))
		if s, ok := text(m, "birthDate"); ok {
			to.Set("ДатаРождения", russian(s))
		}
		if s, ok := text(m, "gender"); ok {
			to.Set("Пол", sex[s])
		}
		if s, ok := text(m, "relation"); ok {
			to.Set("Родство", relation[s])
		}
		if s, ok := text(m, "snils"); ok {
			to.Set("СНИЛС", s)
		}
		if p, ok := m.Get("passport").(*tree.Object); ok {
			to.Set("Паспорт", p.Get("series").(string)+p.Get("number").(string))
		}
		to.Set("Вместе", m.Get("livesTogether"))
		list = append(list, to)
	}
	out.Set("ЧленСемьи", list)
	out.Set("Справка", payload.Get("purpose"))
	out.Set("Копий", payload.Get("copies"))
	return tree.Of("Запрос", out)
}

// BenchmarkMapping runs 29 leaves and 3 members; compare with BenchmarkByHand.
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

// BenchmarkByHand is the same work in Go.
func BenchmarkByHand(b *testing.B) {
	_, request := benchRequest()
	b.ReportAllocs()
	for b.Loop() {
		byHand(request)
	}
}

// BenchmarkRatio measures both in turn and reports the mapping's time over the hand-written one's.
func BenchmarkRatio(b *testing.B) {
	source, request := benchRequest()
	p := mustCompile(b, benchMapping, "request", Sources{"request": source}, anyType)
	mapping, hand := pairs(b, func() {
		if _, err := p.Run(Input{Request: request}); err != nil {
			b.Fatal(err)
		}
	}, func() { byHand(request) })
	b.ReportMetric(mapping/hand, "ratio")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkCompile is what loading one mapping costs.
func BenchmarkCompile(b *testing.B) {
	source, _ := benchRequest()
	for b.Loop() {
		mustCompile(b, benchMapping, "request", Sources{"request": source}, anyType)
	}
}

// pairs gives the median times in nanoseconds of two works that are measured in turn, so that a noisy machine
// disturbs both alike.
func pairs(b *testing.B, first, second func()) (x, y float64) {
	const rounds, each = 31, 300
	measure := func(f func()) float64 {
		start := time.Now()
		for range each {
			f()
		}
		return float64(time.Since(start).Nanoseconds()) / each
	}
	var a, c []float64
	for b.Loop() {
		for range rounds {
			a = append(a, measure(first))
			c = append(c, measure(second))
		}
	}
	slices.Sort(a)
	slices.Sort(c)
	return a[len(a)/2], c[len(c)/2]
}

func TestByHandAgrees(t *testing.T) {
	source, request := benchRequest()
	p := mustCompile(t, benchMapping, "request", Sources{"request": source}, anyType)
	out, err := p.Run(Input{Request: request})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := normal(t, out.Tree), normal(t, byHand(request)); !reflect.DeepEqual(got, want) {
		t.Errorf("the mapping gives\n%v\nby hand\n%v", got, want)
	}
}

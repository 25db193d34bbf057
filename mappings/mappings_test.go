package mappings

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

func message(t testing.TB, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("the test's JSON: %v", err)
	}
	return tree.From(v)
}

// compile parses and compiles one section, and gives whatever was reported.
func compile(src, section string, sources Sources, target *shape.Type) (*Program, diag.List) {
	f, err := Parse("m.yaml", []byte(src))
	if err != nil {
		return nil, diag.Of(err)
	}
	return f.Compile(section, sources, target)
}

func mustCompile(t testing.TB, src, section string, sources Sources, target *shape.Type) *Program {
	t.Helper()
	p, problems := compile(src, section, sources, target)
	if p == nil || len(problems) > 0 {
		for _, x := range problems {
			t.Error(x.Text())
		}
		t.FailNow()
	}
	return p
}

func TestFamily(t *testing.T) {
	p := mustCompile(t, familyMapping, "request", Sources{"request": familyRequest()}, familyTarget())
	out, err := p.Run(Input{Request: message(t, `{"id":"1","test":false,"submittedAt":"2024-05-01T09:30:00Z",
		"applicant":{"lastName":"Иванов","firstName":"Пётр","birthDate":"1980-12-01","gender":"male","passport":{"series":"4508","number":"123456"}},
		"representative":{"lastName":"Петров","phone":"+7 (495) 1"},
		"payload":{"members":[{"lastName":"Иванова","firstName":"Анна","birthDate":"2010-01-01","relation":"child"},
		                      {"lastName":"Иванова","firstName":"Мария","middleName":"Павловна","birthDate":"1982-01-01","relation":"spouse"}]}}`)})
	if err != nil {
		t.Fatal(err)
	}
	want := message(t, `{"ЗапросСоставСемьи":{"Версия":"2.1","Заявитель":{"Фамилия":"ИВАНОВ","Имя":"Пётр","ДатаРождения":"01.12.1980","Пол":"М"},
		"Паспорт":"4508123456","Представитель":{"Фамилия":"Петров","Телефон":"74951"},
		"ЧленСемьи":[{"ФИО":"Иванова Анна","Номер":1,"Родство":"РЕБ"},{"ФИО":"Иванова Мария Павловна","Номер":2,"Родство":"СУП"}]}}`)
	if got := normal(t, out.Tree); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// normal takes a tree through JSON, so that trees compare whatever numbers are made of.
func normal(t testing.TB, v any) any {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return message(t, string(b))
}

func TestRunErrors(t *testing.T) {
	p := mustCompile(t, familyMapping, "request", Sources{"request": familyRequest()}, familyTarget())
	_, err := p.Run(Input{Request: message(t, `{"applicant":{"lastName":"Иванов","firstName":"Пётр","birthDate":"1980-12-01","gender":"male","passport":{"series":"4508","number":"123456"}},
		"payload":{"members":[{"lastName":"А","firstName":"Б","relation":"child"},{"lastName":"А","firstName":"Б","relation":"uncle"}]}}`)})
	var e *Error
	if !errors.As(err, &e) || e.Path != "ЗапросСоставСемьи.ЧленСемьи[1].Родство" || e.Pos.Line != 26 || !strings.Contains(e.Message, `lacks "uncle"`) {
		t.Errorf("got %v", err)
	}
}

package mappings

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

// TestShapesOfOutput holds what comes out of absent values, lists and empty objects.
func TestShapesOfOutput(t *testing.T) {
	null := str()
	null.Nillable = true
	fixed := obj(req("a", str()), opt("b", str()))
	fixed.Fields = append(fixed.Fields, shape.Field{Name: "version", Type: str(), Required: true, Fixed: "2.1"})
	atLeastOne := listOf(str())
	atLeastOne.MinItems = 1
	source := Sources{"request": obj(req("id", str()), opt("name", str()), opt("tags", listOf(str())), opt("rows", listOf(obj(opt("x", str())))), req("n", intType))}
	for _, c := range []struct {
		name   string
		body   string
		target *shape.Type
		in     string
		want   string
	}{
		{"absent leaves the key out", "a: request.id\n  b: request.name", obj(req("a", str()), opt("b", str())), `{"id":"1"}`, `{"a":"1"}`},
		{"null is absent", "a: request.name ?? \"-\"", obj(req("a", str())), `{"name":null}`, `{"a":"-"}`},
		{"required and nillable is null", "a: request.name", obj(req("a", null)), `{"id":"1"}`, `{"a":null}`},
		{"fixed is filled in", "a: request.id", fixed, `{"id":"1"}`, `{"a":"1","version":"2.1"}`},
		{"an empty object is left out", "o:\n    b: request.name", obj(opt("o", obj(opt("b", str())))), `{"id":"1"}`, `{}`},
		{"a required one is not", "o:\n    b: request.name", obj(req("o", obj(opt("b", str())))), `{"id":"1"}`, `{"o":{}}`},
		{"{} is kept", "o: {}", obj(opt("o", obj())), `{}`, `{"o":{}}`},
		{"an absent list is left out", "l:\n    $each: x in request.tags\n    $value: x", obj(opt("l", listOf(str()))), `{}`, `{}`},
		{"a required list is empty", "l:\n    $each: x in request.tags\n    $value: x", obj(req("l", listOf(str()))), `{}`, `{"l":[]}`},
		{"an empty list stays", "l: request.tags", obj(opt("l", listOf(str()))), `{"tags":[]}`, `{"l":[]}`},
		{"an empty list where one is not allowed is left out", "l: request.tags", obj(opt("l", atLeastOne)), `{"tags":[]}`, `{}`},
		{"one item is a list", "l:\n    - request.id\n    - request.name", obj(req("l", listOf(str()))), `{"id":"1"}`, `{"l":["1"]}`},
		{"a list of lists and items", "l:\n    - request.id\n    - $each: x in request.tags\n      $value: x | upper()", obj(req("l", listOf(str()))), `{"id":"1","tags":["a","b"]}`, `{"l":["1","A","B"]}`},
		{"items that $when leaves out", "l:\n    $each: x, n in request.tags\n    $when: x != \"b\"\n    v: x\n    n: n", obj(req("l", listOf(obj(req("v", str()), req("n", intType))))), `{"tags":["a","b","c"]}`, `{"l":[{"v":"a","n":1},{"v":"c","n":3}]}`},
		{"empty items keep their place", "l:\n    $each: r in request.rows\n    x: r.x", obj(req("l", listOf(obj(opt("x", str()))))), `{"rows":[{},{"x":"1"}]}`, `{"l":[{},{"x":"1"}]}`},
		{"integer into a number", "a: request.n", obj(req("a", numberType)), `{"n":3}`, `{"a":3}`},
		{"an open target takes anything", "a:\n    b:\n      - request.id", anyType, `{"id":"1"}`, `{"a":{"b":["1"]}}`},
		{"two choices", "$choice.one:\n    - $when: request.name != nil\n      a: request.name\n    - b: request.id\n  $choice.two:\n    - $when: request.n == 1\n      c: \"c\"\n    - d: \"d\"",
			choice(choice(obj(opt("a", str()), opt("b", str()), opt("c", str()), opt("d", str())), true, []string{"a"}, []string{"b"}), true, []string{"c"}, []string{"d"}),
			`{"id":"1","n":1}`, `{"b":"1","c":"c"}`},
	} {
		p, problems := compile("request:\n  "+c.body+"\n", "request", source, c.target)
		if problems.Err() != nil {
			t.Errorf("%s: %v", c.name, problems)
			continue
		}
		in := message(t, c.in)
		if m := in.(*tree.Object); m.Get("n") != nil {
			m.Set("n", int64(m.Get("n").(float64)))
		}
		out, err := p.Run(Input{Request: in})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got, want := normal(t, out.Tree), message(t, c.want); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, want %v", c.name, got, want)
		}
	}
}

// TestRunRefuses holds what a message against its contract, or beyond the bounds, comes to.
func TestRunRefuses(t *testing.T) {
	bounded := listOf(str())
	bounded.MinItems, bounded.MaxItems = 2, 3
	source := Sources{"request": obj(req("n", intType), req("id", str()), req("tags", listOf(str())), req("o", obj(req("x", str()))))}
	for _, c := range []struct {
		name, body string
		target     *shape.Type
		in         any
		want       string
	}{
		{"missing though required", "a: request.o.x", obj(req("a", str())), message(t, `{}`), "m.yaml:2:6: a: the field is required, and its value is missing from the message"},
		{"missing in an order", "a: request.n > 1", obj(req("a", boolType)), message(t, `{"id":"1"}`), "breaks its contract here: > has nothing"},
		{"a part of a sum is missing", "a: request.id + request.o.x", obj(req("a", str())), message(t, `{"id":"1"}`), "+ has nothing to work on"},
		{"too few", "a:\n    $each: x in request.tags\n    $value: x", obj(opt("a", bounded)), message(t, `{"tags":["1"]}`), "a: the list has 1 items, and the contract wants at least 2"},
		{"too many", "a: request.tags", obj(opt("a", bounded)), message(t, `{"tags":["1","2","3","4"]}`), "the contract allows 3"},
		{"no list", "a:\n    $each: x in request.tags\n    $value: x", obj(opt("a", listOf(str()))), message(t, `{"tags":"1"}`), "has no list"},
		{"a list beyond bounds", "a:\n    $each: x in request.tags\n    $value: x", obj(opt("a", listOf(str()))), tree.Of("tags", make([]any, maxItems+1)), "at most 100000 items"},
		{"output beyond bounds", "a:\n    $each: x in request.tags\n    b: request.id", obj(opt("a", listOf(obj(req("b", str()))))),
			tree.Of("id", strings.Repeat("x", 1<<20), "tags", texts100()), "larger than 64 MiB"},
		{"work beyond bounds", "a:\n    $each: x in request.tags\n    b: request.id | length()", obj(opt("a", listOf(obj(req("b", intType))))),
			tree.Of("id", strings.Repeat("x", 10<<20), "tags", texts100()), "more to do than its bound allows"},
	} {
		p, problems := compile("request:\n  "+c.body+"\n", "request", source, c.target)
		if p == nil {
			t.Errorf("%s: %v", c.name, problems)
			continue
		}
		_, err := p.Run(Input{Request: c.in})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}

func texts100() []any {
	out := make([]any, 100)
	for i := range out {
		out[i] = "x"
	}
	return out
}

// TestOperators holds what each operator and loop gives.
func TestOperators(t *testing.T) {
	request := message(t, `{"id":"1","test":true,"submittedAt":"2024-05-01T09:30:00Z",
		"applicant":{"lastName":"Иванов","firstName":"Пётр","birthDate":"1980-12-01","gender":"male","snils":"11223344595"},
		"payload":{"members":[{"lastName":"А","firstName":"Б","birthDate":"2010-01-01","relation":"child"},
			{"lastName":"В","firstName":"Г","birthDate":"1982-01-01","relation":"spouse"}]}}`).(*tree.Object)
	request.Get("applicant").(*tree.Object).Set("age", int64(44))
	for _, c := range []struct {
		expression string
		want       any
	}{
		{`request.id`, "1"},
		{`request.applicant.middleName`, nil},
		{`request.representative?.lastName`, nil},
		{`request.applicant.middleName ?? "-"`, "-"},
		{`request.representative?.lastName ?? request.applicant.lastName | upper()`, "ИВАНОВ"},
		{`request.test == true`, true},
		{`request.representative == nil`, true},
		{`request.applicant.lastName == request.applicant.firstName`, false},
		{`request.applicant.lastName != request.applicant.firstName`, true},
		{`(request.applicant.age ?? 0) == 44`, true},
		{`(request.applicant.age ?? 0) != 44.0`, false},
		{`(request.applicant.age ?? 0) < 44`, false},
		{`(request.applicant.age ?? 0) <= 44.0`, true},
		{`(request.applicant.age ?? 0) > 43.9`, true},
		{`(request.applicant.age ?? 0) >= 45`, false},
		{`not (request.test == true)`, false},
		{`request.test and request.id != "1"`, false},
		{`request.test or request.id != "1"`, true},
		{`request.id in ["0", "1"]`, true},
		{`request.representative?.lastName in ["0", "1"]`, false},
		{`"А" in (request.payload.members | map(.lastName))`, true},
		{`request.applicant.lastName contains "ван"`, true},
		{`request.applicant.lastName startsWith "ван"`, false},
		{`request.applicant.lastName endsWith "ов"`, true},
		{`request.applicant.lastName matches "^[А-Я][а-я]+$"`, true},
		{`request.id + "а" + request.applicant.lastName`, "1аИванов"},
		{`request.test ? request.id : request.applicant.lastName`, "1"},
		{`not request.test ? request.id : request.applicant.lastName`, "Иванов"},
		{`request.representative?.phone == "1"`, false},
		{`request.payload.members | size()`, int64(2)},
		{`words(request.applicant.lastName, request.applicant.middleName, request.applicant.firstName)`, "Иванов Пётр"},
		{`request.applicant.middleName | upper()`, nil},
		{`request.payload.members | map(.lastName + .firstName)`, []any{"АБ", "ВГ"}},
		{`request.payload.members | filter(.relation == "spouse") | map(.lastName)`, []any{"В"}},
		{`(request.payload.members | find(.relation == "spouse"))?.firstName`, "Г"},
		{`(request.payload.members | find(.lastName == "нет"))?.firstName`, nil},
		{`request.payload.members | any(.relation == "spouse")`, true},
		{`request.payload.members | all(.relation == "spouse")`, false},
		{`request.payload.members | none(.relation == "spouse")`, false},
		{`request.payload.members | one(.relation == "spouse")`, true},
		{`request.payload.members | count(.relation in ["spouse", "child"])`, int64(2)},
		{`request.payload.members | map((.lastName | split(";") | count(# == "А")) == 1)`, []any{true, false}},
		{`(request.payload.members | first())?.lastName`, "А"},
	} {
		p, problems := compile("request:\n  out: >-\n    "+c.expression+"\n", "request", Sources{"request": familyRequest()}, anyType)
		if p == nil {
			t.Errorf("%s: %v", c.expression, problems)
			continue
		}
		out, err := p.Run(Input{Request: request})
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
		}
		if got := out.Tree.Get("out"); !tree.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", c.expression, got, c.want)
		}
	}
}

// TestConcurrentRuns shares one program; the race detector looks on.
func TestConcurrentRuns(t *testing.T) {
	p := mustCompile(t, familyMapping, "request", Sources{"request": familyRequest()}, familyTarget())
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				name := fmt.Sprintf("И%d-%d", g, i)
				out, err := p.Run(Input{Request: tree.Of(
					"applicant", tree.Of("lastName", name, "firstName", "П", "birthDate", "1980-12-01", "gender", "male", "snils", "11223344595"),
					"payload", tree.Of("members", []any{tree.Of("lastName", name, "firstName", "П", "relation", "child")}),
				)})
				if err != nil {
					t.Error(err)
					return
				}
				body := out.Tree.Get("ЗапросСоставСемьи").(*tree.Object)
				if got := body.Get("ЧленСемьи").([]any)[0].(*tree.Object).Get("ФИО"); got != name+" П" {
					t.Errorf("got %v for %s", got, name)
				}
			}
		})
	}
	wg.Wait()
}

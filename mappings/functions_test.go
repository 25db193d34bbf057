package mappings

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

// evaluateExpression runs one expression without sources, by the tables of the reference.
func evaluateExpression(t *testing.T, src string) (any, error) {
	t.Helper()
	f, err := Parse("example.yaml", []byte("tables:\n  sex: { male: М, female: Ж }\nreceipt:\n  out: >-\n    "+src+"\n"))
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	target := &shape.Type{Kind: shape.Object, Fields: []shape.Field{{Name: "out", Type: &shape.Type{Kind: shape.Any}}}}
	fee := obj(req("fee", obj(req("amount", format(shape.Decimal)), req("currency", str()))))
	p, problems := f.Compile("receipt", Sources{"request": fee}, target)
	if p == nil {
		for _, x := range problems {
			t.Error(x.Text())
		}
		t.FailNow()
	}
	out, err := p.Run(Input{Request: tree.Of("fee", tree.Of("amount", "350.00", "currency", "RUB"))})
	return out.Tree.Get("out"), err
}

// TestExamples runs the examples of the reference.
func TestExamples(t *testing.T) {
	for _, f := range Functions() {
		if len(f.Examples) == 0 {
			t.Errorf("%s has no example", f.Name)
		}
		for _, e := range f.Examples {
			testExample(t, e)
		}
	}
	for _, l := range loopTable {
		testExample(t, l.example)
	}
}

func testExample(t *testing.T, e Example) {
	t.Helper()
	got, err := evaluateExpression(t, e.Expression)
	if err != nil {
		t.Errorf("%s: %v", e.Expression, err)
		return
	}
	if e.Result == "absent" {
		if got != nil {
			t.Errorf("%s = %#v, want nothing", e.Expression, got)
		}
		return
	}
	var want any
	if err := json.Unmarshal([]byte(e.Result), &want); err != nil {
		t.Fatalf("%s: the example's result: %v", e.Expression, err)
	}
	if !reflect.DeepEqual(normal(t, got), want) {
		t.Errorf("%s = %#v, want %s", e.Expression, got, e.Result)
	}
}

// TestDayEnds reads 24:00:00, which XML Schema allows, and numbers that were given out before there were check digits.
func TestDayEnds(t *testing.T) {
	for src, want := range map[string]string{
		`"2024-12-31T24:00:00Z" | inZone("Europe/Moscow")`:          "2025-01-01T03:00:00+03:00",
		`"2024-02-28T24:00:00.000+03:00" | inZone("Europe/Moscow")`: "2024-02-29T00:00:00+03:00",
		`"2024-12-31T24:00:00" | date("dd.MM.yyyy")`:                "01.01.2025",
		`"00100199800" | snils()`:                                   "001-001-998 00",
	} {
		if got, err := evaluateExpression(t, src); err != nil || got != want {
			t.Errorf("%s: %v, %v; want %s", src, got, err, want)
		}
	}
	for _, text := range []string{"2024-12-31T24:00:01Z", "2024-12-31T24:00:00.5Z", "2024-12-32T24:00:00Z"} {
		if got, _, err := parseISO(text, time.UTC); err == nil {
			t.Errorf("%s is %v", text, got)
		}
	}
	if validSNILS("00000000000") {
		t.Error("nobody has the SNILS of zeros")
	}
}

// TestVM runs each example where the VM and not a closure calls the function, and wants the same result.
func TestVM(t *testing.T) {
	for _, f := range Functions() {
		for _, e := range f.Examples {
			// No closure takes a conditional.
			e.Expression = "(true ? (" + e.Expression + ") : (" + e.Expression + "))"
			testExample(t, e)
		}
	}
}

func TestFunctionErrors(t *testing.T) {
	for expression, want := range map[string]string{
		`"2024-13-01" | parseDate("yyyy-MM-dd")`:         "no such date",
		`"30.02.2024" | parseDate("dd.MM.yyyy")`:         "no such date",
		`"1.2.2024" | parseDate("dd.MM.yyyy")`:           "not in the layout",
		`"01.02.2024 г" | parseDate("dd.MM.yyyy")`:       "more text follows",
		`"11223344596" | snils()`:                        "check digits",
		`"женский" | code("sex")`:                        `lacks "женский"`,
		`"ab" | mask("###")`:                             "has 2 characters",
		`"1" | divide("0", 2)`:                           "division by zero",
		`"1.5" | int()`:                                  "fraction",
		`"99999999999999999999" | int()`:                 "too large",
		`"1,5" | decimal()`:                              "not a decimal",
		`request.fee | money("USD")`:                     "not in USD",
		`"EUR" | oneOf("RUB")`:                           "none of",
		`nil | required("нет номера")`:                   "нет номера",
		`"zzz" | fromBase64()`:                           "base64",
		`"12" | uuid()`:                                  "not a UUID",
		`"` + strings.Repeat("9", 300) + `" | decimal()`: "too many digits",
	} {
		_, err := evaluateExpression(t, expression)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", expression, err, want)
		}
	}
}

func TestArgumentErrors(t *testing.T) {
	for expression, want := range map[string]string{
		`"x" | left(0)`:                             "at least 1",
		`"x" | left("1")`:                           "wants an integer",
		`"x" | left()`:                              "arguments",
		`"x" | padLeft(3, "ab")`:                    "one character",
		`"2024-01-01" | date("dd.MM.rrrr")`:         "unknown letter r",
		`"2024-01-01" | date("HH:mm")`:              "no time of day",
		`"завтра" | date("dd.MM.yyyy")`:             "wants a date",
		`"2024-05-01T09:30:00Z" | inZone("Moscow")`: "unknown time zone",
		`"a" | code("sax")`:                         "no table",
		`"a" | uper()`:                              "unknown function",
		`"a" | default("b")`:                        "unknown function",
		`"a" | mask("")`:                            "no #",
		`"a" | replace("", "b")`:                    "nothing to replace",
		`words()`:                                   "needs a value",
		`"a" | required("")`:                        "say what is missing",
	} {
		_, problems := compile("tables:\n  sex: { male: М }\nreceipt:\n  out: >-\n    "+expression+"\n", "receipt", Sources{}, obj(opt("out", &shape.Type{})))
		if problems.Err() == nil || !strings.Contains(problems.Error(), want) {
			t.Errorf("%s: got %v, want a problem with %q", expression, problems, want)
		}
	}
}

func TestDecimals(t *testing.T) {
	for _, c := range []struct{ expression, want string }{
		{`"2.5" | decimal(0)`, "3"}, {`"-2.5" | decimal(0)`, "-3"}, {`"-0.004" | decimal(2)`, "0.00"}, {`".5" | decimal()`, "0.5"},
		{`"-7" | divide(2, 0)`, "-4"}, {`"1" | divide("-3", 3)`, "-0.333"}, {`"+1.10" | decimal()`, "1.10"}, {`1500000.5 | decimal()`, "1500000.5"},
		{`"-1234567.891" | formatNumber(2, ",", " ")`, "-1 234 567,89"}, {`"0" | formatNumber(0, ",")`, "0"},
	} {
		got, err := evaluateExpression(t, c.expression)
		if err != nil || got != c.want {
			t.Errorf("%s = %v, %v; want %s", c.expression, got, err, c.want)
		}
	}
}

func TestUncodeReportsAndKeepsRaw(t *testing.T) {
	const src = `
tables:
  status: { accepted: "10", completed: ["70", "99"] }
receipt:
  statuses:
    $each: r in reply.rows
    status: r.code | uncode("status")
`
	target := obj(opt("statuses", listOf(obj(req("status", enum("accepted", "completed", "unknown")), opt("rawStatus", str())))))
	p := mustCompile(t, src, "receipt", Sources{"reply": obj(req("rows", listOf(obj(req("code", str())))))}, target)
	out, err := p.Run(Input{Reply: message(t, `{"rows":[{"code":"10"},{"code":"99"},{"code":"55"}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	want := message(t, `{"statuses":[{"status":"accepted","rawStatus":"10"},{"status":"completed","rawStatus":"99"},{"status":"unknown","rawStatus":"55"}]}`)
	if !reflect.DeepEqual(normal(t, out.Tree), want) {
		t.Errorf("got %v", out.Tree)
	}
	if want := []Unknown{{"status", "55", "statuses[2].status"}}; !reflect.DeepEqual(out.Unknown, want) {
		t.Errorf("unknown codes: %v, want %v", out.Unknown, want)
	}
	if _, problems := compile(strings.Replace(src, `accepted: "10"`, `accepted: "70"`, 1), "receipt", Sources{"reply": obj(req("rows", listOf(obj(req("code", str())))))}, target); !strings.Contains(problems.Error(), "read backwards") {
		t.Errorf("an ambiguous table was read backwards: %v", problems)
	}
}

func TestCondition(t *testing.T) {
	fault := obj(req("code", str()), opt("detail", obj(opt("Ошибка", obj(req("Код", enum("ДУБЛЬ", "СБОЙ")))))))
	at := diag.Pos{File: "adapter.yaml", Line: 7, Column: 13}
	sources := Sources{"fault": fault}
	c, problems := CompileCondition(`fault.detail?.Ошибка?.Код == "ДУБЛЬ"`, at, sources)
	if c == nil || len(problems) > 0 {
		t.Fatal(problems)
	}
	for text, want := range map[string]bool{`{"code":"Client"}`: false, `{"code":"Client","detail":{}}`: false, `{"code":"Client","detail":{"Ошибка":{"Код":"ДУБЛЬ"}}}`: true} {
		if got, err := c.Holds(Input{Fault: message(t, text)}); err != nil || got != want {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
	for src, want := range map[string]string{
		`fault.detail.Ошибка?.Код == "ДУБЛЬ"`: "adapter.yaml:7:19: fault.detail may be absent",
		`fault.cod == "x"`: `adapter.yaml:7:19: fault has no field "cod"; did you mean "code"?`,
		`fault.code`:       "must come out true or false",
		`fault.detail?.Ошибка?.Код == "ДУБЛ"`: `the value is never "ДУБЛ"`,
		`reply.x == 1`: `unknown name "reply"`,
	} {
		if _, problems := CompileCondition(src, at, sources); !strings.Contains(problems.Error(), want) {
			t.Errorf("%s:\ngot  %v\nwant %s", src, problems, want)
		}
	}
}

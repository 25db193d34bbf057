package mappings

import (
	"strings"
	"testing"

	"sluice/contracts/diag"
	"sluice/contracts/shape"
)

// problemsOf compiles `out: EXPRESSION` (in a block, so that YAML has no say) into a target of any type.
func problemsOf(expression string, target *shape.Type) diag.List {
	f, err := Parse("m.yaml", []byte("tables:\n  sex: { male: М, female: Ж }\n  relation: { child: РЕБ }\nrequest:\n  out: >-\n    "+expression+"\n"))
	if err != nil {
		return diag.Of(err)
	}
	_, problems := f.Compile("request", Sources{"request": familyRequest()}, obj(opt("out", target)))
	return problems
}

// TestExpressionProofs holds one finding a row: what an author may get wrong, and what is said about it.
// An empty want means that there is nothing to say.
func TestExpressionProofs(t *testing.T) {
	for _, c := range []struct{ expression, want string }{
		// Paths.
		{`request.applicant.lastNam`, `request.applicant has no field "lastNam"; did you mean "lastName"?`},
		{`request.аpplicant.lastName`, `a Latin letter stands among Cyrillic ones`},
		{`requst.applicant`, `unknown name "requst"; did you mean "request"?`},
		{`request.applicant.lastName.x`, `is a text and has no field "x"`},
		{`request.payload.members.lastName`, `is a list and has no field "lastName"`},
		{`null`, `nothing is written nil`},
		{`upper`, `upper is a function`},
		{`$env`, `unknown name "$env"`},
		{`request["id"]`, ``},
		// Absence.
		{`request.applicant.middleName`, ``},
		{`request.representative.lastName`, `request.representative may be absent, and then it has no lastName; write request.representative?.lastName`},
		{`request.representative?.lastName`, ``},
		{`request.applicant?.passport.issuedBy`, `request.applicant?.passport may be absent, and then it has no issuedBy`},
		{`request.applicant.passport?.issuedBy`, ``},
		{`request.applicant.passport?.issuedBy.x`, `may be absent, and then it has no x`},
		{`request.applicant.passport?.series["x"]`, `may be absent, and then it has no x`},
		{`request.test ?: false`, `?: is not part of the mapping language`},
		{`request.representative != nil ? request.representative.lastName : "-"`, ``},
		{`request.representative == nil ? "-" : request.representative.lastName`, ``},
		{`not (request.representative == nil) ? request.representative.lastName : nil`, ``},
		{`request.representative != nil and request.representative.lastName == "А" ? "1" : "2"`, ``},
		{`request.representative == nil or request.representative.lastName == "А" ? "1" : "2"`, ``},
		{`request.representative != nil or request.representative.lastName == "А" ? "1" : "2"`, `request.representative may be absent`},
		{`request.representative?.phone != nil ? request.representative.phone + "" : "-"`, ``},
		{`request.applicant.middleName + "а"`, `may be absent in a sum of texts; write words(…)`},
		{`request.applicant.middleName == "А" ? "1" : "2"`, `may be absent in a comparison`},
		{`request.representative?.lastName == "А" ? "1" : "2"`, ``},
		{`request.applicant.middleName in ["А"] ? "1" : "2"`, "may be absent before `in`"},
		{`request.applicant.middleName contains "А" ? "1" : "2"`, "may be absent before `contains`"},
		{`request.applicant.middleName | upper()`, ``},
		{`request.applicant.lastName | prefix(request.applicant.middleName)`, `must be a constant`},
		{`request.payload.tags | map(upper(#)) | join(",")`, `may be absent in map(); write (request.payload.tags ?? [])`},
		{`(request.payload.tags ?? []) | map(upper(#)) | join(",")`, ``},
		{`request.payload.members | map(.middleName) | join(",")`, `may be absent in an item, and a list has no holes`},
		{`request.payload.members | filter(.middleName != nil) | map(.middleName) | join(",")`, ``},
		{`request.payload.members | filter(.codes != nil) | map(.codes | join(",")) | join(";")`, `may be absent in an item`},
		{`request.applicant.lastName ?? "-"`, `is always present: what follows ?? is never used`},
		{`request.applicant?.lastName`, `is always present: ?. is not needed`},
		{`request.applicant != nil ? "1" : "2"`, `is always present: the comparison with nil decides nothing`},
		{`nil + "a"`, `+ joins texts`},
		{`(request.applicant.middleName ?? request.applicant.snils) + ""`, `may be absent`},
		{`request.applicant.middleName ?? request.applicant.lastName + ""`, `stand side by side`},
		// Types.
		{`request.applicant.lastName + 1`, `+ joins texts, and 1 is an integer; for a sum write add(a, b)`},
		{`request.test + ""`, `+ joins texts`},
		{`request.applicant.lastName < "Б" ? "1" : "2"`, `texts have no <`},
		{`request.applicant.birthDate > "2000-01-01" ? "1" : "2"`, `dates have no >; write isBefore(a, b)`},
		{`request.applicant.lastName ? "1" : "2"`, `wants a condition`},
		{`request.applicant.lastName == 1 ? "1" : "2"`, `a text never equals an integer`},
		{`request.applicant.gender == "mail" ? "1" : "2"`, `the value is never "mail"; did you mean "male"?`},
		{`request.applicant.gender in ["mal", "female"] ? "1" : "2"`, `the value is never "mal"`},
		{`request.payload == request.applicant ? "1" : "2"`, `can't be compared`},
		{`request.test ? "1" : 2`, `the two results differ`},
		{`request.applicant | upper()`, `upper() wants a text, and request.applicant is an object; take one of its fields`},
		{`request.payload.members | upper()`, `take one item by first() or last()`},
		{`request.applicant.lastName | date("dd.MM.yyyy")`, `date() wants a date or a date and time`},
		{`request.applicant.lastName matches "(" ? "1" : "2"`, `the pattern does not compile`},
		{`request.applicant.lastName | code("relation")`, ``},
		{`request.applicant.gender | code("relation")`, `the table relation lacks "male", "female"`},
		{`request.applicant.lastName | code("realtion")`, `there is no table "realtion"; did you mean "relation"?`},
		// What expr-lang has and the language refuses.
		{`not request.test == true ? "1" : "2"`, `not binds closer than ==; put brackets`},
		{`request.applicant.lastName[0:2]`, `slices count bytes`},
		{`request.payload.members[0].lastName`, `an item can't be taken by its index`},
		{`1 / 2`, `the operator / is not part of the mapping language; use divide(a, b, digits), which gives a decimal`},
		{`1 - 2`, `use subtract(a, b)`},
		{`2 * 2`, `use multiply(a, b)`},
		{`2 ** 2`, `is not part of the mapping language`},
		{`1..5`, `is not part of the mapping language`},
		{`-request.applicant.age`, `there is no arithmetic with -`},
		{`indexOf(request.id, "a")`, `unknown function "indexOf"; write part(separator, n)`},
		{`string(nil)`, `unknown function "string"; write text()`},
		{`now()`, `a mapping has no clock`},
		{`sortBy(request.payload.members, .lastName)`, `sortBy() is not part of the mapping language`},
		{`reduce(request.payload.members, #acc, 0)`, `is not part of the mapping language`},
		{`let x = 1; x`, `let and ; are not part`},
		{`{"a": 1}`, `an object can't be written inside an expression`},
		{`[1, 2]`, `a list in brackets can stand only after`},
		{`b"abc"`, `byte strings are not part`},
		{`request.applicant.lastName.toUpper()`, `a value has no methods`},
		{`request.payload.members | any(.lastName == (request.payload.members | first()).lastName) ? "1" : "2"`, `would be walked again`},
		{`request.payload.members | filter(any(request.payload.members, .lastName == "А")) | size() | text()`, `would be walked again for each item of another`},
		{`request.payload.members | filter(.codes != nil) | filter(any(.codes, # == "1")) | size() | text()`, ``},
		{`get(request, "id")`, `unknown function "get"`},
		{`::upper(request.id)`, ``},
		// Syntax.
		{`request.id +`, `the expression ends too early`},
		{`upper(request.id`, `the expression ends too early`},
		{`request.id)`, `did not expect ")" here`},
		{`"abc`, `literal not terminated`},
		{strings.Repeat("(", 200) + "1" + strings.Repeat(")", 200), `brackets are nested deeper than 64`},
		{strings.Repeat("!", 200) + "request.test", `brackets are nested deeper than 64`},
		{strings.Repeat("not ", 1200) + "request.test", `longer than 4096 bytes`},
		{`"` + strings.Repeat("a", 5000) + `"`, `longer than 4096 bytes`},
	} {
		problems := problemsOf(c.expression, str())
		switch {
		case c.want == "" && len(problems) > 0:
			t.Errorf("%.80s: want nothing, got %v", c.expression, problems)
		case c.want != "" && !strings.Contains(problems.Error(), c.want):
			t.Errorf("%.80s:\ngot  %v\nwant %s", c.expression, problems, c.want)
		}
	}
}

// TestTargets holds values against what the target's contract says.
func TestTargets(t *testing.T) {
	short := str()
	short.MaxLen = 3
	named := str()
	named.MaxLen = 60
	digits := str()
	digits.Pattern = `[0-9]{2}`
	few := listOf(str())
	few.MinItems = 1
	for _, c := range []struct {
		expression string
		target     *shape.Type
		want       string
	}{
		{`request.applicant.gender`, enum("М", "Ж"), `out does not take "male", "female"`},
		{`request.applicant.gender | code("sex")`, enum("М", "Ж"), ``},
		{`request.applicant.gender | code("sex")`, enum("М"), `out does not take "Ж", which the value may be; it is one of "М"`},
		{`request.applicant.lastName`, enum("М"), `may be any text; translate it by code("table")`},
		{`request.applicant.lastName | oneOf("М")`, enum("М", "Ж"), ``},
		{`request.test ? "М" : "X"`, enum("М", "Ж"), `out does not take "X"`},
		{`request.applicant.lastName`, format(shape.Date), `wants a date, and the value is a text; make a date of it by parseDate`},
		{`request.submittedAt`, format(shape.Date), `take its date by date()`},
		{`request.submittedAt | date()`, format(shape.Date), ``},
		{`request.submittedAt | date("dd.MM.yyyy")`, format(shape.Date), `wants a date`},
		{`request.applicant.birthDate`, format(shape.DateTime), `startOfDay`},
		{`request.id`, format(shape.Decimal), `make a decimal of it by decimal()`},
		{`request.id`, format(shape.UUID), `check it by uuid()`},
		{`request.id`, format(shape.Base64), `encode it by base64()`},
		{`request.applicant.income`, str(), ``},
		{`request.applicant.age`, str(), `make a text of it by text()`},
		{`request.test`, str(), `make a text of it by flag("yes", "no")`},
		{`request.id`, intType, `make an integer of it by int()`},
		{`request.id | int()`, intType, ``},
		{`request.applicant.age`, numberType, ``},
		{`1.5`, intType, `make an integer of it by int()`},
		{`request.id`, boolType, `compare it with the agency's word for true`},
		{`request.id`, obj(req("x", str())), `give its fields as YAML keys`},
		{`request.applicant`, str(), `take one of its fields`},
		{`request.applicant`, obj(req("lastName", str())), `has no field "firstName", which the value has`},
		{`request.representative`, obj(req("lastName", str()), opt("phone", str())), ``},
		{`request.id`, listOf(str()), "out is a list, and the value is a text; write it as a list item, `- value`"},
		{`request.payload.tags`, listOf(str()), ``},
		{`request.payload.tags`, str(), `takes one value, and the source is a list; take one item by first()`},
		{`request.payload.members`, listOf(str()), `holds items that don't fit`},
		{`request.payload.tags`, few, ``},
		{`"abcd" + request.id`, short, ``},
		{`request.id | truncate(5)`, short, `takes 3 characters, and the value may have 5`},
		{`request.id | truncate(50)`, named, ``},
		{`"ab" + "cd"`, short, `takes 3 characters, and the value may have 4`},
		{`"ab"`, digits, `wants the pattern [0-9]{2}`},
		{`"42"`, digits, ``},
		{`"abcd"`, short, `the constant has 4`},
		{`"2024-02-30"`, format(shape.Date), `wants a date, and "2024-02-30" is none`},
	} {
		problems := problemsOf(c.expression, c.target)
		switch {
		case c.want == "" && len(problems) > 0:
			t.Errorf("%s: want nothing, got %v", c.expression, problems)
		case c.want != "" && !strings.Contains(problems.Error(), c.want):
			t.Errorf("%s:\ngot  %v\nwant %s", c.expression, problems, c.want)
		}
	}
}

// TestTemplates changes the family mapping in one place and wants one finding about it.
func TestTemplates(t *testing.T) {
	for _, c := range []struct{ name, old, with, want string }{
		{"unknown field", "Фамилия:      request", "Фамлия:      request", `ЗапросСоставСемьи.Заявитель has no field "Фамлия" in the target's contract; did you mean "Фамилия"?`},
		{"homoglyph", "ДатаРождения: request", "ДатaРождения: request", `a Latin letter stands among Cyrillic ones`},
		{"missing field", "      Имя:          request.applicant.firstName\n", "", `ЗапросСоставСемьи.Заявитель lacks what its contract requires: "Имя"`},
		{"missing in a list", "      ФИО: words(m.lastName, m.firstName, m.middleName)\n", "", `ЗапросСоставСемьи.ЧленСемьи[] lacks what its contract requires: "ФИО"`},
		{"missing list", "      $each: m, n in request.payload.members\n", "", `is a list, and this makes one object`},
		{"absent into required", "request.applicant.firstName", "request.applicant.middleName", `Имя is required, and its value may be absent`},
		{"without $when", "      $when: request.representative != nil\n", "", `request.representative may be absent`},
		{"exclusive", "    $choice:\n", "    СНИЛС: \"112-233-445 95\"\n    $choice:\n", `may have only one of "Паспорт", "СНИЛС"`},
		{"no branch left", "      - СНИЛС: request.applicant.snils | required(\"ни паспорта, ни СНИЛС\") | snils()\n", "", `needs one of "Паспорт", "СНИЛС", and may be left without`},
		{"choice may be absent", ` | required("ни паспорта, ни СНИЛС")`, ``, `needs one of "Паспорт", "СНИЛС", and "СНИЛС" may be absent`},
		{"both in one branch", "      - СНИЛС: ", "      - Паспорт: \"4508123456\"\n        СНИЛС: ", `may have only one of "Паспорт", "СНИЛС"`},
		{"early else", "      - $when: request.applicant.passport != nil\n        Паспорт: request.applicant.passport.series + request.applicant.passport.number", "      - Паспорт: \"1\"", `only the last branch of $choice may do without $when`},
		{"required object left out", "    Заявитель:\n", "    Заявитель:\n      $when: request.test\n", `Заявитель is required, and $when may leave it out`},
		{"$when no condition", "$when: request.representative != nil", "$when: request.representative", `$when must come out true or false`},
		{"$when constant", "$when: request.representative != nil", `$when: "да"`, `$when must be an expression, not a constant`},
		{"root as variable", "$each: m, n in", "$each: request, n in", `"request" is the name of a root`},
		{"function as variable", "$each: m, n in", "$each: upper, n in", `"upper" is a word of the language`},
		{"builtin as variable", "$each: m, n in", "$each: len, n in", `"len" is a word of the language`},
		{"ordinal like variable", "$each: m, n in", "$each: m, m in", `"m" is the variable of a loop around this one`},
		{"$each syntax", "$each: m, n in request", "$each: m of request", "$each must be `name in list`"},
		{"$each over an object", "in request.payload.members", "in request.applicant", `$each wants a list, and this is an object`},
		{"$each may be empty", "in request.payload.members", "in request.payload.members | filter(.middleName != nil)", `ЧленСемьи needs at least 1 items, and may get fewer; hold the source to it: $each: item in list | required("…")`},
		{"items that may all be left out", "      $each: m, n in request.payload.members\n      ФИО: words(m.lastName, m.firstName, m.middleName)\n      Номер: n\n      Родство: m.relation | code(\"relation\")\n", "      - $when: request.test\n        ФИО: \"А\"\n        Номер: 1\n        Родство: \"РЕБ\"\n", `ЧленСемьи needs at least 1 items, and may get fewer; write as many items as it needs so that they are always there: without $when, and required("…") or ?? where a value may be absent`},
		{"nested loop over a source list", "      Номер: n\n", "      Номер: request.payload.members | size()\n", `would be walked again for each item of another`},
		{"unknown directive", "$each: m, n", "$eahc: m, n", `unknown directive "$eahc"; did you mean "$each"?`},
		{"unknown section", "request:\n", "requets:\n", `unknown section "requets"; did you mean "request"?`},
		{"push without name", "request:\n", "push:\n", `write push.NAME`},
		{"object for a text", "    Версия: \"2.1\"\n", "    Версия:\n      x: \"1\"\n", `is a text, and this makes an object`},
		{"list for a text", "    Версия: \"2.1\"\n", "    Версия:\n      - \"1\"\n", `takes one value, and this makes a list`},
		{"table lacks a value", "{ male: М, female: Ж }", "{ male: М }", `the table sex lacks "female"`},
		{"table code unknown to the target", "female: Ж", "female: F", `Пол does not take "F"`},
	} {
		if strings.Count(familyMapping, c.old) == 0 {
			t.Fatalf("%s: the mapping has no %q", c.name, c.old)
		}
		_, problems := compile(strings.Replace(familyMapping, c.old, c.with, 1), "request", Sources{"request": familyRequest()}, familyTarget())
		if !strings.Contains(problems.Error(), c.want) {
			t.Errorf("%s:\ngot  %v\nwant %s", c.name, problems, c.want)
		}
	}
}

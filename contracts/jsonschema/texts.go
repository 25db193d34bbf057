package jsonschema

import (
	"fmt"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"sluice/contracts/diag"
)

// english is the library's language; our own texts come in two.
var english = message.NewPrinter(language.English)

var typeWords = map[string][2]string{
	"object":  {"объект", "an object"},
	"array":   {"список", "a list"},
	"string":  {"строка", "a string"},
	"integer": {"целое число", "a whole number"},
	"number":  {"число", "a number"},
	"boolean": {"true или false", "true or false"},
	"null":    {"null", "null"},
}

func typeTexts(names []string) (ru, en string) {
	var rus, ens []string
	for _, name := range names {
		rus, ens = append(rus, typeWords[name][0]), append(ens, typeWords[name][1])
	}
	return "здесь должно быть: " + strings.Join(rus, " или "), "must be " + strings.Join(ens, " or ")
}

func missingTexts(name string) (ru, en string) {
	return fmt.Sprintf("нет обязательного поля «%s»", name), fmt.Sprintf("the required member %q is missing", name)
}

// enumTexts names what is allowed; got is "" where the value is no string.
func enumTexts(allowed []string, got string) (ru, en string) {
	if len(allowed) == 1 {
		return fmt.Sprintf("допустимо только «%s»", allowed[0]), fmt.Sprintf("must be %q", allowed[0])
	}
	shown, more := allowed, ""
	if len(shown) > 20 {
		shown, more = shown[:20], " …"
	}
	ru, en = "допустимо одно из: "+strings.Join(shown, ", ")+more, "must be one of "+strings.Join(shown, ", ")+more
	return withHint(ru, en, got, allowed)
}

func (o *objectRules) unknownTexts(name string) (ru, en string) {
	var names []string
	for _, m := range o.members {
		names = append(names, m.name)
	}
	names = append(names, sortedKeys(o.elsewhere)...)
	return withHint("такого поля в схеме нет", "the schema has no such member", name, names)
}

// withHint adds what was meant, where that can be guessed.
func withHint(ru, en, got string, candidates []string) (string, string) {
	if got == "" || len(got) > 200 {
		return ru, en
	}
	if meant, _ := diag.Closest(got, candidates); meant != "" {
		return ru + "; возможно, имелось в виду «" + meant + "»", en + "; " + diag.Suggest(got, candidates)
	}
	return ru, en
}

// formatWords says what each format wants.
var formatWords = map[string][2]string{
	"snils":     {"неверный СНИЛС: нужны 11 цифр с верным контрольным числом", "not a SNILS: 11 digits whose check number holds"},
	"inn":       {"неверный ИНН: нужны 10 или 12 цифр с верными контрольными цифрами", "not an INN: 10 or 12 digits whose check digits hold"},
	"ogrn":      {"неверный ОГРН: нужны 13 цифр с верной контрольной цифрой", "not an OGRN: 13 digits whose check digit holds"},
	"ogrnip":    {"неверный ОГРНИП: нужны 15 цифр с верной контрольной цифрой", "not an OGRNIP: 15 digits whose check digit holds"},
	"decimal":   {"нужно десятичное число строкой, например 54.3", "must be a decimal as a string, such as 54.3"},
	"money":     {"нужна сумма строкой, не больше двух знаков после точки, например 1520.50", "must be an amount as a string, at most two digits after the point, such as 1520.50"},
	"date":      {"нужна дата, например 1990-04-21", "must be a date, such as 1990-04-21"},
	"date-time": {"нужны дата и время с поясом, например 2025-03-01T10:00:00+03:00", "must be a date and time with its zone, such as 2025-03-01T10:00:00+03:00"},
	"time":      {"нужно время с поясом, например 10:00:00+03:00", "must be a time with its zone, such as 10:00:00+03:00"},
	"uuid":      {"нужен UUID", "must be a UUID"},
	"email":     {"нужен адрес электронной почты", "must be an e-mail address"},
	"base64":    {"нужно base64 с дополнением (RFC 4648 §4), без переводов строк", "must be base64 with padding (RFC 4648 §4), without line breaks"},
	"uri":       {"нужен URI", "must be a URI"},
}

func formatTexts(format string) (ru, en string) {
	if words, ok := formatWords[format]; ok {
		return words[0], words[1]
	}
	return "не соответствует формату " + format, "is not of the format " + format
}

package jsonschema

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// SyntaxError says why a text is no JSON that Sluice takes, and where.
type SyntaxError struct {
	Code    string // a key of syntaxTexts, such as duplicate-key
	Line    int    // from 1
	Column  int    // from 1, in characters
	Pointer string // RFC 6901, to the innermost value that was being read
	RU, EN  string // what is wrong, for a person; holds no value of the text beyond a key
}

func (e *SyntaxError) Error() string {
	at := ""
	if e.Pointer != "" {
		at = " (" + e.Pointer + ")"
	}
	return fmt.Sprintf("line %d, column %d%s: %s", e.Line, e.Column, at, e.EN)
}

// under puts one more token before the pointer; the parser calls it on its way out.
func (e *SyntaxError) under(token string) {
	e.Pointer = string(appendToken([]byte{'/'}, token)) + e.Pointer
}

// appendToken appends a reference token of RFC 6901.
func appendToken(dst []byte, token string) []byte {
	if !strings.ContainsAny(token, "~/") {
		return append(dst, token...)
	}
	return append(dst, strings.ReplaceAll(strings.ReplaceAll(token, "~", "~0"), "/", "~1")...)
}

// syntaxTexts has both wordings of each code; %s is the detail.
var syntaxTexts = map[string][2]string{
	"too-large":           {"текст больше %s байт", "the text is over %s bytes"},
	"trailing-data":       {"после значения есть что-то ещё", "something follows the value"},
	"too-many-values":     {"значений больше %s", "there are more than %s values"},
	"too-deep":            {"вложенность больше %s", "nesting is deeper than %s"},
	"duplicate-key":       {"ключ «%s» повторяется", "the key %q is there twice"},
	"control-character":   {"управляющий символ внутри строки: нужна последовательность \\u", "a control character within a string: write it as an escape"},
	"unclosed-string":     {"строка не закрыта", "the string is not closed"},
	"bad-utf8":            {"байты не в UTF-8", "the bytes are not UTF-8"},
	"bad-escape":          {"неверная последовательность после обратной косой черты", "a wrong escape sequence"},
	"unpaired-surrogate":  {"половина суррогатной пары UTF-16 без второй", "half of a UTF-16 surrogate pair without the other"},
	"no-xml-character":    {"символ U+%s не передать в XML", "the character U+%s can't be carried in XML"},
	"number-too-long":     {"число длиннее %s знаков", "the number is longer than %s characters"},
	"number-out-of-range": {"число вне диапазона", "the number is out of range"},
	"end":                 {"текст оборвался", "the text ends too early"},
	"value":               {"здесь должно быть значение", "a value must be here"},
	"key":                 {"здесь должен быть ключ в кавычках", "a quoted key must be here"},
	"colon":               {"здесь должно быть двоеточие", "a colon must be here"},
	"comma-or-brace":      {"здесь должна быть запятая или }", "a comma or } must be here"},
	"comma-or-bracket":    {"здесь должна быть запятая или ]", "a comma or ] must be here"},
	"digit":               {"здесь должна быть цифра", "a digit must be here"},
}

// fail records what is wrong at the current place; it returns false for the caller to pass on.
func (p *parser) fail(code, detail string) bool {
	texts := syntaxTexts[code]
	e := &SyntaxError{Code: code, RU: texts[0], EN: texts[1]}
	if detail != "" {
		e.RU, e.EN = fmt.Sprintf(e.RU, detail), fmt.Sprintf(e.EN, detail)
	}
	e.Line, e.Column = lineColumn(p.data, p.pos)
	p.err = e
	return false
}

// unexpected says what must stand at the current place.
func (p *parser) unexpected(want string) bool {
	if p.pos >= len(p.data) {
		want = "end"
	}
	return p.fail(want, "")
}

func lineColumn(data []byte, offset int) (line, column int) {
	line = 1
	start := 0
	for i, c := range data[:min(offset, len(data))] {
		if c == '\n' {
			line++
			start = i + 1
		}
	}
	return line, utf8.RuneCount(data[start:min(offset, len(data))]) + 1
}

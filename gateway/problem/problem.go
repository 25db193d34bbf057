// Package problem is Sluice's one error table and how its rows are told to clients: RFC 9457 problems in Russian or English.
package problem

//go:generate go test . -run TestGenerated -update

import (
	"errors"
	"fmt"
	"time"

	"sluice/contracts/jsonschema"
)

// Code names a row of the error table (problems.yaml).
type Code string

type row struct {
	status        int
	title, remedy words
}

type words struct{ ru, en string }

func (w words) in(lang string) string {
	if lang == "ru" {
		return w.ru
	}
	return w.en
}

// Status is the HTTP status of the problem.
func (c Code) Status() int { return rows[c].status }

// Title is what the problem means, in the language: "ru", or English for any other.
func (c Code) Title(lang string) string { return rows[c].title.in(lang) }

// Remedy is what to do about the problem.
func (c Code) Remedy(lang string) string { return rows[c].remedy.in(lang) }

// Error is one problem as a client is told it. New starts one, the methods furnish it.
type Error struct {
	Code       Code
	RU, EN     string // what is special about this case; "" leaves it to the title
	Violations []jsonschema.Violation
	RetryAfter time.Duration // 0 means that no time is known
	Cause      error         // for the log alone: clients are never told
}

// New starts a problem. A code that the table lacks is a mistake of the program's and panics.
func New(code Code) *Error {
	if _, ok := rows[code]; !ok {
		panic("problem: no row " + string(code))
	}
	return &Error{Code: code}
}

// With says what is special about this case.
func (e *Error) With(ru, en string) *Error {
	e.RU, e.EN = ru, en
	return e
}

// At adds violations.
func (e *Error) At(vs ...jsonschema.Violation) *Error {
	e.Violations = append(e.Violations, vs...)
	return e
}

// After says when to try again.
func (e *Error) After(d time.Duration) *Error {
	e.RetryAfter = d
	return e
}

// Because keeps the cause, for the log.
func (e *Error) Because(err error) *Error {
	e.Cause = err
	return e
}

// Text is what is special about this case, in the language.
func (e *Error) Text(lang string) string { return words{e.RU, e.EN}.in(lang) }

func (e *Error) Error() string {
	s := string(e.Code)
	if e.EN != "" {
		s += ": " + e.EN
	}
	for i, v := range e.Violations {
		if i == 3 {
			s += fmt.Sprintf("; and %d more", len(e.Violations)-i)
			break
		}
		s += "; " + v.Pointer + " " + v.EN
	}
	if e.Cause != nil {
		s = fmt.Sprintf("%s: %v", s, e.Cause)
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// Of finds the problem in err. A JSON text that can't be read is BadJSON; anything else Internal, with err as its cause.
func Of(err error) *Error {
	var p *Error
	if errors.As(err, &p) {
		return p
	}
	var syntax *jsonschema.SyntaxError
	if errors.As(err, &syntax) {
		return New(BadJSON).At(jsonschema.Violation{Pointer: syntax.Pointer, Code: syntax.Code, RU: syntax.RU, EN: syntax.EN}).
			With(fmt.Sprintf("строка %d, столбец %d: %s", syntax.Line, syntax.Column, syntax.RU),
				fmt.Sprintf("line %d, column %d: %s", syntax.Line, syntax.Column, syntax.EN))
	}
	return New(Internal).Because(err)
}

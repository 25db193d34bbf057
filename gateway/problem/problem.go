// Package problem is Sluice's one error table and how its rows are told to clients: RFC 9457 problems in Russian or English.
package problem

import (
	"errors"
	"fmt"
	"time"

	"sluice/contracts/jsonschema"
)

// Code names a row of the error table (problems.yaml).
type Code string

// Error is one problem as a client is told it. Create it by New.
type Error struct {
	Code       Code
	RU, EN     string // what is special about this case; "" leaves it to the title
	Violations []jsonschema.Violation
	RetryAfter time.Duration // 0 means that no time is known
	Cause      error         // for the log alone: never told
}

// New starts a problem.
func New(code Code) *Error { return &Error{Code: code} }

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

func (e *Error) Error() string {
	s := string(e.Code)
	if e.EN != "" {
		s += ": " + e.EN
	}
	if e.Cause != nil {
		s = fmt.Sprintf("%s: %v", s, e.Cause)
	}
	return s
}

func (e *Error) Unwrap() error { return e.Cause }

// Of finds the problem in err, or makes an internal one of it.
func Of(err error) *Error {
	var p *Error
	if errors.As(err, &p) {
		return p
	}
	return New("internal").Because(err)
}

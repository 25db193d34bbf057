// Package diag holds what every checker of Sluice says about a file somebody wrote:
// where the fault is, what it is, and what to do about it.
package diag

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Severity tells a fault that stops loading from one that only deserves a look.
type Severity uint8

// The severities, worst first.
const (
	Error Severity = iota
	Warning
)

func (s Severity) String() string {
	if s == Warning {
		return "warning"
	}
	return "error"
}

// Pos is a place in a file. Line and Column count from 1; 0 means unknown. Columns count characters, not bytes.
type Pos struct {
	File   string
	Line   int
	Column int
}

func (p Pos) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is one fault found in a file: a sentence for a person, and where they should look.
type Problem struct {
	Pos
	Severity Severity
	Code     string // a stable name of the check, such as "unknown-path"; listed in docs
	Message  string // what is wrong, without a full stop
	Hint     string // what to do about it, or ""
	Excerpt  string // the line of the file, or "": printed with a caret under Column
}

func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.Pos.String())
		b.WriteString(": ")
	}
	if p.Severity == Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("; ")
		b.WriteString(p.Hint)
	}
	return b.String()
}

// Text renders the problem over several lines, with the excerpt and a caret, for a terminal.
func (p Problem) Text() string {
	var b strings.Builder
	b.WriteString(p.Pos.String())
	b.WriteString(": ")
	b.WriteString(p.Severity.String())
	b.WriteString(": ")
	b.WriteString(p.Message)
	if p.Code != "" {
		b.WriteString(" [" + p.Code + "]")
	}
	if p.Excerpt != "" {
		b.WriteString("\n    " + strings.ReplaceAll(p.Excerpt, "\t", " "))
		if p.Column > 0 {
			b.WriteString("\n    " + strings.Repeat(" ", p.Column-1) + "^")
		}
	}
	if p.Hint != "" {
		b.WriteString("\n    " + p.Hint)
	}
	return b.String()
}

// List is every problem found in one go; people mend files faster when they see them all.
type List []Problem

func (l List) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Err is nil when the list holds no problem of severity Error.
func (l List) Err() error {
	for _, p := range l {
		if p.Severity == Error {
			return l
		}
	}
	return nil
}

// Sort orders the list by file, line and column.
func (l List) Sort() {
	sort.SliceStable(l, func(i, j int) bool {
		a, b := l[i], l[j]
		if a.File != b.File {
			return a.File < b.File
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
}

// Of returns the problems that err carries: the list itself, one problem, or the error's text without a place.
func Of(err error) List {
	if err == nil {
		return nil
	}
	var l List
	if errors.As(err, &l) {
		return l
	}
	var p Problem
	if errors.As(err, &p) {
		return List{p}
	}
	return List{{Message: err.Error()}}
}

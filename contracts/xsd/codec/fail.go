package codec

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/scan"
)

// where is the path of the element being read.
func (r *Reader) where() string {
	var b strings.Builder
	for i, s := range r.path {
		if i > 0 {
			b.WriteByte('/')
		}
		b.WriteString(s.name)
		if s.index < 0 {
			e := r.entries[-s.index-1]
			s.index = 1
			for _, item := range r.items[e.first:e.upTo] {
				if item.(*tree.Object).Has(e.key) {
					s.index++
				}
			}
		}
		if s.index > 0 {
			fmt.Fprintf(&b, "[%d]", s.index)
		}
	}
	return b.String()
}

// wrap adds the path to what the scanner says.
func (r *Reader) wrap(err error) error {
	var se *scan.Error
	if !errors.As(err, &se) {
		return err
	}
	return &Error{Path: r.where(), Line: se.Line, Column: se.Column, Text: se.Text, Limit: se.Limit, Err: err}
}

func (r *Reader) fail(text, expected, found string) error {
	line, column := r.scan.Position(r.scan.Offset())
	return &Error{Path: r.where(), Line: line, Column: column, Text: text, Expected: expected, Found: found}
}

func (r *Reader) failAt(e *xsd.Element, text, expected, found string) error {
	err := r.fail(text, expected, found).(*Error)
	err.Contract = e.Pos.String()
	return err
}

// Unexpected reports the element whose start tag Next found.
func (r *Reader) Unexpected(text, expected string) error {
	found := xsd.Name{Space: r.scan.URI(r.scan.Space()), Local: string(r.scan.Local())}
	return r.fail(text, expected, found.String())
}

// drifted notes what the contract does not know, or refuses it.
func (r *Reader) drifted(name, space string, offset int) error {
	if len(r.drift) >= maxDrift && !r.strict {
		return nil
	}
	path := name
	if where := r.where(); where != "" {
		path = where + "/" + name
	}
	line, column := r.scan.Position(offset)
	if r.strict {
		return &Error{Path: path, Line: line, Column: column, Text: "the contract does not know this"}
	}
	r.drift = append(r.drift, Drift{Path: path, Space: space, Line: line, Column: column})
	return nil
}

func (r *Reader) badAttribute(decl *xsd.Attribute, a *scan.Attr) error {
	line, column := r.scan.Position(a.Offset)
	return &Error{
		Path: r.where() + "/@" + decl.Name.Local, Line: line, Column: column, Text: "the value is not what the contract declares",
		Expected: decl.Type.String(), Found: strconv.Quote(abridged(a.Value)), Contract: decl.Pos.String(),
	}
}

func (r *Reader) missingAttribute(t *xsd.Type, attrs []scan.Attr) error {
	for _, decl := range t.Attributes {
		if !decl.Required {
			continue
		}
		there := false
		for i := range attrs {
			there = there || attrs[i].Space == decl.Space && string(attrs[i].Local) == decl.Name.Local
		}
		if !there {
			err := r.fail("an attribute is missing", "@"+decl.Name.Local, "").(*Error)
			err.Contract = decl.Pos.String()
			return err
		}
	}
	return nil
}

// abridged is the beginning of a value, for an error.
func abridged(b []byte) string {
	const most = 60
	if len(b) <= most {
		return string(b)
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(b[cut]) {
		cut--
	}
	return string(b[:cut]) + "…"
}

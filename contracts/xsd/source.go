package xsd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/beevik/etree"

	"sluice/contracts/diag"
	"sluice/contracts/xsd/scan"
)

// XSDURI is the namespace of XML Schema itself.
const XSDURI = "http://www.w3.org/2001/XMLSchema"

// Source is a contract file, parsed, that knows where each of its elements stands.
type Source struct {
	File    string // its path in the file system that it was read from
	Text    []byte // in UTF-8
	Root    *etree.Element
	Warning string // how the file lies about its charset, or ""

	places map[*etree.Element]place
}

// place is where an element begins; both count from 1.
type place struct{ line, column int32 }

// ReadSource reads and parses one contract file. A DOCTYPE is passed over; a file that lies about its charset, as
// some of the published ones do, is read as what it is, with a warning. Errors are diag.Problem.
func ReadSource(fsys fs.FS, file string) (*Source, error) {
	raw, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, diag.Problem{Pos: diag.Pos{File: file}, Code: "contract-missing", Message: "can't read the contract: " + plainFSError(err)}
	}
	src := &Source{File: file}
	if src.Text, src.Warning, err = transcodeContract(raw); err != nil {
		return nil, diag.Problem{Pos: diag.Pos{File: file}, Code: "contract-charset", Message: err.Error()}
	}
	return src, src.parse()
}

func plainFSError(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.As(err, &pe):
		return pe.Err.Error()
	}
	return err.Error()
}

func transcodeContract(raw []byte) (text []byte, warning string, err error) {
	text, err = scan.Transcode(raw, "")
	var lie *scan.CharsetError
	switch {
	case errors.As(err, &lie) && lie.Actual == "UTF-8":
		return raw, lie.Error(), nil
	case err != nil:
		return nil, "", err
	}
	if looks := scan.LooksLike(text); looks != "" {
		if again, err := scan.Transcode(text, looks); err == nil {
			return again, fmt.Sprintf("the file claims to be UTF-8 but is %s", looks), nil
		}
	}
	return text, "", nil
}

func (src *Source) parse() error {
	starts, err := src.startOffsets()
	if err != nil {
		return err
	}
	doc := etree.NewDocument()
	doc.ReadSettings = etree.ReadSettings{
		CharsetReader: func(_ string, in io.Reader) (io.Reader, error) { return in, nil }, // Text is UTF-8 by now
	}
	if err := doc.ReadFromBytes(src.Text); err != nil {
		return diag.Problem{Pos: diag.Pos{File: src.File}, Code: "contract-syntax", Message: err.Error()}
	}
	src.Root = doc.Root()
	src.places = make(map[*etree.Element]place, len(starts))
	number, at, here := 0, 0, place{1, 1}
	var walk func(el *etree.Element)
	walk = func(el *etree.Element) {
		collapseNames(el)
		if number < len(starts) {
			between := src.Text[at:starts[number]] // counted on from the element before: a contract may be one long line
			if n := bytes.Count(between, []byte("\n")); n > 0 {
				here.line += int32(n)
				here.column = 1
				between = between[bytes.LastIndexByte(between, '\n')+1:]
			}
			here.column += int32(utf8.RuneCount(between))
			at, src.places[el] = int(starts[number]), here
		}
		number++
		for _, c := range el.Child {
			if child, ok := c.(*etree.Element); ok {
				walk(child)
			}
		}
	}
	walk(src.Root)
	return nil
}

// collapseNames trims the attributes that are names, locations and counts: all but the values of facets, defaults and
// fixed values. XML Schema has their white space collapsed, and some published contracts need it.
func collapseNames(el *etree.Element) {
	for i := range el.Attr {
		switch a := &el.Attr[i]; a.Key {
		case "value", "default", "fixed":
		default:
			if a.Space == "" {
				a.Value = strings.TrimSpace(a.Value)
			}
		}
	}
}

// startOffsets scans the text strictly, which etree does not, and notes where each element begins.
func (src *Source) startOffsets() ([]int32, error) {
	var s scan.Scanner
	kind, err := scan.Start, s.Reset(src.Text, scan.NewSpaces(), scan.Limits{Depth: 500, Attributes: 1000})
	s.AllowDoctype()
	var starts []int32
	for err == nil && kind != scan.EOF {
		if kind, err = s.Next(); err == nil && kind == scan.Start {
			starts = append(starts, int32(s.Offset()))
		}
	}
	var at *scan.Error
	if errors.As(err, &at) {
		return nil, diag.Problem{
			Pos: diag.Pos{File: src.File, Line: at.Line, Column: at.Column}, Code: "contract-syntax",
			Message: "not well-formed XML: " + at.Text, Excerpt: line(src.Text, at.Offset),
		}
	}
	return starts, err
}

// Pos says where an element of the source begins.
func (src *Source) Pos(el *etree.Element) diag.Pos {
	at := src.places[el]
	return diag.Pos{File: src.File, Line: int(at.line), Column: int(at.column)}
}

// Place lets an element that was made up stand where another one of the source does.
func (src *Source) Place(made, at *etree.Element) {
	if where, ok := src.places[at]; ok {
		src.places[made] = where
	}
}

// line is the line of text around offset, for an excerpt; "" where it is too long to help.
func line(text []byte, offset int) string {
	offset = min(offset, len(text))
	from := strings.LastIndexByte(string(text[:offset]), '\n') + 1
	to := len(text)
	if n := strings.IndexByte(string(text[offset:]), '\n'); n >= 0 {
		to = offset + n
	}
	if to-from > 200 {
		return ""
	}
	return strings.TrimRight(string(text[from:to]), "\r")
}

// resolveName turns a qualified name written in el's attributes or text into an expanded one.
func resolveName(el *etree.Element, qname string) (n Name, ok bool) {
	prefix, local := "", qname
	if i := strings.IndexByte(qname, ':'); i >= 0 {
		prefix, local = qname[:i], qname[i+1:]
	}
	space, ok := lookupPrefix(el, prefix)
	return Name{Space: space, Local: local}, ok
}

// lookupPrefix finds the namespace that a prefix is bound to at el; the empty one is the default namespace.
func lookupPrefix(el *etree.Element, prefix string) (uri string, ok bool) {
	if prefix == "xml" {
		return scan.XMLURI, true
	}
	for ; el != nil; el = el.Parent() {
		for i := range el.Attr {
			a := &el.Attr[i]
			if prefix == "" && a.Space == "" && a.Key == "xmlns" || prefix != "" && a.Space == "xmlns" && a.Key == prefix {
				return a.Value, true
			}
		}
	}
	return "", prefix == ""
}

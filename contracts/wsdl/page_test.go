package wsdl_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// page is a row of docs/contracts.md on trial.
type page struct {
	*testing.T
	numbers []int  // of the row's second cell
	printed string // all that the program had to say
}

// holdTable runs one function for each row of the page's table with this head, and wants no row without one and none
// without a row. What a row quotes must be what the program printed.
func holdTable(t *testing.T, head string, rows map[string]func(*page)) {
	t.Helper()
	text, err := os.ReadFile("../../docs/contracts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n"+head+"\n|---|---|\n")
	if !found {
		t.Fatalf("the page has no table %s", head)
	}
	table, _, _ = strings.Cut(table+"\n\n", "\n\n")
	seen := map[string]bool{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) != 2 {
			t.Fatalf("a row of %d cells: %s", len(cells), line)
		}
		name, says := strings.TrimSpace(cells[0]), cells[1]
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			hold := rows[name]
			if hold == nil {
				t.Fatal("nothing holds this row")
			}
			p := &page{T: t}
			for _, digits := range regexp.MustCompile(`\d[\d,]*`).FindAllString(says, -1) {
				n, _ := strconv.Atoi(strings.ReplaceAll(digits, ",", ""))
				p.numbers = append(p.numbers, n)
			}
			hold(p)
			for _, quote := range regexp.MustCompile("`([^`]* [^`]* [^`]*)`").FindAllStringSubmatch(says, -1) {
				if !strings.Contains(p.printed, quote[1]) && !strings.HasPrefix(quote[1], "sluice ") {
					t.Errorf("the page quotes %q, the program says\n%.2000s", quote[1], p.printed)
				}
			}
		})
	}
	for name := range rows {
		if !seen[name] {
			t.Errorf("the page has no row %q", name)
		}
	}
}

// schema is a schema without a namespace.
func schema(content string) string {
	return `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">` + content + `</xs:schema>`
}

// sequence declares the element e with this content, and what stands beside it.
func sequence(content, beside string) string {
	return schema(`<xs:element name="e"><xs:complexType><xs:sequence>` + content + `</xs:sequence></xs:complexType></xs:element>` + beside)
}

// load compiles the first of the files; what there is to say about it is noted.
func (p *page) load(files ...string) *xsd.Schema {
	p.Helper()
	fsys := fstest.MapFS{}
	for i := 0; i+1 < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	s, err := xsd.Load(fsys, files[0])
	if err != nil {
		p.printed += err.Error() + "\n"
		return nil
	}
	p.printed += s.Warnings.Error() + "\n"
	return s
}

// refuses wants the contract refused with these words.
func (p *page) refuses(want string, files ...string) {
	p.Helper()
	if s := p.load(files...); s != nil || !strings.Contains(p.printed, want) {
		p.Errorf("not refused with %q, but %s", want, p.printed)
	}
}

// read is what reading makes of a document: the tree as JSON, then the drift, or an error.
func (p *page) read(s *xsd.Schema, doc string, o codec.Options) string {
	p.Helper()
	if s == nil {
		p.Fatal(p.printed)
	}
	name := regexp.MustCompile(`<(?:[\w]+:)?(\pL+)`).FindStringSubmatch(doc)[1]
	e, err := s.Element(xsd.Name{Local: name})
	if err != nil {
		p.Fatal(err)
	}
	m := codec.ForElement(s, e)
	r, err := m.DecodeWith([]byte(doc), o)
	if err != nil {
		p.printed += err.Error() + "\n"
		return err.Error()
	}
	got, err := jsonschema.AppendJSON(nil, r.Tree)
	if err != nil {
		p.Fatal(err)
	}
	xml, err := m.Append(nil, r.Tree)
	if err != nil {
		p.Fatalf("%s can't be written: %v", got, err)
	}
	if again, err := m.Decode(xml); err != nil || fmt.Sprint(again.Tree) != fmt.Sprint(r.Tree) {
		p.Errorf("%s is written as %s, %v", got, xml, err)
	}
	for _, d := range r.Drift {
		got = append(append(got, ' '), d.String()...)
	}
	p.printed += string(got) + "\n"
	return string(got)
}

// reads wants, of documents of a contract, the trees that go with them; of one that is refused, the words.
func (p *page) reads(s *xsd.Schema, pairs ...string) {
	p.Helper()
	for i := 0; i+1 < len(pairs); i += 2 {
		got := p.read(s, pairs[i], codec.Options{})
		want := pairs[i+1]
		if ok := got == want || !strings.HasSuffix(want, "}") && strings.Contains(got, want); !ok {
			p.Errorf("%s\nreads as %s\nwant     %s", pairs[i], got, want)
		}
	}
}

// validates wants the verdict of the validator on a document: what its problem speaks of, or "".
func (p *page) validates(s *xsd.Schema, doc, want string) {
	p.Helper()
	v, err := s.Validator()
	if err != nil {
		p.Fatal(err)
	}
	if err := v.Validate([]byte(doc)); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
		p.Errorf("%s\nvalidates with %v, want %q", doc, err, want)
	}
}

// service loads a WSDL and lists its operations; what there is to say about it is noted.
func (p *page) service(files ...string) (*wsdl.Definitions, string) {
	p.Helper()
	fsys := fstest.MapFS{}
	for i := 0; i+1 < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	d, err := wsdl.Load(fsys, files[0])
	if err != nil {
		p.printed += err.Error() + "\n"
		return nil, ""
	}
	p.printed += d.Warnings.Error() + "\n"
	var names []string
	for _, o := range d.Operations() {
		names = append(names, o.Port+"."+o.Name)
	}
	return d, strings.Join(names, " ")
}

// asks reads a request of an operation, writes it and reads it again; the tree comes as JSON.
func (p *page) asks(d *wsdl.Definitions, operation, content, want string) {
	p.Helper()
	if d == nil {
		p.Fatal(p.printed)
	}
	o, err := d.Operation(operation)
	if err != nil {
		p.Fatal(err)
	}
	env := []byte(`<s:Envelope xmlns:s="` + o.Version.URI() + `" xmlns:t="urn:t">` + content + `</s:Envelope>`)
	r, err := o.DecodeRequest(env)
	if err != nil {
		p.printed += err.Error() + "\n"
		if strings.HasPrefix(want, "{") || !strings.Contains(err.Error(), want) {
			p.Errorf("%s: %v", content, err)
		}
		return
	}
	got, err := jsonschema.AppendJSON(nil, r.Tree)
	if err != nil || string(got) != want {
		p.Errorf("%s reads as %s, %v, want %s", content, got, err, want)
	}
	xml, err := o.AppendRequest(nil, r.Tree)
	if err != nil {
		p.Fatal(err)
	}
	if again, err := o.DecodeRequest(xml); err != nil || fmt.Sprint(again.Tree) != fmt.Sprint(r.Tree) {
		p.Errorf("%s is written as %s, %v", got, xml, err)
	}
}

func nameOf(local string) xsd.Name { return xsd.Name{Local: local} }

// treeOf reads a tree from JSON.
func treeOf(p *page, text string) *tree.Object {
	p.Helper()
	v, err := jsonschema.ParseJSON([]byte(text), jsonschema.Limits{})
	if err != nil {
		p.Fatal(err)
	}
	return v.(*tree.Object)
}

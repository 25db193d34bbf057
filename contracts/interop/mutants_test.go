package interop_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"sluice/contracts/agencies"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/sample"
)

// mutantsEach is how many spoilt instances are made of every global element of every built-in contract.
const mutantsEach = 50

// TestMutants spoils samples of every element of every built-in contract, each in one place, and wants libxml2's verdict of
// each: of the validator always, and of strict reading where the structure is what libxml2 complains of.
func TestMutants(t *testing.T) {
	xmllint := need(t, "xmllint", "libxml2-utils")
	dir := unpacked(t)
	valid, invalid, structure := 0, 0, 0
	judge := func(t *testing.T, s *xsd.Schema, schema string) {
		made := mutants(t, s)
		if len(made) == 0 {
			return // types alone
		}
		v, err := s.Validator()
		if err != nil {
			t.Fatal(err)
		}
		for i, said := range libxml2(t, xmllint, schema, made) {
			m := made[i]
			_, reading := m.message.DecodeWith(m.xml, codec.Options{Strict: true})
			validation := v.Validate(m.xml)
			switch {
			case said == "":
				valid++
				lax := reading != nil && strings.Contains(reading.Error(), "expected xs:base64Binary") // libxml2 passes over what base64 does not have
				if (reading != nil || validation != nil) && !lax {
					t.Errorf("libxml2 takes it; reading says %v, validation %v\n%s", reading, validation, m.xml)
				}
			default:
				invalid++
				if validation == nil {
					t.Errorf("%s\nvalidation takes it\n%s", said, m.xml)
				}
				if structural.MatchString(said) {
					structure++
					if reading == nil {
						t.Errorf("%s\nstrict reading takes it\n%s", said, m.xml)
					}
				}
			}
		}
	}
	for _, path := range contracts(t, ".xsd") {
		t.Run(path, func(t *testing.T) {
			s, err := xsd.Load(agencies.Files, path)
			if err != nil {
				t.Fatal(err)
			}
			judge(t, s, filepath.Join(dir, path))
		})
	}
	for _, path := range contracts(t, ".wsdl") {
		t.Run(path, func(t *testing.T) {
			d, err := wsdl.Load(agencies.Files, path)
			if err != nil {
				t.Fatal(err)
			}
			judge(t, d.Schema(), schemaOf(t, filepath.Join(dir, path)))
		})
	}
	t.Logf("%d mutants: %d valid to libxml2, %d not, %d of these for their structure", valid+invalid, valid, invalid, structure)
	if all := valid + invalid; valid < all/4 || structure < all/5 {
		t.Error("the mutants say little")
	}
}

// structural finds what libxml2 says of structure, which reading holds documents to. Of values it knows less, and white
// space in an empty element does not matter to it.
var structural = regexp.MustCompile(`This element is not expected|Missing child element|The attribute '.*' is not allowed|is required but missing|Character content other than whitespace`)

type mutant struct {
	message *codec.Message
	xml     []byte
}

// mutants spoils samples of all elements.
func mutants(t *testing.T, s *xsd.Schema) (all []mutant) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for _, e := range s.Elements() {
		if e.Abstract {
			continue
		}
		m := codec.ForElement(s, e)
		for i := range mutantsEach {
			tree, _ := sample.Element(s, e, samples[i%len(samples)])
			xml, err := m.Append(nil, tree)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, mutant{m, spoil(t, r, xml)})
		}
	}
	return all
}

// values are what a mutation writes into a text or an attribute.
var values = []string{"", " ", "0", "1", "-1", "007", "true", "x", "Ж", "1.50", "1e3", "2024-02-29", "2023-02-29", "2024-02-29T10:00:00Z", "YWJj", "9999999999999999999999", strings.Repeat("я", 300)}

// spoil changes a document in one place.
func spoil(t *testing.T, r *rand.Rand, xml []byte) []byte {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(xml); err != nil {
		t.Fatal(err)
	}
	all := append(doc.FindElements("//*"), doc.Root())
	el := all[r.IntN(len(all))]
	parent := el.Parent()
	root := el == doc.Root()
	switch r.IntN(8) {
	case 0:
		if !root {
			parent.RemoveChild(el)
		}
	case 1:
		if !root {
			parent.InsertChildAt(el.Index(), el.Copy())
		}
	case 2:
		if !root {
			parent.InsertChildAt(r.IntN(len(parent.Child)), el)
		}
	case 3:
		if len(el.ChildElements()) == 0 {
			el.SetText(values[r.IntN(len(values))])
		}
	case 4:
		if n := len(el.Attr); n > 0 {
			if a := &el.Attr[r.IntN(n)]; a.Space != "xmlns" && a.Key != "xmlns" {
				a.Value = values[r.IntN(len(values))]
			}
		}
	case 5:
		if n := len(el.Attr); n > 0 {
			if a := el.Attr[r.IntN(n)]; a.Space != "xmlns" && a.Key != "xmlns" {
				el.RemoveAttr(a.FullKey())
			}
		}
	case 6:
		el.CreateAttr("лишний", "1")
	case 7:
		el.InsertChildAt(r.IntN(len(el.Child)+1), all[r.IntN(len(all))].Copy())
	}
	out, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// libxml2 says of each document what is wrong with it, or "".
func libxml2(t *testing.T, xmllint, schema string, docs []mutant) []string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"--noout", "--nonet", "--schema", schema}
	for i, d := range docs {
		name := filepath.Join(dir, fmt.Sprintf("%d.xml", i))
		if err := os.WriteFile(name, d.xml, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, name)
	}
	out, err := exec.Command(xmllint, args...).CombinedOutput()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	said, told := make([]string, len(docs)), 0
	for line := range bytes.Lines(out) {
		text := strings.TrimPrefix(strings.TrimSpace(string(line)), dir+string(filepath.Separator))
		i := 0
		if n, _ := fmt.Sscanf(text, "%d.xml", &i); n == 0 || i >= len(docs) {
			continue
		}
		switch {
		case strings.HasSuffix(text, ".xml validates"), strings.HasSuffix(text, ".xml fails to validate"):
			told++
		default:
			said[i] += text + "\n"
		}
	}
	if told != len(docs) {
		t.Fatalf("libxml2 speaks of %d documents of %d\n%.2000s", told, len(docs), out)
	}
	return said
}

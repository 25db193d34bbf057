package codec_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// TestContractsPage reads and writes the page's examples. Package wsdl holds its tables.
func TestContractsPage(t *testing.T) {
	text, err := os.ReadFile("../../../docs/contracts.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```xml\n(.*?)(<[^x/][^\n]*)\n```\n```json\n(.*?)\n```").FindAllStringSubmatch(string(text), -1)
	if len(examples) != strings.Count(string(text), "```json") || len(examples) < 8 {
		t.Fatalf("%d examples are whole", len(examples))
	}
	for _, x := range examples {
		declarations, doc, want := x[1], x[2], x[3]
		name := doc[1:strings.IndexAny(doc, " >")]
		t.Run(name, func(t *testing.T) {
			s, err := xsd.Load(fstest.MapFS{"t.xsd": {Data: []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">` + declarations + `</xs:schema>`)}}, "t.xsd")
			if err != nil {
				t.Fatal(err)
			}
			e, err := s.Element(xsd.Name{Local: name})
			if err != nil {
				t.Fatal(err)
			}
			m := codec.ForElement(s, e)
			r, err := m.DecodeWith([]byte(doc), codec.Options{Strict: true})
			if err != nil {
				t.Fatal(err)
			}
			said, err := jsonschema.ParseJSON([]byte(want), jsonschema.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if got := jsonOf(t, r.Tree.Get(name)); got != jsonOf(t, said) {
				t.Errorf("got %s, the page says %s", got, want)
			}
			xml, err := m.Append(nil, tree.Of(name, said))
			if err != nil {
				t.Fatal(err)
			}
			if again, err := m.Decode(xml); err != nil || jsonOf(t, again.Tree.Get(name)) != jsonOf(t, said) {
				t.Errorf("wrote %s, which reads as %v, %v", xml, again.Tree, err)
			}
		})
	}
}

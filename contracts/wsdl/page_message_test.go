package wsdl_test

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

var strict, lenient = codec.Options{Strict: true}, codec.Options{Lenient: true}

// TestPageMessages holds what the page says of real messages.
func TestPageMessages(t *testing.T) {
	const plain = `<xs:element name="a" type="xs:string"/><xs:element name="n" type="xs:int" minOccurs="0"/>`
	holdTable(t, "| what agencies send | what becomes of it |", map[string]func(*page){
		"windows-1251, windows-1252, KOI8-R, IBM866, ISO-8859-1 and -5, UTF-16, a byte order mark": func(p *page) {
			s := p.load("t.xsd", sequence(plain, ""))
			const cyrillic, latin = "Анна", "é"
			for _, c := range []struct {
				name, text string
				encoding   encoding.Encoding
			}{
				{"windows-1251", cyrillic, charmap.Windows1251}, {"windows-1252", latin, charmap.Windows1252}, {"KOI8-R", cyrillic, charmap.KOI8R},
				{"IBM866", cyrillic, charmap.CodePage866}, {"ISO-8859-1", latin, charmap.ISO8859_1}, {"ISO-8859-5", cyrillic, charmap.ISO8859_5},
				{"UTF-16", cyrillic, unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)}, {"UTF-8", cyrillic, unicode.UTF8BOM},
			} {
				encoded := func(declaration string) string {
					doc, err := c.encoding.NewEncoder().String(declaration + `<e><a>` + c.text + `</a></e>`)
					if err != nil {
						p.Fatal(err)
					}
					return doc
				}
				declared := encoded(`<?xml version="1.0" encoding="` + c.name + `"?>`)
				m := messageOf(p, s)
				for _, o := range []codec.Options{{}, {Charset: c.name}} {
					r, err := m.DecodeWith([]byte(declared), o)
					if want := treeOf(p, `{"e":{"a":"`+c.text+`"}}`); err != nil || fmt.Sprint(r.Tree) != fmt.Sprint(want) {
						p.Errorf("%s, %+v: %v, %v", c.name, o, r.Tree, err)
					}
				}
				// The Content-Type goes before the declaration, a mark before both.
				if r, err := m.DecodeWith([]byte(encoded("")), codec.Options{Charset: c.name}); err != nil || fmt.Sprint(r.Tree) != fmt.Sprint(treeOf(p, `{"e":{"a":"`+c.text+`"}}`)) {
					p.Errorf("%s by its Content-Type: %v, %v", c.name, r.Tree, err)
				}
			}
		},
		"a charset that the bytes belie": func(p *page) {
			s := p.load("t.xsd", sequence(plain, ""))
			p.read(s, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><e><a>\xC0\xED\xED\xE0 \xC0\xED\xED\xE0</a></e>", codec.Options{})
			lie := `<?xml version="1.0" encoding="windows-1251"?><e><a>Анна</a></e>`
			p.reads(s, lie, "it looks like UTF-8")
			if got := p.read(s, lie, lenient); !strings.HasPrefix(got, `{"e":{"a":"Анна"}}`) {
				p.Errorf("lenient reading makes %s", got)
			}
		},
		"half a character of UTF-16, a byte that the charset lacks": func(p *page) {
			s := p.load("t.xsd", sequence(plain, ""))
			m := messageOf(p, s)
			for _, doc := range []string{"\xFE\xFF\x00<\x00e\xD8\x00", "<?xml version=\"1.0\" encoding=\"windows-1251\"?><e><a>\x98</a></e>"} {
				if _, err := m.Decode([]byte(doc)); err == nil || !strings.Contains(err.Error(), "byte ") {
					p.Errorf("%q: %v", doc, err)
				}
			}
		},
		"elements and attributes that the contract does not know": func(p *page) {
			s := p.load("t.xsd", sequence(plain, ""))
			const doc = `<e new="1"><a>x</a><new/></e>`
			if got := p.read(s, doc, codec.Options{}); got != `{"e":{"a":"x"}} e/@new (line 1, column 4) e/new (line 1, column 20)` {
				p.Errorf("tolerant reading makes %s", got)
			}
			if got := p.read(s, doc, strict); !strings.HasPrefix(got, "e/@new: the contract does not know this") {
				p.Errorf("strict reading makes %s", got)
			}
		},
		"elements out of order": func(p *page) {
			s := p.load("t.xsd", sequence(plain+`<xs:element name="z" type="xs:int" minOccurs="0"/>`, ""))
			p.reads(s, `<e><n>1</n><a>x</a></e>`, "e: an element is missing before this one; expected a; found n", `<e><a>x</a><z>2</z><n>1</n></e>`, "e: the element is out of place")
			if got := p.read(s, `<e><n>1</n><a>x</a></e>`, lenient); !strings.HasPrefix(got, `{"e":{"a":"x","n":1}} e/n (line 1, column 4): `) {
				p.Errorf("lenient reading makes %s", got)
			}
			if got := p.read(s, `<e><n>1</n><a>x</a><n>2</n></e>`, lenient); !strings.Contains(got, "an element is missing before this one") {
				p.Errorf("lenient reading makes %s of what can't be meant", got)
			}
		},
		"other prefixes, default namespaces redefined, CDATA, comments and instructions between": func(p *page) {
			s := p.load("t.xsd", strings.Replace(sequence(plain, ""), ">", ` targetNamespace="urn:t" elementFormDefault="qualified">`, 1))
			for _, doc := range []string{`<q:e xmlns:q="urn:t"><a xmlns="urn:t">x</a></q:e>`, `<e xmlns="urn:t"><a><![CDATA[x]]></a></e>`, `<e xmlns="urn:t"><!-- --><?i?><a><!-- -->x<?i?></a></e>`} {
				p.reads(s, doc, `{"e":{"a":"x"}}`)
			}
		},
		"white space around numbers, dates and names": func(p *page) {
			s := p.load("t.xsd", sequence(`<xs:element name="d" type="xs:date"/><xs:element name="t" type="xs:token"/><xs:element name="s" type="xs:string"/>`, `<xs:element name="n" type="xs:int"/>`))
			p.reads(s, "<n>\n 7 </n>", `{"n":7}`, "<e><d> 2024-02-29\n</d><t> a  b </t><s> a </s></e>", `{"e":{"d":"2024-02-29","s":" a ","t":"a b"}}`)
		},
		"text between elements": func(p *page) {
			p.reads(p.load("t.xsd", sequence(plain, "")), `<e><a>x</a>y</e>`, "e: text where only elements may stand")
		},
		"an element amid a number, date or text": func(p *page) {
			s := p.load("t.xsd", sequence(plain, `<xs:element name="d" type="xs:date"/>`))
			for _, doc := range []string{`<e><a>x<b/>y</a></e>`, `<e><a>x</a><n>1<b>2</b>3</n></e>`, `<d>2024-<b/>02-29</d>`} {
				for _, o := range []codec.Options{{}, lenient} {
					if got := p.read(s, doc, o); !strings.Contains(got, "an element interrupts the text") {
						p.Errorf("%s reads as %s", doc, got)
					}
				}
				if got := p.read(s, doc, strict); !strings.Contains(got, "the contract does not know this") {
					p.Errorf("%s reads as %s", doc, got)
				}
			}
		},
		"`xsi:schemaLocation`, style sheets": func(p *page) {
			s := p.load("t.xsd", sequence(plain, ""))
			doc := `<?xml-stylesheet href="http://127.0.0.1:1/x.xsl"?><e xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:x http://127.0.0.1:1/x.xsd" i:noNamespaceSchemaLocation="none.xsd"><a>x</a></e>`
			if got := p.read(s, doc, strict); got != `{"e":{"a":"x"}}` {
				p.Errorf("it reads as %s", got)
			}
			p.validates(s, doc, "")
		},
		"a DTD, an entity of its own": func(p *page) {
			p.reads(p.load("t.xsd", sequence(plain, "")), `<!DOCTYPE e [<!ENTITY x "y">]><e><a>&x;</a></e>`, "a document type declaration (DTD) is not allowed", `<e><a>&x;</a></e>`, "the entity &x; is not defined")
		},
	})
}

// messageOf is the message of the element e.
func messageOf(p *page, s *xsd.Schema) *codec.Message {
	p.Helper()
	e, err := s.Element(nameOf("e"))
	if err != nil {
		p.Fatal(err)
	}
	return codec.ForElement(s, e)
}

// bounded makes a document as large as the row's first number allows, which is read, and one larger by one, which is
// refused by that number.
func (p *page) bounded(refusal string, document func(n int) string) {
	p.Helper()
	p.limited(p.numbers[0], scan.Limits{}, fmt.Sprintf(refusal, p.numbers[0]), document)
}

// scaled is bounded where so much takes long: the bound is the row's, and a thousand by option behaves as it would.
func (p *page) scaled(bound int, thousand scan.Limits, refusal string, document func(n int) string) {
	p.Helper()
	if bound != p.numbers[0] {
		p.Errorf("the bound is %d", bound)
	}
	p.limited(1000, thousand, refusal, document)
}

func (p *page) limited(n int, limits scan.Limits, refusal string, document func(n int) string) {
	p.Helper()
	m := messageOf(p, p.load("t.xsd", sequence(`<xs:element ref="e" minOccurs="0"/>`, "")))
	if _, err := m.DecodeWith([]byte(document(n)), codec.Options{Limits: limits}); err != nil {
		p.Errorf("%d: %v", n, err)
	}
	if _, err := m.DecodeWith([]byte(document(n+1)), codec.Options{Limits: limits}); err == nil || !strings.Contains(err.Error(), refusal) {
		p.Errorf("%d: %v", n+1, err)
	}
}

// ofPushes holds the row's second number against the bounds of pushes of both kinds.
func (p *page) ofPushes(field string) {
	p.Helper()
	n := strconv.Itoa(p.numbers[1])
	if p.numbers[1] >= 10_000 {
		n = n[:len(n)-3] + "_" + n[len(n)-3:]
	}
	for _, file := range []string{"../../adapters/soap/push.go", "../../adapters/xmlhttp/push.go"} {
		text, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(text), field+": "+n) {
			p.Errorf("%s has not %s: %s (%v)", file, field, n, err)
		}
	}
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestPageLimits holds the page's numbers: what is as large is taken, what is larger by one is refused.
func TestPageLimits(t *testing.T) {
	holdTable(t, "| limit | of a message |", map[string]func(*page){
		"size": func(p *page) {
			p.scaled(scan.Limits{}.WithDefaults().Bytes>>20, scan.Limits{Bytes: 1000}, "larger than 1000 bytes", func(n int) string { return "<e>" + strings.Repeat(" ", n-7) + "</e>" })
			manifestHas(p, "limits.message")
		},
		"depth of elements": func(p *page) {
			p.bounded("deeper than %d", func(n int) string { return strings.Repeat("<e>", n) + strings.Repeat("</e>", n) })
			p.ofPushes("Depth")
		},
		"elements": func(p *page) {
			p.scaled(scan.Limits{}.WithDefaults().Elements, scan.Limits{Elements: 1000}, "more than 1000 elements", func(n int) string { return "<e>" + strings.Repeat("<x/>", n-1) + "</e>" })
			p.ofPushes("Elements")
		},
		"attributes of one element, declarations included": func(p *page) {
			p.bounded("more than %d attributes", func(n int) string { return "<e xmlns:p='p'" + numbered(n-1, ` a%d=""`) + "/>" })
			p.ofPushes("Attributes")
		},
		"prefixes bound at once": func(p *page) {
			p.bounded("more than %d prefixes", func(n int) string {
				var b bytes.Buffer
				depth := 0
				for ; n > 0; depth++ {
					here := min(n, 200)
					n -= here
					fmt.Fprintf(&b, "<e%s>", numbered(here, ` xmlns:p%d="u"`))
				}
				return b.String() + strings.Repeat("</e>", depth)
			})
		},
		"length of a name": func(p *page) {
			p.bounded("a name of more than %d bytes", func(n int) string { return "<e><" + strings.Repeat("a", n) + "/></e>" })
		},
		"drift reported of one message": func(p *page) {
			m := messageOf(p, p.load("t.xsd", sequence(`<xs:element ref="e" minOccurs="0"/>`, "")))
			for _, n := range []int{p.numbers[0], p.numbers[0] + 1} {
				r, err := m.Decode([]byte("<e>" + strings.Repeat("<x/>", n) + "</e>"))
				if err != nil || len(r.Drift) != p.numbers[0] {
					p.Errorf("of %d places %d are reported, %v", n, len(r.Drift), err)
				}
			}
		},
	})
	holdTable(t, "| limit | of a contract |", map[string]func(*page){
		"schema documents": func(p *page) {
			p.boundedContract("more than %d schema documents", func(n int) []string {
				var files []string
				for i := range n {
					include := ""
					if i+1 < n {
						include = fmt.Sprintf(`<xs:include schemaLocation="%d.xsd"/>`, i+1)
					}
					files = append(files, fmt.Sprintf("%d.xsd", i), schema(include))
				}
				return files
			})
		},
		"depth of elements": func(p *page) {
			p.boundedContract("deeper than %d", func(n int) []string {
				const around = 3 // schema, element and complexType
				return []string{"t.xsd", schema(`<xs:element name="e"><xs:complexType>` + strings.Repeat("<xs:sequence>", n-around) + strings.Repeat("</xs:sequence>", n-around) + `</xs:complexType></xs:element>`)}
			})
		},
		"types derived from one another": func(p *page) {
			p.boundedContract("more than %d types derived from one another", func(n int) []string {
				return []string{"t.xsd", schema(`<xs:complexType name="c0"/>` + func() string {
					var b strings.Builder
					for i := n - 1; i > 0; i-- { // the last derived first, which is how they are met
						fmt.Fprintf(&b, `<xs:complexType name="c%d"><xs:complexContent><xs:extension base="c%d"/></xs:complexContent></xs:complexType>`, i, i-1)
					}
					return strings.ReplaceAll(b.String(), fmt.Sprintf(`"c%d"`, n-1), `"a"`)
				}())}
			})
		},
		"particles after groups are expanded": func(p *page) {
			p.boundedContract("expand beyond all measure", func(n int) []string {
				const size = 1000 // of the group, itself included; what is left over is a type of its own
				types := n/size - 1
				return []string{"t.xsd", sequence(numbered(n-types*size-1, `<xs:element name="b%d"/>`), numbered(types, `<xs:complexType name="c%d"><xs:group ref="g"/></xs:complexType>`)+
					`<xs:group name="g"><xs:sequence>`+numbered(size-1, `<xs:element name="a%d"/>`)+`</xs:sequence></xs:group>`)}
			})
		},
	})
}

// boundedContract loads a contract as large as the row's number allows, and one that is larger by one.
func (p *page) boundedContract(refusal string, contract func(n int) []string) {
	p.Helper()
	n := p.numbers[0]
	if s := p.load(contract(n)...); s == nil {
		p.Errorf("%d: %.500s", n, p.printed)
	}
	if strings.Contains(refusal, "%d") {
		refusal = fmt.Sprintf(refusal, n)
	}
	p.printed = ""
	if s := p.load(contract(n + 1)...); s != nil || !strings.Contains(p.printed, refusal) {
		p.Errorf("%d: %.500s", n+1, p.printed)
	}
}

package codec_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

// TestHostileValues gives every built-in type that holds more than a text what it takes at its bounds, as the tree has
// it, and what it refuses beyond them. The bounds that facets or patterns say are the validator's.
func TestHostileValues(t *testing.T) {
	long := strings.Repeat("9", 10_000)
	for _, c := range []struct {
		name    string
		takes   []string // pairs: text, tree
		refuses []string
	}{
		{"boolean", []string{"true", "true", "1", "true", " 0\n", "false"}, []string{"", "TRUE", "True", "yes", "да", "2", "-1", "0.0", "true false"}},
		{"byte", []string{"-128", "-128", "127", "127", "+1", "1", "-0", "0", "007", "7"}, []string{"-129", "128", "", "+", "-", "1.0", "1e1", "0x1", "1_0", "1 2", "--1", "+-1", "١", "１", "∞", "−1", "1\u00a0000"}},
		{"short", []string{"-32768", "-32768", "32767", "32767"}, []string{"-32769", "32768"}},
		{"int", []string{"-2147483648", "-2147483648", "2147483647", "2147483647"}, []string{"-2147483649", "2147483648"}},
		{"long", []string{"-9223372036854775808", "-9223372036854775808", "9223372036854775807", "9223372036854775807"}, []string{"-9223372036854775809", "9223372036854775808", long}},
		{"unsignedByte", []string{"0", "0", "255", "255", "-0", "0"}, []string{"-1", "256"}},
		{"unsignedShort", []string{"65535", "65535"}, []string{"-1", "65536"}},
		{"unsignedInt", []string{"4294967295", "4294967295"}, []string{"-1", "4294967296"}},
		{"unsignedLong", []string{"18446744073709551615", `"18446744073709551615"`, "-0", `"-0"`}, []string{"-1", "1.0"}},
		{"integer", []string{long, `"` + long + `"`, "-" + long, `"-` + long + `"`}, []string{"", "1.", ".1", "1e3", "NaN"}},
		{"nonNegativeInteger", []string{"0", `"0"`, "-000", `"-000"`}, []string{"-1"}},
		{"positiveInteger", []string{"1", `"1"`}, []string{"0", "-1", "000"}},
		{"nonPositiveInteger", []string{"0", `"0"`, "+0", `"+0"`, "-1", `"-1"`}, []string{"1"}},
		{"negativeInteger", []string{"-1", `"-1"`}, []string{"0", "-0", "1"}},
		{"decimal", []string{"." + long, `".` + long + `"`, long + "." + long, `"` + long + "." + long + `"`, "1.", `"1."`, "+.5", `"+.5"`}, []string{"", ".", "-", "1.2.3", "1,5", "1e5", "INF", "1 000", "½"}},
		{"float", []string{"1E-46", "0", "16777217", "16777216", "-0", "-0", ".5", "0.5", "5.", "5"}, []string{"", "+INF", "inf", "Infinity", "nan", "1f", "0x1p-2", "1_0", "e5", "1e", "1e5.5"}},
		{"double", []string{"1e308", "1e+308", "4.9E-324", "5e-324", long, "?"}, []string{"", "+INF", "1d", "1,5"}},
		{"date", []string{"2024-02-29", `"2024-02-29"`, "-0001-01-01", `"-0001-01-01"`, "12024-01-01Z", `"12024-01-01Z"`, "2024-01-01-14:00", `"2024-01-01-14:00"`},
			[]string{"", "2025-02-30", "2025-02-29", "1900-02-29", "2025-04-31", "2025-13-01", "2025-00-01", "2025-01-00", "0000-01-01", "02025-01-01", "25-01-01", "2025-1-1", "2025/01/01", "01.01.2025", "20250101", "2025-01-01T00:00:00", "2025-01-01+15:00", "2025-01-01+14:01", "2025-01-01+3", "2025-01-01 ext", "+2025-01-01"}},
		{"dateTime", []string{"2024-02-29T24:00:00", `"2024-02-29T24:00:00"`, "2024-02-29T23:59:59." + long, `"2024-02-29T23:59:59.` + long + `"`}, []string{"2024-02-29", "2024-02-29 12:00:00", "2024-02-29T12:00", "2024-02-29T24:00:01", "2024-02-29T25:00:00", "2024-02-29T12:60:00", "2024-02-29T12:00:60", "2024-02-29T12:00:00.", "2024-02-29T12:00:00z", "2024-02-29t12:00:00"}},
		{"time", []string{"24:00:00.000", `"24:00:00.000"`}, []string{"24:00:00.001", "12:00", "1:00:00", "12:00:00 Z"}},
		{"duration", []string{"P0D", `"P0D"`, "-PT0.5S", `"-PT0.5S"`, "P" + long + "Y", `"P` + long + `Y"`}, []string{"", "P", "PT", "P1DT", "1D", "P1D1Y", "P1.5D", "P-1D", "P1S", "PT1D", "+P1D", "P1W"}},
		{"gYearMonth", []string{"2024-12", `"2024-12"`}, []string{"2024-13", "2024"}},
		{"gYear", []string{"9999", `"9999"`}, []string{"999", "0000", "2024-01"}},
		{"gMonthDay", []string{"--02-29", `"--02-29"`}, []string{"--02-30", "--04-31", "02-29"}},
		{"gDay", []string{"---31", `"---31"`}, []string{"---32", "31"}},
		{"gMonth", []string{"--12", `"--12"`}, []string{"--13", "12", "--12--"}},
		{"hexBinary", []string{"", `""`, "0aFF", `"0aFF"`}, []string{"0", "0g", "0a FF", "0x0a"}},
		{"base64Binary", []string{"", `""`, " Y W J j ", `"YWJj"`, "YQ==", `"YQ=="`}, []string{"Y", "YQ", "YQ=", "YQ===", "=YQ=", "Y=Q=", "YWJj====", "YWJj-_==", "YWJj\u00a0", "!!!!"}},
		{"QName", []string{"x", `"x"`, "xml:lang", `"{http://www.w3.org/XML/1998/namespace}lang"`}, []string{"", ":", "a:", ":a", "a:b", "a b", "1a", "xml:1", "xml:a:b", "{urn:x}a"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := only(t, c.name)
			for i := 0; i < len(c.takes); i += 2 {
				r, err := m.Decode([]byte("<e>" + c.takes[i] + "</e>"))
				if err != nil {
					t.Errorf("%.40q: %v", c.takes[i], err)
					continue
				}
				if want := c.takes[i+1]; want == "?" {
					continue
				} else if got := jsonOf(t, r.Tree.Get("e")); got != want {
					t.Errorf("%.40q is %.60s, want %.60s", c.takes[i], got, want)
				}
			}
			for _, text := range c.refuses {
				r, err := m.Decode([]byte("\n<e>" + text + "</e>"))
				var e *codec.Error
				if !errors.As(err, &e) || e.Path != "e" || e.Line != 2 || e.Column != 1 || e.Expected != "xs:"+c.name || e.Contract != "t.xsd:1:59" {
					t.Errorf("%.40q: %v, %#v", text, r.Tree, err)
				}
			}
		})
	}
}

// only is the message of an element e of a built-in type.
func only(t *testing.T, builtin string) *codec.Message {
	t.Helper()
	s, err := xsd.Load(fstest.MapFS{"t.xsd": {Data: []byte(`<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">   <xs:element name="e" type="xs:` + builtin + `"/></xs:schema>`)}}, "t.xsd")
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Element(xsd.Name{Local: "e"})
	if err != nil {
		t.Fatal(err)
	}
	return codec.ForElement(s, e)
}

// TestTruncated cuts a message behind each of its bytes: every piece is refused as XML that ends too early, where it ends.
func TestTruncated(t *testing.T) {
	doc := `<?xml version="1.0" encoding="UTF-8"?><!-- a --><?b c?><k:order xmlns:k="urn:kinds"><k:version>2.1</k:version>` +
		`<k:item id="1" kind='goods'><k:name><![CDATA[Ж]]>&amp;&#x416;</k:name></k:item><k:card>c</k:card><k:note xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="1"/></k:order>`
	m := message(t, "order")
	if _, err := m.Decode([]byte(doc)); err != nil {
		t.Fatal(err)
	}
	for n := range len(doc) {
		r, err := m.Decode([]byte(doc[:n]))
		var syntax *scan.Error
		if !errors.As(err, &syntax) || syntax.Limit || syntax.Line != 1 || syntax.Offset > n {
			t.Errorf("of %q: %v, %v", doc[:n], r.Tree, err)
		}
	}
}

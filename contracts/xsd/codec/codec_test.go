package codec_test

import (
	"errors"
	"math"
	"os"
	"strings"
	"sync"
	"testing"

	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

var kinds = sync.OnceValues(func() (*xsd.Schema, error) { return xsd.Load(os.DirFS("testdata"), "kinds.xsd") })

// message finds the message of an element of testdata/kinds.xsd.
func message(t testing.TB, element string) *codec.Message {
	t.Helper()
	s, err := kinds()
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Element(xsd.Name{Space: "urn:kinds", Local: element})
	if err != nil {
		t.Fatal(err)
	}
	return codec.ForElement(s, e)
}

// inside puts content into an element of testdata/kinds.xsd: its name, and attributes behind it.
func inside(tag, content string) string {
	name, _, _ := strings.Cut(tag, " ")
	return "<" + tag + ` xmlns="urn:kinds">` + content + "</" + name + ">"
}

func treeOf(t testing.TB, element, value string) *tree.Object {
	t.Helper()
	v, err := jsonschema.ParseJSON([]byte(value), jsonschema.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return tree.Of(element, v)
}

func jsonOf(t testing.TB, message any) string {
	t.Helper()
	out, err := jsonschema.AppendJSON(nil, message)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// TestThereAndBack reads XML into trees and writes the trees as XML that reads as the same tree.
func TestThereAndBack(t *testing.T) {
	for _, c := range []struct{ name, tag, content, message string }{
		{"text as written", "values", "<string> a\tb \n</string>", `{"string":" a\tb \n"}`},
		{"references, CDATA, comments", "values", "<string>a&amp;b&#x416;<![CDATA[<c>]]><!-- d -->e</string>", `{"string":"a&bЖ<c>e"}`},
		{"white space replaced", "values", "<normal> a\tb\n</normal>", `{"normal":" a b "}`},
		{"white space collapsed", "values", "<token> a\t b\n</token>", `{"token":"a b"}`},
		{"empty text", "values", "<string/>", `{"string":""}`},
		{"boolean", "values", "<boolean> true </boolean>", `{"boolean":true}`},
		{"boolean by digit", "values", "<boolean>0</boolean>", `{"boolean":false}`},
		{"integers that Go holds", "values", "<long>-9223372036854775808</long><byte>+07</byte><unsignedInt>4294967295</unsignedInt>", `{"byte":7,"long":-9223372036854775808,"unsignedInt":4294967295}`},
		{"numbers that keep every digit", "values", "<integer>-007</integer><positive>+18446744073709551616</positive><unsignedLong>18446744073709551615</unsignedLong><decimal>0.10</decimal>", `{"decimal":"0.10","integer":"-007","positive":"+18446744073709551616","unsignedLong":"18446744073709551615"}`},
		{"floats", "values", "<float>0.1</float><double>-1.5E3</double>", `{"double":-1500,"float":0.1}`},
		{"dates as written", "values", "<date>2024-02-29+03:00</date><dateTime>2024-12-31T24:00:00</dateTime><time>12:30:00.5Z</time><duration>-P1Y2M3DT4H5M6.7S</duration><gYearMonth>2024-02</gYearMonth><gMonthDay>--02-29</gMonthDay>",
			`{"date":"2024-02-29+03:00","dateTime":"2024-12-31T24:00:00","duration":"-P1Y2M3DT4H5M6.7S","gMonthDay":"--02-29","gYearMonth":"2024-02","time":"12:30:00.5Z"}`},
		{"binaries", "values", "<hex>0aFF</hex><base64> YWJj\nZA== </base64>", `{"base64":"YWJjZA==","hex":"0aFF"}`},
		{"list", "values", "<ints> 1 2\n3 </ints>", `{"ints":[1,2,3]}`},
		{"empty list", "values", "<ints/>", `{"ints":[]}`},
		{"union", "values", "<union>2024-02-29</union>", `{"union":"2024-02-29"}`},
		{"default of an empty element", "values", "<default/>", `{"default":7}`},
		{"anything simple", "values", "<any>x</any>", `{"any":"x"}`},
		{"qualified name by a prefix from outside", `values xmlns:o="urn:other"`, "<qname>o:x</qname>", `{"qname":"{urn:other}x"}`},
		{"qualified name by its element's own prefix", "values", `<qname xmlns:q="urn:q">q:x</qname>`, `{"qname":"{urn:q}x"}`},
		{"qualified name in the default namespace", "values", "<qname>x</qname>", `{"qname":"{urn:kinds}x"}`},
		{"list of qualified names", "values", `<qnames xmlns:p="urn:p" xmlns:q="urn:q">p:x q:y</qnames>`, `{"qnames":["{urn:p}x","{urn:q}y"]}`},

		{"required, repeated, choice", "order", `<version>2.1</version><item id="1"><name>a</name></item><card>c</card>`, `{"card":"c","item":[{"id":1,"name":"a"}],"version":"2.1"}`},
		{"recursion; an attribute with an element's name", "order", `<version>2.1</version><item id="1" name="b" kind="goods"><name>a</name><price>1.50</price><part id="2"><name>c</name></part></item><account>d</account><bank>e</bank><tag>f</tag><tag>g</tag>`,
			`{"account":"d","bank":"e","item":[{"@name":"b","id":1,"kind":"goods","name":"a","part":[{"id":2,"name":"c"}],"price":"1.50"}],"tag":["f","g"],"version":"2.1"}`},
		{"nil", "order", `<version>2.1</version><item id="1"><name>a</name></item><card>c</card><note xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>`, `{"card":"c","item":[{"id":1,"name":"a"}],"note":null,"version":"2.1"}`},
		{"nil with attributes", `maybe why="lost" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="1"`, "", `{"_nil":true,"why":"lost"}`},
		{"nil root", `maybe xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"`, "", `null`},
		{"text beside attributes", `sum currency="RUB"`, "12.30", `{"_text":"12.30","currency":"RUB"}`},
		{"repeated choice", "steps", "<go>1</go><turn>l</turn><go>2</go>", `{"_items":[{"go":1},{"turn":"l"},{"go":2}]}`},
		{"empty content", "steps", "", `{}`},
		{"an element met again", "again", "<a>1</a><b>2</b><a>3</a>", `{"_items":[{"a":"1"},{"b":"2"},{"a":"3"}]}`},
		{"mixed", "text", "one <b>two</b> three", `{"_items":[{"_text":"one "},{"b":"two"},{"_text":" three"}]}`},
		{"all, in any order", "all", "<y>2</y><x>1</x>", `{"x":1,"y":2}`},
		{"the shared element with the first branch", "key", "<id>a</id><packet>b</packet>", `{"id":"a","packet":"b"}`},
		{"the shared element alone", "key", "<packet>b</packet>", `{"packet":"b"}`},
		{"wildcards", `open xmlns:o="urn:o" o:a="1"`, `<known>k</known><o:x><o:y>1</o:y></o:x>`, `{"@{urn:o}a":"1","_any":["<o:x xmlns=\"urn:kinds\" xmlns:o=\"urn:o\"><o:y>1</o:y></o:x>"],"known":"k"}`},
		{"substitution group", "drawing", "<circle><radius>1</radius></circle><square><colour>red</colour><side>2</side></square>", `{"_items":[{"circle":{"radius":1}},{"square":{"colour":"red","side":2}}]}`},
		{"xsi:type", "frame", `<of xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:k="urn:kinds" i:type="k:circle"><radius>1</radius></of>`, `{"of":{"_type":"{urn:kinds}circle","radius":1}}`},
		{"one name in two namespaces", `two xmlns:o="urn:other" o:mark="o:m"`, "<thing>a</thing><o:thing>b</o:thing>", `{"mark":"{urn:other}m","{urn:kinds}thing":"a","{urn:other}thing":"b"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			element, _, _ := strings.Cut(c.tag, " ")
			m := message(t, element)
			r, err := m.DecodeWith([]byte(inside(c.tag, c.content)), codec.Options{Strict: true})
			if err != nil {
				t.Fatal(err)
			}
			if got := jsonOf(t, r.Tree.Get(element)); got != c.message {
				t.Fatalf("read  %s\nwant  %s", got, c.message)
			}
			xml, err := m.Append(nil, treeOf(t, element, c.message))
			if err != nil {
				t.Fatal(err)
			}
			again, err := m.DecodeWith(xml, codec.Options{Strict: true})
			if err != nil || !tree.Equal(again.Tree, r.Tree) {
				t.Errorf("wrote %s\nread  %v, %v\nwant  %v", xml, again.Tree, err, r.Tree)
			}
		})
	}
}

// TestGoTypes pins what mappings find in a tree, and floats that JSON can't say.
func TestGoTypes(t *testing.T) {
	m := message(t, "values")
	want := tree.Of("values", tree.Of(
		"boolean", true, "long", int64(1), "byte", int64(2), "integer", "3", "decimal", "4", "float", math.Inf(1), "double", 5.0, "ints", []any{int64(6)},
	))
	xml, err := m.Append(nil, want)
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Decode(xml)
	if err != nil || !tree.Equal(r.Tree, want) {
		t.Errorf("got %#v, %v\nof  %s", r.Tree, err, xml)
	}
	for text, want := range map[string]float64{"-INF": math.Inf(-1), "1e400": math.Inf(1), "3.4028235e38": 3.4028235e38} {
		r, err := m.Decode([]byte(inside("values", "<double>"+text+"</double>")))
		if err != nil || r.Tree.Get("values").(*tree.Object).Get("double") != want {
			t.Errorf("%s: %v, %v", text, r.Tree, err)
		}
	}
}

// TestWrites pins the bytes: namespaces declared once, at the root, and only those that are used.
func TestWrites(t *testing.T) {
	for _, c := range []struct{ name, element, message, want string }{
		{"order of the contract, fixed values filled in", "order", `{"tag":["z"],"card":"c","item":[{"name":"a","id":"7"}]}`,
			`<t:order xmlns:t="urn:kinds"><t:version>2.1</t:version><t:item id="7"><t:name>a</t:name></t:item><t:card>c</t:card><t:tag>z</t:tag></t:order>`},
		{"null leaves out what may be absent, and is nil where it may be", "order", `{"card":"c","account":null,"bank":null,"note":null,"tag":null,"item":[{"name":"a","id":7,"price":null,"kind":null}]}`,
			`<t:order xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:t="urn:kinds"><t:version>2.1</t:version><t:item id="7"><t:name>a</t:name></t:item><t:card>c</t:card><t:note xsi:nil="true"/></t:order>`},
		{"escapes", "maybe", `{"why":"<\"&\n","a":"<]]>&\"\r"}`, `<t:maybe xmlns:t="urn:kinds" why="&lt;&quot;&amp;&#10;"><t:a>&lt;]]&gt;&amp;"&#13;</t:a></t:maybe>`},
		{"numbers in either form", "values", `{"long":"5","decimal":1.5,"integer":3,"double":"1E3"}`,
			`<t:values xmlns:t="urn:kinds"><t:long>5</t:long><t:integer>3</t:integer><t:decimal>1.5</t:decimal><t:double>1E3</t:double></t:values>`},
		{"several foreign namespaces", "values", `{"qnames":["{urn:p}x","{urn:q}y","z"],"qname":"{urn:r}v"}`,
			`<t:values xmlns:t="urn:kinds"><t:qname xmlns:q1="urn:r">q1:v</t:qname><t:qnames xmlns:q2="urn:p" xmlns:q3="urn:q">q2:x q3:y z</t:qnames></t:values>`},
		{"not nil", "maybe", `{"_nil":false,"a":"x"}`, `<t:maybe xmlns:t="urn:kinds"><t:a>x</t:a></t:maybe>`},
		{"all, in the contract's order", "all", `{"y":1,"x":2}`, `<t:all xmlns:t="urn:kinds"><t:x>2</t:x><t:y>1</t:y></t:all>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := message(t, c.element).Append(nil, treeOf(t, c.element, c.message))
			if err != nil || string(got) != c.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

// TestDrift reads what the contract does not know around, and reports it.
func TestDrift(t *testing.T) {
	for _, c := range []struct{ name, tag, content, message, drift string }{
		{"element", "all", "<x>1</x>\n <new><x>9</x></new><y>2</y>", `{"x":1,"y":2}`, "all/new (line 2, column 2)"},
		{"attribute", "order", `<version>2.1</version><item id="1" new="2"><name>a</name></item><card new="">c</card>`, `{"card":"c","item":[{"id":1,"name":"a"}],"version":"2.1"}`,
			"order/item[1]/@new (line 1, column 61), order/card/@new (line 1, column 96)"},
		{"in a list", "steps", "<go>1</go><jump/><go>2<jump/></go>", `{"_items":[{"go":1},{"go":2}]}`, "steps/jump (line 1, column 36), steps/go[2]/jump (line 1, column 48)"},
		{"between texts", "text", "a<new/>b<b>c</b>", `{"_items":[{"_text":"ab"},{"b":"c"}]}`, "text/new (line 1, column 26)"},
		{"of another namespace", "all", `<x>1</x><y>2</y><z xmlns="urn:z">3</z>`, `{"x":1,"y":2}`, "all/z (line 1, column 40)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			element, _, _ := strings.Cut(c.tag, " ")
			doc := []byte(inside(c.tag, c.content))
			r, err := message(t, element).Decode(doc)
			if err != nil {
				t.Fatal(err)
			}
			var drift []string
			for _, d := range r.Drift {
				drift = append(drift, d.String())
			}
			if got := strings.Join(drift, ", "); got != c.drift || jsonOf(t, r.Tree.Get(element)) != c.message {
				t.Errorf("got  %s, %s\nwant %s, %s", jsonOf(t, r.Tree.Get(element)), got, c.message, c.drift)
			}
			_, err = message(t, element).DecodeWith(doc, codec.Options{Strict: true})
			if err == nil || !strings.Contains(err.Error(), "the contract does not know this") {
				t.Errorf("strictly: %v", err)
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	const nil_ = `xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"`
	order := `<version>2.1</version><item id="1"><name>a</name></item>`
	for _, c := range []struct{ name, tag, content, want string }{
		{"boolean", "values", "<boolean>yes</boolean>", `values/boolean: the value is not what the contract declares; expected xs:boolean; found "yes" (line 1, column 27; contract kinds.xsd:12:9)`},
		{"out of range", "values", "\n<byte>128</byte>", `values/byte: the value is not what the contract declares; expected xs:byte; found "128" (line 2, column 1; contract kinds.xsd:14:9)`},
		{"sign", "values", "<unsignedLong>-1</unsignedLong>", `values/unsignedLong: the value is not what the contract declares; expected xs:unsignedLong; found "-1" (line 1, column 27; contract kinds.xsd:18:9)`},
		{"comma", "values", "<decimal>1,5</decimal>", `values/decimal: the value is not what the contract declares; expected xs:decimal; found "1,5" (line 1, column 27; contract kinds.xsd:19:9)`},
		{"float in Go's language", "values", "<double>0x1p-2</double>", `values/double: the value is not what the contract declares; expected xs:double; found "0x1p-2" (line 1, column 27; contract kinds.xsd:21:9)`},
		{"no such day", "values", "<date>2023-02-29</date>", `values/date: the value is not what the contract declares; expected xs:date; found "2023-02-29" (line 1, column 27; contract kinds.xsd:22:9)`},
		{"Russian date", "values", "<date>29.02.2024</date>", `values/date: the value is not what the contract declares; expected xs:date; found "29.02.2024" (line 1, column 27; contract kinds.xsd:22:9)`},
		{"hexadecimal of odd length", "values", "<hex>abc</hex>", `values/hex: the value is not what the contract declares; expected xs:hexBinary; found "abc" (line 1, column 27; contract kinds.xsd:28:9)`},
		{"base64 padding", "values", "<base64>YWJ=jZA=</base64>", `values/base64: the value is not what the contract declares; expected xs:base64Binary; found "YWJ=jZA=" (line 1, column 27; contract kinds.xsd:29:9)`},
		{"list item", "values", "<ints>1 x</ints>", `values/ints: the value is not what the contract declares; expected ints; found "1 x" (line 1, column 27; contract kinds.xsd:32:9)`},
		{"undeclared prefix in a value", "values", "<qname>p:x</qname>", `values/qname: the value is not what the contract declares; expected xs:QName; found "p:x" (line 1, column 27; contract kinds.xsd:31:9)`},
		{"no name", "values", "<qname>a b</qname>", `values/qname: the value is not what the contract declares; expected xs:QName; found "a b" (line 1, column 27; contract kinds.xsd:31:9)`},
		{"a long value is abridged", "values", "<long>" + strings.Repeat("ж", 100) + "</long>", `values/long: the value is not what the contract declares; expected xs:long; found "` + strings.Repeat("ж", 30) + `…" (line 1, column 27; contract kinds.xsd:13:9)`},

		{"missing", "order", `<version>2.1</version>`, `order: an element is missing; expected item; found the end of order (line 1, column 48; contract kinds.xsd:49:9)`},
		{"missing before another", "order", `<item id="1"><name>a</name></item>`, `order: an element is missing before this one; expected version; found item (line 1, column 26)`},
		{"missing at depth", "order", `<version>2.1</version><item id="1"><name>a</name><part id="2"/></item>`, `order/item[1]/part[1]: an element is missing; expected name; found the end of part (line 1, column 75; contract kinds.xsd:63:5)`},
		{"missing of another namespace", "all", `<x>1</x><y xmlns="urn:z">2</y>`, `all: an element is missing; expected y or z; found the end of all (a y of the namespace "urn:z" stands on line 1) (line 1, column 54; contract kinds.xsd:116:9)`},
		{"missing choice", "order", order, `order: an element is missing; expected item or card or account; found the end of order (line 1, column 82; contract kinds.xsd:50:9)`},
		{"both branches", "order", order + "<card>c</card><account>d</account>", `order: the element is out of place; expected note or tag; found account (line 1, column 96)`},
		{"wrong order", "order", order + "<card>c</card><tag>t</tag><note>n</note>", `order: the element is out of place; expected tag; found note (line 1, column 108)`},
		{"too many", "order", `<version>2.1</version>` + strings.Repeat(`<item id="1"><name>a</name></item>`, 4), `order: an element is missing before this one; expected card or account; found item (line 1, column 150)`},
		{"twice", "all", "<x>1</x><y>2</y><x>3</x>", `all: the element is out of place; expected z; found x (line 1, column 40)`},
		{"attribute missing", "order", `<version>2.1</version><item><name>a</name></item>`, `order/item[1]: an attribute is missing; expected @id (line 1, column 48; contract kinds.xsd:68:5)`},
		{"attribute value", "order", `<version>2.1</version><item id="x"/>`, `order/item[1]/@id: the value is not what the contract declares; expected xs:int; found "x" (line 1, column 54; contract kinds.xsd:68:5)`},
		{"text between elements", "all", "<x>1</x>two", `all: text where only elements may stand; found "two" (line 1, column 32)`},
		{"nil where none may be", "order", `<version ` + nil_ + `/>`, `order/version: the element must not be nil (line 1, column 26; contract kinds.xsd:48:9)`},
		{"nil with content", "maybe " + nil_, "<a>x</a>", `maybe: an element with xsi:nil must be empty (line 1, column 91)`},
		{"nil is no boolean", `maybe xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="ja"`, "", `maybe: xsi:nil is no boolean; expected true or false; found "ja" (line 1, column 1)`},
		{"abstract type", "frame", "<of/>", `frame/of: the type shape is abstract; expected xsi:type with one of circle or square (line 1, column 26; contract kinds.xsd:165:34)`},
		{"strange type", "frame", `<of xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="item"/>`, `frame/of: xsi:type names a type that does not derive from the declared one; expected {urn:kinds}shape; found {urn:kinds}item (line 1, column 26)`},
		{"unknown type", "frame", `<of xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="ring"/>`, `frame/of: xsi:type names a type that the contract does not have; found {urn:kinds}ring (line 1, column 26)`},
		{"more than a wildcard takes", "open", strings.Repeat(`<x xmlns="urn:x"/>`, 3), `open: the element is out of place; found x (line 1, column 61)`},
		{"not well-formed", "all", "<x>1</y>", `all/x: the end tag does not match <x> (line 1, column 28)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			element, _, _ := strings.Cut(c.tag, " ")
			r, err := message(t, element).Decode([]byte(inside(c.tag, c.content)))
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v, %v\nwant %s", r.Tree, err, c.want)
			}
			var e *codec.Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("%T is no *codec.Error", err)
			}
		})
	}
}

// TestReadRefusesDocuments is about what stands at, before and behind the root.
func TestReadRefusesDocuments(t *testing.T) {
	for _, c := range []struct {
		name, doc, want string
		o               codec.Options
	}{
		{"another root", `<steps xmlns="urn:kinds"/>`, `the document is another one; expected {urn:kinds}all; found {urn:kinds}steps (line 1, column 1)`, codec.Options{}},
		{"another namespace", `<all/>`, `the document is another one; expected {urn:kinds}all; found all (line 1, column 1)`, codec.Options{}},
		{"empty", ``, `the document has no element (line 1, column 1)`, codec.Options{}},
		{"HTML", `<!DOCTYPE html><html><body>Bad Gateway</body></html>`, `a document type declaration (DTD) is not allowed (line 1, column 1)`, codec.Options{}},
		{"truncated", `<all xmlns="urn:kinds"><x>1</x><y>`, `all/y: the document ends inside <y> (line 1, column 35)`, codec.Options{}},
		{"second root", inside("all", "<x>1</x><y>2</y>") + "<all/>", `a second root element (line 1, column 46)`, codec.Options{}},
		{"unknown charset", inside("all", "<x>1</x><y>2</y>"), `the charset klingon is not supported; supported are UTF-8, UTF-16, windows-1251, windows-1252, KOI8-R, IBM866, ISO-8859-1, ISO-8859-5, US-ASCII`, codec.Options{Charset: "klingon"}},
		{"size", inside("all", "<x>1</x><y>2</y>"), `the document is larger than 20 bytes`, codec.Options{Limits: scan.Limits{Bytes: 20}}},
		{"depth", inside("all", "<x>1</x><y>2</y>"), `all: elements nested deeper than 1 (line 1, column 24)`, codec.Options{Limits: scan.Limits{Depth: 1}}},
		{"count", inside("all", "<x>1</x><y>2</y>"), `all: more than 2 elements (line 1, column 32)`, codec.Options{Limits: scan.Limits{Elements: 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := message(t, "all").DecodeWith([]byte(c.doc), c.o)
			if err == nil || err.Error() != c.want {
				t.Fatalf("got  %v, %v\nwant %s", r.Tree, err, c.want)
			}
			var e *codec.Error
			if limited := c.o.Limits != (scan.Limits{}); !errors.As(err, &e) || e.Limit != limited {
				t.Errorf("%#v: Limit is not %v", err, limited)
			}
		})
	}
}

func TestWriteRefuses(t *testing.T) {
	const item = `"item":[{"id":1,"name":"a"}]`
	for _, c := range []struct{ name, element, message, want string }{
		{"missing", "order", `{"card":"c"}`, `order: an element is missing; expected item (contract kinds.xsd:49:9)`},
		{"missing at depth", "order", `{"card":"c","item":[{"id":1,"name":"a","part":[{"id":1}]}]}`, `order/item[1]/part[1]: an element is missing; expected name (contract kinds.xsd:64:7)`},
		{"missing choice", "order", `{` + item + `}`, `order: one branch of a choice must be present; expected card or account (contract kinds.xsd:50:9)`},
		{"both branches", "order", `{` + item + `,"card":"c","account":"d"}`, `order: only one branch of a choice may be present; found card, account`},
		{"half a branch", "order", `{` + item + `,"bank":"d"}`, `order: an element is missing; expected account (contract kinds.xsd:53:13)`},
		{"attribute missing", "order", `{"card":"c","item":[{"name":"a"}]}`, `order/item[1]: an attribute is missing; expected @id (contract kinds.xsd:68:5)`},
		{"attribute value", "order", `{"card":"c","item":[{"id":"x","name":"a"}]}`, `order/item[1]/@id: the value is not what the contract declares; expected xs:int; found "x" (contract kinds.xsd:68:5)`},
		{"unknown key", "order", `{` + item + `,"card":"c","tags":[]}`, `order: the contract does not know the key tags; did you mean "tag"? (contract kinds.xsd:45:3)`},
		{"unknown key, no near one", "order", `{` + item + `,"card":"c","quux":1}`, `order: the contract does not know the key quux (contract kinds.xsd:45:3)`},
		{"no list", "order", `{"item":{"id":1,"name":"a"},"card":"c"}`, `order/item: the value has the wrong form; expected a list; found an object with id, name (contract kinds.xsd:49:9)`},
		{"empty list", "order", `{"item":[],"card":"c"}`, `order: an element is missing; expected item (contract kinds.xsd:49:9)`},
		{"long list", "order", `{"item":[{"id":1,"name":"a"},{"id":1,"name":"a"},{"id":1,"name":"a"},{"id":1,"name":"a"}],"card":"c"}`, `order/item: the list has the wrong length; expected 1 to 3; found 4 (contract kinds.xsd:49:9)`},
		{"null", "order", `{"item":[null],"card":"c"}`, `order/item[1]: the element must not be null (contract kinds.xsd:49:9)`},
		{"nil is no boolean", "maybe", `{"_nil":"yes"}`, `maybe: _nil has the wrong form; expected true or false; found "yes" (contract kinds.xsd:82:3)`},
		{"nil with content", "maybe", `{"_nil":true,"a":"x"}`, `maybe: what is given can't stand together; found _nil, a (contract kinds.xsd:82:3)`},
		{"text for an object", "order", `{"item":["a"],"card":"c"}`, `order/item[1]: the value has the wrong form; expected an object; found "a" (contract kinds.xsd:49:9)`},
		{"object for a text", "order", `{` + item + `,"card":{"x":1,"y":2}}`, `order/card: the value is not what the contract declares; expected xs:string; found an object with x, y (contract kinds.xsd:51:11)`},
		{"range", "values", `{"byte":128}`, `values/byte: the value is not what the contract declares; expected xs:byte, and it lies from -128 to 127; found 128 (contract kinds.xsd:14:9)`},
		{"fraction", "values", `{"long":1.5}`, `values/long: the value is not what the contract declares; expected xs:long; found 1.5 (contract kinds.xsd:13:9)`},
		{"date", "values", `{"date":"29.02.2024"}`, `values/date: the value is not what the contract declares; expected xs:date; found "29.02.2024" (contract kinds.xsd:22:9)`},
		{"control character", "values", `{"string":"a\u0001b"}`, `values/string: the value is not what the contract declares; expected xs:string, and XML does not allow the character U+0001; found "a\x01b" (contract kinds.xsd:9:9)`},
		{"list item", "values", `{"ints":[1,"x"]}`, `values/ints: the value is not what the contract declares; expected ints; found a list of 2 (contract kinds.xsd:32:9)`},
		{"qualified name", "values", `{"qname":"{urn:x}a b"}`, `values/qname: the value is not what the contract declares; expected xs:QName; found "{urn:x}a b" (contract kinds.xsd:31:9)`},
		{"entry out of place", "again", `{"_items":[{"a":"1"},{"b":"2"}]}`, `again: an element is missing; expected a; found the end of _items`},
		{"entry behind the last", "again", `{"_items":[{"a":"1"},{"a":"2"},{"b":"3"}]}`, `again/_items[3]: the entry is out of place; found b (contract kinds.xsd:98:3)`},
		{"unknown entry", "steps", `{"_items":[{"gо":1}]}`, `steps/_items[1]: the contract does not know this; found gо; did you mean "go"? a Latin letter stands among Cyrillic ones, or the other way round`},
		{"entry with two keys", "steps", `{"_items":[{"go":1,"turn":"l"}]}`, `steps/_items[1]: an entry of _items has the wrong form; expected an object with one key; found an object with go, turn`},
		{"value of an entry", "steps", `{"_items":[{"go":1},{"go":"far"}]}`, `steps/_items[2]/go: the value is not what the contract declares; expected xs:int; found "far" (contract kinds.xsd:93:9)`},
		{"raw XML", "open", `{"_any":["<a>"]}`, `open/_any[1]: raw XML that is not well-formed: line 1, column 4: the document ends inside <a>`},
		{"raw XML of a namespace that may not stand there", "open", `{"_any":["<a xmlns='urn:kinds'/>"]}`, `open/_any[1]: the wildcard does not allow this namespace; found urn:kinds`},
		{"abstract type", "frame", `{"of":{}}`, `frame/of: the type shape is abstract; expected _type with one of circle or square (contract kinds.xsd:165:34)`},
		{"unknown type", "frame", `{"of":{"_type":"{urn:kinds}circel"}}`, `frame/of: _type names a type that the contract does not have; found {urn:kinds}circel; did you mean "{urn:kinds}circle"? (contract kinds.xsd:165:34)`},
		{"type in the wrong place", "frame", `{"of":{"_type":"{urn:kinds}item"}}`, `frame/of: _type names a type that does not derive from the declared one; expected {urn:kinds}shape; found {urn:kinds}item (contract kinds.xsd:165:34)`},
		{"abstract element", "shape", `{}`, `shape: the type shape is abstract; expected _type with one of circle or square (contract kinds.xsd:145:3)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := message(t, c.element).Append(nil, treeOf(t, c.element, c.message))
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %s, %v\nwant %s", got, err, c.want)
			}
			var e *codec.Error
			if err != nil && !errors.As(err, &e) {
				t.Errorf("%T is no *codec.Error", err)
			}
		})
	}
	if _, err := message(t, "all").Append(nil, tree.Of("all", nil, "more", nil)); err == nil || err.Error() != "the tree must have one key, the root element; expected all; found all, more" {
		t.Errorf("two roots: %v", err)
	}
}

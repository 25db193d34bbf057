package codec_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

// hostile is a message that asks for trouble, and the one answer that it gets: the tree as JSON, then what was drift;
// or an error, behind its class (see classOf).
type hostile struct{ name, element, doc, want string }

func answerTo(t testing.TB, element, doc string, o codec.Options) string {
	t.Helper()
	r, err := message(t, element).DecodeWith([]byte(doc), o)
	if err != nil {
		return classOf(t, err) + ": " + err.Error()
	}
	var b strings.Builder
	b.WriteString(jsonOf(t, r.Tree.Get(element)))
	for _, d := range r.Drift {
		fmt.Fprintf(&b, " drift %s", d)
	}
	return b.String()
}

// classOf tells faults of the bytes, of the XML and of the contract, and bounds that were met, from one another.
func classOf(t testing.TB, err error) string {
	t.Helper()
	var e *codec.Error
	var syntax *scan.Error
	var charset *scan.CharsetError
	switch {
	case !errors.As(err, &e):
		t.Fatalf("%T is no *codec.Error: %v", err, err)
	case e.Limit:
		return "limit"
	case errors.As(err, &charset):
		return "charset"
	case errors.As(err, &syntax):
		return "xml"
	}
	return "contract"
}

func try(t *testing.T, rows []hostile) {
	t.Helper()
	for _, c := range rows {
		t.Run(c.name, func(t *testing.T) {
			if got := answerTo(t, c.element, c.doc, codec.Options{}); got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

// values is a document whose root has one optional element a kind.
func values(content string) string { return inside("values", content) }

// TestHostileReferences is about entities and document types: none is ever read.
func TestHostileReferences(t *testing.T) {
	lol := `<!DOCTYPE values [<!ENTITY a "ha">`
	for _, pair := range []string{"ba", "cb", "dc", "ed", "fe", "gf", "hg", "ih", "ji"} {
		lol += `<!ENTITY ` + pair[:1] + ` "` + strings.Repeat("&"+pair[1:]+";", 10) + `">`
	}
	try(t, []hostile{
		{"entity of HTML", "values", values("<string>&nbsp;</string>"), `xml: values/string: the entity &nbsp; is not defined (line 1, column 35)`},
		{"entity in an attribute", "sum", inside(`sum currency="&rub;"`, "1"), `xml: the entity &rub; is not defined (line 1, column 16)`},
		{"external entity", "values", `<!DOCTYPE values [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + values("<string>&x;</string>"), `xml: a document type declaration (DTD) is not allowed (line 1, column 1)`},
		{"external DTD", "values", `<?xml version="1.0"?>` + "\n" + `<!DOCTYPE values SYSTEM "http://127.0.0.1/x.dtd">` + values(""), `xml: a document type declaration (DTD) is not allowed (line 2, column 1)`},
		{"parameter entity", "values", `<!DOCTYPE values [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]>` + values(""), `xml: a document type declaration (DTD) is not allowed (line 1, column 1)`},
		{"billion laughs", "values", lol + "]>" + values("<string>&j;</string>"), `xml: a document type declaration (DTD) is not allowed (line 1, column 1)`},
		{"one long entity, many times", "values", `<!DOCTYPE values [<!ENTITY a "` + strings.Repeat("a", 50_000) + `">]>` + values("<string>"+strings.Repeat("&a;", 50_000)+"</string>"), `xml: a document type declaration (DTD) is not allowed (line 1, column 1)`},
		{"DTD behind a comment", "values", "<!-- a -->\n <!DOCTYPE values>" + values(""), `xml: a document type declaration (DTD) is not allowed (line 2, column 2)`},
		{"DTD in lower case", "values", "<!doctype html>" + values(""), `xml: a declaration outside the root element (line 1, column 1)`},
		{"DTD after the root", "values", values("") + "<!DOCTYPE values>", `xml: a document type declaration (DTD) is not allowed (line 1, column 36)`},
		{"entity declared inside the root", "values", values(`<!ENTITY x "y">`), `xml: values: a declaration inside the root element (line 1, column 27)`},
		{"DTD inside the root", "values", values(`<!DOCTYPE values>`), `xml: values: a declaration inside the root element (line 1, column 27)`},
		{"reference to NUL", "values", values("<string>&#0;</string>"), `xml: values/string: the reference &#0; means no character (line 1, column 35)`},
		{"reference to a control character", "values", values("<string>&#x1F;</string>"), `xml: values/string: the reference &#x1F; means no character (line 1, column 35)`},
		{"reference to half a surrogate pair", "values", values("<string>&#xD800;</string>"), `xml: values/string: the reference &#xD800; means no character (line 1, column 35)`},
		{"reference to both halves", "values", values("<string>&#xD83D;&#xDE00;</string>"), `xml: values/string: the reference &#xD83D; means no character (line 1, column 35)`},
		{"reference to no character", "values", values("<string>&#xFFFE;</string>"), `xml: values/string: the reference &#xFFFE; means no character (line 1, column 35)`},
		{"reference beyond Unicode", "values", values("<string>&#x110000;</string>"), `xml: values/string: the reference &#x110000; means no character (line 1, column 35)`},
		{"reference that overflows", "values", values("<string>&#99999999999999999999;</string>"), `xml: values/string: the reference &#99999999999999999999; means no character (line 1, column 35)`},
		{"reference without digits", "values", values("<string>&#;</string>"), `xml: values/string: "&" that begins no reference: write &amp; (line 1, column 35)`},
		{"reference without hexadecimal digits", "values", values("<string>&#x;</string>"), `xml: values/string: the reference &#x; means no character (line 1, column 35)`},
		{"reference in capitals", "values", values("<string>&#X41;</string>"), `xml: values/string: the reference &#X41; means no character (line 1, column 35)`},
		{"reference with 190 zeros", "values", values("<string>&#" + strings.Repeat("0", 190) + "65;</string>"), `{"string":"A"}`},
		{"reference with 10,000 zeros", "values", values("<string>&#" + strings.Repeat("0", 10_000) + "65;</string>"), `xml: values/string: "&" that begins no reference: write &amp; (line 1, column 35)`},
		{"a lone ampersand", "values", values("<string>a & b</string>"), `xml: values/string: "&" that begins no reference: write &amp; (line 1, column 37)`},
		{"a reference without an end", "values", values("<string>a&amp</string>"), `xml: values/string: "&" that begins no reference: write &amp; (line 1, column 36)`},
		{"references that mean markup are text", "values", values("<string>&lt;x>&#60;!DOCTYPE y></string>"), `{"string":"<x><!DOCTYPE y>"}`},
		{"twice escaped", "values", values("<string>&amp;lt;</string>"), `{"string":"&lt;"}`},
	})
}

// TestHostileCharacters is about bytes and the charset that they claim to be in.
func TestHostileCharacters(t *testing.T) {
	utf16 := func(order func(byte, byte) string, text string) string {
		var b strings.Builder
		for _, r := range text {
			b.WriteString(order(byte(r>>8), byte(r)))
		}
		return b.String()
	}
	big := func(high, low byte) string { return string([]byte{high, low}) }
	little := func(high, low byte) string { return string([]byte{low, high}) }
	zhenya := values("<string>Женя</string>")
	win := values("<string>\xc6\xe5\xed\xff</string>")
	koi := values("<string>\xf6\xc5\xce\xd1\xf6\xc5\xce\xd1</string>")
	declared := func(charset, doc string) string { return `<?xml version="1.0" encoding="` + charset + `"?>` + doc }
	try(t, []hostile{
		{"NUL", "values", values("<string>a\x00</string>"), `xml: the character U+0000 is not allowed in XML (line 1, column 36)`},
		{"NUL in a name", "values", values("<str\x00ing/>"), `xml: the character U+0000 is not allowed in XML (line 1, column 31)`},
		{"NUL behind the root", "values", values("") + "\x00", `xml: the character U+0000 is not allowed in XML (line 1, column 36)`},
		{"control character", "values", values("\n<string>a\x01</string>"), `xml: the character U+0001 is not allowed in XML (line 2, column 10)`},
		{"DEL and C1 are allowed", "values", values("<string>\x7f\u0085\u2028</string>"), "{\"string\":\"\x7f\u0085\u2028\"}"},
		{"no character", "values", values("<string>\uFFFE</string>"), `xml: the character U+FFFE is not allowed in XML (line 1, column 35)`},
		{"surrogates in UTF-8", "values", values("<string>\xed\xa0\xbd\xed\xb8\x80</string>"), `xml: the byte 0xED is not UTF-8 (line 1, column 35)`},
		{"overlong NUL", "values", values("<string>\xc0\x80</string>"), `xml: the byte 0xC0 is not UTF-8 (line 1, column 35)`},
		{"overlong <", "values", values("<string>\xe0\x80\xbcx></string>"), `xml: the byte 0xE0 is not UTF-8 (line 1, column 35)`},
		{"beyond Unicode", "values", values("<string>\xf4\x90\x80\x80</string>"), `xml: the byte 0xF4 is not UTF-8 (line 1, column 35)`},
		{"half a letter", "values", values("<string>Жен\xd1</string>"), `xml: the byte 0xD1 is not UTF-8 (line 1, column 38)`},
		{"half a letter before a tag's name", "values", values("<\xd1string/>"), `xml: the byte 0xD1 is not UTF-8 (line 1, column 28)`},
		{"BOM", "values", "\ufeff" + zhenya, `{"string":"Женя"}`},
		{"two BOMs", "values", "\ufeff\ufeff" + zhenya, `xml: text before the root element (line 1, column 1)`},
		{"BOM in a text stays", "values", values("<string>\ufeffa</string>"), "{\"string\":\"\ufeffa\"}"},
		{"BOM before a declaration of another charset", "values", "\ufeff" + declared("windows-1251", zhenya), `{"string":"Женя"}`},
		{"UTF-16, big end first", "values", big(0xFE, 0xFF) + utf16(big, zhenya), `{"string":"Женя"}`},
		{"UTF-16, little end first", "values", big(0xFF, 0xFE) + utf16(little, declared("UTF-16", zhenya)), `{"string":"Женя"}`},
		{"UTF-16 without a BOM", "values", utf16(little, zhenya), `{"string":"Женя"}`},
		{"UTF-16 of odd length", "values", big(0xFE, 0xFF) + utf16(big, zhenya) + ">", `charset: the document is in UTF-16, but at byte 114 stands no character of it`},
		{"UTF-16 with half a surrogate pair", "values", big(0xFE, 0xFF) + utf16(big, "<values xmlns='urn:kinds'><string>") + "\xd8\x3d" + utf16(big, "</string></values>"), `charset: the document is in UTF-16, but at byte 70 stands no character of it`},
		{"UTF-16 with the wrong half first", "values", big(0xFE, 0xFF) + utf16(big, "<values xmlns='urn:kinds'><string>") + "\xde\x00\xd8\x3d" + utf16(big, "</string></values>"), `charset: the document is in UTF-16, but at byte 70 stands no character of it`},
		{"UTF-16 with a character beyond 16 bits, and one that means a lost one", "values", big(0xFF, 0xFE) + utf16(little, "<values xmlns='urn:kinds'><string>") + "\x3d\xd8\x00\xde\xfd\xff" + utf16(little, "</string></values>"), "{\"string\":\"\U0001F600\uFFFD\"}"},
		{"windows-1251 with a byte that it lacks", "values", declared("windows-1251", values("<string>\xc6\x98</string>")), `charset: the document is in windows-1251, but at byte 80 stands no character of it`},
		{"half a BOM", "values", "\xfe" + zhenya, `xml: the byte 0xFE is not UTF-8 (line 1, column 1)`},
		{"a BOM and nothing", "values", "\ufeff", `xml: the document has no element (line 1, column 1)`},
		{"a BOM of UTF-16 and nothing", "values", "\xff\xfe", `xml: the document has no element (line 1, column 1)`},
		{"UTF-32", "values", "\x00\x00\xfe\xff\x00\x00\x00<", `xml: the character U+0000 is not allowed in XML (line 1, column 1)`},
		{"a lie: UTF-16 in single bytes", "values", declared("UTF-16", zhenya), `charset: the document claims to be UTF-16, but from byte 0 on it looks like a charset of single bytes: its sender must declare what it sends`},
		{"windows-1251", "values", declared("windows-1251", win), `{"string":"Женя"}`},
		{"KOI8-R", "values", declared("koi8-r", koi), `{"string":"ЖеняЖеня"}`},
		{"a lie: windows-1251 that is UTF-8", "values", declared("windows-1251", zhenya), `charset: the document claims to be windows-1251, but from byte 79 on it looks like UTF-8: its sender must declare what it sends`},
		{"a lie: UTF-8 that is windows-1251", "values", declared("UTF-8", win), `xml: the byte 0xC6 is not UTF-8; the document looks like windows-1251: its sender must declare what it sends (line 1, column 73)`},
		{"a lie: UTF-8 that is KOI8-R", "values", "\n" + koi, `xml: the byte 0xF6 is not UTF-8; the document looks like KOI8-R: its sender must declare what it sends (line 2, column 35)`},
		{"windows-1251 that is not declared", "values", win, `xml: the byte 0xC6 is not UTF-8; the document looks like windows-1251: its sender must declare what it sends (line 1, column 35)`},
		{"US-ASCII with letters beyond it", "values", declared("US-ASCII", zhenya), `{"string":"Женя"}`},
		{"unknown charset", "values", declared("klingon", zhenya), `charset: the charset klingon is not supported; supported are UTF-8, UTF-16, windows-1251, windows-1252, KOI8-R, IBM866, ISO-8859-1, ISO-8859-5, US-ASCII`},
		{"a charset without a name", "values", declared("", zhenya), `xml: "" is not the name of an encoding (line 1, column 1)`},
		{"a charset that is no name", "values", declared("../../etc", zhenya), `xml: "../../etc" is not the name of an encoding (line 1, column 1)`},
		{"a charset that XML tools fear", "values", declared("UTF-7", values("<string>+ADw-x+AD4-</string>")), `charset: the charset UTF-7 is not supported; supported are UTF-8, UTF-16, windows-1251, windows-1252, KOI8-R, IBM866, ISO-8859-1, ISO-8859-5, US-ASCII`},
		{"EBCDIC", "values", "\x4c\x6f\xa7\x94\x93\x40\xa5\x85\x99\xa2\x89\x96\x95", `xml: the byte 0xA7 is not UTF-8 (line 1, column 3)`},
	})
	for _, c := range []struct{ name, charset, doc, want string }{
		{"the header's charset stands above the declaration's", "windows-1251", declared("koi8-r", win), `{"string":"Женя"}`},
		{"a header that says UTF-8 by default", "utf-8", declared("windows-1251", win), `{"string":"Женя"}`},
		{"a header in quotes", `"UTF-8"`, zhenya, `{"string":"Женя"}`},
		{"a header that lies", "windows-1251", zhenya, `charset: the document claims to be windows-1251, but from byte 34 on it looks like UTF-8: its sender must declare what it sends`},
		{"a header that nobody knows", "x-unknown", zhenya, `charset: the charset x-unknown is not supported; supported are UTF-8, UTF-16, windows-1251, windows-1252, KOI8-R, IBM866, ISO-8859-1, ISO-8859-5, US-ASCII`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := answerTo(t, "values", c.doc, codec.Options{Charset: c.charset}); got != c.want {
				t.Errorf("\ngot  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestHostileMarkup is about what is no XML, and what is but looks as if it were not.
func TestHostileMarkup(t *testing.T) {
	try(t, []hostile{
		{"nothing", "values", "", `xml: the document has no element (line 1, column 1)`},
		{"white space alone", "values", " \n\t", `xml: the document has no element (line 2, column 2)`},
		{"a declaration alone", "values", `<?xml version="1.0"?>`, `xml: the document has no element (line 1, column 22)`},
		{"a comment alone", "values", "<!-- a -->", `xml: the document has no element (line 1, column 11)`},
		{"text", "values", "Bad Gateway", `xml: text before the root element (line 1, column 1)`},
		{"JSON", "values", `{"values":{}}`, `xml: text before the root element (line 1, column 1)`},
		{"text before the root", "values", "OK\n" + values(""), `xml: text before the root element (line 1, column 1)`},
		{"text after the root", "values", values("") + "\nOK", `xml: text after the root element (line 2, column 1)`},
		{"a second root", "values", values("") + "<values/>", `xml: a second root element (line 1, column 36)`},
		{"an end tag first", "values", "</values>", `xml: expected a name (line 1, column 2)`},
		{"an end tag too many", "values", values("") + "</values>", `xml: a second root element (line 1, column 36)`},
		{"elements that overlap", "values", values("<string><token></string></token>"), `xml: values/string: the end tag does not match <token> (line 1, column 42)`},
		{"an end tag in other letters", "values", values("<string></String>"), `xml: values/string: the end tag does not match <string> (line 1, column 35)`},
		{"an end tag that goes on", "values", values("<string></strings>"), `xml: values/string: the end tag does not match <string> (line 1, column 35)`},
		{"an end tag with an attribute", "values", values(`<string></string a="b">`), `xml: values/string: the end tag of <string> is not closed by ">" (line 1, column 44)`},
		{"an end tag with white space is fine", "values", values("<string>a</string \n>"), `{"string":"a"}`},
		{"white space before a name", "values", values("< string/>"), `xml: values: expected a name (line 1, column 28)`},
		{"white space in an empty tag's end", "values", values("<string/ >"), `xml: values: "/" inside a start tag (line 1, column 34)`},
		{"a name that begins with a digit", "values", values("<1/>"), `xml: values: a name that does not begin like one, or has a colon too many (line 1, column 28)`},
		{"a name that begins with a colon", "values", values("<:string/>"), `xml: values: a name that does not begin like one, or has a colon too many (line 1, column 28)`},
		{"a name that ends with a colon", "values", values("<a:/>"), `xml: values: expected a name (line 1, column 30)`},
		{"a name with two colons", "values", values(`<a:b:c xmlns:a="urn:a"/>`), `xml: values: a name that does not begin like one, or has a colon too many (line 1, column 28)`},
		{"a name with a dollar", "values", values("<a$b/>"), `xml: values: expected white space, ">" or "/>" in a start tag (line 1, column 29)`},
		{"a smiling name", "values", values("<\U0001F600/>"), `{} drift values/😀 (line 1, column 27)`},
		{"a lone <", "values", values("<string>1 < 2</string>"), `xml: values/string: expected a name (line 1, column 38)`},
		{"an attribute without quotes", "sum", inside("sum currency=RUB", "1"), `xml: the value of the attribute currency is not quoted (line 1, column 15)`},
		{"an attribute without a value", "sum", inside("sum currency", "1"), `xml: the attribute currency has no value (line 1, column 15)`},
		{"an attribute in typographic quotes", "sum", inside("sum currency=“RUB”", "1"), `xml: the value of the attribute currency is not quoted (line 1, column 15)`},
		{"attributes without white space between", "sum", inside(`sum currency="RUB"more="1"`, "1"), `xml: expected white space, ">" or "/>" in a start tag (line 1, column 20)`},
		{"an attribute with <", "sum", inside(`sum currency="<"`, "1"), `xml: "<" in the value of the attribute currency (line 1, column 16)`},
		{"an attribute twice", "sum", inside(`sum currency="RUB" currency="USD"`, "1"), `xml: the attribute currency stands twice in one tag (line 1, column 21)`},
		{"lines in an attribute are spaces, references to lines are kept", "sum", inside("sum currency=\"a\r\n\tb&#10;c\"", "1"), `{"_text":"1","currency":"a  b\nc"}`},
		{"CDATA without an end", "values", values("<string><![CDATA[a</string>"), `xml: values/string: a CDATA section without an end (line 1, column 35)`},
		{"the end of CDATA in a text", "values", values("<string>a]]>b</string>"), `xml: values/string: "]]>" in a text (line 1, column 36)`},
		{"CDATA in CDATA", "values", values("<string><![CDATA[a<![CDATA[b]]>c]]></string>"), `xml: values/string: "]]>" in a text (line 1, column 59)`},
		{"CDATA cut in two keeps its end", "values", values("<string><![CDATA[]]]]><![CDATA[>]]></string>"), `{"string":"]]>"}`},
		{"CDATA with a control character", "values", values("<string><![CDATA[\x02]]></string>"), `xml: the character U+0002 is not allowed in XML (line 1, column 44)`},
		{"CDATA in lower case", "values", values("<string><![cdata[a]]></string>"), `xml: values/string: a declaration inside the root element (line 1, column 35)`},
		{"CDATA outside the root", "values", "<![CDATA[a]]>" + values(""), `xml: a declaration outside the root element (line 1, column 1)`},
		{"CDATA in a number", "values", values("<long><![CDATA[ 7 ]]></long>"), `{"long":7}`},
		{"empty CDATA between elements", "values", values("<![CDATA[]]><long>7</long>"), `{"long":7}`},
		{"a comment in a number", "values", values("<long>1<!-- a -->7</long>"), `{"long":17}`},
		{"a comment without an end", "values", values("<!-- <string/>"), `xml: values: a comment without an end (line 1, column 27)`},
		{"a comment with two hyphens", "values", values("<!-- a -- b -->"), `xml: values: "--" inside a comment (line 1, column 34)`},
		{"a comment with three hyphens at its end", "values", values("<!-- a --->"), `xml: values: "--" inside a comment (line 1, column 34)`},
		{"an instruction in a number", "values", values("<long>1<?a b?>7</long>"), `{"long":17}`},
		{"instructions in odd places", "values", "<?a?><!-- b --><?c d?>" + values("<?e?><long>7</long><?f?>") + "<?g?>", `{"long":7}`},
		{"an instruction without an end", "values", values("<?a >"), `xml: values: a processing instruction without an end (line 1, column 27)`},
		{"an instruction without a name", "values", values("<? a?>"), `xml: values: expected a name (line 1, column 29)`},
		{"an instruction with a colon", "values", values("<?a:b c?>"), `xml: values: a colon in the target of a processing instruction (line 1, column 27)`},
		{"a style sheet is not fetched", "values", `<?xml version="1.0"?><?xml-stylesheet href="http://127.0.0.1/x.xsl"?>` + values(""), `{}`},
		{"a declaration behind white space", "values", ` <?xml version="1.0"?>` + values(""), `xml: an XML declaration that is not at the very beginning (line 1, column 2)`},
		{"a declaration inside", "values", values(`<?xml version="1.0"?>`), `xml: values: an XML declaration that is not at the very beginning (line 1, column 27)`},
		{"a declaration in capitals", "values", `<?XML version="1.0"?>` + values(""), `xml: an XML declaration that is not at the very beginning (line 1, column 1)`},
		{"XML 1.1", "values", `<?xml version="1.1"?>` + values(""), `xml: XML version "1.1" is not 1.0 (line 1, column 1)`},
		{"no version", "values", `<?xml encoding="UTF-8"?>` + values(""), `xml: an XML declaration without a version (line 1, column 1)`},
		{"standalone is a word", "values", `<?xml version="1.0" standalone="maybe"?>` + values(""), `xml: standalone is neither yes nor no in the XML declaration (line 1, column 1)`},
		{"a declaration in the wrong order", "values", `<?xml version="1.0" standalone="yes" encoding="UTF-8"?>` + values(""), `xml: the XML declaration holds more than version, encoding and standalone, in this order (line 1, column 1)`},
		{"a declaration without an end", "values", `<?xml version="1.0"`, `xml: an XML declaration without an end (line 1, column 1)`},
	})
}

// TestHostileNamespaces is about prefixes.
func TestHostileNamespaces(t *testing.T) {
	try(t, []hostile{
		{"an undeclared prefix", "values", values("<p:string/>"), `xml: values: the prefix "p" is not declared (line 1, column 28)`},
		{"an undeclared prefix of an attribute", "values", values(`<string p:a="b"/>`), `xml: values: the prefix "p" is not declared (line 1, column 35)`},
		{"an undeclared xsi", "order", inside("order", `<version xsi:nil="true"/>`), `xml: order: the prefix "xsi" is not declared (line 1, column 35)`},
		{"a prefix declared too late", "values", values(`<p:string/><x xmlns:p="urn:kinds"/>`), `xml: values: the prefix "p" is not declared (line 1, column 28)`},
		{"a prefix of a sister", "values", values(`<x xmlns:p="urn:kinds"/><p:string/>`), `xml: values: the prefix "p" is not declared (line 1, column 52)`},
		{"a prefix bound to nothing", "values", values(`<p:string xmlns:p=""/>`), `xml: values: the prefix p is bound to no namespace (line 1, column 37)`},
		{"a default namespace taken back", "values", values(`<string xmlns="">a</string>`), `{} drift values/string (line 1, column 27)`},
		{"a default namespace changed", "values", values(`<string xmlns="urn:other">a</string>`), `{} drift values/string (line 1, column 27)`},
		{"prefixes changed on the way", "values", `<p:values xmlns:p="urn:kinds"><q:string xmlns:q="urn:kinds" xmlns:p="urn:p">a</q:string><p:long>7</p:long></p:values>`, `{"long":7,"string":"a"}`},
		{"a declaration twice", "values", `<values xmlns="urn:kinds" xmlns="urn:kinds"/>`, `xml: the namespace declaration xmlns stands twice in one tag (line 1, column 27)`},
		{"a declaration of a prefix twice", "values", `<p:values xmlns:p="urn:kinds" xmlns:p="urn:other"/>`, `xml: the namespace declaration xmlns:p stands twice in one tag (line 1, column 31)`},
		{"xml bound to another namespace", "values", `<values xmlns="urn:kinds" xmlns:xml="urn:kinds"/>`, `xml: the prefix xml must not be bound to another namespace (line 1, column 27)`},
		{"xml bound to its own", "values", `<values xmlns="urn:kinds" xmlns:xml="http://www.w3.org/XML/1998/namespace"/>`, `{}`},
		{"another prefix for xml", "values", `<values xmlns="urn:kinds" xmlns:p="http://www.w3.org/XML/1998/namespace"/>`, `xml: the namespace http://www.w3.org/XML/1998/namespace belongs to the prefix xml (line 1, column 27)`},
		{"xml as the default namespace", "values", `<values xmlns="http://www.w3.org/XML/1998/namespace"/>`, `xml: the namespace http://www.w3.org/XML/1998/namespace belongs to the prefix xml (line 1, column 9)`},
		{"xmlns declared", "values", `<values xmlns="urn:kinds" xmlns:xmlns="urn:p"/>`, `xml: the prefix xmlns must not be declared (line 1, column 27)`},
		{"a prefix for xmlns", "values", `<values xmlns="urn:kinds" xmlns:p="http://www.w3.org/2000/xmlns/"/>`, `xml: the namespace http://www.w3.org/2000/xmlns/ must not be declared (line 1, column 27)`},
		{"an element with the prefix xmlns", "values", values(`<xmlns:string/>`), `xml: values: the prefix "xmlns" is not declared (line 1, column 28)`},
		{"an element with the prefix xml", "values", values(`<xml:string/>`), `{} drift values/string (line 1, column 27)`},
		{"one attribute by two prefixes", "values", values(`<string xmlns:p="urn:p" xmlns:q="urn:p" p:a="1" q:a="2"/>`), `xml: values: the attribute q:a stands twice in one tag (line 1, column 75)`},
		{"a namespace in other letters", "values", `<values xmlns="URN:kinds"/>`, `contract: the document is another one; expected {urn:kinds}values; found {URN:kinds}values (line 1, column 1)`},
		{"a namespace with a slash too many", "values", `<values xmlns="urn:kinds/"/>`, `contract: the document is another one; expected {urn:kinds}values; found {urn:kinds/}values (line 1, column 1)`},
		{"a namespace with white space", "values", `<values xmlns=" urn:kinds"/>`, `contract: the document is another one; expected {urn:kinds}values; found { urn:kinds}values (line 1, column 1)`},
		{"a namespace by references", "values", `<values xmlns="urn&#58;kinds"><long>7</long></values>`, `{"long":7}`},
		{"no namespace", "values", "<values/>", `contract: the document is another one; expected {urn:kinds}values; found values (line 1, column 1)`},
		{"a Cyrillic letter in a name", "values", values("<lоng>7</lоng>"), `{} drift values/lоng (line 1, column 27)`},
		{"xml:lang and xml:space where nobody declares them", "values", values(`<string xml:lang="ru" xml:space="preserve"> a </string>`), `{"string":" a "} drift values/string/@lang (line 1, column 35) drift values/string/@space (line 1, column 49)`},
	})
}

// TestHostileStructure is about well-formed XML that the contract does not allow, or that looks so.
func TestHostileStructure(t *testing.T) {
	const xsi = ` xmlns:i="http://www.w3.org/2001/XMLSchema-instance"`
	of := func(attrs, content string) string { return inside("frame"+xsi, "<of "+attrs+">"+content+"</of>") }
	try(t, []hostile{
		{"text between elements", "values", values("<long>7</long>x"), `contract: values: text where only elements may stand; found "x" (line 1, column 41)`},
		{"a no-break space between elements", "values", values("\u00a0<long>7</long>"), `contract: values: text where only elements may stand; found "\u00a0" (line 1, column 27)`},
		{"references to white space between elements", "values", values("&#32;<long>7</long>&#10;"), `{"long":7}`},
		{"text in front of what is missing", "all", inside("all", "<x>1</x>2"), `contract: all: text where only elements may stand; found "2" (line 1, column 32)`},
		{"an element in a text", "values", values("<string>a<b>c</b>d</string>"), `contract: values/string: an element interrupts the text; expected xs:string; found more text behind it: "d" (line 1, column 44; contract kinds.xsd:9:9)`},
		{"an element before a text", "values", values("<string> <b>c</b>d</string>"), `{"string":" d"} drift values/string/b (line 1, column 36)`},
		{"an element after a text", "values", values("<string>a<b>c</b> </string>"), `{"string":"a "} drift values/string/b (line 1, column 36)`},
		{"an element in a number", "values", values("<long>1<b>2</b>3</long>"), `contract: values/long: an element interrupts the text; expected xs:long; found more text behind it: "3" (line 1, column 42; contract kinds.xsd:13:9)`},
		{"an unknown attribute", "values", values(`<long a="b">7</long>`), `{"long":7} drift values/long/@a (line 1, column 33)`},
		{"an attribute in the element's namespace", "sum", inside(`sum xmlns:k="urn:kinds" k:currency="RUB"`, "1"), `contract: sum: an attribute is missing; expected @currency (line 1, column 1; contract kinds.xsd:77:11)`},
		{"an unknown element", "values", values("<secret><long>8</long></secret><long>7</long>"), `{"long":7} drift values/secret (line 1, column 27)`},
		{"an element twice", "values", values("<long>7</long><long>8</long>"), `contract: values: the element is out of place; expected byte, unsignedInt, integer, positive, unsignedLong, decimal, float, double or 15 others; found long (line 1, column 41)`},
		{"elements in the wrong order", "values", values("<byte>7</byte><long>8</long>"), `contract: values: the element is out of place; expected unsignedInt, integer, positive, unsignedLong, decimal, float, double, date or 14 others; found long (line 1, column 41)`},
		{"the root inside the root", "values", values(values("")), `{} drift values/values (line 1, column 27)`},
		{"a fixed value that is another", "order", inside("order", `<version>3</version><item id="1"><name>a</name></item><card>c</card>`), `{"card":"c","item":[{"id":1,"name":"a"}],"version":"3"}`},
		{"a fixed attribute that is another", "order", inside("order", `<version>2.1</version><item id="1" kind="bads"><name>a</name></item><card>c</card>`), `{"card":"c","item":[{"id":1,"kind":"bads","name":"a"}],"version":"2.1"}`},
		{"a default for an empty element, none for a blank one", "values", values("<default> </default>"), `contract: values/default: the value is not what the contract declares; expected xs:int; found " " (line 1, column 27; contract kinds.xsd:35:9)`},
		{"nil with text", "order", inside("order"+xsi, `<version>2.1</version><item id="1"><name>a</name></item><card>c</card><note i:nil="true">x</note>`), `contract: order/note: an element with xsi:nil must be empty (line 1, column 167)`},
		{"nil with a comment and white space", "order", inside("order"+xsi, `<version>2.1</version><item id="1"><name>a</name></item><card>c</card><note i:nil=" 1 "> <!-- --> </note>`), `{"card":"c","item":[{"id":1,"name":"a"}],"note":null,"version":"2.1"}`},
		{"nil in capitals", "maybe", inside("maybe"+xsi+` i:nil="TRUE"`, ""), `contract: maybe: xsi:nil is no boolean; expected true or false; found "TRUE" (line 1, column 1)`},
		{"nil that is not, and is empty", "maybe", inside("maybe"+xsi+` i:nil="false"`, ""), `contract: maybe: an element is missing; expected a; found the end of maybe (line 1, column 92; contract kinds.xsd:84:20)`},
		{"nil twice, by two prefixes", "maybe", inside("maybe"+xsi+` xmlns:j="http://www.w3.org/2001/XMLSchema-instance" i:nil="true" j:nil="false"`, ""), `xml: the attribute j:nil stands twice in one tag (line 1, column 125)`},
		{"nil without the namespace", "maybe", inside(`maybe nil="true"`, ""), `contract: maybe: an element is missing; expected a; found the end of maybe (line 1, column 37; contract kinds.xsd:84:20)`},
		{"the schema's location is not followed", "values", inside("values"+xsi+` i:schemaLocation="urn:kinds http://127.0.0.1/x.xsd"`, "<long>7</long>"), `{"long":7}`},
		{"a type that is abstract", "frame", of(`i:type="shape"`, ""), `contract: frame/of: the type shape is abstract; expected xsi:type with one of circle or square (line 1, column 78; contract kinds.xsd:165:34)`},
		{"a type that is unrelated", "frame", of(`i:type="item" id="1"`, "<name>a</name>"), `contract: frame/of: xsi:type names a type that does not derive from the declared one; expected {urn:kinds}shape; found {urn:kinds}item (line 1, column 78)`},
		{"a type that nobody knows", "frame", of(`i:type="triangle"`, ""), `contract: frame/of: xsi:type names a type that the contract does not have; found {urn:kinds}triangle (line 1, column 78)`},
		{"a type whose prefix nobody declares", "frame", of(`i:type="p:circle"`, "<radius>1</radius>"), `contract: frame/of: the prefix of xsi:type is not declared; found "p:circle" (line 1, column 78)`},
		{"a type without a name", "frame", of(`i:type=""`, ""), `contract: frame/of: xsi:type names a type that the contract does not have; found {urn:kinds} (line 1, column 78)`},
		{"a type of XML Schema's own", "frame", of(`xmlns:x="http://www.w3.org/2001/XMLSchema" i:type="x:anyType"`, ""), `contract: frame/of: xsi:type names a type that does not derive from the declared one; expected {urn:kinds}shape; found {http://www.w3.org/2001/XMLSchema}anyType (line 1, column 78)`},
		{"a type with white space around it", "frame", of(`i:type="&#10;circle "`, "<radius>1</radius>"), `{"of":{"_type":"{urn:kinds}circle","radius":1}}`},
		{"a type by the empty prefix of another namespace", "frame", of(`xmlns="urn:other" i:type="circle"`, ""), `contract: frame: an element is missing; expected of; found the end of frame (a of of the namespace "urn:other" stands on line 1) (line 1, column 121; contract kinds.xsd:165:34)`},
		{"a type for a number", "values", inside("values"+xsi, `<decimal xmlns:x="http://www.w3.org/2001/XMLSchema" i:type="x:int">7</decimal>`), `{"decimal":"7"}`},
		{"a type for a number that is unrelated", "values", inside("values"+xsi, `<decimal xmlns:x="http://www.w3.org/2001/XMLSchema" i:type="x:date">2024-01-01</decimal>`), `contract: values/decimal: xsi:type names a type that does not derive from the declared one; expected {http://www.w3.org/2001/XMLSchema}decimal; found {http://www.w3.org/2001/XMLSchema}date (line 1, column 79)`},
		{"a type for a number, and a value that is not of it", "values", inside("values"+xsi, `<decimal xmlns:x="http://www.w3.org/2001/XMLSchema" i:type="x:int">7.5</decimal>`), `{"decimal":"7.5"}`},
		{"a head that is abstract", "drawing", inside("drawing", "<shape/>"), `contract: drawing: an element is missing; expected circle or square; found the end of drawing (line 1, column 36; contract kinds.xsd:162:34)`},
		{"a member of a group, misspelt", "drawing", inside("drawing", "<cirсle><radius>1</radius></cirсle>"), `contract: drawing: an element is missing; expected circle or square; found the end of drawing (line 1, column 63; contract kinds.xsd:162:34)`},
		{"a wildcard for other namespaces takes no own", "open", inside("open", "<thing/>"), `{} drift open/thing (line 1, column 25)`},
		{"a wildcard's limit", "open", inside(`open xmlns:o="urn:o"`, "<o:a/><o:b/><o:c/>"), `contract: open: the element is out of place; found c (line 1, column 53)`},
		{"what a wildcard takes is checked all the same", "open", inside(`open xmlns:o="urn:o"`, "<o:a><o:b></o:a>"), `xml: open: the end tag does not match <o:b> (line 1, column 51)`},
		{"a wildcard's element with an undeclared prefix inside", "open", inside(`open xmlns:o="urn:o"`, "<o:a><p:b/></o:a>"), `xml: open: the prefix "p" is not declared (line 1, column 47)`},
	})
}

package scan

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// tokens writes a document's tokens in one line: <{uri}name @{uri}attribute=value> text </>.
func tokens(doc string, limits Limits) (string, error) {
	var s Scanner
	var b strings.Builder
	if err := s.Reset([]byte(doc), NewSpaces("urn:known"), limits); err != nil {
		return "", err
	}
	for {
		kind, err := s.Next()
		switch {
		case err != nil:
			return b.String(), err
		case kind == EOF:
			return strings.TrimSpace(b.String()), nil
		case kind == Start:
			b.WriteString("<" + clark(s.URI(s.Space()), s.Local()))
			for _, a := range s.Attrs() {
				fmt.Fprintf(&b, " %s=%q", clark(s.URI(a.Space), a.Local), a.Value)
			}
			b.WriteString("> ")
		case kind == Text:
			fmt.Fprintf(&b, "%q ", s.Text())
		case kind == End:
			b.WriteString("</> ")
		}
	}
}

func clark(uri string, local []byte) string {
	if uri == "" {
		return string(local)
	}
	return "{" + uri + "}" + string(local)
}

func TestTokens(t *testing.T) {
	for _, c := range []struct{ name, doc, want string }{
		{"one element", `<a/>`, `<a> </>`},
		{"declaration", `<?xml version="1.0" encoding='UTF-8' standalone="no" ?>` + "\n<a></a>\n", `<a> </>`},
		{"Cyrillic names", `<Ответ xmlns="urn:о"><ФИО>Ёлкин</ФИО></Ответ>`, `<{urn:о}Ответ> <{urn:о}ФИО> "Ёлкин" </> </>`},
		{"namespaces", `<p:a xmlns:p="u1" xmlns="u2" p:x="1" x="2"><b/><p:b xmlns:p="u3"/><p:c/></p:a>`,
			`<{u1}a {u1}x="1" x="2"> <{u2}b> </> <{u3}b> </> <{u1}c> </> </>`},
		{"default undeclared", `<a xmlns="u"><b xmlns=""/></a>`, `<{u}a> <b> </> </>`},
		{"one text across comments, instructions and CDATA", `<a>x<!-- c -->y<?p d?>z<![CDATA[<&>]]>&amp;&#x41;&#65;</a>`, `<a> "xyz<&>&AA" </>`},
		{"five entities", `<a b="&quot;&apos;">&lt;&gt;&amp;</a>`, `<a b="\"'"> "<>&" </>`},
		{"line ends", "<a b=\"1\r\n2\t3&#10;4\">x\r\ny\rz&#13;<![CDATA[\r\n]]></a>", `<a b="1 2 3\n4"> "x\ny\nz\r\n" </>`},
		{"the prefix xml needs no declaration", `<a xml:lang="ru"/>`, `<a {http://www.w3.org/XML/1998/namespace}lang="ru"> </>`},
		{"the prefix xml may be declared", `<a xmlns:xml="http://www.w3.org/XML/1998/namespace"/>`, `<a> </>`},
		{"white space in tags", "<a\n b = '1'\t></a\n>", `<a b="1"> </>`},
		{"brackets that end nothing", `<a>]] > ]>]]</a>`, `<a> "]] > ]>]]" </>`},
		{"an empty CDATA section", `<a><![CDATA[]]></a>`, `<a> </>`},
		{"around the root", "<!-- a --><?b?>\n<a/><?b c?><!-- d -->\n", `<a> </>`},
		{"a character beyond the plane", `<a>&#x1F600;😀</a>`, `<a> "😀😀" </>`},
		{"an attribute and its namesake of a namespace", `<a x="1" p:x="2" xmlns:p="u"/>`, `<a x="1" {u}x="2"> </>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := tokens(c.doc, Limits{})
			if err != nil || got != c.want {
				t.Errorf("got %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ name, doc, want string }{
		{"nothing", ``, `line 1, column 1: the document has no element`},
		{"text before", `x<a/>`, `line 1, column 1: text before the root element`},
		{"text after", "<a/>\n x", `line 2, column 2: text after the root element`},
		{"two roots", `<a/><b/>`, `line 1, column 5: a second root element`},
		{"DTD", `<!DOCTYPE a SYSTEM "http://x/"><a/>`, `line 1, column 1: a document type declaration (DTD) is not allowed`},
		{"entity bomb", `<!DOCTYPE a [<!ENTITY b "bb">]><a>&b;</a>`, `line 1, column 1: a document type declaration (DTD) is not allowed`},
		{"unknown entity", `<a>&nbsp;</a>`, `line 1, column 4: the entity &nbsp; is not defined`},
		{"bare ampersand", `<a>R&D</a>`, `line 1, column 5: "&" that begins no reference: write &amp;`},
		{"reference to nothing", `<a>&#0;</a>`, `line 1, column 4: the reference &#0; means no character`},
		{"reference to half a character", `<a>&#xD800;</a>`, `line 1, column 4: the reference &#xD800; means no character`},
		{"reference beyond Unicode", `<a>&#x110000;</a>`, `line 1, column 4: the reference &#x110000; means no character`},
		{"mismatched", `<a><b></a></b>`, `line 1, column 7: the end tag does not match <b>`},
		{"longer end tag", `<a></ab>`, `line 1, column 4: the end tag does not match <a>`},
		{"other prefix, same namespace", `<p:a xmlns:p="u" xmlns:q="u"></q:a>`, `line 1, column 30: the end tag does not match <p:a>`},
		{"unclosed", `<a><b/>`, `line 1, column 8: the document ends inside <a>`},
		{"half a tag", `<a><`, `line 1, column 4: the document ends inside a tag`},
		{"half a tag behind a text", `<a>x<`, `line 1, column 5: the document ends inside a tag`},
		{"undeclared prefix", `<p:a/>`, `line 1, column 2: the prefix "p" is not declared`},
		{"undeclared prefix of an attribute", `<a p:x=""/>`, `line 1, column 4: the prefix "p" is not declared`},
		{"prefix out of scope", `<a><b xmlns:p="u"/><p:c/></a>`, `line 1, column 21: the prefix "p" is not declared`},
		{"duplicate attribute", `<a x="1" x="2"/>`, `line 1, column 10: the attribute x stands twice in one tag`},
		{"duplicate by expanded name", `<a xmlns:p="u" xmlns:q="u" p:x="1" q:x="2"/>`, `line 1, column 36: the attribute q:x stands twice in one tag`},
		{"duplicate declaration", `<a xmlns:p="u" xmlns:p="u"/>`, `line 1, column 16: the namespace declaration xmlns:p stands twice in one tag`},
		{"prefix bound to nothing", `<a xmlns:p=""/>`, `line 1, column 4: the prefix p is bound to no namespace`},
		{"xml bound elsewhere", `<a xmlns:xml="u"/>`, `line 1, column 4: the prefix xml must not be bound to another namespace`},
		{"another prefix for xml's namespace", `<a xmlns:x="http://www.w3.org/XML/1998/namespace"/>`, `line 1, column 4: the namespace http://www.w3.org/XML/1998/namespace belongs to the prefix xml`},
		{"xmlns declared", `<a xmlns:xmlns="u"/>`, `line 1, column 4: the prefix xmlns must not be declared`},
		{"xmlns' namespace declared", `<a xmlns="http://www.w3.org/2000/xmlns/"/>`, `line 1, column 4: the namespace http://www.w3.org/2000/xmlns/ must not be declared`},
		{"xmlns on an element", `<xmlns:a/>`, `line 1, column 2: the prefix "xmlns" is not declared`},
		{"no value", `<a x/>`, `line 1, column 5: the attribute x has no value`},
		{"unquoted value", `<a x=1/>`, `line 1, column 6: the value of the attribute x is not quoted`},
		{"no space between attributes", `<a x="1"y="2"/>`, `line 1, column 9: expected white space, ">" or "/>" in a start tag`},
		{"less-than in a value", `<a x="<"/>`, `line 1, column 7: "<" in the value of the attribute x`},
		{"end of a CDATA section alone", `<a>]]></a>`, `line 1, column 4: "]]>" in a text`},
		{"dashes in a comment", `<a><!-- -- --></a>`, `line 1, column 9: "--" inside a comment`},
		{"a comment that ends in three dashes", `<a><!-- ---></a>`, `line 1, column 9: "--" inside a comment`},
		{"open comment", `<a><!-- `, `line 1, column 4: a comment without an end`},
		{"open CDATA", `<a><![CDATA[`, `line 1, column 4: a CDATA section without an end`},
		{"open instruction", `<a><?p `, `line 1, column 4: a processing instruction without an end`},
		{"late declaration", ` <?xml version="1.0"?><a/>`, `line 1, column 2: an XML declaration that is not at the very beginning`},
		{"a target that looks like one", `<a><?XmL x?></a>`, `line 1, column 4: an XML declaration that is not at the very beginning`},
		{"version", `<?xml version="1.1"?><a/>`, `line 1, column 1: XML version "1.1" is not 1.0`},
		{"no version", `<?xml encoding="UTF-8"?><a/>`, `line 1, column 1: an XML declaration without a version`},
		{"order in the declaration", `<?xml version="1.0" standalone="yes" encoding="UTF-8"?><a/>`, `line 1, column 1: the XML declaration holds more than version, encoding and standalone, in this order`},
		{"standalone", `<?xml version="1.0" standalone="maybe"?><a/>`, `line 1, column 1: standalone is neither yes nor no in the XML declaration`},
		{"control character", "<a>\x01</a>", `line 1, column 4: the character U+0001 is not allowed in XML`},
		{"U+FFFE", "<a>\uFFFE</a>", `line 1, column 4: the character U+FFFE is not allowed in XML`},
		{"bad UTF-8", "<a>\xff</a>", `line 1, column 4: the byte 0xFF is not UTF-8`},
		{"overlong", "<a>\xc0\xaf</a>", `line 1, column 4: the byte 0xC0 is not UTF-8`},
		{"surrogate", "<a>\xed\xa0\x80</a>", `line 1, column 4: the byte 0xED is not UTF-8`},
		{"non-XML white space", "<a\u00a0b=''/>", `line 1, column 3: the character '\u00a0' in a name`},
		{"name", `<1a/>`, `line 1, column 2: a name that does not begin like one, or has a colon too many`},
		{"two colons", `<a:b:c/>`, `line 1, column 2: a name that does not begin like one, or has a colon too many`},
		{"empty local name", `<a: xmlns:a="u"/>`, `line 1, column 4: expected a name`},
		{"declaration inside", `<a><!ELEMENT b></a>`, `line 1, column 4: a declaration inside the root element`},
		{"column counts characters", "<Ёж>\n  Ёж&x;</Ёж>", `line 2, column 5: the entity &x; is not defined`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := tokens(c.doc, Limits{})
			if err == nil || err.Error() != c.want {
				t.Errorf("got %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name, doc, want string
		limits          Limits
	}{
		{"bytes", `<a>12345</a>`, "line 1, column 1: the document is larger than 11 bytes", Limits{Bytes: 11}},
		{"depth", `<a><b><c/></b></a>`, "line 1, column 7: elements nested deeper than 2", Limits{Depth: 2}},
		{"elements", `<a><b/><b/></a>`, "line 1, column 8: more than 2 elements", Limits{Elements: 2}},
		{"attributes", `<a b="" c="" d=""/>`, "line 1, column 14: more than 2 attributes", Limits{Attributes: 2}},
		{"name", `<abc/>`, "line 1, column 2: a name of more than 2 bytes", Limits{Name: 2}},
		{"text", `<a>1<!-- -->23</a>`, "line 1, column 4: a text of more than 2 bytes", Limits{Text: 2}},
		{"value", `<a b="123"/>`, "line 1, column 7: an attribute value of more than 2 bytes", Limits{Text: 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := tokens(c.doc, c.limits)
			var e *Error
			if !errors.As(err, &e) || !e.Limit || err.Error() != c.want {
				t.Errorf("got %v\nwant %s", err, c.want)
			}
		})
	}
}

// TestResolveAfterEnd resolves prefixes in the text of an element that has just ended, as its own declarations say.
func TestResolveAfterEnd(t *testing.T) {
	for _, doc := range []string{
		`<a xmlns:p="outer"><b xmlns:p="own">p:x</b></a>`,
		`<a xmlns:p="outer"><b xmlns:p="own"><c xmlns:p="inner"/>p:x</b></a>`,
		`<a xmlns:p="outer"><b xmlns:p="own"><c xmlns:p="inner"><d xmlns:p="innermost"/></c></b></a>`,
	} {
		var s Scanner
		if err := s.Reset([]byte(doc), NewSpaces(), Limits{}); err != nil {
			t.Fatal(err)
		}
		resolved := func() string {
			space, _ := s.Resolve([]byte("p"))
			return s.URI(space)
		}
		depth := 0
		for kind := Start; kind != EOF; {
			var err error
			if kind, err = s.Next(); err != nil {
				t.Fatal(err)
			}
			switch kind {
			case Start:
				depth++
			case End:
				want := map[int]string{1: "outer", 2: "own", 3: "inner", 4: "innermost"}[depth]
				if got := resolved(); got != want {
					t.Errorf("%s: at the end of depth %d p is %q, not %q", doc, depth, got, want)
				}
				depth--
			}
		}
	}
}

func TestRaw(t *testing.T) {
	for _, c := range []struct{ name, doc, want string }{
		{"declarations from outside", `<a xmlns="d" xmlns:p="u" xmlns:q="v"><p:b p:x="1"/></a>`, `<p:b xmlns:p="u" xmlns="d" p:x="1"/>`},
		{"its own win", `<a xmlns:p="u"><p:b xmlns:p="w"><p:c/></p:b></a>`, `<p:b xmlns:p="w"><p:c/></p:b>`},
		{"prefixes that it does not have", `<a xmlns:p="u" xmlns:q="v" xmlns:b="w"><b xmlns:bp="x"><bp:c d="pq:"/></b></a>`, `<b xmlns:bp="x"><bp:c d="pq:"/></b>`},
		{"prefixes in values", `<a xmlns:p="u&amp;v"><b type="p:t"/></a>`, `<b xmlns:p="u&amp;v" type="p:t"/>`},
		{"as written", "<a><b>\r\n<!-- c --><![CDATA[x]]></b></a>", "<b>\r\n<!-- c --><![CDATA[x]]></b>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s Scanner
			if err := s.Reset([]byte(c.doc), NewSpaces(), Limits{}); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if kind, err := s.Next(); err != nil || kind != Start {
					t.Fatal(kind, err)
				}
			}
			got, err := s.AppendRaw(nil)
			if err != nil || string(got) != c.want {
				t.Errorf("got %s, %v\nwant %s", got, err, c.want)
			}
			if kind, err := s.Next(); err != nil || kind != End {
				t.Errorf("then %v, %v: want the end of <a>", kind, err)
			}
		})
	}
}

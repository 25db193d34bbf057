package codec_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"sluice/contracts/jsonschema"
	"sluice/contracts/xsd/codec"
	"sluice/contracts/xsd/scan"
)

// TestHostileSize reads what is large in every way that XML can be. Time and memory are in proportion to the document.
func TestHostileSize(t *testing.T) {
	many := func(n int, s string) string { return strings.Repeat(s, n) }
	numbered := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	const most = time.Second // many times what is needed, less than what the square of any of these takes
	mega := 1 << 16          // of units of a few bytes each
	if raced {
		mega = 1 << 11
	}
	for _, c := range []struct {
		name, element string
		doc           func() string
		o             codec.Options
		want          string // the beginning of the answer
	}{
		{"10 MB of white space between elements", "values", func() string { return values(many(10<<20, " ") + "<long>7</long>") }, codec.Options{}, `{"long":7}`},
		{"a lot of white space in a tag", "values", func() string { return values("<long" + many(10*mega, "\n") + ">7</long>") }, codec.Options{}, `{"long":7}`},
		{"a lot of white space in a number", "values", func() string { return values("<long>" + many(5*mega, " \n") + "7</long>") }, codec.Options{}, `{"long":7}`},
		{"a lot of white space in a token", "values", func() string { return values("<token>a" + many(5*mega, " \n") + "b</token>") }, codec.Options{}, `{"token":"a b"}`},
		{"a lot of comments", "values", func() string { return values(many(mega, "<!-- x -->") + "<long>7</long>") }, codec.Options{}, `{"long":7}`},
		{"a lot of comments in a text", "values", func() string { return values("<string>" + many(mega, "a<!--x-->") + "</string>") }, codec.Options{}, `{"string":"aaaa`},
		{"a lot of instructions", "values", func() string { return values(many(2*mega, "<?a?>") + "<long>7</long>") }, codec.Options{}, `{"long":7}`},
		{"a lot of CDATA", "values", func() string { return values("<string>" + many(mega, "<![CDATA[a]]>") + "</string>") }, codec.Options{}, `{"string":"aaaa`},
		{"a lot of references", "values", func() string { return values("<string>" + many(2*mega, "&#97;") + "</string>") }, codec.Options{}, `{"string":"aaaa`},
		{"a lot of digits", "values", func() string { return values("<decimal>" + many(10*mega, "9") + "</decimal>") }, codec.Options{}, `{"decimal":"9999`},
		{"a lot of digits for a long", "values", func() string { return values("<long>" + many(10*mega, "9") + "</long>") }, codec.Options{}, `contract: values/long: the value is not what the contract declares; expected xs:long; found "9999`},
		{"a lot of zeros", "values", func() string { return values("<long>" + many(10*mega, "0") + "7</long>") }, codec.Options{}, `{"long":7}`},
		{"a lot of digits for a double", "values", func() string { return values("<double>." + many(10*mega, "3") + "</double>") }, codec.Options{}, `{"double":0.3333333333333333}`},
		{"a lot of digits for a year", "values", func() string { return values("<date>" + many(10*mega, "9") + "-01-01</date>") }, codec.Options{}, `{"date":"9999`},
		{"a lot of a list", "values", func() string { return values("<ints>" + many(5*mega, "1 ") + "</ints>") }, codec.Options{}, `{"ints":[1,1,1,1`},
		{"a lot of drift", "values", func() string { return values(many(mega, "<a/>")) }, codec.Options{}, `{} drift values/a (line 1, column 27)`},
		{"a lot of drift, with namespaces", "values", func() string { return values(numbered(2*mega, `<a xmlns="%d"/>`)) }, codec.Options{}, `{} drift values/a (line 1, column 27)`},
		{"a lot of drift, with prefixes", "values", func() string { return values(numbered(2*mega, `<a xmlns:b%[1]d="%[1]d"/>`)) }, codec.Options{}, `{} drift values/a (line 1, column 27)`},
		{"a lot of drift among text", "text", func() string { return inside("text", many(mega, "a<c/>")) }, codec.Options{}, `{"_items":[{"_text":"aaaa`},
		{"a lot of entries", "steps", func() string { return inside("steps", many(mega, "<go>7</go>")) }, codec.Options{}, `{"_items":[{"go":7},{"go":7}`},
		{"a lot of an attribute", "sum", func() string { return inside(`sum currency="`+many(10*mega, "a")+`"`, "1") }, codec.Options{}, `{"_text":"1","currency":"aaaa`},
		{"a lot of a name", "values", func() string { return values("<" + many(10*mega, "a") + "/>") }, codec.Options{}, `limit: values: a name of more than 1000 bytes (line 1, column 28)`},
		{"a lot of depth", "values", func() string { return values(many(3*mega, "<a>")) }, codec.Options{}, `limit: values: elements nested deeper than 200`},
		{"a lot of end tags", "values", func() string { return values(many(2*mega, "</a>")) }, codec.Options{}, `xml: values: the end tag does not match <values>`},
		{"a lot of <", "values", func() string { return values(many(10*mega, "<")) }, codec.Options{}, `xml: values: expected a name`},
		{"a lot of [", "values", func() string { return values("<string>" + many(10*mega, "]") + "</string>") }, codec.Options{}, `{"string":"]]]]`},
		{"a lot of &", "values", func() string { return values("<string>" + many(10*mega, "&") + "</string>") }, codec.Options{}, `xml: values/string: "&" that begins no reference`},
		{"256 attributes", "values", func() string { return values("<long" + numbered(256, ` a%d=""`) + ">7</long>") }, codec.Options{}, `{"long":7} drift values/long/@a0`},
		{"257 attributes", "values", func() string { return values("<long" + numbered(257, ` a%d=""`) + ">7</long>") }, codec.Options{}, `limit: values: more than 256 attributes`},
		{"many attributes", "values", func() string { return values("<long" + numbered(mega, ` a%d=""`) + ">7</long>") }, codec.Options{}, `limit: values: more than 256 attributes`},
		{"256 attributes, two alike", "values", func() string { return values("<long" + numbered(255, ` a%d=""`) + ` a7="">7</long>`) }, codec.Options{}, `xml: values: the attribute a7 stands twice in one tag`},
		{"many namespaces bound at once", "values", func() string { return values(many(199, "<a"+numbered(255, ` xmlns:p%d="u"`)+">") + many(mega, "<b/>")) }, codec.Options{}, `limit: values: more than 1000 prefixes bound at once`},
		{"a wildcard's prefixes", "open", func() string {
			return inside("open"+numbered(250, ` xmlns:p%d="urn:p"`), many(2, "<p0:a>"+many(mega, "<p1:b/>")+"</p0:a>"))
		}, codec.Options{}, `{"_any":["<p0:a xmlns=\"urn:kinds\" xmlns:p1=\"urn:p\" xmlns:p0=\"urn:p\"><p1:b/><p1:b/>`},
		{"a long namespace for every wildcard", "loose", func() string {
			return inside(`loose xmlns:p="`+many(1<<16, "u")+`"`, many(100, "<p:a/>"))
		}, codec.Options{Limits: scan.Limits{Bytes: 1 << 20}}, `limit: loose: what wildcards took needs more than 1048576 bytes of namespace declarations`},
		{"beyond the bound", "values", func() string { return many(1<<20+1, " ") }, codec.Options{Limits: scan.Limits{Bytes: 1 << 20}}, `limit: the document is larger than 1048576 bytes`},
		{"beyond the bound twice", "values", func() string { return many(2<<20+3, " ") }, codec.Options{Limits: scan.Limits{Bytes: 1 << 20}}, `limit: the document is larger than 1048576 bytes`},
		{"beyond the bound when it is UTF-8", "values", func() string { return `<?xml version="1.0" encoding="windows-1251"?>` + many(600<<10, "\xe6") }, codec.Options{Limits: scan.Limits{Bytes: 1 << 20}}, `limit: the document is larger than 1048576 bytes`},
		{"text beyond its bound", "values", func() string { return values("<string>" + many(100, "a") + "</string>") }, codec.Options{Limits: scan.Limits{Text: 99}}, `limit: values/string: a text of more than 99 bytes`},
		{"text in pieces beyond its bound", "values", func() string { return values("<string>" + many(50, "aa<!-- -->") + "</string>") }, codec.Options{Limits: scan.Limits{Text: 99}}, `limit: values/string: a text of more than 99 bytes`},
		{"an attribute beyond its bound", "sum", func() string { return inside(`sum currency="`+many(100, "a")+`"`, "1") }, codec.Options{Limits: scan.Limits{Text: 99}}, `limit: an attribute value of more than 99 bytes`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, doc := message(t, c.element), []byte(c.doc())
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := cpuTime()
			r, err := m.DecodeWith(doc, c.o)
			took := cpuTime() - start
			runtime.ReadMemStats(&after)
			got := ""
			if err != nil {
				got = classOf(t, err) + ": " + err.Error()
			} else {
				out, err := jsonschema.AppendJSON(nil, r.Tree.Get(c.element))
				if err != nil {
					t.Fatal(err)
				}
				got = string(out)
				if len(r.Drift) > 0 {
					got += " drift " + r.Drift[0].String()
				}
			}
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("\ngot  %.300s\nwant %s", got, c.want)
			}
			// An item of a list is 16 bytes of the tree for two of the document.
			things := uint64(bytes.Count(doc, []byte("<")))
			used := after.TotalAlloc - before.TotalAlloc
			if bound := 8*uint64(len(doc)) + 500*things + 1<<20; used > bound && c.o.Limits == (scan.Limits{}) {
				t.Errorf("%d bytes of memory for %d bytes and %d pieces of markup, more than %d", used, len(doc), things, bound)
			}
			if took > most && !raced {
				t.Errorf("took %v of a processor, more than %v", took, most)
			}
		})
	}
}

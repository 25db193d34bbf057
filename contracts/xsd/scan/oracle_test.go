package scan

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jacoelho/xsd/pkg/xmlstream"
	"github.com/jacoelho/xsd/pkg/xmltext"
)

// oracleTokens is what tokens says, by github.com/jacoelho/xsd's tokenizer.
func oracleTokens(doc []byte) (string, error) {
	r, err := xmlstream.NewReader(bytes.NewReader(doc), xmlstream.JoinOptions(
		xmltext.ResolveEntities(true), xmltext.CoalesceCharData(true), xmltext.Strict(true), xmltext.MaxDepth(200)))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	text := ""
	flush := func() {
		if text != "" {
			fmt.Fprintf(&b, "%q ", text)
		}
		text = ""
	}
	depth := 0
	for {
		ev, err := r.Next()
		if errors.Is(err, io.EOF) {
			return strings.TrimSpace(b.String()), nil
		}
		if err != nil {
			return b.String(), err
		}
		switch ev.Kind {
		case xmlstream.EventStartElement:
			flush()
			depth++
			b.WriteString("<" + clark(string(ev.Name.Namespace), []byte(ev.Name.Local)))
			for _, a := range ev.Attrs {
				if string(a.Name.Namespace) == xmlnsURI || a.Name.Namespace == "" && a.Name.Local == "xmlns" {
					continue
				}
				fmt.Fprintf(&b, " %s=%q", clark(string(a.Name.Namespace), []byte(a.Name.Local)), a.Value)
			}
			b.WriteString("> ")
		case xmlstream.EventEndElement:
			flush()
			depth--
			b.WriteString("</> ")
		case xmlstream.EventCharData:
			if depth > 0 {
				text += string(ev.Text)
			}
		case xmlstream.EventDirective:
			return b.String(), errors.New("a directive")
		}
	}
}

// outsideOracle says whether a document holds what the oracle is known to see differently: names by the fourth
// edition's tables, xmlns:p="", and what it leaves to its caller.
func outsideOracle(doc []byte, ours error) bool {
	for _, r := range string(doc) {
		cyrillic := r >= 0x401 && r <= 0x481 && r != 0x40D && r != 0x450 && r != 0x45D
		if r >= utf8.RuneSelf && isNameChar(r) && !cyrillic {
			return true
		}
	}
	if targetColon.Match(doc) || reservedTarget.Match(doc) {
		return true
	}
	if ours != nil {
		// Two prefixes of one namespace are two names to the oracle.
		if m := twice.FindStringSubmatch(ours.Error()); m != nil && strings.Count(string(doc), m[1]) < 2 {
			return true
		}
	}
	for _, known := range []string{
		// Namespaces in XML 1.0 says so; the oracle does not look.
		"is bound to no namespace", "belongs to the prefix xml", "does not begin like one",
		"reference &#X", // XML 1.0 §4.1 wants a small x
		"(DTD)", "a declaration outside",
	} {
		if ours != nil && strings.Contains(ours.Error(), known) {
			return true
		}
	}
	return false
}

// targetColon finds the targets of processing instructions that Namespaces in XML 1.0 refuses.
var targetColon = regexp.MustCompile(`<\?[^?\s]*:`)

var twice = regexp.MustCompile(`the attribute (\S+) stands twice in one tag`)

// reservedTarget finds xml in other letters, which XML 1.0 §2.6 reserves.
var reservedTarget = regexp.MustCompile(`<\?(X[Mm][Ll]|xM[Ll]|xmL)`)

// spaceRuns are what the oracle leaves as written: it normalises neither line ends nor attribute values.
var spaceRuns = regexp.MustCompile(`(?:\\[rnt]|\s)+`)

// compare says whether the oracle could be asked.
func compare(t *testing.T, doc []byte) (asked bool) {
	t.Helper()
	got, ours := tokens(string(doc), Limits{})
	if outsideOracle(doc, ours) {
		return false
	}
	want, theirs := oracleTokens(doc)
	if theirs != nil && strings.Contains(theirs.Error(), "unsupported encoding") {
		return false // which encodings there are is for Transcode
	}
	if (ours == nil) != (theirs == nil) || ours == nil && spaceRuns.ReplaceAllString(got, " ") != spaceRuns.ReplaceAllString(want, " ") {
		t.Errorf("%q\nwe say %s, %v\noracle %s, %v", doc, got, ours, want, theirs)
	}
	return true
}

var seeds = []string{
	`<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<с:Запрос xmlns:с="urn:с" xmlns="urn:d" Версия="2.1"><ФИО>Ёлкин &amp; сын</ФИО><пусто/><!-- x --><?pi y?><![CDATA[<&]]></с:Запрос>`,
	"<a b='1' c=\"2&#10;\t\r\n\" xml:lang='ru'>\r\n<p:d xmlns:p='u' p:e='f'>]] &gt; &#x41;</p:d></a>\n",
	`<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Header/><soap:Body><m xmlns="urn:m"><x>1</x></m></soap:Body></soap:Envelope>`,
	`<a xmlns:xml="http://www.w3.org/XML/1998/namespace" xmlns:p="u" xmlns:q="u"><p:b q:x="1" x="2"></p:b></a>`,
}

// pieces are what a mutation puts in.
var pieces = []string{
	"<", ">", "/", "&", ";", "\"", "'", "=", " ", "\t", "\r", "\n", "\r\n", "]]>", "--", "-->", "<!--", "<![CDATA[", "]]", "<?", "?>", "<?xml", "<?xml version='1.0'?>",
	"&amp;", "&#65;", "&#x0;", "&#xFFFF;", "&x;", "&#", "xmlns", "xmlns:", "xmlns:p=\"u\"", "xmlns=\"\"", "xml:", ":", "a:", "p:", "<a>", "</a>", "<a/>", "x=\"1\"", "x='1' ",
	"\x00", "\x0b", "\x7f", "\u0085", "\u00a0", "\u2028", "\ufeff", "\ufffe", "\uffff", "\ufffd", "\xff", "\xc3", "\xed\xa0\x80", "Ё", "😀", "<!DOCTYPE a>", "1", "-", ".", "_", "version", "encoding", "standalone=\"no\"",
}

func mutate(r *rand.Rand, doc []byte) []byte {
	for range 1 + r.IntN(3) {
		at := r.IntN(len(doc) + 1)
		switch r.IntN(5) {
		case 0: // put in
			p := pieces[r.IntN(len(pieces))]
			doc = append(doc[:at:at], append([]byte(p), doc[at:]...)...)
		case 1: // cut out
			end := min(len(doc), at+1+r.IntN(4))
			doc = append(doc[:at:at], doc[end:]...)
		case 2: // put in the place of
			p := pieces[r.IntN(len(pieces))]
			end := min(len(doc), at+len(p))
			doc = append(doc[:at:at], append([]byte(p), doc[end:]...)...)
		case 3: // double a stretch
			end := min(len(doc), at+1+r.IntN(20))
			doc = append(doc[:end:end], doc[at:]...)
		case 4: // flip a bit
			if at < len(doc) {
				doc = bytes.Clone(doc)
				doc[at] ^= 1 << r.IntN(8)
			}
		}
	}
	return doc
}

// TestAgainstOracle mutates documents and wants the same verdict and the same tokens of as many as SLUICE_MUTANTS says.
func TestAgainstOracle(t *testing.T) {
	n := 5_000
	if text := os.Getenv("SLUICE_MUTANTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	made, alike := 0, 0
	for ; alike < n && !t.Failed(); made++ {
		if compare(t, mutate(r, []byte(seeds[made%len(seeds)]))) {
			alike++
		}
	}
	t.Logf("%d mutants, %d of them compared with the oracle, which sees the others differently", made, alike)
}

func FuzzScanner(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) { compare(t, doc) })
}

package mtom_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"sluice/contracts/mtom"
)

const related = `multipart/related; boundary="b 1"; type="application/xop+xml"; start="<root@x>"; start-info="text/xml"`

// crlf makes the line ends of MIME.
func crlf(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }

func TestOpen(t *testing.T) {
	const root = "--b 1\nContent-Type: application/xop+xml; charset=windows-1251; type=\"text/xml\"\nContent-ID: <root@x>\n\n<a/>\n"
	const first = "--b 1\ncontent-id: <a b@x>\nContent-Type: image/png\n\n\x89PNG\n\n--b 12\n-- b 1\n"
	const second = "--b 1\nContent-Transfer-Encoding: BASE64\nContent-ID: 2\n\n0J\nY=\n"
	for _, c := range []struct{ name, contentType, message, want string }{
		{"MTOM", related, crlf(root + first + second + "--b 1--\n"), `<a/> windows-1251 [a b@x image/png "\x89PNG\r\n\r\n--b 12\r\n-- b 1"] [2  "Ж"]`},
		{"with bare line feeds", related, root + second + "--b 1--", `<a/> windows-1251 [2  "Ж"]`},
		{"the root is not the first", related, crlf(second + root + "--b 1--\n"), `<a/> windows-1251 [2  "Ж"]`},
		{"a preamble and an epilogue", related, crlf("This is MIME.\n" + root + "--b 1--\n--b 1\n\nmore"), `<a/> windows-1251`},
		{"no start", `multipart/related; boundary="b 1"`, crlf(second + "--b 1--\n"), `Ж `},
		{"empty bodies", `multipart/related; boundary="b 1"`, crlf("--b 1\n\n\n--b 1\n\n\n--b 1--"), `  [  ""]`},
		{"quoted-printable", `multipart/related; boundary=b`, crlf("--b\nContent-Transfer-Encoding: quoted-printable\n\na=3Db=\n\n--b--"), "a=b "},
		{"content type unknown", "", crlf(root + second + "--b 1--\n"), `<a/> windows-1251 [2  "Ж"]`},
		{"no multipart", "text/xml; charset=utf-8", "<a/>", `<a/> utf-8`},
		{"no content type, no multipart", "", "<a/>", `<a/> `},
		{"a content type that is none", ";", "<a/>", `<a/> `},

		{"cut off", related, crlf(root + first), `the multipart message is cut off: its last delimiter is missing`},
		{"nothing", related, "", `the multipart message is cut off: its last delimiter is missing`},
		{"no part", related, "--b 1--", `the multipart message has no part`},
		{"no boundary", "multipart/related", root, `the multipart message has no boundary that could be one`},
		{"no root", related, crlf(second + "--b 1--"), `the multipart message has no part with the Content-ID <root@x>, which should be its root`},
		{"malformed headers", related, crlf("--b 1\nno header\n\nx\n--b 1--"), `part 1 of the multipart message: its headers are malformed`},
		{"endless headers", related, crlf("--b 1\nX: " + strings.Repeat("x\n ", 9000) + "\n--b 1--"), `part 1 of the multipart message: no empty line within 8192 bytes ends its headers`},
		{"base64 that is none", related, crlf("--b 1\nContent-Transfer-Encoding: base64\n\n?\n--b 1--"), `part 1 of the multipart message: it is not the base64 that it claims to be`},
		{"an encoding that nobody knows", related, crlf("--b 1\nContent-Transfer-Encoding: gzip\n\n?\n--b 1--"), `part 1 of the multipart message: the transfer encoding "gzip" is none`},
		{"too many parts", related, strings.Repeat("--b 1\n\n\n", 1002), `the multipart message has more than 1000 parts`},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := mtom.Open(c.contentType, []byte(c.message))
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = string(m.Root.Body) + " " + m.Charset()
				for _, p := range m.Parts {
					got += fmt.Sprintf(" [%s %s %q]", p.ID, p.Type, p.Body)
				}
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestPackage opens what was packed, and finds the attachments by their references.
func TestPackage(t *testing.T) {
	parts := []mtom.Part{{ID: "1@x", Type: "application/octet-stream", Body: []byte("\r\n--sluice\x00")}, {ID: "фото", Type: "image/png", Body: nil}}
	root := mtom.Part{Type: "application/soap+xml", Body: []byte("<a/>")}
	packed, contentType := mtom.Package(root, "urn:go", true, parts)
	if again, _ := mtom.Package(root, "urn:go", true, parts); !bytes.Equal(again, packed) {
		t.Error("the same message gives other bytes")
	}
	for _, want := range []string{`multipart/related`, `type="application/xop+xml"`, `start-info="application/soap+xml"`, `action="urn:go"`, `start="<message@sluice>"`} {
		if !strings.Contains(contentType, want) {
			t.Errorf("%s lacks %s", contentType, want)
		}
	}
	for _, contentType := range []string{contentType, ""} {
		m, err := mtom.Open(contentType, packed)
		if err != nil {
			t.Fatal(err)
		}
		if m.Root.Type != `application/xop+xml; charset=UTF-8; type="application/soap+xml"` || string(m.Root.Body) != "<a/>" || len(m.Parts) != 2 {
			t.Fatalf("opened %+v", m)
		}
		if got, ok := m.Attachment("cid:%D1%84%D0%BE%D1%82%D0%BE"); !ok || len(got) != 0 {
			t.Errorf("by an escaped reference: %q, %v", got, ok)
		}
		if rest := m.Rest(); len(rest) != 1 || !reflect.DeepEqual(rest[0], parts[0]) {
			t.Errorf("the rest is %+v", rest)
		}
		if _, ok := m.Attachment("http://x/1@x"); ok {
			t.Error("a reference that is no cid: was found")
		}
	}
	packed, contentType = mtom.Package(mtom.Part{Type: "text/xml", Body: []byte("<a/>")}, "", false, nil)
	if m, err := mtom.Open(contentType, packed); err != nil || m.Root.Type != "text/xml; charset=UTF-8" || strings.Contains(contentType, "xop") {
		t.Errorf("with attachments beside it: %+v, %v, %s", m, err, contentType)
	}
}

func FuzzOpen(f *testing.F) {
	packed, contentType := mtom.Package(mtom.Part{Type: "text/xml", Body: []byte("<a/>")}, "", true, []mtom.Part{{ID: "1", Type: "image/png", Body: []byte("x")}})
	f.Add(contentType, packed)
	f.Add("", packed)
	f.Fuzz(func(t *testing.T, contentType string, message []byte) {
		if m, err := mtom.Open(contentType, message); err == nil {
			total := len(m.Root.Body)
			for _, p := range m.Parts {
				total += len(p.Body)
			}
			if total > len(message) {
				t.Errorf("%d bytes of %d", total, len(message))
			}
		}
	})
}

package scan

import (
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

func TestTranscode(t *testing.T) {
	const text = `<Ответ Город="Ёбург">Пушкин № 5 «да»</Ответ>`
	win := func(s string) []byte { b, _ := charmap.Windows1251.NewEncoder().Bytes([]byte(s)); return b }
	koi := func(s string) []byte { b, _ := charmap.KOI8R.NewEncoder().Bytes([]byte(s)); return b }
	wide := func(e unicode.Endianness, s string) []byte {
		b, _ := unicode.UTF16(e, unicode.UseBOM).NewEncoder().Bytes([]byte(s))
		return b
	}
	const koiText = `<Ответ>Пушкин</Ответ>`
	for _, c := range []struct {
		name    string
		doc     []byte
		header  string
		want    string
		wantErr string
	}{
		{"UTF-8", []byte(text), "", text, ""},
		{"UTF-8 with a BOM", []byte("\ufeff" + text), "", text, ""},
		{"a BOM wins over the header", []byte("\ufeff" + text), "windows-1251", text, ""},
		{"declared windows-1251", win(`<?xml version="1.0" encoding="windows-1251"?>` + text), "", `<?xml version="1.0" encoding="windows-1251"?>` + text, ""},
		{"header windows-1251", win(text), "WINDOWS-1251", text, ""},
		{"the header wins over the declaration", win(`<?xml version="1.0" encoding="koi8-r"?>` + text), "windows-1251", `<?xml version="1.0" encoding="koi8-r"?>` + text, ""},
		{"a header that says UTF-8 by habit", win(`<?xml version="1.0" encoding="windows-1251"?>` + text), "utf-8", `<?xml version="1.0" encoding="windows-1251"?>` + text, ""},
		{"KOI8-R", koi(`<?xml version="1.0" encoding="KOI8-R"?>` + koiText), "", `<?xml version="1.0" encoding="KOI8-R"?>` + koiText, ""},
		{"UTF-16 big end first", wide(unicode.BigEndian, text), "", text, ""},
		{"UTF-16 little end first", wide(unicode.LittleEndian, text), "", text, ""},
		{"UTF-16 without a BOM", wide(unicode.LittleEndian, text)[2:], "", text, ""},
		{"unknown", []byte(`<?xml version="1.0" encoding="EBCDIC"?><a/>`), "", "",
			"the charset EBCDIC is not supported; supported are UTF-8, UTF-16, windows-1251, windows-1252, KOI8-R, IBM866, ISO-8859-1, ISO-8859-5, US-ASCII"},
		{"a lie", []byte(`<?xml version="1.0" encoding="windows-1251"?>` + text), "", "",
			"the document claims to be windows-1251, but from byte 46 on it looks like UTF-8: its sender must declare what it sends"},
		{"UTF-16 that is none", []byte(`<?xml version="1.0" encoding="UTF-16"?><a/>`), "", "",
			"the document claims to be UTF-16, but from byte 0 on it looks like a charset of single bytes: its sender must declare what it sends"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Transcode(c.doc, c.header)
			switch {
			case c.wantErr != "":
				if err == nil || err.Error() != c.wantErr {
					t.Errorf("got %v\nwant %s", err, c.wantErr)
				}
			case err != nil || string(got) != c.want:
				t.Errorf("got %s, %v\nwant %s", got, err, c.want)
			}
		})
	}
	t.Run("undeclared windows-1251 is named", func(t *testing.T) {
		_, err := tokens(string(win(text)), Limits{})
		want := "line 1, column 2: the byte 0xCE is not UTF-8; the document looks like windows-1251: its sender must declare what it sends"
		if err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	})
}

func TestEncode(t *testing.T) {
	for _, c := range []struct{ name, xml, charset, want, wantErr string }{
		{"windows-1251", `<Я а="№">ёж 😀</Я>`, "windows-1251", "<?xml version=\"1.0\" encoding=\"windows-1251\"?>\n<\xdf \xe0=\"\xb9\">\xb8\xe6 &#128512;</\xdf>", ""},
		{"a reference in a value", `<a b="x>😀" c='<'/>`, "windows-1251", "<?xml version=\"1.0\" encoding=\"windows-1251\"?>\n<a b=\"x>&#128512;\" c='<'/>", ""},
		{"UTF-8", `<Я/>`, "UTF-8", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Я/>", ""},
		{"a name", `<ÿ/>`, "windows-1251", "", `the character 'ÿ' stands in markup, and windows-1251 does not have it`},
		{"a comment", `<a>€<!-- ÿ --></a>`, "windows-1251", "", `the character 'ÿ' stands in markup, and windows-1251 does not have it`},
		{"unknown", `<a/>`, "EBCDIC", "", "the charset EBCDIC is not supported; supported are UTF-8, UTF-16, windows-1251, windows-1252, KOI8-R, IBM866, ISO-8859-1, ISO-8859-5, US-ASCII"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Encode([]byte(c.xml), c.charset)
			switch {
			case c.wantErr != "":
				if err == nil || err.Error() != c.wantErr {
					t.Errorf("got %v\nwant %s", err, c.wantErr)
				}
			case err != nil || string(got) != c.want:
				t.Errorf("got %q, %v\nwant %q", got, err, c.want)
			}
		})
	}
	t.Run("there and back", func(t *testing.T) {
		for _, name := range charsets {
			encoded, err := Encode([]byte(`<a b="Ж">Ж 😀</a>`), name)
			if err != nil {
				t.Fatal(name, err)
			}
			back, err := Transcode(encoded, "")
			if err != nil {
				t.Fatal(name, err)
			}
			if got, err := tokens(string(back), Limits{}); err != nil || got != `<a b="Ж"> "Ж 😀" </>` {
				t.Errorf("%s: got %s, %v", name, got, err)
			}
		}
	})
}

package codec_test

import (
	"strings"
	"testing"

	"sluice/contracts/jsonschema"
	"sluice/contracts/tree"
	"sluice/contracts/xsd/codec"
)

// TestLenient reads elements in an order that is not the contract's where they can mean one thing only, and says so.
func TestLenient(t *testing.T) {
	const moved = `the element does not stand where the contract has it`
	for _, c := range []struct{ name, element, content, message, want string }{
		{"in order", "order", `<version>2.1</version><item id="1"><name>a</name></item><card>c</card><note>n</note><tag>t</tag>`,
			`{"order":{"card":"c","item":[{"id":1,"name":"a"}],"note":"n","tag":["t"],"version":"2.1"}}`, ""},
		{"backwards", "order", `<tag>t</tag><note>n</note><card>c</card><item id="1"><name>a</name></item><version>2.1</version>`,
			`{"order":{"card":"c","item":[{"id":1,"name":"a"}],"note":"n","tag":["t"],"version":"2.1"}}`, "order/tag (line 1, column 26): " + moved},
		{"a list in two pieces", "order", `<item id="1"><name>a</name></item><version>2.1</version><item id="2"><name>b</name></item><card>c</card>`,
			`{"order":{"card":"c","item":[{"id":1,"name":"a"},{"id":2,"name":"b"}],"version":"2.1"}}`, "order/item (line 1, column 26): " + moved},
		{"at depth", "order", `<version>2.1</version><item id="1"><name>a</name></item><item id="2"><part id="3"><name>p</name></part><name>b</name></item><card>c</card>`,
			`{"order":{"card":"c","item":[{"id":1,"name":"a"},{"id":2,"name":"b","part":[{"id":3,"name":"p"}]}],"version":"2.1"}}`, "order/item[2]/part (line 1, column 95): " + moved},
		{"among what is unknown", "order", `<new/><card>c</card><new/><item id="1"><name>a</name></item><version>2.1</version>`,
			`{"order":{"card":"c","item":[{"id":1,"name":"a"}],"version":"2.1"}}`,
			"order/new (line 1, column 26)\norder/card (line 1, column 32): " + moved + "\norder/new (line 1, column 46)"},
		{"still too many", "order", `<card>c</card><version>2.1</version>` + strings.Repeat(`<item id="1"><name>a</name></item>`, 4), "",
			`order: an element is missing before this one; expected version; found card (line 1, column 26)`},
		{"still both branches", "order", `<card>c</card><account>d</account><version>2.1</version><item id="1"><name>a</name></item>`, "",
			`order: an element is missing before this one; expected version; found card (line 1, column 26)`},
		{"still missing", "order", `<card>c</card><version>2.1</version>`, "", `order: an element is missing before this one; expected version; found card (line 1, column 26)`},
		{"where the order is part of the message", "again", `<a>1</a><b>2</b><b>3</b><a>4</a>`, "", `again: an element is missing before this one; expected a; found b (line 1, column 42)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := message(t, c.element).DecodeWith([]byte(inside(c.element, c.content)), codec.Options{Lenient: true})
			if c.message == "" {
				if err == nil || err.Error() != c.want {
					t.Errorf("got  %v, %v\nwant %s", r.Tree, err, c.want)
				}
				return
			}
			var drift []string
			for _, d := range r.Drift {
				drift = append(drift, d.String())
			}
			message, _ := jsonschema.AppendJSON(nil, r.Tree)
			if err != nil || string(message) != c.message || strings.Join(drift, "\n") != c.want {
				t.Errorf("got  %s\n%s, %v\nwant %s\n%s", message, strings.Join(drift, "\n"), err, c.message, c.want)
			}
		})
	}
}

// TestLenientCharset reads what is UTF-8 for certain, whatever it claims to be.
func TestLenientCharset(t *testing.T) {
	text := inside("values", "<string>Женя</string>")
	for _, c := range []struct{ name, doc, charset, want string }{
		{"a declaration that lies", `<?xml version="1.0" encoding="windows-1251"?>` + text, "", `the document claims to be windows-1251, but from byte 79 on it looks like UTF-8: its sender must declare what it sends`},
		{"a header that lies", text, "windows-1251", `the document claims to be windows-1251, but from byte 34 on it looks like UTF-8: its sender must declare what it sends`},
		{"UTF-16 by habit", `<?xml version="1.0" encoding="utf-16"?>` + text, "", `the document claims to be utf-16, but from byte 0 on it looks like a charset of single bytes: its sender must declare what it sends`},
		{"no lie", text, "utf-8", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := message(t, "values").DecodeWith([]byte(c.doc), codec.Options{Charset: c.charset, Lenient: true})
			got := ""
			for _, d := range r.Drift {
				got += d.String()
			}
			if err != nil || got != c.want || r.Tree.Get("values").(*tree.Object).Get("string") != "Женя" {
				t.Errorf("got  %v, %q, %v\nwant %q", r.Tree, got, err, c.want)
			}
		})
	}
	if _, err := message(t, "values").DecodeWith([]byte("<?xml version='1.0' encoding='UTF-8'?><values xmlns='urn:kinds'><string>\xc6\xe5\xed\xff</string></values>"), codec.Options{Lenient: true}); err == nil {
		t.Error("a guess about single bytes was taken for certain")
	}
}

package examples

import (
	"strings"
	"testing"
)

func TestDifferenceXML(t *testing.T) {
	for _, c := range []struct{ name, a, b, want string }{
		{"prefixes", `<a:x xmlns:a="u" a:k="1"><a:y/></a:x>`, `<x xmlns="u" xmlns:b="u" b:k="1"><y></y></x>`, ""},
		{"white space between elements", "<x>\n  <y>1</y>\n</x>", "<x><y>1</y></x>", ""},
		{"white space in a text", "<x> 1</x>", "<x>1</x>", `/x is "1", expected " 1"`},
		{"comments and declarations", `<?xml version="1.0"?><!-- c --><x/>`, "<x/>", ""},
		{"namespace", `<x xmlns="u"/>`, `<x xmlns="v"/>`, "/x is {v}x, expected {u}x"},
		{"order of attributes", `<x a="1" b="2"/>`, `<x b="2" a="1"/>`, ""},
		{"an attribute's value", `<x a="1"/>`, `<x a="2"/>`, `/x/@a is "2", expected "1"`},
		{"a missing attribute", `<x a="1"/>`, `<x/>`, "/x/@a is missing"},
		{"another attribute", `<x/>`, `<x a="1"/>`, "/x/@a is there and was not expected"},
		{"a missing element", `<x><y/></x>`, `<x/>`, "/x/y is missing"},
		{"another element", `<x/>`, `<x><y/></x>`, "/x/y is there and was not expected"},
		{"order of elements", `<x><y/><z/></x>`, `<x><z/><y/></x>`, "/x/y is z, expected y"},
		{"type by namespace", `<x xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:a="u" i:type="a:T"/>`,
			`<x xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:b="u" i:type="b:T"/>`, ""},
		{"another type", `<x xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:a="u" i:type="a:T"/>`,
			`<x xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:a="v" i:type="a:T"/>`, `/x/@type is "{v}T", expected "{u}T"`},
		{"mixed content", "<x>a<y/>b</x>", "<x>a<y/>c</x>", "expected"},
	} {
		got, err := DifferenceXML([]byte(c.a), []byte(c.b))
		if err != nil || c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	for _, broken := range []string{"", "<x>", "<x></y>", `<?xml version="1.0" encoding="windows-1251"?><x/>`} {
		if _, err := DifferenceXML([]byte("<x/>"), []byte(broken)); err == nil {
			t.Errorf("%q passed", broken)
		}
	}
}

func TestDifferenceJSON(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{`{"a":1,"b":[1]}`, `{"b":[1.0],"a":1}`, ""},
		{`{"a":1}`, `{"a":"1"}`, `/a is "1", expected 1`},
		{`{"a":1}`, `{}`, "/a is missing"},
		{`{}`, `{"a":1}`, "/a is there and was not expected"},
		{`[1,2]`, `[1]`, "the whole has 1 items, expected 2"},
		{`{"a":[{"b":true}]}`, `{"a":[{"b":false}]}`, "/a/0/b is false, expected true"},
		{`{"a":{}}`, `{"a":null}`, "/a is null, expected {}"},
	} {
		if got, err := DifferenceJSON([]byte(c.a), []byte(c.b)); err != nil || got != c.want {
			t.Errorf("%s and %s: %q, %v; want %q", c.a, c.b, got, err, c.want)
		}
	}
}

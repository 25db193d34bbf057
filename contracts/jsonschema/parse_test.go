package jsonschema

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"sluice/contracts/tree"
)

func TestParseJSON(t *testing.T) {
	for text, want := range map[string]any{
		` {"a":[1, -2.5 ,true,false,null,"x"]} `: tree.Of("a", []any{int64(1), -2.5, true, false, nil, "x"}),
		`{}`:                                     new(tree.Object),
		`[]`:                                     []any{},
		`"\u0424\u0418\u041e \ud83d\ude00\n\"\\\/"`: "ФИО 😀\n\"\\/",
		`"Ёжик"`:                              "Ёжик",
		`007.`[1:2]:                           int64(0),
		`1.0`:                                 int64(1),
		`-1e3`:                                int64(-1000),
		`9223372036854775807`:                 int64(math.MaxInt64),
		`9223372036854775808`:                 json.Number("9223372036854775808"),
		`12345678901234567890123`:             json.Number("12345678901234567890123"),
		`0.30000000000000004`:                 0.30000000000000004,
		`0.1234567890123456789`:               json.Number("0.1234567890123456789"),
		`100.00000000000000002`:               json.Number("100.00000000000000002"),
		`1e300`:                               1e300,
		"\ufeff\"after a BOM\"":               "after a BOM",
		`{"a/b":{"~":[]},"":0}`:               tree.Of("a/b", tree.Of("~", []any{}), "", int64(0)),
		`"` + strings.Repeat("я", 3000) + `"`: strings.Repeat("я", 3000),
	} {
		got, err := ParseJSON([]byte(text), Limits{})
		if err != nil || !tree.Equal(got, want) {
			t.Errorf("%.60s: got %v, %v", text, got, err)
		}
	}
}

func TestParseJSONRefuses(t *testing.T) {
	for _, c := range []struct {
		text, code   string
		line, column int
		pointer      string
	}{
		{``, "end", 1, 1, ""},
		{`{"a":1,"a":2}`, "duplicate-key", 1, 8, "/a"},
		{`{"x":{"a":1,"\u0061":2}}`, "duplicate-key", 1, 13, "/x/a"},
		{"{\"я\": [1,\n  2,,3]}", "value", 2, 5, "/я/2"},
		{`{"a/b":{"~c":x}}`, "value", 1, 14, "/a~1b/~0c"},
		{`[1] 2`, "trailing-data", 1, 5, ""},
		{`{"a":1,}`, "key", 1, 8, ""},
		{`{a:1}`, "key", 1, 2, ""},
		{`1e-400`, "number-out-of-range", 1, 1, ""},
		{`{"a" 1}`, "colon", 1, 6, ""},
		{`{"a":1 "b":2}`, "comma-or-brace", 1, 8, ""},
		{`[1 2]`, "comma-or-bracket", 1, 4, ""},
		{`[1`, "end", 1, 3, ""},
		{`01`, "trailing-data", 1, 2, ""},
		{`-`, "end", 1, 2, ""},
		{`1.x`, "digit", 1, 3, ""},
		{`1e`, "end", 1, 3, ""},
		{`+1`, "value", 1, 1, ""},
		{`NaN`, "value", 1, 1, ""},
		{`nul`, "value", 1, 1, ""},
		{`1e999`, "number-out-of-range", 1, 1, ""},
		{strings.Repeat("1", 101), "number-too-long", 1, 1, ""},
		{"\"a\tb\"", "control-character", 1, 3, ""},
		{`"a`, "unclosed-string", 1, 3, ""},
		{`"\x"`, "bad-escape", 1, 2, ""},
		{`"\u12"`, "bad-escape", 1, 2, ""},
		{`"\ud800"`, "unpaired-surrogate", 1, 2, ""},
		{`"\udc00\ud800"`, "unpaired-surrogate", 1, 2, ""},
		{`"\ud800\u0041"`, "unpaired-surrogate", 1, 2, ""},
		{"[\"ok\", \"я\xff\"]", "bad-utf8", 1, 10, "/1"},
		{"\"\\n\xff\"", "bad-utf8", 1, 4, ""},
		{"\"\xff\\n\"", "bad-utf8", 1, 2, ""},
		{"{\"\xff\":1}", "bad-utf8", 1, 3, ""},
		{"\"\xed\xa0\x80\"", "bad-utf8", 1, 2, ""},
		{strings.Repeat("[", 65), "too-deep", 1, 65, strings.Repeat("/0", 64)},
		{"[" + strings.Repeat("0,", 2000) + "0]", "too-many-values", 1, 3998, "/1998"},
		{`"` + strings.Repeat("a", 5000) + `"`, "too-large", 1, 5001, ""},
		{`"\u0000"`, "no-xml-character", 1, 2, ""},
		{`"\b"`, "no-xml-character", 1, 2, ""},
		{"\"я\uffff\"", "no-xml-character", 1, 3, ""},
	} {
		_, err := ParseJSON([]byte(c.text), Limits{Bytes: 5000, Values: 1999, XMLSafe: true})
		var e *SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%.40q: got %v, want %s", c.text, err, c.code)
			continue
		}
		if e.Code != c.code || e.Line != c.line || e.Column != c.column || e.Pointer != c.pointer {
			t.Errorf("%.40q: got %s at %d:%d %q, want %s at %d:%d %q", c.text, e.Code, e.Line, e.Column, e.Pointer, c.code, c.line, c.column, c.pointer)
		}
		if strings.Contains(e.EN, "%!") || strings.Contains(e.RU, "%!") || e.RU == "" {
			t.Errorf("%.40q: bad wording %q / %q", c.text, e.EN, e.RU)
		}
	}
}

// TestParseJSONKeepsNothing shows that a small string of a big text doesn't hold the text.
func TestParseJSONKeepsNothing(t *testing.T) {
	text := []byte(`{"a":"short","big":"` + strings.Repeat("x", 1<<20) + `"}`)
	v, err := ParseJSON(text, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range text {
		text[i] = '!'
	}
	if got := v.(*tree.Object).Get("a"); got != "short" {
		t.Errorf("the tree points into the text: %q", got)
	}
}

func TestAppendJSON(t *testing.T) {
	message := tree.Of("я", []any{nil, true, int64(-7), 7, 0.1, 1e21, json.Number("18446744073709551616")}, "a", "q\"\\\n\r\t\x01<&>\u2028\xff", "", new(tree.Object))
	got, err := AppendJSON([]byte("> "), message)
	want := `> {"":{},"a":"q\"\\\n\r\t\u0001<&>` + "\u2028\ufffd" + `","я":[null,true,-7,7,0.1,1e+21,18446744073709551616]}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v\nwant %s", got, err, want)
	}
	for text, bad := range map[string]any{
		"writing JSON: /a~1b/1: JSON has no NaN":    tree.Of("a/b", []any{0, math.NaN()}),
		"writing JSON: /: no tree holds a []string": []string{"x"},
		`writing JSON: /n: "1x" is no number`:       tree.Of("n", json.Number("1x")),
	} {
		if _, err := AppendJSON(nil, bad); err == nil || err.Error() != text {
			t.Errorf("got %v, want %s", err, text)
		}
	}
}

// FuzzParseJSON holds the parser against encoding/json: what it accepts, the other reads as the same value; what it
// refuses, the other refuses too unless the rule is one that encoding/json lacks.
func FuzzParseJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5,"x",null,true]}`, `"\ud83d\ude00"`, `{"a":1,"a":2}`, `[[[[]]]]`, `1e5`, `-0.0`, `"я\u0000"`, "\"\xff\"", `9223372036854775808`, `100.00000000000000002`, `{"":{"":0}}`} {
		f.Add([]byte(seed))
	}
	stricter := map[string]bool{"duplicate-key": true, "bad-utf8": true, "unpaired-surrogate": true, "too-deep": true, "number-too-long": true, "no-xml-character": true, "number-out-of-range": true}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := ParseJSON(data, Limits{})
		var oracle any
		d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff"))))
		d.UseNumber()
		oracleErr := d.Decode(&oracle)
		if oracleErr == nil && json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), new(json.RawMessage)) != nil {
			oracleErr = errors.New("trailing data")
		}
		if err != nil {
			e := err.(*SyntaxError)
			if e.Line < 1 || e.Column < 1 || !utf8.ValidString(e.EN) {
				t.Fatalf("bad error %#v", e)
			}
			if oracleErr == nil && !stricter[e.Code] {
				t.Fatalf("refused: %v", err)
			}
			return
		}
		if oracleErr != nil {
			t.Fatalf("accepted %q, encoding/json says %v", data, oracleErr)
		}
		if !equal(v, tree.From(oracle)) {
			t.Fatalf("read %v, encoding/json %v", v, oracle)
		}
		out, err := AppendJSON(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseJSON(out, Limits{})
		if err != nil || !equal(v, again) {
			t.Fatalf("wrote %s, read back %v, %v", out, again, err)
		}
	})
}

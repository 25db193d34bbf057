package codec_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"sluice/contracts/tree"
	"sluice/contracts/xsd/codec"
)

// TestXOP writes long binaries as references and reads them back; short ones stay where they are.
func TestXOP(t *testing.T) {
	m := message(t, "values")
	schema, err := kinds()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		size     int
		attached bool
	}{{0, false}, {10, false}, {765, false}, {768, true}, {100_000, true}} {
		var kept [][]byte
		attach := func(content []byte) string {
			kept = append(kept, content)
			return fmt.Sprintf("cid:%d&x", len(kept))
		}
		value := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a", c.size)))
		xml, err := codec.AppendAttaching(nil, schema, m.Element(), tree.Of("base64", value, "string", strings.Repeat("x", 5000)), attach)
		if err != nil || len(kept) > 0 != c.attached || strings.Contains(string(xml), "<xop:Include") != c.attached {
			t.Fatalf("%d bytes: attached %d, %v\n%.300s", c.size, len(kept), err, xml)
		}
		find := func(href string) ([]byte, bool) {
			return kept[0], href == "cid:1&x"
		}
		r, err := m.DecodeWith(xml, codec.Options{Strict: true, Attachment: find})
		if err != nil || r.Tree.Get("values").(*tree.Object).Get("base64") != value {
			t.Errorf("%d bytes came back as %.100v, %v", c.size, r.Tree, err)
		}
	}
	const include = `<xop:Include xmlns:xop="` + codec.XOPURI + `" href="cid:none"/>`
	none := func(string) ([]byte, bool) { return nil, false }
	for _, c := range []struct{ name, content, want string }{
		{"no such attachment", "<base64>\n " + include + "\n</base64>", `values/base64: the message has no such attachment; found "cid:none" (line 2, column 2)`},
		{"in a text", "<string>a" + include + "</string>", ""},
	} {
		r, err := m.DecodeWith([]byte(inside("values", c.content)), codec.Options{Attachment: none})
		if c.want == "" && (err != nil || len(r.Drift) != 1) || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%s: %v, drift %v, %v", c.name, r.Tree, r.Drift, err)
		}
	}
}

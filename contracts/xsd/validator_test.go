package xsd_test

import (
	"os"
	"strings"
	"testing"

	"sluice/contracts/tree"
	"sluice/contracts/wsdl"
	"sluice/contracts/xsd"
	"sluice/contracts/xsd/codec"
)

// TestValidator checks what only facets forbid, over schemas that import each other and one inside a WSDL.
func TestValidator(t *testing.T) {
	d, err := wsdl.Load(os.DirFS("../agencies"), "zags/registry.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	s := d.Schema()
	v, err := s.Validator()
	if err != nil {
		t.Fatal(err)
	}
	e, err := s.Element(xsd.Name{Local: "ОтзывЗапроса"})
	if err != nil {
		t.Fatal(err)
	}
	write := func(number string) []byte {
		out, err := codec.ForElement(s, e).Append(nil, tree.Of("ОтзывЗапроса", tree.Of("Номер", number, "Причина", "Передумал")))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	if err := v.Validate(write("001-0000001/2026")); err != nil {
		t.Errorf("a sound message: %v", err)
	}
	if err := v.Validate(write("no number at all")); err == nil || !strings.Contains(err.Error(), "Номер") {
		t.Errorf("a number against its pattern: %v", err)
	}
}

package main

import (
	"strings"
	"testing"
)

// TestContractsPage runs the page's commands. What the page says of trees and limits is held in contracts/xsd/codec.
func TestContractsPage(t *testing.T) {
	out := shell(t, "contracts.md", strings.ReplaceAll(blocks(t, "contracts.md"), `$PWD/bin:`, ""))
	for _, word := range []string{
		"registry.wsdl: ok, 3 operations", "notification.wsdl: ok, 1 operations", "operation ЗарегистрироватьЗапрос", "ЗапросСостояния  an object",
		"<р:ЗапросСостояния ", `"ЗапросСостояния": {`, "valid", "expected Номер or ИдентификаторСообщения (contract ", "refused, as it should be",
	} {
		if !strings.Contains(out, word) {
			t.Errorf("nothing says %q in\n%.4000s", word, out)
		}
	}
}

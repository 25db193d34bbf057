package builtin

import (
	"context"
	"strings"
	"testing"

	"sluice/adapters"
	"sluice/adapters/adaptertest"
	"sluice/contracts/canonical"
	"sluice/contracts/xsd/scan"
)

// TestSpoiltReplies spoils one place of a valid answer. What the contract does not allow is ambiguous, for the agency has
// acted, and the reason says where; only a code that a table lacks is taken, raw.
func TestSpoiltReplies(t *testing.T) {
	const truncated = "nothing follows"
	byName := map[string]adaptertest.Kit{}
	for _, k := range kits(t) {
		byName[k.Agency.Name] = k
	}
	for _, row := range []struct {
		agency, name, from, to string
		says                   string // in the reason; "" when the answer is taken
	}{
		{"zags", "wrong namespace", "urn://zags-ru/registry/2.1", "urn://zags-ru/registry/1.0", "another message (expected {urn://zags-ru/registry/2.1}Регистрация) at line 1"},
		{"zags", "missing element", "<р:Номер>001-0000042/2026</р:Номер>", "", "Регистрация: an element is missing before this one (expected Номер) at line 1"},
		{"zags", "not the type", "2026-07-06T10:00:00+03:00", "вчера", "Регистрация/Время: the value is not what the contract declares (expected xs:dateTime)"},
		{"zags", "truncated", "</р:Время>", truncated, "Регистрация/Время: the document ends inside"},
		{"zags", "bad UTF-8", "001-0000042/2026", "\xff", "the byte 0xFF is not UTF-8 at line 1, column 172"},
		{"zags", "two answers", "</р:Регистрация>", "</р:Регистрация><a/>", "the body holds another message"},
		{"zags", "unknown code", ">10<", ">77<", ""},

		{"tax", "wrong namespace", "<Квитанция", `<Квитанция xmlns="urn:fns:1.0"`, "the document is another one (expected Квитанция) at line"},
		{"tax", "missing attribute", ` НомКвит="КВ-7701-0000000042"`, "", "Квитанция: an attribute is missing (expected @НомКвит) at line"},
		{"tax", "not the type", "06.07.2026 10:00:00", "вчера", "section receipt: at: not in the layout dd.MM.yyyy HH:mm:ss"},
		{"tax", "truncated", `" КодНО`, truncated, "the document ends inside the value of the attribute ИдФайл at line"},
		{"tax", "unknown code", `КодСост="01"`, `КодСост="77"`, ""},

		{"social", "missing member", `"id":"S77-00000042",`, "", "body/id: the required member"},
		{"social", "another name", `"history"`, `"geschichte"`, "body/history: the required member"},
		{"social", "not the type", `"2026-07-06T10:00:00+03:00"`, "7", "body/history/0/occurredAt: must be a string"},
		{"social", "truncated", `"history"`, truncated, "the text ends too early"},
		{"social", "bad UTF-8", "S77-00000042", "\xff", "(/id): the bytes are not UTF-8"},
		{"social", "a key twice", `"id"`, `"id":"S77-00000041","id"`, "(/id): the key \"id\" is there twice"},
		{"social", "unknown code", `"RECEIVED"`, `"LOST_IN_ARCHIVE"`, ""},

		{"pension", "wrong namespace", "snils:1.0", "snils:0.9", "in name space urn:pension-fund:snils:1.0"},
		{"pension", "missing element", "<CheckNumber>PF-00000042</CheckNumber>", "", "SnilsCheckResponse/CheckNumber is missing"},
		{"pension", "not the type", "2026-07-06T07:00:00Z", "yesterday", "SnilsCheckResponse/CheckedAt is missing or no time"},
		{"pension", "truncated", "</CheckedAt>", truncated, "line 1: unexpected EOF"},
		{"pension", "unknown code", ">Match<", ">Perhaps<", ""},
	} {
		t.Run(row.agency+"/"+row.name, func(t *testing.T) {
			k := byName[row.agency]
			valid, spoilt := string(k.Reply.Body), ""
			if row.agency == "tax" {
				text, err := scan.Transcode(k.Reply.Body, "windows-1251")
				if err != nil {
					t.Fatal(err)
				}
				_, valid, _ = strings.Cut(string(text), "?>") // windows1251 writes the declaration
			}
			if !strings.Contains(valid, row.from) {
				t.Fatalf("the valid answer has no %s", row.from)
			}
			if spoilt = strings.ReplaceAll(valid, row.from, row.to); row.to == truncated {
				spoilt, _, _ = strings.Cut(valid, row.from)
			}
			if row.agency == "tax" {
				spoilt = string(windows1251(t, spoilt))
			}
			d := newDesk(t, sayStatus(max(k.Reply.Status, 200), k.Reply.ContentType, spoilt))
			receipt, err := k.Agency.Adapter.Submit(context.Background(), adapters.Submission{
				Call: call(t, d, k.Service, k.Agency.EndpointNames()[0]), Request: request(t, k.Service)})
			if row.says == "" {
				if err != nil || receipt.ExternalID == "" || len(receipt.Statuses) != 1 || receipt.Statuses[0].Code != canonical.Unknown || len(receipt.Unknown) != 1 {
					t.Errorf("got %+v, %v", receipt, err)
				} else if u := receipt.Unknown[0]; u.Value != receipt.Statuses[0].Raw || !strings.Contains(row.to, u.Value) || u.Path == "" {
					t.Errorf("reported %+v of %+v", u, receipt.Statuses[0])
				}
				return
			}
			code := "bad_reply"
			if strings.HasPrefix(row.says, "section ") { // the contract leaves it open, the mapping does not
				code = "mapping"
			}
			e := class(t, err)
			if e.Class != adapters.Ambiguous || e.Code != code || !strings.Contains(e.Text, row.says) || e.Remedy.RU == "" {
				t.Errorf("got %s, want the reason to say %q", e, row.says)
			}
		})
	}
}

package pension

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"sluice/adapters"
	"sluice/contracts/agencies"
	"sluice/contracts/canonical"
	"sluice/contracts/wsdl"

	"encoding/xml"

	"github.com/hooklift/gowsdl/soap"

	"sluice/adapters/pension/snils"
	"sluice/contracts/tree"
)

// TestGenerated: the client that is checked in is the one that go generate makes of the contract.
func TestGenerated(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the generator")
	}
	dir := t.TempDir()
	cmd := exec.Command("go", "tool", "gowsdl", "-p", "snils", "-d", dir, "-o", "snils.go", "../../contracts/agencies/pension/snils.wsdl")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("gowsdl: %v\n%s", err, out)
	}
	want, err := os.ReadFile(filepath.Join(dir, "snils", "snils.go"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("snils/snils.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("snils/snils.go is not what gowsdl makes of the contract; run go generate ./adapters/pension")
	}
}

// TestGeneratorIsNotLinked: gowsdl's root package ends the process where it can't make a cache folder.
func TestGeneratorIsNotLinked(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range strings.Fields(string(out)) {
		if p == "github.com/hooklift/gowsdl" {
			t.Error("the hub links gowsdl's root package")
		}
	}
}

const sample = `{"service":"snils-check","payload":{"snils":"112-233-445 95","basis":"law","person":{"lastName":"Иванов <&> Ко","firstName":"Пётр",
	"birthDate":"1980-02-29","gender":"male"}}}`

// TestQuestionRoundTrip: what the generated client writes, the contract reads, value for value.
func TestQuestionRoundTrip(t *testing.T) {
	request, err := canonical.Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	question, err := ask(adapters.Submission{Request: request, Call: adapters.Call{MessageID: "6b1d6c0e-5a3f-5d53-9d0e-3f2b8a1c4d77"}})
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := xml.Marshal(soap.SOAPEnvelope{XmlNS: soap.XmlNsSoapEnv, Body: soap.SOAPBody{Content: question}})
	if err != nil {
		t.Fatal(err)
	}
	contract, err := wsdl.Load(agencies.Files, "pension/snils.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	op, err := contract.Operation("SnilsCheck")
	if err != nil {
		t.Fatal(err)
	}
	got, err := op.DecodeRequest(envelope)
	if err != nil {
		t.Fatalf("%v\n%s", err, envelope)
	}
	message := got.Tree.Get("SnilsCheckRequest").(*tree.Object)
	person := message.Get("Person").(*tree.Object)
	for key, want := range tree.Of("LastName", "Иванов <&> Ко", "FirstName", "Пётр", "MiddleName", nil, "BirthDate", "1980-02-29", "Gender", "Male").All() {
		if person.Get(key) != want {
			t.Errorf("Person/%s is %v, want %v", key, person.Get(key), want)
		}
	}
	if message.Get("Snils") != "11223344595" || message.Get("MessageId") != "6b1d6c0e-5a3f-5d53-9d0e-3f2b8a1c4d77" || len(got.Drift) > 0 {
		t.Errorf("got %v, drift %v", message, got.Drift)
	}
}

// TestAnswerRoundTrip: what the contract writes, the generated client reads.
func TestAnswerRoundTrip(t *testing.T) {
	contract, err := wsdl.Load(agencies.Files, "pension/snils.wsdl")
	if err != nil {
		t.Fatal(err)
	}
	op, err := contract.Operation("SnilsCheck")
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := op.AppendReply(nil, tree.Of("SnilsCheckResponse", tree.Of("CheckNumber", "PF-7", "CheckedAt", "2026-07-06T10:00:00+03:00",
		"Result", "Mismatch", "Difference", []any{"LastName", "BirthDate"})))
	if err != nil {
		t.Fatal(err)
	}
	answer := new(snils.SnilsCheckResponse)
	if err := xml.Unmarshal(envelope, &soap.SOAPEnvelopeResponse{Body: soap.SOAPBodyResponse{Content: answer, Fault: &soap.SOAPFault{}}}); err != nil {
		t.Fatal(err)
	}
	receipt, err := read(answer)
	if err != nil {
		t.Fatal(err)
	}
	s := receipt.Statuses[0]
	if receipt.ExternalID != "PF-7" || s.Code != canonical.Refused || s.Reason != "mismatch" || s.Comment != "Не совпадает: LastName, BirthDate" ||
		s.At.Format("15:04") != "07:00" {
		t.Errorf("got %+v", receipt)
	}
}

// TestMidnights: XML Schema lets the end of a day be written as 24:00:00, which the generated client can't read.
func TestMidnights(t *testing.T) {
	for body, want := range map[string]string{
		"<at>2024-12-31T24:00:00Z</at>":          "<at>2025-01-01T00:00:00Z</at>",
		"<at>2024-02-28T24:00:00.000+03:00</at>": "<at>2024-02-29T00:00:00.000+03:00</at>",
		"<at>2024-12-31T23:59:59Z</at>":          "<at>2024-12-31T23:59:59Z</at>",
		"<at>2024-13-31T24:00:00Z</at>":          "<at>2024-13-31T24:00:00Z</at>",
	} {
		if got := string(midnights([]byte(body))); got != want {
			t.Errorf("%s became %s, want %s", body, got, want)
		}
	}
}

func TestAskWithoutABirthDate(t *testing.T) {
	request, err := canonical.Parse([]byte(`{"payload":{"person":{"birthDate":"soon"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ask(adapters.Submission{Request: request}); err == nil || !strings.Contains(err.Error(), "payload.person.birthDate") {
		t.Errorf("got %v", err)
	}
}

package canonical

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sluice/contracts/jsonschema"
	"sluice/contracts/shape"
	"sluice/contracts/tree"
)

var contracts = os.DirFS("..")

func services(t testing.TB) *Services {
	t.Helper()
	s, err := LoadServices(contracts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sample is a fresh tree of the service's sample request.
func sample(t testing.TB, service string) *tree.Object {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../services/samples", service+".json"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return m.Tree()
}

func TestSamplesHold(t *testing.T) {
	s := services(t)
	if len(s.All()) != 4 {
		t.Errorf("%d services", len(s.All()))
	}
	for _, service := range s.All() {
		message := sample(t, service.Name)
		for _, v := range s.Validate(message) {
			t.Errorf("%s: %s %s: %s", service.Name, v.Pointer, v.Code, v.EN)
		}
		if message.Get("service") != service.Name {
			t.Errorf("%s: the sample is for %v", service.Name, message.Get("service"))
		}
	}
}

// at sets or, with nil, deletes the member that the slash-separated path leads to.
func at(t testing.TB, message *tree.Object, path string, value any) {
	t.Helper()
	keys := strings.Split(path, "/")
	for _, key := range keys[:len(keys)-1] {
		switch next := message.Get(key).(type) {
		case *tree.Object:
			message = next
		case []any:
			message = next[0].(*tree.Object)
		default:
			t.Fatalf("%s leads nowhere", path)
		}
	}
	if last := keys[len(keys)-1]; value == nil {
		message.Delete(last)
	} else {
		message.Set(last, value)
	}
}

func file(kind, text string) *tree.Object {
	sum := sha256.Sum256([]byte(text))
	return tree.Of("kind", kind, "name", "a.pdf", "mediaType", "application/pdf", "sha256", hex.EncodeToString(sum[:]), "content", base64.StdEncoding.EncodeToString([]byte(text)))
}

// TestValidate holds the rows of the bad-input table that the canonical model answers: each is a sample with one thing wrong.
func TestValidate(t *testing.T) {
	s := services(t)
	big := base64.StdEncoding.EncodeToString(make([]byte, MaxAttachments))
	for _, c := range []struct {
		service, path string
		value         any
		want          string // "pointer code" of each violation
	}{
		{"family-composition", "service", "family-compositon", "/service unknown-service"},
		{"family-composition", "service", 7, "/service type"},
		{"family-composition", "serviceVersion", "9.9", "/serviceVersion unknown-version"},
		{"family-composition", "serviceVersion", nil, ""},
		{"family-composition", "serviceversion", "1.0", "/serviceversion additionalProperties"},
		{"family-composition", "applicant", nil, "/applicant required"},
		{"family-composition", "applicant/snils", "156-842-739 00", "/applicant/snils snils"},
		{"family-composition", "applicant/inn", "770123456712", "/applicant/inn inn"},
		{"family-composition", "applicant/birthDate", "12.04.1987", "/applicant/birthDate date"},
		{"family-composition", "applicant/birthDate", "1899-12-31", "/applicant/birthDate pattern"},
		{"family-composition", "applicant/identityDocument/number", "27182", "/applicant/identityDocument/number pattern"},
		{"family-composition", "applicant/identityDocument/series", nil, "/applicant/identityDocument/series required"},
		{"family-composition", "submittedAt", "1999-12-31T23:59:59Z", "/submittedAt pattern"},
		{"family-composition", "payload/delivery", tree.Of("method", "office"), "/payload/delivery/office required"},
		{"family-composition", "applicant/lastName", "", "/applicant/lastName minLength"},
		{"family-composition", "applicant/type", "human", "/applicant/type enum;/applicant/type applicant-type"},
		{"family-composition", "applicant/type", nil, "/applicant/type required"},
		{"family-composition", "applicant/identityDocument/type", "PASSPORT", "/applicant/identityDocument/type enum"},
		{"family-composition", "routing", tree.Of("agency", "zags", "region", "Москва"), "/routing/region pattern"},
		{"family-composition", "priority", "high", "/priority enum"},
		{"family-composition", "submittedAt", "2025-03-01T10:15:00", "/submittedAt date-time"},
		{"family-composition", "payload", []any{}, "/payload type"},
		{"family-composition", "payload/members", nil, "/payload/members required"},
		{"family-composition", "payload/members/snils", "1", "/payload/members/0/snils snils"},
		{"family-composition", "payload/members/relation", "wife", "/payload/members/0/relation enum"},
		{"family-composition", "payload/purpose", "other", "/payload/purposeText required"},
		{"family-composition", "payload/consent", false, "/payload/consent enum"},
		{"family-composition", "payload/copies", 1.5, "/payload/copies type"},
		{"family-composition", "attachments/sha256", strings.Repeat("0", 64), "/attachments/0/sha256 sha256"},
		{"family-composition", "attachments/content", "AAA", "/attachments/0/content minLength"},
		{"family-composition", "attachments/content", "AAAA\n", "/attachments/0/content base64;/attachments/0/sha256 sha256"},
		{"family-composition", "attachments/kind", "photo", "/attachments/0/kind attachment-kind"},
		{"family-composition", "attachments/mediaType", "text/html", "/attachments/0/mediaType media-type"},
		{"family-composition", "attachments/name", "../../etc/passwd", "/attachments/0/name pattern"},
		{"family-composition", "attachments", []any{tree.Of("name", "a", "mediaType", "a/b", "sha256", strings.Repeat("0", 64), "content", big), file("", "x")}, "/attachments/1/kind pattern;/attachments/0/sha256 sha256;/attachments size"},
		{"family-composition", "attachments", nil, ""},
		{"tax-deduction", "attachments", nil, "/attachments missing-attachment"},
		{"tax-deduction", "attachments", []any{file("contract", "x")}, "/attachments missing-attachment"},
		{"tax-deduction", "payload/refund/amount", "12,50", "/payload/refund/amount money"},
		{"tax-deduction", "payload/refund/amount", 12.5, "/payload/refund/amount type"},
		{"tax-deduction", "payload/refund/currency", "USD", "/payload/refund/currency enum"},
		{"tax-deduction", "payload/refund/amount", "-12.50", "/payload/refund/amount pattern"},
		{"tax-deduction", "payload/incomes/payer/inn", "7715032781", "/payload/incomes/0/payer/inn inn"},
		{"tax-deduction", "payload/bankAccount/account", "1", "/payload/bankAccount/account pattern"},
		{"housing-subsidy", "payload/dwelling/totalArea", "0", "/payload/dwelling/totalArea pattern"},
		{"housing-subsidy", "payload/payments/charged/amount", "1000000000", "/payload/payments/0/charged/amount pattern"},
		{"housing-subsidy", "payload/hasDebt", true, "/payload/debt required"},
		{"snils-check", "applicant/ogrn", "1257700012340", "/applicant/ogrn ogrn"},
		{"snils-check", "representative/authority", tree.Of("kind", "powerOfAttorney"), "/representative/authority/number required"},
		{"snils-check", "representative/authority", nil, "/representative/authority required"},
	} {
		message := sample(t, c.service)
		at(t, message, c.path, c.value)
		var got []string
		for _, v := range s.Validate(message) {
			got = append(got, v.Pointer+" "+v.Code)
			if v.RU == "" || v.EN == "" {
				t.Errorf("%s of %s: %s has no words", c.path, c.service, v.Code)
			}
		}
		want := strings.ReplaceAll(c.want, "/attachments size", "/attachments attachments-size")
		if s := strings.Join(got, ";"); s != want {
			t.Errorf("%s of %s: got %q, want %q", c.path, c.service, s, want)
		}
	}
}

func TestApplicantTypes(t *testing.T) {
	s := services(t)
	message := sample(t, "snils-check")
	message.Set("service", "family-composition")
	message.Set("payload", sample(t, "family-composition").Get("payload"))
	vs := s.Validate(message)
	if len(vs) != 1 || vs[0].Pointer != "/applicant/type" || vs[0].Code != "applicant-type" {
		t.Errorf("got %+v", vs)
	}
}

func TestServiceShape(t *testing.T) {
	s := services(t)
	family, _ := s.Service("family-composition")
	applicant := family.Shape().Field("applicant").Type
	if f := applicant.Field("lastName"); f == nil || !f.Required || applicant.Field("ogrn") != nil {
		t.Errorf("family-composition's applicant is %v", applicant.Names())
	}
	members := family.Shape().Field("payload").Type.Field("members").Type
	if members.Kind != shape.List || members.Elem.Field("birthDate").Type.Format != shape.Date || members.Elem.Field("middleName").Required {
		t.Errorf("members are %+v", members)
	}
	check, _ := s.Service("snils-check")
	applicant = check.Shape().Field("applicant").Type
	if f := applicant.Field("lastName"); f == nil || f.Required || applicant.Field("inn").Required {
		t.Errorf("snils-check's applicant is %+v", applicant)
	}
	if got := strings.Join(applicant.Field("type").Type.Enum, " "); got != "person soleTrader organization" {
		t.Errorf("types are %s", got)
	}
	envelope := family.Shape()
	if envelope.Field("routing").Type.Field("region").Required || !envelope.Field("id").Required || envelope.Open {
		t.Errorf("the envelope is %+v", envelope)
	}
}

// TestSourceIsSelfContained: what ServiceView hands out compiles alone and decides alike.
func TestSourceIsSelfContained(t *testing.T) {
	for _, service := range services(t).All() {
		alone, err := jsonschema.Load(fstest.MapFS{"x.json": {Data: service.Source}}, "x.json")
		if err != nil {
			t.Errorf("%s: %v", service.Name, err)
			continue
		}
		payload := sample(t, service.Name).Get("payload").(*tree.Object)
		if vs := alone.Validate(payload); len(vs) > 0 {
			t.Errorf("%s: %v", service.Name, vs)
		}
		if alone.Valid(new(tree.Object)) {
			t.Errorf("%s: the bundle lets everything through", service.Name)
		}
	}
}

func TestLoadServicesOfWorkspace(t *testing.T) {
	good := `{"x-version":"1.0","x-title":{"ru":"Парковка","en":"Parking"},"x-applicants":["person"],"type":"object","properties":{"fee":{"$ref":"../canonical/schemas/common.schema.json#/$defs/money"}}}`
	s, err := LoadServices(contracts, fstest.MapFS{"services/parking.schema.json": {Data: []byte(good)}, "services/parking.2.schema.json": {Data: []byte(strings.Replace(good, "1.0", "10.0", 1))}})
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := s.Service("parking"); !ok || p.Version != "10.0" {
		t.Errorf("the newest parking is %+v", p)
	}
	if _, ok := s.Version("parking", "1.0"); !ok || len(s.All()) != 6 {
		t.Errorf("%d services", len(s.All()))
	}
	for text, want := range map[string]string{
		strings.Replace(good, `"1.0"`, `"1"`, 1):              `services/tax-deduction.schema.json: x-version is "1"; it must be major.minor, such as 1.0`,
		strings.Replace(good, `"en":"Parking"`, `"en":""`, 1): `services/tax-deduction.schema.json: x-title needs ru and en`,
		strings.Replace(good, `"person"`, `"human"`, 1):       `services/tax-deduction.schema.json: x-applicants: "human" is none of person, soleTrader, organization`,
		strings.Replace(good, "money", "monet", 1):            `services/tax-deduction.schema.json: canonical/schemas/common.schema.json has nothing at /$defs/monet`,
		good:     `services/tax-deduction.schema.json: service tax-deduction 1.0 is there twice; give one of them another name, or another x-version`,
		good[1:]: `services/tax-deduction.schema.json:1:12: something follows the value`,
	} {
		s, err := LoadServices(contracts, fstest.MapFS{"services/tax-deduction.schema.json": {Data: []byte(text)}})
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if s == nil || len(s.All()) != 4 {
			t.Error("the good services did not stay")
		}
	}
}

func TestMessageRequest(t *testing.T) {
	data, err := os.ReadFile("../services/samples/snils-check.json")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.Request()
	if err != nil {
		t.Fatal(err)
	}
	if r.Applicant.Type != Organization || r.Representative.Authority.Kind != "powerOfAttorney" || r.Representative.SNILS == "" || r.Priority != Urgent || r.SubmittedAt.IsZero() {
		t.Errorf("got %+v", r)
	}
	if got := m.Routing(); got != r.Routing || m.Test() || m.Text("service") != "snils-check" {
		t.Errorf("routing %+v", got)
	}
	// Nothing of the sample is lost in the typed form.
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(b)
	if err != nil || !tree.Equal(again.Tree(), m.Tree()) {
		t.Errorf("the typed form gives %s, %v", b, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                        "line 1, column 1: a request must be a JSON object",
		`{"id":1,"id":2}`:           `line 1, column 9 (/id): the key "id" is there twice`,
		`{"id":"\u0001"}`:           "line 1, column 8 (/id): the character U+0001 can't be carried in XML",
		strings.Repeat(`{"a":`, 40): "line 1, column 161 (" + strings.Repeat("/a", 32) + "): nesting is deeper than 32",
	} {
		if _, err := Parse([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%.30s: got %v, want %s", text, err, want)
		}
	}
}

// TestMoments reads dates and times as agencies' contracts let them be written.
func TestMoments(t *testing.T) {
	for text, want := range map[string]string{
		"2024-12-31T23:30:00+03:00":     "2024-12-31T20:30:00Z",
		"2024-12-31T23:30:00":           "2024-12-31T20:30:00Z",
		"2024-12-31":                    "2024-12-30T21:00:00Z",
		"2024-12-31T24:00:00Z":          "2025-01-01T00:00:00Z",
		"2024-02-28T24:00:00.000+03:00": "2024-02-28T21:00:00Z",
		"2024-12-31T24:00:00":           "2024-12-31T21:00:00Z",
		"2024-12-31T24:00:01Z":          "",
		"31.12.2024":                    "",
	} {
		s, err := StatusFromTree(tree.Of("status", "accepted", "at", text))
		if got := s.At.Format(time.RFC3339); want == "" && err == nil || want != "" && (err != nil || got != want) {
			t.Errorf("%s is %s, %v; want %s", text, got, err, want)
		}
	}
}

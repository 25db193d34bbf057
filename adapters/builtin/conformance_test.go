package builtin

import (
	"io/fs"
	"slices"
	"sync"
	"testing"

	"sluice"
	"sluice/adapters"
	"sluice/adapters/adaptertest"
	"sluice/contracts/canonical"
	"sluice/contracts/xsd/scan"
)

// loaded is the built-in workspace with made-up credentials. A registry is immutable: one serves all tests.
var loaded = sync.OnceValues(func() (*adapters.Registry, error) {
	contracts, err := fs.Sub(sluice.Workspace, "contracts")
	if err != nil {
		return nil, err
	}
	services, err := canonical.LoadServices(contracts)
	if err != nil {
		return nil, err
	}
	env := func(name string) (string, bool) {
		return "user:secret", slices.Contains([]string{"ZAGS_CREDENTIALS", "TAX_API_KEY", "SOCIAL_CLIENT", "PENSION_CREDENTIALS"}, name)
	}
	return adapters.Load(Drivers(), services, env, adapters.Workspace{FS: sluice.Workspace, Name: "built-in"})
})

func load(t testing.TB) *adapters.Registry {
	t.Helper()
	r, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func sample(t testing.TB, service string) []byte {
	t.Helper()
	data, err := fs.ReadFile(sluice.Workspace, "contracts/services/samples/"+service+".json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const soapHead = `<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>`
const soapTail = `</s:Body></s:Envelope>`

func soapFault(detail string) adaptertest.Reply {
	return adaptertest.Reply{ContentType: "text/xml; charset=utf-8", Body: []byte(soapHead +
		`<s:Fault><faultcode>s:Server</faultcode><faultstring>Внутренняя ошибка</faultstring>` + detail + `</s:Fault>` + soapTail)}
}

func windows1251(t *testing.T, text string) []byte {
	t.Helper()
	b, err := scan.Encode([]byte(text), "windows-1251")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestConformance runs the kit over the agencies that come with the binary.
func TestConformance(t *testing.T) {
	r := load(t)
	for _, k := range []struct {
		agency, service string
		reply, fault    adaptertest.Reply
	}{
		{"zags", "family-composition",
			adaptertest.Reply{ContentType: "text/xml; charset=utf-8", Body: []byte(soapHead +
				`<р:Регистрация xmlns:р="urn://zags-ru/registry/2.1"><р:Номер>001-0000042/2026</р:Номер><р:Состояние>10</р:Состояние>` +
				`<р:Время>2026-07-06T10:00:00+03:00</р:Время></р:Регистрация>` + soapTail)},
			soapFault("")},
		{"tax", "tax-deduction",
			adaptertest.Reply{ContentType: "application/xml; charset=windows-1251", Body: windows1251(t,
				`<Квитанция НомКвит="КВ-7701-0000000042" ИдФайл="UV_NDFLVYCH_7701_6b1d6c0e-5a3f-5d53-9d0e-3f2b8a1c4d77" КодНО="7701" КодСост="01" ДатаВр="06.07.2026 10:00:00"/>`)},
			adaptertest.Reply{ContentType: "application/xml; charset=windows-1251", Body: windows1251(t, `<Ошибка Код="СБОЙ" Текст="Внутренняя ошибка"/>`)}},
		{"social", "housing-subsidy",
			adaptertest.Reply{Status: 201, ContentType: "application/json", Body: []byte(`{"id":"S77-00000042","clientReference":"6b1d6c0e-5a3f-5d53-9d0e-3f2b8a1c4d77",` +
				`"status":"RECEIVED","history":[{"status":"RECEIVED","occurredAt":"2026-07-06T10:00:00+03:00"}]}`)},
			adaptertest.Reply{}},
		{"pension", "snils-check",
			adaptertest.Reply{ContentType: "text/xml; charset=utf-8", Body: []byte(soapHead +
				`<SnilsCheckResponse xmlns="urn:pension-fund:snils:1.0"><CheckNumber>PF-00000042</CheckNumber><CheckedAt>2026-07-06T07:00:00Z</CheckedAt>` +
				`<Result>Match</Result></SnilsCheckResponse>` + soapTail)},
			soapFault("")},
	} {
		t.Run(k.agency, func(t *testing.T) {
			a, ok := r.Agency(k.agency)
			if !ok {
				t.Fatal("the agency is not there")
			}
			adaptertest.Run(t, adaptertest.Kit{Agency: a, Service: k.service, Request: sample(t, k.service), Reply: k.reply, Fault: k.fault})
		})
	}
}

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

func windows1251(t testing.TB, text string) []byte {
	t.Helper()
	b, err := scan.Encode([]byte(text), "windows-1251")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// kits are the agencies that come with the binary, each with one of its services, a valid answer, and a server-side error.
func kits(t testing.TB) []adaptertest.Kit {
	t.Helper()
	list := []adaptertest.Kit{
		{Agency: agency(t, "zags"), Service: "family-composition",
			Reply: adaptertest.Reply{ContentType: xmlType, Body: []byte(soapHead +
				`<р:Регистрация xmlns:р="urn://zags-ru/registry/2.1"><р:Номер>001-0000042/2026</р:Номер><р:Состояние>10</р:Состояние>` +
				`<р:Время>2026-07-06T10:00:00+03:00</р:Время></р:Регистрация>` + soapTail)},
			Fault: soapFault("")},
		{Agency: agency(t, "tax"), Service: "tax-deduction",
			Reply: adaptertest.Reply{ContentType: "application/xml; charset=windows-1251", Body: windows1251(t,
				`<Квитанция НомКвит="КВ-7701-0000000042" ИдФайл="UV_NDFLVYCH_7701_6b1d6c0e-5a3f-5d53-9d0e-3f2b8a1c4d77" КодНО="7701" КодСост="01" ДатаВр="06.07.2026 10:00:00"/>`)},
			Fault: adaptertest.Reply{ContentType: "application/xml; charset=windows-1251", Body: windows1251(t, `<Ошибка Код="СБОЙ" Текст="Внутренняя ошибка"/>`)}},
		{Agency: agency(t, "social"), Service: "housing-subsidy",
			Reply: adaptertest.Reply{Status: 201, ContentType: jsonType, Body: []byte(`{"id":"S77-00000042","clientReference":"6b1d6c0e-5a3f-5d53-9d0e-3f2b8a1c4d77",` +
				`"status":"RECEIVED","history":[{"status":"RECEIVED","occurredAt":"2026-07-06T10:00:00+03:00"}]}`)},
			Fault: adaptertest.Reply{ContentType: jsonType, Body: []byte(`{"code":"BUSY","message":"Приём временно не ведётся"}`)}},
		{Agency: agency(t, "pension"), Service: "snils-check",
			Reply: adaptertest.Reply{ContentType: xmlType, Body: []byte(soapHead +
				`<SnilsCheckResponse xmlns="urn:pension-fund:snils:1.0"><CheckNumber>PF-00000042</CheckNumber><CheckedAt>2026-07-06T07:00:00Z</CheckedAt>` +
				`<Result>Match</Result></SnilsCheckResponse>` + soapTail)},
			Fault: soapFault("")},
	}
	for i := range list {
		list[i].Request = sample(t, list[i].Service)
	}
	return list
}

// TestConformance runs the kit over them.
func TestConformance(t *testing.T) {
	for _, k := range kits(t) {
		t.Run(k.Agency.Name, func(t *testing.T) { adaptertest.Run(t, k) })
	}
}

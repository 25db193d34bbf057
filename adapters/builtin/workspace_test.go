package builtin

import (
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"sluice"
	"sluice/adapters"
	"sluice/adapters/adaptertest"
	"sluice/contracts/canonical"
	"sluice/contracts/diag"
	"sluice/contracts/xsd/scan"
)

// workspace is an integrator's own folder, copied so that a test can change it.
func workspace(t testing.TB) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	root := os.DirFS("testdata/workspace")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(root, path)
		files[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// loadWith loads the built-in workspace and another.
func loadWith(t testing.TB, ws fs.FS, env map[string]string) (*adapters.Registry, error) {
	t.Helper()
	contracts, err := fs.Sub(sluice.Workspace, "contracts")
	if err != nil {
		t.Fatal(err)
	}
	services, err := canonical.LoadServices(contracts)
	if err != nil {
		t.Fatal(err)
	}
	look := func(name string) (string, bool) {
		if v, ok := env[name]; ok {
			return v, true
		}
		if strings.HasSuffix(name, "_CREDENTIALS") || name == "TAX_API_KEY" || name == "SOCIAL_CLIENT" || name == "ARCHIVE" || name == "GAZETTE" {
			return "user:secret", true
		}
		return "", false
	}
	return adapters.Load(Drivers(), services, look,
		adapters.Workspace{FS: sluice.Workspace, Name: "built-in"}, adapters.Workspace{FS: ws, Name: "theirs"})
}

func names(r *adapters.Registry) []string {
	var list []string
	for _, a := range r.Agencies() {
		list = append(list, a.Name)
	}
	return list
}

// TestWorkspaceConformance: agencies that nobody wrote a line of Go for behave as the built-in ones.
func TestWorkspaceConformance(t *testing.T) {
	r, err := loadWith(t, workspace(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	const head = `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body>`
	const tail = `</e:Body></e:Envelope>`
	t.Run("SOAP 1.2", func(t *testing.T) {
		a, _ := r.Agency("archive")
		adaptertest.Run(t, adaptertest.Kit{Agency: a, Service: "snils-check", Request: sample(t, "snils-check"),
			Reply: adaptertest.Reply{ContentType: "application/soap+xml", Body: []byte(head + `<Deposited xmlns="urn:archive:1"><number>7</number></Deposited>` + tail)},
			Fault: adaptertest.Reply{ContentType: "application/soap+xml", Body: []byte(head + `<e:Fault><e:Code><e:Value>e:Receiver</e:Value></e:Code>` +
				`<e:Reason><e:Text xml:lang="en">down</e:Text></e:Reason></e:Fault>` + tail)}})
	})
	t.Run("XML", func(t *testing.T) {
		a, _ := r.Agency("gazette")
		adaptertest.Run(t, adaptertest.Kit{Agency: a, Service: "snils-check", Request: sample(t, "snils-check"),
			Reply: adaptertest.Reply{ContentType: "application/xml", Body: windows1251(t, `<в:Принято xmlns:в="urn:вестник" номер="В-7"/>`)},
			Fault: adaptertest.Reply{ContentType: "application/xml", Body: windows1251(t, `<в:Принято xmlns:в="urn:вестник" номер="" код="ЗАНЯТО"/>`)}})
	})
}

// TestSOAP12 looks at what goes over the wire: media type with action, WS-Security digest, fixed headers; and what faults
// mean.
func TestSOAP12(t *testing.T) {
	r, err := loadWith(t, workspace(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := r.Agency("archive")
	fault := func(subcode, detail string) string {
		return `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:t="urn:archive:1"><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value>` +
			subcode + `</e:Code><e:Reason><e:Text xml:lang="ru">нет</e:Text></e:Reason>` + detail + `</e:Fault></e:Body></e:Envelope>`
	}
	d := newDesk(t, sayStatus(400, "application/soap+xml", fault(``, `<e:Detail><t:Trouble kind="LOCKED"/></e:Detail>`)))
	s := adapters.Submission{Call: call(t, d, "snils-check", "main"), Request: request(t, "snils-check")}
	_, err = a.Adapter.Submit(context.Background(), s)
	if e := class(t, err); e.Class != adapters.Transient || e.RetryAfter != 90*time.Second || e.Server {
		t.Errorf("a locked archive: %s, after %s, server %v", e, e.RetryAfter, e.Server)
	}
	req, body := d.last(t)
	if ct := req.Header.Get("Content-Type"); !strings.HasPrefix(ct, "application/soap+xml") || !strings.Contains(ct, `action="urn:archive:1:Deposit"`) {
		t.Errorf("media type %s", ct)
	}
	if req.Header.Get("X-Client") != "hub-7" || req.Header.Get("Soapaction") != "" {
		t.Errorf("headers %v", req.Header)
	}
	checkDigest(t, body)

	d = newDesk(t, sayStatus(400, "application/soap+xml", fault(`<e:Subcode><e:Value>t:Absent</e:Value></e:Subcode>`, "")))
	s.Call = call(t, d, "snils-check", "main")
	_, found, err := a.Adapter.(adapters.OutcomeProber).Probe(context.Background(), s)
	if err != nil || found {
		t.Errorf("a message that is not there: found %v, %v", found, err)
	}
	d = newDesk(t, sayStatus(400, "application/soap+xml", fault(``, "")))
	s.Call = call(t, d, "snils-check", "main")
	if _, _, err := a.Adapter.(adapters.OutcomeProber).Probe(context.Background(), s); class(t, err).Class != adapters.Permanent {
		t.Errorf("another fault is no word about the message: %v", err)
	}
}

// checkDigest computes a UsernameToken's password digest again.
func checkDigest(t *testing.T, envelope string) {
	t.Helper()
	get := func(element string) string {
		m := regexp.MustCompile(`<(?:wsse|wsu):` + element + `(?: [^>]*)?>([^<]*)<`).FindStringSubmatch(envelope)
		if m == nil {
			t.Fatalf("no %s in\n%s", element, envelope)
		}
		return m[1]
	}
	nonce, err := base64.StdEncoding.DecodeString(get("Nonce"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum([]byte(string(nonce) + get("Created") + "secret"))
	if get("Password") != base64.StdEncoding.EncodeToString(sum[:]) || get("Username") != "user" || strings.Contains(envelope, ">secret<") {
		t.Errorf("the digest does not fit:\n%s", envelope)
	}
	if strings.Index(envelope, "UsernameToken") > strings.Index(envelope, "Body") {
		t.Error("the token is not in the header")
	}
}

func TestXMLPush(t *testing.T) {
	r, err := loadWith(t, workspace(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := r.Agency("gazette")
	receive := func(body []byte, result adapters.PushResult, fail error) (adapters.Answer, []adapters.Push) {
		var applied []adapters.Push
		answer := a.Adapter.(adapters.PushReceiver).ReceivePush(context.Background(), adapters.Incoming{Body: body, Header: http.Header{}},
			func(_ context.Context, p adapters.Push) (adapters.PushResult, error) {
				applied = append(applied, p)
				return result, fail
			})
		return answer, applied
	}
	text := func(b []byte) string {
		s, err := scan.Transcode(b, "")
		if err != nil {
			t.Fatal(err)
		}
		return string(s)
	}
	good := windows1251(t, `<Ход xmlns="urn:вестник" номер="В-7" шаг="издано"/>`)
	answer, applied := receive(good, adapters.PushResult{Outcome: "applied"}, nil)
	if answer.Status != 200 || answer.ContentType != "application/xml; charset=windows-1251" || !strings.Contains(text(answer.Body), `итог="applied"`) {
		t.Errorf("HTTP %d %s %s", answer.Status, answer.ContentType, text(answer.Body))
	}
	if len(applied) != 1 || applied[0].ExternalID != "В-7" || applied[0].Statuses[0].Code != canonical.Completed {
		t.Errorf("applied %+v", applied)
	}
	if answer, _ := receive(good, adapters.PushResult{}, errors.New("disk")); answer.Status != 503 || !strings.Contains(text(answer.Body), `code="internal"`) {
		t.Errorf("HTTP %d %s", answer.Status, text(answer.Body))
	}
	for name, body := range map[string]string{
		"wrong root": `<Объявление xmlns="urn:вестник" номер="1" текст="2"/>`, "no namespace": `<Ход номер="В-7" шаг="издано"/>`,
		"missing attribute": `<Ход xmlns="urn:вестник" номер="В-7"/>`, "DTD": `<!DOCTYPE Ход><Ход xmlns="urn:вестник" номер="В-7" шаг="издано"/>`,
		"two roots": `<Ход xmlns="urn:вестник" номер="В-7" шаг="издано"/><a/>`, "nothing": ``, "undeclared prefix": `<x:Ход номер="В-7" шаг="издано"/>`,
		"comment without end": `<!-- `, "text": `привет`,
	} {
		answer, applied := receive([]byte(body), adapters.PushResult{Outcome: "applied"}, nil)
		if answer.Status != 400 || len(applied) > 0 || !strings.Contains(text(answer.Body), `<refusal code="bad_message">`) {
			t.Errorf("%s: HTTP %d, applied %v, %s", name, answer.Status, applied, text(answer.Body))
		}
	}
}

func FuzzXMLPush(f *testing.F) {
	r, err := loadWith(f, workspace(f), nil)
	if err != nil {
		f.Fatal(err)
	}
	a, _ := r.Agency("gazette")
	for _, s := range []string{`<Ход xmlns="urn:вестник" номер="В-7" шаг="издано"/>`, `<?xml version="1.0" encoding="windows-1251"?><a/>`, "", "<!-- --><?p?><Ход/>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		answer := a.Adapter.(adapters.PushReceiver).ReceivePush(context.Background(), adapters.Incoming{Body: body, Header: http.Header{}},
			func(_ context.Context, p adapters.Push) (adapters.PushResult, error) {
				if p.ExternalID == "" || len(p.Statuses) != 1 {
					t.Errorf("an empty push was applied: %+v", p)
				}
				return adapters.PushResult{Outcome: "applied"}, nil
			})
		// What the mapping gives back may not fit the answer's contract only where the hub is at fault.
		if answer.Status != 200 && answer.Status != 400 || len(answer.Body) == 0 || (answer.Err == nil) != (answer.Status == 200) {
			t.Errorf("answer %d, err %v", answer.Status, answer.Err)
		}
	})
}

func TestRoute(t *testing.T) {
	r, err := loadWith(t, workspace(t), map[string]string{"SLUICE_ENDPOINT_ARCHIVE_NORTH": "http://127.0.0.1:9/n", "SLUICE_ENDPOINT_TAX_7701": "http://127.0.0.1:9/t"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		service  string
		to       canonical.Routing
		test     bool
		endpoint string // or
		wrong    string // Kind, Key, Known
	}{
		{"snils-check", canonical.Routing{Agency: "archive"}, false, "main https://archive.example/soap", ""},
		{"snils-check", canonical.Routing{Agency: "archive", Region: "77"}, false, "main https://archive.example/soap", ""},
		{"snils-check", canonical.Routing{Agency: "archive", Region: "51"}, false, "north http://127.0.0.1:9/n", ""},
		{"snils-check", canonical.Routing{Agency: "archive", Region: "29", Office: "A1"}, false, "office https://office.archive.example/soap", ""},
		{"snils-check", canonical.Routing{Agency: "archive", Region: "29", Office: "B2"}, false, "north http://127.0.0.1:9/n", ""},
		{"snils-check", canonical.Routing{Agency: "archive", Region: "29"}, true, "trial https://trial.archive.example/soap", ""},
		{"tax-deduction", canonical.Routing{Agency: "tax", Inspectorate: "7701"}, false, "7701 http://127.0.0.1:9/t", ""},
		{"tax-deduction", canonical.Routing{Agency: "tax", Inspectorate: "9999"}, false, "", "unknown_region inspectorate [5024 7701 7702]"},
		{"tax-deduction", canonical.Routing{Agency: "tax"}, false, "", "unknown_region inspectorate [5024 7701 7702]"},
		{"snils-check", canonical.Routing{Agency: "gazette"}, true, "", "no_test_endpoint test []"},
		{"tax-deduction", canonical.Routing{Agency: "zags"}, false, "", "unknown_service service [family-composition]"},
		{"tax-deduction", canonical.Routing{Agency: "taxes"}, false, "", "unknown_agency agency [archive gazette pension social tax zags]"},
	} {
		route, err := r.Route(row.service, row.to, row.test)
		var wrong *adapters.RouteError
		switch {
		case errors.As(err, &wrong):
			if got := wrong.Kind + " " + wrong.Key + " [" + strings.Join(wrong.Known, " ") + "]"; got != row.wrong {
				t.Errorf("%+v: got %s, want %s", row.to, got, row.wrong)
			}
		case row.wrong != "" || route.Endpoint.Name+" "+route.Endpoint.URL != row.endpoint || route.Service.Name != row.service || route.Agency.Name != row.to.Agency:
			t.Errorf("%+v: got %+v", row.to, route.Endpoint)
		}
	}
	a, _ := r.Agency("social")
	if hosts := a.Hosts(); !slices.Equal(hosts, []string{"social.example", "test.social.example"}) {
		t.Errorf("hosts %v", hosts)
	}
}

// TestBrokenAgencies: each fault leaves its agency out, says where it is, and the rest serves.
func TestBrokenAgencies(t *testing.T) {
	edit := func(file, from, to string) func(*testing.T, fstest.MapFS) {
		return func(t *testing.T, ws fstest.MapFS) {
			src := string(ws[file].Data)
			if !strings.Contains(src, from) {
				t.Fatalf("%s has no %q", file, from)
			}
			ws[file] = &fstest.MapFile{Data: []byte(strings.Replace(src, from, to, 1))}
		}
	}
	manifest, mapping, contract := "adapters/archive/adapter.yaml", "mappings/archive/deposit.yaml", "contracts/agencies/archive/archive.wsdl"
	for _, row := range []struct {
		name string
		do   func(*testing.T, fstest.MapFS)
		want string // how the first problem begins
	}{
		{"a misspelt key", edit(manifest, "resend: ask", "resent: ask"), `adapters/archive/adapter.yaml:15:5: services.snils-check lacks the key "resend"`},
		{"corrupt manifest", edit(manifest, "agency: archive", "agency: [archive"), `adapters/archive/adapter.yaml:`},
		{"another folder's name", edit(manifest, "agency: archive", "agency: arhive"), `adapters/archive/adapter.yaml:2:9: agency is "arhive" and its folder "archive"; give both one name`},
		{"unknown protocol", edit(manifest, "protocol: soap", "protocol: sope"), `adapters/archive/adapter.yaml:`},
		{"no contract", func(_ *testing.T, ws fstest.MapFS) { delete(ws, contract) }, ``},
		{"corrupt contract", edit(contract, "</wsdl:types>", ""), ``},
		{"no mapping", func(_ *testing.T, ws fstest.MapFS) { delete(ws, mapping) }, `adapters/archive/adapter.yaml:16:14: the mapping file archive/deposit.yaml cannot be read`},
		{"corrupt mapping", edit(mapping, "request:", "request: ["), `mappings/archive/deposit.yaml:`},
		{"misspelt path in a mapping", edit(mapping, "reply.Deposited.number", "reply.Deposited.numder"), `mappings/archive/deposit.yaml:8:`},
		{"a section is missing", edit(mapping, "found:", "document:"), `mappings/archive/deposit.yaml: section found is missing: service snils-check uses operation Lookup`},
		{"unknown operation", edit(manifest, "operation: Deposit", "operation: Depositt"), `adapters/archive/adapter.yaml:15:16: `},
		{"unknown service", edit(manifest, "  snils-check:", "  snils-chek:"), `adapters/archive/adapter.yaml:15:5: there is no canonical service "snils-chek"; did you mean "snils-check"?`},
		{"a rule that fits nothing", edit(manifest, "fault.detail?.Trouble", "fault.detial?.Trouble"), `adapters/archive/adapter.yaml:24:`},
		{"a broken notFound", edit(manifest, `in fault.subcodes`, `in fault.subcoeds`), `adapters/archive/adapter.yaml:21:`},
		{"a built-in's name", func(t *testing.T, ws fstest.MapFS) {
			ws["adapters/zags/adapter.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(ws[manifest].Data), "agency: archive", "agency: zags", 1))}
			delete(ws, manifest)
		}, `adapters/zags/adapter.yaml:2:9: the workspace "built-in" has an agency "zags" already; choose another name, or write replaces: true`},
		{"nothing to replace", edit(manifest, "agency: archive", "agency: archive\nreplaces: true"), `adapters/archive/adapter.yaml:3:11: replaces: true, and no earlier workspace has an agency "archive"; leave replaces out`},
	} {
		t.Run(row.name, func(t *testing.T) {
			ws := workspace(t)
			row.do(t, ws)
			r, err := loadWith(t, ws, nil)
			if err == nil {
				t.Fatal("nothing was said")
			}
			problem := diag.Of(err)[0]
			if !strings.HasPrefix(problem.Error(), row.want) || problem.File == "" {
				t.Errorf("got  %s\nwant %s…", problem, row.want)
			}
			if got := names(r); slices.Contains(got, "archive") || !slices.Contains(got, "zags") || !slices.Contains(got, "gazette") || len(got) != 5 {
				t.Errorf("these serve: %v", got)
			}
		})
	}
}

// TestWeakRule: where only a contract that leaves details open lets a rule pass, somebody is told.
func TestWeakRule(t *testing.T) {
	ws := workspace(t)
	const file = "adapters/archive/adapter.yaml"
	ws[file] = &fstest.MapFile{Data: []byte(strings.Replace(string(ws[file].Data), "Trouble?.kind", "Trouble?.kimd", 1))}
	r, err := loadWith(t, ws, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := r.Agency("archive")
	if len(a.Warnings) != 1 || a.Warnings[0].Severity != diag.Warning || !strings.Contains(a.Warnings[0].Error(), "kimd") || a.Warnings[0].Line != 24 {
		t.Errorf("warnings %v", a.Warnings)
	}
	for _, a := range r.Agencies() {
		if a.Workspace == "built-in" && len(a.Warnings) > 0 {
			t.Errorf("%s: %v", a.Name, a.Warnings)
		}
	}
}

func TestMissingSecretLeavesTheAgencyOut(t *testing.T) {
	contracts, _ := fs.Sub(sluice.Workspace, "contracts")
	services, err := canonical.LoadServices(contracts)
	if err != nil {
		t.Fatal(err)
	}
	env := func(name string) (string, bool) {
		return "only-a-name", name != "TAX_API_KEY" && !strings.HasPrefix(name, "SLUICE_")
	}
	r, err := adapters.Load(Drivers(), services, env, adapters.Workspace{FS: sluice.Workspace, Name: "built-in"})
	text := ""
	if err != nil {
		text = err.Error()
	}
	for _, want := range []string{"the environment variable TAX_API_KEY is not set", "env:ZAGS_CREDENTIALS must read name:secret"} {
		if !strings.Contains(text, want) {
			t.Errorf("nobody says %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "only-a-name") {
		t.Errorf("a secret stands in the error:\n%s", text)
	}
	if len(names(r)) != 0 || len(r.Broken()) != 4 {
		t.Errorf("serving %v, broken %v", names(r), r.Broken())
	}
}

func TestReplaces(t *testing.T) {
	ws := workspace(t)
	src := string(ws["adapters/archive/adapter.yaml"].Data)
	ws["adapters/zags/adapter.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(src, "agency: archive", "agency: zags\nreplaces: true", 1))}
	r, err := loadWith(t, ws, nil)
	if err != nil {
		t.Fatal(err)
	}
	if a, _ := r.Agency("zags"); a.Workspace != "theirs" || a.Services["snils-check"] == nil {
		t.Errorf("zags comes from %s", a.Workspace)
	}
	// Broken, it takes the replaced one with it: the integrator does not want that one.
	ws["mappings/archive/deposit.yaml"] = &fstest.MapFile{Data: []byte("nonsense: 1\n")}
	r, err = loadWith(t, ws, nil)
	if _, ok := r.Agency("zags"); ok || err == nil || len(r.Broken()["zags"]) == 0 {
		t.Errorf("a broken replacement: serving %v, %v", names(r), err)
	}
}

package cli

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice"
)

// runCommand calls the command line as a user would.
func runCommand(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	c := &Context{Ctx: context.Background(), In: strings.NewReader(stdin), Out: &out, Err: &errs, Env: func(string) (string, bool) { return "", false }}
	code = Main(c, args)
	return code, out.String(), errs.String()
}

// copyWorkspace gives a copy of the built-in workspace to break.
func copyWorkspace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, sluice.Workspace); err != nil {
		t.Fatal(err)
	}
	return dir
}

func edit(t *testing.T, file, old, with string) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(src), old) {
		t.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(src), old, with, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func sample(t *testing.T, service string) string {
	t.Helper()
	data, err := fs.ReadFile(sluice.Workspace, "mappings/zags/examples/"+service+"/02-minimal/canonical.json")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestNoWorkspace(t *testing.T) {
	for _, command := range []string{"lint", "test"} {
		if code, _, errs := runCommand(t, "", command, t.TempDir()); code != 2 || !strings.Contains(errs, "is no workspace") {
			t.Errorf("%s: code %d, %s", command, code, errs)
		}
	}
}

func TestExamplesBuiltIn(t *testing.T) {
	code, out, errs := runCommand(t, "", "test")
	if code != 0 || !strings.Contains(out, "files hold, 0 fail") || strings.Contains(out, "0 files hold") {
		t.Errorf("code %d\n%s%s", code, out, errs)
	}
}

func TestExamplesFailAndUpdate(t *testing.T) {
	dir := copyWorkspace(t)
	example := filepath.Join(dir, "mappings", "zags", "examples", "family-composition")
	edit(t, filepath.Join(dir, "mappings", "zags", "family-composition.yaml"), "request.applicant.firstName | upper()", "request.applicant.firstName")
	edit(t, filepath.Join(example, "05-wrong-office", "refusal.json"), `"rejected"`, `"transient"`)
	if err := os.Remove(filepath.Join(example, "02-minimal", "receipt.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(example, "02-minimal", "reqest.xml"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	code, out, _ := runCommand(t, "", "test", dir)
	for _, want := range []string{
		`/Envelope/Body/ЗапросСоставСемьи/Заявитель/Имя is "Анна", expected "АННА"`,
		`/class is "rejected", expected "transient"`,
		`receipt.json` + "\n     the example does not say what must come out; sluice test --update writes it",
		`the file is no part of an example`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if code != 1 {
		t.Errorf("code %d", code)
	}

	if err := os.Remove(filepath.Join(example, "02-minimal", "reqest.xml")); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := runCommand(t, "", "test", dir, "--update"); code != 0 || !strings.Contains(out, "wrote "+filepath.Join(example, "01-full", "request.xml")) || strings.Contains(out, "07-push") {
		t.Errorf("update: code %d\n%s%s", code, out, errs)
	}
	if code, out, _ := runCommand(t, "", "test", dir); code != 0 {
		t.Errorf("after the update: code %d\n%s", code, out)
	}
	if code, _, errs := runCommand(t, "", "test", "--update"); code != 2 || !strings.Contains(errs, "--update needs the folder") {
		t.Errorf("update of the built-in: code %d, %s", code, errs)
	}
}

func TestTranslate(t *testing.T) {
	request := sample(t, "family-composition")
	folder := "mappings/zags/examples/family-composition/"
	read := func(name string) string {
		data, err := fs.ReadFile(sluice.Workspace, folder+name)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, c := range []struct {
		name, stdin string
		args        []string
		code        int
		want        string
	}{
		{"request", request, []string{"zags/family-composition"}, 0, `<лиц:Паспорт ДатаВыдачи="03.05.2007">4510271828</лиц:Паспорт>`},
		{"message id", request, []string{"zags/family-composition", "--message-id", "00000000-0000-4000-8000-000000000001"}, 0, "<р:Идентификатор>00000000-0000-4000-8000-000000000001<"},
		{"reply", read("02-minimal/reply.xml"), []string{"zags/family-composition", "--reply"}, 0, `"externalId": "770-0000124/2025"`},
		{"push", read("07-push-unknown-code/push.xml"), []string{"zags/family-composition", "--push"}, 0, `the table status lacks the code "77" (status)`},
		{"poll", request, []string{"zags/family-composition", "--section", "poll", "--external-id", "770-0000124/2025"}, 0, "<р:Номер>770-0000124/2025</р:Номер>"},
		{"the adapter in Go", strings.NewReplacer("family-composition", "snils-check", `"agency": "zags"`, `"agency": "pension"`).Replace(request), []string{"pension/snils-check"}, 1, "request/payload"},
		{"no agency", request, []string{"zag/family-composition"}, 2, `did you mean "zags"?`},
		{"no service", request, []string{"zags/family"}, 2, "there are family-composition"},
		{"no slash", request, []string{"zags"}, 2, "name the agency and its service"},
		{"no section", request, []string{"zags/family-composition", "--section", "probe"}, 2, "the service has no section probe"},
		{"broken JSON", "{", []string{"zags/family-composition"}, 1, "reading the canonical request"},
		{"against the schema", strings.Replace(request, "15684273901", "15684273902", 1), []string{"zags/family-composition"}, 1, "request/applicant/snils"},
		{"the mapping fails", strings.Replace(request, `"consent": true`, `"consent": true, "delivery": {"method": "post"}`, 1), []string{"zags/family-composition"}, 1, "не указан адрес для отправки справки"},
		{"no XML", "<html>", []string{"zags/family-composition", "--reply"}, 1, "reading the agency's message"},
	} {
		code, out, errs := runCommand(t, c.stdin, append([]string{"translate"}, c.args...)...)
		if code != c.code || !strings.Contains(out+errs, c.want) {
			t.Errorf("%s: code %d, want %d with %q:\n%s%s", c.name, code, c.code, c.want, out, errs)
		}
	}
}

package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"sluice/cmd/internal/cli"
	"sluice/contracts/canonical"
	"sluice/contracts/shape"
)

// TestDemoAndDocs tells the demo's story, then runs against it what the demo and the pages for its readers say to try.
func TestDemoAndDocs(t *testing.T) {
	if testing.Short() {
		t.Skip("the story takes a quarter of a minute")
	}
	if _, err := exec.LookPath("curl"); err != nil && os.Getenv("SLUICE_REQUIRE") == "" {
		t.Skip("there is no curl")
	}
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	out, to := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		code := cli.Main(&cli.Context{Ctx: ctx, In: strings.NewReader(""), Out: to, Err: to, Env: os.LookupEnv}, []string{"demo", "--free"})
		to.Close()
		ended <- code
	}()
	var story strings.Builder
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		story.WriteString(lines.Text() + "\n")
		if strings.Contains(lines.Text(), "Ctrl-C ends it all") {
			break
		}
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // ends with the demo
	_, try, ok := strings.Cut(story.String(), "It stays up.")
	if !ok {
		t.Fatalf("the demo ended:\n%s", story.String())
	}
	for _, word := range []string{"202 Accepted", "request.registered", "request.closed", " retrying, attempts: 1", "agency.down", "is held", "agency.recovered", "none lost, none doubled"} {
		if !strings.Contains(story.String(), word) {
			t.Errorf("the story never says %q:\n%s", word, story.String())
		}
	}
	doors := regexp.MustCompile(`The doors: portals (\S+), agencies (\S+), operators (\S+) `).FindStringSubmatch(try)
	if doors == nil {
		t.Fatalf("the demo does not say where the doors are:\n%s", try)
	}
	real := strings.NewReplacer("http://127.0.0.1:8080", doors[1], "http://127.0.0.1:8081", doors[2], "http://127.0.0.1:8082", doors[3], `$PWD/bin:`, "")

	var id string // of a request that a page can show
	for _, page := range []struct{ name, script, codes string }{
		{"the demo's own lines", commands(try), `200 20[12] 200`},
		{"portal.md", blocks(t, "portal.md"), `202 422 200 200 200 (200|202|409)`},
		{"agencies.md", blocks(t, "agencies.md"), `200 200 200`},
		{"operators.md", blocks(t, "operators.md"), `200 200`},
	} {
		out := shell(t, page.name, regexp.MustCompile(`export ID=\S+`).ReplaceAllString(real.Replace(page.script), "export ID="+id))
		if m := regexp.MustCompile(`Location: /v1/requests/(\S+)`).FindStringSubmatch(out); m != nil {
			id = m[1]
		}
		var codes []string
		for _, m := range regexp.MustCompile(`(?m)^answered ([0-9]{3})$`).FindAllStringSubmatch(out, -1) {
			codes = append(codes, m[1])
		}
		if got := strings.Join(codes, " "); !regexp.MustCompile("^" + page.codes + "$").MatchString(got) {
			t.Errorf("%s: answered %s, want %s\n%.4000s", page.name, got, page.codes, out)
		}
	}
	cancel()
	select {
	case code := <-ended:
		if code != 0 {
			t.Errorf("the demo ended with %d", code)
		}
	case <-time.After(20 * time.Second):
		t.Error("the demo does not end")
	}
}

// TestIntegratorsPage runs the page's commands, and holds its table to what a mapping may make.
func TestIntegratorsPage(t *testing.T) {
	out := shell(t, "integrators.md", strings.ReplaceAll(blocks(t, "integrators.md"), `$PWD/bin:`, ""))
	for _, word := range []string{"ok, 2 operations", "Apply  an object", "0 findings", `<c:Site kind="HOUSE">`, `"status": "in_progress"`, "5 files hold, 0 fail", "ready to serve"} {
		if !strings.Contains(out, word) {
			t.Errorf("nothing says %q in\n%.4000s", word, out)
		}
	}
	page := read(t, "../../docs/integrators.md")
	for _, made := range []*shape.Type{canonical.ReceiptShape(), canonical.PushShape()} {
		for _, f := range made.Fields {
			if !strings.Contains(page, "`"+f.Name+"`") {
				t.Errorf("the page does not have %s of %s", f.Name, made.Name)
			}
		}
	}
	for _, code := range canonical.StatusCodes() {
		if code != canonical.Unknown && !strings.Contains(page, string(code)) {
			t.Errorf("the page does not have the status %s", code)
		}
	}
}

// blocks are the commands of a page.
func blocks(t *testing.T, page string) (script string) {
	t.Helper()
	for _, m := range regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(read(t, "../../docs/"+page), -1) {
		script += m[1]
	}
	return script
}

// commands are the lines of a text that are indented as commands are, with those that they go on over.
func commands(text string) (script string) {
	for _, m := range regexp.MustCompile(`(?m)^  (curl (?:[^\n]*\\\n)*[^\n]*)$`).FindAllStringSubmatch(text, -1) {
		script += m[1] + "\n"
	}
	return script
}

// shell runs commands in the repository's folder. Each answer to curl is followed by its HTTP status; any command that
// fails ends it all.
func shell(t *testing.T, name, script string) string {
	t.Helper()
	cmd := exec.Command("sh", "-eu", "-c", `curl() { command curl --max-time 20 -w '\nanswered %{http_code}\n' "$@"; }`+"\n"+script)
	cmd.Dir = "../.."
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%.4000s", name, err, out)
	}
	return string(out)
}

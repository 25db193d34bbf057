package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/cmd/internal/cli"
	"sluice/cmd/internal/config"
	"sluice/contracts/strictyaml"
)

const (
	deployment = "../../deploy/"
	executable = "/usr/bin/sluice"
	etc        = "/etc/sluice/" // where sluice.yaml stands in production
)

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sampleConfig is deploy/sluice.yaml. Its doors warn of nothing: what the network reaches has TLS.
func sampleConfig(t *testing.T) *config.Config {
	t.Helper()
	c, problems := config.Load("sluice.yaml", []byte(read(t, deployment+"sluice.yaml")), nil)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

// sluice runs a command line in this process with the environment of deploy/sluice.env filled in.
func sluice(t *testing.T, environ []string, args ...string) (code int, out string) {
	t.Helper()
	var b bytes.Buffer
	code = cli.Main(&cli.Context{Ctx: context.Background(), In: strings.NewReader(""), Out: &b, Err: &b,
		Env: func(name string) (string, bool) {
			i := slices.IndexFunc(environ, func(e string) bool { return strings.HasPrefix(e, name+"=") })
			if i < 0 {
				return "", false
			}
			return environ[i][len(name)+1:], true
		},
		Environ: func() []string { return environ }}, args)
	return code, b.String()
}

// filled is deploy/sluice.env with a value for each name, and the places that only this test can write to.
func filled(t *testing.T) (environ []string) {
	t.Helper()
	dir := t.TempDir()
	certificate, key := writeCertificate(t, dir)
	for line := range strings.Lines(read(t, deployment+"sluice.env")) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		switch {
		case strings.HasPrefix(name, "#") || !ok:
			continue
		case value != "":
			t.Errorf("sluice.env holds a value of %s", name)
		case strings.HasSuffix(name, "WEBHOOK_SECRET"):
			value = "whsec_c2x1aWNlIHRlc3Qgd2ViaG9vayBzZWNyZXQgMDEyMzQ1"
		default:
			value = "name:" + strings.ToLower(name) + "-0123456789"
		}
		environ = append(environ, name+"="+value)
	}
	return append(environ, "SLUICE_DATABASE="+filepath.Join(dir, "sluice.db"),
		"SLUICE_LISTEN_PORTAL_CERTIFICATE="+certificate, "SLUICE_LISTEN_PORTAL_KEY="+key,
		"SLUICE_LISTEN_AGENCIES_CERTIFICATE="+certificate, "SLUICE_LISTEN_AGENCIES_KEY="+key)
}

// TestSampleConfiguration: what an operator copies is accepted, needs every variable of sluice.env, and has every key.
func TestSampleConfiguration(t *testing.T) {
	environ := filled(t)
	check := []string{"serve", "--config", deployment + "sluice.yaml", "--check"}
	if code, out := sluice(t, environ, check...); code != 0 || out != "ready to serve\n" {
		t.Errorf("code %d\n%s", code, out)
	}
	for i, e := range environ {
		name, _, _ := strings.Cut(e, "=")
		if strings.HasPrefix(name, "SLUICE_") {
			continue
		}
		if code, out := sluice(t, slices.Delete(slices.Clone(environ), i, i+1), check...); code != 1 || !strings.Contains(out, name) {
			t.Errorf("without %s: code %d\n%s", name, code, out)
		}
	}
	text := read(t, deployment+"sluice.yaml")
	for _, k := range strictyaml.Keys(&config.Config{}) {
		name := k.Path[strings.LastIndexByte(k.Path, '.')+1:]
		if !regexp.MustCompile(`\b` + name + `:`).MatchString(text) {
			t.Errorf("sluice.yaml says nothing of %s", k.Path)
		}
	}
}

// unit is deploy/systemd/sluice.service: the values of each key, in order.
func unit(t *testing.T) map[string][]string {
	t.Helper()
	keys := map[string][]string{}
	for line := range strings.Lines(read(t, deployment+"systemd/sluice.service")) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok && !strings.HasPrefix(key, "#") {
			keys[key] = append(keys[key], value)
		}
	}
	return keys
}

// TestSystemdUnit holds the unit against the sample configuration: paths, what it may write to, how long it may stop.
func TestSystemdUnit(t *testing.T) {
	c, u := sampleConfig(t), unit(t)
	one := func(key string) string {
		t.Helper()
		if len(u[key]) != 1 {
			t.Fatalf("%s stands %d times", key, len(u[key]))
		}
		return u[key][0]
	}
	for key, want := range map[string]string{
		"ExecStart": executable + " serve --config " + etc + "sluice.yaml", "EnvironmentFile": etc + "sluice.env",
		"LoadCredential":   filepath.Base(c.Listen.Portal.Key) + ":" + c.Listen.Portal.Key,
		"WorkingDirectory": filepath.Dir(c.Database), "KillSignal": "SIGTERM", "Restart": "always", "StartLimitIntervalSec": "0",
		"DynamicUser": "yes", "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "PrivateDevices": "yes",
		"MemoryDenyWriteExecute": "yes", "CapabilityBoundingSet": "", "StateDirectoryMode": "0700", "UMask": "0077", "LimitCORE": "0",
	} {
		if got := one(key); got != want {
			t.Errorf("%s=%s, want %s", key, got, want)
		}
	}
	credential := "%d/" + filepath.Base(c.Listen.Portal.Key) // of the same name, where the unit may read it
	if got, want := u["Environment"][0], "SLUICE_LISTEN_PORTAL_KEY="+credential+" SLUICE_LISTEN_AGENCIES_KEY="+credential; got != want {
		t.Errorf("Environment=%s, want %s", got, want)
	}
	if got := "/var/lib/" + one("StateDirectory"); got != filepath.Dir(c.Database) {
		t.Errorf("the unit may write to %s, the database is %s", got, c.Database)
	}
	if len(u["ReadWritePaths"]) > 0 {
		t.Errorf("writable beside the state: %v", u["ReadWritePaths"])
	}
	if s, err := strconv.Atoi(one("TimeoutStopSec")); err != nil || time.Duration(s)*time.Second < c.Stop+10*time.Second {
		t.Errorf("systemd kills after %s s, the hub takes up to %v", one("TimeoutStopSec"), c.Stop)
	}
	if n, err := strconv.Atoi(one("LimitNOFILE")); err != nil || n < 8*c.Limits.Connections {
		t.Errorf("%s files for three doors of %d connections", one("LimitNOFILE"), c.Limits.Connections)
	}
}

// TestSystemdVerifies lets systemd itself read the unit and weigh what it leaves open.
func TestSystemdVerifies(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("there is no systemd-analyze; TestSystemdUnit looks at the keys")
	}
	version, err := exec.Command(analyze, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if n := regexp.MustCompile(`[0-9]+`).Find(version); len(n) < 3 || string(n) < "250" {
		t.Skipf("systemd %s is older than the unit wants", n)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "sluice.service")
	text := strings.ReplaceAll(read(t, deployment+"systemd/sluice.service"), executable, self) // verify wants it to be there
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := exec.Command(analyze, "security", "--offline=true", "--no-pager", "--threshold=15", file).CombinedOutput(); err != nil {
		t.Errorf("more is open than should be: %v\n%s", err, out)
	}
}

// dockerfile is deploy/docker/Dockerfile: its instructions by stage, comments as they stand.
func dockerfile(t *testing.T) (stages [][]string, comments string) {
	t.Helper()
	text := strings.ReplaceAll(read(t, deployment+"docker/Dockerfile"), "\\\n", " ")
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#"):
			comments += line + "\n"
		case strings.HasPrefix(line, "FROM "):
			stages = append(stages, []string{line})
		case line != "":
			stages[len(stages)-1] = append(stages[len(stages)-1], line)
		}
	}
	return stages, comments
}

// instructions are the arguments of an instruction in a stage.
func instructions(stage []string, name string) (arguments []string) {
	for _, line := range stage {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			arguments = append(arguments, rest)
		}
	}
	return arguments
}

// TestDockerfile holds the image against the repository, the command line and the sample configuration.
func TestDockerfile(t *testing.T) {
	c := sampleConfig(t)
	stages, comments := dockerfile(t)
	if len(stages) != 2 || stages[1][0] != "FROM scratch" {
		t.Fatalf("the image is not made from nothing: %q", stages)
	}
	build, image := stages[0], stages[1]
	for _, args := range instructions(build, "COPY") {
		words := strings.Fields(args)
		for _, source := range words[:len(words)-1] {
			if _, err := os.Stat(filepath.Join("../..", source)); err != nil {
				t.Error(err)
			}
		}
	}
	built := strings.Join(instructions(build, "RUN"), "\n")
	for _, args := range instructions(image, "COPY") {
		words := slices.DeleteFunc(strings.Fields(args), func(w string) bool { return strings.HasPrefix(w, "--") })
		if source := words[0]; !strings.Contains(built, source) && source != "/etc/ssl/certs/ca-certificates.crt" {
			t.Errorf("the build does not make %s", source)
		}
	}
	if !strings.Contains(built, "CGO_ENABLED=0") {
		t.Error("the binary needs a libc, which the image has not")
	}
	user := instructions(image, "USER")
	if len(user) != 1 || regexp.MustCompile(`^[1-9][0-9]*:[1-9][0-9]*$`).FindString(user[0]) == "" {
		t.Fatalf("USER %q: want numbers, none of them root's", user)
	}
	state := filepath.Dir(c.Database)
	if !strings.Contains(strings.Join(instructions(image, "COPY"), "\n"), "--chown="+user[0]) || !slices.Equal(instructions(image, "VOLUME"), []string{state}) ||
		!slices.Equal(instructions(image, "WORKDIR"), []string{state}) {
		t.Errorf("the database goes to %s, which is no volume of the image's user", c.Database)
	}
	var ports []string
	for _, d := range []config.Door{c.Listen.Portal, c.Listen.Agencies, c.Listen.Operators} {
		host, port, err := net.SplitHostPort(d.Address)
		if err != nil {
			t.Fatal(err)
		}
		if !net.ParseIP(host).IsLoopback() {
			ports = append(ports, port)
		}
	}
	if got := strings.Fields(strings.Join(instructions(image, "EXPOSE"), " ")); !slices.Equal(got, ports) {
		t.Errorf("EXPOSE %v, sluice.yaml opens %v to the network", got, ports)
	}
	for _, port := range ports {
		if !strings.Contains(comments, "-p "+port+":"+port) {
			t.Errorf("docker run does not publish %s", port)
		}
	}
	stop := regexp.MustCompile(`--stop-timeout ([0-9]+)`).FindStringSubmatch(comments)
	if stop == nil {
		t.Fatal("docker run kills after 10 s")
	}
	if s, err := strconv.Atoi(stop[1]); err != nil || time.Duration(s)*time.Second < c.Stop+10*time.Second {
		t.Errorf("docker kills after %s s, the hub takes up to %v", stop[1], c.Stop)
	}
	if !slices.Equal(instructions(image, "STOPSIGNAL"), []string{"SIGTERM"}) {
		t.Error("the hub stops by SIGTERM")
	}
}

// TestDockerCommands runs what the image runs: its command with --check, and its health check with nothing to ask.
func TestDockerCommands(t *testing.T) {
	stages, _ := dockerfile(t)
	image := stages[1]
	argv := func(array string) (args []string) {
		t.Helper()
		if err := json.Unmarshal([]byte(array), &args); err != nil {
			t.Fatalf("%s: %v: there is no shell that could take it apart", array, err)
		}
		return args
	}
	entry := argv(instructions(image, "ENTRYPOINT")[0])
	if !slices.Equal(entry, []string{executable}) {
		t.Errorf("ENTRYPOINT %v", entry)
	}
	if !strings.Contains(strings.Join(instructions(image, "COPY"), "\n"), "/out/sluice "+executable) {
		t.Errorf("nothing is copied to %s", executable)
	}
	command := argv(instructions(image, "CMD")[0])
	i := slices.Index(command, etc+"sluice.yaml")
	if i < 0 {
		t.Fatalf("CMD %v: the configuration stands at %ssluice.yaml", command, etc)
	}
	command[i] = deployment + "sluice.yaml"
	if code, out := sluice(t, filled(t), append(command, "--check")...); code != 0 {
		t.Errorf("CMD %v: code %d\n%s", command, code, out)
	}
	_, health, _ := strings.Cut(instructions(image, "HEALTHCHECK")[0], " CMD ")
	check := argv(health)
	if check[0] != executable {
		t.Errorf("HEALTHCHECK %v", check)
	}
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := "http://" + nobody.Addr().String()
	nobody.Close()
	if code, out := sluice(t, nil, append(check[1:], "--server", server)...); code != 1 || !strings.Contains(out, "no hub answers at "+server) {
		t.Errorf("HEALTHCHECK %v: code %d\n%s", check, code, out)
	}
}

// Package pgtest starts PostgreSQL servers for tests: real ones, each on a free port of the loopback with a folder of its
// own, ended and deleted with the tests. Root runs them as the user postgres or nobody, since a server refuses root.
package pgtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Password is the superuser's on every server: what no log and no error may show.
const Password = "pgtest-secret-word"

// Server is one server.
type Server struct {
	bin  string // folder of its programs
	set  []string
	dir  string
	port int
	made atomic.Int64 // databases

	mu      sync.Mutex
	process *os.Process
	ended   chan struct{}
}

var shared struct {
	sync.Mutex
	server *Server
}

// Shared is the server that the tests of a package share; Main ends it. It leaves writing to the disk to the system,
// which is quicker and all the same unless the machine fails. Without PostgreSQL the test is skipped.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		shared.server = start(t, "fsync=off", "autovacuum=off")
	}
	return shared.server
}

// New is a server for one test, to be killed and stopped, with settings such as "fsync=off". Without PostgreSQL the
// test is skipped.
func New(t testing.TB, settings ...string) *Server {
	t.Helper()
	s := start(t, settings...)
	t.Cleanup(s.remove)
	return s
}

// Main wraps the tests of a package that use Shared.
func Main(m interface{ Run() int }) interface{ Run() int } { return main{m} }

type main struct{ tests interface{ Run() int } }

func (m main) Run() int {
	defer func() {
		if shared.server != nil {
			shared.server.remove()
		}
	}()
	return m.tests.Run()
}

func start(t testing.TB, settings ...string) *Server {
	t.Helper()
	bin, err := programs()
	if err != nil {
		if os.Getenv("SLUICE_REQUIRE") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	s := &Server{bin: bin}
	for _, setting := range append(settings, "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200", "shared_buffers=32MB", "lc_messages=C", "timezone=Asia/Kamchatka") {
		s.set = append(s.set, "-c", setting)
	}
	if err := s.init(); err != nil {
		s.remove()
		t.Fatal(err)
	}
	return s
}

// programs finds the folder of initdb and postgres: in PATH, or where Debian puts it, the newest version.
func programs() (string, error) {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p), nil
		}
	}
	newest, version := "", 0
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	for _, p := range found {
		if v, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(p)))); v > version {
			newest, version = filepath.Dir(p), v
		}
	}
	if newest == "" {
		return "", errors.New("PostgreSQL is not installed (Debian: apt-get install postgresql), so nothing was tested on it")
	}
	return newest, nil
}

// init makes the server's folder and starts it.
func (s *Server) init() (err error) {
	sweep()
	if s.dir, err = os.MkdirTemp("", fmt.Sprintf("%s%d-*", prefix, os.Getpid())); err != nil {
		return err
	}
	password := filepath.Join(s.dir, "password")
	if err := os.WriteFile(password, []byte(Password+"\n"), 0o600); err != nil {
		return err
	}
	who, err := owner()
	if err != nil {
		return err
	}
	if who != nil {
		for _, path := range []string{s.dir, password} {
			if err := os.Chown(path, int(who.Uid), int(who.Gid)); err != nil {
				return err
			}
		}
	}
	cmd := s.command("initdb", "-D", s.data(), "-U", "sluice", "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8", "--locale=C", "--no-sync")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	for range 3 { // somebody may take the port in between
		if s.port, err = freePort(); err != nil {
			return err
		}
		if err = s.Start(); err == nil {
			return nil
		}
	}
	return err
}

// prefix begins the name of a server's folder; the process that made it follows.
const prefix = "sluice-pg-"

// sweep deletes the folders of tests that were ended before they could.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(os.TempDir(), prefix+"*-*"))
	for _, dir := range left {
		by, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), prefix), "-")
		if pid, err := strconv.Atoi(by); err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(dir)
		}
	}
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.dir
	return cmd
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Start starts the server, also after Kill or Stop, and waits until it serves.
func (s *Server) Start() error {
	who, err := owner()
	if err != nil {
		return err
	}
	cmd := s.command("postgres", append([]string{"-D", s.data(), "-p", strconv.Itoa(s.port)}, s.set...)...)
	cmd.SysProcAttr = attributes(who)
	output, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	begun, ready, ended := make(chan error, 1), make(chan struct{}), make(chan struct{})
	var said strings.Builder
	go func() {
		runtime.LockOSThread() // where the server is to end with the tests, it ends with the thread that started it
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := cmd.Start()
		begun <- err
		if err != nil {
			return
		}
		serves := false
		for lines := bufio.NewScanner(output); lines.Scan(); {
			if serves {
				continue // it would block if nobody read
			}
			said.WriteString(lines.Text() + "\n")
			if strings.Contains(lines.Text(), "database system is ready to accept connections") {
				serves = true
				close(ready)
			}
		}
		_ = cmd.Wait()
	}()
	if err := <-begun; err != nil {
		return err
	}
	s.mu.Lock()
	s.process, s.ended = cmd.Process, ended
	s.mu.Unlock()
	select {
	case <-ready:
		return nil
	case <-ended:
		return fmt.Errorf("the server did not start:\n%s", said.String())
	}
}

// Kill ends the server and all its processes as a power cut would, as far as a process can: kill -9.
func (s *Server) Kill() {
	s.signal(func(p *os.Process) {
		for _, child := range children(p.Pid) {
			_ = syscall.Kill(child, syscall.SIGKILL)
		}
		_ = p.Kill()
	})
}

// Stop ends the server in order, without waiting for its clients.
func (s *Server) Stop() { s.signal(func(p *os.Process) { _ = p.Signal(syscall.SIGINT) }) }

// signal ends the server's process and waits for its end.
func (s *Server) signal(end func(*os.Process)) {
	s.mu.Lock()
	process, ended := s.process, s.ended
	s.process = nil
	s.mu.Unlock()
	if process != nil {
		end(process)
		<-ended
	}
}

func (s *Server) remove() {
	s.signal(func(p *os.Process) { _ = p.Signal(syscall.SIGQUIT) })
	_ = os.RemoveAll(s.dir)
}

// URL is the connection string of a database.
func (s *Server) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword("sluice", Password), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)), Path: database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Database makes an empty database and returns its connection string.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := "t" + strconv.FormatInt(s.made.Add(1), 10)
	s.Exec(t, s.URL("postgres"), "CREATE DATABASE "+name)
	return s.URL(name)
}

// Exec runs statements in a database, each by itself.
func (s *Server) Exec(t testing.TB, database string, statements ...string) {
	t.Helper()
	ctx := context.Background()
	c, err := pgx.Connect(ctx, database)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	for _, statement := range statements {
		if _, err := c.Exec(ctx, statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Suspend stops the server's processes in their tracks, as an overloaded machine does, until wake is called.
func (s *Server) Suspend(t testing.TB) (wake func()) {
	t.Helper()
	s.mu.Lock()
	process := s.process
	s.mu.Unlock()
	each := func(signal syscall.Signal) {
		for _, pid := range append(children(process.Pid), process.Pid) {
			if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				t.Error(err)
			}
		}
	}
	each(syscall.SIGSTOP)
	return func() { each(syscall.SIGCONT) }
}

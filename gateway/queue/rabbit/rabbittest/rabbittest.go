// Package rabbittest gives tests a RabbitMQ of their own: on free ports of the loopback, with its files in a temporary
// folder, gone with the test's process however that ends.
package rabbittest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binaries is where Debian has the scripts themselves; those in /usr/sbin change user and drop the environment.
const binaries = "/usr/lib/rabbitmq/bin/"

// Password is that of the broker's only user, with what a URL can't hold as it is.
const Password = "rabbit:s3cret/@?%"

// patience is how long a broker may take to start on a busy machine.
const patience = 80 * time.Second

var shared struct {
	once   sync.Once
	broker *Broker
	err    error
}

// Get returns the package's broker, which the first call starts, and skips the test where RabbitMQ is not installed;
// under SLUICE_REQUIRE it fails there. TestMain must run Main.
func Get(t *testing.T) *Broker {
	t.Helper()
	need(t)
	shared.once.Do(func() {
		if shared.broker, shared.err = prepare(); shared.err == nil {
			shared.err = shared.broker.Start()
		}
	})
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.broker
}

// Prepare returns a broker of the test's own that is not started yet, and skips the test as Get does.
func Prepare(t *testing.T) *Broker {
	t.Helper()
	need(t)
	b, err := prepare()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.remove)
	return b
}

func need(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(binaries + "rabbitmq-server"); err == nil {
		return
	}
	if os.Getenv("SLUICE_REQUIRE") != "" {
		t.Fatal("RabbitMQ is not installed (Debian: rabbitmq-server)")
	}
	t.Skip("RabbitMQ is not installed (Debian: rabbitmq-server): its tests did not run")
}

// Main runs a package's tests, then ends the broker that they used.
type Main struct{ M interface{ Run() int } }

// Run is testing.M's.
func (m Main) Run() int {
	code := m.M.Run()
	if shared.broker != nil {
		shared.broker.remove()
	}
	return code
}

// Broker is a RabbitMQ that can be killed and started again.
type Broker struct {
	Address string // host:port
	dir     string
	env     []string
	leash   io.Closer // the broker lives until it is closed
	ended   chan struct{}
}

// prepare makes the broker's folder and finds its ports.
func prepare() (b *Broker, err error) {
	b = &Broker{}
	if b.dir, err = os.MkdirTemp("", "rabbittest"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.remove()
		}
	}()
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	b.Address = "127.0.0.1:" + ports[0]
	conf := "default_user = sluice\ndefault_pass = " + Password + "\nraft.wal_max_size_bytes = 16777216\nlog.file.level = warning\n"
	for name, text := range map[string]string{"rabbitmq.conf": conf, "enabled_plugins": "[].\n"} {
		if err := os.WriteFile(filepath.Join(b.dir, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	b.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir, "ERL_EPMD_ADDRESS=127.0.0.1", "ERL_EPMD_PORT=" + ports[1],
		"RABBITMQ_NODENAME=n1@localhost", "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", "RABBITMQ_NODE_PORT=" + ports[0], "RABBITMQ_DIST_PORT=" + ports[2],
		"RABBITMQ_MNESIA_BASE=" + filepath.Join(b.dir, "data"), "RABBITMQ_LOG_BASE=" + filepath.Join(b.dir, "log"),
		"RABBITMQ_PID_FILE=" + filepath.Join(b.dir, "pid"), "RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(b.dir, "enabled_plugins"),
		"RABBITMQ_CONFIG_FILE=" + filepath.Join(b.dir, "rabbitmq.conf"), "RABBITMQ_CONF_ENV_FILE=/dev/null",
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
	}
	return b, nil
}

// freePorts finds ports that nobody listens on.
func freePorts(n int) (ports []string, err error) {
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close() // not before all are found
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, err
		}
		ports = append(ports, port)
	}
	return ports, nil
}

// URL is the broker's, or that of a proxy before it at address.
func (b *Broker) URL(address string) string {
	u := url.URL{Scheme: "amqp", User: url.UserPassword("sluice", Password), Host: address, Path: "/"}
	return u.String()
}

// Start starts the broker with what it has on disk and waits until it is ready.
func (b *Broker) Start() error {
	// The shell is the leader of a process group with the broker and its name service in it, and kills that whole
	// when its standard input ends: by Kill, or with this process.
	cmd := exec.Command("/bin/sh", "-c", `epmd & "$0" & read -r _; kill -9 -$$`, binaries+"rabbitmq-server")
	cmd.Env = b.env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := os.OpenFile(filepath.Join(b.dir, "out"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	if b.leash, err = cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting RabbitMQ: %w", err)
	}
	b.ended = make(chan struct{})
	go func() {
		defer close(b.ended)
		cmd.Wait() //nolint:errcheck // it is killed
	}()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if b.answers() {
			return nil
		}
	}
	wrote, _ := os.ReadFile(filepath.Join(b.dir, "out"))
	return fmt.Errorf("RabbitMQ is not ready after %v; it wrote:\n%s", patience, wrote)
}

func (b *Broker) answers() bool {
	conn, err := net.DialTimeout("tcp", b.Address, time.Second)
	if err != nil {
		return false
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second)) //nolint:errcheck // the read tells
	if _, err := conn.Write([]byte("AMQP\x00\x00\x09\x01")); err != nil {
		return false
	}
	first := make([]byte, 1)
	_, err = io.ReadFull(conn, first)
	return err == nil && first[0] == 1
}

// Kill ends the broker as kill -9 does.
func (b *Broker) Kill() {
	b.leash.Close() //nolint:errcheck // closed twice at worst
	<-b.ended
}

// remove kills the broker and deletes all that it wrote.
func (b *Broker) remove() {
	if b.leash != nil {
		b.Kill()
	}
	os.RemoveAll(b.dir) //nolint:errcheck // a temporary folder
}

// Control runs rabbitmqctl, which takes a second or more, and returns what it wrote.
func (b *Broker) Control(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, binaries+"rabbitmqctl", args...)
	cmd.Env = b.env
	out, err := cmd.CombinedOutput()
	if err != nil {
		err = fmt.Errorf("rabbitmqctl %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), err
}

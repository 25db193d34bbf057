// Package process runs the hub and the simulated agencies as processes of their own, for those who kill them or measure
// them from outside.
package process

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
)

// process is one child.
type process struct {
	binary string
	log    *os.File // what it writes to standard error, over all its lives
	cmd    *exec.Cmd
	ended  chan struct{} // closed when the process has ended
}

// start starts the child; out is a file, so that nothing has to be copied while others are measured.
func (p *process) start(env []string, out *os.File, args ...string) error {
	p.cmd = exec.Command(p.binary, args...)
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = env, out, p.log
	if err := p.cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	p.ended = ended
	go func(c *exec.Cmd) {
		_ = c.Wait() // killed: the state of the process says no more than that
		close(ended)
	}(p.cmd)
	return nil
}

// PID is the process's id while it lives.
func (p *process) PID() int { return p.cmd.Process.Pid }

// Kill ends the process as a power cut would: no handler of its own runs. It may be called again, and before a start.
func (p *process) Kill() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Kill() // SIGKILL; an error means that it has ended
	<-p.ended
}

// Close kills the process and closes its log.
func (p *process) Close() error {
	p.Kill()
	return p.log.Close()
}

// failed is an error with the end of the process's log.
func (p *process) failed(what string, err error) error {
	const lines = 30
	text, readErr := os.ReadFile(p.log.Name())
	if readErr != nil {
		return errors.Join(fmt.Errorf("%s %s: %w", p.binary, what, err), readErr)
	}
	all := strings.Split(strings.TrimSpace(string(text)), "\n")
	return fmt.Errorf("%s %s: %w\n%s", p.binary, what, err, strings.Join(all[max(0, len(all)-lines):], "\n"))
}

var errEnded = errors.New("the process ended")

// freeAddress finds a port on loopback that nobody uses now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

package process

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Sim is agencysim.
type Sim struct {
	process
	urls map[string]string // by agency, and of the admin calls
}

// StartSim starts the simulated agencies on free ports and waits until they listen.
func StartSim(ctx context.Context, dir, binary string, args ...string) (*Sim, error) {
	s := &Sim{process: process{binary: binary}, urls: map[string]string{}}
	var err error
	if s.log, err = os.Create(filepath.Join(dir, "agencysim.log")); err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	err = s.start(os.Environ(), write, append([]string{"-addr", "127.0.0.1:0"}, args...)...)
	write.Close() //nolint:errcheck // the child has its own
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { read.SetReadDeadline(time.Now()) }) //nolint:errcheck // a pipe has deadlines
	defer stop()
	const said = 5 // lines: the admin calls and four agencies, each with its address
	for lines := bufio.NewScanner(read); len(s.urls) < said; {
		if !lines.Scan() {
			s.Kill()
			return nil, s.failed("did not say where it listens", errEnded)
		}
		name, url, _ := strings.Cut(lines.Text(), " ")
		s.urls[name] = strings.TrimSpace(url)
	}
	return s, nil
}

// URL is the address of an agency's endpoint.
func (s *Sim) URL(agency, endpoint string) string {
	return strings.Replace(s.urls[agency], "ENDPOINT", endpoint, 1)
}

// Admin is the address of an admin call, such as faults.
func (s *Sim) Admin(call string) string {
	return fmt.Sprintf("%s/%s", strings.TrimSuffix(s.urls["admin"], "/summary"), call)
}

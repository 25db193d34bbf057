package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// conditions prints what the figures depend on.
func (s *session) conditions() error {
	fs, err := fileSystem(s.dir)
	if err != nil {
		return err
	}
	for _, c := range [][2]string{
		{"date", time.Now().UTC().Format("2006-01-02 15:04 UTC")},
		{"commit", commit()},
		{"processor", fmt.Sprintf("%s, %d cores, GOMAXPROCS %d, %s/%s", processor(), runtime.NumCPU(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH)},
		{"load before", loadAverage()},
		{"Go", runtime.Version()},
		{"databases", fs + ", SQLite in WAL, synchronous=FULL"},
		{"pairs", fmt.Sprint(s.pairs)},
	} {
		fmt.Fprintf(s.out, "%-12s %s\n", c[0], c[1])
	}
	if fs == "tmpfs" {
		s.note("a commit costs nothing on tmpfs: give -dir a folder on a disk")
	}
	fmt.Fprintln(s.out)
	return nil
}

func commit() string {
	out, err := exec.Command("git", "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return "unknown"
	}
	id := strings.TrimSpace(string(out))
	if out, err = exec.Command("git", "status", "--porcelain", "--untracked-files=no").Output(); err != nil || len(out) > 0 {
		id += " with changes"
	}
	return id
}

// processor is the model of the CPU, where the system tells it.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "processor unknown"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, model, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(model)
		}
	}
	return "processor unknown"
}

func loadAverage() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	fields := strings.Fields(string(b))
	return strings.Join(fields[:min(3, len(fields))], " ")
}

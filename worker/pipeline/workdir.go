package pipeline

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// abandonedAfter is when a job's folder is removed whose worker cannot be asked
// whether it lives. No job lasts as long.
const abandonedAfter = 24 * time.Hour

// run parts this process from an earlier one with the same id.
var run = rand.Text()

// workDir makes a folder for one job, named after this process. The first call
// removes what processes that died left behind.
func (p *Pipeline) workDir() (string, error) {
	if err := os.MkdirAll(p.WorkDir, 0o700); err != nil {
		return "", err
	}
	p.sweep.Do(func() { sweep(p.WorkDir, time.Now()) })
	host, _ := os.Hostname()
	return os.MkdirTemp(p.WorkDir, host+"."+strconv.Itoa(os.Getpid())+"."+run+".")
}

// Tidy removes the folders below dir of jobs whose process has died.
func Tidy(dir string) { sweep(dir, time.Now()) }

// sweep removes the folders of this machine's dead processes, and others that
// are old. What cannot be removed is left for the next time.
func sweep(dir string, now time.Time) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	host, _ := os.Hostname()
	for _, e := range entries {
		rest, ours := strings.CutPrefix(e.Name(), host+".")
		digits, rest, named := strings.Cut(rest, ".")
		pid, err := strconv.Atoi(digits)
		dead := ours && named && err == nil && !alive(pid)
		if pid == os.Getpid() { // in a container every run has the same
			dead = ours && named && !strings.HasPrefix(rest, run+".")
		}
		info, err := e.Info()
		if dead || err == nil && now.Sub(info.ModTime()) > abandonedAfter {
			_ = os.RemoveAll(filepath.Join(dir, e.Name()))
		}
	}
}

// alive reports whether a process of this machine runs; a system that cannot
// be asked says yes.
func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	if err != nil || runtime.GOOS == "windows" {
		return err == nil
	}
	defer process.Release()
	err = process.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}

//go:build unix

package ffmpeg

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// killGroup kills the process and everything that it started. The process must
// not have been waited for yet, or a member of its group must be alive.
func killGroup(p *os.Process) error {
	if err := syscall.Kill(-p.Pid, syscall.SIGKILL); err != nil && err != syscall.ESRCH {
		return err
	}
	return nil
}

// signalOf returns the name of the signal that ended the process, or "".
func signalOf(s *os.ProcessState) string {
	if w, ok := s.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return unix.SignalName(w.Signal())
	}
	return ""
}

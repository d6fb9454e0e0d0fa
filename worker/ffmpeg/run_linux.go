package ffmpeg

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// self is this very binary, also after its file was replaced or removed.
const self = "/proc/self/exe"

// isolate gives cmd its own process group, which can be killed as one, and has
// the kernel kill it when this process ends, however that ends.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// impose sets the limits of a process that has just started without a
// launcher. It may have ended already, so errors do not matter.
func (l limits) impose(pid int) {
	for _, r := range l.list() {
		_ = unix.Prlimit(pid, r.resource, &unix.Rlimit{Cur: r.n, Max: r.n}, nil)
	}
}

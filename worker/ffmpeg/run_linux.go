package ffmpeg

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"
)

// self is this very binary, also after its file was replaced or removed.
const self = "/proc/self/exe"

const (
	// dataLimit bounds the memory that a tool may write to (RLIMIT_DATA): a
	// frame of MaxPixels needs 53–140 MB, decoders hold up to about 20 of them.
	dataLimit = 3 << 30
	// fileLimit bounds each file that a tool writes.
	fileLimit = 64 << 20
)

// isolate gives cmd its own process group, which can be killed as one, and has
// the kernel kill it when this process ends, however that ends.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// limit sets the kernel's limits for a process that has just started. It may
// have ended already, so errors do not matter. Compiling writes a larger file
// (78 MB) than any job does.
func limit(pid int, c command) {
	set := func(resource int, n uint64) {
		_ = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: n, Max: n}, nil)
	}
	set(unix.RLIMIT_CORE, 0)
	set(unix.RLIMIT_DATA, dataLimit)
	if c.tool != childCompile {
		set(unix.RLIMIT_FSIZE, fileLimit)
	}
}

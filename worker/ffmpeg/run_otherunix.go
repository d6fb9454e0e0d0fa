//go:build unix && !linux

package ffmpeg

import (
	"os/exec"
	"syscall"
)

// self is "" where the binary is found by os.Executable.
const self = ""

// isolate gives cmd its own process group, which can be killed as one. When
// this process is killed outright, a tool lives on until its work is done.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

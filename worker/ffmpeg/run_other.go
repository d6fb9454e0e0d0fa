//go:build !unix

package ffmpeg

import (
	"os"
	"os/exec"
)

const self = ""

func isolate(*exec.Cmd) {}

func killGroup(p *os.Process) error { return p.Kill() }

func signalOf(*os.ProcessState) string { return "" }

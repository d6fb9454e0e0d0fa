package ffmpeg

import (
	"encoding/json"
	"fmt"
	"runtime"
	"time"
)

// job is what this program tells itself, in one argument, when it starts itself
// as the embedded tool or as the launcher of a native one.
type job struct {
	Tool   string // name of the embedded tool or path of the native one
	Args   []string
	Input  string // absolute path of the one file that is read; "" for none
	Output string // absolute path of the one folder that is written; "" for none
	Cache  string `json:",omitempty"` // of the embedded tool's compiled code
	Limits limits
	Cage   cage
	Trial  *trial `json:",omitempty"`
}

// trial is a job's order to try the walls before the tool is started. The job's
// own input must be readable, and its output folder take a file.
type trial struct {
	File string // must not be readable; "" where the walls hide none
	Port int    // of this host, must not be reachable
}

// limits are a process's, in the kernel's units; 0 stands for none.
type limits struct {
	CPU   uint64 // seconds
	Data  uint64 // bytes of memory that can be written to
	Space uint64 // bytes of address space
	File  uint64 // bytes of each file that is written
	Files uint64 // open at once
}

const (
	// dataLimit bounds the memory that a tool may write to: a frame of
	// MaxPixels needs 53–140 MB, decoders hold up to about 20 of them. It
	// bounds threads as well, by their stacks. Their own limit (RLIMIT_NPROC)
	// counts all that the user runs, and nothing of root's.
	dataLimit = 3 << 30
	// spaceLimit also counts what is shared or only reserved. WebAssembly
	// reserves far more than it uses, so this one is for native tools.
	spaceLimit = 6 << 30
	// fileLimit bounds each file that a tool writes, folderLimit all of them.
	fileLimit   = 64 << 20
	folderLimit = 256 << 20
	folderFiles = 10_000
	filesLimit  = 256
)

// limits are those of the kernel for this run. Compiling the embedded tool
// takes a larger file (78 MB) and more open ones than any job does.
func (c command) limits(native bool) limits {
	if c.tool == childCompile {
		return limits{Data: dataLimit}
	}
	l := limits{Data: dataLimit, File: fileLimit, Files: filesLimit}
	if c.maxFile > 0 {
		l.File = uint64(c.maxFile)
	}
	if c.memory > 0 {
		l.Data = uint64(c.memory)
	}
	if native {
		l.Space = spaceLimit
	}
	cpu := c.cpu
	if cpu <= 0 { // all threads that decoders get, all the time
		cpu = c.wall * time.Duration(min(4, runtime.NumCPU()))
	}
	l.CPU = uint64((cpu + time.Second - 1) / time.Second)
	return l
}

func (j job) argument() (string, error) {
	data, err := json.Marshal(j)
	return string(data), err
}

// jobOf reads the argument of a child.
func jobOf(args []string) (j job, err error) {
	if len(args) != 1 {
		return j, fmt.Errorf("%d arguments instead of one", len(args))
	}
	return j, json.Unmarshal([]byte(args[0]), &j)
}

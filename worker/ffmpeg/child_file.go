package ffmpeg

import (
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"
)

// How the parent starts the embedded ffmpeg and the launcher of a native one,
// and what the tool sees.
const (
	childCommand  = "__ffmpeg" // hidden subcommands of this binary
	launchCommand = "__launch"
	childCompile  = "compile" // instead of a tool: fill the cache of compiled code
	childInput    = "/in"     // where the input file is mounted, read only
	inputName     = "media"   // its name there
	childOutput   = "/out"    // where the output folder is mounted
	childBroken   = 113       // exit code when not the tool but its engine failed
	launchBroken  = 114       // and when its launcher did
)

// becomeChild returns only when this process was not started as a child.
func becomeChild(embedded func(args []string) (int, error)) {
	if len(os.Args) < 2 {
		childCalled.Store(true)
		return
	}
	switch os.Args[1] {
	case launchCommand:
		fmt.Fprintf(os.Stderr, "reelroom: %v\n", launch(os.Args[2:]))
		os.Exit(launchBroken)
	case childCommand:
		code, err := embedded(os.Args[2:])
		if err != nil {
			fmt.Fprintf(os.Stderr, "reelroom: %v\n", err)
			code = childBroken
		}
		os.Exit(code)
	}
	childCalled.Store(true)
}

// childCalled says that main called Child. Without it, starting this binary as
// a child would start the whole program once more.
var childCalled atomic.Bool

// oneFile is a file system that holds one file, under the name inputName. The
// embedded ffmpeg cannot reach any other, whatever its input says. The string
// is the file's path outside.
type oneFile string

func (f oneFile) Open(name string) (fs.File, error) {
	switch name {
	case ".":
		return emptyFolder{}, nil
	case inputName:
		return os.Open(string(f))
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// emptyFolder is the root of a oneFile, which lists nothing.
type emptyFolder struct{}

func (emptyFolder) Stat() (fs.FileInfo, error)         { return emptyFolder{}, nil }
func (emptyFolder) Read([]byte) (int, error)           { return 0, fs.ErrInvalid }
func (emptyFolder) Close() error                       { return nil }
func (emptyFolder) ReadDir(int) ([]fs.DirEntry, error) { return nil, nil }
func (emptyFolder) Name() string                       { return "." }
func (emptyFolder) Size() int64                        { return 0 }
func (emptyFolder) Mode() fs.FileMode                  { return fs.ModeDir | 0o555 }
func (emptyFolder) ModTime() time.Time                 { return time.Time{} }
func (emptyFolder) IsDir() bool                        { return true }
func (emptyFolder) Sys() any                           { return nil }

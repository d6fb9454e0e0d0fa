package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// insideID is the user and group that a tool sees itself as: not root.
const insideID = 1000

// enclose finds the strongest walls in which the native tools run and reach
// files in these places, by running them and by trying to get out.
func enclose(ctx context.Context, t *Tools, places []string) cage {
	if !childCalled.Load() {
		return cage{why: []string{"this program has no launcher"}}
	}
	outsideIn := "" // among the jobs' folders, where a start that is killed leaves it to be tidied
	if len(places) > 0 {
		outsideIn = places[0]
	}
	canary, err := os.CreateTemp(outsideIn, ".trial-")
	if err != nil {
		canary, err = os.CreateTemp("", "reelroom-trial-")
	}
	if err != nil {
		return cage{why: []string{err.Error()}}
	}
	defer os.Remove(canary.Name())
	defer canary.Close()
	folders, remove := trialFolders(places)
	defer remove()
	outside := trial{File: canary.Name()}
	if l, err := net.Listen("tcp4", "127.0.0.1:0"); err == nil {
		defer l.Close()
		outside.Port = l.Addr().(*net.TCPAddr).Port
	}
	needs := needsOf(ctx, t.native.ffmpeg, t.native.ffprobe)
	var why []string
	for _, w := range []walls{wallsOwnRoot, wallsRootOnly, wallsLandlock, wallsLimits} {
		if w == wallsRootOnly && os.Getuid() != 0 {
			continue
		}
		var failed error
		for _, filter := range []bool{true, false} {
			c := cage{Walls: w, Filter: filter, Needs: needs, why: why}
			if failed = t.try(ctx, c, outside, folders); failed == nil {
				return c
			}
		}
		if ctx.Err() != nil {
			break
		}
		why = append(why, fmt.Sprintf("%s (%s)", w, brief(failed)))
	}
	return cage{why: why}
}

// try runs both tools in the cage, after attempts to get out and to reach a
// file in each of the folders.
func (t *Tools) try(ctx context.Context, c cage, outside trial, folders []string) error {
	in := *t
	in.cage, in.trial = c, &outside
	if c.Walls == wallsLimits {
		in.trial = &trial{}
	}
	ask := func(tool, folder string) error {
		said, err := in.askIn(ctx, folder, tool, "-version")
		if err != nil {
			return err
		}
		if v, _ := parseVersion(said); v == "" {
			return fmt.Errorf("%s does not say its version", tool)
		}
		return nil
	}
	for _, folder := range append(folders, "") {
		if err := ask("ffmpeg", folder); err != nil {
			return err
		}
	}
	return ask("ffprobe", "")
}

// trialFolders makes in each of the places a folder like a job's, with an
// input. Places that cannot be written to are left out: no job can either.
func trialFolders(places []string) (folders []string, remove func()) {
	for _, place := range places {
		folder, err := os.MkdirTemp(place, ".trial-")
		if err == nil {
			folder, err = filepath.Abs(folder)
		}
		if err != nil {
			continue
		}
		folders = append(folders, folder)
		_ = os.WriteFile(filepath.Join(folder, "input"), nil, 0o600)
	}
	return folders, func() {
		for _, folder := range folders {
			_ = os.RemoveAll(folder)
		}
	}
}

// brief is the last line that a tool said, or the error.
func brief(err error) string {
	if f, ok := errors.AsType[*failure](err); ok && len(f.lastLine()) > 0 {
		return f.lastLine()
	}
	if e := asError(err); e != nil && e.Cause != nil {
		return e.Cause.Error()
	}
	return err.Error()
}

// spaces gives cmd namespaces of its own. In one of users it may mount, as
// whom only it sees; outside it is who we are. Its first process is the tool:
// when that ends or is killed, the kernel kills all others in it.
func spaces(cmd *exec.Cmd, w walls) {
	a := cmd.SysProcAttr
	a.Cloneflags = unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
	if w == wallsOwnRoot {
		a.Cloneflags |= unix.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: insideID, HostID: os.Getuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: insideID, HostID: os.Getgid(), Size: 1}}
		a.AmbientCaps = []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_SETPCAP}
	}
}

// noModule is a file with an empty archive. The embedded ffmpeg unpacks itself
// in every process that links it, before main: 24 MB and 0.1 s, of no use to a
// launcher. Where FFMPREG_WASM names a file, it unpacks that one instead.
var noModule = sync.OnceValues(func() (*os.File, error) {
	fd, err := unix.MemfdCreate("reelroom-none", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "none")
	_, err = f.Write([]byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	return f, err
})

// enter makes cmd the launcher of what it was.
func (t *Tools) enter(cmd *exec.Cmd) error {
	if t.cage.rooted() {
		spaces(cmd, t.cage.Walls)
	}
	if embeddedBuilt {
		none, err := noModule()
		if err != nil {
			return err
		}
		cmd.ExtraFiles = []*os.File{none} // descriptor 3
		cmd.Env = []string{"FFMPREG_WASM=/proc/self/fd/3"}
	}
	return nil
}

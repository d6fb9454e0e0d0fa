package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
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
	folders, remove := trialFolders(places)
	defer remove()
	inside := folders
	var canary *os.File
	err := errors.New("no place for a trial")
	if len(folders) > 0 { // the last is no job's: what is in it must stay out of reach
		inside = slices.Clone(folders[:len(folders)-1])
		canary, err = os.Create(filepath.Join(folders[len(folders)-1], "outside"))
	}
	if err != nil {
		if canary, err = os.CreateTemp("", "reelroom-trial-"); err != nil {
			return cage{why: []string{err.Error()}}
		}
		defer os.Remove(canary.Name())
	}
	defer canary.Close()
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
			if failed = t.try(ctx, c, outside, inside); failed == nil {
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
// input, and one more in the first. Places that cannot be written to are left
// out: no job can either. It removes what starts that were killed left behind.
func trialFolders(places []string) (folders []string, remove func()) {
	var locks []*os.File
	if len(places) > 0 {
		places = append(slices.Clone(places), places[0])
	}
	for _, place := range places {
		clearTrials(place)
		if folder, lock, err := newTrial(place); err == nil {
			folders, locks = append(folders, folder), append(locks, lock)
		}
	}
	return folders, func() {
		for i, folder := range folders {
			_ = os.RemoveAll(folder)
			_ = locks[i].Close()
		}
	}
}

// trialName begins the names of the folders that a start tries the walls with.
const trialName = ".trial-"

// newTrial makes a folder with an input, locked as long as its process lives.
func newTrial(place string) (folder string, lock *os.File, err error) {
	for range 3 {
		if folder, err = os.MkdirTemp(place, trialName); err != nil {
			return "", nil, err
		}
		if folder, err = filepath.Abs(folder); err == nil {
			lock, err = lockFolder(folder)
		}
		if err == nil {
			if err = os.WriteFile(filepath.Join(folder, "input"), nil, 0o600); err == nil {
				return folder, lock, nil
			}
			_ = lock.Close()
		}
		// Another start took it for a dead one's before it was locked.
		_ = os.RemoveAll(folder)
	}
	return "", nil, err
}

// clearTrials removes the folders of trials whose process has died.
func clearTrials(place string) {
	left, _ := filepath.Glob(filepath.Join(place, trialName+"*"))
	for _, folder := range left {
		if lock, err := lockFolder(folder); err == nil {
			_ = os.RemoveAll(folder)
			_ = lock.Close()
		}
	}
}

// lockFolder fails where another process has locked the folder.
func lockFolder(folder string) (*os.File, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
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

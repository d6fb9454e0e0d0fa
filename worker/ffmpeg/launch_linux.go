package ffmpeg

import (
	"errors"
	"fmt"
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// launch is the launcher: it walls this process in and then becomes the tool.
// It returns only when that fails.
//
// What a thread gives up or is refused, others of the process keep; so all is
// done on one thread, which alone survives when the tool takes its place.
func launch(args []string) error {
	runtime.LockOSThread()
	j, err := jobOf(args)
	if err != nil {
		return err
	}
	if err := followParent(); err != nil {
		return err
	}
	if j.Cage.rooted() {
		if err := ownRoot(j); err != nil {
			return fmt.Errorf("own root: %w", err)
		}
	}
	// Whatever else was inherited, by us or by those who started us, the tool
	// does not get. Kernels before 5.11 cannot; Go opens nothing for it.
	_ = unix.CloseRange(3, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("no new privileges: %w", err)
	}
	if j.Cage.Walls == wallsLandlock {
		if err := landlock(j); err != nil {
			return fmt.Errorf("landlock: %w", err)
		}
	}
	if err := dropCapabilities(); err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	if j.Cage.Filter {
		if err := filterCalls(0); err != nil {
			return fmt.Errorf("filter of system calls: %w", err)
		}
	}
	if j.Trial != nil {
		if err := j.reach(); err != nil {
			return err
		}
		if err := j.Trial.escape(j.Cage); err != nil {
			return err
		}
	}
	if err := j.Limits.set(); err != nil {
		return err
	}
	return fmt.Errorf("%s: %w", j.Tool, unix.Exec(j.Tool, append([]string{j.Tool}, j.Args...), nil))
}

// followParent ends this process with its parent, also when that died before
// the kernel was asked for it: nobody reads our output then.
func followParent() error {
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return err
	}
	out := []unix.PollFd{{Fd: 1}}
	if _, err := unix.Poll(out, 0); err == nil && out[0].Revents&unix.POLLERR != 0 {
		return errors.New("the parent is gone")
	}
	return nil
}

// dropCapabilities gives up whatever root, or the maker of a user namespace,
// may do. Nothing can be had back: see PR_SET_NO_NEW_PRIVS above.
func dropCapabilities() error {
	for c := range uintptr(64) { // those that the kernel does not know fail
		_ = unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0)
	}
	_ = unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
	var none [2]unix.CapUserData // version 3 takes two
	return unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0])
}

// set sets the limits for this process and what it becomes. The hard limit of
// CPU time kills, which the tool cannot catch.
func (l limits) set() error {
	for _, r := range l.list() {
		if err := unix.Setrlimit(r.resource, &unix.Rlimit{Cur: r.n, Max: r.n}); err != nil && !errors.Is(err, unix.EPERM) {
			return fmt.Errorf("limit %d of %d: %w", r.resource, r.n, err)
		} // EPERM: a lower one stands already
	}
	return nil
}

type resourceLimit struct {
	resource int
	n        uint64
}

func (l limits) list() []resourceLimit {
	list := []resourceLimit{{unix.RLIMIT_CORE, 0}}
	for _, r := range []resourceLimit{
		{unix.RLIMIT_CPU, l.CPU}, {unix.RLIMIT_DATA, l.Data}, {unix.RLIMIT_AS, l.Space},
		{unix.RLIMIT_FSIZE, l.File}, {unix.RLIMIT_NOFILE, l.Files},
	} {
		if r.n > 0 {
			list = append(list, r)
		}
	}
	return list
}

// reach tries the job's own files; its error says which is out of reach.
func (j job) reach() error {
	input, output := j.Input, j.Output
	if j.Cage.rooted() {
		input, output = childInput+"/"+inputName, childOutput
	}
	if j.Input != "" {
		f, err := os.Open(input)
		if err != nil {
			return fmt.Errorf("input: %w", err)
		}
		f.Close()
	}
	if j.Output != "" {
		f, err := os.CreateTemp(output, "trial-")
		if err != nil {
			return fmt.Errorf("output: %w", err)
		}
		return errors.Join(f.Close(), os.Remove(f.Name()))
	}
	return nil
}

// escape tries to get out; its error says that it could.
func (t trial) escape(from cage) error {
	if parent := os.Getppid(); from.Filter && parent > 0 {
		if unix.Tgkill(parent, parent, 0) == nil {
			return errors.New("the parent can be signalled")
		}
		if unix.Prlimit(parent, unix.RLIMIT_CORE, nil, &unix.Rlimit{}) == nil {
			return errors.New("the parent's limits are open")
		}
	}
	if t.File == "" {
		return nil
	}
	if fd, err := unix.Open(t.File, unix.O_RDONLY|unix.O_CLOEXEC, 0); err == nil {
		unix.Close(fd)
		return errors.New("a file outside is readable")
	}
	if _, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", os.Getppid())); err == nil {
		return errors.New("the parent's environment is readable")
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	if unix.Connect(fd, &unix.SockaddrInet4{Port: t.Port, Addr: [4]byte{127, 0, 0, 1}}) == nil {
		return errors.New("the network is reachable")
	}
	return nil
}

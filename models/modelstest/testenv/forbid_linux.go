package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// forbidVariable tells a test binary what to forbid before it becomes the
// program that its arguments name.
const forbidVariable = "REELROOM_TEST_FORBID"

// What [Forbid] takes from a program, as a container or an old kernel does.
const (
	Namespaces = "namespaces" // new ones
	Landlock   = "landlock"
	Seccomp    = "seccomp" // filters of its own
)

// Forbid makes cmd a program that, with all that it starts, lacks features of
// the system. The test's TestMain must call [Forbidden] first.
func Forbid(t testing.TB, cmd *exec.Cmd, features ...string) {
	t.Helper()
	if len(features) == 0 {
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Args = append([]string{self, cmd.Path}, cmd.Args[1:]...)
	cmd.Path = self
	cmd.Env = append(cmd.Env, forbidVariable+"="+strings.Join(features, ","))
}

// Forbidden does not return in a process that was started through [Forbid].
func Forbidden() {
	features := os.Getenv(forbidVariable)
	if features == "" {
		return
	}
	runtime.LockOSThread()
	err := forbid(strings.Split(features, ","))
	if err == nil {
		_ = os.Unsetenv(forbidVariable)
		err = syscall.Exec(os.Args[1], os.Args[1:], os.Environ())
	}
	fmt.Fprintln(os.Stderr, "forbid:", err)
	os.Exit(99)
}

// forbid filters the system calls of this thread, and of what it becomes.
func forbid(features []string) error {
	const refuse, absent = uint32(unix.SECCOMP_RET_ERRNO | unix.EPERM), uint32(unix.SECCOMP_RET_ERRNO | unix.ENOSYS)
	jump := func(how uint16, k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | how | unix.BPF_K, Jt: yes, Jf: no, K: k}
	}
	give := func(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	program := []unix.SockFilter{load(0)} // the number of the call
	for _, feature := range features {
		switch feature {
		case Landlock:
			program = append(program, jump(unix.BPF_JEQ, unix.SYS_LANDLOCK_CREATE_RULESET, 0, 1), give(absent))
		case Seccomp:
			program = append(program, jump(unix.BPF_JEQ, unix.SYS_SECCOMP, 0, 1), give(refuse))
		case Namespaces:
			const spaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS
			program = append(program,
				jump(unix.BPF_JEQ, unix.SYS_UNSHARE, 0, 1), give(refuse),
				jump(unix.BPF_JEQ, unix.SYS_CLONE3, 0, 1), give(absent),
				jump(unix.BPF_JEQ, unix.SYS_CLONE, 0, 4),
				load(16), jump(unix.BPF_JSET, spaces, 0, 1), give(refuse), load(0)) // its first argument
		default:
			return fmt.Errorf("%q is no feature", feature)
		}
	}
	program = append(program, give(unix.SECCOMP_RET_ALLOW))
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if _, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, 0, uintptr(unsafe.Pointer(&filter))); errno != 0 {
		return errno
	}
	return nil
}

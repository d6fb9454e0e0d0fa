//go:build linux && (amd64 || arm64)

package ffmpeg

import (
	"fmt"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// refusedCalls are the system calls that no tool needs and that get out of a
// process: to the network, to other processes, to the kernel's rarer parts.
var refusedCalls = append([]uint32{
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN,
	unix.SYS_ACCEPT, unix.SYS_ACCEPT4, unix.SYS_IO_URING_SETUP,
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_KILL,
	unix.SYS_TKILL, unix.SYS_RT_SIGQUEUEINFO, unix.SYS_RT_TGSIGQUEUEINFO,
	unix.SYS_PIDFD_OPEN, unix.SYS_PIDFD_GETFD, unix.SYS_PIDFD_SEND_SIGNAL, unix.SYS_SETPGID, unix.SYS_SETSID,
	unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2, unix.SYS_PIVOT_ROOT, unix.SYS_CHROOT,
	unix.SYS_FSOPEN, unix.SYS_OPEN_TREE, unix.SYS_MOVE_MOUNT, unix.SYS_FSMOUNT, unix.SYS_FSCONFIG, unix.SYS_MOUNT_SETATTR,
	unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_KEYCTL, unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY,
	unix.SYS_NAME_TO_HANDLE_AT, unix.SYS_OPEN_BY_HANDLE_AT, unix.SYS_PERSONALITY,
	unix.SYS_INIT_MODULE, unix.SYS_FINIT_MODULE, unix.SYS_KEXEC_LOAD, unix.SYS_REBOOT, unix.SYS_SWAPON, unix.SYS_ACCT,
}, refusedHere...)

// filterAllThreads makes a filter hold for all threads of the process.
const filterAllThreads = unix.SECCOMP_FILTER_FLAG_TSYNC

// Offsets in what the filter is given (struct seccomp_data).
const (
	callNumber = 0
	callArch   = 4
	callArg0   = 16
)

// filterCalls refuses the calls above and every new process, to this thread and
// what it becomes. Threads may still be started: clone with CLONE_THREAD. clone3
// hides its flags from a filter, so it is said not to exist, and libc takes
// clone. Signals and limits are for this process alone, whose id is the same
// before and after it becomes the tool. Calls by another table of numbers (32
// bits) kill.
func filterCalls(flags uintptr) error {
	refuse := uint32(unix.SECCOMP_RET_ERRNO | unix.EPERM)
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	jump := func(how uint16, k uint32, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | how | unix.BPF_K, Jt: yes, Jf: no, K: k}
	}
	give := func(k uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: k} }
	program := []unix.SockFilter{
		load(callArch), jump(unix.BPF_JEQ, auditArch, 1, 0), give(unix.SECCOMP_RET_KILL_PROCESS),
		load(callNumber), jump(unix.BPF_JGE, firstForeignCall, 0, 1), give(unix.SECCOMP_RET_KILL_PROCESS),
	}
	for _, call := range refusedCalls {
		program = append(program, jump(unix.BPF_JEQ, call, 0, 1), give(refuse))
	}
	own := uint32(os.Getpid())
	program = append(program,
		jump(unix.BPF_JEQ, unix.SYS_TGKILL, 1, 0), jump(unix.BPF_JEQ, unix.SYS_PRLIMIT64, 0, 5),
		load(callArg0), jump(unix.BPF_JEQ, own, 2, 0), jump(unix.BPF_JEQ, 0, 1, 0), // 0: itself, for limits; nobody, for signals
		give(refuse),
		give(unix.SECCOMP_RET_ALLOW),
		jump(unix.BPF_JEQ, unix.SYS_CLONE3, 0, 1), give(unix.SECCOMP_RET_ERRNO|uint32(unix.ENOSYS)),
		jump(unix.BPF_JEQ, unix.SYS_CLONE, 0, 3),
		load(callArg0), jump(unix.BPF_JSET, unix.CLONE_THREAD, 1, 0), give(refuse),
		give(unix.SECCOMP_RET_ALLOW),
	)
	filter := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if r, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&filter))); errno != 0 {
		return errno
	} else if r != 0 {
		return fmt.Errorf("thread %d could not be filtered", r)
	}
	return nil
}

//go:build unix

package load

import "syscall"

// Descriptors returns how many files and sockets this process may have open;
// the runtime has raised its own limit as far as it may go.
func Descriptors() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 1 << 20
	}
	return uint64(limit.Cur)
}

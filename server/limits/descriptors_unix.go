//go:build unix

package limits

import (
	"os"
	"syscall"
)

// openDescriptors returns how many files and sockets this process may have
// open, 0 where that is not known, and how many it has. The runtime has raised
// its own limit as far as it may go.
func openDescriptors() (most, open uint64) {
	most = Descriptors()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return most, most / 8
	}
	return most, uint64(len(entries))
}

// Descriptors returns how many files and sockets this process may have open; 0
// where that is not known.
func Descriptors() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return uint64(limit.Cur)
}

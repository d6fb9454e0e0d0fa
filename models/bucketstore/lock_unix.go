//go:build unix

package bucketstore

import (
	"os"
	"syscall"
)

// lock takes the file for this process until it is closed; an error tells that
// another one has it. The system frees it when the process dies.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

//go:build unix

package uploads

import (
	"errors"
	"os"
	"syscall"
)

// lockFile takes the file for this process until it is closed; false tells that
// another one has it. The system frees it when the process dies, and the file
// server when the machine does.
func lockFile(f *os.File) (bool, error) {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, nil
	}
	return err == nil, err
}

func syncFolder(dir *os.File) error { return dir.Sync() }
